"""The documents of air and discharge, as OpenAPI describes them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from dashboard.api.models import Names, OriginWord


class Doubt(Names):
    key: str


class Provenance(BaseModel):
    basis: Names = Field(description="the standard, or where the limits come from")
    rollup: str = Field(description="what the means are made of")
    counts: Names = Field(description="which readings count")
    day: str = Field(description="whose calendar days; hours are known by their start")
    generated_at: datetime
    unconfirmed: list[Doubt] = Field(description="what no standard at hand confirms")


class AirEntry(BaseModel):
    metric: str
    item: str = Field(description="as HJ 633 calls it: PM25_24H")
    value: float | None = Field(description="the mean; null where it is not valid")
    count: int
    wanted: int = Field(description="how many make it valid")
    reason: str | None = Field(description="why it is not valid")
    iaqi: int | None
    mark: Literal["", "NA", "/"] = Field(description="/: not in the monitoring plan")


class AirReport(BaseModel):
    t: datetime | None = Field(None, description="of hours: the start")
    us_epa: dict[str, dict[str, float] | None] | None = Field(
        None, description="of hours: NowCast of particles and its index, by the US scale"
    )
    day: date | None = Field(None, description="of days: the Beijing day")
    standard: str
    aqi: int | None = Field(description="null: NA, reason says why")
    category: int | None
    class_: Names | None = Field(alias="class")
    primary: list[str]
    exceeding: list[str] = Field(description="above 100; only by the edition of 2012")
    expected: int = Field(description="how many of the six the plan has")
    known: int
    reason: str | None
    entries: list[AirEntry]


class AirDocument(BaseModel):
    station: str
    from_: datetime = Field(alias="from")
    to: datetime = Field(description="nothing that is not over is judged")
    origin: OriginWord
    provenance: Provenance


class AirReports(AirDocument):
    reports: list[AirReport]


class AirLimit(BaseModel):
    value: float
    unit: str
    averaging: Literal["annual", "daily", "8h", "1h"]
    edition: str
    confirmed: bool = Field(description="false: could not be read in the standard itself")
    source: str


class AirExceedanceRow(BaseModel):
    metric: str
    limit: AirLimit
    expected: int = Field(description="hours or days of the period")
    valid: int
    over: int
    rate: float | None = Field(description="over / valid")
    greatest: float | None
    greatest_at: datetime | date | None
    multiple: float | None = Field(description="(C - S) / S; null where nothing was above")
    percentile_pct: int | None = Field(description="null by the hour")
    percentile: float | None = Field(description="of the valid days of the period")


class AirYear(BaseModel):
    metric: str
    year: int
    valid_days: int
    mean: float | None
    reason: str | None
    limit: AirLimit | None
    over: bool | None = Field(description="null: cannot be said")
    percentile_pct: int
    percentile: float | None
    daily_limit: AirLimit | None
    percentile_over: bool | None


class AirExceedance(AirDocument):
    class_: Literal[1, 2] = Field(alias="class")
    rows: list[AirExceedanceRow]
    years: list[AirYear]


class PermitLimit(BaseModel):
    name: str
    label: Names
    value: float
    side: Literal["upper", "lower"]
    mean_over_s: int | None = Field(description="of the mean it is for; null: each reading")
    source: str
    valid_from: datetime
    valid_to: datetime | None


class ComplianceRow(BaseModel):
    station: str
    kind: Literal["discharge", "stack"]
    names: Names
    department: str
    metric: str
    unit: str
    limit: PermitLimit
    method: Literal["arithmetic", "flow_weighted"]
    expected: int = Field(description="hours or days; of a limit for each reading: hours")
    valid: int
    sound: int = Field(description="valid without doubtful readings")
    completeness: float | None
    mean: float | None
    worst: float | None
    worst_at: datetime | None
    over: int
    over_sound: int
    verdict: Literal["met", "exceeded", "undetermined"]
    why: str
    reason: Names
    origin: OriginWord


class ComplianceTable(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime
    rows: list[ComplianceRow]
    provenance: Provenance
