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

from alerts.grade import RANK, graver
from alerts.latch import Latches, moved
from alerts.neighbours import NOBODY, Around, Span, spans
from alerts.rule import Key, Watch
from alerts.silence import hear
from alerts.state import Judgement, Move, NewId, OpenAlert, State, Transition
from alerts.steps import falling, rising
from alerts.telling import tell
from alerts.window import Signal, as_compared, filled, fits, quiet, reach, with_reading
from alerts.withdrawal import asks_otherwise, withdraw
from sensors.reading import VALID, VALID_OR_MISSING, Quality, Reading

Past = Mapping[int, Sequence[Reading]]  # by series, in order of time

_FRESH = State()


def judge(
    watches: Mapping[int, Sequence[Watch]],
    states: Mapping[Key, State],
    readings: Iterable[Reading],
    now: datetime,
    new_id: NewId,
    past: Past | None = None,
    around: Around = NOBODY,
) -> Judgement:
    """Judge readings, in event order by series. A state that is not given is a fresh one.

    Readings at or before a state's own watermark are refused: they were judged, or are late.
    past: the readings before these, of the series that `asks_past` names; around: those of the
    neighbours that `asks_around` names, these among them. Members of groups only move their
    latches: what follows is group.py's business.
    """
    past = past or {}
    judgement = Judgement()
    for series_id, run in runs_of(watches, readings):
        for watch in watches[series_id]:
            state = states.get(watch.key, _FRESH)
            if asks_otherwise(watch, state):
                state = _left_off(watch, state, run[0], now, judgement)
            if watch.when == "no_data":
                judgement.add(watch.key, *hear(watch, state, run, now))
                continue
            state = _with_past(watch, state, run, past.get(series_id, ()))
            passed = _through(watch, state, run, new_id, around)
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


def asks_around(watches: Mapping[int, Sequence[Watch]], readings: Iterable[Reading]) -> list[Span]:
    """Which readings of neighbouring series the judge has to know of for these, stored or not."""
    asked: dict[int, list[datetime]] = {}
    ages: dict[int, timedelta] = {}
    for series_id, run in runs_of(watches, readings):
        signals = [watch.signal for watch in watches[series_id] if watch.signal]
        for one in {one for signal in signals for one in signal.neighbours}:
            asked.setdefault(one.series_id, []).extend(map(_observed_at, run))
            ages[one.series_id] = max(one.age, ages.get(one.series_id, one.age))
    return spans(asked, ages)


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
    watch: Watch,
    run: Iterable[Reading],
    new_id: NewId,
    state: State = _FRESH,
    around: Around = NOBODY,
) -> tuple[State, list[Transition]]:
    """Judge readings of the past, in event order, over again from a state; nobody is told."""
    passed = _through(watch, state, run, new_id, around)
    return passed.state, passed.steps


def retrace_member(
    watch: Watch, run: Iterable[Reading], new_id: NewId, state: State
) -> tuple[State, list[Move]]:
    """The same of a group's member, whose latch moves and raises nothing by itself."""
    passed = _through(watch, state, run, new_id, NOBODY)
    return passed.state, passed.moves


def is_beyond(watch: Watch, reading: Reading) -> bool:
    """Whether a reading, by itself, speaks for an alert of a threshold rule."""
    value = reading.value
    return value is not None and watch.excess(value) > 0 and counts(watch, reading)


def _left_off(
    watch: Watch, state: State, first: Reading, now: datetime, judgement: Judgement
) -> State:
    """A fresh state; what was open by what the rule asked before is over with the first reading."""
    if watch.member and any(state.on):
        judgement.moves.append(Move(watch.key, on=False, reading=first))
    left = withdraw(watch.key, state, now, edited=True)
    judgement.transitions.extend(left.transitions)
    return left.states[watch.key]


def _observed_at(reading: Reading) -> datetime:
    return reading.observed_at


@dataclass(frozen=True, slots=True)
class _Passed:
    """After a run of readings: the state, the steps, the last reading that counted, the moves."""

    state: State
    steps: list[Transition]
    newest: Reading | None
    moves: list[Move]


def _through(
    watch: Watch, state: State, run: Iterable[Reading], new_id: NewId, around: Around
) -> _Passed:
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
            state, own = _compared(watch, watch.signal, state, reading, around)
            if own is None:
                continue
            reading = own  # noqa: PLW2901 - what is judged from here on
        newest, before = reading, state.on
        state, step = advance(watch, state, reading, reading.value or 0.0, new_id)
        if step:
            steps.append(step)
        if watch.member and state.on != before:
            moves.append(Move(watch.key, any(state.on), reading))
    return _Passed(state, steps, newest, moves)


def _compared(
    watch: Watch, signal: Signal, state: State, reading: Reading, around: Around
) -> tuple[State, Reading | None]:
    """The state with the reading in its window; and with what is compared with the limits as its
    value, where enough is known."""
    at, value = reading.observed_at, reading.value or 0.0
    if signal.looks_back and enters(watch, reading):
        state = replace(state, window=with_reading(signal, state.window, at, value, watch.gap))
    elif signal.looks_back or not reading.quality.usable:
        return replace(state, judged_to=at), None
    found = as_compared(signal, state.window, reading, value, around)
    return (state, found) if found.value is not None else (replace(state, judged_to=at), None)


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
    latches = moved(watch, state, at, value, may_clear=reading.quality.usable)
    alert, step = None, None
    if not watch.member:
        alert, step = _life(watch, state.alert, latches, reading, new_id)
    peak = watch.graver(value, state.peak)
    after = State(
        judged_to=at,
        last_at=at,
        on=latches.on,
        since=latches.since,
        peak=peak if latches.busy else None,
        alert=alert,
        window=state.window,
        asked=watch.asks if latches.busy else None,
    )
    return after, replace(step, peak=peak) if step else None


def _life(
    watch: Watch, alert: OpenAlert | None, latches: Latches, reading: Reading, new_id: NewId
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
