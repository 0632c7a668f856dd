"""The map in a real browser: complete without any outside address, in our colours, in place."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from gis import crs
from gis.near import distance_m
from gis.palette import PALETTES
from gis.settings import GisSettings, Tiles
from gis.site import GCJ02_MODULE, open_map
from gis.style import style

VECTORS = json.loads((Path(__file__).parent / "data" / "gcj02_test_vectors.json").read_text())
START = GisSettings().start
INLAND, AT_SEA = (121.87, 29.87), (121.89, 29.945)


def rgb(colour):
    return tuple(bytes.fromhex(colour.removeprefix("#")))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("map")
    return open_map(GisSettings(), folder, public=False, built=folder / "built")


@pytest.mark.parametrize(
    ("theme", "lang", "size"), [("dark", "zh", (1056, 665)), ("light", "en", (375, 600))]
)
def test_the_map_is_whole_without_any_outside_address(site, open_page, browser, theme, lang, size):
    seen = open_page(site.files, site.style(theme, lang, ""), START, size)
    assert seen.complaints == []
    assert browser.outside == []
    assert seen.colour_at(*INLAND) == rgb(PALETTES[theme].land)
    assert seen.colour_at(*AT_SEA) == rgb(PALETTES[theme].sea)


@pytest.mark.parametrize(("lang", "town"), [("zh", "霞浦"), ("en", "Xiapu")])
def test_names_are_drawn_with_the_machines_own_fonts(site, open_page, lang, town):
    seen = open_page(site.files, site.style("light", lang, ""), START)
    drawn = seen.page.evaluate(
        "lang => map.queryRenderedFeatures({layers: ['town-names', 'water-names']})"
        ".map(each => each.properties[lang])",
        lang,
    )
    assert town in drawn
    assert len(drawn) == len(set(drawn)) >= 8


def test_the_browser_shifts_as_the_server_does(site, open_page):
    seen = open_page(site.files, site.style("light", "zh", ""), START)
    for pair in VECTORS["published_eviltransform_go_test"] + VECTORS["computed_beilun"]:
        lon, lat = seen.page.evaluate("([lat, lon]) => gcj02.toGcj02(lon, lat)", pair["wgs"])
        assert distance_m(lon, lat, pair["gcj"][1], pair["gcj"][0]) < 0.001


def tile_with_mark(name, lon, lat):
    """A grey GCJ-02 tile named t/z/x/y.png, with a red square of 9 px at a place in GCJ-02."""
    if not name.startswith("t/"):
        return None
    z, x, y = (int(part) for part in name[2:].removesuffix(".png").split("/"))
    column = (lon + 180) / 360 * 2**z
    row = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**z
    left, top = round((column - x) * 256), round((row - y) * 256)
    tile = np.full((256, 256, 3), 128, np.uint8)
    tile[max(top - 4, 0) : max(top + 5, 0), max(left - 4, 0) : max(left + 5, 0)] = (0, 0, 255)
    return cv2.imencode(".png", tile)[1].tobytes()


@pytest.mark.parametrize("place", [(121.85, 29.9), (121.7429, 29.9503), (121.993, 29.789)])
def test_a_mark_in_a_gcj02_tile_stands_where_it_is_in_wgs84(open_page, place):
    lon, lat = place
    there = crs.wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    tiles = Tiles(url="/t/{z}/{x}/{y}.png", crs="gcj02", attribution="test")
    seen = open_page(
        {"gcj02.mjs": GCJ02_MODULE.read_bytes()},
        style("light", "zh", "", (), tiles) | {"layers": [
            {"id": "tiles", "type": "raster", "source": "tiles",
             "paint": {"raster-fade-duration": 0}}]},
        (lon - 0.02, lat - 0.01, lon + 0.02, lat + 0.01),
        other=lambda name: tile_with_mark(name, float(there[0][0]), float(there[1][0])),
    )  # fmt: skip
    assert seen.complaints == []
    assert seen.colour_at(lon, lat) == (255, 0, 0)
    assert seen.colour_at(float(there[0][0]), float(there[1][0])) == (128, 128, 128)
