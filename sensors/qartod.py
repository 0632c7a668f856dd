"""Tests after QARTOD that need more than a series' past: the next reading, or other stations.

Pure: columns of one series in order of time, of which each gives a mask of what it finds. A mark of
these never makes a reading unusable. Times are microseconds since 1970, UTC; a missing value is
NaN and is never found. docs/quality.md says what each is good for.
"""

import numpy as np
from numpy.typing import NDArray

from sensors.vetting import Mask, Times, Values

MAD_TO_SIGMA = 1.4826  # of a normal distribution
LEAST_NEIGHBOURS = 3


def spikes(at: Times, value: Values, *, size: float, gap_us: int, circular: bool = False) -> Mask:
    """Peaks and troughs further than `size` from both neighbours in time.

    A rise or a fall, however steep, is no peak: something that comes and stays is never found.
    The last row is never found: only the next reading can show it. A neighbour further away than
    gap_us says nothing.
    """
    found = np.zeros(len(value), np.bool_)
    if len(value) < 3:
        return found
    step = np.diff(value)
    if circular:
        step = (step + 180) % 360 - 180
    near = np.diff(at) <= gap_us
    turned = step[:-1] * step[1:] < 0
    least = np.minimum(np.abs(step[:-1]), np.abs(step[1:]))
    found[1:-1] = turned & near[:-1] & near[1:] & (least > size)
    return found


def unlike_neighbours(
    value: Values, others: NDArray[np.float64], *, factor: float, floor: float
) -> Mask:
    """Further from the median of the neighbours than `factor` of their spread, and than `floor`.

    others: a row for each reading, a column for each neighbour, NaN where it has no fresh value.
    floor: in the metric's unit; neighbours that agree to the digit must not make all others odd.
    """
    found = np.zeros(len(value), np.bool_)
    rows = np.flatnonzero(np.isfinite(others).sum(axis=1) >= LEAST_NEIGHBOURS)
    if not len(rows):
        return found
    few = np.where(np.isfinite(others[rows]), others[rows], np.nan)
    middle = np.nanmedian(few, axis=1)
    spread = MAD_TO_SIGMA * np.nanmedian(np.abs(few - middle[:, None]), axis=1)
    found[rows] = np.abs(value[rows] - middle) > np.maximum(floor, factor * spread)
    return found
