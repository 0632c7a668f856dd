"""What CAP 1.2 asks beyond its schema, and what the schema asks of a model. Pure.

A message that `faults` has nothing against is valid by the schema, and reads back as it is.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from alerts.cap import model, shapes
from alerts.cap.faults import Fault
from alerts.cap.model import Area, CapAlert, Circle, Info, Named, Resource, Ring
from alerts.cap.writing import write_time

MOST_POINTS = 2000  # of a ring that is looked through for crossings, which grows with the square
_RESTRICTED = re.compile(r"[\s,<&]")  # in identifier and sender (3.2.1)
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_HTML = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(\s[^<>]*)?/?>")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_ADDRESS = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(//[A-Za-z0-9._~!$&'()*+,;=@-]+(:\d{1,5})?)?"
    r"([/?#A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*",
    re.ASCII,
)
_RELATIVE = re.compile(r"([/?A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})+", re.ASCII)
_MIME = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*", re.IGNORECASE | re.ASCII
)
_SHA1 = re.compile(r"[0-9a-f]{40}", re.IGNORECASE | re.ASCII)
# Bounds of the XSD's dateTime that a moment can break.
_FARTHEST = timedelta(hours=14)


def faults(alert: CapAlert) -> list[Fault]:
    """Everything that is wrong, in the order of the document; [] where nothing is."""
    found = [*_alert(alert), *_references(alert)]
    for index, info in enumerate(alert.info):
        found.extend(_info(info, alert.sent, f"info[{index}]"))
    found.extend(_languages(alert.info))
    return found


# ---- the message


def _alert(alert: CapAlert) -> Iterator[Fault]:
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        yield from _name(name, value)
    yield from _moment("sent", alert.sent)
    yield from _word("status", alert.status, model.STATUS)
    yield from _word("msgType", alert.msg_type, model.MSG_TYPE)
    yield from _word("scope", alert.scope, model.SCOPE)
    yield from _scope(alert)
    texts = {"source": alert.source, "restriction": alert.restriction, "note": alert.note}
    codes = {f"code[{index}]": code for index, code in enumerate(alert.code)}
    yield from _texts("", texts | codes)
    yield from _words("addresses", alert.addresses)
    yield from _words("incidents", alert.incidents)


def _scope(alert: CapAlert) -> Iterator[Fault]:
    if alert.scope == "Restricted" and alert.restriction is None:
        yield Fault("restriction", "no_restriction")
    if alert.scope != "Restricted" and alert.restriction:
        yield Fault("restriction", "restriction", {"found": alert.scope})
    if alert.scope == "Private" and not alert.addresses:
        yield Fault("addresses", "no_addresses")
    if alert.msg_type == "Error" and not alert.note:
        yield Fault("note", "no_note")


def _references(alert: CapAlert) -> Iterator[Fault]:
    if alert.msg_type in ("Update", "Cancel", "Ack", "Error") and not alert.references:
        yield Fault("references", "no_references", {"found": alert.msg_type})
    seen = set()
    for one in alert.references:
        key = (one.sender, one.identifier)
        yield from _name("references", one.sender)
        yield from _name("references", one.identifier)
        yield from _moment("references", one.sent)
        if key == (alert.sender, alert.identifier):
            yield Fault("references", "circular")
        elif _comparable(one.sent, alert.sent) and one.sent > alert.sent:
            yield Fault("references", "later_reference", {"found": write_time(one.sent)})
        if key in seen:
            yield Fault("references", "twice_referred", {"found": one.identifier})
        seen.add(key)


# ---- a language


def _info(info: Info, sent: datetime, where: str) -> Iterator[Fault]:
    if info.language is not None and not _LANGUAGE.fullmatch(info.language):
        yield Fault(f"{where}.language", "language", {"found": info.language})
    if not info.category:
        yield Fault(f"{where}.category", "no_category")
    for category in info.category:
        yield from _word(f"{where}.category", category, model.CATEGORY)
    for response in info.response_type:
        yield from _word(f"{where}.responseType", response, model.RESPONSE_TYPE)
    yield from _word(f"{where}.urgency", info.urgency, model.URGENCY)
    yield from _word(f"{where}.severity", info.severity, model.SEVERITY)
    yield from _word(f"{where}.certainty", info.certainty, model.CERTAINTY)
    texts = {"event": info.event, "audience": info.audience, "senderName": info.sender_name}
    texts |= {"headline": info.headline, "description": info.description}
    yield from _texts(where, texts | {"instruction": info.instruction, "contact": info.contact})
    yield from _times(info, sent, where)
    if info.web is not None and not _ADDRESS.fullmatch(info.web):
        yield Fault(f"{where}.web", "uri", {"found": info.web})
    yield from _all_named(f"{where}.eventCode", info.event_code)
    yield from _all_named(f"{where}.parameter", info.parameter)
    for index, resource in enumerate(info.resource):
        yield from _resource(resource, f"{where}.resource[{index}]")
    for index, area in enumerate(info.area):
        yield from _area(area, f"{where}.area[{index}]")


def _times(info: Info, sent: datetime, where: str) -> Iterator[Fault]:
    named = {"effective": info.effective, "onset": info.onset, "expires": info.expires}
    for name, moment in named.items():
        if moment is not None:
            yield from _moment(f"{where}.{name}", moment)
    if info.expires is None:
        return
    for zh, en, other in (
        ("发送时间", "the time of sending", sent),
        ("生效时间", "the time it takes effect", info.effective),
        ("开始时间", "the onset", info.onset),
    ):
        if other is not None and _comparable(info.expires, other) and info.expires <= other:
            times = {"found": write_time(info.expires), "other": write_time(other)}
            yield Fault(
                f"{where}.expires", "expires_before", times | {"name_zh": zh, "name_en": en}
            )
            return


def _languages(infos: Sequence[Info]) -> Iterator[Fault]:
    """Every language has the same blocks, in the same order, as the first has."""
    languages = [(info.language or "en-US").lower() for info in infos]
    by_language = {
        lang: [infos[at] for at in range(len(infos)) if languages[at] == lang]
        for lang, _ in groupby(languages)
    }
    first, *others = by_language.values() or [[]]
    for other in others:
        where = f"info[{infos.index(other[0])}]"
        names = _differing(first, other)
        if names:
            yield Fault(where, "unlike", {"names": ", ".join(names)})


def _differing(first: Sequence[Info], other: Sequence[Info]) -> list[str]:
    if len(first) != len(other):
        return ["info"]
    pairs = list(zip(first, other, strict=True))
    plain = {
        "category": "category", "responseType": "response_type", "urgency": "urgency",
        "severity": "severity", "certainty": "certainty", "effective": "effective",
        "onset": "onset", "expires": "expires",
    }  # fmt: skip
    names = [
        tag
        for tag, name in plain.items()
        if any(getattr(a, name) != getattr(b, name) for a, b in pairs)
    ]
    return [*names, *(["area"] if any(_places(a) != _places(b) for a, b in pairs) else [])]


def _places(info: Info) -> list[object]:
    return [(area.polygon, area.circle, area.geocode, area.altitude) for area in info.area]


def _resource(resource: Resource, where: str) -> Iterator[Fault]:
    texts = {"resourceDesc": resource.resource_desc, "derefUri": resource.deref_uri}
    yield from _texts(where, texts)
    if not _MIME.fullmatch(resource.mime_type):
        yield Fault(f"{where}.mimeType", "mime_type", {"found": resource.mime_type})
    if resource.size is not None and resource.size < 0:
        yield Fault(f"{where}.size", "size", {"found": resource.size})
    if resource.digest is not None and not _SHA1.fullmatch(resource.digest):
        yield Fault(f"{where}.digest", "digest")
    if resource.uri is None or _ADDRESS.fullmatch(resource.uri):
        return
    relative = bool(_RELATIVE.fullmatch(resource.uri))
    if not relative:
        yield Fault(f"{where}.uri", "uri", {"found": resource.uri})
    elif resource.deref_uri is None:
        yield Fault(f"{where}.uri", "relative_uri", {"found": resource.uri})


# ---- places


def _area(area: Area, where: str) -> Iterator[Fault]:
    yield from _texts(where, {"areaDesc": area.area_desc})
    for index, ring in enumerate(area.polygon):
        yield from _ring(ring, f"{where}.polygon[{index}]")
    for index, circle in enumerate(area.circle):
        yield from _circle(circle, f"{where}.circle[{index}]")
    yield from _all_named(f"{where}.geocode", area.geocode)
    for name, height in (("altitude", area.altitude), ("ceiling", area.ceiling)):
        if height is not None and not math.isfinite(height):
            yield Fault(f"{where}.{name}", "number", {"found": height})
    if area.ceiling is not None and area.altitude is None:
        yield Fault(f"{where}.ceiling", "ceiling_alone")
    elif area.ceiling is not None and area.altitude is not None and area.ceiling < area.altitude:
        values = {"found": area.ceiling, "other": area.altitude}
        yield Fault(f"{where}.ceiling", "ceiling", values)


def _ring(ring: Ring, where: str) -> Iterator[Fault]:
    for point in ring:
        yield from _point(point, where)
    if ring and ring[0] != ring[-1]:
        first, last = shapes.write_point(ring[0]), shapes.write_point(ring[-1])
        yield Fault(where, "open_ring", {"first": first, "last": last})
    if len(ring) < 4:
        yield Fault(where, "short_ring", {"found": len(ring)})
    elif len(ring) > MOST_POINTS:
        yield Fault(where, "many_points", {"found": len(ring), "most": MOST_POINTS})
    elif found := shapes.crossing(ring):
        yield Fault(where, "crossing", {"one": found[0], "other": found[1]})


def _circle(circle: Circle, where: str) -> Iterator[Fault]:
    yield from _point(circle.centre, where)
    if not 0 <= circle.radius_km <= shapes.HALF_ROUND_KM:
        yield Fault(where, "radius", {"found": circle.radius_km})


def _point(point: tuple[float, float], where: str) -> Iterator[Fault]:
    lat, lon = point
    if not -90 <= lat <= 90:
        yield Fault(where, "latitude", {"found": lat})
    if not -180 <= lon <= 180:
        yield Fault(where, "longitude", {"found": lon})


# ---- texts, words, times


def _texts(where: str, texts: Mapping[str, str | None]) -> Iterator[Fault]:
    for name, text in texts.items():
        if text is not None:
            yield from _text(f"{where}.{name}" if where else name, text)


def _text(where: str, text: str) -> Iterator[Fault]:
    if not text.strip():
        yield Fault(where, "empty")
    if found := _CONTROL.search(text):
        yield Fault(where, "control", {"found": ord(found[0])})
    if found := _TURNING.search(text):
        yield Fault(where, "turning", {"found": ord(found[0])})
    if "\r" in text:
        yield Fault(where, "line_end")
    if found := _HTML.search(text):
        yield Fault(where, "html", {"found": found[0]})


def _name(where: str, text: str) -> Iterator[Fault]:
    yield from _text(where, text)
    if _RESTRICTED.search(text):
        yield Fault(where, "characters", {"found": text})


def _words(where: str, words: Iterable[str]) -> Iterator[Fault]:
    """Words of a group: in quotation marks where they have blanks, so none may have a mark."""
    for word in words:
        yield from _text(where, word)
        if '"' in word:
            yield Fault(where, "quote", {"found": word})


def _all_named(where: str, all_: Sequence[Named]) -> Iterator[Fault]:
    """A value may be empty: the schema allows it, and messages of others have it."""
    for index, named in enumerate(all_):
        value = named.value or None
        yield from _texts(f"{where}[{index}]", {"valueName": named.value_name, "value": value})


def _word(where: str, found: str, words: tuple[str, ...]) -> Iterator[Fault]:
    if found not in words:
        yield Fault(where, "word", {"found": found, "wanted": ", ".join(words)})


def _moment(where: str, moment: datetime) -> Iterator[Fault]:
    offset = moment.utcoffset()
    if (
        offset is None
        or moment.microsecond
        or offset.total_seconds() % 60
        or abs(offset) > _FARTHEST
    ):
        yield Fault(where, "time", {"found": moment.isoformat()})


def _comparable(one: datetime, other: datetime) -> bool:
    return (one.utcoffset() is None) == (other.utcoffset() is None)
