"""The judge: watches, states, readings, now -> transitions with reasons. Pure and deterministic.

Each grade of a rule is a latch of its own: it goes on when readings have stayed strictly beyond its
limit for the on-delay, and off when they have stayed at or behind limit minus dead-band for the
off-delay, both in event time and confirmed by readings. The alert's grade is the gravest latch that
is on; no latch on, no alert. So one alert steps up and down, whatever way readings are batched.

Who is told (`page`) is decided at the end of a batch: telling.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.grade import GRADES, RANK, Grade, graver
from alerts.reason import Reason
from alerts.rule import BY_CLOCK, Key, Watch
from alerts.state import NONE, OFF, Judgement, Move, NewId, OpenAlert, State, Transition
from alerts.steps import falling, rising
from alerts.telling import tell
from alerts.window import Signal, figure, filled, fits, quiet, reach, with_reading
from sensors.reading import VALID, VALID_OR_MISSING, Quality, Reading

Past = Mapping[int, Sequence[Reading]]  # by series, in order of time

_FRESH = State()
_ZERO = timedelta(0)


def judge(
    watches: Mapping[int, Sequence[Watch]],
    states: Mapping[Key, State],
    readings: Iterable[Reading],
    now: datetime,
    new_id: NewId,
    past: Past | None = None,
) -> Judgement:
    """Judge readings, in event order by series. A state that is not given is a fresh one.

    Readings at or before a state's own watermark are refused: they were judged, or are late.
    past: the readings before these, of the series that `asks_past` names. Members of groups only
    move their latches: what follows is group.py's business.
    """
    past = past or {}
    judgement = Judgement()
    for series_id, run in runs_of(watches, readings):
        for watch in watches[series_id]:
            state = states.get(watch.key, _FRESH)
            if of_other_kind(watch, state):
                left = withdraw(watch.key, state, now)
                state = left.states[watch.key]
                judgement.transitions.extend(left.transitions)
            if watch.when == "no_data":
                judgement.add(watch.key, *_absence(watch, state, run, now))
                continue
            state = _with_past(watch, state, run, past.get(series_id, ()))
            passed = _through(watch, state, run, new_id)
            state, steps = passed.state, passed.steps
            if passed.newest and watch.member:
                judgement.seen[watch.key] = passed.newest
                judgement.moves.extend(passed.moves)
            elif passed.newest:
                state, steps = tell(watch, state, steps, passed.newest, now)
            judgement.add(watch.key, forgetting(watch, state), steps)
    return judgement


def runs_of(
    watches: Mapping[int, Sequence[Watch]], readings: Iterable[Reading]
) -> list[tuple[int, list[Reading]]]:
    """The readings of each watched series, in order of time."""
    runs: dict[int, list[Reading]] = {}
    for reading in readings:
        if reading.series_id in watches:
            runs.setdefault(reading.series_id, []).append(reading)
    return [(series_id, sorted(runs[series_id], key=_observed_at)) for series_id in sorted(runs)]


def asks_past(
    watches: Mapping[int, Sequence[Watch]],
    states: Mapping[Key, State],
    readings: Iterable[Reading],
    *,
    always: bool = False,
) -> dict[int, tuple[datetime, datetime]]:
    """From when, and up to but without when, the judge has to know the readings of which series.

    always: also where nothing seems to come of it.
    """
    asked: dict[int, tuple[datetime, datetime]] = {}
    for series_id, run in runs_of(watches, readings):
        spans = [
            reach(watch.window)
            for watch in watches[series_id]
            if watch.window and (always or _lacks_past(watch, states.get(watch.key, _FRESH), run))
        ]
        if spans:
            asked[series_id] = (run[0].observed_at - max(spans), run[0].observed_at)
    return asked


def _lacks_past(watch: Watch, state: State, run: Sequence[Reading]) -> bool:
    """Whether the window has to be made of stored readings, and could matter at all."""
    signal = watch.window
    if signal is None or fits(signal, state.window, run[0].observed_at, watch.gap):
        return False
    if signal.kind == "rate" or not state.idle or state.window:
        return True
    return any(one.value is not None and watch.excess(one.value) > 0 for one in run)


def _with_past(
    watch: Watch, state: State, run: Sequence[Reading], past: Sequence[Reading]
) -> State:
    signal = watch.window
    if signal is None or fits(signal, state.window, run[0].observed_at, watch.gap):
        return state
    since = run[0].observed_at - reach(signal)
    before = (
        (one.observed_at, one.value)
        for one in past
        if since <= one.observed_at < run[0].observed_at
        and one.value is not None
        and enters(watch, one)
    )
    return replace(state, window=filled(signal, before, watch.gap))


def forgetting(watch: Watch, state: State) -> State:
    """The state without a window from which nothing can come: it would be made anew."""
    signal = watch.window
    if signal is None or state.window is None or not state.idle:
        return state
    return replace(state, window=None) if quiet(signal, state.window, watch.sides) else state


def retrace(
    watch: Watch, run: Iterable[Reading], new_id: NewId, state: State = _FRESH
) -> tuple[State, list[Transition]]:
    """Judge readings of the past, in event order, over again from a state; nobody is told."""
    passed = _through(watch, state, run, new_id)
    return passed.state, passed.steps


def retrace_member(
    watch: Watch, run: Iterable[Reading], new_id: NewId, state: State
) -> tuple[State, list[Move]]:
    """The same of a group's member, whose latch moves and raises nothing by itself."""
    passed = _through(watch, state, run, new_id)
    return passed.state, passed.moves


def is_beyond(watch: Watch, reading: Reading) -> bool:
    """Whether a reading, by itself, speaks for an alert of a threshold rule."""
    value = reading.value
    return value is not None and watch.excess(value) > 0 and counts(watch, reading)


def of_other_kind(watch: Watch, state: State) -> bool:
    """Whether the rule judged silence when it left this state and judges values now, or the other
    way round: an alert by a reading has a latch on, one by the clock has none.
    """
    latched = state.on != OFF or state.since != NONE
    if watch.when in BY_CLOCK:
        return latched
    return not latched and (state.alert is not None or state.missing_since is not None)


def withdraw(key: Key, state: State, now: datetime) -> Judgement:
    """End what a rule has open where it does not apply any more: it was retired, or moved away.

    Of a group it stays known who is on: their own latches stay on too, and move no more.
    """
    judgement, alert = Judgement(), state.alert
    step = alert and Transition(
        alert_id=alert.id,
        kind="ended",
        at=now,
        grade=alert.grade,
        value=None,
        limit=None,
        reason=Reason("withdrawn"),
        page=alert.told is not None,
        alert=alert,
        key=key,
    )
    judgement.add(key, State(members=state.members), [step] if step else [])
    return judgement


def _observed_at(reading: Reading) -> datetime:
    return reading.observed_at


@dataclass(frozen=True, slots=True)
class _Passed:
    """After a run of readings: the state, the steps, the last reading that counted, the moves."""

    state: State
    steps: list[Transition]
    newest: Reading | None
    moves: list[Move]


def _through(watch: Watch, state: State, run: Iterable[Reading], new_id: NewId) -> _Passed:
    steps: list[Transition] = []
    moves: list[Move] = []
    newest = None
    for reading in run:
        if state.judged_to is not None and reading.observed_at <= state.judged_to:
            continue
        if reading.value is None or not counts(watch, reading):
            state = replace(state, judged_to=reading.observed_at)
            continue
        if watch.signal:
            state, value = _compared(watch, watch.signal, state, reading, reading.value)
            if value is None:
                continue
            reading = replace(reading, value=value)  # noqa: PLW2901 - what is judged from here on
        newest, before = reading, state.on
        state, step = advance(watch, state, reading, reading.value or 0.0, new_id)
        if step:
            steps.append(step)
        if watch.member and state.on != before:
            moves.append(Move(watch.key, any(state.on), reading))
    return _Passed(state, steps, newest, moves)


def _compared(
    watch: Watch, signal: Signal, state: State, reading: Reading, value: float
) -> tuple[State, float | None]:
    """The state with the reading in its window, and what the limits are compared with."""
    at = reading.observed_at
    if signal.looks_back and enters(watch, reading):
        state = replace(state, window=with_reading(signal, state.window, at, value, watch.gap))
    elif signal.looks_back or not reading.quality.usable:
        return replace(state, judged_to=at), None
    found = figure(signal, state.window, at, value)
    return (state, found) if found is not None else (replace(state, judged_to=at), None)


def counts(watch: Watch, reading: Reading) -> bool:
    """Whether a reading is judged: never a missing one, an impossible one if it may be a peril.

    What a person called valid is as good as good, whatever tests say.
    """
    if reading.quality == Quality.GOOD or int(reading.quality) & VALID_OR_MISSING == VALID:
        return True
    if int(reading.quality) & watch.without:
        return False
    return not watch.needs_good and (reading.quality.usable or _off_the_scale(watch, reading))


def _off_the_scale(watch: Watch, reading: Reading) -> bool:
    """Beyond what the instrument can measure, on the alarming side: the worst there is or a broken
    instrument, and nobody can tell which from here. It raises and holds an alert, never clears one.
    """
    value = reading.value
    return value is not None and reading.quality.off_scale and watch.excess(value) > 0


def enters(watch: Watch, reading: Reading) -> bool:
    """Whether a reading enters a mean or a rate: one beyond the instrument's range does not."""
    return reading.quality.usable and counts(watch, reading)


def advance(
    watch: Watch, state: State, reading: Reading, value: float, new_id: NewId
) -> tuple[State, Transition | None]:
    """One reading that counts: move the latches, and the alert with them."""
    at = reading.observed_at
    if watch.excess(value) <= 0 and state.idle:  # by far the most common case
        return State(at, at, window=state.window), None
    latches = _moved(watch, state, at, value, may_clear=reading.quality.usable)
    alert, step = None, None
    if not watch.member:
        alert, step = _life(watch, state.alert, latches, reading, new_id)
    peak = watch.graver(value, state.peak)
    kept = peak if latches.busy else None
    after = State(at, at, latches.on, latches.since, kept, None, alert, state.window)
    return after, replace(step, peak=peak) if step else None


@dataclass(frozen=True, slots=True)
class _Latches:
    """on, since: as in State. onsets: of the latches that changed now, by rank, when it began."""

    on: tuple[bool, ...]
    since: tuple[datetime | None, ...]
    onsets: Mapping[int, datetime]

    @property
    def grade(self) -> Grade | None:
        return next((GRADES[rank] for rank in (3, 2, 1, 0) if self.on[rank]), None)

    @property
    def cleared(self) -> int:
        """The least grade that went off now, by rank."""
        return min(rank for rank in self.onsets if not self.on[rank])

    @property
    def busy(self) -> bool:
        return self.on != OFF or self.since != NONE


def _moved(watch: Watch, state: State, at: datetime, value: float, *, may_clear: bool) -> _Latches:
    on, since, onsets = list(state.on), list(state.since), {}
    silence = at - state.last_at if state.last_at else _ZERO
    for rank in range(len(GRADES)):
        if not _wants_change(watch, rank, at, value, on=on[rank]) or (on[rank] and not may_clear):
            since[rank] = None
            continue
        hold = watch.off_delay if on[rank] else watch.on_delay
        onset = since[rank]
        if onset is None or silence > max(watch.gap, hold):
            onset = at  # nobody knows what lay in the gap: the hold begins anew
        if at - onset >= hold:
            on[rank], since[rank], onsets[rank] = not on[rank], None, onset
        else:
            since[rank] = onset
    return _Latches(tuple(on), tuple(since), onsets)


def _wants_change(watch: Watch, rank: int, at: datetime, value: float, *, on: bool) -> bool:
    limits = watch.limits_at(rank, at)
    if not limits:
        return on  # no limit, or out of season: what is on goes off
    if on:
        return all(limit.sign * value <= limit.clear for limit in limits)
    return any(limit.sign * value > limit.beyond for limit in limits)


def _life(
    watch: Watch, alert: OpenAlert | None, latches: _Latches, reading: Reading, new_id: NewId
) -> tuple[OpenAlert | None, Transition | None]:
    """What the latches mean for the alert: the one that is open now, and the step, if any."""
    at, grade = reading.observed_at, latches.grade
    if alert is None:
        if grade is None:
            return None, None
        alert = OpenAlert(new_id(at), grade, grade, min(latches.onsets.values()), at)
        return alert, rising(watch, alert, "raised", reading, latches.onsets[RANK[grade]])
    if grade == alert.grade:
        return alert, None
    if grade is None:
        return None, falling(watch, alert, "ended", reading, latches.cleared)
    climbs = RANK[grade] > RANK[alert.grade]
    alert = replace(alert, grade=grade, peak_grade=graver(grade, alert.peak_grade))
    if climbs:
        return alert, rising(watch, alert, "stepped_up", reading, latches.onsets[RANK[grade]])
    return alert, falling(watch, alert, "stepped_down", reading, latches.cleared)


def _absence(
    watch: Watch, state: State, run: Sequence[Reading], now: datetime
) -> tuple[State, list[Transition]]:
    """Readings under a no_data rule: a usable one that is not old itself ends the alert.

    Raising is the clock's business (silence.py). Times are arrival times: absence has no other.
    """
    steps: list[Transition] = []
    for reading in run:
        if state.judged_to is not None and reading.observed_at <= state.judged_to:
            continue
        usable, alert = _heard(reading.quality), state.alert
        missing = None if usable else (state.missing_since or reading.observed_at)
        if alert and usable and now - reading.observed_at <= watch.patience:
            steps.append(_data_again(watch, alert, reading))
            alert = None
        state = State(reading.observed_at, missing_since=missing, alert=alert)
    return state, steps


def _heard(quality: Quality) -> bool:
    """Whether a reading shows that its device measures: also one that is marked invalid, as while
    it is calibrated."""
    return quality.usable or not quality & (Quality.MISSING | Quality.IMPOSSIBLE)


def _data_again(watch: Watch, alert: OpenAlert, reading: Reading) -> Transition:
    return Transition(
        alert_id=alert.id,
        kind="ended",
        at=max(reading.received_at, alert.raised_at),
        grade=alert.grade,
        value=reading.value,
        limit=None,
        reason=Reason("data_again", {"metric": reading.metric, "value": reading.value}),
        page=alert.told is not None,
        alert=alert,
        key=watch.key,
        watch=watch,
        quality=reading.quality,
        origin=reading.origin,
    )
