"""What the judge remembers and what it decides: State, Transition, Judgement, as plain values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from alerts.grade import Grade
from alerts.reason import Reason
from alerts.rule import Key, Watch
from alerts.window import Window, window_from_json, window_to_json
from sensors.reading import Origin, Quality, Reading

Kind = Literal[
    "raised", "announced", "stepped_up", "stepped_down", "ended", "acknowledged", "noted"
]
NewId = Callable[[datetime], str]

OFF = (False, False, False, False)
NONE = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """The alert that a state has open. told: the grade that people were last told, if any."""

    id: str
    grade: Grade
    peak_grade: Grade
    began_at: datetime
    raised_at: datetime
    told: Grade | None = None


@dataclass(frozen=True, slots=True)
class MemberOn:
    """A member of a group whose condition is met. condition: its number in the rule.

    subject: `station/metric`; since: when its latch went on; value: as it then was.
    """

    condition: int
    subject: str
    since: datetime
    value: float


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered of one rule and one subject between readings.

    judged_to: newest reading judged; last_at: newest one that counted; on: the latches, by rank;
    since: where a latch is about to change, the first reading that says so; peak: gravest value
    since the exceedance began; missing_since: first of a run of unusable readings (no_data), or
    since when ingest is cut off (ingest). window: of a mean or a rate; None where nothing in it
    could matter, it is then made anew of stored readings. members: of a group, what is on. asked:
    where a latch is on or about to be, what the rule asked (`Watch.asks`).
    """

    judged_to: datetime | None = None
    last_at: datetime | None = None
    on: tuple[bool, ...] = OFF
    since: tuple[datetime | None, ...] = NONE
    peak: float | None = None
    missing_since: datetime | None = None
    alert: OpenAlert | None = None
    window: Window | None = None
    members: tuple[MemberOn, ...] = ()
    asked: str | None = None

    @property
    def essence(self) -> tuple[object, ...]:
        """What must be kept between readings: if two states agree in it, they judge alike.

        The times of readings matter only while a hold is running. (Late readings are the caller's
        to leave out, by the watermark of the series.)
        """
        last_at = self.last_at if self.since != NONE else None
        return (
            *(self.on, self.since, last_at, self.peak, self.missing_since, self.alert),
            *(self.window, self.members, self.asked),
        )

    @property
    def idle(self) -> bool:
        """Nothing is latched, pending or open: forgetting this state would change nothing."""
        return (
            self.alert is None
            and self.missing_since is None
            and self.on == OFF
            and self.since == NONE
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of an alert's life. at: event time; page: whether people are to be told.

    alert: as it stands after the step. peak: gravest value so far. found_afterwards: it was over
    before anybody could know. watch: None where the rule does not apply any more.
    """

    alert_id: str
    kind: Kind
    at: datetime
    grade: Grade
    value: float | None
    limit: float | None
    reason: Reason
    page: bool
    alert: OpenAlert
    key: Key
    watch: Watch | None = None
    quality: Quality | None = None
    origin: Origin = Origin.LIVE
    peak: float | None = None
    found_afterwards: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """The latch of a group's member went on or off, by this reading (of a rate: with its value)."""

    key: Key
    on: bool
    reading: Reading


@dataclass(frozen=True)
class Judgement:
    """states: those that were looked at, as they are now; transitions: in order, by subject.

    seen, moves: of the members of groups, the last reading that counted, and their latches' moves.
    """

    states: dict[Key, State] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    seen: dict[Key, Reading] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)

    def add(self, key: Key, state: State, transitions: Iterable[Transition]) -> None:
        self.states[key] = state
        self.transitions.extend(transitions)


def state_to_json(state: State) -> dict[str, Any]:
    """For the table rule_state: only what differs from a fresh state."""
    document: dict[str, Any] = {
        "judged_to": _text(state.judged_to),
        "last_at": _text(state.last_at),
        "on": list(state.on) if state.on != OFF else None,
        "since": [_text(at) for at in state.since] if state.since != NONE else None,
        "peak": state.peak,
        "missing_since": _text(state.missing_since),
        "alert": _alert_to_json(state.alert) if state.alert else None,
        "window": window_to_json(state.window) if state.window else None,
        "members": [_member_to_json(one) for one in state.members] or None,
        "asked": state.asked,
    }
    return {key: value for key, value in document.items() if value is not None}


def state_from_json(document: Mapping[str, Any]) -> State:
    alert = document.get("alert")
    return State(
        judged_to=_moment(document.get("judged_to")),
        last_at=_moment(document.get("last_at")),
        on=tuple(document.get("on", OFF)),
        since=tuple(_moment(at) for at in document.get("since", NONE)),
        peak=document.get("peak"),
        missing_since=_moment(document.get("missing_since")),
        alert=_alert_from_json(alert) if alert else None,
        window=window_from_json(document["window"]) if "window" in document else None,
        members=tuple(_member_from_json(one) for one in document.get("members", ())),
        asked=document.get("asked"),
    )


def _member_to_json(one: MemberOn) -> list[Any]:
    return [one.condition, one.subject, one.since.isoformat(), one.value]


def _member_from_json(document: list[Any]) -> MemberOn:
    condition, subject, since, value = document
    return MemberOn(condition, subject, datetime.fromisoformat(since), value)


def _alert_to_json(alert: OpenAlert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "grade": alert.grade,
        "peak_grade": alert.peak_grade,
        "began_at": _text(alert.began_at),
        "raised_at": _text(alert.raised_at),
        "told": alert.told,
    }


def _alert_from_json(document: Mapping[str, Any]) -> OpenAlert:
    return OpenAlert(
        document["id"],
        document["grade"],
        document["peak_grade"],
        datetime.fromisoformat(document["began_at"]),
        datetime.fromisoformat(document["raised_at"]),
        document["told"],
    )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
