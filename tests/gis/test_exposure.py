"""Who and what lies in a zone: people by grid or density, facilities, plants, roads."""

import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from gis.crs import WGS84
from gis.exposure.count import Front, Plant, exposed
from gis.exposure.surroundings import KINDS, in_metres, open_surroundings
from gis.layers import BadLayer
from gis.settings import GisSettings
from tests.servers.program import ROOT

UTM = "EPSG:32651"
XIAPU = (121.88, 29.895)
DISTRICT = {
    "people": 900_000, "people_source": {"zh": "普查", "en": "a count"},
    "area_km2": 600, "area_source": "a guess",
}  # fmt: skip
SAMPLE = {"facilities": [{"path": str(ROOT / "gis" / "samples" / "facilities.geojson")}]}


def opened(folder=ROOT, **exposure):
    return open_surroundings(GisSettings.model_validate({"exposure": exposure}), folder)


def around(metres, at=XIAPU):
    """A disc of a radius, degrees."""
    disc = gpd.GeoSeries([Point(at)], crs=WGS84).to_crs(UTM).buffer(metres)
    return disc.to_crs(WGS84).iloc[0]


@pytest.fixture(scope="module")
def sample():
    return opened(**SAMPLE, district=DISTRICT)


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """100 m cells of 7 people over 3 km by 3 km round Xiapu."""
    folder = tmp_path_factory.mktemp("grid")
    east, north = gpd.GeoSeries([Point(XIAPU)], crs=WGS84).to_crs(UTM).iloc[0].coords[0]
    cells = [
        box(east + x, north + y, east + x + 100, north + y + 100)
        for x in range(-1500, 1500, 100)
        for y in range(-1500, 1500, 100)
    ]
    frame = gpd.GeoDataFrame({"people": [7] * len(cells)}, geometry=cells, crs=UTM)
    frame.to_file(folder / "people.gpkg", driver="GPKG")
    middles = frame.set_geometry(frame.centroid)
    middles.to_file(folder / "points.gpkg", driver="GPKG")
    return folder


def test_what_is_not_given_is_not_known_rather_than_nothing():
    found = exposed(around(1000), opened())
    assert (found.people, found.facilities, found.roads) == (None, None, None)
    assert found.plants == ()


def test_the_sample_facilities_of_a_zone(sample):
    found = exposed(around(1300), sample, front=Front(*XIAPU, 2.0))
    assert set(found.facilities) == set(KINDS)
    names = [each.en for each in found.facilities["school"]]
    assert names == ["Xiapu 1st primary (sample)", "Xiapu 2nd middle (sample)"]
    nearest = found.facilities["school"][0]
    assert nearest.distance_m == pytest.approx(173, abs=5)
    assert nearest.arrival_s == pytest.approx(nearest.distance_m / 2)


def test_without_a_front_nothing_is_said_of_distance_and_arrival(sample):
    found = exposed(around(1200), sample)
    assert found.facilities["school"][0].distance_m is None
    assert found.facilities["school"][0].arrival_s is None


def test_every_sample_says_that_it_is_one_and_stands_on_land(sample):
    land = sample.land.union_all()
    for row in sample.facilities.itertuples():
        assert row.zh.endswith("（示例）")
        assert row.en.endswith("(sample)")
        assert land.contains(row.geometry), row.en
    counts = sample.facilities["kind"].value_counts()
    assert dict(counts) == {"school": 12, "hospital": 4, "care": 2, "shelter": 8}


def test_the_share_of_the_district_is_an_assumption_with_a_range(sample):
    people = exposed(around(1000), sample).people
    # In both languages; a plain text says the same in both.
    assert (people.source.zh, people.source.en) == ("普查；a guess", "a count; a guess")
    assert people.basis == "district"
    assert people.count == pytest.approx(math.pi * 1500, rel=0.01)
    assert (people.low, people.high) == (people.count / 2, people.count * 2)
    assert not people.confirmed


def test_nobody_lives_on_the_sea(sample):
    sea = exposed(around(1000, (121.83, 30.02)), sample).people
    shore = exposed(around(2000, (121.8455, 29.945)), sample).people
    assert sea.count == 0
    assert 0 < shore.count < math.pi * 4 * 1500


@pytest.mark.parametrize("name", ["people.gpkg", "points.gpkg"])
def test_a_grid_counts_each_cell_by_its_share(grid, name):
    found = opened(grid, population={"path": name, "source": "made up"}, district=DISTRICT)
    people = exposed(around(700), found).people
    assert people.basis == "grid"
    assert people.count == pytest.approx(math.pi * 700**2 / 1e4 * 7, rel=0.03)
    assert people.low == people.count == people.high


def test_a_zone_over_the_whole_grid_has_everybody_that_was_counted(grid):
    found = opened(grid, population={"path": "people.gpkg", "source": "made up"})
    assert exposed(around(5000), found).people.count == pytest.approx(900 * 7)


@pytest.mark.parametrize("name", ["people.gpkg", "points.gpkg"])
def test_land_beyond_the_grid_is_not_nobody(grid, name):
    found = opened(grid, population={"path": name, "source": "made up"})
    within = exposed(around(700), found).people
    assert (within.least, within.confirmed, within.uncovered) == (False, True, 0)
    # Half over the grid's eastern edge, in the plain.
    across = exposed(around(700, (121.8955, 29.895)), found).people
    assert across.uncovered == pytest.approx(0.5, abs=0.06)
    assert (across.least, across.confirmed) == (True, False)
    assert exposed(around(700, (121.92, 29.895)), found).people is None
    assert exposed(around(700, (121.83, 30.02)), found).people.count == 0  # on the sea


def test_of_a_grid_of_one_cell_only_that_cell_is_known(tmp_path):
    for name, cell in (("area", box(121.88, 29.89, 121.881, 29.891)), ("point", Point(XIAPU))):
        frame = gpd.GeoDataFrame({"people": [5.0]}, geometry=[cell], crs=WGS84)
        frame.to_file(tmp_path / f"{name}.gpkg", driver="GPKG")
        found = opened(tmp_path, population={"path": f"{name}.gpkg", "source": "made up"})
        assert exposed(around(1000, (121.92, 29.895)), found).people is None
    assert exposed(Polygon(), found).people.count == 0


@given(inner=st.floats(10, 2000), more=st.floats(1, 3))
def test_a_larger_zone_has_no_fewer(inner, more):
    found = opened_once()
    one, other = exposed(around(inner), found), exposed(around(inner * more), found)
    assert other.people.count >= one.people.count * (1 - 1e-6)
    for kind in KINDS:
        assert {each.zh for each in one.facilities[kind]} <= {
            each.zh for each in other.facilities[kind]
        }


def opened_once(_kept=[]):  # noqa: B006 - kept on purpose, for hypothesis asks a hundred times
    if not _kept:
        _kept.append(opened(**SAMPLE, district=DISTRICT))
    return _kept[0]


def test_an_empty_cell_is_not_nobody_but_makes_the_count_a_least_one(tmp_path):
    cells = [box(121.88, 29.89, 121.881, 29.891), box(121.881, 29.89, 121.882, 29.891)]
    frame = gpd.GeoDataFrame({"people": [5.0, np.nan]}, geometry=cells, crs=WGS84)
    frame.to_file(tmp_path / "holes.gpkg", driver="GPKG")
    found = opened(tmp_path, population={"path": "holes.gpkg", "source": "made up"})
    people = exposed(box(121.87, 29.88, 121.89, 29.9), found).people
    assert (people.count, people.uncounted, people.confirmed) == (5, 1, False)
    whole = exposed(box(121.8801, 29.8901, 121.8805, 29.8905), found).people
    assert (whole.uncounted, whole.confirmed) == (0, True)


def test_an_empty_zone_has_nobody(sample):
    found = exposed(Polygon(), sample)
    assert found.area_m2 == 0
    assert found.people.count == 0
    assert found.facilities == dict.fromkeys(KINDS, ())


def test_a_flood_that_crosses_itself_is_mended(sample):
    bow = Polygon([(121.87, 29.89), (121.89, 29.9), (121.89, 29.89), (121.87, 29.9)])
    assert not bow.is_valid
    assert 0 < exposed(bow, sample).area_m2 < in_metres(shapely.box(*bow.bounds), UTM).area


def test_plants_within_by_distance(sample):
    plants = (
        Plant("P-07", "7 号厂", "Plant 7", 121.8895, 29.9095),
        Plant("P-08", "8 号厂", "Plant 8", 121.903, 29.906),
        Plant("P-20", "20 号厂", "Plant 20", 121.9965, 29.8085),
    )
    at = (121.8895, 29.9095)
    found = exposed(around(2000, at), sample, plants, Front(*at, None))
    assert [each.code for each in found.plants] == ["P-07", "P-08"]
    assert found.plants[1].distance_m == pytest.approx(1360, abs=20)
    assert found.plants[1].arrival_s is None


def test_roads_by_length_and_name(tmp_path):
    west, east = (121.87, 29.895), (121.89, 29.895)
    frame = gpd.GeoDataFrame(
        {"name": ["太河路", None]},
        geometry=[LineString([west, east]), LineString([(121.0, 29.6), (121.1, 29.6)])],
        crs=WGS84,
    )
    frame.to_file(tmp_path / "roads.gpkg", driver="GPKG")
    found = opened(tmp_path, roads={"path": "roads.gpkg", "name_field": "name"})
    roads = exposed(around(500), found).roads
    assert roads.names == ("太河路",)
    assert roads.length_m == pytest.approx(1000, abs=5)
    none_near = exposed(around(100, (121.96, 29.87)), found).roads
    assert (none_near.length_m, none_near.names) == (0, ())


@pytest.mark.parametrize(
    ("exposure", "sentence"),
    [
        ({"facilities": [{"path": "none.geojson"}]}, "gis.exposure.facilities.0.path"),
        (
            {"facilities": [{"path": "f.geojson", "zh_field": "title"}]},
            "gis.exposure.facilities.0.zh_field: 'f.geojson' has no attribute 'title'",
        ),
        (
            {"facilities": [{"path": "f.geojson"}]},
            "gis.exposure.facilities.0.kind_field: 'f.geojson' has a feature of kind 'schol'",
        ),
        (
            {"population": {"path": "f.geojson", "people_field": "kind", "source": "x"}},
            "gis.exposure.population.people_field: 'kind' of 'f.geojson' must be numbers",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_key(tmp_path, exposure, sentence):
    feature = {
        "type": "Feature",
        "properties": {"kind": "schol", "name_zh": "甲", "name_en": "A"},
        "geometry": {"type": "Point", "coordinates": list(XIAPU)},
    }
    document = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "f.geojson").write_text(json.dumps(document), "utf-8")
    with pytest.raises(BadLayer) as error:
        opened(tmp_path, **exposure)
    assert sentence in str(error.value)


def test_a_layer_of_one_kind_needs_no_attribute(tmp_path):
    frame = gpd.GeoDataFrame({"name_zh": ["甲"], "name_en": [None]}, geometry=[Point(XIAPU)])
    frame.set_crs(WGS84).to_file(tmp_path / "schools.gpkg", driver="GPKG")
    found = opened(tmp_path, facilities=[{"path": "schools.gpkg", "kind": "school"}])
    (school,) = exposed(around(100), found).facilities["school"]
    assert (school.zh, school.en) == ("甲", "甲")


def test_the_shipped_configuration_can_be_opened():
    import config

    settings = config.load(ROOT / "config.yaml").section(GisSettings)
    found = open_surroundings(settings, Path(ROOT))
    assert found.facilities is not None
    assert found.district is not None
