"""Degrees are (lon, lat); distances are checked on the ellipsoid."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis import crs
from gis.near import distance_m

VECTORS = json.loads((Path(__file__).parent / "data" / "gcj02_test_vectors.json").read_text())
PAIRS = [pair for group in VECTORS.values() for pair in group]
MILLIMETRE = 0.001

in_china = st.tuples(st.floats(73.0, 136.5), st.floats(2.0, 55.0))


def column(*values):
    return np.array(values, np.float64)


def apart(first, second):
    """Metres between two shifted points."""
    return distance_m(first[0][0], first[1][0], second[0][0], second[1][0])


def point(latitude_first):
    lat, lon = latitude_first
    return column(lon), column(lat)


@pytest.mark.parametrize("pair", PAIRS)
def test_gcj02_agrees_with_the_published_pairs(pair):
    assert apart(crs.wgs84_to_gcj02(*point(pair["wgs"])), point(pair["gcj"])) < MILLIMETRE


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if "bd" in pair])
def test_bd09_agrees_with_the_published_pairs(pair):
    assert apart(crs.wgs84_to_bd09(*point(pair["wgs"])), point(pair["bd"])) < MILLIMETRE


@pytest.mark.parametrize("pair", PAIRS)
def test_the_published_pairs_come_back_from_gcj02(pair):
    assert apart(crs.gcj02_to_wgs84(*point(pair["gcj"])), point(pair["wgs"])) < MILLIMETRE


@given(in_china)
def test_gcj02_comes_back_to_better_than_a_millimetre(place):
    start = column(place[0]), column(place[1])
    assert apart(crs.gcj02_to_wgs84(*crs.wgs84_to_gcj02(*start)), start) < MILLIMETRE


@given(in_china)
def test_bd09_comes_back_to_better_than_a_millimetre(place):
    start = column(place[0]), column(place[1])
    assert apart(crs.bd09_to_wgs84(*crs.wgs84_to_bd09(*start)), start) < MILLIMETRE


@given(st.tuples(st.floats(121.64, 122.16), st.floats(29.70, 30.05)))
def test_in_the_district_the_shift_is_about_490_metres(place):
    start = column(place[0]), column(place[1])
    assert 430 < apart(crs.wgs84_to_gcj02(*start), start) < 550


@given(
    st.one_of(
        # 0.02 degrees off its edge: nearer, a GCJ-02 point may stem from inside or outside.
        st.tuples(st.floats(-180, 71.98), st.floats(-85, 85)),
        st.tuples(st.floats(137.86, 180), st.floats(-85, 85)),
        st.tuples(st.floats(-180, 180), st.floats(-85, 0.80)),
        st.tuples(st.floats(-180, 180), st.floats(55.85, 85)),
    )
)
def test_outside_the_rectangle_gcj02_is_wgs84(place):
    start = column(place[0]), column(place[1])
    assert apart(crs.wgs84_to_gcj02(*start), start) == 0
    assert apart(crs.gcj02_to_wgs84(*start), start) == 0


@given(st.lists(in_china, min_size=1, max_size=20))
def test_many_points_at_once_are_the_points_one_by_one(places):
    lon, lat = column(*(p[0] for p in places)), column(*(p[1] for p in places))
    together = crs.wgs84_to_gcj02(lon, lat)
    for index, (x, y) in enumerate(places):
        alone = crs.wgs84_to_gcj02(column(x), column(y))
        assert (together[0][index], together[1][index]) == (alone[0][0], alone[1][0])


def test_an_unknown_coordinate_stays_unknown():
    lon, lat = crs.gcj02_to_wgs84(column(np.nan, 121.85), column(29.9, 29.9))
    assert np.isnan(lon[0])
    assert np.isfinite(lon[1])
    assert np.isfinite(lat[1])


def test_geometries_keep_their_kind_and_their_holes():
    outer = [(121.8, 29.8), (121.9, 29.8), (121.9, 29.9), (121.8, 29.9)]
    inner = [(121.84, 29.84), (121.86, 29.84), (121.86, 29.86), (121.84, 29.86)]
    before = np.array([shapely.Polygon(outer, [inner]), shapely.Point(121.85, 29.9)], object)
    moved = crs.shift_geometries(before, crs.wgs84_to_gcj02)
    assert [shape.geom_type for shape in moved] == ["Polygon", "Point"]
    assert len(moved[0].interiors) == 1
    back = crs.shift_geometries(moved, crs.gcj02_to_wgs84)
    assert shapely.equals_exact(back, before, tolerance=1e-8).all()


@given(st.floats(-180, 180), st.floats(-79, 83))
def test_metres_come_back_to_degrees(lon, lat):
    zone = crs.utm_crs(lon, lat)
    back = crs.to_degrees(*crs.to_metres(column(lon), column(lat), zone), zone)
    assert apart(back, (column(lon), column(lat))) < MILLIMETRE


def test_the_district_lies_in_zone_51_and_a_kilometre_is_a_kilometre():
    zone = crs.utm_crs(121.85, 29.9)
    assert zone == "EPSG:32651"
    east, north = crs.to_metres(column(121.85, 121.95), column(29.9, 29.9), zone)
    flat = np.hypot(np.diff(east), np.diff(north))[0]
    assert flat == pytest.approx(distance_m(121.85, 29.9, 121.95, 29.9), rel=1e-3)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("GCJ-02", "gcj02"),
        ("gcj02", "gcj02"),
        ("BD09", "bd09"),
        ("CGCS2000", "EPSG:4490"),
        ("WGS84", "EPSG:4326"),
        ("EPSG:4549", "EPSG:4549"),
    ],
)
def test_coordinate_systems_are_known_by_the_names_people_write(written, read):
    assert crs.known_crs(written) == read


def test_an_unknown_coordinate_system_is_refused_with_what_would_be_right():
    with pytest.raises(ValueError, match="unknown coordinate system 'mars'; write wgs84, cgcs2000"):
        crs.known_crs("mars")
