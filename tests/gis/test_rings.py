"""Rings made short for a message: closed, few points, nothing of what lay inside is lost."""

from math import cos, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from alerts.cap.shapes import crossing
from gis.near import distance_m
from gis.rings import joined, sector, shortened

LON, LAT = 121.85, 29.9


def blob(radii_km: list[float]) -> list[tuple[float, float]]:
    """A closed ring around a place, as far out in each direction as said."""
    turns = [360 * index / len(radii_km) for index in range(len(radii_km))]
    ring = [
        (
            LON + km / 96.4 * sin(radians(turn)),
            LAT + km / 111.2 * cos(radians(turn)),
        )
        for km, turn in zip(radii_km, turns, strict=True)
    ]
    return [*ring, ring[0]]


@given(st.lists(st.floats(0.2, 8), min_size=5, max_size=400), st.sampled_from([20, 60, 200]))
def test_a_short_ring_is_closed_and_loses_nothing(radii, most):
    whole = blob(radii)
    ring = shortened(whole, most)
    assert 4 <= len(ring) <= max(most, 4)
    assert ring[0] == ring[-1]
    assert crossing(ring) is None
    # Rounding to 5 digits moves a corner by half a metre.
    assert Polygon(ring).buffer(2e-5).covers(Polygon(whole).buffer(0))


def test_a_ring_that_is_short_enough_stays_as_it_is():
    ring = tuple((round(x, 5), round(y, 5)) for x, y in blob([1.0, 2.0, 1.5, 2.5]))
    assert set(shortened(ring, 200)) == set(ring)


@pytest.mark.parametrize("ring", [[], [(LON, LAT)], [(LON, LAT)] * 4])
def test_what_encloses_nothing_is_no_ring(ring):
    assert shortened(ring, 200) == ()


def test_a_sector_has_all_within_its_reach_and_spread():
    ring = sector(LON, LAT, 2000, 180, 15)
    assert ring[0] == ring[-1] == (LON, LAT)
    far = [distance_m(LON, LAT, lon, lat) for lon, lat in ring[1:-1]]
    assert far == pytest.approx([2000] * len(far), rel=1e-6)
    shape = Polygon(ring)
    assert shape.covers(Point(LON, LAT - 0.015))
    assert not shape.covers(Point(LON, LAT + 0.001))
    assert not shape.covers(Point(LON + 0.01, LAT - 0.01))


def test_joined_is_the_outside_of_all_together():
    inner, outer = blob([1.0] * 40), sector(LON, LAT, 5000, 180, 10)
    whole = Polygon(joined([inner, outer]))
    assert whole.buffer(1e-9).covers(Polygon(inner))
    assert whole.buffer(1e-9).covers(Polygon(outer))
    assert joined([]) == ()
