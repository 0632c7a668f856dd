"""What is let out: how much, for how long, how high, and how anybody knows.

By hand, assumed (the register's or the configuration's figure), or fitted: the rate that explains
what a sensor downwind reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import cos, exp, inf, isfinite, pi, radians, sin, sqrt

import numpy as np
import pyproj
from numpy.typing import ArrayLike

from gis.plume.dispersion import (
    STANDARD_K,
    STANDARD_PA,
    Array,
    briggs_sigmas,
    passing_share,
    to_kgm3,
    wind_at,
)
from gis.plume.tables import Roughness
from gis.plume.wind import Wind, half_angle
from sensors.chemicals.substances import Substance

_EARTH = pyproj.Geod(ellps="WGS84")
NEAREST_M, TRUSTED_M = 30.0, 100.0
WIDEST_BAND = 25.0  # high to low; a wider fit explains nothing
WIDEST_SIGMAS = 2.5  # a sensor farther beside the widened plume is not in it
FARTHEST_M = 10_000.0


class Known(StrEnum):
    """How the amount is known."""

    BY_HAND = "by_hand"
    ASSUMED = "assumed"
    FITTED = "fitted"


@dataclass(frozen=True)
class Release:
    """Either rate_kgs (for duration_s, None: it goes on) or mass_kg at once. height_m over ground.

    low, high: what the amount may be, as factors. sensors: whose readings it rests on. source: in
    words, where the amount comes from. others: gases that it may be as well.
    """

    substance: Substance
    lon: float
    lat: float
    rate_kgs: float | None = None
    mass_kg: float | None = None
    duration_s: float | None = None
    height_m: float = 0.0
    known: Known = Known.BY_HAND
    low: float = 1.0
    high: float = 1.0
    sensors: tuple[str, ...] = ()
    source: str = ""
    others: tuple[Substance, ...] = ()

    def __post_init__(self) -> None:
        given = [each for each in (self.rate_kgs, self.mass_kg) if each is not None]
        if len(given) != 1 or not isfinite(given[0]) or given[0] <= 0:
            raise ValueError("a release has either a rate or a mass, greater than 0")


def centreline_kgm3(
    release: Release, x_m: ArrayLike, speed_ms: float, name: str, roughness: Roughness
) -> Array:
    """Greatest concentration at the ground right downwind, x > 0; kg/m3.

    Steady, or the maximum as a short release or a puff passes (sigma_x is sigma_y).
    """
    x = np.asarray(x_m, np.float64)
    across, upward = briggs_sigmas(x, name, roughness)
    lifted = np.exp(-(release.height_m**2) / (2 * upward**2))
    if release.mass_kg is not None:
        return np.asarray(2 * release.mass_kg / ((2 * pi) ** 1.5 * across**2 * upward) * lifted)
    assert release.rate_kgs is not None  # noqa: S101 - a release has one of the two
    speed = wind_at(speed_ms, release.height_m, name, roughness)
    length = inf if release.duration_s is None else speed * release.duration_s
    steady = release.rate_kgs / (pi * speed * across * upward) * lifted
    return np.asarray(steady * passing_share(length, across))


@dataclass(frozen=True)
class GasReading:
    """saturated: the instrument is at its end; the true value may be greater."""

    sensor: str
    lon: float
    lat: float
    ppm: float
    saturated: bool = False


class NoFit(StrEnum):
    """Why a sensor's reading cannot be explained by a release at the place."""

    NO_READING = "no_reading"
    UPWIND = "upwind"
    TOO_NEAR = "too_near"
    TOO_FAR = "too_far"
    BESIDE = "beside"
    TOO_WIDE = "too_wide"


@dataclass(frozen=True)
class Fit:
    """rate_kgs explains the reading; low, high: the factors that the wind's spread leaves open.

    trusted: the sensor stands 100 m or farther away and is not at its end.
    """

    rate_kgs: float
    low: float
    high: float
    sensor: str
    trusted: bool


def fit_rate(
    readings: Sequence[GasReading],
    lon: float,
    lat: float,
    substance: Substance,
    wind: Wind,
    name: str,
    roughness: Roughness,
    height_m: float = 0.0,
    kelvin: float = STANDARD_K,
    pascal: float = STANDARD_PA,
) -> Fit | NoFit:
    """The steady rate that explains the readings; of several sensors the trusted, then that of the
    narrowest band.

    The plume is widened by the wind's spread (sigma_y2 + (x sin(half angle / 2))2); the low end
    has the sensor as near to the axis as the spread allows, the high end lies as far above.
    """
    fits: list[Fit] = []
    reason = NoFit.NO_READING
    for reading in readings:
        concentration = to_kgm3(reading.ppm, substance.molar_mass_gmol, kelvin, pascal)
        found = _fit(reading, concentration, (lon, lat), wind, name, roughness, height_m)
        if isinstance(found, Fit):
            fits.append(found)
        else:
            reason = found
    return min(fits, key=lambda fit: (not fit.trusted, fit.high / fit.low)) if fits else reason


def _fit(
    reading: GasReading,
    concentration: float,
    source: tuple[float, float],
    wind: Wind,
    name: str,
    roughness: Roughness,
    height_m: float,
) -> Fit | NoFit:
    azimuth, _, distance = _EARTH.inv(*source, reading.lon, reading.lat)
    off_deg = abs((azimuth - wind.towards_deg + 180) % 360 - 180)
    speed = wind_at(wind.speed_ms, height_m, name, roughness)
    if not (isfinite(concentration) and concentration > 0 and isfinite(speed) and speed > 0):
        return NoFit.NO_READING
    if off_deg >= 90 or not NEAREST_M <= distance <= FARTHEST_M:
        return NoFit.UPWIND if off_deg >= 90 else _not_within(distance)
    x, y = distance * cos(radians(off_deg)), distance * sin(radians(off_deg))
    spread_deg = half_angle(wind, name)
    across, upward = (float(each) for each in briggs_sigmas(x, name, roughness))
    wide = sqrt(across**2 + (x * sin(radians(spread_deg / 2))) ** 2)
    near = distance * sin(radians(max(0.0, off_deg - spread_deg)))
    axis = concentration * pi * speed * upward / _lifted(height_m, upward)
    low = axis * across * exp(min(near**2 / (2 * across**2), 50.0))
    middle = axis * wide * exp(min(y**2 / (2 * wide**2), 50.0))
    share = min(1.0, low / middle)
    if y > WIDEST_SIGMAS * wide or share**-2 > WIDEST_BAND:
        return NoFit.BESIDE if y > WIDEST_SIGMAS * wide else NoFit.TOO_WIDE
    trusted = distance >= TRUSTED_M and not reading.saturated
    return Fit(middle, share, 1 / share, reading.sensor, trusted)


def _not_within(distance_m: float) -> NoFit:
    return NoFit.TOO_NEAR if distance_m < NEAREST_M else NoFit.TOO_FAR


def _lifted(height_m: float, upward_m: float) -> float:
    """What of a raised release's concentration reaches the ground; never quite 0."""
    return max(exp(-min(height_m**2 / (2 * upward_m**2), 700.0)), 1e-300)
