"""The `alerts` section of config.yaml: rules, receivers, the clock; and what spans entries."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from alerts.check import check_rules
from alerts.grade import Grade
from alerts.life.settings import (
    INGEST_HIDES,
    InhibitionSettings,
    LifeSettings,
    check_inhibitions,
)
from config import Mistake
from sensors.reading import Quality
from sensors.section import Code, Section
from sensors.settings import Kind, MetricCode, Names, check_unit

SYSTEM = "SYSTEM-"  # codes of built-in rules begin so


QualityTest = Literal[
    "rate", "stuck", "clock", "device", "spike", "climate", "neighbour", "status", "stale_clock"
]


class RuleSettings(Section):
    """What is wrong with a reading, or with its absence, and what it then means."""

    code: Code = Field(description="Code of the rule; never reused for another meaning.")
    label: Names = Field(description="What the alert is called, in both languages.")
    metric: MetricCode = Field(description="The metric it judges.")
    kind: Kind | None = Field(default=None, description="Covers every station of this kind.")
    stations: tuple[Code, ...] = Field(
        default=(), description="Covers these stations, besides those of `kind`."
    )
    when: Literal["above", "below", "no_data"] = Field(
        description="above, below: strictly beyond a limit; no_data: no usable reading."
    )
    unit: str | None = Field(
        default=None,
        description="The metric's unit, for above and below: a guard against mg for µg.",
    )
    grades: dict[Grade, float | Code] = Field(
        default_factory=dict,
        description="above, below: a limit for each grade, a number in `unit` or the name of a "
        "limit of the station (its season is honoured).",
    )
    grade: Grade | None = Field(default=None, description="no_data: the grade of the alert.")
    dead_band: float = Field(
        default=0,
        ge=0,
        description="In `unit`: a grade clears only when the value is this far back, or further.",
    )
    on_delay_s: int = Field(
        default=0, ge=0, description="Seconds, by the readings, that a value must stay beyond."
    )
    off_delay_s: int = Field(
        default=0, ge=0, description="Seconds, by the readings, that a value must stay back."
    )
    patience_s: int | None = Field(
        default=None, gt=0, description="no_data: seconds without a usable reading, then it fires."
    )
    needs: Literal["any", "good"] = Field(
        default="any",
        description="any: a suspect reading is judged too, and the alert says that it is suspect; "
        "good: only good ones. Missing and impossible ones are never judged.",
    )
    without: tuple[QualityTest, ...] = Field(
        default=(),
        description="Readings that one of these tests marked are not judged by this rule; "
        "else they are judged like any other, so that a peril is never taken for a bad reading.",
    )
    fresh_s: int | None = Field(
        default=None,
        gt=0,
        description="How old a reading may be for its alert still to be told to people; "
        "else 900 or five reporting intervals, whichever is longer.",
    )
    public: bool = Field(
        default=False, description="Whether the public page shows it, at public stations."
    )
    cause: Names | None = Field(default=None, description="What usually lies behind it.")
    consequence: Names | None = Field(default=None, description="What happens if nobody acts.")
    action: Names | None = Field(default=None, description="What the duty officer does.")
    advice: Names | None = Field(default=None, description="What the public is told to do.")

    @property
    def without_bits(self) -> int:
        return sum(int(Quality[name.upper()]) for name in set(self.without))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.code.startswith(SYSTEM):
            raise ValueError(f"codes that begin with {SYSTEM} are built in; choose another one")
        if self.kind is None and not self.stations:
            raise ValueError("covers nothing; give a `kind` of station, or `stations`")
        if self.when == "no_data":
            self._is_about_absence()
        else:
            self._is_about_limits()
        return self

    def _is_about_limits(self) -> None:
        if self.unit is None:
            raise ValueError(f"`when: {self.when}` needs `unit`, the unit of its limits")
        check_unit(self.metric, self.unit)
        if not self.grades:
            raise ValueError(f"`when: {self.when}` needs `grades`, such as {{orange: 25}}")
        if self.patience_s is not None or self.grade is not None:
            raise ValueError("`patience_s` and `grade` belong to `when: no_data`")

    def _is_about_absence(self) -> None:
        if self.patience_s is None or self.grade is None:
            raise ValueError("`when: no_data` needs `patience_s` and `grade`")
        if self.grades or self.dead_band or self.on_delay_s or self.off_delay_s:
            raise ValueError(
                "`grades`, `dead_band`, `on_delay_s`, `off_delay_s` belong to above and below"
            )


class ReceiverSettings(Section):
    """Somewhere that alerts are told to."""

    name: Code = Field(description="Its name in the records of what was sent.")
    type: Literal["log", "webhook"] = Field(
        description="log: a line of JSON in the process's log; webhook: an HTTP POST."
    )
    url: str | None = Field(
        default=None, pattern=r"^https?://", description="webhook: where to, http or https."
    )
    min_grade: Grade = Field(
        default="blue",
        description="The least grade that it is told; an alert that ever reached it is told on.",
    )
    timeout_s: float = Field(
        default=5, gt=0, le=60, description="webhook: seconds to wait for the answer."
    )

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if (self.type == "webhook") != (self.url is not None):
            raise ValueError("a webhook needs a `url`, and nothing else has one")
        return self


class ClockSettings(Section):
    """The pace of `python -m alerts`."""

    tick_s: float = Field(
        default=1, gt=0, le=10, description="Seconds between two looks at what did not happen."
    )
    heartbeat_s: int = Field(
        default=10, ge=3, description="Seconds without ingest's heartbeat, then it is an alert."
    )
    canary_s: int = Field(
        default=180,
        ge=10,
        description="Seconds without a canary that came the whole way, then it is an alert.",
    )
    retry_first_s: float = Field(
        default=2, gt=0, description="Seconds before the first repetition; doubles each time."
    )
    retry_most_s: float = Field(
        default=300, gt=0, description="Most seconds between two repetitions."
    )
    attempts: int = Field(
        default=12, ge=1, le=100, description="After so many failures a message is given up."
    )


class AlertsSettings(Section):
    rules: tuple[RuleSettings, ...] = Field(
        default=(), description="What the file proposes; in force is what the database says."
    )
    receivers: tuple[ReceiverSettings, ...] = Field(
        default=(ReceiverSettings(name="log", type="log"),),
        description="Where alerts are told to.",
    )
    keep_messages_days: int = Field(
        default=90,
        gt=0,
        description="Days that it is kept who was told, and when; alerts themselves stay.",
    )
    keep_footprints_days: int = Field(
        default=400,
        gt=0,
        description="Days that it is kept where a gas went; after the first day one footprint of "
        "ten minutes.",
    )
    clock: ClockSettings = Field(
        default=ClockSettings(), description="The pace of `python -m alerts`."
    )
    life: LifeSettings = Field(
        default=LifeSettings(), description="Shelving, and alerts that are over unseen."
    )
    inhibitions: tuple[InhibitionSettings, ...] = Field(
        default=(INGEST_HIDES,),
        description="Which alerts hide which others; that a silent ingest hides all `no_data` is "
        "the default, and must be repeated where the list is given.",
    )


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """What one rule alone cannot show: a rule twice, an unknown station, limit, a wrong order."""
    return check_rules(raw) + check_inhibitions(raw)
