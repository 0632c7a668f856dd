"""Who and what lies within a zone: people, facilities, plants, roads; with distance and arrival.

A zone is any area in degrees: a footprint's, a flood's. What is on its edge is in it. What the
operator has not given stays None: "not known", not 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from gis.exposure.surroundings import KINDS, Surroundings, in_metres
from gis.settings import Source

_EARTH = pyproj.Geod(ellps="WGS84")
_SAMPLES = 2000  # places of an area that are asked whether the grid covers them
COVERED = 0.99  # of the land from here on counts as all of it: edges and shores are not exact


@dataclass(frozen=True)
class Plant:
    """A plant of the stations: what may be drawn into the accident. Degrees, WGS-84."""

    code: str
    zh: str
    en: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Front:
    """A cloud on its way: from a place in degrees with a speed. None speed: arrival not known."""

    lon: float
    lat: float
    speed_ms: float | None


@dataclass(frozen=True)
class Found:
    """Something within. distance_m: from the front's place; arrival_s: when the cloud comes."""

    kind: str
    zh: str
    en: str
    lon: float
    lat: float
    distance_m: float | None = None
    arrival_s: float | None = None
    code: str | None = None


@dataclass(frozen=True)
class People:
    """count with its range. basis: counted in a grid, or the district's share, an assumption.

    uncounted: cells of the grid that lie in the area and have no number; uncovered: share of the
    area's land, 0 to 1, that no cell covers. Of either the count is a least one.
    """

    count: float
    low: float
    high: float
    basis: Literal["grid", "district"]
    source: Source | None
    confirmed: bool
    uncounted: int = 0
    uncovered: float = 0.0

    @property
    def least(self) -> bool:
        """Whether there may be more than the grid has."""
        return self.uncounted > 0 or self.uncovered > 1 - COVERED


@dataclass(frozen=True)
class Roads:
    length_m: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class Exposure:
    """people, facilities, roads: None where there is no layer. Lists: the nearest first."""

    area_m2: float
    people: People | None
    facilities: Mapping[str, tuple[Found, ...]] | None
    plants: tuple[Found, ...]
    roads: Roads | None


def exposed(
    zone: BaseGeometry,
    surroundings: Surroundings,
    plants: Sequence[Plant] = (),
    front: Front | None = None,
) -> Exposure:
    """All that lies within a zone (degrees). An empty zone has nobody, where somebody is known."""
    area = in_metres(zone, surroundings.utm)
    shapely.prepare(area)
    return Exposure(
        area_m2=float(area.area),
        people=people_within(area, surroundings),
        facilities=_facilities(area, surroundings, front),
        plants=_plants(zone, plants, front),
        roads=_roads(area, surroundings.roads),
    )


def people_within(area: BaseGeometry, surroundings: Surroundings) -> People | None:
    """Of an area in metres. From a grid by each cell's share of area (a point cell by its middle);
    else the district's density on land, with its range. None where neither is given, and where
    the grid has no cell on the area's land.
    """
    grid, district = surroundings.population, surroundings.district
    if grid is not None:
        return _by_grid(area, grid, surroundings)
    if district is None:
        return None
    ashore = _land_m2(area, surroundings.land)
    count = ashore / 1e6 * district.people / district.area_km2
    people, size = district.people_source, district.area_source
    source = Source(zh=f"{people.zh}；{size.zh}", en=f"{people.en}; {size.en}")
    return People(
        count, count / district.factor, count * district.factor, "district", source,
        district.confirmed,
    )  # fmt: skip


def _by_grid(
    area: BaseGeometry, grid: gpd.GeoDataFrame, surroundings: Surroundings
) -> People | None:
    uncovered = uncovered_land(area, grid, surroundings.land)
    count, uncounted = _in_grid(area, grid)
    if uncovered == 1 and not count:
        return None
    source, known = surroundings.population_source, uncovered <= 1 - COVERED and not uncounted
    return People(count, count, count, "grid", source, known, uncounted, uncovered)


def uncovered_land(
    area: BaseGeometry, grid: gpd.GeoDataFrame, land: gpd.GeoDataFrame | None
) -> float:
    """Share of an area's land (metres) that no cell of a grid covers: 0 to 1, by some 2000 places.

    A point cell covers what lies no farther from it than its neighbour. 0 where there is no land.
    """
    places = _places(area, land)
    if not len(places):
        return 0.0
    reach = _spacing(area, grid)
    hit = grid.sindex.query(places, predicate="dwithin", distance=reach)[0]
    return 1 - len(np.unique(hit)) / len(places)


def _places(area: BaseGeometry, land: gpd.GeoDataFrame | None) -> np.ndarray:
    """Points in even steps over the land of an area; none of an empty one."""
    if area.is_empty or area.area == 0:
        return np.array([])
    step = sqrt(area.area / _SAMPLES)
    west, south, east, north = area.bounds
    x, y = np.meshgrid(
        np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step)
    )
    ashore = shapely.union_all(_ashore(area, land))
    shapely.prepare(ashore)
    inside = shapely.contains_xy(ashore, x.ravel(), y.ravel())
    return np.asarray(shapely.points(x.ravel()[inside], y.ravel()[inside]))


def _spacing(area: BaseGeometry, grid: gpd.GeoDataFrame) -> float:
    """From a point cell to its neighbour, metres, the middle of those near the area; of areas 0."""
    _, near = grid.sindex.nearest(area, return_all=False)
    hit = np.union1d(grid.sindex.query(area, predicate="intersects")[:_SAMPLES], near)
    cells = grid.geometry.to_numpy()[hit]
    if not len(cells) or shapely.area(cells).any() or len(grid) < 2:
        return 0.0
    _, metres = grid.sindex.nearest(cells, return_all=False, exclusive=True, return_distance=True)
    return float(np.median(metres))


def _in_grid(area: BaseGeometry, grid: gpd.GeoDataFrame) -> tuple[float, int]:
    """People, and how many cells have no number."""
    hit = grid.sindex.query(area, predicate="intersects")
    cells = grid.geometry.to_numpy()[hit]
    people = grid["people"].to_numpy(np.float64)[hit]
    whole = shapely.area(cells)
    inside = shapely.contains_properly(area, cells) | (whole == 0)
    share = np.ones(len(cells))
    cut = ~inside
    share[cut] = shapely.area(shapely.intersection(cells[cut], area)) / whole[cut]
    return float(np.nansum(people * share)), int(np.isnan(people).sum())


def _land_m2(area: BaseGeometry, land: gpd.GeoDataFrame | None) -> float:
    """The part of an area that lies ashore; all of it where the shore is not known."""
    return float(shapely.area(_ashore(area, land)).sum())


def _ashore(area: BaseGeometry, land: gpd.GeoDataFrame | None) -> np.ndarray:
    if land is None:
        return np.array([area])
    hit = land.sindex.query(area, predicate="intersects")
    near = shapely.clip_by_rect(land.geometry.to_numpy()[hit], *area.bounds)
    return np.asarray(shapely.intersection(shapely.make_valid(near), area))


def _facilities(
    area: BaseGeometry, surroundings: Surroundings, front: Front | None
) -> Mapping[str, tuple[Found, ...]] | None:
    frame = surroundings.facilities
    if frame is None:
        return None
    hit = np.sort(frame.sindex.query(area, predicate="intersects"))
    lon, lat = (frame[name].to_numpy(np.float64)[hit] for name in ("lon", "lat"))
    rows = zip(*(frame[name].to_numpy()[hit] for name in ("kind", "zh", "en")), strict=True)
    found = [
        Found(kind, zh, en, float(x), float(y), *reached)
        for (kind, zh, en), x, y, reached in zip(
            rows, lon, lat, _reached(lon, lat, front), strict=True
        )
    ]
    return {kind: _nearest_first(each for each in found if each.kind == kind) for kind in KINDS}


def _plants(zone: BaseGeometry, plants: Sequence[Plant], front: Front | None) -> tuple[Found, ...]:
    if not plants:
        return ()
    lon, lat = (np.array([getattr(each, axis) for each in plants]) for axis in ("lon", "lat"))
    within = shapely.intersects_xy(shapely.make_valid(zone), lon, lat)
    return _nearest_first(
        Found("plant", each.zh, each.en, each.lon, each.lat, *reached, code=each.code)
        for each, inside, reached in zip(plants, within, _reached(lon, lat, front), strict=True)
        if inside
    )


def _reached(
    lon: np.ndarray, lat: np.ndarray, front: Front | None
) -> list[tuple[float | None, float | None]]:
    """(distance, arrival) of each place."""
    if front is None or not len(lon):
        return [(None, None)] * len(lon)
    at = np.full_like(lon, front.lon), np.full_like(lat, front.lat)
    metres = [float(each) for each in _EARTH.inv(*at, lon, lat)[2]]
    speed = front.speed_ms
    return [(each, each / speed if speed else None) for each in metres]


def _roads(area: BaseGeometry, roads: gpd.GeoDataFrame | None) -> Roads | None:
    if roads is None:
        return None
    hit = roads.sindex.query(area, predicate="intersects")
    within = shapely.intersection(roads.geometry.to_numpy()[hit], area)
    names = sorted({str(name) for name in roads["name"].to_numpy()[hit] if name})
    return Roads(float(shapely.length(within).sum()), tuple(names))


def _nearest_first(found: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(sorted(found, key=lambda each: (each.distance_m or 0.0, each.zh)))
