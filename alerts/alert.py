"""The Alert: one occurrence with its life, as screens, API and messages see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.reason import Basis, Reason
from alerts.times import rfc3339
from alerts.wording import limit_period_s, say
from sensors.catalogue import METRICS


@dataclass(frozen=True, slots=True)
class Names:
    zh: str
    en: str

    def to_json(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True, slots=True)
class Muted:
    """Why an alert is not told at present. kind: shelved, suppressed (by design), out_of_service.

    who: the officer, or the inhibition's code; cause: the alert that hides it; until: None while
    the cause stands, or until further notice.
    """

    id: int
    kind: str
    who: str
    why: str
    since: datetime
    until: datetime | None
    cause: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            **{key: getattr(self, key) for key in ("id", "kind", "who", "why", "cause")},
            **{key: rfc3339(getattr(self, key)) for key in ("since", "until")},
        }


@dataclass(frozen=True, slots=True)
class Alert:
    """value, limit: of the newest step; reason: why it stands (or last stood) at its grade.

    began_at: first reading of the exceedance; raised_at: when the hold was over (event time);
    announced_at: when people were told. version grows by one with every step of its life.
    ended_at: when the condition ended; an alert that is `returned`, or latched, stands all the same
    until a person has seen it.
    """

    id: str
    version: int
    rule: str
    rule_version: int
    station: str | None
    station_names: Names | None
    metric: str | None
    subject: str
    label: Names
    grade: str
    peak_grade: str
    state: str
    began_at: datetime
    raised_at: datetime
    ended_at: datetime | None
    announced_at: datetime | None
    found_afterwards: bool
    origin: str
    value: float | None
    limit: float | None
    peak_value: float | None
    quality: str
    owner: str | None
    acknowledged_at: datetime | None
    note: str | None
    reason: Reason
    action: Names | None
    cause: Names | None
    consequence: Names | None
    public: bool
    department: str | None
    changed_at: datetime
    latched: bool = False
    muted: Muted | None = None
    grouping: Mapping[str, str] | None = None
    call: Names | None = None

    @property
    def unit(self) -> str | None:
        """Of value, limit and peak_value: a rate's is per hour."""
        unit = METRICS[self.metric].unit if self.metric in METRICS else None
        return f"{unit}/h" if unit is not None and self.basis == "rate" else unit

    @property
    def basis(self) -> Basis | None:
        """What value and limit are, where they are not those of a reading."""
        return self.reason.basis


@dataclass(frozen=True, slots=True)
class Step:
    """One transition of an alert's life, as it was recorded."""

    seq: int
    kind: str
    at: datetime
    recorded_at: datetime
    grade: str | None
    value: float | None
    limit: float | None
    who: str | None
    note: str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class AlertLife:
    """An alert with all that happened to it; evidence is plain JSON, as it was when raised."""

    alert: Alert
    steps: tuple[Step, ...]
    evidence: dict[str, Any]


_TIMES = ("began_at", "raised_at", "ended_at", "announced_at", "acknowledged_at")
_PLAIN = (
    *("id", "version", "rule", "rule_version", "station", "metric", "subject", "grade"),
    *("peak_grade", "state", "found_afterwards", "origin", "value", "unit", "limit", "peak_value"),
    "basis",
    *("quality", "owner", "note", "latched"),
)
_NAMED = ("station_names", "label", "action", "cause", "consequence", "call")


def to_json(alert: Alert) -> dict[str, Any]:
    """The Alert object of the API and the live stream (staff)."""
    document: dict[str, Any] = {key: getattr(alert, key) for key in _PLAIN}
    document |= {key: rfc3339(getattr(alert, key)) for key in _TIMES}
    document |= {key: _names(getattr(alert, key)) for key in _NAMED}
    return document | {
        "muted": alert.muted.to_json() if alert.muted else None,
        "group": _group(alert.grouping),
        "limit_period_s": limit_period_s(alert.reason),
        "reason": say(alert.reason),
    }


def life_to_json(life: AlertLife) -> dict[str, Any]:
    """The Alert object with `transitions` and `evidence`."""
    return to_json(life.alert) | {
        "transitions": [_step(step) for step in life.steps],
        "evidence": life.evidence,
    }


def _names(names: Names | None) -> dict[str, str] | None:
    return names.to_json() if names else None


def _group(grouping: Mapping[str, str] | None) -> dict[str, str] | None:
    """Which alerts it belongs to: by place and cause (alerts/quiet/groups.py)."""
    return {key: grouping[key] for key in ("id", "cause", "place")} if grouping else None


def _step(step: Step) -> dict[str, Any]:
    return {
        "seq": step.seq,
        "kind": step.kind,
        "at": rfc3339(step.at),
        "recorded_at": rfc3339(step.recorded_at),
        "grade": step.grade,
        "value": step.value,
        "limit": step.limit,
        "who": step.who,
        "note": step.note,
        "reason": say(step.reason),
    }
