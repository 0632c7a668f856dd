"""Polygons and circles as CAP writes them: `latitude,longitude` in WGS-84 degrees. Pure."""

import math
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from alerts.cap.model import Circle, Point, Ring

HALF_ROUND_KM = 20037.5  # half the equator: no point of the earth is farther


def write_number(value: float) -> str:
    """Decimal, never with an exponent, as exact as the value."""
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def write_point(point: Point) -> str:
    return f"{write_number(point[0])},{write_number(point[1])}"


def write_ring(ring: Ring) -> str:
    return " ".join(write_point(point) for point in ring)


def write_circle(circle: Circle) -> str:
    return f"{write_point(circle.centre)} {write_number(circle.radius_km)}"


@lru_cache(maxsize=16)  # every language of a message has the same rings
def crossing(ring: Ring) -> tuple[int, int] | None:
    """The numbers (from 1) of two sides that cross, or None. Sides that only touch do not."""
    return min(_crossings(ring), default=None)


def _crossings(ring: Ring) -> Iterator[tuple[int, int]]:
    """From south to north: only sides that share a latitude can cross."""
    sides = sorted(
        (min(a[0], b[0]), max(a[0], b[0]), number, a, b)
        for number, (a, b) in enumerate(pairwise(ring), 1)
    )
    for at, (_, north, number, a, b) in enumerate(sides):
        for later in range(at + 1, len(sides)):
            south, _, other, c, d = sides[later]
            if south > north:
                break
            if _cross(a, b, c, d):
                yield min(number, other), max(number, other)


def surface_km2(ring: Ring) -> float:
    """The area of a small ring, by the shoelace on a plane: enough to see that there is none."""
    if not ring:
        return 0.0
    squeeze = math.cos(math.radians(ring[0][0]))
    plane = [(lon * squeeze * 111.32, lat * 111.32) for lat, lon in ring]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(plane))) / 2


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the segments ab and cd cross in their midst."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, c: Point) -> int:
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)
