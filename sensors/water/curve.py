"""Level-storage curve of a reservoir: linear between surveyed points, silent outside of them.

Beyond the table nothing is known (public operators do not extrapolate either), so the answer there
is the reason, never a number.
"""

from bisect import bisect_right
from enum import StrEnum
from math import isnan

# (level_m, storage_m3): levels strictly rising, storages not falling (checked in settings.py).
Points = tuple[tuple[float, float], ...]


class OffTable(StrEnum):
    """Why a curve has no answer."""

    ABOVE = "above the table"
    BELOW = "below the table"
    UNKNOWN = "no value to look up"


def storage_at(points: Points, level_m: float | None) -> float | OffTable:
    """Storage in m³ at a level in metres."""
    return _between([level for level, _ in points], [storage for _, storage in points], level_m)


def level_at(points: Points, storage_m3: float | None) -> float | OffTable:
    """Level in metres at a storage in m³; where the curve is flat, the top of the flat part."""
    return _between([storage for _, storage in points], [level for level, _ in points], storage_m3)


def _between(xs: list[float], ys: list[float], x: float | None) -> float | OffTable:
    if x is None or isnan(x):
        return OffTable.UNKNOWN
    if x < xs[0]:
        return OffTable.BELOW
    if x > xs[-1]:
        return OffTable.ABOVE
    after = bisect_right(xs, x)
    if after == len(xs):
        return ys[-1]
    x0, x1, y0, y1 = xs[after - 1], xs[after], ys[after - 1], ys[after]
    # Never past the next point, so that rounding cannot make a rising level lose storage.
    return min(y1, y0 + (y1 - y0) * ((x - x0) / (x1 - x0)))
