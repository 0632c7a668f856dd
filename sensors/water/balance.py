"""Inflow of a reservoir by its water balance: what the storage gains, and what is let out. Pure.

inflow = dS/dt + outflow. Evaporation, seepage and rain on the pool are neglected: by rule of thumb
some millimetres a day, far below the band at the levels of a flood.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import hypot, isfinite

from sensors.water.curve import OffTable, Points, storage_at
from sensors.water.rise import Rise

Z80 = 1.2816  # 80 % of a normal distribution lie within so many standard deviations
_HOUR = timedelta(hours=1)


class NoInflow(StrEnum):
    """Why there is no inflow, beside the rate's and the curve's own reasons."""

    NO_CURVE = "there is no level-storage curve"
    NO_OUTFLOW = "the outflow is measured, but no usable reading is in the window"


class Remark(StrEnum):
    """What to know of an inflow besides its figure."""

    NET = "outflow is not measured: this is the net inflow, the least that flows in"
    ZERO = "not distinguishable from zero"
    NEGATIVE = "negative beyond its band: more leaves than is measured, or the gauge drifts"


@dataclass(frozen=True, slots=True)
class Inflow:
    """m³/s, a mean over the window of the rate. band_m3s: half the 80 % band. Negative is kept."""

    inflow_m3s: float
    band_m3s: float
    storing_m3s: float
    outflow_m3s: float | None
    remarks: tuple[Remark, ...]


def inflow(
    rise: Rise,
    points: Points | None,
    outflow_m3s: float | None,
    *,
    outflow_measured: bool,
) -> Inflow | NoInflow | OffTable:
    """Mean inflow over the window of `rise`, from the curve at both ends of its fitted line.

    outflow_m3s: mean of what was let out (spill and release) in that window. The band has the noise
    of the gauge and half of how much the rate changed within the window; not the curve's own error.
    """
    if points is None:
        return NoInflow.NO_CURVE
    if outflow_measured and (outflow_m3s is None or not isfinite(outflow_m3s)):
        return NoInflow.NO_OUTFLOW
    hours = rise.window / _HOUR
    start_m = rise.level_m - rise.rate_mh * hours
    start, end = storage_at(points, start_m), storage_at(points, rise.level_m)
    if isinstance(start, OffTable):
        return start
    if isinstance(end, OffTable):
        return end
    storing = (end - start) / (hours * 3600)
    area_m2 = _area(points, start_m, rise.level_m)
    band = area_m2 / 3600 * hypot(Z80 * rise.error_mh, (rise.recent_mh - rise.earlier_mh) / 2)
    known = outflow_m3s if outflow_measured and outflow_m3s is not None else None
    total = storing + (known or 0.0)
    return Inflow(total, band, storing, known, _remarks(total, band, known))


def _remarks(total: float, band: float, outflow: float | None) -> tuple[Remark, ...]:
    found = [Remark.NET] if outflow is None else []
    if abs(total) <= band:
        found.append(Remark.ZERO)
    elif total < 0 and outflow is not None:
        found.append(Remark.NEGATIVE)
    return tuple(found)


def _area(points: Points, a_m: float, b_m: float) -> float:
    """Water surface, m²: the mean slope of the curve between two levels, else around them."""
    low, high = min(a_m, b_m), max(a_m, b_m)
    below = max((p for p in points if p[0] <= low), default=points[0])
    above = min((p for p in points if p[0] > high), default=points[-1])
    if above[0] <= below[0]:
        below = points[-2]
    return (above[1] - below[1]) / (above[0] - below[0])
