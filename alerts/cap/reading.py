"""XML to a CAP alert. Refuses DTDs and entities before they are looked at, and names every fault.

What the schema asks is asked here (elements, order, words, times); what goes beyond it is in
rules.py. A signature at the end is passed over, as the schema has it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from alerts.cap import model
from alerts.cap.faults import Fault
from alerts.cap.model import Area, CapAlert, Circle, Info, Named, Reference, Resource

MOST_BYTES = 2_000_000
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_GROUP = re.compile(r'"([^"]*)"|(\S+)')
_BLANK = " \t\n\r"


class BadCap(Exception):
    """No CAP 1.2 alert. faults: everything that is wrong, in the order of the document."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class _Wrong(Exception):
    """A text that its element cannot have."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def parse(document: bytes) -> CapAlert:
    """The alert as it is written. Raises BadCap."""
    if len(document) > MOST_BYTES:
        raise BadCap([Fault("alert", "too_long", {"size": len(document), "most": MOST_BYTES})])
    root = _tree(document)
    if root.tag != f"{{{model.NAMESPACE}}}alert":
        found = {"found": root.tag, "wanted": model.NAMESPACE}
        raise BadCap([Fault("alert", "namespace", found)])
    faults: list[Fault] = []
    values = _read(root, _ALERT, "", faults)
    if faults:
        raise BadCap(faults)
    return CapAlert(**values)


# ---- the tree


def _tree(document: bytes) -> ET.Element:
    builder, parser = ET.TreeBuilder(), expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, _attributes: builder.start(_clark(tag), {})
    parser.EndElementHandler = lambda tag: builder.end(_clark(tag))
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _no_dtd
    parser.EntityDeclHandler = _no_dtd
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # an encoding nobody knows
        raise BadCap([Fault("alert", "not_xml", {"error": error})]) from error
    return builder.close()


def _clark(tag: str) -> str:
    return "{" + tag if "}" in tag else tag


def _no_dtd(*_: object) -> NoReturn:
    raise BadCap([Fault("alert", "dtd")])


# ---- elements by a table


@dataclass(frozen=True, slots=True)
class _Element:
    """tag -> field of the value. read: of a text; parts, make: of an element with children."""

    tag: str
    name: str
    read: Callable[[str], Any] | None = None
    required: bool = False
    many: bool = False
    parts: "tuple[_Element, ...]" = ()
    make: Callable[..., Any] | None = None


def _read(
    parent: ET.Element, table: tuple[_Element, ...], where: str, faults: list[Fault]
) -> dict[str, Any]:
    """The fields of one element; what is wrong is added to the faults."""
    by_tag = {f"{{{model.NAMESPACE}}}{one.tag}": (at, one) for at, one in enumerate(table)}
    found: dict[str, list[Any]] = {}
    reached = 0
    for child in parent:
        at, one = by_tag.get(child.tag, (0, None))
        if one is None:
            if not child.tag.startswith(_SIGNATURE) or where:
                wanted = ", ".join(each.tag for each in table)
                values = {"found": child.tag.rpartition("}")[2], "wanted": wanted}
                faults.append(Fault(where or "alert", "unknown_element", values))
            continue
        here = _where(where, one, len(found.get(one.name, ())))
        if at < reached:
            faults.append(Fault(here, "order", {"found": one.tag, "before": table[reached].tag}))
        reached = max(reached, at)
        if one.name in found and not one.many:
            faults.append(Fault(here, "twice", {"found": one.tag}))
        found.setdefault(one.name, []).append(_value(child, one, here, faults))
    missing = [one for one in table if one.required and one.name not in found]
    faults.extend(Fault(_where(where, one, 0), "missing", {"wanted": one.tag}) for one in missing)
    many = {one.name for one in table if one.many}
    return {name: tuple(all_) if name in many else all_[0] for name, all_ in found.items()}


def _where(parent: str, one: _Element, index: int) -> str:
    tag = f"{one.tag}[{index}]" if one.many else one.tag
    return f"{parent}.{tag}" if parent else tag


def _value(node: ET.Element, one: _Element, where: str, faults: list[Fault]) -> Any:
    if one.make is not None:
        before = len(faults)
        values = _read(node, one.parts, where, faults)
        return one.make(**values) if len(faults) == before else None
    if len(node):
        faults.append(Fault(where, "unknown_element", {"found": node[0].tag, "wanted": "-"}))
        return None
    try:
        return one.read(node.text or "") if one.read else node.text or ""
    except _Wrong as wrong:
        faults.append(Fault(where, wrong.code, wrong.values))
        return None


# ---- texts


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise _Wrong("word", found=text, wanted=", ".join(words))
        return text

    return read


def _time(text: str) -> datetime:
    text = text.strip(_BLANK)
    if not _TIME.fullmatch(text):
        raise _Wrong("time", found=text)
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:  # no such day
        raise _Wrong("time", found=text) from error


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text.strip(_BLANK)):
        raise _Wrong("number", found=text)
    return float(text)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text.strip(_BLANK)):
        raise _Wrong("number", found=text)
    return int(text)


def _ring(text: str) -> model.Ring:
    return tuple(_point(pair) for pair in _full(text).split())


def _point(text: str) -> model.Point:
    parts = text.split(",")
    if len(parts) != 2 or not all(_NUMBER.fullmatch(part) for part in parts):
        raise _Wrong("pair", found=text)
    return float(parts[0]), float(parts[1])


def _circle(text: str) -> Circle:
    parts = _full(text).split()
    if len(parts) != 2 or not _NUMBER.fullmatch(parts[1]):
        raise _Wrong("circle", found=text)
    return Circle(_point(parts[0]), float(parts[1]))


def _group(text: str) -> tuple[str, ...]:
    return tuple(quoted or plain for quoted, plain in _GROUP.findall(_full(text)))


def _references(text: str) -> tuple[Reference, ...]:
    return tuple(_reference(one) for one in _full(text).split())


def _reference(text: str) -> Reference:
    parts = text.split(",")
    if len(parts) != 3:
        raise _Wrong("reference", found=text)
    return Reference(parts[0], parts[1], _time(parts[2]))


def _full(text: str) -> str:
    if not text.strip(_BLANK):
        raise _Wrong("empty")
    return text


def _collapsed(text: str) -> str:
    return text.strip(_BLANK)


# ---- the standard's tables (CAP 1.2, 3.2)


def _one(tag: str, name: str, read: Callable[[str], Any] | None = None) -> _Element:
    return _Element(tag, name, read)


def _must(tag: str, name: str, read: Callable[[str], Any] | None = None) -> _Element:
    return _Element(tag, name, read, required=True)


def _many(tag: str, name: str, read: Callable[[str], Any] | None = None) -> _Element:
    return _Element(tag, name, read, many=True)


def _all(tag: str, name: str, parts: tuple[_Element, ...], make: Callable[..., Any]) -> _Element:
    return _Element(tag, name, many=True, parts=parts, make=make)


_NAMED = (_must("valueName", "value_name"), _must("value", "value"))
_RESOURCE = (
    _must("resourceDesc", "resource_desc"),
    _must("mimeType", "mime_type"),
    _one("size", "size", _integer),
    _one("uri", "uri", _collapsed),
    _one("derefUri", "deref_uri"),
    _one("digest", "digest"),
)
_AREA = (
    _must("areaDesc", "area_desc"),
    _many("polygon", "polygon", _ring),
    _many("circle", "circle", _circle),
    _all("geocode", "geocode", _NAMED, Named),
    _one("altitude", "altitude", _number),
    _one("ceiling", "ceiling", _number),
)
_INFO = (
    _one("language", "language", _collapsed),
    _Element("category", "category", _one_of(model.CATEGORY), required=True, many=True),
    _must("event", "event"),
    _many("responseType", "response_type", _one_of(model.RESPONSE_TYPE)),
    _must("urgency", "urgency", _one_of(model.URGENCY)),
    _must("severity", "severity", _one_of(model.SEVERITY)),
    _must("certainty", "certainty", _one_of(model.CERTAINTY)),
    _one("audience", "audience"),
    _all("eventCode", "event_code", _NAMED, Named),
    _one("effective", "effective", _time),
    _one("onset", "onset", _time),
    _one("expires", "expires", _time),
    _one("senderName", "sender_name"),
    _one("headline", "headline"),
    _one("description", "description"),
    _one("instruction", "instruction"),
    _one("web", "web", _collapsed),
    _one("contact", "contact"),
    _all("parameter", "parameter", _NAMED, Named),
    _all("resource", "resource", _RESOURCE, Resource),
    _all("area", "area", _AREA, Area),
)
_ALERT = (
    _must("identifier", "identifier"),
    _must("sender", "sender"),
    _must("sent", "sent", _time),
    _must("status", "status", _one_of(model.STATUS)),
    _must("msgType", "msg_type", _one_of(model.MSG_TYPE)),
    _one("source", "source"),
    _must("scope", "scope", _one_of(model.SCOPE)),
    _one("restriction", "restriction"),
    _one("addresses", "addresses", _group),
    _many("code", "code"),
    _one("note", "note"),
    _one("references", "references", _references),
    _one("incidents", "incidents", _group),
    _all("info", "info", _INFO, Info),
)
