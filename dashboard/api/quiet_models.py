"""The documents of the score, of what is stale and of what flaps, as OpenAPI describes them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from dashboard.api.models import Alert, Grade, Names


class Figure(BaseModel):
    code: str
    value: float | None = Field(description="null: nothing to compute it from")
    target: float | None = Field(description="to be aimed at; null: the sources name none")
    most: float | None = Field(description="what is still manageable")
    verdict: Literal["met", "manageable", "over"] | None
    source: str
    unconfirmed: bool = Field(description="the figure was not confirmed in the standard's text")


class Window(BaseModel):
    t: datetime = Field(description="start of ten minutes by the clock")
    count: int


class FloodOf(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime | None = Field(description="null: it lasts")
    count: int


class Noisy(BaseModel):
    rule: str
    subject: str
    label: Names
    station_names: Names | None


class Counted(Noisy):
    count: int
    share_pct: float


class Score(BaseModel):
    shift: Names | None
    from_: datetime = Field(alias="from")
    to: datetime = Field(description="the end of the shift or of what was asked for")
    until: datetime = Field(description="as far as it has come")
    figures: list[Figure]
    windows: list[Window]
    floods: list[FloodOf]
    grades: dict[str, int]
    priorities: dict[str, float | None] = Field(description="shares in per cent")
    priority_targets: dict[str, float]
    top: list[Counted]
    chattering: list[Noisy]
    fleeting: list[Noisy]
    flapping: list[Noisy]


class StaleAlert(BaseModel):
    alert: Alert
    note: str | None
    noted_by: str | None


class StaleList(BaseModel):
    hours: int
    count: int = Field(description="all of them; the list has the oldest")
    alerts: list[StaleAlert]


class Trial(BaseModel):
    value: float
    alerts: int = Field(description="that the readings would have made; the fewest of the grid")
    open_s: float = Field(description="for how long they would have stood in all")


class Proposal(BaseModel):
    alerts_now: int = Field(description="that the rule in force makes of the stored readings")
    open_s_now: float
    dead_band: Trial | None = Field(description="in `unit`; null: none helps")
    off_delay_s: Trial | None


class Bout(Noisy):
    rule_version: int | None = Field(description="of the rule in force, which was tried")
    metric: str | None
    unit: str | None
    raises: int
    from_: datetime = Field(alias="from")
    to: datetime
    chattering: bool = Field(description="within a minute; else more slowly")
    proposal: Proposal | None = Field(description="null: not a rule with limits, or not tried")


class Chattering(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime
    bouts: list[Bout]


class Group(BaseModel):
    id: str = Field(description="of the alert that founded it; it stays the same")
    cause: str = Field(description="gas, silence, air, or the kind of station; empty: by itself")
    place: str = Field(description="code of the plant, device or station; empty: the district")
    grade: Grade = Field(description="the gravest of its alerts")
    count: int
    waiting: int = Field(description="how many nobody has taken")
    grades: dict[str, int]
    headline: Names = Field(description="how many of what")
    began_at: datetime
    newest_at: datetime
    alerts: list[str] = Field(description="ids, the gravest first")


class GroupList(BaseModel):
    groups: list[Group]


class EvidencePart(BaseModel):
    sha256: str = Field(description="of the document as JSON: sorted keys, no spaces, UTF-8")
    intact: bool = Field(description="whether the document still has this digest")
    written_at: datetime
    document: dict[str, Any]


class Evidence(BaseModel):
    alert: Alert
    at_raise: dict[str, Any] = Field(description="as it was written with the raise itself")
    seals_at: datetime | None = Field(description="null: it has not ended")
    raised: EvidencePart | None = Field(description="null: written a few seconds after the raise")
    sealed: EvidencePart | None
