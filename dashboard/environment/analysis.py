"""Hours of several series made ready for statistics: valid means, what was owed, limits. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.environment.analysis_store import Place
from dashboard.environment.hours_store import Measured
from gis import near
from sensors.air.means import whole_hours
from sensors.analysis.distribution import beyond, quantile
from sensors.catalogue import METRICS, TO_LIMIT, Metric
from sensors.discharge.permits import PermitLimit

HOUR_S = 3600

P75 = "p75"


@dataclass(frozen=True, slots=True)
class Hourly:
    """Valid hourly means of a series by their start. expected: hours that owe a value."""

    place: Place
    measured: Measured
    means: Mapping[datetime, float]
    expected: int
    limits: Sequence[PermitLimit]

    @property
    def values(self) -> list[float]:
        return list(self.means.values())

    @property
    def metric(self) -> Metric | None:
        return METRICS.get(self.measured.metric)

    @property
    def share(self) -> float | None:
        """Valid of expected hours; more than were owed are no more than all."""
        return min(1.0, len(self.means) / self.expected) if self.expected else None


def expected_hours(one: Measured, since: datetime, until: datetime) -> int:
    """Whole hours of [since, until); of a series slower than that as many as its intervals."""
    hours = whole_hours(since, until)
    if not hours:
        return 0
    slow = max(1.0, one.interval_s(hours[-1]) / HOUR_S)
    return max(1, int(len(hours) // slow))


def of_hours(limit: PermitLimit) -> bool:
    """Whether hourly means may be compared with it: a limit of hours or of single readings."""
    return limit.mean_over_s in (None, HOUR_S)


def exceed_hours(one: Hourly, limit: PermitLimit) -> int | None:
    """Hours beyond a limit; None of a limit for longer means, and where no hour is valid."""
    if not of_hours(limit) or not one.means:
        return None
    return beyond(one.values, limit.value, lower=limit.side == "lower")


def has_statistics(metric: str) -> bool:
    """A direction has no mean of its figures; what is foreseen was not measured."""
    known = METRICS.get(metric)
    return metric != TO_LIMIT and not (known and known.circular)


def threshold(one: Hourly, wanted: str) -> tuple[float | None, PermitLimit | None]:
    """Of a pollution rose: the 75th percentile, or the first limit of hours by its name."""
    if wanted == P75:
        return (quantile(sorted(one.values), 0.75) if one.means else None), None
    found = next((limit for limit in one.limits if limit.name == wanted), None)
    return (found.value, found) if found else (None, None)


def nearest_with_wind(at: Place, places: Sequence[Place]) -> tuple[Place, float] | None:
    """(station, metres): itself if it has wind, else the nearest that has."""
    if at.has_wind:
        return at, 0.0
    found = [(near.distance_m(at.lon, at.lat, one.lon, one.lat), one.code, one)
             for one in places if one.has_wind]  # fmt: skip
    if not found:
        return None
    metres, _, place = min(found, key=lambda each: each[:2])
    return place, metres


def last_whole_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
