"""The base map as it is built, read back from its files."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gis import basemap
from gis.near import distance_m

# GSHHG lacks land reclaimed since it was drawn and lies about 200 m off: how far into the sea a
# point that stands on land may seem to stand.
SHORE_TOLERANCE_M = 300


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return basemap.build(tmp_path_factory.mktemp("built") / "map")


@pytest.fixture(scope="module")
def read(built):
    return {name: gpd.read_file(built / f"{name}.geojson") for name in basemap.FILES}


def metres_to(shape, lon, lat):
    """From a point in degrees to the nearest point of a shape; 0 inside."""
    point = shapely.Point(lon, lat)
    nearest = shapely.shortest_line(point, shape).coords[-1]
    return distance_m(lon, lat, *nearest)


@pytest.mark.parametrize("name", basemap.FILES)
def test_each_layer_is_valid_and_inside_the_covered_box(read, name):
    layer = read[name]
    assert not layer.empty
    assert layer.is_valid.all()
    west, south, east, north = basemap.COVERED
    assert np.all(layer.total_bounds >= [west, south, west, south])
    assert np.all(layer.total_bounds <= [east, north, east, north])


@pytest.mark.parametrize("name", basemap.FILES)
def test_coordinates_have_five_decimals(built, name):
    document = json.loads((built / f"{name}.geojson").read_text("utf-8"))
    assert "crs" not in document
    xy = shapely.get_coordinates(gpd.GeoDataFrame.from_features(document).geometry)
    assert np.array_equal(xy, np.round(xy, 5))


def test_the_map_is_small_and_built_anew_only_when_something_changed(built):
    files = [built / f"{name}.geojson" for name in basemap.FILES]
    assert sum(file.stat().st_size for file in files) < 1_000_000
    before = [file.stat().st_mtime_ns for file in files]
    basemap.build(built)
    assert [file.stat().st_mtime_ns for file in files] == before


def test_a_missing_layer_is_built_again(tmp_path):
    folder = basemap.build(tmp_path / "map")
    whole = (folder / "coast.geojson").read_bytes()
    (folder / "coast.geojson").unlink()
    basemap.build(folder)
    assert (folder / "coast.geojson").read_bytes() == whole


def test_no_shore_is_drawn_where_the_data_were_cut(read):
    west, south, east, north = basemap.COVERED
    edge = shapely.box(west, south, east, north).boundary
    along = shapely.intersection(read["coast"].union_all(), edge.buffer(0.000_005))
    assert along.length < 0.001


def test_every_town_of_the_map_stands_on_land(read):
    land = read["land"].union_all()
    names = read["names"]
    towns = names[names["kind"] == "town"]
    assert len(towns) == 15
    far = {
        town.en: metres_to(land, town.geometry.x, town.geometry.y) for town in towns.itertuples()
    }
    assert far == dict.fromkeys(far, 0)


def test_every_sea_name_stands_in_the_sea(read):
    land = read["land"].union_all()
    names = read["names"]
    seas = names[names["kind"] == "water"]
    assert len(seas) == 5
    for sea in seas.itertuples():
        assert metres_to(land, sea.geometry.x, sea.geometry.y) > SHORE_TOLERANCE_M


def test_names_stand_in_both_languages(read):
    assert read["names"][["zh", "en"]].notna().all(axis=None)


def test_inland_water_lies_on_land_and_is_not_the_sea(read):
    water = gpd.GeoSeries([read["water"].union_all()], crs=4326).to_crs(32651).area[0]
    wet = read["water"].union_all().difference(read["land"].union_all().buffer(0.003))
    assert wet.is_empty
    # Dongqian lake, the largest of the area, has about 20 km2.
    assert 20e6 < water < 120e6


def test_rounding_leaves_the_size_of_each_lake_as_it_was(read):
    source = gpd.read_file(basemap.SOURCES / "water.geojson").to_crs(32651)
    lake = source.loc[source.area.between(18e6, 20e6)].geometry.iloc[0]
    lakes = read["water"].to_crs(32651)
    drawn = lakes[lakes.intersects(lake)]
    assert drawn.area.sum() == pytest.approx(lake.area, rel=0.01)


def test_the_overview_is_the_same_land_with_far_fewer_points(read):
    def area(name):
        return read[name].to_crs(32651).area.sum()

    def points(name):
        return read[name].count_coordinates().sum()

    assert area("overview_land") == pytest.approx(area("land"), rel=0.02)
    assert points("overview_land") < points("land") / 4


def test_the_graticule_has_a_line_every_tenth_of_a_degree(read):
    lines = read["graticule"].geometry
    lons = sorted({line.coords[0][0] for line in lines if line.coords[0][0] == line.coords[1][0]})
    assert len(lons) == 14
    assert np.allclose(np.diff(lons), 0.1)
