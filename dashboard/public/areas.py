"""The areas of warnings in force on the map: outline, hatch and words of each. Pure.

A colour alone says nothing to some eyes: each grade has a hatch and a line of its own, and the
area is named where it lies and under the map.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from math import cos, pi, radians, sin

from alerts.warnings.content import Area, Round
from dashboard.public.places import KM_PER_DEGREE
from dashboard.public.poster import HEIGHT, WIDTH, Box, place_percent
from dashboard.public.published import Published

Ring = tuple[tuple[float, float], ...]  # (lon, lat), degrees, closed
CORNERS = 64  # of a circle
# The words stand within the map: at most so near to its left and right edge, in per cent.
EDGE_X, EDGE_TOP, EDGE_BOTTOM = 22.0, 7.0, 97.0
LINE = 7.0  # from one line of words to the next, in per cent of the height


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning's area. path: of the SVG, in the poster's units; x, y: of its words, in per cent.

    here: whether any of it lies on the poster.
    """

    warning: Published
    rings: tuple[Ring, ...]
    path: str
    x: float
    y: float
    here: bool

    @property
    def id(self) -> str:
        return self.warning.thread

    @property
    def grade(self) -> str:
        return self.warning.content.grade

    @property
    def expires_at(self) -> datetime:
        return self.warning.expires_at


def warned(published: Iterable[Published], box: Box) -> list[Warned]:
    """The areas of what is in force, the gravest drawn last; without those that enclose nothing."""
    found = [_warned(one, rings_of(one.content.area), box) for one in published]
    return _words_apart([one for one in found if one.rings])[::-1]


def _words_apart(some: list[Warned]) -> list[Warned]:
    """Words that would cover those of a graver warning go under them."""
    kept: list[Warned] = []
    for one in some:
        y = one.y
        while any(abs(y - each.y) < LINE and abs(one.x - each.x) < 2 * EDGE_X for each in kept):
            y += LINE
        kept.append(replace(one, y=round(y, 2)))
    return kept


def rings_of(area: Area) -> tuple[Ring, ...]:
    """Polygons as they were drawn, circles as polygons."""
    drawn = [tuple((lon, lat) for lon, lat in ring) for ring in area.polygons if len(ring) >= 4]
    return (*drawn, *map(_round, area.circles))


def _round(one: Round) -> Ring:
    north = one.radius_km / KM_PER_DEGREE
    east = north / cos(radians(one.lat))
    turns = (2 * pi * n / CORNERS for n in range(CORNERS + 1))
    return tuple(
        (round(one.lon + east * sin(turn), 5), round(one.lat + north * cos(turn), 5))
        for turn in turns
    )


def _warned(one: Published, rings: tuple[Ring, ...], box: Box) -> Warned:
    corners = [place_percent(box, *corner) for ring in rings for corner in ring]
    if not corners:
        return Warned(one, (), "", 0.0, 0.0, here=False)
    west, east = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    here = west < 100 and east > 0 and top < 100 and bottom > 0
    seen_west, seen_east = max(0.0, west), min(100.0, east)
    x = min(100 - EDGE_X, max(EDGE_X, (seen_west + seen_east) / 2))
    y = min(EDGE_BOTTOM, max(EDGE_TOP, top - 1.2))
    path = "".join(_path(box, ring) for ring in rings)
    return Warned(one, rings, path, round(x, 2), round(y, 2), here=here)


def _path(box: Box, ring: Ring) -> str:
    points = [place_percent(box, *corner) for corner in ring]
    scaled = [f"{x * WIDTH / 100:.1f} {y * HEIGHT / 100:.1f}" for x, y in points]
    return "M" + "L".join(scaled[:-1]) + "Z"
