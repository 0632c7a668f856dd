"""The Gaussian plume and puff: sigmas, wind profile, plume rise, concentration, units.

x metres downwind, y across, z over the ground. Concentrations are means over about ten minutes,
on flat open ground, of a gas that neither sinks nor reacts; sigmas hold from 100 m to 10 km.
NaN in, NaN out; upwind (x <= 0) the concentration is 0.
"""

from math import erf, isfinite, log, pi, sqrt, tan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.plume.stability import order, parts
from gis.plume.tables import BRIGGS, ISC_CEILING_M, ISC_Y, ISC_Z, WIND_EXPONENT, Roughness

Array = NDArray[np.float64]
GAS_CONSTANT = 8.314462618  # J/(mol K)
STANDARD_K, STANDARD_PA = 298.15, 101_325.0
GRAVITY_MS2 = 9.80665
REFERENCE_M = 10.0  # the height at which stations measure wind
_LAPSE_KM = {"E": 0.020, "F": 0.035}  # K/m, ISC's defaults for stable air


def briggs_sigmas(x_m: ArrayLike, name: str, roughness: Roughness) -> tuple[Array, Array]:
    """(sigma_y, sigma_z) in metres; a class such as A-B is the mean of both. 100 m to 10 km."""
    x = np.asarray(x_m, np.float64)
    pairs = [BRIGGS[roughness][part] for part in parts(name)]
    across = [a * x * (1 + b * x) ** c for (a, b, c), _ in pairs]
    upward = [a * x * (1 + b * x) ** c for _, (a, b, c) in pairs]
    return np.asarray(np.mean(across, axis=0)), np.asarray(np.mean(upward, axis=0))


def isc_sigma_y(x_km: float, name: str) -> float:
    """Pasquill-Gifford sigma_y in metres as ISC has it, rural; x > 0 in km."""
    c, d = ISC_Y[name]
    return 465.11628 * x_km * tan(0.017453293 * (c - d * log(x_km)))


def isc_sigma_z(x_km: float, name: str) -> float:
    """Pasquill-Gifford sigma_z in metres as ISC has it, rural; at most 5000 m for A to C."""
    _, a, b = next(row for row in ISC_Z[name] if x_km <= row[0])
    found: float = a * x_km**b
    return min(found, ISC_CEILING_M) if name in "ABC" else found


def wind_at(speed_ms: float, height_m: float, name: str, roughness: Roughness) -> float:
    """Wind at a height from that at 10 m, m/s, by the power law; below 10 m that at 10 m.

    Below 10 m the law would lessen the wind, and thin out nothing: the release mixes upward.
    """
    exponents = [WIND_EXPONENT[roughness][part] for part in parts(name)]
    power = sum(exponents) / len(exponents)
    return float(speed_ms * (max(height_m, REFERENCE_M) / REFERENCE_M) ** power)


def buoyancy_flux(flow_m3s: float, air_kgm3: float, gas_kgm3: float) -> float:
    """Briggs' F_b in m4/s3 of a hot or light gas; negative for one heavier than air."""
    return GRAVITY_MS2 * flow_m3s / pi * (1 - gas_kgm3 / air_kgm3)


def plume_rise_m(
    flux_m4s3: float, speed_ms: float, x_m: float, name: str = "D", air_k: float = 288.15
) -> float:
    """Briggs' rise at x metres, from buoyancy alone; none where the flux is not positive.

    A to D: 1.6 F^(1/3) x^(2/3) / u until final; E and F no higher than 2.6 (F / u s)^(1/3).
    """
    if flux_m4s3 <= 0:
        return 0.0
    final_m = 49 * flux_m4s3**0.625 if flux_m4s3 < 55 else 119 * flux_m4s3**0.4
    rising = 1.6 * flux_m4s3 ** (1 / 3) * min(x_m, final_m) ** (2 / 3) / speed_ms
    if order(name) < 4:
        return float(rising)
    parameter = GRAVITY_MS2 / air_k * _LAPSE_KM[parts(name)[-1]]
    return float(min(rising, 2.6 * (flux_m4s3 / (speed_ms * parameter)) ** (1 / 3)))


def plume_kgm3(
    rate_kgs: float, speed_ms: float, x_m: ArrayLike, y_m: ArrayLike, z_m: ArrayLike,
    *, height_m: float, name: str, roughness: Roughness,
) -> Array:  # fmt: skip
    """Of a steady release at `height_m`, with full reflection at the ground; kg/m3."""
    x, y, z = (np.asarray(each, np.float64) for each in (x_m, y_m, z_m))
    ahead = np.where(x <= 0, 1.0, x)
    across, upward = briggs_sigmas(ahead, name, roughness)
    found = (
        rate_kgs
        / (2 * pi * speed_ms * across * upward)
        * np.exp(-(y**2) / (2 * across**2))
        * (
            np.exp(-((z - height_m) ** 2) / (2 * upward**2))
            + np.exp(-((z + height_m) ** 2) / (2 * upward**2))
        )
    )
    return np.asarray(np.where(x <= 0, 0.0, found))


def puff_kgm3(
    mass_kg: float, centre_m: float, x_m: ArrayLike, y_m: ArrayLike, z_m: ArrayLike,
    *, height_m: float, name: str, roughness: Roughness,
) -> Array:  # fmt: skip
    """Of a puff whose middle has drifted `centre_m` > 0; sigma_x is sigma_y; kg/m3."""
    x, y, z = (np.asarray(each, np.float64) for each in (x_m, y_m, z_m))
    across, upward = briggs_sigmas(centre_m, name, roughness)
    return np.asarray(
        mass_kg
        / ((2 * pi) ** 1.5 * across**2 * upward)
        * np.exp(-((x - centre_m) ** 2) / (2 * across**2) - y**2 / (2 * across**2))
        * (
            np.exp(-((z - height_m) ** 2) / (2 * upward**2))
            + np.exp(-((z + height_m) ** 2) / (2 * upward**2))
        )
    )


def passing_share(length_m: float, sigma_x_m: ArrayLike) -> Array:
    """What of the steady concentration a cloud of u T metres reaches as it passes, 0 to 1.

    erf(u T / (2 sqrt 2 sigma_x)): 1 for a release that goes on, the puff's for a short one.
    """
    sigma = np.asarray(sigma_x_m, np.float64)
    if not isfinite(length_m):
        return np.ones_like(sigma)
    scaled = length_m / (2 * sqrt(2) * sigma)
    return np.array([erf(value) for value in scaled.ravel()]).reshape(scaled.shape)


def to_ppm(
    kg_m3: float, molar_mass_gmol: float, kelvin: float = STANDARD_K, pascal: float = STANDARD_PA
) -> float:
    """Concentration as a share of volume: C R T / (M p), ppm; 25 C and 1 atm where not known."""
    return kg_m3 * 1e9 * GAS_CONSTANT * kelvin / (molar_mass_gmol * pascal)


def to_kgm3(
    ppm: float, molar_mass_gmol: float, kelvin: float = STANDARD_K, pascal: float = STANDARD_PA
) -> float:
    """The inverse of `to_ppm`: ppm to kg/m3."""
    return ppm * 1e-9 * molar_mass_gmol * pascal / (GAS_CONSTANT * kelvin)
