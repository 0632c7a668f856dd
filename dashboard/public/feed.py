"""The Atom feed of warnings in force (RFC 4287), each entry with its CAP message. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from alerts.cap.writing import write_time
from dashboard.public.published import Published, called_off, changed_at, in_force
from dashboard.settings import PublicSettings
from dashboard.shapes import iso

ATOM = "application/atom+xml; charset=utf-8"
CAP = "application/cap+xml; charset=utf-8"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)  # of a feed in which nothing ever stood


def feed(published: Sequence[Published], now: datetime, settings: PublicSettings) -> bytes:
    """What holds at `now`. Links are relative where the service has not been told its address."""
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "zh-CN"})
    updated = changed_at(published, now) or _BEGINNING
    _add(root, "id", _tag(settings, "warnings"))
    _add(root, "title", f"{settings.title.zh} 预警 · {settings.title.en} warnings")
    _add(root, "updated", iso(updated) or "")
    author = ET.SubElement(root, "author")
    _add(author, "name", f"{settings.area.zh} · {settings.area.en}")
    _link(root, "self", settings, "api/v1/warnings.atom", "application/atom+xml")
    _link(root, "alternate", settings, "", "text/html")
    for one in (*in_force(published, now), *called_off(published, now)):
        _entry(root, one, settings)
    ET.indent(root)
    document: bytes = ET.tostring(root, "UTF-8", xml_declaration=True)
    return document + b"\n"


def _entry(root: ET.Element, one: Published, settings: PublicSettings) -> None:
    entry = ET.SubElement(root, "entry")
    _add(entry, "id", _tag(settings, one.id))
    _add(entry, "title", f"{one.headline('zh')} · {one.headline('en')}")
    _add(entry, "updated", iso(one.published_at) or "")
    _add(entry, "published", iso(one.published_at) or "")
    for term in (one.content.status, one.type, one.content.grade):
        ET.SubElement(entry, "category", {"term": term})
    _link(entry, "alternate", settings, f"api/v1/warnings/{one.id}.cap", "application/cap+xml")
    summary = "\n\n".join(_summary(one, lang) for lang in ("zh", "en"))
    _add(entry, "summary", summary)


def _summary(one: Published, lang: str) -> str:
    until = write_time(one.expires_at)
    last = f"有效至 {until}" if lang == "zh" else f"Valid until {until}"
    texts = [one.text(name, lang) for name in ("description", "instruction", "area")]
    return "\n".join([*texts, last])


def _link(
    parent: ET.Element, rel: str, settings: PublicSettings, path: str, media_type: str
) -> None:
    """Relative to the feed's own place, /api/v1/."""
    base = settings.address.rstrip("/") + "/" if settings.address else "../../"
    ET.SubElement(parent, "link", {"rel": rel, "type": media_type, "href": base + path})


def _tag(settings: PublicSettings, what: str) -> str:
    """An address that never changes (RFC 4151)."""
    host = urlsplit(settings.address or "").hostname or "dongtai.example"
    return f"tag:{host},2026:{what}"


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text
