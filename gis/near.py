"""What stands near a place: distances in metres on the WGS-84 ellipsoid, places in degrees."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyproj

_EARTH = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True)
class Place:
    """A coded point: `lon`, `lat` in degrees, WGS-84."""

    code: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Neighbour:
    """`distance_m` metres away; `bearing_deg` from north, clockwise, towards it, 0 to under 360."""

    code: str
    distance_m: float
    bearing_deg: float


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Shortest way over the ground between two points in degrees, metres."""
    return float(_EARTH.inv(lon, lat, other_lon, other_lat)[2])


def neighbours(
    place: Place, others: Iterable[Place], *, count: int, within_m: float = float("inf")
) -> tuple[Neighbour, ...]:
    """The nearest `count` of the others, nearest first; the place itself (its code) is left out."""
    found = [_neighbour(place, other) for other in others if other.code != place.code]
    near = [each for each in found if each.distance_m <= within_m]
    return tuple(sorted(near, key=lambda each: (each.distance_m, each.code))[:count])


def _neighbour(place: Place, other: Place) -> Neighbour:
    bearing, _, metres = _EARTH.inv(place.lon, place.lat, other.lon, other.lat)
    return Neighbour(other.code, float(metres), float(bearing) % 360.0)
