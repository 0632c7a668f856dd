"""One series as points in time: what a line joins, where it breaks, what was found afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

GAP_INTERVALS = 5  # as an age: beyond five intervals a value is no longer the present one
LEAST_GAP = timedelta(minutes=2)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Point:
    """One reading. quality: good, suspect or missing; late: it arrived afterwards.

    flags: the names of what marked it, as the API has them.
    """

    at: datetime
    value: float | None
    quality: str = "good"
    late: bool = False
    flags: tuple[str, ...] = ()

    @property
    def invalid(self) -> bool:
        """A person said so."""
        return "marked_invalid" in self.flags

    @property
    def doubtful(self) -> bool:
        """Suspect, and no person said that it is valid."""
        return self.quality == "suspect" and "marked_valid" not in self.flags


def values(points: Iterable[Point]) -> list[float]:
    """What the axis must hold: not what a person called invalid, unless there is nothing else."""
    known = [p for p in points if p.value is not None and p.quality != "missing"]
    usable = [p for p in known if not p.invalid]
    return [p.value for p in usable or known if p.value is not None]


def line(points: Sequence[Point], interval_s: float) -> list[Point]:
    """The line's points: suspect ones stand beside it, gaps break it with an empty point."""
    allowed = longest_step(interval_s)
    joined: list[Point] = []
    for point in points:
        if point.doubtful:
            continue
        if joined and point.at - joined[-1].at > allowed:
            joined.append(Point(joined[-1].at, None, "missing"))
        joined.append(Point(point.at, None, "missing") if point.quality == "missing" else point)
    return joined


def thin(points: Sequence[Point], most: int = 1500) -> list[Point]:
    """About `most` points: of each stretch the least and greatest, and every break."""
    if len(points) <= most:
        return list(points)
    size = -(-2 * len(points) // most)
    kept: list[Point] = []
    for first in range(0, len(points), size):
        kept += _extremes(points[first : first + size])
    if kept[-1] is not points[-1]:
        kept.append(points[-1])
    return kept


def missing_spans(
    points: Sequence[Point], start: datetime, end: datetime, interval_s: float
) -> list[Span]:
    """Where nothing was measured for over five intervals; a missing value is no measurement."""
    times = [start, *(p.at for p in points if p.value is not None and p.at > start), end]
    allowed = longest_step(interval_s)
    return [(a, b) for a, b in pairwise(times) if b - a > allowed]


def late_spans(points: Sequence[Point], interval_s: float) -> list[Span]:
    """Stretches of points that arrived afterwards, from the first to the last of each."""
    allowed = longest_step(interval_s)
    spans: list[Span] = []
    before: Point | None = None
    for point in points:
        if point.late and before and before.late and point.at - before.at <= allowed:
            spans[-1] = (spans[-1][0], point.at)
        elif point.late:
            spans.append((point.at, point.at))
        before = point
    return spans


def apart(points: Iterable[Point], least: timedelta) -> list[Point]:
    """Of points in time order those that stand `least` apart, so that marks do not overlap."""
    kept: list[Point] = []
    for point in points:
        if not kept or point.at - kept[-1].at >= least:
            kept.append(point)
    return kept


def longest_step(interval_s: float) -> timedelta:
    """Five intervals, but no less than can be seen: a day shows some four minutes a pixel."""
    return max(timedelta(seconds=GAP_INTERVALS * interval_s), LEAST_GAP)


def _extremes(stretch: Sequence[Point]) -> list[Point]:
    plain = [i for i, p in enumerate(stretch) if p.value is not None]
    wanted = {i for i, p in enumerate(stretch) if p.value is None}
    if plain:
        wanted |= {min(plain, key=lambda i: stretch[i].value or 0.0)}
        wanted |= {max(plain, key=lambda i: stretch[i].value or 0.0)}
    return [stretch[i] for i in sorted(wanted)]
