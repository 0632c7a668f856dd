"""The documents of analyses, as OpenAPI describes them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from dashboard.api.models import Names, OriginWord


class AnalysisProvenance(BaseModel):
    rollup: str = Field(description="what hourly means are made of")
    counts: Names = Field(description="which readings count")
    valid: Names = Field(description="which hours count")
    day: str
    generated_at: datetime


class AnalysisSpan(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime
    provenance: AnalysisProvenance


class AnalysisLimit(BaseModel):
    name: str
    label: Names
    value: float
    side: Literal["upper", "lower"]
    mean_over_s: int | None = Field(description="null: each reading")
    source: str


class CountedLimit(AnalysisLimit):
    exceed_hours: int | None = Field(description="null: for longer means, or no valid hour")


class Identity(BaseModel):
    station: str
    names: Names
    metric: str
    unit: str
    origin: OriginWord


class Base(BaseModel):
    valid: int = Field(description="valid hourly means")
    expected: int = Field(description="hours that owe one")
    valid_share: float | None


class AnalysisPoint(BaseModel):
    t: datetime
    value: float | None
    min: float | None
    max: float | None
    count: int
    quality: Literal["good", "suspect", "missing"]
    flags: list[str] | None = Field(None, description="of raw readings")


class AnalysedSeries(Identity):
    resolution: str = Field(description="raw, 1m, 5m, 1h, 1d, or days: 2d")
    interval_s: float
    gap_s: float = Field(description="points farther apart are not joined")
    limits: list[AnalysisLimit]
    points: list[AnalysisPoint]


class SeriesDocument(AnalysisSpan):
    series: list[AnalysedSeries]


class Counted(BaseModel):
    hours: int
    share: float | None = Field(description="of the hours whose wind is known")


class WindSector(Counted):
    from_deg: float = Field(description="the sector's middle; where the wind comes from")
    classes: list[int] = Field(description="hours by speed class, as classes_ms")


class WindPart(Base):
    station: str = Field(description="whose wind it is")
    names: Names
    distance_km: float
    origin: OriginWord
    mean_ms: float | None
    calm_below_ms: float
    classes_ms: list[float] = Field(description="where each class begins")
    calms: Counted
    variable: Counted = Field(description="with wind, but from no mean direction")
    sectors: list[WindSector]


class PollutionShare(BaseModel):
    hours: int
    mean: float | None
    above: int | None = Field(description="hours beyond the threshold")
    probability: float | None = Field(description="above / hours")
    few: bool = Field(description="too few hours to say much")


class PollutionSector(PollutionShare):
    from_deg: float


class RoseThreshold(BaseModel):
    value: float | None
    limit: AnalysisLimit | None = Field(description="null: the 75th percentile")


class PollutionPart(Identity, Base):
    with_wind: int = Field(description="valid hours whose wind is known")
    threshold: RoseThreshold
    limits: list[AnalysisLimit] = Field(description="that may be the threshold, by name")
    few_below: int
    sectors: list[PollutionSector]
    calm: PollutionShare


class RoseDocument(AnalysisSpan):
    station: str
    names: Names
    convention: Names
    wind: WindPart
    pollution: PollutionPart | None


class Statistics(Identity, Base):
    mean: float | None
    least: float | None
    greatest: float | None
    quantiles: dict[str, float | None] = Field(description="p5, p25, p50, p75, p95, p98")
    limits: list[CountedLimit]


class HistogramBin(BaseModel):
    low: float
    high: float
    count: int


class Distribution(Statistics):
    bins: list[HistogramBin]


class DistributionDocument(AnalysisSpan):
    series: list[Distribution]


class HourSpread(BaseModel):
    n: int
    p25: float | None
    median: float | None
    p75: float | None


class Diurnal(Identity, Base):
    hours: list[HourSpread] = Field(description="0 to 23, Beijing")
    week: list[list[HourSpread]] = Field(description="Monday to Sunday, each 0 to 23")


class DiurnalDocument(AnalysisSpan):
    series: list[Diurnal]


class PairedHour(BaseModel):
    t: datetime
    first: float
    second: float


class ComparedPair(BaseModel):
    first: str = Field(description="station:metric")
    second: str
    n: int
    difference: float | None = Field(description="mean of second − first; null of two metrics")
    correlation: float | None = Field(description="Pearson's r; null of fewer than 3 hours")
    points: list[PairedHour]


class ComparisonDocument(AnalysisSpan):
    series: list[Statistics]
    pairs: list[ComparedPair] = Field(description="each other series with the first")
