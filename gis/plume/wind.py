"""The wind that a footprint rests on: mean and spread of recent readings, or a stated default.

Directions are where the wind comes from, degrees from north, clockwise. Means of directions are
vector means, weighted by speed; the mean speed is the scalar one, which thins a plume.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import atan2, cos, degrees, hypot, isfinite, log, radians, sin, sqrt
from statistics import fmean, stdev

from gis.plume.stability import order

WINDOW = timedelta(minutes=10)
STALE_AFTER_S = 300.0  # said as old from here on
USABLE_S = 900.0  # not used beyond it
ENOUGH = 5  # readings for a spread of its own
LEAST_SPREAD_DEG, MOST_SPREAD_DEG = 10.0, 60.0
LEAST_RESULTANT = 0.5  # mean length of unit vectors; below it the mean direction is none: ours
SPEED_SHARE = 0.25  # either side, where the readings are too few
# Half angle of the wedge where the readings are too few: ours. About twice the sigma of direction
# that goes with a class; light stable air meanders, so it does not shrink further.
DEFAULT_SPREAD_DEG = {"A": 45.0, "B": 40.0, "C": 30.0, "D": 20.0, "E": 20.0, "F": 30.0}


@dataclass(frozen=True)
class WindReading:
    """Speed and direction at 10 m of one moment; good readings only."""

    at: datetime
    speed_ms: float
    from_deg: float


@dataclass(frozen=True)
class Wind:
    """At 10 m. spread_deg: half angle that about 95 % of directions lie in; None: too few readings.

    turning: the readings lie so far apart that their mean direction says nothing, as when a sea
    breeze sets in; from_deg is then no direction to draw a plume in. station, at (of the newest
    reading), distance_m: None where somebody said so by hand.
    """

    speed_ms: float
    from_deg: float
    speed_low_ms: float
    speed_high_ms: float
    spread_deg: float | None = None
    station: str | None = None
    at: datetime | None = None
    readings: int = 0
    distance_m: float | None = None
    turning: bool = False

    @property
    def towards_deg(self) -> float:
        return (self.from_deg + 180.0) % 360.0

    @property
    def by_hand(self) -> bool:
        return self.station is None


def wind_by_hand(speed_ms: float, from_deg: float) -> Wind:
    """What somebody says, with the stated defaults for its spread. Raises ValueError for NaN."""
    if not (isfinite(speed_ms) and isfinite(from_deg) and speed_ms >= 0):
        raise ValueError(f"a wind of {speed_ms} m/s from {from_deg} degrees is none")
    low, high = _band(speed_ms, SPEED_SHARE * speed_ms)
    return Wind(speed_ms, from_deg % 360.0, low, high)


def mean_wind(
    readings: Sequence[WindReading], now: datetime, station: str, distance_m: float
) -> Wind | None:
    """Mean of the last ten minutes before the newest reading; None: none, or older than 15 min.

    Readings after `now` by more than a minute are left out: a clock that runs ahead.
    """
    known = [
        each
        for each in readings
        if isfinite(each.speed_ms)
        and isfinite(each.from_deg)
        and each.at <= now + timedelta(minutes=1)
    ]
    newest = max((each.at for each in known), default=None)
    if newest is None or (now - newest).total_seconds() > USABLE_S:
        return None
    recent = [each for each in known if each.at > newest - WINDOW]
    speeds = [each.speed_ms for each in recent]
    speed = fmean(speeds)
    off = 2 * stdev(speeds) if len(recent) >= ENOUGH else SPEED_SHARE * speed
    low, high = _band(speed, off)
    return Wind(
        speed, mean_direction(recent), low, high, spread(recent), station, newest, len(recent),
        distance_m, is_turning(recent),
    )  # fmt: skip


def mean_direction(readings: Sequence[WindReading]) -> float:
    """Vector mean weighted by speed, 0 to under 360; unweighted in a dead calm."""
    weights = [each.speed_ms for each in readings]
    if sum(weights) == 0:
        weights = [1.0] * len(readings)
    pairs = list(zip(readings, weights, strict=True))
    east = sum(weight * sin(radians(each.from_deg)) for each, weight in pairs)
    north = sum(weight * cos(radians(each.from_deg)) for each, weight in pairs)
    return degrees(atan2(east, north)) % 360.0 % 360.0  # twice: -1e-17 % 360 is 360


def spread(readings: Sequence[WindReading]) -> float | None:
    """Twice the circular standard deviation of direction, within 10 to 60; None: too few."""
    if len(readings) < ENOUGH:
        return None
    length = resultant(readings)
    deviation = degrees(sqrt(-2 * log(length))) if length > 1e-6 else MOST_SPREAD_DEG
    return min(MOST_SPREAD_DEG, max(LEAST_SPREAD_DEG, 2 * deviation))


def resultant(readings: Sequence[WindReading]) -> float:
    """Length of the mean of the unit vectors of direction: 1 all alike, 0 from all sides."""
    east = fmean(sin(radians(each.from_deg)) for each in readings)
    north = fmean(cos(radians(each.from_deg)) for each in readings)
    return min(1.0, hypot(east, north))


def is_turning(readings: Sequence[WindReading]) -> bool:
    """Whether no wedge can hold the directions: the resultant is under 0.5, or the spread, where
    there are readings enough for one, is at its cap and so not known."""
    return resultant(readings) < LEAST_RESULTANT or spread(readings) == MOST_SPREAD_DEG


def half_angle(wind: Wind, name: str) -> float:
    """Half angle of the wedge, degrees: the wind's own spread, else the default of its class."""
    if wind.spread_deg is not None:
        return wind.spread_deg
    low, high = (DEFAULT_SPREAD_DEG["ABCDEF"[step]] for step in _steps(name))
    return max(low, high)


def _steps(name: str) -> tuple[int, int]:
    place = order(name)
    return int(place), int(place + 0.5)


def _band(speed_ms: float, off_ms: float) -> tuple[float, float]:
    """Never less than half, nor more than double: beyond it the mean means nothing."""
    return max(speed_ms / 2, speed_ms - off_ms), min(2 * speed_ms, speed_ms + off_ms)
