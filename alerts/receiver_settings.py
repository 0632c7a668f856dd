"""Who is told what by which way: receivers, routes, duties, escalation (section `alerts`)."""

import re
from datetime import time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from alerts.grade import Grade
from sensors.section import Code, Section
from sensors.settings import Kind

Language = Literal["zh", "en", "both"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DUTY, PERSON = "duty:", "person:"  # before a name: who is on duty there; this person

_HOURS = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$")
_TARGET = re.compile(r"^(duty:[A-Za-z0-9][A-Za-z0-9_.-]{0,39}|person:.{1,60}|[A-Za-z0-9][\w.-]*)$")
_RULES = re.compile(r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,39}\*?|\*)$")
_COMMON_RATE = 20.0  # what the robots of WeCom and DingTalk take a minute before they go silent


def _hours(text: str) -> str:
    found = _HOURS.match(text)
    if found is None:
        raise ValueError("expected HH:MM-HH:MM, such as 08:30-17:30 or 17:30-08:30")
    if found[1] + found[2] == found[3] + found[4]:
        raise ValueError("begins and ends at the same minute; leave it out for the whole day")
    return text


def _target(text: str) -> str:
    if not _TARGET.match(text):
        raise ValueError("expected the name of a receiver, duty:CODE or person:NAME")
    return text


def _pattern(text: str) -> str:
    if not _RULES.match(text):
        raise ValueError("expected the code of a rule, or how codes begin, such as GAS-*")
    return text


def _web(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(
            "a webhook's begins with http:// or https://; one of apprise holds secrets and belongs "
            "into `url_env` or `url_file`"
        )
    return text


Hours = Annotated[str, AfterValidator(_hours)]
Target = Annotated[str, AfterValidator(_target)]
RulePattern = Annotated[str, AfterValidator(_pattern)]


class ReceiverSettings(Section):
    """Somewhere that alerts are told to."""

    name: Code = Field(description="Its name in the records of what was sent.")
    type: Literal["log", "webhook", "apprise", "mqtt"] = Field(
        description="log: a line of JSON in the process's log; webhook: an HTTP POST; apprise: "
        "mail, WeCom, DingTalk, Feishu, SMS gateways and the rest, by an apprise URL; mqtt: "
        "published by ingest on its broker."
    )
    url: Annotated[str, AfterValidator(_web)] | None = Field(
        default=None,
        description="webhook: where to, http or https, where it holds no secret.",
    )
    url_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="webhook, apprise: the environment variable that holds the URL.",
    )
    url_file: str | None = Field(
        default=None,
        description="webhook, apprise: the file that holds the URL; relative to config.yaml.",
    )
    topic: str | None = Field(
        default=None,
        pattern=r"^[^+#\x00]+$",
        max_length=200,
        description="mqtt: the topic that each transition is published on, at QoS 1.",
    )
    min_grade: Grade = Field(
        default="blue",
        description="The least grade that it is told; an alert that ever reached it is told on.",
    )
    language: Language = Field(default="both", description="What people read there.")
    max_length: int | None = Field(
        default=None,
        ge=40,
        le=20_000,
        description="apprise: most characters of title and text together, such as 70 for one SMS; "
        "beside it stands the limit of the service itself.",
    )
    per_minute: float | None = Field(
        default=None,
        gt=0,
        le=6000,
        description="Most messages a minute; above it they are gathered into one. apprise: 20 "
        "where nothing is said; others: without limit.",
    )
    burst: int = Field(
        default=5, ge=1, le=1000, description="How many may go at once after a quiet time."
    )
    fallback: tuple[Code, ...] = Field(
        default=(),
        description="Receivers that are told what this one does not take; else `fallback` of all.",
    )
    fallback_after: int = Field(
        default=3, ge=1, le=100, description="Failures of a message before the fallback is told."
    )
    test: bool = Field(
        default=False, description="Whether the test message of each `test_every_s` goes there too."
    )
    receipt: bool = Field(
        default=False,
        description='webhook: delivery is only what is answered with {"receipt": the '
        "Idempotency-Key}; any 2xx otherwise.",
    )
    timeout_s: float = Field(default=5, gt=0, le=60, description="Seconds to wait for the answer.")

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        said = [name for name in ("url", "url_env", "url_file") if getattr(self, name) is not None]
        if self.type == "webhook" and len(said) != 1:
            raise ValueError("a webhook needs one of `url`, `url_env`, `url_file`")
        if self.type == "apprise" and (len(said) != 1 or self.url is not None):
            raise ValueError(
                "apprise needs `url_env` or `url_file`: its URL holds secrets and never stands here"
            )
        if self.type in ("log", "mqtt") and said:
            raise ValueError(f"`{said[0]}` belongs to webhook and apprise")
        if (self.type == "mqtt") != (self.topic is not None):
            raise ValueError("mqtt needs a `topic`, and nothing else has one")
        if self.receipt and self.type != "webhook":
            raise ValueError("`receipt` belongs to webhook")
        return self

    @property
    def rate(self) -> float | None:
        """Messages a minute; None: without limit."""
        return self.per_minute or (_COMMON_RATE if self.type == "apprise" else None)


class MatchSettings(Section):
    """Which alerts, and when. What is left empty fits everything; all that is said must fit."""

    departments: tuple[Code, ...] = Field(
        default=(), description="Alerts of these departments; empty: of all."
    )
    stations: tuple[Code, ...] = Field(default=(), description="Alerts at these stations.")
    kinds: tuple[Kind, ...] = Field(default=(), description="Alerts at stations of these kinds.")
    rules: tuple[RulePattern, ...] = Field(
        default=(), description="Alerts of these rules; GAS-* is all whose code begins with GAS-."
    )
    min_grade: Grade = Field(
        default="blue", description="Alerts that have ever been of this grade, or of a graver one."
    )
    hours: Hours | None = Field(
        default=None,
        description="Only from HH:MM to before HH:MM, Beijing time; may pass midnight.",
    )
    days: tuple[Day, ...] = Field(
        default=(),
        description="Only on these days of the week: mon to sun. What of `hours` lies after "
        "midnight belongs to the day on which it began.",
    )

    @property
    def window(self) -> tuple[time, time] | None:
        """`hours` as two times of day; the second may lie before the first."""
        if self.hours is None:
            return None
        first, last = self.hours.split("-")
        return time.fromisoformat(first), time.fromisoformat(last)


class RouteSettings(MatchSettings):
    """Where alerts are told. The first route that fits is taken, and none after it."""

    name: Code = Field(description="Its name in the records of who was told why.")
    to: tuple[Target, ...] = Field(
        min_length=1,
        description="Receivers by name; duty:CODE: who is on duty there; person:NAME: this person.",
    )
    go_on: bool = Field(
        default=False, description="true: the routes after it are looked at as well."
    )


class StepSettings(Section):
    """Who else is told when nobody acknowledges."""

    after_s: int = Field(
        ge=10, le=86_400, description="Seconds after people were first told of this grade."
    )
    to: tuple[Target, ...] = Field(min_length=1, description="As in a route.")


class EscalationSettings(MatchSettings):
    """Whom an alert goes to, step by step, until somebody acknowledges it. The first that fits."""

    name: Code = Field(description="Its name in the records of who was told why.")
    steps: tuple[StepSettings, ...] = Field(min_length=1, description="In order of time.")
    returned: bool = Field(
        default=False,
        description="true: also while the values are back and nobody has acknowledged.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = [step.after_s for step in self.steps]
        if times != sorted(set(times)):
            raise ValueError(f"steps must come later and later; `after_s` is {times}")
        return self


_NAME = r"^[^|]{1,40}$"  # `|` lies between the two where an alert says them


class DutySettings(Section):
    """A post that somebody is on duty at; the rota says who (page `/duty`)."""

    code: Code = Field(description="What routes call it: duty:CODE.")
    zh: str = Field(pattern=_NAME, description="Chinese name.")
    en: str = Field(pattern=_NAME, description="English name.")
    filled: bool = Field(
        default=True, description="Whether an hour without anybody is a gap, shown and told."
    )


class DeadManSettings(Section):
    """A signal of life to a service outside, whose absence is the alarm."""

    url_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="The environment variable that holds the URL that is asked.",
    )
    url_file: str | None = Field(
        default=None, description="The file that holds it; relative to config.yaml."
    )
    every_s: int = Field(default=300, ge=10, le=86_400, description="Seconds between two signals.")
    timeout_s: float = Field(default=5, gt=0, le=60, description="Seconds to wait for the answer.")

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if (self.url_env is None) == (self.url_file is None):
            raise ValueError("needs `url_env` or `url_file`, one of them")
        return self
