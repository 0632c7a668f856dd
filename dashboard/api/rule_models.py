"""What is sent about rules, and what is answered, as OpenAPI describes it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from dashboard.api.models import storable

Definition = dict[str, Any]
_DEEPEST = 20  # far deeper than any rule is


def _all_storable(definition: Definition) -> Definition:
    """Of every text in it, names of fields too; not so deep that nobody could write it out."""
    rest: list[tuple[object, int]] = [(definition, 1)]
    while rest:
        one, level = rest.pop()
        if level > _DEEPEST:
            raise ValueError(f"a rule is at most {_DEEPEST} levels deep")
        if isinstance(one, str):
            storable(one)
        elif isinstance(one, dict):
            rest += [(part, level + 1) for pair in one.items() for part in pair]
        elif isinstance(one, list):
            rest += [(part, level + 1) for part in one]
    return definition


Written = Annotated[Definition, AfterValidator(_all_storable)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Reasoned(_Body):
    reason: str = Field(min_length=1, max_length=500, description="Why; kept with the version.")

    _storable = field_validator("reason")(storable)


class NewRule(_Reasoned):
    definition: Written = Field(description="The rule as in config.yaml (docs/alerts.md).")


class ChangedRule(_Reasoned):
    definition: Written
    version: int = Field(ge=1, strict=True, description="The version that was read.")


class RetiredRule(_Reasoned):
    version: int = Field(ge=1, strict=True, description="The version that was read.")


class ReinstatedRule(_Reasoned):
    version: int = Field(ge=1, strict=True, description="The version that was read.")
    definition: Written | None = Field(default=None, description="null: as it was.")


class RuleToCheck(_Body):
    definition: Written


class BackTestAsked(_Body):
    """Of the rule in force with that code, or of a definition that need not be saved."""

    code: Annotated[str, AfterValidator(storable)] | None = Field(default=None, max_length=40)
    definition: Written | None = None
    from_: datetime = Field(alias="from", description="Inclusive, with a time zone.")
    to: datetime = Field(description="Exclusive, with a time zone.")


class Change(BaseModel):
    field: str = Field(description="`grades.orange`")
    before: Any = Field(description="null: at its default")
    after: Any


class Version(BaseModel):
    code: str
    version: int
    author: str
    reason: str
    created_at: datetime
    retired_at: datetime | None
    definition: Definition


class VersionWithChanges(Version):
    changes: list[Change] = Field(description="against the version before")


class Covers(BaseModel):
    series: int
    stations: list[str]


class Rule(Version):
    state: Literal["in_force", "retired", "unreadable", "built_in"]
    problems: list[str] = Field(description="why it cannot be read")
    drift: list[Change] | None = Field(
        description="against config.yaml as last read; null: the file has no such rule"
    )
    open_alerts: int
    covers: Covers | None


class RuleList(BaseModel):
    rules: list[Rule]


class RuleHistory(BaseModel):
    rule: Rule
    versions: list[VersionWithChanges] = Field(description="newest first")


class Mistake(BaseModel):
    field: str
    where: str
    problem: str
    text: dict[str, str] = Field(description="the problem in both languages")


class Advice(BaseModel):
    code: str
    field: str
    station: str | None
    proposed: float | None
    text: dict[str, str]


class Checked(BaseModel):
    mistakes: list[Mistake]
    advice: list[Advice]
    covers: Covers | None


class Episode(BaseModel):
    station: str
    subject: str
    grade: str
    began_at: datetime
    raised_at: datetime
    ended_at: datetime | None
    length_s: float | None
    peak: float | None
    limit: float | None
    bad_data: bool


class Really(BaseModel):
    alerts: int
    both: int
    only_back_tested: int
    missed: int


class BackTested(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    rule: str
    from_: datetime = Field(alias="from")
    to: datetime
    series: int
    readings: int
    judged: int = Field(description="of the readings, those that the engine had to see")
    seconds: float
    alerts: int
    by_bad_data: int
    by_grade: dict[str, int]
    by_station: dict[str, int]
    by_month: dict[str, int]
    in_alarm_s: float
    chatter: int
    open_at_end: int
    longest: Episode | None
    first: Episode | None
    last: Episode | None
    really: Really
    episodes: list[Episode] = Field(description="the first 500")
    left_out: int = Field(description="episodes beyond those; all figures count them too")
