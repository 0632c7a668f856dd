"""Roses: how often, how fast and with how much of a pollutant the wind comes from where.

Directions are where the wind comes FROM, in degrees clockwise from north. An hour's direction is
that of the mean unit vector: sums of sine and cosine, not weighted by speed.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SECTORS = 16
# Below it a vane does not follow: WMO-No. 8, part I, chapter 5 (1 knot), from memory.
CALM_MS = 0.5
# Where the classes begin: calm, then forces 2 to 5 of the Beaufort scale (GB/T 28591-2012).
SPEED_CLASSES = (CALM_MS, 1.6, 3.4, 5.5, 8.0)
# Fewer hours than this say nothing of a sector: shown as few.
LEAST_HOURS = 5
# Below this share of the readings pointing one way, a mean direction means nothing.
LEAST_RESULTANT = 1e-6


@dataclass(frozen=True, slots=True)
class Wind:
    """The wind of one hour: mean speed in m/s, mean direction in degrees; None: not known."""

    speed_ms: float | None
    from_deg: float | None


@dataclass(frozen=True, slots=True)
class WindRose:
    """Hours by sector and speed class. variable: with wind, but from no mean direction."""

    hours: int
    calms: int
    variable: int
    counts: tuple[tuple[int, ...], ...]
    mean_ms: float | None

    def share(self, count: int) -> float | None:
        """Of all hours with a known wind, 0 to 1."""
        return count / self.hours if self.hours else None


@dataclass(frozen=True, slots=True)
class Share:
    """Of the hours of one sector: how many, their mean, how many are above the threshold."""

    hours: int
    mean: float | None
    above: int

    @property
    def probability(self) -> float | None:
        return self.above / self.hours if self.hours else None

    @property
    def few(self) -> bool:
        return self.hours < LEAST_HOURS


@dataclass(frozen=True, slots=True)
class PollutionRose:
    """A share for each sector, and that of the calms."""

    sectors: tuple[Share, ...]
    calm: Share


def mean_direction(sum_sin: float, sum_cos: float, count: int) -> float | None:
    """Degrees in [0, 360) from the sums over `count` readings; None where they cancel out."""
    if not count or math.hypot(sum_sin, sum_cos) < LEAST_RESULTANT * count:
        return None
    degrees = math.degrees(math.atan2(sum_sin, sum_cos)) % 360
    return 0.0 if degrees >= 360 else degrees


def sector_of(from_deg: float, sectors: int = SECTORS) -> int:
    """Number of the sector, 0 around north and then clockwise; its first edge belongs to it."""
    width = 360 / sectors
    return int((from_deg % 360 + width / 2) // width) % sectors


def wind_rose(winds: Iterable[Wind]) -> WindRose:
    """Of hours whose wind is known: calm, or with a direction, or variable."""
    counts = [[0] * len(SPEED_CLASSES) for _ in range(SECTORS)]
    calms = variable = 0
    speeds = []
    for wind in winds:
        if wind.speed_ms is None:
            continue
        speeds.append(wind.speed_ms)
        if wind.speed_ms < CALM_MS:
            calms += 1
        elif wind.from_deg is None:
            variable += 1
        else:
            step = bisect_right(SPEED_CLASSES, wind.speed_ms) - 1
            counts[sector_of(wind.from_deg)][step] += 1
    mean_ms = math.fsum(speeds) / len(speeds) if speeds else None
    return WindRose(len(speeds), calms, variable, tuple(map(tuple, counts)), mean_ms)


def pollution_rose(
    pairs: Iterable[tuple[Wind, float]], threshold: float | None, *, lower: bool = False
) -> PollutionRose:
    """Concentrations of hours by where the wind came from; variable hours belong to no sector.

    Probability is the conditional probability function of Ashbaugh et al. (1985): hours above the
    threshold of a sector by all its hours. lower: below the threshold counts, as of a pH.
    """
    found: list[list[float]] = [[] for _ in range(SECTORS)]
    calm: list[float] = []
    for wind, value in pairs:
        if wind.speed_ms is None:
            continue
        if wind.speed_ms < CALM_MS:
            calm.append(value)
        elif wind.from_deg is not None:
            found[sector_of(wind.from_deg)].append(value)
    shares = tuple(_share(values, threshold, lower) for values in found)
    return PollutionRose(shares, _share(calm, threshold, lower))


def _share(values: Sequence[float], threshold: float | None, lower: bool) -> Share:
    if not values:
        return Share(0, None, 0)
    above = 0
    if threshold is not None:
        above = sum(value < threshold if lower else value > threshold for value in values)
    return Share(len(values), math.fsum(values) / len(values), above)
