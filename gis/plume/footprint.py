"""The footprint: where a gas lies above its limits, how far, how soon, and how sure.

Outlines are rings of (lon, lat) in degrees, WGS-84, first point last again; metres are true on the
ellipsoid. The zones of one footprint lie within each other: all use the same points downwind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, isfinite
from typing import Literal

import numpy as np
import pyproj

from gis.plume.dispersion import STANDARD_K, STANDARD_PA, Array, briggs_sigmas, to_kgm3
from gis.plume.release import FARTHEST_M, Release, centreline_kgm3
from gis.plume.stability import order
from gis.plume.tables import Roughness
from gis.plume.wind import Wind, half_angle
from sensors.chemicals.toxic import ToxicLimit

Ring = tuple[tuple[float, float], ...]
Shape = Literal["plume", "circle", "nothing"]

CALM_MS = 1.5  # below it, or where the wind turns, no direction is believed: a circle
LEAST_MS = 1.0  # the formulas do not hold for less: the circle is drawn for this
_EARTH = pyproj.Geod(ellps="WGS84")
_FINE = np.geomspace(1.0, FARTHEST_M, 400)  # metres downwind, for reaches
_COARSE = np.geomspace(1.0, FARTHEST_M, 81)  # for outlines
_NEAR_THE_TIP = np.array([0.8, 0.9, 0.95, 0.98, 0.995, 1.0])
_DECIMALS = 6


@dataclass(frozen=True)
class Zone:
    """Where the limit is exceeded. ring: () and reach_m 0 where it is nowhere.

    reach_low_m, reach_high_m: over the wind's speed, the classes and the amount that may be.
    arrival_s: when the first gas comes to the far edge. more: it goes on beyond 10 km, where it is
    cut off. start_m: a raised release touches the ground only from here.
    """

    limit: ToxicLimit
    ring: Ring
    start_m: float
    reach_m: float
    reach_low_m: float
    reach_high_m: float
    arrival_s: float | None
    more: bool


@dataclass(frozen=True)
class Footprint:
    """zones: the gravest limit first. wedge: all that the widest zone may cover, swept over the
    directions that the wind may turn to; () for a circle. name: the stability class used."""

    shape: Shape
    lon: float
    lat: float
    zones: tuple[Zone, ...]
    wedge: Ring = ()
    towards_deg: float | None = None
    spread_deg: float | None = None
    name: str | None = None
    speed_ms: float | None = None


def footprint(
    release: Release,
    wind: Wind | None,
    names: Sequence[str],
    limits: Sequence[ToxicLimit],
    roughness: Roughness,
    kelvin: float = STANDARD_K,
    pascal: float = STANDARD_PA,
) -> Footprint:
    """Of several classes the one that reaches farthest. Without wind or class: shape `nothing`."""
    ordered = sorted(limits, key=lambda limit: -limit.ppm)
    if wind is None or not isfinite(wind.speed_ms) or not names or not ordered:
        return Footprint("nothing", release.lon, release.lat, ())
    mass = release.substance.molar_mass_gmol
    borders = [to_kgm3(limit.ppm, mass, kelvin, pascal) for limit in ordered]
    speed = max(wind.speed_ms, LEAST_MS)
    name = worse(release, speed, names, borders[len(borders) // 2], roughness)
    bands = _bands(release, wind, names, borders, roughness)
    line = centreline_kgm3(release, _FINE, speed, name, roughness)
    spans = [_span(line, border) for border in borders]
    shape: Shape = "circle" if wind.speed_ms < CALM_MS or wind.turning else "plume"
    sides = _sides(release, speed, name, roughness, borders, spans)
    rings = (
        [circle(release.lon, release.lat, reach) for _, reach in spans]
        if shape == "circle"
        else [_mirrored(release, wind.towards_deg, *side) if side else () for side in sides]
    )
    zones = tuple(
        Zone(limit, ring, start, reach, low, high, reach / speed if reach else None,
             reach >= FARTHEST_M)
        for limit, ring, (start, reach), (low, high) in zip(
            ordered, rings, spans, bands, strict=True
        )
    )  # fmt: skip
    angle = half_angle(wind, name)
    wedge: Ring = ()
    if shape == "plume" and sides[-1]:
        wedge = _wedge(release, wind.towards_deg, angle, *sides[-1])
    return Footprint(
        shape, release.lon, release.lat, zones, wedge,
        wind.towards_deg if shape == "plume" else None,
        angle if shape == "plume" else None, name, wind.speed_ms,
    )  # fmt: skip


def worse(
    release: Release,
    speed_ms: float,
    names: Sequence[str],
    border_kgm3: float,
    roughness: Roughness,
) -> str:
    """The class that carries a concentration farthest; of equals the most stable."""

    def reach(name: str) -> tuple[float, float]:
        line = centreline_kgm3(release, _FINE, speed_ms, name, roughness)
        return _span(line, border_kgm3)[1], order(name)

    return max(names, key=reach)


def _bands(
    release: Release,
    wind: Wind,
    names: Sequence[str],
    borders: Sequence[float],
    roughness: Roughness,
) -> list[tuple[float, float]]:
    """Least and greatest reach of each limit over all that may be."""
    speeds = {
        max(each, LEAST_MS) for each in (wind.speed_low_ms, wind.speed_ms, wind.speed_high_ms)
    }
    factors = {release.low, 1.0, release.high}
    reaches: list[list[float]] = [[] for _ in borders]
    for name, speed in product(names, speeds):
        line = centreline_kgm3(release, _FINE, speed, name, roughness)
        for factor, (found, border) in product(factors, zip(reaches, borders, strict=True)):
            found.append(_span(line * factor, border)[1])
    return [(min(found), max(found)) for found in reaches]


def _span(line: Array, border: float) -> tuple[float, float]:
    """(start, end) in metres of where a line over _FINE lies above; (0, 0): nowhere."""
    above = np.flatnonzero(line >= border)
    if not above.size:
        return 0.0, 0.0
    first, last = int(above[0]), int(above[-1])
    start = 0.0 if first == 0 else _crossing(line, first - 1, border)
    end = FARTHEST_M if last == len(line) - 1 else _crossing(line, last, border)
    return start, end


def _crossing(line: Array, index: int, border: float) -> float:
    """Between two points, by their logarithms; far below any concentration stands for 0."""
    low, high = np.log(np.maximum(line[index : index + 2], 1e-300))
    share = (np.log(border) - low) / (high - low)
    return float(_FINE[index] * (_FINE[index + 1] / _FINE[index]) ** share)


def _sides(
    release: Release,
    speed_ms: float,
    name: str,
    roughness: Roughness,
    borders: Sequence[float],
    spans: Sequence[tuple[float, float]],
) -> list[tuple[Array, Array] | None]:
    """Of each zone one side of its outline: metres along the axis and across; None: nowhere."""
    marks = [np.outer([start, end], _NEAR_THE_TIP).ravel() for start, end in spans]
    tips = np.concatenate([_COARSE, *marks])
    grid = np.unique(tips[(tips >= 1.0) & (tips <= FARTHEST_M)])
    line = centreline_kgm3(release, grid, speed_ms, name, roughness)
    across = briggs_sigmas(grid, name, roughness)[0]
    sides: list[tuple[Array, Array] | None] = []
    for border, (start, end) in zip(borders, spans, strict=True):
        within = (grid > start) & (grid < end)
        # A cut plume ends square, any other in a point.
        if end >= FARTHEST_M:
            within |= grid == FARTHEST_M
        ratio = np.maximum(line[within] / border, 1.0)
        half = across[within] * np.sqrt(2 * np.log(ratio))
        ends = [] if end >= FARTHEST_M else [end]
        x = np.concatenate([[start], grid[within], ends])
        y = np.concatenate([[0.0], half, np.zeros(len(ends))])
        sides.append((x, y) if end > 0 else None)
    return sides


def _mirrored(release: Release, towards_deg: float, x: Array, y: Array) -> Ring:
    """Up one side of the axis and back on the other."""
    along = np.concatenate([x, x[::-1]])
    across = np.concatenate([y, -y[::-1]])
    bearing = towards_deg + np.degrees(np.arctan2(across, along))
    return _placed(release, bearing, np.hypot(along, across))


def _wedge(release: Release, towards_deg: float, angle_deg: float, x: Array, y: Array) -> Ring:
    """The outline swept over all directions: one side turned by the angle, an arc, the other side.

    The side is taken up to its farthest point: what lies behind it is within the arc.
    """
    last = int(np.argmax(np.hypot(x, y))) + 1
    metres = np.hypot(x, y)[:last]
    off = angle_deg + np.degrees(np.arctan2(y[:last], x[:last]))
    near, far = _arc(off[0]), _arc(off[-1])
    bearings = [off, far, -off[::-1], near[::-1]]
    radii = [metres, np.full_like(far, metres[-1]), metres[::-1], np.full_like(near, metres[0])]
    return _placed(release, towards_deg + np.concatenate(bearings), np.concatenate(radii))


def _arc(off_deg: float) -> Array:
    """From one side to the other in steps of at most a degree, the axis among them."""
    return np.linspace(off_deg, -off_deg, 2 * max(4, ceil(off_deg)) + 1)


def _placed(release: Release, bearing_deg: Array, metres: Array) -> Ring:
    lons, lats = np.full_like(metres, release.lon), np.full_like(metres, release.lat)
    lon, lat, _ = _EARTH.fwd(lons, lats, bearing_deg, metres)
    rounded = zip(np.round(lon, _DECIMALS), np.round(lat, _DECIMALS), strict=True)
    found = [(float(each), float(other)) for each, other in rounded]
    kept = [point for index, point in enumerate(found) if not index or point != found[index - 1]]
    return tuple(kept if kept[0] == kept[-1] else [*kept, kept[0]])


def circle(lon: float, lat: float, radius_m: float) -> Ring:
    """A ring of 5 degree steps round a place; () for a radius of 0."""
    bearings = np.linspace(0.0, 360.0, 73)
    lons, lats = np.full_like(bearings, lon), np.full_like(bearings, lat)
    if radius_m <= 0:
        return ()
    east, north, _ = _EARTH.fwd(lons, lats, bearings, np.full_like(bearings, radius_m))
    points = zip(np.round(east, _DECIMALS), np.round(north, _DECIMALS), strict=True)
    ring = [(float(each), float(other)) for each, other in points]
    return (*ring[:-1], ring[0])
