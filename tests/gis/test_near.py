import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.near import Place, distance_m, neighbours

HERE = Place("R-02", 121.8597, 29.8405)
places = st.lists(
    st.builds(
        Place, st.text("ABC", min_size=1, max_size=3), st.floats(121, 123), st.floats(29, 31)
    ),
    max_size=12,
    unique_by=lambda place: place.code,
)


def test_a_degree_of_latitude_is_111_km():
    # Length of the meridian arc 29.5-30.5 N on WGS-84: 110,853 m (NGA degree-length tables).
    assert distance_m(121.85, 29.5, 121.85, 30.5) == pytest.approx(110_853, abs=5)


@given(places, st.integers(0, 5))
def test_neighbours_come_nearest_first_and_none_nearer_is_left_out(others, count):
    found = neighbours(HERE, others, count=count)
    distances = [each.distance_m for each in found]
    assert distances == sorted(distances)
    rest = [p for p in others if p.code not in {each.code for each in found}]
    assert len(found) == min(count, len(others))
    for place in rest if found else []:
        assert distance_m(HERE.lon, HERE.lat, place.lon, place.lat) >= distances[-1]


def test_a_place_is_not_its_own_neighbour():
    assert neighbours(HERE, [HERE, Place("R-03", 121.9062, 29.8437)], count=5)[0].code == "R-03"


def test_beyond_the_limit_nobody_is_a_neighbour():
    assert neighbours(HERE, [Place("R-03", 121.9062, 29.8437)], count=5, within_m=4000) == ()


def test_bearings_point_towards_the_neighbour():
    north = Place("N", HERE.lon, HERE.lat + 0.01)
    west = Place("W", HERE.lon - 0.01, HERE.lat)
    found = {each.code: each.bearing_deg for each in neighbours(HERE, [north, west], count=2)}
    assert found["N"] == pytest.approx(0, abs=0.01)
    assert found["W"] == pytest.approx(270, abs=0.01)
