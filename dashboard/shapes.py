"""The shapes of the API as pure functions of values: stations, latest values, ages, severities.

Both web services use them; who may see what was decided by the query that brought the values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sensors.catalogue import METRICS
from sensors.reading import Origin, Quality

GRADES = ("red", "orange", "yellow", "blue")  # worst first
STATES = ("fresh", "late", "stale", "unknown")
FRESH_INTERVALS, LATE_INTERVALS = 2, 5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station as its current version says. town: {"zh", "en"}.

    newest_picture: of a camera. device_down_since: when its device said that it is offline.
    out_of_service: what of it is in maintenance; `metrics` None is the whole station.
    """

    code: str
    kind: str
    name_zh: str
    name_en: str
    lon: float
    lat: float
    interval_s: int
    town: Mapping[str, str] | None = None
    department: str | None = None
    public: bool = True
    device: str | None = None
    newest_picture: datetime | None = None
    picture_origin: int = 0
    device_down_since: datetime | None = None
    out_of_service: Sequence[Json] = ()


@dataclass(frozen=True, slots=True)
class LatestRow:
    """The live end of one series; everything is None where it has never reported."""

    station: str
    metric: str
    interval_s: int
    observed_at: datetime | None = None
    value: float | None = None
    quality: int | None = None
    origin: int | None = None
    received_at: datetime | None = None
    original_at: datetime | None = None
    trend_per_h: float | None = None


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What an open alert does to its station's marker."""

    station: str
    grade: str
    acknowledged: bool


def iso(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond (microsecond where the time has them)."""
    if at is None:
        return None
    spec = "microseconds" if at.microsecond % 1000 else "milliseconds"
    return at.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def age_of(at: datetime | None, now: datetime) -> float | None:
    """Seconds since a device's time; 0 where its clock is ahead of ours."""
    return None if at is None else max(0.0, (now - at).total_seconds())


def age_state(age_s: float | None, interval_s: float) -> str:
    """fresh, late, stale or unknown, counted in reporting intervals (LOOK.md, age label)."""
    if age_s is None:
        return "unknown"
    if age_s <= FRESH_INTERVALS * interval_s:
        return "fresh"
    return "late" if age_s <= LATE_INTERVALS * interval_s else "stale"


def worst_grade(grades: Iterable[str]) -> str | None:
    return min(grades, key=GRADES.index, default=None)


def severity(grades: Iterable[str], states: Iterable[str]) -> str:
    """The worst open grade; else normal, but only if every value is fresh or late; else unknown."""
    worst = worst_grade(grades)
    if worst is not None:
        return worst
    known = list(states)
    return "normal" if known and all(s in ("fresh", "late") for s in known) else "unknown"


def flags(quality: int) -> list[str]:
    """The quality bits by name: rate, stuck, clock, ..."""
    return list(Quality(quality).flags)


def quality_word(quality: int | None) -> str:
    return "missing" if quality is None else Quality(quality).word


def latest(row: LatestRow, now: datetime, *, down: bool = False) -> Json:
    """The latest value of one series. down: its device is offline, so nobody knows."""
    age_s = age_of(row.observed_at, now)
    state = "unknown" if down else age_state(age_s, row.interval_s)
    return {
        "value": row.value,
        "unit": METRICS[row.metric].unit if row.metric in METRICS else "",
        "t": iso(row.observed_at),
        "received_at": iso(row.received_at),
        "age_s": _tenth(age_s),
        "state": state,
        "quality": quality_word(row.quality),
        "flags": flags(row.quality or 0),
        "origin": Origin(row.origin or 0).word,
        "original_t": iso(row.original_at),
        "interval_s": row.interval_s,
        "trend_per_h": row.trend_per_h if state in ("fresh", "late") else None,
    }


def feature(
    station: StationRow,
    values: Sequence[LatestRow],
    alerts: Sequence[OpenAlert],
    now: datetime,
    *,
    staff: bool = True,
) -> Json:
    """One station as a GeoJSON Feature. Its state is its newest value's; its severity needs all."""
    newest = max((t for t in _times(station, values) if t is not None), default=None)
    down = _is_down(station.device_down_since, values)
    shown = {row.metric: latest(row, now, down=down) for row in values}
    age_s = age_of(newest, now)
    state = "unknown" if down else _station_state(station, newest, shown, age_s)
    worst = worst_grade(alert.grade for alert in alerts)
    properties: Json = {
        "code": station.code,
        "kind": station.kind,
        "names": {"zh": station.name_zh, "en": station.name_en},
        "town": dict(station.town) if station.town else None,
        "interval_s": station.interval_s,
        "state": state,
        "newest": iso(newest),
        "age_s": _tenth(age_s),
        "severity": severity(
            (alert.grade for alert in alerts),
            [state, *(v["state"] for v in shown.values()), *_in_maintenance(station, shown)],
        ),
        "acknowledged": worst is not None
        and all(alert.acknowledged for alert in alerts if alert.grade == worst),
        "origin": Origin(_origin(station, values)).word,
        "latest": shown,
    }
    if staff:
        properties |= {
            "department": station.department,
            "public": station.public,
            "device": station.device,
            "out_of_service": list(station.out_of_service),
        }
    return {
        "type": "Feature",
        "id": station.code,
        "geometry": {"type": "Point", "coordinates": [station.lon, station.lat]},
        "properties": properties,
    }


def features(
    stations: Iterable[StationRow],
    values: Iterable[LatestRow],
    alerts: Iterable[OpenAlert],
    now: datetime,
    *,
    staff: bool = True,
) -> list[Json]:
    """All stations with what belongs to each."""
    by_station: dict[str, list[LatestRow]] = {}
    for value in values:
        by_station.setdefault(value.station, []).append(value)
    open_alerts: dict[str, list[OpenAlert]] = {}
    for alert in alerts:
        open_alerts.setdefault(alert.station, []).append(alert)
    return [
        feature(s, by_station.get(s.code, []), open_alerts.get(s.code, []), now, staff=staff)
        for s in stations
    ]


def collection(found: list[Json], now: datetime) -> Json:
    return {"type": "FeatureCollection", "generated_at": iso(now), "features": found}


def _in_maintenance(station: StationRow, shown: Mapping[str, Json]) -> list[str]:
    """`unknown` where what a station shows is out of service: such a value is never normal."""
    out = [one["metrics"] for one in station.out_of_service]
    return ["unknown" for metrics in out if metrics is None or set(metrics) & shown.keys()]


def _is_down(since: datetime | None, values: Sequence[LatestRow]) -> bool:
    """Its device said offline, and nothing has come from the station after that."""
    return since is not None and all(
        row.received_at is None or row.received_at <= since for row in values
    )


def _times(station: StationRow, values: Sequence[LatestRow]) -> list[datetime | None]:
    return [station.newest_picture, *(row.observed_at for row in values)]


def _station_state(
    station: StationRow, newest: datetime | None, shown: Mapping[str, Json], age_s: float | None
) -> str:
    """The state of the newest value, by that value's own interval; a camera by its own."""
    of_newest = [v["state"] for v in shown.values() if newest and v["t"] == iso(newest)]
    return min(of_newest, key=STATES.index, default=age_state(age_s, station.interval_s))


def _origin(station: StationRow, values: Sequence[LatestRow]) -> int:
    """The least live of its values: one simulated value makes the station say so."""
    picture = [station.picture_origin] if station.newest_picture else []
    return max([*picture, *(row.origin or 0 for row in values)], default=0)


def _tenth(number: float | None) -> float | None:
    return None if number is None else round(number, 1)
