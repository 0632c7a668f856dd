"""What is asked of and answered by the plume routes, as OpenAPI describes them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dashboard.api.models import Names, kept

StabilityName = Literal["A", "A-B", "B", "B-C", "C", "C-D", "D", "E", "F"]


class PlumeQuestion(BaseModel):
    """Where: alert, station, or lon and lat. What is not said stays as it is known or measured."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    alert: str | None = Field(None, max_length=80, description="start from its present release")
    station: str | None = Field(None, max_length=40)
    metric: str | None = Field(
        None, max_length=40, description="start from what this station reads of a gas"
    )
    lon: float | None = Field(None, ge=-180, le=180, description="degrees, WGS-84")
    lat: float | None = Field(None, ge=-80, le=80)
    substance: str | None = Field(
        None, min_length=1, max_length=60, description="code, CAS number or Chinese name"
    )
    rate_kgs: float | None = Field(None, gt=0, le=10_000, description="kg/s, goes on")
    quantity_kg: float | None = Field(None, gt=0, le=1e7, description="let out at once, kg")
    duration_s: float | None = Field(
        None, gt=0, le=604_800, description="of a rate; else it goes on"
    )
    height_m: float | None = Field(None, ge=0, le=300, description="over the ground")
    wind_speed_ms: float | None = Field(None, ge=0, le=60, description="at 10 m")
    wind_from_deg: float | None = Field(None, ge=0, le=360, description="where it comes from")
    stability: StabilityName | None = Field(None, description="Pasquill class in place of ours")
    cloud_octas: int | None = Field(None, ge=0, le=8, description="sky covered, 0 to 8")
    minutes: Literal[10, 30, 60, 240, 480] | None = Field(None, description="of the AEGLs")
    scale: Literal["AEGL", "ERPG", "IDLH"] = Field("AEGL", description="whose limits")
    limits_ppm: list[Annotated[float, Field(gt=0, le=1e6)]] | None = Field(
        None, min_length=1, max_length=3, description="concentrations of one's own in their place"
    )

    _storable = field_validator("alert", "station", "metric", "substance")(kept)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        places = [self.alert, self.station, self.lon if self.lon is not None else self.lat]
        if sum(place is not None for place in places) != 1:
            raise ValueError("say where, once: alert, station, or lon and lat")
        if self.metric is not None and self.station is None:
            raise ValueError("metric belongs to a station")
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat go together")
        if self.rate_kgs is not None and self.quantity_kg is not None:
            raise ValueError("either rate_kgs or quantity_kg, not both")
        if self.quantity_kg is not None and self.duration_s is not None:
            raise ValueError("quantity_kg is let out at once: duration_s belongs to rate_kgs")
        return self


class Limit(BaseModel):
    name: str
    ppm: float
    minutes: int
    evidence: str
    confirmed: bool


class People(BaseModel):
    count: float
    low: float
    high: float
    basis: Literal["grid", "district"]
    assumption: bool = Field(description="true: the district's density, not a count")
    source: str
    sources: Names | None = Field(description="in both languages; source is the English one")
    confirmed: bool
    uncounted: int = Field(description="cells of the grid without a number: a least count then")
    uncovered: float = Field(description="share of the land without cells: a least count then")


class Exposed(BaseModel):
    area_m2: float
    people: People | None = Field(description="null: not known")
    facilities: dict[str, Any] | None = Field(
        description="kind -> {count, list}, the nearest 50; null: no layer"
    )
    plants: dict[str, Any]
    roads: dict[str, Any] | None = Field(description="{length_m, names}; null: no road layer")


class Zone(BaseModel):
    limit: Limit
    grade: Literal["red", "orange", "yellow"]
    geometry: dict[str, Any] | None = Field(description="GeoJSON Polygon; null: nowhere reached")
    start_m: float
    reach_m: float
    reach_low_m: float
    reach_high_m: float
    more: bool = Field(description="goes on beyond 10 km, where it is cut off")
    arrival_s: float | None = Field(description="when the gas comes to the far edge")
    exposure: Exposed


class Footprint(BaseModel):
    alert: str | None
    what_if: bool
    at: datetime
    elapsed_s: float | None = Field(
        description="how long gas had been out, s; null: not known. Arrivals count from its start"
    )
    model: str
    shape: Literal["plume", "circle", "nothing"]
    source: dict[str, Any] = Field(description="lon, lat, station, names, and why there")
    headline: Names = Field(description="what is strong stands between double asterisks")
    zones: list[Zone] = Field(description="the gravest first; each holds those before it")
    wedge: dict[str, Any] | None = Field(description="all directions the wind may turn to")
    wedge_exposure: Exposed | None = Field(description="what the gas may reach if it turns")
    towards_deg: float | None
    spread_deg: float | None
    isolation: dict[str, Any] | None = Field(description="ERG 2024, single source; null: not known")
    caveats: list[dict[str, Any]] = Field(description="{code, grave, zh, en}, the grave first")
    advice: list[Names]
    release: dict[str, Any]
    weather: dict[str, Any]


class KeptFootprint(BaseModel):
    id: int | None = Field(description="null: computed for this answer, not kept")
    place: str = Field(description="the plant, else the sensor")
    metric: str
    began_at: datetime = Field(description="when the leak was first computed")
    computed_at: datetime
    until: datetime | None = Field(description="null: it stands")
    sensors: list[str] = Field(description="over their limits, or with an alert; the worst first")
    footprint: dict[str, Any] = Field(description="as GET /alerts/{id}/footprint answers it")


class FootprintList(BaseModel):
    generated_at: datetime
    footprints: list[KeptFootprint]


class ZoneExposure(BaseModel):
    generated_at: datetime
    exposure: Exposed
