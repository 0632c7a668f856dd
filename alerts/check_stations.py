"""Stations as the raw document has them, for cross-checks: metrics, ranges, limits, seasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from config import entries
from sensors.catalogue import ASSESSED_FROM, DERIVED_FROM, FORESEEN_FROM, METRICS
from sensors.limits import in_season

_SOURCES: Mapping[str, tuple[str, ...]] = {**DERIVED_FROM, **FORESEEN_FROM, **ASSESSED_FROM}


@dataclass(frozen=True)
class Named:
    """A limit of a station."""

    metric: str
    name: str
    value: float
    season_from: str | None
    season_to: str | None

    def on(self, day: str) -> bool:
        return in_season(day, self.season_from, self.season_to)


@dataclass(frozen=True)
class Sensed:
    """A metric of a station: what its instrument can report, how often, and whether the usual of
    its months is known."""

    low: float
    high: float
    interval_s: float | None
    usual: bool = False


@dataclass(frozen=True)
class Place:
    """A station. group: the plant that it belongs to, or itself. spot: lon, lat in degrees."""

    code: str
    kind: str
    sensors: Mapping[str, Sensed]
    limits: tuple[Named, ...]
    device: str | None = None
    group: str | None = None
    spot: tuple[float, float] | None = None

    @property
    def metrics(self) -> list[str]:
        return sorted(self.sensors)

    def has(self, metric: str) -> bool:
        """Whether it measures the metric, or ingest derives it from what it measures."""
        return metric in self.sensors or bool(self.sensors.keys() & set(_SOURCES.get(metric, ())))

    def sensed(self, metric: str) -> Sensed:
        """Of what is computed, the catalogue's range."""
        known = METRICS[metric]
        return self.sensors.get(metric) or Sensed(known.low, known.high, None)

    def limit(self, metric: str, name: str, day: str) -> float | None:
        """In force on that day of the year (MM-DD): a season goes before the rest of the year."""
        fitting = [x for x in self.limits if x.metric == metric and x.name == name and x.on(day)]
        fitting.sort(key=lambda limit: limit.season_from is None)
        return fitting[0].value if fitting else None


def places(raw: Mapping[str, Any]) -> Iterator[Place]:
    """What is well-formed of the stations; what is not, their own models refuse."""
    for _, entry in entries(raw, "sensors", "stations"):
        limits = tuple(_named(limit) for limit in listed(entry.get("limits")) if _sound(limit))
        code, device = str(entry.get("code")), entry.get("device")
        plant = entry.get("plant")
        yield Place(
            code,
            str(entry.get("kind")),
            dict(_sensors(entry)),
            limits,
            device if isinstance(device, str) else None,
            plant if isinstance(plant, str) else code,
            _spot(entry.get("lon"), entry.get("lat")),
        )


def days(place: Place | None, seasons: Iterator[Mapping[str, Any]]) -> list[str]:
    """Days of the year, MM-DD, such that each set of limits in force is met at least once."""
    own = [(x.season_from, x.season_to) for x in place.limits] if place else []
    said = [(season.get("season_from"), season.get("season_to")) for season in seasons]
    found = {"01-01"}
    for first, last in (*own, *said):
        if isinstance(first, str) and isinstance(last, str):
            found |= {first, _next_day(last)}
    return sorted(found)


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _sensors(entry: Mapping[str, Any]) -> Iterator[tuple[str, Sensed]]:
    for each in listed(entry.get("metrics")):
        said = each if isinstance(each, dict) else {"metric": each}
        metric = str(said.get("metric"))
        known = METRICS.get(metric)
        if known:
            low, high = _number(said.get("low"), known.low), _number(said.get("high"), known.high)
            interval = _number(said.get("interval_s"), _number(entry.get("interval_s"), 0))
            yield metric, Sensed(low, high, interval or None, bool(said.get("usual")))


def _spot(lon: object, lat: object) -> tuple[float, float] | None:
    known = isinstance(lon, int | float) and isinstance(lat, int | float)
    return (_number(lon, 0), _number(lat, 0)) if known else None


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


def _next_day(day: str) -> str:
    try:
        month, number = map(int, day.split("-"))
        return f"{date(2024, month, number) + timedelta(days=1):%m-%d}"
    except ValueError:
        return "01-01"  # no such day: the entry's own check says so


def _sound(limit: object) -> bool:
    return isinstance(limit, dict) and isinstance(limit.get("value"), int | float)


def _named(limit: Mapping[str, Any]) -> Named:
    first, last = limit.get("season_from"), limit.get("season_to")
    seasonal = isinstance(first, str) and isinstance(last, str)
    return Named(
        str(limit.get("metric")),
        str(limit.get("name")),
        float(limit["value"]),
        first if seasonal else None,
        last if seasonal else None,
    )
