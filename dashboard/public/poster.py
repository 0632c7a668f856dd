"""The map before any script runs: a small SVG of land and water, and where to put the pins. Pure.

The poster is cut to the stations' surroundings from the base map of gis/; pins are placed in
per cent of it, so that one picture serves every width.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import cos, radians
from typing import Any

import orjson
from shapely.geometry import box as rectangle
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from dashboard.public.documents import Document, document
from dashboard.public.places import KM_PER_DEGREE
from dashboard.shapes import StationRow
from gis.palette import PALETTES, Palette

Box = tuple[float, float, float, float]  # west, south, east, north, degrees

RATIO = 29 / 20
WIDTH, HEIGHT = 870, 600  # of the SVG, in its own units
PHONE_WIDTH_PX = 343  # pins must not cover each other at this width
PIN_HALF_PX, NAME_HALF_PX, NAME_BOTTOM_PX = (19, 14), 24, 32
LOW = 85  # per cent from the top: from here down a name stands above its pin, where it has room
MARGIN = 0.11
LEAST_DEGREES = 0.08
SHORE, COAST = 20, 1.6


def box_around(points: Iterable[tuple[float, float]]) -> Box | None:
    """The box of the map's shape around points (lon, lat), with a margin."""
    points = list(points)
    if not points:
        return None
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    middle_lon, middle_lat = (west + east) / 2, (south + north) / 2
    squeeze = cos(radians(middle_lat))
    width = max(east - west, LEAST_DEGREES) * (1 + 2 * MARGIN)
    height = max(north - south, LEAST_DEGREES) * (1 + 2 * MARGIN)
    width = max(width, height * RATIO / squeeze)
    height = width * squeeze / RATIO
    return (
        middle_lon - width / 2,
        middle_lat - height / 2,
        middle_lon + width / 2,
        middle_lat + height / 2,
    )


def place_percent(box: Box, lon: float, lat: float) -> tuple[float, float]:
    """(x, y) in per cent of the map from its upper left corner."""
    west, south, east, north = box
    return (
        round(100 * (lon - west) / (east - west), 2),
        round(100 * (north - lat) / (north - south), 2),
    )


def posters(land: bytes, water: bytes) -> Callable[[Box], Mapping[str, Document]]:
    """Maker of both posters by the name under which they are served; a box is drawn once."""

    @lru_cache(maxsize=4)
    def made(box: Box) -> Mapping[str, Document]:
        surfaces = orjson.loads(land), orjson.loads(water)
        return {
            f"poster-{theme}.svg": document(svg(box, *surfaces, palette), "image/svg+xml")
            for theme, palette in PALETTES.items()
        }

    return made


def km_per_width(box: Box) -> float:
    west, south, east, north = box
    return (east - west) * KM_PER_DEGREE * cos(radians((south + north) / 2))


def apart(
    box: Box, stations: Iterable[tuple[StationRow, bool]], scale: float = 1
) -> list[tuple[StationRow, bool]]:
    """(station, whether its name fits too) of those that cover no earlier one at a phone's width.

    stations: with whether it has a name to show. scale: of the marks. First come, first kept.
    """
    kept: list[tuple[StationRow, bool]] = []
    taken: list[tuple[float, float, float, float]] = []
    for station, has_name in stations:
        x, y = place_percent(box, station.lon, station.lat)
        px, py = x * PHONE_WIDTH_PX / 100, y * PHONE_WIDTH_PX / RATIO / 100
        for named in (True, False) if has_name else (False,):
            half = NAME_HALF_PX if named else PIN_HALF_PX[0]
            ends = PIN_HALF_PX[1], NAME_BOTTOM_PX if named else PIN_HALF_PX[1]
            top, bottom = reversed(ends) if y > LOW else ends
            rect = (px - scale * half, py - scale * top, px + scale * half, py + scale * bottom)
            if all(_apart(rect, other) for other in taken):
                kept.append((station, named))
                taken.append(rect)
                break
    return kept


def _apart(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def svg(box: Box, land: Mapping[str, Any], water: Mapping[str, Any], palette: Palette) -> bytes:
    """land and water: GeoJSON FeatureCollections in degrees."""
    shore, inland = _path(box, land), _path(box, water)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.sea}"/>'
        f'<path d="{shore}" fill="none" stroke="{palette.shore}" stroke-width="{SHORE}" '
        'stroke-linejoin="round"/>'
        f'<path d="{shore}" fill="{palette.land}" stroke="{palette.coast}" '
        f'stroke-width="{COAST}" stroke-linejoin="round" fill-rule="evenodd"/>'
        f'<path d="{inland}" fill="{palette.water}" stroke="{palette.waterline}" '
        'stroke-width="1.2" fill-rule="evenodd"/></svg>'
    ).encode()


def _path(box: Box, collection: Mapping[str, Any]) -> str:
    """All rings in one path, cut a little outside the box, without what is too small to be seen."""
    west, south, east, north = box
    pad = (east - west) * 0.05
    window = rectangle(west - pad, south - pad, east + pad, north + pad)
    pixel = (east - west) / WIDTH
    parts = []
    for feature in collection.get("features", []):
        cut = shape(feature["geometry"]).buffer(0).intersection(window)
        parts += [_ring(box, ring) for ring in _rings(cut.simplify(pixel * 0.7))]
    return "".join(parts)


def _rings(geometry: BaseGeometry) -> list[Any]:
    polygons = getattr(geometry, "geoms", [geometry])
    found = []
    for polygon in polygons:
        if polygon.geom_type == "Polygon" and not polygon.is_empty:
            found += [polygon.exterior, *polygon.interiors]
    return found


def _ring(box: Box, ring: Any) -> str:
    points = [place_percent(box, lon, lat) for lon, lat, *_ in ring.coords]
    scaled = [f"{x * WIDTH / 100:.1f} {y * HEIGHT / 100:.1f}" for x, y in points]
    return "M" + "L".join(scaled[:-1]) + "Z"
