"""The operator's boundary and layers: any file, any coordinate system, to WGS-84 GeoJSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from config import did_you_mean
from gis.basemap import COVERED, geojson
from gis.crs import SHIFTED, WGS84, shift_geometries
from gis.settings import GeoFile, GisSettings, Layer, OperatorFile

Kind = Literal["line", "fill", "point"]
DECIMALS = 6  # of a degree, 0.1 m: the operator's survey is finer than our base map
DRAWN_AS: dict[Kind, tuple[str, ...]] = {
    "line": ("LineString", "MultiLineString", "LinearRing", "Polygon", "MultiPolygon"),
    "fill": ("Polygon", "MultiPolygon"),
    "point": ("Point", "MultiPoint"),
}


class BadLayer(Exception):
    """One or more of the operator's files cannot be used; each sentence names its key."""


@dataclass(frozen=True)
class OperatorLayer:
    """One layer, ready to serve: `document` is GeoJSON in degrees (lon, lat), WGS-84."""

    name: str  # of its file and source: boundary, operator-0, ...
    kind: Kind
    zh: str
    en: str
    min_zoom: float
    public: bool
    features: int
    document: str


def read_operator(settings: GisSettings, folder: Path) -> tuple[OperatorLayer, ...]:
    """Boundary and layers, in drawing order. `folder` is the configuration file's.

    Raises BadLayer with a sentence for each file that cannot be used.
    """
    found: list[OperatorLayer] = []
    wrong: list[str] = []
    for key, name, entry in _entries(settings):
        try:
            frame = read(entry, folder, key)
        except BadLayer as error:
            wrong.append(str(error))
        else:
            found.append(_layer(name, entry, frame))
    if wrong:
        raise BadLayer("\n".join(wrong))
    return tuple(found)


def read(entry: OperatorFile, folder: Path, key: str) -> gpd.GeoDataFrame:
    """One file in WGS-84 degrees, geometry only. Raises BadLayer naming `key`."""
    frame = _opened(entry, folder, key)
    _check_kind(frame, entry, key)
    return _checked(_in_wgs84(frame, entry, key), entry, key)


def read_attributed(
    entry: GeoFile, folder: Path, key: str, fields: Sequence[tuple[str, str]]
) -> gpd.GeoDataFrame:
    """One file in WGS-84 degrees with some attributes: (configuration key, attribute) each.

    Raises BadLayer naming `key`, for an attribute that is missing too.
    """
    frame = _opened(entry, folder, key)
    for option, name in fields:
        if name not in frame.columns:
            raise BadLayer(
                f"{key}.{option}: {entry.path!r} has no attribute {name!r}; "
                f"{did_you_mean(name, [str(column) for column in frame.columns])}"
            )
    placed = _checked(_in_wgs84(frame, entry, key), entry, key)
    return placed.assign(**{name: frame[name].to_numpy() for _, name in fields})


def _opened(entry: GeoFile, folder: Path, key: str) -> gpd.GeoDataFrame:
    """As it lies there; only features with a geometry."""
    path = folder / entry.path
    if not path.exists():
        raise BadLayer(f"{key}.path: there is no file {entry.path!r} in {folder}")
    try:
        frame = gpd.read_file(path, layer=_layer_of(path, entry, key))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise BadLayer(f"{key}.path: {entry.path!r} is no readable geodata: {error}") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise BadLayer(f"{key}.path: {entry.path!r} has a table but no geometry")
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if frame.empty:
        raise BadLayer(f"{key}.path: {entry.path!r} is empty: no feature has a geometry")
    return frame


def _layer_of(path: Path, entry: GeoFile, key: str) -> str | None:
    """The layer to read; a file with several must not be guessed at."""
    names = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if entry.layer is None and len(names) > 1:
        raise BadLayer(
            f"{key}.layer: {entry.path!r} holds several layers; name one of {', '.join(names)}"
        )
    if entry.layer is not None and entry.layer not in names:
        raise BadLayer(
            f"{key}.layer: {entry.path!r} has no layer {entry.layer!r}; "
            f"{did_you_mean(entry.layer, names)}"
        )
    return entry.layer


def _check_kind(frame: gpd.GeoDataFrame, entry: OperatorFile, key: str) -> None:
    """A layer drawn as something it is not would be an empty layer, in silence."""
    kind = _kind(entry)
    unfit = sorted(set(frame.geom_type) - set(DRAWN_AS[kind]) - {"GeometryCollection"})
    if unfit:
        where = f"{key}.kind" if isinstance(entry, Layer) else f"{key}.path"
        raise BadLayer(
            f"{where}: {entry.path!r} has {', '.join(unfit)}, which cannot be drawn as {kind}; "
            f"{kind} takes {' or '.join(DRAWN_AS[kind])}"
        )


def _kind(entry: OperatorFile) -> Kind:
    return entry.kind if isinstance(entry, Layer) else "line"


def _in_wgs84(frame: gpd.GeoDataFrame, entry: GeoFile, key: str) -> gpd.GeoDataFrame:
    shapes = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapely.force_2d(frame.geometry.to_numpy())))
    if entry.crs in SHIFTED:
        return gpd.GeoDataFrame(
            geometry=shift_geometries(shapes.geometry.to_numpy(), SHIFTED[entry.crs]), crs=WGS84
        )
    crs = entry.crs or frame.crs
    if crs is None:
        raise BadLayer(
            f"{key}.crs: {entry.path!r} does not say its coordinate system; "
            "add crs: EPSG:4490, gcj02 or what it is"
        )
    return shapes.set_crs(crs).to_crs(WGS84)


def _checked(frame: gpd.GeoDataFrame, entry: GeoFile, key: str) -> gpd.GeoDataFrame:
    """Refuse what cannot be degrees; mend polygons that cross themselves."""
    bounds = np.asarray(frame.total_bounds)
    limits = np.array([-180.0, -90.0, 180.0, 90.0])
    if not np.all(np.isfinite(bounds)) or np.any(np.abs(bounds) > np.abs(limits)):
        shown = ", ".join(f"{value:.6g}" for value in bounds)
        raise BadLayer(
            f"{key}.crs: {entry.path!r} has coordinates outside the world ({shown}); is it in "
            "metres or another coordinate system, or are longitude and latitude swapped?"
        )
    if not shapely.box(*COVERED).intersects(shapely.box(*bounds)):
        shown = ", ".join(f"{value:.6g}" for value in bounds)
        raise BadLayer(
            f"{key}.path: {entry.path!r} lies outside the map: its longitudes and latitudes are "
            f"{shown}, the map has {', '.join(map(str, COVERED))}"
        )
    return frame.set_geometry(shapely.make_valid(frame.geometry.to_numpy()))


def _entries(settings: GisSettings) -> list[tuple[str, str, OperatorFile]]:
    """(config key, layer name, entry); the boundary is drawn last, above the layers."""
    found: list[tuple[str, str, OperatorFile]] = [
        (f"gis.layers.{index}", f"operator-{index}", layer)
        for index, layer in enumerate(settings.layers)
    ]
    if settings.boundary:
        found.append(("gis.boundary", "boundary", settings.boundary))
    return found


def _layer(name: str, entry: OperatorFile, frame: gpd.GeoDataFrame) -> OperatorLayer:
    return OperatorLayer(
        name=name,
        kind=_kind(entry),
        zh=entry.zh if isinstance(entry, Layer) else "辖区范围",
        en=entry.en if isinstance(entry, Layer) else "District boundary",
        min_zoom=entry.min_zoom if isinstance(entry, Layer) else 0.0,
        public=entry.public,
        features=len(frame),
        document=geojson(frame, DECIMALS),
    )
