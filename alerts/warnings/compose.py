"""A warning's content made into a CAP 1.2 message, and everything that stands against it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, hypot, radians

from alerts.cap import rules, shapes
from alerts.cap.faults import Fault
from alerts.cap.model import Area, CapAlert, Circle, Info, Named, Reference, Ring
from alerts.times import BEIJING
from alerts.warnings.content import MOST_LETTERS, TEXTS, Both, Content, whole_second
from alerts.warnings.settings import WarningSettings

LANGUAGES = (("zh", "zh-CN"), ("en", "en-US"))
# Whoever reads but the headline must not take it for real.
NOT_REAL = {
    "Exercise": {"zh": "【演练】", "en": "[EXERCISE] "},
    "Test": {"zh": "【测试】", "en": "[TEST] "},
}
NOTES = {
    "Exercise": "演练，并非真实险情。 An exercise, not a real emergency.",
    "Test": "技术测试，请忽略。 A technical test; disregard it.",
}
FARTHEST_KM = 150.0  # from the middle of the stations
LEAST_KM2 = 1e-6
_ORIGINS = {
    "recorded": ("录制", "recorded"),
    "simulated": ("模拟", "simulated"),
    "exercise": ("演练", "exercise"),
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What makes the content a message. sent: aware; references: every earlier one."""

    identifier: str
    type: str
    sent: datetime
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the content is held against. origin: of the alert behind it, live where there is none;
    middle: lon, lat of the district, None where there are no stations; status: of the event's
    first message, None for that itself."""

    now: datetime
    origin: str = "live"
    middle: tuple[float, float] | None = None
    status: str | None = None


def compose(content: Content, envelope: Envelope, settings: WarningSettings) -> CapAlert:
    """The message. Valid where `faults` has nothing against the content."""
    return CapAlert(
        identifier=envelope.identifier,
        sender=settings.sender,
        sent=_local(envelope.sent),
        status=content.status,
        msg_type=envelope.type,
        scope="Public",
        note=NOTES.get(content.status),
        references=tuple(
            Reference(one.sender, one.identifier, _local(one.sent)) for one in envelope.references
        ),
        info=tuple(_info(content, lang, tag, settings) for lang, tag in LANGUAGES),
    )


def headline(content: Content, lang: str) -> str:
    """With the word for what is not real before all else."""
    return NOT_REAL.get(content.status, {}).get(lang, "") + _say(content.headline, lang)


def faults(
    content: Content, envelope: Envelope, settings: WarningSettings, bounds: Bounds
) -> list[Fault]:
    """All that stands against publishing it, by the fields of the content: the house, then CAP."""
    found = [*_texts(content), *_area(content, bounds), *_times(content, settings, bounds)]
    if content.status == "Actual" and bounds.origin in _ORIGINS:
        zh, en = _ORIGINS[bounds.origin]
        found.append(Fault("status", "not_actual", {"zh": zh, "en": en}))
    elif bounds.status not in (None, content.status):
        found.append(Fault("status", "other_status", {"found": bounds.status}))
    told = {fault.where for fault in found}
    of_cap = [
        Fault(_field(fault.where), fault.code, fault.values)
        for fault in rules.faults(compose(content, envelope, settings))
    ]
    return [*found, *(fault for fault in of_cap if fault.where not in told)]


# ---- the message


def _info(content: Content, lang: str, tag: str, settings: WarningSettings) -> Info:
    name = settings.sender_name.zh if lang == "zh" else settings.sender_name.en
    return Info(
        language=tag,
        category=content.category,
        event=_say(content.event, lang),
        response_type=content.response,
        urgency=content.urgency,
        severity=content.severity,
        certainty=content.certainty,
        onset=content.onset and _local(content.onset),
        expires=content.expires and _local(content.expires),
        sender_name=name,
        headline=headline(content, lang),
        description=_say(content.description, lang),
        instruction=_say(content.instruction, lang),
        web=settings.web,
        contact=settings.contact,
        parameter=(Named("grade", content.grade),),
        area=(_cap_area(content, lang),),
    )


def _cap_area(content: Content, lang: str) -> Area:
    return Area(
        area_desc=_say(content.area.names, lang),
        polygon=tuple(_turned(ring) for ring in content.area.polygons),
        circle=tuple(Circle((each.lat, each.lon), each.radius_km) for each in content.area.circles),
    )


def _turned(ring: Sequence[tuple[float, float]]) -> Ring:
    """CAP writes latitude first."""
    return tuple((lat, lon) for lon, lat in ring)


def _say(both: Both, lang: str) -> str:
    return both.zh if lang == "zh" else both.en


def _local(moment: datetime) -> datetime:
    return whole_second(moment.astimezone(BEIJING))


# ---- what the house asks


def _texts(content: Content) -> Iterator[Fault]:
    """Both languages say it, or neither may be published."""
    pairs = {name: getattr(content, name) for name in TEXTS} | {"area.names": content.area.names}
    for name, both in pairs.items():
        most = MOST_LETTERS[name.rpartition(".")[2]]
        for lang in ("zh", "en"):
            text = _say(both, lang)
            if not text:
                yield Fault(f"{name}.{lang}", "no_text")
            elif len(text) > most:
                values = {"found": len(text), "most": most}
                yield Fault(f"{name}.{lang}", "too_many_letters", values)


def _area(content: Content, bounds: Bounds) -> Iterator[Fault]:
    area = content.area
    if not area.polygons and not area.circles:
        yield Fault("area", "no_area")
    for index, ring in enumerate(area.polygons):
        turned = _turned(ring)
        # One that crosses itself may have as much on either hand.
        flat = len(ring) >= 4 and shapes.surface_km2(turned) < LEAST_KM2
        if flat and shapes.crossing(turned) is None:
            yield Fault(f"area.polygons[{index}]", "no_surface")
    if bounds.middle is None:
        return
    points = [point for ring in area.polygons for point in ring]
    points += [(each.lon, each.lat) for each in area.circles]
    far_km = max((_km(point, bounds.middle) for point in points), default=0.0)
    if far_km > FARTHEST_KM:
        yield Fault("area", "far_away", {"found": round(far_km)})


def _times(content: Content, settings: WarningSettings, bounds: Bounds) -> Iterator[Fault]:
    if content.expires is None:
        yield Fault("expires", "no_expiry")
        return
    said = _written(content.expires)
    if content.expires <= bounds.now:
        yield Fault("expires", "expired", {"found": said, "now": _written(bounds.now)})
    elif content.expires > bounds.now + timedelta(hours=settings.longest_h):
        yield Fault("expires", "too_long_valid", {"found": said, "most": f"{settings.longest_h:g}"})


def _written(moment: datetime) -> str:
    """Beijing time, as people write it."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _km(one: tuple[float, float], other: tuple[float, float]) -> float:
    squeeze = cos(radians((one[1] + other[1]) / 2))
    return 111.2 * hypot((one[0] - other[0]) * squeeze, one[1] - other[1])


# ---- from the message's elements to the fields that people fill in

_FIELDS = {
    "responseType": "response",
    "areaDesc": "area.names",
    "polygon": "area.polygons",
    "circle": "area.circles",
}


def _field(where: str) -> str:
    """`info[1].area[0].polygon[2]` -> `area.polygons[2]`; `info[0].headline` -> `headline.zh`."""
    if not where.startswith("info["):
        return where
    lang = LANGUAGES[int(where[5])][0]
    tag = where.rpartition(".")[2]
    name, _, index = tag.partition("[")
    field = _FIELDS.get(name, name)
    if field in (*TEXTS, "area.names"):
        return f"{field}.{lang}"
    return f"{field}[{index}" if index else field
