"""The style is complete in itself: no outside address, no missing source, names in one language."""

import json
import re

import pytest

from gis.basemap import FILES
from gis.layers import OperatorLayer
from gis.palette import PALETTES
from gis.settings import GisSettings, Tiles
from gis.site import open_map
from gis.style import ATTRIBUTION, overview_style, style

THEMES = ("dark", "light")
LANGS = ("zh", "en")
OWN = tuple(
    OperatorLayer(name, kind, "路", "Roads", 12.0, public, 1, "{}")
    for name, kind, public in [
        ("operator-0", "line", False),
        ("operator-1", "fill", True),
        ("operator-2", "point", False),
        ("boundary", "line", False),
    ]
)
TILES = Tiles(url="https://t.example/{z}/{x}/{y}.png", crs="wgs84", attribution="t", max_zoom=17)


def order(made):
    return [layer["id"] for layer in made["layers"]]


@pytest.fixture(params=[(theme, lang) for theme in THEMES for lang in LANGS], ids="-".join)
def made(request):
    theme, lang = request.param
    return style(theme, lang, "/map/", OWN)


def test_every_layer_has_its_source_and_every_source_its_layer(made):
    used = {layer["source"] for layer in made["layers"] if "source" in layer}
    assert used == set(made["sources"])


def test_every_source_is_a_file_of_the_own_site(made):
    files = {f"/map/{name}.geojson" for name in (*FILES, *(layer.name for layer in OWN))}
    assert {source["data"] for source in made["sources"].values()} <= files


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_points_outside(theme):
    text = json.dumps([style(theme, "zh", "/map/", OWN), overview_style(theme, "zh", "/map/")])
    assert not re.search(r"[a-z]+://", text)
    assert "glyphs" not in text
    assert "sprite" not in text


def test_the_order_is_that_of_the_design(made):
    assert order(made) == [
        *("sea", "graticule", "shore", "land", "coast", "water", "waterline"),
        *("operator-0", "operator-1-ground", "operator-1", "operator-2", "boundary"),
        *("water-names", "town-names"),
    ]


def test_only_the_maps_colours_are_used():
    for theme in THEMES:
        used = set(
            re.findall("#[0-9A-F]{6}", json.dumps(style(theme, "zh", "/map/", OWN)["layers"]))
        )
        assert used <= set(vars(PALETTES[theme]).values())


def test_ids_are_unique(made):
    assert len(order(made)) == len(set(order(made)))


@pytest.mark.parametrize("lang", LANGS)
def test_names_are_in_the_chosen_language_and_sources_are_credited(lang):
    made = style("light", lang, "/map/")
    fields = [each["layout"]["text-field"] for each in made["layers"] if each["type"] == "symbol"]
    assert fields == [["get", lang], ["get", lang]]
    assert {source["attribution"] for source in made["sources"].values()} == {ATTRIBUTION[lang]}
    for owner in ("GSHHG", "© OpenStreetMap", "GeoNames"):
        assert owner in ATTRIBUTION[lang]


def test_an_operators_layer_appears_from_its_zoom_on(made):
    zooms = {layer["id"]: layer.get("minzoom") for layer in made["layers"]}
    assert zooms["operator-1-ground"] == zooms["operator-1"] == 12.0


def test_outside_tiles_replace_our_surfaces_and_names_and_keep_the_operators_layers():
    made = style("dark", "zh", "/map/", OWN, TILES)
    assert order(made)[:2] == ["sea", "tiles"]
    assert "land" not in made["sources"]
    assert order(made)[-1] == "boundary"
    assert made["sources"]["tiles"]["tiles"] == [TILES.url]
    assert made["sources"]["tiles"]["attribution"] == "t"


def test_shifted_tiles_come_through_the_protocol_that_moves_them():
    shifted = TILES.model_copy(update={"crs": "gcj02"})
    made = style("dark", "zh", "/map/", (), shifted)
    assert made["sources"]["tiles"]["tiles"] == ["gcj02://{z}/{x}/{y}"]
    assert made["metadata"]["dongtai:tiles"]["url"] == TILES.url


@pytest.fixture
def site_folder(tmp_path):
    square = {"type": "Polygon", "coordinates": [[[121.8, 29.8], [121.9, 29.8], [121.9, 29.9],
              [121.8, 29.8]]]}  # fmt: skip
    feature = {"type": "Feature", "properties": {}, "geometry": square}
    document = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "area.geojson").write_text(json.dumps(document))
    return tmp_path


@pytest.mark.parametrize(("public", "shown"), [(False, True), (True, False)])
def test_a_layer_not_marked_public_stays_with_the_staff(site_folder, public, shown):
    chosen = GisSettings.model_validate({"boundary": {"path": "area.geojson"}})
    site = open_map(chosen, site_folder, public=public, built=site_folder / "built")
    assert ("boundary.geojson" in site.files) is shown
    assert ("boundary" in site.style("dark", "zh", "/map/")["sources"]) is shown


def test_a_site_serves_every_file_that_its_styles_ask_for(site_folder):
    site = open_map(GisSettings(), site_folder, public=True, built=site_folder / "built")
    for made in (site.style("dark", "zh", ""), site.overview("dark", "zh", "")):
        for source in made["sources"].values():
            assert json.loads(site.files[source["data"]])["features"]


@pytest.mark.parametrize(
    ("url", "origin"),
    [("https://t.example:8443/{z}/{x}/{y}", "https://t.example:8443"), ("/t/{z}/{x}/{y}", None)],
)
def test_the_outside_origin_is_known_for_the_content_security_policy(site_folder, url, origin):
    chosen = GisSettings(tiles=TILES.model_copy(update={"url": url}))
    assert open_map(chosen, site_folder, public=True, built=site_folder / "b").outside == origin
