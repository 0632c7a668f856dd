"""Composite rules: what the latches of their members come to together. Pure.

Every member is a condition upon one series, with a latch of its own. When a latch moves, the group
is looked at anew: how many conditions are met, or how many sensors are beyond. That figure is
judged like a reading, so one alert on the group's subject steps up and down and says who is on.

Moves are taken in the order in which their readings arrived, for members' clocks and ways differ
and a peril must not wait for the slowest: how they are batched changes nothing. A step is never
earlier than the one before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.engine import advance
from alerts.reason import Reason
from alerts.rule import How, Key, Watch
from alerts.state import Judgement, MemberOn, Move, NewId, State, Transition
from alerts.telling import tell
from alerts.times import rfc3339
from alerts.withdrawal import asks_otherwise, withdraw
from sensors.reading import Quality, Reading

_FRESH = State()


@dataclass(frozen=True, slots=True)
class Group:
    """One place that a composite rule is laid upon.

    watch: of its alert; its limits are numbers of conditions or sensors. members: by their subject
    (`station/metric#condition`).
    """

    watch: Watch
    conditions: int
    members: Mapping[str, Watch]

    @property
    def key(self) -> Key:
        return self.watch.key

    @property
    def how(self) -> How:
        return self.watch.how or "any"

    @property
    def series(self) -> list[int]:
        """Those of its members, in order."""
        return sorted({watch.series_id for watch in self.members.values() if watch.series_id})

    @property
    def of(self) -> int:
        """How many there are of what is counted."""
        return self.conditions if self.how != "at_least" else len(self.series)

    def count(self, on: Iterable[MemberOn]) -> int:
        """Conditions that are met somewhere; for at_least, sensors that are beyond."""
        if self.how == "at_least":
            return len({one.subject for one in on})
        return len({one.condition for one in on})

    def still(self, on: Iterable[MemberOn]) -> tuple[MemberOn, ...]:
        """Those that the rule, as it is now, still covers."""
        return tuple(
            one for one in on if member_subject(one.subject, one.condition) in self.members
        )

    def beyond(self, on: Iterable[MemberOn]) -> bool:
        """Whether those who are on, and still covered, are enough for the least grade."""
        return self.watch.excess(self.count(self.still(on))) > 0


def member_subject(subject: str, condition: int) -> str:
    return f"{subject}#{condition}"


def touched(groups: Mapping[Key, Group], judged: Judgement) -> dict[Key, Group]:
    """The groups to look at: a latch of theirs moved, or one is on and something new was heard.

    groups: by the key of each member. judged: of the members' series.
    """
    moved = {move.key for move in judged.moves}
    heard = {key for key in judged.seen if any(judged.states[key].on)}
    found = {groups[key].key: groups[key] for key in moved | heard if key in groups}
    return dict(sorted(found.items()))


def judge_groups(
    groups: Mapping[Key, Group],
    judged: Judgement,
    states: Mapping[Key, State],
    now: datetime,
    new_id: NewId,
) -> Judgement:
    """What follows for the groups that are `touched`; the states given are those of groups."""
    found = Judgement()
    for key, group in touched(groups, judged).items():
        state = states.get(key, _FRESH)
        if asks_otherwise(group.watch, state):
            left = withdraw(key, state, now, edited=True)
            state = left.states[key]
            found.transitions.extend(left.transitions)
        state = replace(state, members=group.still(state.members))
        moves = [move for move in judged.moves if _is_of(group, move.key)]
        state, steps = _through(group, state, moves, new_id)
        state = replace(state, members=tuple(_present(group, judged, state.members)))
        newest = _newest(group, judged, state)
        if newest:
            # The rule may have been edited since the last move. What changes nothing leaves no
            # trace: its time would depend on how readings are batched.
            after, step = _advanced(group, state, newest, new_id)
            state, steps = (after, [*steps, step]) if step else (state, steps)
            state, steps = tell(group.watch, state, steps, newest, now)
        told = [_reasoned(group, step, state.members) for step in steps]
        found.add(key, state, told)
    return found


def standing_now(
    group: Group, state: State, newest: Reading, now: datetime
) -> tuple[State, list[Transition]]:
    """Tell of what is open and nobody was told, at the end of a backlog. newest: of a member."""
    on = group.still(state.members)
    reading = _as_reading(group, newest, on, state)
    after, steps = tell(group.watch, state, [], reading, now, backlog_over=True)
    return after, [_reasoned(group, step, on) for step in steps]


def _through(
    group: Group, state: State, moves: Sequence[Move], new_id: NewId
) -> tuple[State, list[Transition]]:
    steps: list[Transition] = []
    for move in _as_they_arrived(moves):
        state = replace(state, members=tuple(_after(move, state.members)))
        reading = _as_reading(group, move.reading, state.members, state)
        state, step = _advanced(group, state, reading, new_id)
        steps += [step] if step else []
    return state, steps


def _advanced(
    group: Group, state: State, reading: Reading, new_id: NewId
) -> tuple[State, Transition | None]:
    """Judge the figure of those who are on; reading: `_as_reading` of them."""
    members = state.members
    state, step = advance(group.watch, state, reading, float(reading.value or 0), new_id)
    return replace(state, members=members), step and _with_reason(group, step, members)


def _present(group: Group, judged: Judgement, on: Iterable[MemberOn]) -> Iterable[MemberOn]:
    """Who is on, and whoever was heard with a latch that is on and that the group knows nothing of:
    it went on before the rule covered it, or while the rule was retired."""
    known = {member_subject(one.subject, one.condition) for one in on}
    for key, reading in sorted(judged.seen.items()):
        if _is_of(group, key) and key[1] not in known and any(judged.states[key].on):
            on = _after(Move(key, on=True, reading=reading), on)
    return on


def _as_they_arrived(moves: Sequence[Move]) -> list[Move]:
    """Those of one member stay in their own order, whatever way their readings overtook."""
    arrived: dict[Key, datetime] = {}
    keyed = []
    for move in moves:
        at = max(move.reading.received_at, arrived.get(move.key, move.reading.received_at))
        arrived[move.key] = at
        keyed.append(((at, move.reading.observed_at, move.key[1]), move))
    return [move for _, move in sorted(keyed, key=lambda pair: pair[0])]


def _after(move: Move, on: Iterable[MemberOn]) -> Iterable[MemberOn]:
    subject, _, condition = move.key[1].rpartition("#")
    rest = [one for one in on if (one.subject, one.condition) != (subject, int(condition))]
    if move.on:
        value = float(move.reading.value or 0)
        rest.append(MemberOn(int(condition), subject, move.reading.observed_at, value))
    return sorted(rest, key=lambda one: (one.condition, one.subject))


def _as_reading(group: Group, of: Reading, on: Iterable[MemberOn], state: State) -> Reading:
    """The figure of the group as a reading, made at the moment of a member's."""
    at = max(of.observed_at, state.last_at) if state.last_at else of.observed_at
    watch = group.watch
    return replace(
        of,
        series_id=0,
        station=watch.station or "",
        metric="",
        observed_at=at,
        value=float(group.count(on)),
        # A member off its scale is on; the figure itself is certain, and may clear.
        quality=of.quality if of.quality.usable else Quality.GOOD,
    )


def _is_of(group: Group, member: Key) -> bool:
    return member[0] == group.key[0] and member[1] in group.members


def _newest(group: Group, judged: Judgement, state: State) -> Reading | None:
    heard = [reading for key, reading in judged.seen.items() if _is_of(group, key)]
    if not heard:
        return None
    return _as_reading(group, max(heard, key=lambda one: one.observed_at), state.members, state)


def _reasoned(group: Group, step: Transition, on: Sequence[MemberOn]) -> Transition:
    return step if "on" in step.reason.params else _with_reason(group, step, on)


def _with_reason(group: Group, step: Transition, on: Sequence[MemberOn]) -> Transition:
    """Who is on, and of how many; where it ends, who still is."""
    ended = step.kind in ("ended", "stepped_down")
    params = {
        "how": group.how,
        "count": group.count(on),
        "of": group.of,
        "limit": step.limit,
        "on": [_named(group, one) for one in on],
    }
    return replace(step, reason=Reason("group_back" if ended else "group", params))


def _named(group: Group, one: MemberOn) -> dict[str, object]:
    watch = group.members.get(member_subject(one.subject, one.condition))
    rate = watch.signal if watch and watch.signal and watch.signal.kind == "rate" else None
    station, _, metric = one.subject.rpartition("/")
    return {
        "station": station,
        "metric": metric,
        "value": one.value,
        "since": rfc3339(one.since),
        "over_s": int(rate.span.total_seconds()) if rate else None,
    }
