"""A zone that somebody draws or computes elsewhere, such as a flood's: from GeoJSON, checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

MOST_VERTICES = 20_000
MOST_DEGREES = 2.0  # a district and its surroundings; a wider box is a mistake of coordinates


class BadZone(ValueError):
    """Why a zone cannot be used, in a sentence that says what would be right."""


def zone_of(geometry: Mapping[str, Any]) -> BaseGeometry:
    """A Polygon or MultiPolygon in degrees (lon, lat), WGS-84; mended where it crosses itself.

    Raises BadZone: another type, no area, not finite, out of range, wider than 2 degrees or with
    more than 20,000 vertices.
    """
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        kind = geometry.get("type")
        raise BadZone(f"a zone is a Polygon or MultiPolygon of GeoJSON, not {kind!r}")
    try:
        with np.errstate(invalid="ignore"):  # what is no number is said below
            found = shape(dict(geometry))
    except (
        *(GEOSException, ValueError, TypeError, IndexError, KeyError, AttributeError),
        OverflowError,  # a whole number greater than any float
    ) as error:
        raise BadZone(f"the coordinates make no polygon: {error}") from error
    if shapely.get_num_coordinates(found) > MOST_VERTICES:
        raise BadZone(f"more than {MOST_VERTICES:,} vertices: simplify the zone")
    if not np.isfinite(shapely.get_coordinates(found)).all():
        raise BadZone("a coordinate is not a number")
    west, south, east, north = found.bounds if not found.is_empty else (0, 0, 0, 0)
    if not (-180 <= west <= east <= 180 and -80 <= south <= north <= 80):
        raise BadZone("coordinates are (lon, lat) in degrees, -180 to 180 and -80 to 80")
    if east - west > MOST_DEGREES or north - south > MOST_DEGREES:
        raise BadZone(f"wider than {MOST_DEGREES:g} degrees: is it (lon, lat) in WGS-84?")
    mended = shapely.make_valid(found)
    if not mended.area > 0:
        raise BadZone("the zone has no area")
    return mended
