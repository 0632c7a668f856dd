"""The documents of accounts, sessions, tokens and the audit, as OpenAPI describes them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator

from dashboard.api.models import Body, Names, storable

Role = Literal["viewer", "duty", "environment", "administrator"]
Reason = Annotated[str, Field(max_length=500, description="why; the audit keeps it")]


class Person(BaseModel):
    name: str
    role: Role
    department: str | None = Field(description="its writes are limited to this one's stations")
    created_at: datetime
    seen_at: datetime | None = Field(description="when it last used a screen")
    locked_until: datetime | None
    disabled_at: datetime | None
    must_change: bool = Field(description="its password is to be changed at the next sign-in")
    sessions: int
    tokens: int


class Department(BaseModel):
    code: str
    names: Names


class PersonList(BaseModel):
    accounts: list[Person]
    departments: list[Department]


class Session(BaseModel):
    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str | None
    agent: str | None = Field(description="what the browser calls itself")
    own: bool = Field(description="the one that asks")


class Token(BaseModel):
    id: int
    label: str
    role: Role = Field(description="what it may; never more than its account")
    created_at: datetime
    seen_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


class PersonDetail(BaseModel):
    account: Person
    sessions: list[Session]
    tokens: list[Token]


class OwnAccount(PersonDetail):
    roles: list[Role] = Field(description="that a token of this account can have")
    must_be: int = Field(description="characters of a password, at least")


class MadeAccount(BaseModel):
    account: Person
    password: str | None = Field(description="shown once; null where this answer is a repetition")


class MadeToken(BaseModel):
    token: Token
    secret: str | None = Field(description="shown once; null where this answer is a repetition")


class Ended(BaseModel):
    ended: int


def _if_any(text: str | None) -> str | None:
    return storable(text) if text else None


class _Reasoned(Body):
    reason: Reason = ""

    _storable = field_validator("reason")(storable)


class NewAccount(_Reasoned):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    role: Role
    department: Annotated[str, Field(max_length=40)] | None = None

    _storable_name = field_validator("name", "department")(_if_any)


class ChangedAccount(_Reasoned):
    role: Role
    department: Annotated[str, Field(max_length=40)] | None = None

    _storable_department = field_validator("department")(_if_any)


class Reasoned(_Reasoned):
    pass


class NewToken(Body):
    label: Annotated[str, Field(max_length=80, description="what it is for")]
    role: Role
    days: Annotated[int, Field(ge=1, le=730, description="until it ends")] = 90

    _storable = field_validator("label")(storable)


class Deed(BaseModel):
    id: int
    at: datetime
    who: str
    action: str
    object: str | None
    address: str | None
    detail: dict[str, Any]


class Audit(BaseModel):
    entries: list[Deed]
    actions: list[str] = Field(description="all that there are, on the first page; to choose from")
    cursor: str | None
