"""Isolation distances of the Emergency Response Guidebook 2024, tables 1 and 3; single source.

Small is a spill of up to 208 L. For the gases of table 3 the large spill here is only that of
"multiple small cylinders or one ton cylinder"; larger containers (rail car, road tanker) need
more and were not found.
"""

from dataclasses import dataclass
from typing import Literal

from gis.plume.stability import Sky

SOURCE = "ERG 2024, tables 1 and 3, from one collection only"
SMALL_KG = 208.0  # 208 L, taken as water: ours
_LOW_MS, _HIGH_MS = 10 / 3.6, 20 / 3.6  # low up to 10 km/h, high above 20


@dataclass(frozen=True)
class Isolation:
    """isolate_m: to all sides at once. protect_m: downwind, day or night. partial: large only for
    a ton cylinder or less. confirmed is False: one source."""

    un: int
    isolate_m: float
    protect_m: float
    size: Literal["small", "large"]
    partial: bool
    source: str = SOURCE
    confirmed: bool = False


Downwind = tuple[float, ...]  # km: one, or for low, moderate, high wind
_TABLE: dict[str, tuple[int, tuple[float, float, float], tuple[float, Downwind, Downwind]]] = {
    "chlorine": (1017, (60, 0.3, 1.5), (150, (1.3, 0.7, 0.5), (2.4, 1.2, 0.6))),
    "hydrogen fluoride": (1052, (30, 0.1, 0.5), (100, (0.8, 0.4, 0.3), (1.7, 0.5, 0.3))),
    "hydrogen chloride": (1050, (30, 0.1, 0.3), (30, (0.3, 0.2, 0.1), (0.9, 0.3, 0.2))),
    "ammonia": (1005, (30, 0.1, 0.2), (30, (0.3, 0.2, 0.1), (0.7, 0.3, 0.2))),
    "hydrogen sulfide": (1053, (30, 0.1, 0.5), (400, (2.4,), (6.3,))),
    "carbon monoxide": (1016, (30, 0.1, 0.2), (200, (1.2,), (3.9,))),
    "hydrogen cyanide": (1051, (60, 0.2, 0.7), (200, (0.7,), (1.8,))),
    "phosphine": (2199, (60, 0.3, 1.1), (400, (1.3,), (3.7,))),
    "arsine": (2188, (150, 1.0, 3.9), (1000, (6.2,), (10.5,))),
    "fluorine": (1045, (30, 0.1, 0.2), (100, (0.5,), (2.3,))),
}


def isolation(
    substance: str, sky: Sky, speed_ms: float | None, mass_kg: float | None
) -> Isolation | None:
    """Of a substance's code; None where the guide's figure is not known.

    A spill of unknown size counts as large, an unknown wind as low: both are the longer distance.
    """
    if substance not in _TABLE:
        return None
    un, small, large = _TABLE[substance]
    night = sky.sun_deg <= 0
    if mass_kg is not None and mass_kg <= SMALL_KG:
        return Isolation(un, small[0], 1000 * small[2 if night else 1], "small", False)
    isolate, *downwind = large
    distances = downwind[1 if night else 0]
    step = 0 if speed_ms is None else (speed_ms > _LOW_MS) + (speed_ms > _HIGH_MS)
    km = distances[min(step, len(distances) - 1)]
    return Isolation(un, isolate, 1000 * km, "large", len(distances) > 1)
