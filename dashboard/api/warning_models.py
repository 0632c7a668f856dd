"""Bodies and answers of the API of warnings; what one says: alerts/warnings/content.py."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from alerts.warnings.content import Content
from dashboard.api.models import Body, kept

Reason = Annotated[str, Field(max_length=500)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="the one that was read")]


class NewWarning(Body):
    content: Content
    alert: Annotated[
        str | None, Field(max_length=64, description="the alert that it is written of")
    ] = None

    _storable = field_validator("alert")(kept)


class Check(Body):
    content: Content
    id: Annotated[
        str | None, Field(max_length=64, description="the warning that is being written")
    ] = None
    alert: Annotated[str | None, Field(max_length=64)] = None

    _storable = field_validator("id", "alert")(kept)


class Edit(Body):
    version: Version
    content: Content


class Act(Body):
    version: Version
    reason: Reason | None = None

    _storable = field_validator("reason")(kept)


class Because(Body):
    version: Version
    reason: Reason

    _storable = field_validator("reason")(kept)


class Follow(Body):
    reason: Reason | None = None

    _storable = field_validator("reason")(kept)


class Fault(BaseModel):
    """where: the field of `content`; problem: what is wrong and what would be right."""

    where: str
    code: str
    problem: dict[str, str]


class Warning(BaseModel):  # noqa: A001 - the word of the field
    """standing: how it stands now; version: its steps; mine: you wrote of it and cannot approve it.

    replaced: the type of the published message that took its place.
    """

    id: str
    thread: str
    number: int
    type: Literal["Alert", "Update", "Cancel"]
    standing: Literal[
        "draft", "submitted", "discarded", "in_force", "updated", "cancelled", "expired", "cancel"
    ]
    version: int
    content: Content
    severity: str
    alert: str | None
    origin: str
    author: str
    created_at: datetime
    approver: str | None
    published_at: datetime | None
    expires_at: datetime | None
    changed_at: datetime
    replaced: str | None


class WarningList(BaseModel):
    generated_at: datetime
    warnings: list[Warning]
    cursor: str | None


class WarningLife(Warning):
    """faults: what stands against publishing it now; before: what was published of the event last,
    and differences from it."""

    mine: bool
    steps: list[dict[str, Any]]
    messages: list[Warning]
    faults: list[Fault]
    before: Content | None
    differences: list[str]
    cap: str | None


class Start(BaseModel):
    """A first draft, stored nowhere. warnings: what has been written of the alert already."""

    content: Content
    alert: str | None
    warnings: list[Warning]


class Checked(BaseModel):
    faults: list[Fault]
