"""The `gis` section of config.yaml: views, the operator's boundary and layers, outside tiles."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gis.crs import known_crs
from sensors.settings import Names


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


class OperatorFile(Section):
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
