"""The course of the day and the week: hourly means by the hour of the district's day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sensors.air.means import BEIJING
from sensors.analysis.distribution import quantile

HOURS, DAYS = 24, 7


@dataclass(frozen=True, slots=True)
class Spread:
    """n values with their median and quartiles; None where there are none."""

    n: int
    p25: float | None
    median: float | None
    p75: float | None


def by_hour(hours: Mapping[datetime, float]) -> tuple[Spread, ...]:
    """Of hourly means by their start: one spread for each hour of the Beijing day, 0 to 23."""
    found: list[list[float]] = [[] for _ in range(HOURS)]
    for at, value in hours.items():
        found[at.astimezone(BEIJING).hour].append(value)
    return tuple(map(_spread, found))


def by_weekday(hours: Mapping[datetime, float]) -> tuple[tuple[Spread, ...], ...]:
    """Monday to Sunday, each with its 24 hours."""
    found: list[list[list[float]]] = [[[] for _ in range(HOURS)] for _ in range(DAYS)]
    for at, value in hours.items():
        local = at.astimezone(BEIJING)
        found[local.weekday()][local.hour].append(value)
    return tuple(tuple(map(_spread, day)) for day in found)


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        return Spread(0, None, None, None)
    ordered = sorted(values)
    return Spread(len(ordered), *(quantile(ordered, p) for p in (0.25, 0.5, 0.75)))
