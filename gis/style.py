"""The map's style as MapLibre GL reads it: two neutrals, water the only tint, no outside address.

No `glyphs`: MapLibre draws text with the machine's own fonts where the style names none.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from gis.basemap import COVERED
from gis.layers import OperatorLayer
from gis.palette import PALETTES, Palette
from gis.settings import Tiles

Theme = Literal["dark", "light"]
Lang = Literal["zh", "en"]
Json = dict[str, Any]

ATTRIBUTION = {
    "zh": "海岸线 GSHHG，水面 © OpenStreetMap 贡献者，地名 GeoNames",
    "en": "Coast GSHHG, water © OpenStreetMap contributors, names GeoNames",
}
# The page's stack; MapLibre takes slant and weight from words in the first name.
FONTS = (
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "system-ui",
)
SLANTED = ("Italic", *FONTS)
SHORE_BAND_PX = 14
COAST_PX = 1.1
NAME_PX = 14
WIDE_NAMES_ZOOM = 10.8  # nearer, a name of two words stands in one line


def style(
    theme: Theme,
    lang: Lang,
    base_url: str,
    operator: Sequence[OperatorLayer] = (),
    tiles: Tiles | None = None,
) -> Json:
    """Style, version 8. `base_url` ends in a slash; each source is base_url + name.geojson."""
    palette = PALETTES[theme]
    # Outside tiles bring names and coast of their own, possibly shifted: ours would stand twice.
    base = _tile_layers(theme) if tiles else _surfaces(palette)
    names = [] if tiles else _names(palette, lang)
    own = [layer for each in operator for layer in _operator_layers(each, palette)]
    return {
        "version": 8,
        "name": f"dongtai-{theme}-{lang}",
        "metadata": {
            "dongtai:covered": list(COVERED),
            "dongtai:palette": asdict(palette),
            "dongtai:tiles": tiles.model_dump() if tiles else None,
            "dongtai:operator": [
                {"name": each.name, "zh": each.zh, "en": each.en} for each in operator
            ],
        },
        "sources": _sources(lang, base_url, operator, tiles),
        "layers": [_sea(palette), *base, *own, *names],
    }


def overview_style(theme: Theme, lang: Lang, base_url: str) -> Json:
    """The corner map: rough land and coast, no names; the page draws the view's frame on it."""
    palette = PALETTES[theme]
    return {
        "version": 8,
        "name": f"dongtai-overview-{theme}",
        "sources": {
            name: _source(name, lang, base_url)
            for name in ("overview_land", "overview_coast", "water")
        },
        "layers": [
            _sea(palette),
            _line("shore", "overview_coast", palette.shore, 8),
            _fill("land", "overview_land", palette.land),
            _line("coast", "overview_coast", palette.coast, 0.8),
            _fill("water", "water", palette.water),
            _line("waterline", "water", palette.waterline, 0.5),
        ],
    }


def _sources(
    lang: Lang, base_url: str, operator: Sequence[OperatorLayer], tiles: Tiles | None
) -> Json:
    own = {each.name: _source(each.name, None, base_url) for each in operator}
    if tiles:
        return {"tiles": _tile_source(tiles)} | own
    base = ("land", "coast", "water", "graticule", "names")
    return {name: _source(name, lang, base_url) for name in base} | own


def _source(name: str, lang: Lang | None, base_url: str) -> Json:
    source: Json = {
        "type": "geojson",
        "data": f"{base_url}{name}.geojson",
        "maxzoom": 14,
        "tolerance": 0.25,
    }
    return source | ({"attribution": ATTRIBUTION[lang]} if lang else {})


def _tile_source(tiles: Tiles) -> Json:
    """GCJ-02 tiles come through the protocol that gis/gcj02.mjs registers: it moves them."""
    url = "gcj02://{z}/{x}/{y}" if tiles.crs == "gcj02" else tiles.url
    return {
        "type": "raster",
        "tiles": [url],
        "tileSize": 256,
        "maxzoom": tiles.max_zoom,
        "attribution": tiles.attribution,
    }


def _tile_layers(theme: Theme) -> list[Json]:
    """Without colour, so that hue keeps its meaning; dimmed in the dark."""
    paint: Json = {"raster-saturation": -1, "raster-fade-duration": 0}
    if theme == "dark":
        paint |= {"raster-brightness-max": 0.4}
    return [_layer("tiles", "raster", source="tiles", paint=paint)]


def _sea(palette: Palette) -> Json:
    return _layer("sea", "background", paint={"background-color": palette.sea})


def _surfaces(palette: Palette) -> list[Json]:
    return [
        _line("graticule", "graticule", palette.grid, 1),
        _line("shore", "coast", palette.shore, SHORE_BAND_PX),
        _fill("land", "land", palette.land),
        _line("coast", "coast", palette.coast, COAST_PX),
        _fill("water", "water", palette.water),
        _line("waterline", "water", palette.waterline, 0.9),
    ]


def _names(palette: Palette, lang: Lang) -> list[Json]:
    return [
        _name("water", lang, SLANTED, spacing=0.22, colour=palette.sealabel, halo=palette.sea),
        _name("town", lang, FONTS, spacing=0.08, colour=palette.label, halo=palette.land),
    ]


def _name(
    kind: str, lang: Lang, fonts: Sequence[str], *, spacing: float, colour: str, halo: str
) -> Json:
    """Names may move round their point, then go, the neighbours' towns first."""
    return _layer(
        f"{kind}-names",
        "symbol",
        source="names",
        filter=["==", ["get", "kind"], kind],
        layout={
            "text-field": ["get", lang],
            "text-font": list(fonts),
            "text-size": NAME_PX,
            "text-letter-spacing": spacing,
            "text-max-width": ["step", ["zoom"], 7, WIDE_NAMES_ZOOM, 20],
            "text-padding": 6,
            "text-variable-anchor": ["center", "top", "bottom", "left", "right"],
            "text-radial-offset": 0.8,
            "symbol-sort-key": ["get", "rank"],
        },
        paint={"text-color": colour, "text-halo-color": halo, "text-halo-width": 1.6},
    )


def _operator_layers(layer: OperatorLayer, palette: Palette) -> list[Json]:
    """Neutral lines; a fill is a faint ground with its outline, a point a small ring."""
    own: Json = {"minzoom": layer.min_zoom}
    if layer.kind == "point":
        paint: Json = {
            "circle-radius": 3,
            "circle-color": palette.land,
            "circle-stroke-color": palette.label,
            "circle-stroke-width": 1.2,
        }
        return [_layer(layer.name, "circle", source=layer.name, paint=paint) | own]
    if layer.kind == "fill":
        ground = _fill(f"{layer.name}-ground", layer.name, palette.coast) | own
        ground["paint"]["fill-opacity"] = 0.12
        return [ground, _line(layer.name, layer.name, palette.coast, 1) | own]
    line = _line(layer.name, layer.name, palette.coast, 0.9) | own
    if layer.name == "boundary":  # dash and dot: plain dashes mean the spread of the wind
        line["layout"] |= {"line-cap": "butt"}
        line["paint"] |= {"line-dasharray": [9, 3, 2, 3], "line-width": 1.3}
    return [line]


def _layer(name: str, kind: str, **parts: Any) -> Json:
    return {"id": name, "type": kind} | parts


def _fill(name: str, source: str, colour: str) -> Json:
    return _layer(name, "fill", source=source, paint={"fill-color": colour})


def _line(name: str, source: str, colour: str, width: float) -> Json:
    return _layer(
        name,
        "line",
        source=source,
        layout={"line-join": "round", "line-cap": "round"},
        paint={"line-color": colour, "line-width": width},
    )
