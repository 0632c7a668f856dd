"""The documents of the replay, as OpenAPI describes them; parts are those of the stream."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from dashboard.api.models import Alert, Grade, Names, StationCollection
from dashboard.api.plume_models import FootprintList

Known = Literal["then", "now"]


class PastWarning(BaseModel):
    id: str
    kind: Literal["in_force", "waiting"]
    headline: Names | None
    grade: Grade | None
    status: str | None
    expires_at: datetime | None


class PastState(BaseModel):
    now: datetime = Field(description="the moment; ages are counted to it")
    known: Known
    stations: StationCollection
    alerts: list[Alert] = Field(description="the most urgent that stood; tally counts all")
    tally: dict[str, dict[str, int]]
    newest: datetime | None
    warnings: list[PastWarning]


class PastChanges(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime
    now: datetime = Field(description="the present")
    known: Known
    changes: list[dict[str, Any]] = Field(description="as events `change` of the live stream")


class PastAlert(BaseModel):
    id: str
    grade: Grade = Field(description="the gravest that it had by the end of the stretch")
    t: datetime = Field(description="when it arose: as it was recorded, or (now) as it happened")
    taken: datetime | None
    until: datetime | None
    station: str | None
    station_names: Names | None
    metric: str | None
    label: Names
    found_afterwards: bool


class PastShift(BaseModel):
    t: datetime = Field(description="when it began")
    names: Names


class PastAlerts(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime
    known: Known
    left_out: int
    shifts: list[PastShift]
    alerts: list[PastAlert]


class PastFootprints(FootprintList):
    pass
