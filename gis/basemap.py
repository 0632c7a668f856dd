"""The base map's layers as GeoJSON, made from gis/sources; degrees (lon, lat), WGS-84, 5 decimals.

GeoJSON, not tiles: there are 31,000 vertices in all (docs/gis.md). The sea is the background.
"""

import hashlib
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from gis.crs import WGS84, utm_crs

SOURCES = Path(__file__).parent / "sources"
BUILT = Path(__file__).parent / "built"
FILES = ("land", "coast", "water", "names", "graticule", "overview_land", "overview_coast")

# What the sources cover: nothing is known beyond it, so maps must not show what lies there.
COVERED = (121.2, 29.5, 122.5, 30.3)
DECIMALS = 5  # of a degree: about 1 m
GRATICULE_STEP = 0.1  # degrees
OVERVIEW_TOLERANCE_M = 150.0
OVERVIEW_LEAST_M2 = 300_000.0


def build(folder: Path = BUILT, sources: Path = SOURCES) -> Path:
    """Write every layer into `folder` and return it; done before in full, it does nothing.

    Each file appears whole or not at all, so two processes may build at the same time.
    """
    stamp = folder / "stamp"
    wanted = _digest(sources)
    if stamp.exists() and stamp.read_text("utf-8") == wanted and _complete(folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, layer in layers(sources).items():
        _write(folder / f"{name}.geojson", geojson(layer))
    _write(stamp, wanted)
    return folder


def layers(sources: Path = SOURCES) -> Mapping[str, gpd.GeoDataFrame]:
    """Every layer of the base map by name; degrees."""
    land = shapely.make_valid(gpd.read_file(sources / "land.geojson").union_all())
    water = gpd.read_file(sources / "water.geojson")
    rough = _simplified(land)
    return {
        "land": _frame([land]),
        "coast": _frame([_shoreline(land)]),
        "water": _frame([_inland(water, land)]),
        "names": gpd.read_file(sources / "names.geojson"),
        "graticule": _frame(_graticule()),
        "overview_land": _frame([rough]),
        "overview_coast": _frame([_shoreline(rough)]),
    }


def geojson(frame: gpd.GeoDataFrame, decimals: int = DECIMALS) -> str:
    """Compact GeoJSON with rounded degrees; text keeps its Chinese."""
    rounded = frame.set_geometry(
        shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, decimals))
    )
    document: dict[str, Any] = json.loads(rounded.to_json(drop_id=True))
    document.pop("crs", None)  # RFC 7946: always WGS-84
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _frame(geometries: Sequence[BaseGeometry]) -> gpd.GeoDataFrame:
    """One feature for each single part: small features are cut into tiles faster than one large."""
    parts = gpd.GeoSeries(geometries, crs=WGS84).explode(ignore_index=True)
    # Snapping to the 5 decimals here, not when writing, keeps polygons valid.
    snapped = shapely.set_precision(parts.to_numpy(), 10.0**-DECIMALS)
    series = gpd.GeoSeries(snapped, crs=WGS84).explode(ignore_index=True)
    return gpd.GeoDataFrame(geometry=series[~series.is_empty].reset_index(drop=True))


def _shoreline(land: BaseGeometry) -> BaseGeometry:
    """The land's edge without the cut edge of the covered box, which is no shore."""
    west, south, east, north = COVERED
    inside = box(west + 1e-5, south + 1e-5, east - 1e-5, north - 1e-5)
    return shapely.line_merge(shapely.intersection(shapely.boundary(land), inside))


def _inland(water: gpd.GeoDataFrame, land: BaseGeometry) -> BaseGeometry:
    """Water bodies of which most lies on land: the source has the sea itself among them."""
    valid = gpd.GeoSeries(shapely.make_valid(water.geometry.to_numpy()), crs=WGS84)
    metres = utm_crs(*shapely.box(*COVERED).centroid.coords[0])
    whole = valid.to_crs(metres).area
    ashore = valid.intersection(land).to_crs(metres).area
    inland = gpd.GeoSeries(valid.loc[ashore > whole / 2]).intersection(land).to_crs(metres)
    parts = [part for part in inland.explode(ignore_index=True) if isinstance(part, Polygon)]
    smooth = [_rounded(part) for part in parts]
    drawn = gpd.GeoSeries(smooth, crs=metres).to_crs(WGS84).union_all()
    return shapely.intersection(drawn, land)


def _rounded(part: Polygon) -> BaseGeometry:
    """Corners cut three times (Chaikin), then grown to the old area, metres.

    The source is so strongly simplified that lakes are triangles: drawn as they are, the corners
    would claim a precision that nobody has.
    """
    points = np.asarray(part.exterior.coords)[:-1]
    for _ in range(3):
        following = np.roll(points, -1, axis=0)
        quarters = (0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following)
        points = np.stack(quarters, axis=1).reshape(-1, 2)
    cut = Polygon(points)
    grown = math.sqrt(part.area / cut.area)
    return shapely.make_valid(affinity.scale(cut, grown, grown, origin="centroid"))


def _simplified(land: BaseGeometry) -> BaseGeometry:
    """Land for the overview inset: rocks left out, vertices thinned in metres."""
    metres = utm_crs(*shapely.box(*COVERED).centroid.coords[0])
    parts = gpd.GeoSeries([land], crs=WGS84).to_crs(metres).explode(ignore_index=True)
    kept = gpd.GeoSeries(parts.loc[parts.area >= OVERVIEW_LEAST_M2]).simplify(OVERVIEW_TOLERANCE_M)
    rough = gpd.GeoSeries([kept.union_all()], crs=metres).to_crs(WGS84).iloc[0]
    return shapely.make_valid(shapely.intersection(rough, box(*COVERED)))


def _graticule() -> list[BaseGeometry]:
    west, south, east, north = COVERED
    meridians = np.arange(west, east + 1e-9, GRATICULE_STEP)
    parallels = np.arange(south, north + 1e-9, GRATICULE_STEP)
    return [
        *(LineString([(lon, south), (lon, north)]) for lon in meridians),
        *(LineString([(west, lat), (east, lat)]) for lat in parallels),
    ]


def _digest(sources: Path) -> str:
    """Of the sources and of this file: a change in either means building again."""
    parts = [*sorted(sources.glob("*.geojson")), Path(__file__)]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()


def _complete(folder: Path) -> bool:
    return all((folder / f"{name}.geojson").exists() for name in FILES)


def _write(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False
    ) as part:
        part.write(text)
    Path(part.name).chmod(0o644)  # a temporary file is the owner's alone
    Path(part.name).replace(path)
