"""A first draft: of an alert, with its words, its grade and where it reaches; or blank. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, cast

from alerts.alert import Alert, Names
from alerts.grade import Grade
from alerts.warnings.content import (
    MOST_LETTERS,
    MOST_TOGETHER,
    Area,
    Both,
    Category,
    Certainty,
    Content,
    Response,
    Round,
    Urgency,
)
from alerts.warnings.settings import WarningSettings
from alerts.wording import say
from gis.incident import GAS_METRICS
from gis.rings import Ring, joined, sector, shortened
from sensors.catalogue import TO_LIMIT

MOST_POINTS = 200
_SAMPLE = re.compile(r"\s*[（(](示例|sample)[）)]\s*$")
_URGENCY: dict[str, Urgency] = {
    "red": "Immediate", "orange": "Immediate", "yellow": "Expected", "blue": "Future",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """What an alert of this kind means to the public. radius_km: around the station, where nobody
    has computed how far it reaches."""

    category: tuple[Category, ...]
    response: tuple[Response, ...]
    radius_km: float


GAS = Kind(("CBRNE", "Env"), ("Shelter",), 1.0)
WATER = Kind(("Met", "Safety"), ("Avoid", "Prepare"), 3.0)  # CAP counts floods among Met
AIR = Kind(("Env", "Health"), ("Avoid",), 5.0)
OTHER = Kind(("Safety", "Env"), ("Avoid",), 2.0)
_WATER = ("level_m", TO_LIMIT, "storage_m3", "inflow_m3s", "rain_mm")
_AIR = ("aqi", "pm25_ugm3", "pm10_ugm3", "so2_ugm3", "no2_ugm3", "co_mgm3", "o3_ugm3")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the alert's station stands (degrees), and what the rule tells the public to do."""

    lon: float
    lat: float
    advice: Names | None = None


def blank(settings: WarningSettings, now: datetime) -> Content:
    """By hand: nothing is said yet."""
    return Content(status=settings.status, grade="blue", expires=_expiry(settings, now))


def of_alert(
    alert: Alert,
    spot: Spot | None,
    footprints: Sequence[Mapping[str, Any]],
    settings: WarningSettings,
    now: datetime,
) -> Content:
    """A draft to be gone over. footprints: documents (gis.assessment_json) of where its gas goes.

    What is not live is an exercise; what is, has the site's own status.
    """
    kind = kind_of(alert.metric)
    names, label = _place(alert), alert.label
    reason = say(alert.reason)
    said = alert.consequence or Names("", "")
    advice = spot.advice if spot else None
    return Content(
        status=settings.status if alert.origin == "live" else "Exercise",
        grade=cast("Grade", alert.grade),
        category=kind.category,
        urgency="Expected" if alert.metric == TO_LIMIT else _URGENCY[alert.grade],
        certainty=_certainty(alert),
        response=kind.response,
        event=_both("event", label.zh, label.en),
        headline=_both("headline", f"{names.zh}：{label.zh}", f"{names.en}: {_inside(label.en)}"),
        description=_both("description", _joined("", said.zh, reason["zh"]),
                          _joined(" ", said.en, reason["en"])),
        instruction=_both("instruction", advice.zh if advice else "", advice.en if advice else ""),
        area=area_of(names, spot, footprints, kind),
        expires=_expiry(settings, now),
    )  # fmt: skip


def kind_of(metric: str | None) -> Kind:
    if metric in GAS_METRICS:
        return GAS
    if metric in _WATER:
        return WATER
    return AIR if metric in _AIR else OTHER


def area_of(
    names: Names, spot: Spot | None, footprints: Sequence[Mapping[str, Any]], kind: Kind
) -> Area:
    """Where each footprint reaches; else a circle around the station; else nothing.

    Where nobody knows the wind there is no footprint, and no side is safe: the circle.
    """
    most = min(MOST_POINTS, MOST_TOGETHER // max(1, len(footprints)))
    found = [_reached(document, most) for document in footprints]
    rings = tuple(ring for ring, _ in found if ring)
    if rings:
        far_zh, far_en = _far(max(reach_m for ring, reach_m in found if ring))
        zh, en = f"{names.zh}下风向约 {far_zh}内", f"Downwind of {names.en}, about {far_en}"
        return Area(names=_both("names", zh, en), polygons=rings)
    if spot is None:
        return Area()
    radius_km = max(kind.radius_km, *map(_protected_km, footprints), 0.0)
    zh, en = f"{names.zh}周边 {radius_km:g} 公里", f"Within {radius_km:g} km of {names.en}"
    circle = Round(lon=round(spot.lon, 5), lat=round(spot.lat, 5), radius_km=radius_km)
    return Area(names=_both("names", zh, en), circles=(circle,))


def _reached(document: Mapping[str, Any], most: int) -> tuple[Ring, float]:
    """(ring, how far it reaches in m): the zones of AEGL-2 and 3, where people must be protected,
    else the widest; with all to which the wind may turn it, and the circle that is sealed off."""
    zones = [zone for zone in document.get("zones", ()) if zone.get("geometry")]
    grave = [zone for zone in zones if zone["grade"] in ("red", "orange")]
    isolation = document.get("isolation") or {}
    rings = [isolation["geometry"]["coordinates"][0]] if isolation.get("geometry") else []
    reach_m = float(isolation.get("isolate_m") or 0)
    chosen = grave or sorted(zones, key=_reach_m)[-1:]
    for zone in chosen:
        rings.append(zone["geometry"]["coordinates"][0])
        reach_m = max(reach_m, _reach_m(zone))
    if chosen:
        rings.extend(_turned(document, max(map(_reach_m, chosen))))
    return shortened(joined(rings), most) if chosen else (), reach_m


def _protected_km(document: Mapping[str, Any]) -> float:
    """How far the guide seals off or protects, in km, rounded up to 100 m."""
    isolation = document.get("isolation") or {}
    return ceil(max(isolation.get("isolate_m") or 0, isolation.get("protect_m") or 0) / 100) / 10


def _far(reach_m: float) -> tuple[str, str]:
    """Rounded up: nobody at the edge is left out."""
    if reach_m < 1000:
        metres = ceil(reach_m / 50) * 50
        return (f"{metres} 米", f"{metres} m") if metres < 1000 else ("1.0 公里", "1.0 km")
    km = ceil(reach_m / 100) / 10
    return f"{km:.1f} 公里", f"{km:.1f} km"


def _reach_m(zone: Mapping[str, Any]) -> float:
    return float(zone.get("reach_high_m") or zone["reach_m"])


def _turned(document: Mapping[str, Any], reach_m: float) -> list[Ring]:
    """Where the wind may turn a plume; a circle has no direction."""
    towards, spread = document.get("towards_deg"), document.get("spread_deg")
    if document.get("shape") == "circle" or towards is None or not spread:
        return []
    source = document["source"]
    return [sector(source["lon"], source["lat"], reach_m, towards, min(spread, 90.0))]


def _certainty(alert: Alert) -> Certainty:
    if alert.value is None:
        return "Unknown"
    return "Observed" if alert.quality == "good" and alert.metric != TO_LIMIT else "Likely"


def _place(alert: Alert) -> Names:
    names = alert.station_names or Names(alert.subject, alert.subject)
    return Names(_SAMPLE.sub("", names.zh), _SAMPLE.sub("", names.en))


def _both(field: str, zh: str, en: str) -> Both:
    most = MOST_LETTERS[field]
    return Both(zh=zh[:most], en=en[:most])


def _joined(between: str, *sentences: str) -> str:
    return between.join(sentence for sentence in sentences if sentence)


def _inside(label: str) -> str:
    """Small first letter in the middle of a line; `PM2.5 high` stays."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _expiry(settings: WarningSettings, now: datetime) -> datetime:
    """On a full ten minutes, so that it can be read out."""
    later = now + timedelta(hours=settings.default_h)
    return later.replace(minute=later.minute // 10 * 10, second=0, microsecond=0)
