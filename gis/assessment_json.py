"""An assessment as JSON: what the API answers, the desk draws, and an alert keeps. Plain values."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from gis.assessment import Assessment, Within
from gis.exposure.count import Exposure, Found, People
from gis.figures import tenths
from gis.incident import Incident
from gis.plume.footprint import Ring
from gis.plume.honesty import Text
from gis.plume.release import Fit, NoFit
from gis.plume.wind import Wind
from sensors.chemicals.toxic import ToxicLimit

Json = dict[str, Any]
MOST_LISTED = 50  # of each kind; the count is of all


def to_json(found: Assessment, incident: Incident | None = None) -> Json:
    """GeoJSON geometries in degrees; distances in m, times in s, None where not known.

    incident: where the release stands for an alert, to say why it stands where it does.
    """
    shape = found.footprint
    return {
        "at": _iso(found.weather.at),
        "elapsed_s": _round(found.elapsed_s, 0),
        "model": found.model,
        "shape": shape.shape,
        "source": {"lon": found.release.lon, "lat": found.release.lat, **_place(incident)},
        "headline": _text(found.headline),
        "zones": [_zone(within) for within in found.zones],
        "wedge": _polygon(shape.wedge),
        "wedge_exposure": None if found.turned is None else exposure_json(found.turned),
        "towards_deg": _round(shape.towards_deg, 1),
        "spread_deg": _round(shape.spread_deg, 1),
        "isolation": _isolation(found),
        "caveats": [
            {"code": each.doubt.value, "grave": each.grave, **_text(each.text)}
            for each in found.caveats
        ],
        "advice": [_text(each) for each in found.advice],
        "release": _release(found, incident),
        "weather": _weather(found),
    }


def _zone(within: Within) -> Json:
    zone = within.zone
    return {
        "limit": _limit(zone.limit),
        "grade": within.grade,
        "geometry": _polygon(zone.ring),
        "start_m": round(zone.start_m),
        "reach_m": round(zone.reach_m),
        "reach_low_m": round(zone.reach_low_m),
        "reach_high_m": round(zone.reach_high_m),
        "more": zone.more,
        "arrival_s": _round(zone.arrival_s, 0),
        "exposure": exposure_json(within.exposure),
    }


def exposure_json(found: Exposure) -> Json:
    """people, facilities, roads are null where the operator has given no layer."""
    roads = found.roads
    return {
        "area_m2": round(found.area_m2),
        "people": _people(found.people),
        "facilities": None
        if found.facilities is None
        else {kind: _listed(each) for kind, each in found.facilities.items()},
        "plants": _listed(found.plants),
        "roads": None
        if roads is None
        else {"length_m": round(roads.length_m), "names": list(roads.names)},
    }


def _people(people: People | None) -> Json | None:
    if people is None:
        return None
    return {
        "count": tenths(people.count),
        "low": tenths(people.low),
        "high": tenths(people.high),
        "basis": people.basis,
        "assumption": people.basis == "district",
        "source": people.source.en if people.source else "",
        "sources": {"zh": people.source.zh, "en": people.source.en} if people.source else None,
        "confirmed": people.confirmed,
        "uncounted": people.uncounted,
        "uncovered": _round(people.uncovered, 3),
    }


def _listed(found: tuple[Found, ...]) -> Json:
    return {"count": len(found), "list": [_found(each) for each in found[:MOST_LISTED]]}


def _found(each: Found) -> Json:
    return {
        "names": {"zh": each.zh, "en": each.en},
        "code": each.code,
        "lon": round(each.lon, 6),
        "lat": round(each.lat, 6),
        "distance_m": _round(each.distance_m, 0),
        "arrival_s": _round(each.arrival_s, 0),
    }


def _release(found: Assessment, incident: Incident | None) -> Json:
    release = found.release
    substance = release.substance
    return {
        "substance": {
            "code": substance.code,
            "cas": substance.cas,
            "names": {"zh": substance.zh, "en": substance.en},
            "behaviour": substance.behaviour.value,
        },
        "rate_kgs": _digits(release.rate_kgs),
        "mass_kg": _digits(release.mass_kg),
        "duration_s": release.duration_s,
        "height_m": release.height_m,
        "known": release.known.value,
        "low": _digits(release.low),
        "high": _digits(release.high),
        "sensors": list(release.sensors),
        "source": release.source,
        "fit": _fit(incident.fit if incident else None),
    }


def _fit(fit: Fit | NoFit | None) -> Json | None:
    """What became of working the rate back from sensors; None: not tried."""
    if fit is None:
        return None
    if isinstance(fit, NoFit):
        return {"rate_kgs": None, "why_not": fit.value}
    return {
        "rate_kgs": _digits(fit.rate_kgs),
        "sensor": fit.sensor,
        "trusted": fit.trusted,
        "why_not": None,
    }


def _weather(found: Assessment) -> Json:
    weather, stability = found.weather, found.weather.stability
    return {
        "wind": _wind(weather.wind, weather.wind_age_s),
        "stability": {
            "classes": list(stability.classes),
            "used": found.footprint.name,
            "insolation": stability.insolation,
            "by_hand": stability.by_hand,
            "sun_deg": _round(weather.sky.sun_deg, 1),
            "night": weather.sky.night,
            "cloud_octas": weather.sky.cloud_octas,
        },
        "roughness": found.roughness,
        "temp_c": weather.temp_c,
        "pressure_hpa": weather.pressure_hpa,
    }


def _wind(wind: Wind | None, age_s: float | None) -> Json | None:
    if wind is None:
        return None
    return {
        "speed_ms": _round(wind.speed_ms, 2),
        "speed_low_ms": _round(wind.speed_low_ms, 2),
        "speed_high_ms": _round(wind.speed_high_ms, 2),
        "from_deg": _round(wind.from_deg, 1),
        "spread_deg": _round(wind.spread_deg, 1),
        "turning": wind.turning,
        "by_hand": wind.by_hand,
        "station": wind.station,
        "at": _iso(wind.at),
        "age_s": _round(age_s, 0),
        "readings": wind.readings,
        "distance_m": _round(wind.distance_m, 0),
    }


def _limit(limit: ToxicLimit) -> Json:
    return {
        "name": limit.name,
        "ppm": limit.ppm,
        "minutes": limit.minutes,
        "evidence": limit.evidence,
        "confirmed": limit.confirmed,
    }


def _isolation(found: Assessment) -> Json | None:
    first = found.isolation
    if first is None:
        return None
    return {
        "un": first.un,
        "isolate_m": first.isolate_m,
        "protect_m": round(first.protect_m),
        "size": first.size,
        "partial": first.partial,
        "source": first.source,
        "confirmed": first.confirmed,
        "geometry": _polygon(found.isolation_ring),
    }


def _place(incident: Incident | None) -> Json:
    if incident is None:
        return {"station": None, "names": None, "reason": None}
    place = incident.place
    names = {"zh": place.zh, "en": place.en}
    return {"station": place.code, "names": names, "reason": _text(incident.reason)}


def _polygon(ring: Ring) -> Json | None:
    """RFC 7946 asks for rings against the clock; ours are made so or turned."""
    if len(ring) < 4:
        return None
    twice = sum((x1 - x0) * (y1 + y0) for (x0, y0), (x1, y1) in pairwise(ring))
    points = ring if twice < 0 else ring[::-1]
    return {"type": "Polygon", "coordinates": [[list(point) for point in points]]}


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _digits(value: float | None) -> float | None:
    """Three significant digits: nobody knows more of a leak."""
    return None if value is None else float(f"{value:.3g}")


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
