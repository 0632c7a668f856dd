"""The documents of rota, ways to people and receipts, as OpenAPI describes them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from dashboard.api.models import Body, Grade, Names, storable

Name = Annotated[str, Field(min_length=1, max_length=60)]


class Shift(BaseModel):
    id: int
    duty: str
    who: str
    from_: datetime = Field(alias="from")
    to: datetime
    note: str | None
    entered_by: str


class Gap(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime


class Duty(BaseModel):
    code: str
    names: Names
    filled: bool = Field(description="whether an hour without anybody is a gap")
    on_duty: list[str]
    shifts: list[Shift]
    gaps: list[Gap]


class HandOver(BaseModel):
    id: int
    duty: str
    shift: int
    from_who: str
    to_who: str
    note: str
    offered_at: datetime
    answer: Literal["accepted", "declined", "withdrawn"] | None = Field(description="null: open")
    answered_at: datetime | None
    answer_note: str | None


class Rota(BaseModel):
    from_: datetime = Field(alias="from")
    to: datetime
    duties: list[Duty]
    hand_overs: list[HandOver] = Field(description="open ones, and those of the last day")
    people: list[str] = Field(description="who can be entered")


class NewShift(Body):
    duty: Name
    who: Name
    from_: datetime = Field(alias="from")
    to: datetime
    note: Annotated[str, Field(max_length=500)] = ""

    _storable = field_validator("duty", "who", "note")(storable)


class NewHandOver(Body):
    to: Name = Field(description="who takes over")
    note: Annotated[str, Field(max_length=2000, description="what the other must know")]

    _storable = field_validator("to", "note")(storable)


class Answer(Body):
    answer: Literal["accepted", "declined", "withdrawn"]
    note: Annotated[str, Field(max_length=500)] = ""

    _storable = field_validator("note")(storable)


class Contact(BaseModel):
    id: int
    who: str
    label: str
    masked: str = Field(description="all that is ever shown of the address")
    language: Literal["zh", "en", "both"]
    min_grade: Grade
    max_length: int | None
    made_by: str
    made_at: datetime


class ContactList(BaseModel):
    contacts: list[Contact]


class NewContact(Body):
    who: Name
    label: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,19}$")]
    url: Annotated[str, Field(min_length=4, max_length=2000, description="as apprise writes it")]
    language: Literal["zh", "en", "both"] = "zh"
    min_grade: Grade = "blue"
    max_length: Annotated[int | None, Field(ge=40, le=20_000)] = None

    _storable = field_validator("who", "url")(storable)


class Receipt(BaseModel):
    transition: int
    seq: int
    kind: str
    grade: Grade | None
    receiver: str
    way: Literal["route", "escalation", "fallback"]
    step: int
    why: dict[str, Any]
    state: Literal["delivered", "waiting", "failing", "given_up"]
    made_at: datetime
    attempts: int
    delivered_at: datetime | None
    given_up_at: datetime | None
    next_try_at: datetime | None = Field(description="of what still waits")
    error: str | None
    digest_size: int | None = Field(description="how many transitions one message carried")
    fell_back_at: datetime | None = Field(description="when others were told in its place")


class Untold(BaseModel):
    transition: int
    seq: int
    kind: str
    grade: Grade | None
    at: datetime | None
    why: str | None = Field(description="null: nobody has decided yet")


class Receipts(BaseModel):
    messages: list[Receipt]
    untold: list[Untold] = Field(description="what was told to nobody, and why")


class ReceiverState(BaseModel):
    receiver: str
    type: str | None = Field(description="null: a person's way, or one that is gone")
    state: Literal["well", "failing", "unused"]
    delivered_at: datetime | None
    failed_at: datetime | None
    failing_since: datetime | None
    error: str | None = Field(description="of the newest failure")
    waiting: int
    given_up: int = Field(description="within 24 h")
    delivered: int = Field(description="within 24 h")
    oldest_waiting: datetime | None
    tested_at: datetime | None = Field(description="the last test message that arrived")
    test: bool


class ReceiverList(BaseModel):
    receivers: list[ReceiverState]
