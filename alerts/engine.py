"""The judge: rules, states, readings, now -> transitions with reasons. Pure and deterministic."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts.reason import Reason

Kind = Literal[
    "raised", "announced", "stepped_up", "stepped_down", "ended", "acknowledged", "noted"
]


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of an alert's life. at: event time; page: whether people are to be told."""

    alert_id: str
    kind: Kind
    at: datetime
    grade: str
    value: float | None
    limit: float | None
    reason: Reason
    page: bool
