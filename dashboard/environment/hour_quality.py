"""The last 24 whole hours of a series, a cell an hour, and in words what was wrong. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from dashboard.shapes import Json, iso
from sensors.reading import Quality

HOUR, HOURS = timedelta(hours=1), 24
# What arrives this much after it was measured was found afterwards, not live (LOOK.md, late data).
LATE_INTERVALS, LATE_LEAST_S = 5, 300
FULL_SHARE, NONE_SHARE = 0.75, 0.05
Cell = Literal["full", "part", "none", "suspect", "before"]


@dataclass(frozen=True, slots=True)
class Counted:
    """Readings of one hour that have the same quality bits. late: of them, found afterwards."""

    hour: datetime
    quality: int
    count: int
    late: int = 0


@dataclass(slots=True)
class Hour:
    """usable: may be judged; suspect: of these, doubtful."""

    usable: int = 0
    suspect: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """share: usable of expected, None where nothing is expected. reasons: code, count, hours."""

    cells: tuple[Cell, ...]
    expected: int
    usable: int
    reasons: tuple[Json, ...] = field(default=())

    @property
    def share(self) -> float | None:
        if not self.expected:
            return None
        return round(min(1.0, self.usable / self.expected), 4)


def hours_before(now: datetime) -> list[datetime]:
    """The starts of the last 24 whole hours, oldest first."""
    until = now.replace(minute=0, second=0, microsecond=0)
    return [until - HOUR * back for back in range(HOURS, 0, -1)]


def day_of(
    counted: Iterable[Counted], hours: Sequence[datetime], interval_s: float, since: datetime
) -> Day:
    """since: before that the series was not set up, and owes nothing, unless it reported."""
    found = {hour: Hour() for hour in hours}
    flags: dict[str, Counter[datetime]] = {}
    known = list(counted)
    since = min([since, *(one.hour for one in known)])
    for one in known:
        if one.hour in found:
            _add(found[one.hour], one, flags)
    expected = {hour: _expected(hour, interval_s, since) for hour in hours}
    cells = [_cell(found[hour], expected[hour], hour, since) for hour in hours]
    return Day(
        tuple(cells),
        round(sum(expected.values())),
        sum(min(found[h].usable, max(1, round(expected[h]))) for h in hours),
        tuple(_reasons(found, flags, cells, hours)),
    )


def _expected(hour: datetime, interval_s: float, since: datetime) -> float:
    return max(0.0, (hour + HOUR - max(hour, since)).total_seconds()) / interval_s


def _add(into: Hour, one: Counted, flags: dict[str, Counter[datetime]]) -> None:
    quality = Quality(one.quality)
    vouched = bool(quality & Quality.MARKED_VALID)
    if quality.usable:
        into.usable += one.count
        into.suspect += one.count if one.quality and not vouched else 0
    into.late += one.late
    for name in () if vouched else quality.flags:
        flags.setdefault(name, Counter())[one.hour] += one.count


def _cell(hour: Hour, expected: float, at: datetime, since: datetime) -> Cell:
    if at + HOUR <= since:
        return "before"
    # A series that reports less often than hourly owes nothing in most hours.
    share = hour.usable / expected if expected >= 1 else float(hour.usable > 0 or expected < 1)
    if share < NONE_SHARE:
        return "none"
    if hour.suspect:
        return "suspect"
    return "full" if share >= FULL_SHARE else "part"


def _reasons(
    found: dict[datetime, Hour],
    flags: dict[str, Counter[datetime]],
    cells: Sequence[Cell],
    hours: Sequence[datetime],
) -> Iterable[Json]:
    """What weighs most first."""
    gone = [hour for hour, cell in zip(hours, cells, strict=True) if cell == "none"]
    if gone:
        yield {"code": "missing_hours", "count": len(gone)} | _between(gone)
    worst = sorted(flags.items(), key=lambda item: -item[1].total())
    for name, counts in worst:
        if name != "missing" or not gone:
            yield {"code": name, "count": counts.total()} | _between(sorted(counts))
    if late := [hour for hour in hours if found[hour].late]:
        yield {"code": "late", "count": sum(found[h].late for h in late)} | _between(late)


def _between(hours: Sequence[datetime]) -> Json:
    """The hours that it lies in, as a stretch."""
    return {"from": iso(hours[0]), "to": iso(hours[-1] + HOUR)}
