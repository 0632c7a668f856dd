"""What the API takes and gives of an alert's life, as the OpenAPI document shows it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from dashboard.api.models import Acknowledge, Alert, Body, Grade, Names, storable

Version = Annotated[int, Field(ge=1, description="the version of the alert that was seen")]


class _Reasoned(Body):
    reason: Annotated[str, Field(max_length=500, description="why; it stands in the journal")]

    _reason_storable = field_validator("reason")(storable)


class Seen(Body):
    id: Annotated[str, Field(max_length=64)]
    version: Version

    _id_storable = field_validator("id")(storable)


class AcknowledgeAll(Body):
    """Several at once; each is taken or not by itself."""

    alerts: Annotated[list[Seen], Field(min_length=1, max_length=500)]
    note: Annotated[str, Field(max_length=500, description="what is being done")] = ""

    _note_storable = field_validator("note")(storable)


class Taken(BaseModel):
    id: str
    result: Literal["acknowledged", "yours", "taken", "changed", "unknown", "outside"] = Field(
        description="yours: it was yours already; taken: `owner` has it; changed: look again; "
        "outside: `department` owns it, and yours is another"
    )
    owner: str | None
    alert: Alert | None
    department: str | None = Field(default=None, description="of `outside`; null: no department")


class TakenAll(BaseModel):
    results: list[Taken]


class HandOver(Body):
    to: Annotated[str, Field(max_length=100, description="the account that has it from now on")]
    note: Annotated[str, Field(max_length=500)] = ""
    version: Version

    _storable = field_validator("to", "note")(storable)


class Note(Body):
    note: Annotated[str, Field(max_length=500)]

    _note_storable = field_validator("note")(storable)


class Reset(Acknowledge):
    """A note is asked for: what was found."""


class Shelve(_Reasoned):
    until: Annotated[datetime, Field(description="when it comes back by itself")]
    version: Version


class Unshelve(_Reasoned):
    version: Version


class OutOfService(_Reasoned):
    until: Annotated[datetime | None, Field(description="null: until further notice")] = None
    metrics: Annotated[
        list[Annotated[str, Field(max_length=100)]] | None,
        Field(min_length=1, max_length=50, description="null: the whole station"),
    ] = None


class InService(_Reasoned):
    pass


class PendingAlert(BaseModel):
    rule: str
    label: Names
    subject: str
    station: str | None
    station_names: Names | None
    metric: str | None
    unit: str | None
    grade: Grade
    since: datetime = Field(description="the first reading beyond the limit")
    due_at: datetime = Field(description="when the hold is over, if readings stay beyond")
    value: float | None = Field(description="the newest of the series")
    observed_at: datetime | None
    steps_up: bool = Field(description="an alert of a lesser grade is on already")


class PendingList(BaseModel):
    pending: list[PendingAlert]


class OwnerList(BaseModel):
    owners: list[str]


class SuppressionDocument(BaseModel):
    id: int
    kind: Literal["shelved", "suppressed", "out_of_service"]
    rule: str | None
    label: Names | None
    subject: str | None
    station: str | None
    station_names: Names | None
    metrics: list[str] | None = Field(description="out of service: null is the whole station")
    grade: Grade | None = Field(description="the gravest that it hides; null: any")
    cause: str | None = Field(description="suppressed: the alert that hides it")
    who: str
    why: str
    began_at: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_by: str | None = Field(description="`system`: by itself")
    end_why: str | None
    alerts: list[dict[str, Any]] = Field(
        description="what it keeps quiet now: id, version, grade, on (whether its condition is)"
    )


class SuppressionList(BaseModel):
    suppressions: list[SuppressionDocument]
