"""Pasquill's stability class from wind, sun and cloud; unknown sky gives every class that may be.

The table is Pasquill 1961 as given by a public program (single source). From memory, unconfirmed:
sun heights 60, 35 degrees that part strong, moderate, slight insolation; one step less under 5 to
7 octas; overcast is D; night is from an hour before sunset to an hour after sunrise.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite

from astral import Observer
from astral.sun import elevation

from gis.plume.tables import CLASSES

STRONG_DEG, MODERATE_DEG = 60.0, 35.0
BROKEN_OCTAS, OVERCAST_OCTAS = 5, 8
CLOUDY_NIGHT_OCTAS = 4
_SUNRISE_DEG = -0.833  # refraction and half the sun's disc

_SPEEDS_MS = (2.0, 3.0, 5.0, 6.0)
_DAY = ("strong", "moderate", "slight")
_TABLE = (  # below 2, 2-3, 3-5, 5-6, from 6 m/s: day strong, moderate, slight; night cloudy, clear
    ("A", "A-B", "B", "E", "F"),
    ("A-B", "B", "C", "E", "F"),
    ("B", "B-C", "C", "D", "E"),
    ("C", "C-D", "D", "D", "D"),
    ("C", "D", "D", "D", "D"),
)


@dataclass(frozen=True)
class Sky:
    """sun_deg: height of the sun over the horizon; night: within an hour of the dark or in it.

    cloud_octas: 0 to 8 of the sky covered; None is not known.
    """

    sun_deg: float
    night: bool
    cloud_octas: int | None = None


@dataclass(frozen=True)
class Stability:
    """classes: all that the weather allows, least stable first, such as ("D", "E"); () is unknown.

    An in-between class such as "A-B" counts as one. by_hand: somebody said so.
    """

    classes: tuple[str, ...]
    insolation: str | None = None
    by_hand: bool = False


def sky_at(lon: float, lat: float, at: datetime, cloud_octas: int | None = None) -> Sky:
    """Sun over a place in degrees at an aware time (NOAA's formulas, by astral: about 0.01 deg)."""
    observer = Observer(latitude=lat, longitude=lon)
    hour = timedelta(hours=1)
    heights = [elevation(observer, at + shift) for shift in (-hour, timedelta(), hour)]
    return Sky(float(heights[1]), min(heights) <= _SUNRISE_DEG, cloud_octas)


def stability(speed_ms: float | None, sky: Sky) -> Stability:
    """The classes of a wind at 10 m under a sky. Wind not known, negative or NaN: no class."""
    if speed_ms is None or not isfinite(speed_ms) or speed_ms < 0:
        return Stability(())
    row = _TABLE[sum(speed_ms >= border for border in _SPEEDS_MS)]
    columns, overcast = _columns(sky)
    found = {row[column] for column in columns} | ({"D"} if overcast else set())
    names = tuple(sorted(found, key=order))
    return Stability(names, "night" if sky.night else _DAY[columns[0]] if columns else "overcast")


def parts(name: str) -> tuple[str, ...]:
    """The classes behind a name: "A-B" is both. Raises ValueError for what is none."""
    found = tuple(name.split("-"))
    if not set(found) <= set(CLASSES) or len(found) > 2:
        raise ValueError(f"{name!r} is no stability class; expected A to F, or A-B, B-C, C-D")
    return found


def order(name: str) -> float:
    """From A (0) to F (5); in-between classes lie in between."""
    each = [CLASSES.index(part) for part in parts(name)]
    return sum(each) / len(each)


def _columns(sky: Sky) -> tuple[tuple[int, ...], bool]:
    """Columns of the table that the sky allows, and whether it may be overcast (then D)."""
    cloud = sky.cloud_octas
    if cloud is not None and cloud >= OVERCAST_OCTAS:
        return (), True
    if sky.night:
        if cloud is None:
            return (3, 4), True
        return ((3,) if cloud >= CLOUDY_NIGHT_OCTAS else (4,)), False
    clear = 0 if sky.sun_deg > STRONG_DEG else 1 if sky.sun_deg > MODERATE_DEG else 2
    if cloud is None:
        return tuple(range(clear, 3)), True
    return (min(2, clear + (cloud >= BROKEN_OCTAS)),), False
