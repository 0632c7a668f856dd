"""The documents of plants and substances, as OpenAPI describes them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from dashboard.api.models import Body, Names, storable


class TankEntry(Body):
    """The name is the account's."""

    quantity_t: Annotated[float, Field(ge=0, allow_inf_nan=False, description="tonnes")]
    at: Annotated[datetime | None, Field(description="when it held so much; else now")] = None
    note: Annotated[str, Field(max_length=500)] = ""

    _storable = field_validator("note")(storable)


class Hazard(BaseModel):
    s: float = Field(description="Σ q/Q; from 1 on a major hazard")
    r: float = Field(description="α Σ β q/Q")
    alpha: float
    major: bool
    grade: int | None = Field(description="1 (gravest) to 4; null: no major hazard")


class TankLevel(BaseModel):
    station: str
    percent: float | None
    t: datetime
    age_s: float
    usable: bool


class Entered(BaseModel):
    quantity_t: float
    t: datetime = Field(description="when it held so much")
    entered_at: datetime
    who: str
    note: str | None


class Holding(BaseModel):
    code: str
    substance: str = Field(description="as the register says")
    names: Names | None
    volume_m3: float
    density_tm3: float | None
    density_confirmed: bool = Field(description="false: a handbook value from memory")
    design_t: float | None
    quantity_t: float | None
    basis: Literal["measured", "entered", "assumed full"]
    critical_t: float | None = Field(description="Q of the standard")
    beta: float | None
    factors_source: str | None = Field(description="the tables of the standard")
    factors_confirmed: bool | None = Field(description="false: its class is our classification")
    level: TankLevel | None
    entry: Entered | None


class Plant(BaseModel):
    code: str
    names: Names
    department: str
    at: tuple[float, float]
    register_since: datetime
    standard: str
    people_500m: int | None
    people_source: str | None
    people_assumed: bool = Field(description="true: nobody counted; the greatest α is taken")
    design: Hazard | None = Field(description="by design quantities: the legal figure")
    now: Hazard | None = Field(description="by what is there now; no legal grade")
    left_out: list[str] = Field(description="tanks in neither sum: both are lower bounds")
    tanks: list[Holding]


class PlantList(BaseModel):
    generated_at: datetime
    plants: list[Plant]


class ToxicLimit(BaseModel):
    name: str
    minutes: int = Field(description="averaging time")
    ppm: float
    evidence: str
    confirmed: bool = Field(description="two independent collections agree")


class Substance(BaseModel):
    code: str
    cas: str
    names: Names
    metric: str | None = Field(description="what a detector of it reports")
    molar_mass_gmol: float
    behaviour: Literal["neutral", "light", "dense", "cold"]
    lel_pct: float | None = Field(description="lower explosive limit, per cent by volume in air")
    lel_confirmed: bool
    limits: list[ToxicLimit]


class SubstanceList(BaseModel):
    substances: list[Substance]
