"""The `alerts` section of config.yaml: receivers, the clock, all rules; what spans entries."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from alerts.check import check_rules
from alerts.grade import Grade
from alerts.quiet.settings import DEFAULT_SHIFTS, QuietSettings, ShiftSettings
from alerts.rule_settings import RuleSettings
from alerts.warnings.settings import WarningSettings
from config import Mistake
from sensors.section import Code, Section


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
    warnings: WarningSettings = Field(
        default=WarningSettings(), description="Warnings to the public (CAP 1.2)."
    )
    shifts: tuple[ShiftSettings, ...] = Field(
        default=DEFAULT_SHIFTS,
        min_length=1,
        description="The shifts of a day, Beijing time; each lasts until the next starts.",
    )
    quiet: QuietSettings = Field(
        default=QuietSettings(),
        description="From which figures on alerts are a flood, chatter or stale.",
    )

    @model_validator(mode="after")
    def _shifts_start_apart(self) -> Self:
        starts = [shift.starts for shift in self.shifts]
        if twice := sorted({at for at in starts if starts.count(at) > 1}):
            raise ValueError(f"two shifts start at {twice[0]}; each needs a time of its own")
        return self


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """What one rule alone cannot show: a rule twice, an unknown station, limit, a wrong order."""
    return check_rules(raw)
