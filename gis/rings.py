"""Rings made short enough to be passed on, losing nothing of what lies in them. Degrees, WGS-84."""

from collections.abc import Sequence

import pyproj
from shapely import union_all
from shapely.geometry import Polygon
from shapely.validation import make_valid

Ring = tuple[tuple[float, float], ...]
_EARTH = pyproj.Geod(ellps="WGS84")
_DIGITS = 5  # 1 m
_FIRST, _MOST = 0.0002, 0.2  # degrees: 20 m, 20 km


def shortened(ring: Sequence[Sequence[float]], most: int) -> Ring:
    """A closed ring of at most `most` points around the same; () where it encloses nothing.

    Of a shape that crosses itself the outside of its largest part. It grows before it is thinned,
    by as much as thinning may take away.
    """
    if len(ring) < 4:
        return ()
    shape = _largest(make_valid(Polygon([(lon, lat) for lon, lat, *_ in ring])))
    if shape is None:
        return ()
    step, found = _FIRST, shape
    while len(found.exterior.coords) > most and step <= _MOST:
        wider = Polygon(shape.exterior).buffer(step).simplify(0.9 * step)
        found = _largest(wider) or found
        step *= 2
    points = [(round(lon, _DIGITS), round(lat, _DIGITS)) for lon, lat in found.exterior.coords]
    distinct = [
        point for index, point in enumerate(points) if index == 0 or point != points[index - 1]
    ]
    return tuple(distinct) if len(distinct) >= 4 else ()


def sector(lon: float, lat: float, radius_m: float, towards_deg: float, spread_deg: float) -> Ring:
    """A closed ring: from a place all that lies within radius_m and spread_deg to either hand of a
    direction (from north, clockwise)."""
    steps = 24
    turns = [towards_deg + spread_deg * (2 * step / steps - 1) for step in range(steps + 1)]
    places = [_EARTH.fwd(lon, lat, turn, radius_m)[:2] for turn in turns]
    return ((lon, lat), *((x, y) for x, y in places), (lon, lat))


def joined(rings: Sequence[Sequence[Sequence[float]]]) -> Ring:
    """The outside of all of them together; of parts that do not touch the largest. () of none."""
    shapes = [make_valid(Polygon([(lon, lat) for lon, lat, *_ in ring])) for ring in rings]
    found = _largest(union_all(shapes))
    return () if found is None else tuple((x, y) for x, y in found.exterior.coords)


def _largest(shape: object) -> Polygon | None:
    parts = [shape] if isinstance(shape, Polygon) else list(getattr(shape, "geoms", ()))
    polygons = [part for part in parts if isinstance(part, Polygon) and not part.is_empty]
    return max(polygons, key=lambda part: part.area, default=None)
