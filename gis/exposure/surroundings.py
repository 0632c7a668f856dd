"""What stands on the ground of the district, opened once: facilities, people, roads, land.

Everything lies in metres of one UTM zone, with GeoPandas' spatial index. What the operator has not
given is None: not known, never 0.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from config import did_you_mean
from gis.basemap import SOURCES
from gis.crs import WGS84, utm_crs
from gis.layers import BadLayer, read_attributed
from gis.settings import (
    DistrictPeople,
    ExposureSettings,
    FacilitiesFile,
    FacilityKind,
    GisSettings,
    PopulationFile,
    RoadsFile,
    Source,
)

KINDS: tuple[FacilityKind, ...] = ("school", "hospital", "care", "shelter")
_KEY = "gis.exposure"


@dataclass(frozen=True)
class Surroundings:
    """facilities: kind, zh, en, lon, lat (of its middle), geometry. population: people, geometry.

    roads: name, geometry. population_source: in words. district: in place of a grid. land: areas
    ashore.
    """

    utm: str
    facilities: gpd.GeoDataFrame | None = None
    population: gpd.GeoDataFrame | None = None
    population_source: Source | None = None
    district: DistrictPeople | None = None
    roads: gpd.GeoDataFrame | None = None
    land: gpd.GeoDataFrame | None = None


def open_surroundings(settings: GisSettings, folder: Path, sources: Path = SOURCES) -> Surroundings:
    """Read all that the configuration names; `folder` is its file's.

    Raises BadLayer with a sentence for each file that cannot be used.
    """
    utm, chosen = _utm(settings), settings.exposure
    wrong: list[str] = []
    facilities = _facilities(chosen, folder, utm, wrong)
    population = _population(chosen.population, folder, utm, wrong)
    roads = _roads(chosen.roads, folder, utm, wrong)
    if wrong:
        raise BadLayer("\n".join(wrong))
    return Surroundings(
        utm=utm,
        facilities=facilities,
        population=population,
        population_source=chosen.population.source if chosen.population else None,
        district=chosen.district,
        roads=roads,
        land=_indexed(gpd.read_file(sources / "land.geojson")[["geometry"]].explode(), utm),
    )


def bare(settings: GisSettings) -> Surroundings:
    """A ground of which nothing is known: every count is then unknown."""
    return Surroundings(_utm(settings))


def _utm(settings: GisSettings) -> str:
    west, south, east, north = settings.bounds
    return utm_crs((west + east) / 2, (south + north) / 2)


def _facilities(
    settings: ExposureSettings, folder: Path, utm: str, wrong: list[str]
) -> gpd.GeoDataFrame | None:
    frames = []
    for index, entry in enumerate(settings.facilities):
        try:
            frames.append(_facility_file(entry, folder, f"{_KEY}.facilities.{index}"))
        except BadLayer as error:
            wrong.append(str(error))
    if not frames:
        return None
    return _indexed(_stacked(frames), utm)


def _stacked(frames: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    columns = {name: np.concatenate([frame[name] for frame in frames]) for name in frames[0]}
    return gpd.GeoDataFrame(columns, geometry="geometry", crs=WGS84)


def _facility_file(entry: FacilitiesFile, folder: Path, key: str) -> gpd.GeoDataFrame:
    fields = [("zh_field", entry.zh_field), ("en_field", entry.en_field)]
    if entry.kind is None:
        fields.append(("kind_field", entry.kind_field))
    frame = read_attributed(entry, folder, key, fields)
    kinds = frame[entry.kind_field] if entry.kind is None else [entry.kind] * len(frame)
    for found in set(kinds) - set(KINDS):
        raise BadLayer(
            f"{key}.kind_field: {entry.path!r} has a feature of kind {found!r}; "
            f"{did_you_mean(str(found), KINDS)}"
        )
    zh = frame[entry.zh_field].fillna("").astype(str)
    en = frame[entry.en_field].fillna("").astype(str)
    middle = shapely.centroid(frame.geometry.to_numpy())
    at = {"lon": shapely.get_x(middle), "lat": shapely.get_y(middle)}
    return gpd.GeoDataFrame(
        {"kind": list(kinds), "zh": zh, "en": en.where(en != "", zh), **at},
        geometry=frame.geometry.to_numpy(),
        crs=WGS84,
    )


def _population(
    entry: PopulationFile | None, folder: Path, utm: str, wrong: list[str]
) -> gpd.GeoDataFrame | None:
    if entry is None:
        return None
    key = f"{_KEY}.population"
    try:
        frame = read_attributed(entry, folder, key, [("people_field", entry.people_field)])
    except BadLayer as error:
        wrong.append(str(error))
        return None
    people = frame[entry.people_field]
    if people.dtype.kind not in "iuf" or (people < 0).any():
        wrong.append(
            f"{key}.people_field: {entry.people_field!r} of {entry.path!r} must be numbers, 0 or "
            "more; leave the cell out, or empty, where nobody counted"
        )
        return None
    return _indexed(gpd.GeoDataFrame({"people": people}, geometry=frame.geometry), utm)


def _roads(
    entry: RoadsFile | None, folder: Path, utm: str, wrong: list[str]
) -> gpd.GeoDataFrame | None:
    if entry is None:
        return None
    fields = [("name_field", entry.name_field)] if entry.name_field else []
    try:
        frame = read_attributed(entry, folder, f"{_KEY}.roads", fields)
    except BadLayer as error:
        wrong.append(str(error))
        return None
    names = frame[entry.name_field].fillna("").astype(str) if entry.name_field else ""
    return _indexed(frame[["geometry"]].assign(name=names), utm)


def _indexed(frame: gpd.GeoDataFrame, utm: str) -> gpd.GeoDataFrame:
    """In metres, its spatial index built, its geometries ready to be asked many times."""
    placed = (frame if frame.crs else frame.set_crs(WGS84)).to_crs(utm).reset_index(drop=True)
    shapely.prepare(placed.geometry.to_numpy())
    assert placed.sindex.size == len(placed)  # noqa: S101 - asking for the index builds it
    return placed


def in_metres(zone: BaseGeometry, utm: str) -> BaseGeometry:
    """A zone in degrees (lon, lat) to metres, mended where it crosses itself."""
    moved = gpd.GeoSeries([zone], crs=WGS84).to_crs(utm).iloc[0]
    return shapely.make_valid(moved)
