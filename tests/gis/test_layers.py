"""The operator's files: any format, any coordinate system; every mistake has its sentence."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import config
from gis import crs
from gis.layers import BadLayer, read_operator
from gis.near import distance_m
from gis.settings import GisSettings

SQUARE = shapely.box(121.8, 29.85, 121.9, 29.92)


def frame(*shapes, system=4326):
    return gpd.GeoDataFrame({"note": ["x"] * len(shapes)}, geometry=list(shapes), crs=system)


def boundary(path, **entry):
    return GisSettings.model_validate({"boundary": {"path": path, **entry}})


def layers(*entries):
    return GisSettings.model_validate(
        {"layers": [{"zh": "路", "en": "Roads", "kind": "line", **entry} for entry in entries]}
    )


def shapes_of(layer):
    features = json.loads(layer.document)["features"]
    return [shapely.geometry.shape(feature["geometry"]) for feature in features]


def worst_m(found, original):
    """Greatest distance between vertices that belong together, metres."""
    pairs = zip(shapely.get_coordinates(found), shapely.get_coordinates(original), strict=True)
    return max(distance_m(*a, *b) for a, b in pairs)


@pytest.mark.parametrize("name", ["area.geojson", "area.gpkg", "area.shp", "area.fgb"])
def test_common_formats_are_read(tmp_path, name):
    frame(SQUARE).to_file(tmp_path / name)
    (layer,) = read_operator(boundary(name), tmp_path)
    assert (layer.name, layer.kind, layer.features) == ("boundary", "line", 1)
    assert shapes_of(layer)[0].equals_exact(SQUARE, 1e-6, normalize=True)


@pytest.mark.parametrize("system", ["EPSG:4549", "EPSG:32651", "EPSG:4490", "EPSG:3857"])
def test_any_coordinate_system_lands_within_a_metre(tmp_path, system):
    line = shapely.LineString([(121.75, 29.85), (121.85, 29.9), (122.0, 29.95)])
    frame(line).to_crs(system).to_file(tmp_path / "roads.gpkg")
    (layer,) = read_operator(layers({"path": "roads.gpkg"}), tmp_path)
    assert worst_m(shapes_of(layer)[0], line) < 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(121.3, 122.4), st.floats(29.6, 30.2)),
        min_size=2,
        max_size=9,
        unique_by=lambda point: (round(point[0], 4), round(point[1], 4)),
    ),
    st.sampled_from([("gcj02", crs.wgs84_to_gcj02), ("bd09", crs.wgs84_to_bd09)]),
)
def test_a_shifted_layer_lands_within_a_metre_of_its_original(tmp_path, points, system):
    name, shift = system
    line = shapely.LineString(points)
    moved = crs.shift_geometries(np.array([line], object), shift)[0]
    frame(moved).to_file(tmp_path / f"{name}.geojson")
    (layer,) = read_operator(layers({"path": f"{name}.geojson", "crs": name}), tmp_path)
    assert worst_m(shapes_of(layer)[0], line) < 1


def test_a_stated_system_goes_before_the_files_own(tmp_path):
    metres = frame(SQUARE).to_crs(32651)
    metres.set_crs(4326, allow_override=True).to_file(tmp_path / "wrong.gpkg")
    (layer,) = read_operator(boundary("wrong.gpkg", crs="EPSG:32651"), tmp_path)
    assert shapes_of(layer)[0].equals_exact(SQUARE, 1e-6, normalize=True)


def test_layers_keep_their_order_and_the_boundary_is_drawn_above(tmp_path):
    frame(SQUARE).to_file(tmp_path / "a.geojson")
    chosen = GisSettings.model_validate(
        {
            "boundary": {"path": "a.geojson"},
            "layers": [
                {"path": "a.geojson", "zh": "甲", "en": "A", "kind": "fill", "min_zoom": 12},
                {"path": "a.geojson", "zh": "乙", "en": "B", "kind": "line", "public": True},
            ],
        }
    )
    found = read_operator(chosen, tmp_path)
    assert [each.name for each in found] == ["operator-0", "operator-1", "boundary"]
    assert [each.public for each in found] == [False, True, False]
    assert found[0].min_zoom == 12


def test_attributes_of_the_file_are_not_passed_on(tmp_path):
    frame(SQUARE).to_file(tmp_path / "a.geojson")
    (layer,) = read_operator(boundary("a.geojson"), tmp_path)
    assert json.loads(layer.document)["features"][0]["properties"] == {}


def test_a_polygon_that_crosses_itself_is_mended(tmp_path):
    bow = shapely.Polygon([(121.8, 29.8), (121.9, 29.9), (121.9, 29.8), (121.8, 29.9)])
    frame(bow).to_file(tmp_path / "bow.geojson")
    (layer,) = read_operator(boundary("bow.geojson"), tmp_path)
    assert shapes_of(layer)[0].is_valid


def sentence(chosen, folder):
    with pytest.raises(BadLayer) as caught:
        read_operator(chosen, folder)
    return str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    said = sentence(boundary("nowhere.shp"), tmp_path)
    assert said == f"gis.boundary.path: there is no file 'nowhere.shp' in {tmp_path}"


def test_a_file_that_is_no_geodata_is_named(tmp_path):
    (tmp_path / "text.geojson").write_text("not geodata")
    assert sentence(boundary("text.geojson"), tmp_path).startswith(
        "gis.boundary.path: 'text.geojson' is no readable geodata: "
    )


def test_a_table_without_geometry_is_named(tmp_path):
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")
    assert sentence(boundary("list.csv"), tmp_path) == (
        "gis.boundary.path: 'list.csv' has a table but no geometry"
    )


def test_a_file_with_several_layers_is_not_guessed_at(tmp_path):
    for name, east in (("streets", 0), ("rivers", 0.1)):
        line = shapely.LineString([(121.8 + east, 29.85), (121.85 + east, 29.9)])
        frame(line).to_file(tmp_path / "all.gpkg", layer=name)
    assert sentence(layers({"path": "all.gpkg"}), tmp_path) == (
        "gis.layers.0.layer: 'all.gpkg' holds several layers; name one of streets, rivers"
    )
    assert "did you mean 'rivers'?" in sentence(
        layers({"path": "all.gpkg", "layer": "river"}), tmp_path
    )
    (found,) = read_operator(layers({"path": "all.gpkg", "layer": "rivers"}), tmp_path)
    assert shapes_of(found)[0].coords[0] == (121.9, 29.85)


def test_a_file_without_coordinate_system_is_asked_for_it(tmp_path):
    frame(SQUARE).to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    assert sentence(layers({"path": "a.shp"}), tmp_path) == (
        "gis.layers.0.crs: 'a.shp' does not say its coordinate system; "
        "add crs: EPSG:4490, gcj02 or what it is"
    )


@pytest.mark.parametrize("shapes", [[], [shapely.Polygon()], [None]])
def test_an_empty_file_is_named(tmp_path, shapes):
    empty = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=4326))
    (tmp_path / "empty.geojson").write_text(empty.to_json())
    assert sentence(boundary("empty.geojson"), tmp_path) == (
        "gis.boundary.path: 'empty.geojson' is empty: no feature has a geometry"
    )


@pytest.mark.parametrize("system", [None, "gcj02", "bd09", "cgcs2000"])
def test_coordinates_outside_the_world_are_named(tmp_path, system):
    metres = frame(SQUARE).to_crs(32651).set_crs(4326, allow_override=True)
    metres.to_file(tmp_path / "metres.gpkg")
    said = sentence(boundary("metres.gpkg", crs=system), tmp_path)
    assert said.startswith("gis.boundary.crs: 'metres.gpkg' has coordinates outside the world (")
    assert said.endswith("or are longitude and latitude swapped?")


def test_swapped_longitude_and_latitude_are_noticed(tmp_path):
    frame(shapely.box(29.85, 121.8, 29.92, 121.9)).to_file(tmp_path / "swapped.geojson")
    assert "longitude and latitude swapped?" in sentence(boundary("swapped.geojson"), tmp_path)


def test_a_layer_of_another_city_is_named(tmp_path):
    frame(shapely.box(116.3, 39.8, 116.5, 40.0)).to_file(tmp_path / "beijing.geojson")
    assert sentence(boundary("beijing.geojson"), tmp_path).startswith(
        "gis.boundary.path: 'beijing.geojson' lies outside the map: "
    )


def test_shapes_that_cannot_be_drawn_as_wanted_are_named(tmp_path):
    frame(shapely.Point(121.8, 29.9)).to_file(tmp_path / "points.geojson")
    assert sentence(layers({"path": "points.geojson", "kind": "fill"}), tmp_path) == (
        "gis.layers.0.kind: 'points.geojson' has Point, which cannot be drawn as fill; "
        "fill takes Polygon or MultiPolygon"
    )


def test_every_wrong_file_is_named_at_once(tmp_path):
    said = sentence(layers({"path": "a.shp"}, {"path": "b.shp"}), tmp_path)
    assert [line.split(":")[0] for line in said.splitlines()] == [
        "gis.layers.0.path",
        "gis.layers.1.path",
    ]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"boundary": {"path": "a", "crs": "mars"}}, "unknown coordinate system 'mars'"),
        ({"start": [122, 29.8, 121, 29.9]}, "west < east and south < north"),
        ({"tiles": {"url": "https://t.example/{z}/{x}.png", "crs": "wgs84", "attribution": "t"}},
         "tiles.url lacks {y}"),
        ({"tiles": {"url": "ftp://t/{z}/{x}/{y}", "crs": "wgs84", "attribution": "t"}}, "pattern"),
        ({"layers": [{"path": "a", "zh": "路", "en": "R", "kind": "area"}]}, "'line', 'fill'"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_what_would_be_right(section, said):
    with pytest.raises(ValidationError, match=said.replace("{", r"\{").replace("}", r"\}")):
        GisSettings.model_validate(section)


def test_a_wrong_coordinate_system_is_named_with_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("gis:\n  boundary:\n    path: a.shp\n    crs: mars\n", "utf-8")
    with pytest.raises(config.BadConfig) as caught:
        config.load(path)
    assert (
        "line 4: gis.boundary.crs = 'mars': unknown coordinate system 'mars'; write wgs84"
        in str(caught.value)
    )
