"""How fine a history is shown: the finest resolution whose points fit, and its points. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from dashboard.shapes import flags, iso, quality_word
from sensors.analysis.roses import mean_direction
from sensors.catalogue import TO_LIMIT
from sensors.water.outlook import FAR_H

RAW = "raw"
WIDTHS = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
ALL = (RAW, *WIDTHS)


@dataclass(frozen=True, slots=True)
class RawRow:
    observed_at: datetime
    value: float | None
    quality: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A row of a roll-up: start, all readings, usable ones, plainly good ones, their sums."""

    start: datetime
    total: int
    count: int
    good: int
    sum: float | None
    min: float | None
    max: float | None
    sum_sin: float | None
    sum_cos: float | None


def candidates(
    since: datetime, until: datetime, interval_s: float, max_points: int, have: Sequence[str] = ALL
) -> list[str]:
    """The resolutions to try, finest first; the last one always stays, to be merged if need be.

    A series that reports more often than it should may still overflow `raw`: then try the next.
    """
    span_s = (until - since).total_seconds()
    fitting = [name for name in have if _expected(name, span_s, interval_s) <= max_points]
    return fitting if have[-1] in fitting else [*fitting, have[-1]]


def merged(buckets: Sequence[Bucket], max_points: int) -> tuple[int, list[Bucket]]:
    """(days each, buckets): as many days put together as `max_points` asks for, 1 if they fit.

    Counted from the first day on, so that the number of points is sure.
    """
    if len(buckets) <= max_points:
        return 1, list(buckets)
    first = buckets[0].start
    days = -(-((buckets[-1].start - first).days + 1) // max_points)
    groups = groupby(buckets, key=lambda bucket: (bucket.start - first).days // days)
    return days, [_merge(list(group)) for _, group in groups]


def raw_points(rows: Iterable[RawRow], *, flagged: bool = False) -> Iterator[dict[str, Any]]:
    """Each reading as a point; a missing one is a point without value, never a joined line.

    flagged: with the names of what marked it.
    """
    for row in rows:
        point = {
            "t": iso(row.observed_at),
            "value": row.value,
            "min": row.value,
            "max": row.value,
            "count": 0 if row.value is None else 1,
            "quality": quality_word(row.quality),
        }
        yield point | {"flags": flags(row.quality)} if flagged else point


def far_of(metric: str) -> float | None:
    """What stands for "not in sight" in a series, so that it must not enter a mean."""
    return FAR_H if metric == TO_LIMIT else None


def bucket_points(
    buckets: Iterable[Bucket], *, circular: bool, far: float | None = None
) -> Iterator[dict[str, Any]]:
    """Each bucket as a point; t is its start. Directions have a mean but no least or greatest.

    far (`far_of`): a bucket that reaches it has no mean and no greatest; its least, where nearer.
    """
    for bucket in buckets:
        out = far is not None and bucket.max is not None and bucket.max >= far
        least = None if circular or (out and bucket.min == bucket.max) else bucket.min
        yield {
            "t": iso(bucket.start),
            "value": None if out else mean(bucket, circular=circular),
            "min": least,
            "max": None if circular or out else bucket.max,
            "count": bucket.count,
            "quality": _quality(bucket),
        }


def mean(bucket: Bucket, *, circular: bool) -> float | None:
    """sum / count; for directions atan2 of the sums, in [0, 360); None where nothing is usable."""
    if not bucket.count:
        return None
    if not circular:
        return None if bucket.sum is None else bucket.sum / bucket.count
    return mean_direction(bucket.sum_sin or 0.0, bucket.sum_cos or 0.0, bucket.count)


def _expected(name: str, span_s: float, interval_s: float) -> float:
    """How many points; a bucket more at either end, for they are cut by the range."""
    width_s = interval_s if name == RAW else WIDTHS[name].total_seconds()
    return span_s / width_s + (1 if name == RAW else 2)


def _quality(bucket: Bucket) -> str:
    if not bucket.count:
        return "missing"
    return "good" if bucket.good == bucket.total else "suspect"


def _merge(buckets: Sequence[Bucket]) -> Bucket:
    return Bucket(
        buckets[0].start,
        sum(b.total for b in buckets),
        sum(b.count for b in buckets),
        sum(b.good for b in buckets),
        _total(b.sum for b in buckets),
        min((b.min for b in buckets if b.min is not None), default=None),
        max((b.max for b in buckets if b.max is not None), default=None),
        _total(b.sum_sin for b in buckets),
        _total(b.sum_cos for b in buckets),
    )


def _total(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return math.fsum(known) if known else None
