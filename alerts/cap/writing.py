"""A CAP alert as XML: the standard's order, times with their offset, everything escaped."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from alerts.cap.model import NAMESPACE, Area, CapAlert, Info, Named, Reference, Resource
from alerts.cap.shapes import write_circle, write_number, write_ring

Elements = Iterator[tuple[str, object]]


def write(alert: CapAlert) -> bytes:
    """The document in UTF-8. The alert is one that `rules.faults` has nothing against."""
    root = ET.Element("alert", {"xmlns": NAMESPACE})
    _fill(root, _alert(alert))
    ET.indent(root)
    document: bytes = ET.tostring(root, "UTF-8", xml_declaration=True)
    return document + b"\n"


def write_time(moment: datetime) -> str:
    """`2026-11-22T03:14:00+08:00`: never Z. UTC is written -00:00, as CAP 1.2 (3.3.2) asks."""
    text = moment.replace(microsecond=0).isoformat()
    return text[:-6] + "-00:00" if moment.utcoffset() == timedelta(0) else text


def write_reference(reference: Reference) -> str:
    return f"{reference.sender},{reference.identifier},{write_time(reference.sent)}"


def write_group(names: Iterable[str]) -> str:
    """Words in one line; those with blanks in quotation marks."""
    return " ".join(f'"{name}"' if any(c.isspace() for c in name) else name for name in names)


def _alert(alert: CapAlert) -> Elements:
    yield "identifier", alert.identifier
    yield "sender", alert.sender
    yield "sent", alert.sent
    yield "status", alert.status
    yield "msgType", alert.msg_type
    yield "source", alert.source
    yield "scope", alert.scope
    yield "restriction", alert.restriction
    yield "addresses", write_group(alert.addresses) or None
    yield from (("code", code) for code in alert.code)
    yield "note", alert.note
    yield "references", " ".join(map(write_reference, alert.references)) or None
    yield "incidents", write_group(alert.incidents) or None
    yield from (("info", _info(info)) for info in alert.info)


def _info(info: Info) -> Elements:
    """A straight list of the standard's elements."""
    yield "language", info.language
    yield from (("category", category) for category in info.category)
    yield "event", info.event
    yield from (("responseType", response) for response in info.response_type)
    yield "urgency", info.urgency
    yield "severity", info.severity
    yield "certainty", info.certainty
    yield "audience", info.audience
    yield from (("eventCode", _named(code)) for code in info.event_code)
    yield "effective", info.effective
    yield "onset", info.onset
    yield "expires", info.expires
    yield "senderName", info.sender_name
    yield "headline", info.headline
    yield "description", info.description
    yield "instruction", info.instruction
    yield "web", info.web
    yield "contact", info.contact
    yield from (("parameter", _named(parameter)) for parameter in info.parameter)
    yield from (("resource", _resource(resource)) for resource in info.resource)
    yield from (("area", _area(area)) for area in info.area)


def _resource(resource: Resource) -> Elements:
    yield "resourceDesc", resource.resource_desc
    yield "mimeType", resource.mime_type
    yield "size", resource.size
    yield "uri", resource.uri
    yield "derefUri", resource.deref_uri
    yield "digest", resource.digest


def _area(area: Area) -> Elements:
    yield "areaDesc", area.area_desc
    yield from (("polygon", write_ring(ring)) for ring in area.polygon)
    yield from (("circle", write_circle(circle)) for circle in area.circle)
    yield from (("geocode", _named(code)) for code in area.geocode)
    yield "altitude", area.altitude
    yield "ceiling", area.ceiling


def _named(named: Named) -> Elements:
    yield "valueName", named.value_name
    yield "value", named.value


def _fill(parent: ET.Element, elements: Elements) -> None:
    for tag, value in elements:
        if value is None:
            continue
        child = ET.SubElement(parent, tag)
        if isinstance(value, Iterator):
            _fill(child, value)
        else:
            child.text = _text(value)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return write_time(value)
    return write_number(value) if isinstance(value, float) else str(value)
