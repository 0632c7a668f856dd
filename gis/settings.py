"""The `gis` section of config.yaml: views, the operator's layers, tiles, plume and exposure."""

from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gis.crs import known_crs
from sensors.settings import Names

FacilityKind = Literal["school", "hospital", "care", "shelter"]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Bounds = tuple[Longitude, Latitude, Longitude, Latitude]


def _ordered(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    if west >= east or south >= north:
        raise ValueError("expected [west, south, east, north] with west < east and south < north")
    return bounds


Box = Annotated[Bounds, AfterValidator(_ordered)]
CrsName = Annotated[str, AfterValidator(known_crs)]


class GeoFile(Section):
    path: str = Field(
        min_length=1, description="File that geopandas reads; relative to the configuration file."
    )
    crs: CrsName | None = Field(
        default=None,
        description="Its coordinate system, such as EPSG:4490, cgcs2000, gcj02 or bd09; needed "
        "where the file does not say it, and always for GCJ-02, which no file can say.",
    )
    layer: str | None = Field(
        default=None, description="Layer inside the file, where the file holds several."
    )


class OperatorFile(GeoFile):
    public: bool = Field(default=False, description="Whether the public page shows it too.")


class Boundary(OperatorFile):
    """The outline of the district, as the operator holds it."""


class Layer(OperatorFile, Names):
    kind: Literal["line", "fill", "point"] = Field(description="How it is drawn.")
    min_zoom: float = Field(
        default=0, ge=0, le=22, description="Zoom from which it is drawn; the district is near 11."
    )


class Tiles(Section):
    """An outside base map. It asks the browser to reach another site: off unless configured."""

    url: str = Field(
        pattern=r"^(https?://|/)\S+$", description="Template with {z}, {x} and {y}, as PNG or JPEG."
    )
    crs: Literal["wgs84", "gcj02"] = Field(
        description="Of the tiles; most Chinese map services deliver gcj02."
    )
    attribution: str = Field(min_length=1, description="What the service asks to be shown.")
    max_zoom: int = Field(default=18, ge=1, le=22, description="Deepest zoom the service has.")

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        missing = [part for part in ("{z}", "{x}", "{y}") if part not in self.url]
        if missing:
            raise ValueError(f"tiles.url lacks {', '.join(missing)}")
        return self


class FacilitiesFile(GeoFile):
    """Points or areas of schools, hospitals, homes, shelters."""

    kind: FacilityKind | None = Field(
        default=None, description="What all of them are; else each says so in `kind_field`."
    )
    kind_field: str = Field(
        default="kind",
        description="Attribute that says what each is: " + ", ".join(get_args(FacilityKind)) + ".",
    )
    zh_field: str = Field(default="name_zh", description="Attribute with the name in Chinese.")
    en_field: str = Field(
        default="name_en", description="Attribute with the name in English; else the Chinese one."
    )


class Source(Section):
    """Where a figure comes from, as the screens say it; a plain text says the same in both."""

    zh: str = Field(min_length=1, description="In Chinese.")
    en: str = Field(min_length=1, description="In English.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, given: object) -> object:
        return {"zh": given, "en": given} if isinstance(given, str) else given


class PopulationFile(GeoFile):
    """A grid of people: cells as areas, or as points in their middle."""

    people_field: str = Field(
        default="people", description="Attribute with the number of people in the cell."
    )
    source: Source = Field(description="Where the grid comes from, with its year.")


class DistrictPeople(Section):
    """Without a grid: everybody spread evenly over the district, an assumption."""

    people: float = Field(gt=0, description="People in the district.")
    people_source: Source = Field(description="Where that number comes from.")
    area_km2: float = Field(gt=0, description="Its land area, km².")
    area_source: Source = Field(description="Where the area comes from.")
    confirmed: bool = Field(
        default=False, description="Whether both are confirmed; the screen says so if not."
    )
    factor: float = Field(
        default=2.0,
        ge=1,
        description="The count may be so many times less or more: people do not live evenly.",
    )


class RoadsFile(GeoFile):
    name_field: str | None = Field(
        default=None, description="Attribute with the road's name, where there is one."
    )


class ExposureSettings(Section):
    facilities: tuple[FacilitiesFile, ...] = Field(
        default=(), description="Schools, hospitals, homes and shelters, as the operator has them."
    )
    population: PopulationFile | None = Field(
        default=None, description="A grid of people; it goes before `district`."
    )
    district: DistrictPeople | None = Field(
        default=None, description="People and area of the district, where there is no grid."
    )
    roads: RoadsFile | None = Field(
        default=None, description="Roads as lines; without them the answer says that it lacks them."
    )


class PlumeSettings(Section):
    roughness: Literal["rural", "urban"] = Field(
        default="rural",
        description="Briggs' coefficients: rural carries farther, urban is for dense streets.",
    )
    assumed_rate_kgs: float = Field(
        default=7.0,
        gt=0,
        description="Rate of a leak of which nothing is known, kg/s: said as an assumption.",
    )
    minutes: Literal[10, 30, 60, 240, 480] = Field(
        default=60, description="Duration for which the AEGLs are taken."
    )
    wind_within_km: float = Field(
        default=30.0, gt=0, description="How far away a wind station may stand."
    )


class GisSettings(Section):
    start: Box = Field(
        default=(121.76, 29.80, 122.00, 29.98),
        description="First view of the desk: west, south, east, north in degrees, WGS-84.",
    )
    public_start: Box = Field(
        default=(121.70, 29.79, 122.04, 29.98), description="First view of the public page."
    )
    bounds: Box = Field(
        default=(121.64, 29.70, 122.16, 30.05),
        description="The whole district, as the overview and the wall show it.",
    )
    boundary: Boundary | None = Field(
        default=None, description="The operator's outline of the district; none is shipped."
    )
    layers: tuple[Layer, ...] = Field(
        default=(), description="The operator's own layers, drawn in neutral lines, in this order."
    )
    tiles: Tiles | None = Field(
        default=None, description="Outside base tiles; without them nothing leaves the intranet."
    )
    plume: PlumeSettings = Field(
        default=PlumeSettings(), description="How footprints of releases are computed."
    )
    exposure: ExposureSettings = Field(
        default=ExposureSettings(), description="What may lie within a footprint or a flood zone."
    )
