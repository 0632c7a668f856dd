"""The documents of thresholds, as OpenAPI describes them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from dashboard.api.models import Names, OriginWord

GradeWord = Literal["red", "orange", "yellow", "blue"]
StateWord = Literal["fresh", "late", "stale", "unknown"]


class Limit(BaseModel):
    value: float
    side: Literal["upper", "lower"]
    label: Names
    mean_over_s: int | None = Field(description="of the mean it is compared with; null: reading")
    rule: str | None = Field(description="that judges by it; null: a mark or permit alone")
    version: int | None
    grade: GradeWord | None = Field(description="that the rule raises beyond it")
    source: str | None


class Compared(Limit):
    compared: float | None = Field(description="reading or mean; null: takes no part")
    base: float | None


class ThresholdAlert(BaseModel):
    id: str
    grade: GradeWord
    owned: bool
    rule: str
    version: int
    limit: float | None


class NotCompared(BaseModel):
    rule: str
    version: int
    when: str = Field(description="rate, deviation; all, any, at_least of several conditions")


class Threshold(BaseModel):
    station: str
    kind: str
    names: Names
    department: str | None
    metric: str
    unit: str
    t: datetime | None
    age_s: float | None
    state: StateWord
    interval_s: float
    quality: Literal["good", "suspect", "missing"]
    flags: list[str]
    origin: OriginWord
    out_of_service: bool
    reading: float | None
    value: float | None = Field(description="what is compared with the limit: reading or mean")
    limit: Limit | None
    base: float | None = Field(description="where the way to the limit begins; null: at zero")
    in_percent: bool = Field(description="whether its margin is said in per cent of the limit")
    by_ratio: bool = Field(description="share is value / limit; else from the base to the limit")
    margin: float | None = Field(description="in the unit; above 0: beyond the limit")
    margin_pct: float | None = Field(description="null: the metric has no zero that means none")
    beyond: bool | None = Field(description="null: not compared")
    share: float | None = Field(description="of the way to the limit; 1: at it, at most 9.99")
    valid_24h: float | None = Field(description="usable of expected readings")
    alert: ThresholdAlert | None
    bounds: list[Compared]
    not_compared: list[NotCompared]


class ThresholdCounts(BaseModel):
    stations: int
    series: int
    judged: int
    beyond: int
    alerts: int
    late: int
    stale: int
    unknown: int


class Thresholds(BaseModel):
    generated_at: datetime
    counts: ThresholdCounts = Field(description="of all, whatever is asked for")
    shown: int
    rows: list[Threshold]


class CalendarDay(BaseModel):
    day: date = Field(description="of Beijing")
    value: float | None
    limit: float | None
    side: Literal["upper", "lower"]
    times: float | None = Field(description="of the limit, or of the way to it from its base")
    step: int | None = Field(description="0 within, 1 to 1.25, 2 to 1.5, 3 more; null: not valid")
    reason: str | None
    running: bool = Field(description="not over; counts nowhere")


class ExceedanceCalendar(BaseModel):
    basis: Literal["air_daily", "air_8h", "daily_mean", "hourly_mean", "reading"]
    limit: Limit | None = Field(description="the newest that was used")
    valid: int
    exceeded: int
    days: list[CalendarDay]


class QualityReason(BaseModel):
    code: str
    count: int
    from_: datetime = Field(alias="from")
    to: datetime


class QualityRow(BaseModel):
    station: str
    kind: str
    names: Names
    cells: list[Literal["full", "part", "none", "suspect", "before"]]
    expected: int
    usable: int
    share: float | None
    reasons: list[QualityReason]
    state: StateWord | None


class QualityDay(BaseModel):
    hours: list[datetime]
    rows: list[QualityRow] = Field(description="the series itself, then its nearest peers")


class ThresholdSeries(BaseModel):
    generated_at: datetime
    row: Threshold
    calendar: ExceedanceCalendar
    quality: QualityDay
