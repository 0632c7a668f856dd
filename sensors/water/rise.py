"""How fast a water level rises, robustly: Theil-Sen over the shortest window that shows it. Pure.

One spike, one gap, a gauge that counts in centimetres or trembles by several must not make a flood:
the slope is the median of the slopes between all pairs of readings (up to 29 % of them may be
wrong), and the window grows until the slope stands clear of the gauge's own noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from sensors.reading import STALE_INTERVALS

Numbers = NDArray[np.float64]

LEAST_READINGS = 5
# The window: at least 4 intervals and 5 min, at most 8 intervals or 6 h, whichever is longer.
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=6)
SHORTEST_INTERVALS, LONGEST_INTERVALS = 4, 8
GROWTH = 1.5  # from one window to the next
CLEAR = 4.0  # a slope of so many standard errors, by the gauge's noise, needs no longer window
AHEAD = 4.0  # a rate says nothing farther ahead than so many times what it looked back
SIGNIFICANT = 2.0  # of fewer it is no rise and no fall
MOST_POINTS = 48  # of a window; more are joined by medians
_LEAST_NOISE_M = 0.0005  # half a millimetre: no gauge in the field is better
_FILLED = 0.5  # of a window must be covered by readings
_HOUR = timedelta(hours=1)


class Unknown(StrEnum):
    """Why there is no rate of rise."""

    NO_READING = "no usable reading"
    TOO_OLD = "the newest usable reading is too old"
    TOO_FEW = "too few usable readings since the last gap"


@dataclass(frozen=True, slots=True)
class Level:
    """A usable reading of a water level; suspect and missing ones are left out by the caller."""

    at: datetime
    level_m: float


@dataclass(frozen=True, slots=True)
class Rise:
    """Rate of rise (m/h, negative: falling) at the end of a window.

    level_m: by the fitted line at the newest reading. error_mh: one standard error of the rate.
    recent_mh: rate of the newer half of the window alone; earlier_mh: of the older half.
    noise_m: one standard deviation of a single reading.
    """

    at: datetime
    since: datetime
    count: int
    level_m: float
    rate_mh: float
    error_mh: float
    earlier_mh: float
    recent_mh: float
    noise_m: float

    @property
    def rises(self) -> bool:
        return self.rate_mh > SIGNIFICANT * self.error_mh

    @property
    def falls(self) -> bool:
        return self.rate_mh < -SIGNIFICANT * self.error_mh

    @property
    def window(self) -> timedelta:
        return self.at - self.since


def rate_of_rise(
    levels: Sequence[Level], interval_s: float, now: datetime, ahead_m: float = 0.0
) -> Rise | Unknown:
    """The rate at the newest reading, from usable readings in order of time.

    interval_s: how often the gauge reports. Unknown with its reason where the newest reading is
    older than five intervals (or 5 min) at `now`, or fewer than five came since the last gap that
    long. Values that are no numbers are left out.
    """
    found = [one for one in levels if isfinite(one.level_m) and one.at <= now]
    if not found:
        return Unknown.NO_READING
    interval = timedelta(seconds=interval_s)
    patience = max(STALE_INTERVALS * interval, SHORTEST)
    if now - found[-1].at > patience:
        return Unknown.TOO_OLD
    newest = found[-1].at
    hours = np.array([(one.at - newest) / _HOUR for one in found], np.float64)
    values = np.array([one.level_m for one in found], np.float64)
    windows = _windows(interval)
    first = max(_after_gap(hours, patience / _HOUR), _within(hours, windows[-1]))
    hours, values = hours[first:], values[first:]
    noise_m = noise(hours, values)
    start = _chosen(hours, values, windows, noise_m, ahead_m)
    if start is None:
        return Unknown.TOO_FEW
    return _fit(hours[start:], values[start:], noise_m, newest)


def _chosen(
    hours: Numbers, values: Numbers, windows: Sequence[timedelta], noise_m: float, ahead_m: float
) -> int | None:
    """Where the window begins: the shortest in which the slope stands clear of the noise, else the
    longest. While the water rises it grows on until it can tell `ahead_m`, or tells most of it; a
    window that reaches back before the rise tells nothing of it.
    """
    found, clear, farthest_m = None, False, 0.0
    for width in windows:
        start = _within(hours, width)
        inside = hours[start:]
        if len(inside) < LEAST_READINGS or -inside[0] < _FILLED * (width / _HOUR):
            continue
        slope, _ = theil_sen(inside, values[start:])
        tells_m = slope * AHEAD * -float(inside[0])
        if clear and tells_m <= 0:
            break
        if not clear or tells_m > farthest_m:
            found, farthest_m = start, tells_m
        clear = clear or abs(slope) >= CLEAR * noise_m / _lever(inside)
        if clear and (slope < 0 or tells_m >= ahead_m):
            break
    return found


def noise(hours: Numbers, values: Numbers) -> float:
    """Standard deviation of one reading, m: from how far readings lie off the line between their
    neighbours (median, so that spikes do not count), and not less than the gauge's own step."""
    steps = np.abs(np.diff(values))
    steps = steps[steps > 1e-4]
    least = max(_LEAST_NOISE_M, float(steps.min()) / sqrt(12) if len(steps) else 0.0)
    if len(values) < LEAST_READINGS:
        return least
    span = hours[2:] - hours[:-2]
    share = np.divide(hours[1:-1] - hours[:-2], span, out=np.full(len(span), 0.5), where=span > 0)
    off = values[1:-1] - (values[:-2] + share * (values[2:] - values[:-2]))
    scale = np.sqrt(1 + share**2 + (1 - share) ** 2)
    return max(least, float(np.median(np.abs(off) / scale)) / 0.6745)


def theil_sen(hours: Numbers, values: Numbers) -> tuple[float, float]:
    """(slope, value at hour 0): the median of all pairs' slopes, and of what they leave."""
    if len(values) > MOST_POINTS:
        hours, values = _thinned(hours, values)
    i, j = _pairs(len(values))
    apart = hours[j] - hours[i]
    kept = apart > 0
    slope = float(np.median((values[j] - values[i])[kept] / apart[kept])) if kept.any() else 0.0
    return slope, float(np.median(values - slope * hours))


@cache
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = np.triu_indices(count, 1)
    return first, second


def _lever(hours: Numbers) -> float:
    """What one reading's error is divided by in that of the slope."""
    return sqrt(float(np.square(hours - hours.mean()).sum()) or 1.0)


def _windows(interval: timedelta) -> list[timedelta]:
    width = max(SHORTEST, SHORTEST_INTERVALS * interval)
    most = max(LONGEST, LONGEST_INTERVALS * interval)
    found = []
    while width < most:
        found.append(width)
        width = GROWTH * width
    return [*found, most]


def _within(hours: Numbers, width: timedelta) -> int:
    """The first that lies in the window."""
    return int(np.searchsorted(hours, -width / _HOUR - 1e-9))


def _after_gap(hours: Numbers, longest_h: float) -> int:
    gaps = np.flatnonzero(np.diff(hours) > longest_h)
    return int(gaps[-1]) + 1 if len(gaps) else 0


def _fit(hours: Numbers, values: Numbers, noise_m: float, newest: datetime) -> Rise:
    slope, level = theil_sen(hours, values)
    off = values - (level + slope * hours)
    spread = max(noise_m, float(np.median(np.abs(off - np.median(off)))) / 0.6745)
    error = spread / _lever(hours)
    half = hours >= hours[0] / 2
    older, newer = ~half | (hours == hours[half][0]), half
    return Rise(
        newest,
        newest + float(hours[0]) * _HOUR,
        len(values),
        level,
        slope,
        error,
        theil_sen(hours[older], values[older])[0] if older.sum() > 1 else slope,
        theil_sen(hours[newer], values[newer])[0] if newer.sum() > 1 else slope,
        noise_m,
    )


def _thinned(hours: Numbers, values: Numbers) -> tuple[Numbers, Numbers]:
    """At most MOST_POINTS medians of as many neighbours in time each; the oldest may be left."""
    size = -(-len(values) // MOST_POINTS)
    groups = len(values) // size
    shape, rest = (groups, size), len(values) - groups * size
    return (
        np.median(hours[rest:].reshape(shape), axis=1),
        np.median(values[rest:].reshape(shape), axis=1),
    )
