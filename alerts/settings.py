"""The `alerts` section of config.yaml: receivers, the clock, all rules; what spans entries."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from alerts.check import check_rules
from alerts.life.settings import (
    INGEST_HIDES,
    InhibitionSettings,
    LifeSettings,
    check_inhibitions,
)
from alerts.quiet.settings import DEFAULT_SHIFTS, QuietSettings, ShiftSettings
from alerts.receiver_settings import (
    DeadManSettings,
    DutySettings,
    EscalationSettings,
    ReceiverSettings,
    RouteSettings,
)
from alerts.rule_settings import RuleSettings
from alerts.telling_check import check_telling
from alerts.warnings.settings import WarningSettings
from config import Mistake
from sensors.section import Code, Section


class ClockSettings(Section):
    """The pace of `python -m alerts`."""

    tick_s: float = Field(
        default=1, gt=0, le=10, description="Seconds between two looks at what did not happen."
    )
    heartbeat_s: int = Field(
        default=10,
        ge=3,
        le=86_400,
        description="Seconds without ingest's heartbeat, then it is an alert.",
    )
    canary_s: int = Field(
        default=180,
        ge=10,
        le=86_400,
        description="Seconds without a canary that came the whole way, then it is an alert.",
    )
    retry_first_s: float = Field(
        default=2,
        gt=0,
        le=3600,
        description="Seconds before the first repetition; doubles each time.",
    )
    retry_most_s: float = Field(
        default=300, gt=0, le=86_400, description="Most seconds between two repetitions."
    )
    attempts: int = Field(
        default=12,
        ge=1,
        le=100,
        description="After so many failures a message is given up, once its alert has ended.",
    )

    @model_validator(mode="after")
    def _first_is_not_the_most(self) -> Self:
        if self.retry_first_s > self.retry_most_s:
            raise ValueError(
                f"`retry_first_s` ({self.retry_first_s:g}) is above `retry_most_s` "
                f"({self.retry_most_s:g}); waits only grow"
            )
        return self


class AlertsSettings(Section):
    rules: tuple[RuleSettings, ...] = Field(
        default=(), description="What the file proposes; in force is what the database says."
    )
    receivers: tuple[ReceiverSettings, ...] = Field(
        default=(ReceiverSettings(name="log", type="log"),),
        description="Where alerts are told to.",
    )
    routes: tuple[RouteSettings, ...] = Field(
        default=(),
        description="Which alert is told where: the first that fits; empty: every receiver.",
    )
    fallback: tuple[Code, ...] = Field(
        default=(),
        description="Receivers that are told what no route takes, and what others do not take; "
        "empty: every receiver.",
    )
    escalations: tuple[EscalationSettings, ...] = Field(
        default=(), description="Who else is told, and when, while nobody acknowledges."
    )
    duties: tuple[DutySettings, ...] = Field(
        default=(), description="Posts that somebody is on duty at."
    )
    dead_man: DeadManSettings | None = Field(
        default=None, description="A signal of life to a service outside."
    )
    test_every_s: int = Field(
        default=3600,
        ge=10,
        le=604_800,
        description="Seconds between two test messages to each receiver with `test: true`.",
    )
    keep_messages_days: int = Field(
        default=90,
        gt=0,
        le=36_600,
        description="Days that it is kept who was told, and when; alerts themselves stay.",
    )
    keep_footprints_days: int = Field(
        default=400,
        gt=0,
        le=36_600,
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
    def _tells_somebody(self) -> Self:
        if not self.receivers:
            raise ValueError(
                "`receivers` is empty, so nobody would ever be told; name one, or leave it out: "
                "then alerts go into the log"
            )
        return self

    @model_validator(mode="after")
    def _shifts_start_apart(self) -> Self:
        starts = [shift.starts for shift in self.shifts]
        if twice := sorted({at for at in starts if starts.count(at) > 1}):
            raise ValueError(f"two shifts start at {twice[0]}; each needs a time of its own")
        return self


def check(raw: Mapping[str, Any]) -> list[Mistake]:
    """What one rule alone cannot show: a rule twice, an unknown station, limit, a wrong order."""
    return check_rules(raw) + check_telling(raw) + check_inhibitions(raw)
