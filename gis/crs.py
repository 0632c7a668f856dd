"""Coordinate systems: WGS-84, GCJ-02, BD-09 and CGCS2000 in degrees, local UTM in metres.

Degrees are always (lon, lat). GCJ-02 is China's obliged shift of published maps, several hundred
metres; BD-09 is Baidu's further shift. Neither has an EPSG code, so pyproj cannot treat them.
Outside the usual rectangle (72.004-137.8347 E, 0.8293-55.8271 N) GCJ-02 is WGS-84 by convention.
"""

import math
from collections.abc import Callable

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

Degrees = NDArray[np.float64]
Shift = Callable[[Degrees, Degrees], tuple[Degrees, Degrees]]

WGS84 = "EPSG:4326"
# Names people write; the rest is read by pyproj.
ALIASES = {"wgs84": WGS84, "wgs-84": WGS84, "cgcs2000": "EPSG:4490"}
CHINA = (72.004, 0.8293, 137.8347, 55.8271)

# The ellipsoid of the published GCJ-02 formula: Krasovsky 1940.
_A = 6378245.0
_E2 = 0.00669342162296594323
_BAIDU = math.pi * 3000.0 / 180.0


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Exact forward shift, degrees (lon, lat). Outside the rectangle nothing moves."""
    d_lon, d_lat = _gcj02_shift(lon, lat)
    inside = in_china(lon, lat)
    return lon + np.where(inside, d_lon, 0.0), lat + np.where(inside, d_lat, 0.0)


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Inverse by iteration to better than 1 mm, degrees (lon, lat)."""
    return _inverse(wgs84_to_gcj02, lon, lat)


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Baidu's further shift, degrees (lon, lat)."""
    z = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Inverse by iteration to better than 1 mm; the published closed form is metres off."""
    return _inverse(gcj02_to_bd09, lon, lat)


def wgs84_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


# What pyproj does not know: name -> its way to WGS-84.
SHIFTED: dict[str, Shift] = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}


def in_china(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Whether GCJ-02 differs from WGS-84 here: the usual rectangle, not the border."""
    west, south, east, north = CHINA
    return np.asarray((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))


def shift_geometries(geometries: NDArray[np.object_], shift: Shift) -> NDArray[np.object_]:
    """Geometries in degrees, each vertex moved by `shift`."""

    def moved(xy: Degrees) -> Degrees:
        return np.column_stack(shift(xy[:, 0], xy[:, 1]))

    return np.asarray(shapely.transform(geometries, moved))


def known_crs(name: str) -> str:
    """The name as pyproj or SHIFTED know it. Raises ValueError with what would be right."""
    wanted = ALIASES.get(name.lower(), name)
    if wanted.lower().replace("-", "") in SHIFTED:
        return wanted.lower().replace("-", "")
    try:
        pyproj.CRS.from_user_input(wanted)
    except CRSError as error:
        raise ValueError(
            f"unknown coordinate system {name!r}; write wgs84, cgcs2000, gcj02, bd09 or a code "
            "such as EPSG:4549"
        ) from error
    return wanted


def utm_crs(lon: float, lat: float) -> str:
    """EPSG code of the UTM zone (metres, WGS-84) of a point in degrees; Beilun is EPSG:32651."""
    zone = min(int((lon + 180.0) // 6.0) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def to_metres(lon: Degrees, lat: Degrees, utm: str) -> tuple[Degrees, Degrees]:
    """Degrees (lon, lat), WGS-84, to metres (east, north) in the zone `utm`."""
    transformer = pyproj.Transformer.from_crs(WGS84, utm, always_xy=True)
    east, north = transformer.transform(lon, lat)
    return np.asarray(east), np.asarray(north)


def to_degrees(east: Degrees, north: Degrees, utm: str) -> tuple[Degrees, Degrees]:
    """Metres (east, north) in the zone `utm` to degrees (lon, lat), WGS-84."""
    transformer = pyproj.Transformer.from_crs(utm, WGS84, always_xy=True)
    lon, lat = transformer.transform(east, north)
    return np.asarray(lon), np.asarray(lat)


def _inverse(forward: Shift, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Fixed point of x = target - shift(x): the shift changes by under 1 % of a step, so each
    round gains two digits or more; 12 rounds reach the last bit of a double."""
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    for _ in range(12):
        there_x, there_y = forward(x, y)
        x, y = x + (lon - there_x), y + (lat - there_y)
    return x, y


def _gcj02_shift(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift in degrees (lon, lat): the published polynomial and waves, scaled to the ellipsoid."""
    x, y = lon - 105.0, lat - 35.0
    root, pi = np.sqrt(np.abs(x)), math.pi
    common = 20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north = north + (common + 20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(y / 12.0 * pi) + 320.0 * np.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east = east + (common + 20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(x / 12.0 * pi) + 300.0 * np.sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _E2 * np.sin(phi) ** 2
    d_lat = np.degrees(north * magic * np.sqrt(magic) / (_A * (1.0 - _E2)))
    d_lon = np.degrees(east * np.sqrt(magic) / (_A * np.cos(phi)))
    return d_lon, d_lat
