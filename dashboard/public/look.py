"""One look at the city, made easy to ask: values with their age, alerts by station, limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dashboard.public.store import Alert, City, Hour, Limit
from dashboard.shapes import (
    GRADES,
    LatestRow,
    StationRow,
    age_of,
    age_state,
    quality_word,
    worst_grade,
)

GAS_METRICS = ("nh3_ppm", "cl2_ppm", "h2s_ppm", "benzene_ppm", "lel_pct")


@dataclass(frozen=True, slots=True)
class Value:
    """A figure with everything that must be said beside it. value is None where unusable."""

    station: str
    metric: str
    value: float | None
    at: datetime | None
    age_s: float | None
    interval_s: int
    state: str
    quality: str
    origin: int
    original_at: datetime | None
    trend_per_h: float | None = None

    @property
    def current(self) -> bool:
        """Whether it may take part in a colour, a `normal` or an average."""
        return self.value is not None and self.state in ("fresh", "late")


class Look:
    """A City at one moment. Ages are counted to `now`, not to when the database was read."""

    def __init__(self, city: City, now: datetime) -> None:
        self.city, self.now = city, now

    @cached_property
    def stations(self) -> dict[str, StationRow]:
        return {station.code: station for station in self.city.stations}

    @cached_property
    def rows(self) -> dict[tuple[str, str], LatestRow]:
        return {(row.station, row.metric): row for row in self.city.latest}

    @cached_property
    def hours(self) -> dict[tuple[str, str], Hour]:
        return {(hour.station, hour.metric): hour for hour in self.city.hours}

    @cached_property
    def limits(self) -> dict[tuple[str, str, str], Limit]:
        return {(limit.station, limit.metric, limit.name): limit for limit in self.city.limits}

    @cached_property
    def values(self) -> dict[str, list[Value]]:
        """Every series of every station, in the order of the catalogue's codes."""
        found: dict[str, list[Value]] = {code: [] for code in self.stations}
        for station, metric in self.rows:
            if station in found:
                found[station].append(self.value(station, metric))
        return found

    def of_kind(self, kind: str) -> list[StationRow]:
        return [station for station in self.city.stations if station.kind == kind]

    def value(self, station: str, metric: str) -> Value:
        """The latest value; unknown where the series does not exist or never reported."""
        row = self.rows.get((station, metric)) or LatestRow(station, metric, 60)
        age_s = age_of(row.observed_at, self.now)
        quality = quality_word(row.quality)
        impossible = bool((row.quality or 0) & 2)
        return Value(
            station,
            metric,
            None if impossible or quality == "missing" else row.value,
            row.observed_at,
            age_s,
            row.interval_s,
            age_state(age_s, row.interval_s),
            quality,
            row.origin or 0,
            row.original_at,
            row.trend_per_h,
        )

    def has(self, station: str, metric: str) -> bool:
        return (station, metric) in self.rows

    def grade(self, station: str) -> str | None:
        """The worst open public alert of a station."""
        return worst_grade(alert.grade for alert in self.city.alerts if alert.station == station)

    def gas_alerts(self) -> list[Alert]:
        """Open red alerts on a gas, which no air quality index measures."""
        return [a for a in self.city.alerts if a.grade == "red" and a.metric in GAS_METRICS]

    @property
    def newest(self) -> datetime | None:
        times = [row.observed_at for row in self.city.latest if row.observed_at]
        return max(times, default=None)


def by_grade(alerts: Iterable[Alert]) -> list[Alert]:
    """Worst first, then the newest."""
    return sorted(alerts, key=lambda a: (GRADES.index(a.grade), -a.raised_at.timestamp(), a.id))
