"""Judging inside somebody's transaction: lock the rules' states, judge, save what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alerts.engine import asks_around, asks_past, counts
from alerts.engine import judge as judge_readings
from alerts.group import Group, judge_groups, standing_now, touched
from alerts.ids import new_id
from alerts.neighbours import Around
from alerts.past import follow, stored_around, stored_past
from alerts.record import (
    busy_series,
    lock_groups,
    lock_newest,
    lock_states,
    save,
    untold_groups,
    untold_series,
)
from alerts.rule import BY_CLOCK, Key, Watch, by_series
from alerts.rulebook import Rulebook, edition, load_rulebook
from alerts.state import Judgement, NewId, State, Transition
from alerts.steady import Steady
from alerts.telling import tell
from alerts.usual import usual_range
from alerts.window import Signal, as_compared
from alerts.withdrawal import asks_otherwise
from database.pool import Connection
from sensors.reading import Reading
from sensors.vetting import usable_bits


@dataclass(frozen=True, eq=False)
class Calm:
    """The watched series, in order, and between which values no rule has anything to say."""

    series: NDArray[np.int32]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Judge:
    """The rules in force, laid upon the series that they cover.

    watches: by series; absence: what only the clock can judge; series: the series of each key;
    unreadable: rules that this version cannot read; edition: of the rulebook it was made of.
    groups: of composite rules, by the key of each member.
    """

    watches: Mapping[int, tuple[Watch, ...]]
    absence: tuple[Watch, ...]
    series: Mapping[Key, int | None]
    unreadable: frozenset[int] = frozenset()
    edition: str = ""
    new_id: NewId = new_id
    groups: Mapping[Key, Group] = field(default_factory=dict)
    steady: Steady = field(default_factory=lambda: Steady.of({}))

    @cached_property
    def by_group(self) -> Mapping[Key, Group]:
        return {group.key: group for group in self.groups.values()}

    @cached_property
    def calm(self) -> Calm:
        numbers = sorted(self.watches)
        sides = {-1: [-np.inf] * len(numbers), 1: [np.inf] * len(numbers)}
        for place, number in enumerate(numbers):
            for watch in self.watches[number]:
                for sign, lowest in calm_sides(watch):
                    sides[sign][place] = sign * min(sign * sides[sign][place], lowest)
        return Calm(np.array(numbers, np.int32), np.array(sides[-1]), np.array(sides[1]))

    @cached_property
    def around(self) -> Mapping[int, tuple[int, ...]]:
        """By series, the neighbours that rules compare it with."""
        found: dict[int, tuple[int, ...]] = {}
        for number, some in self.watches.items():
            signals = [watch.signal for watch in some if watch.signal]
            near = {one.series_id for signal in signals for one in signal.neighbours}
            if near:
                found[number] = tuple(sorted(near))
        return found

    @cached_property
    def longest_fresh(self) -> timedelta:
        """No rule tells of a reading that is older."""
        fresh = (watch.fresh for some in self.watches.values() for watch in some)
        return max(fresh, default=timedelta(0))

    @classmethod
    def load(cls, conn: Connection) -> "Judge":
        """The rules of the database (`alerts.rulebook.seed` brings those of the file there)."""
        now = edition(conn)  # read first: what changes meanwhile is another edition next time
        return replace(cls.of(load_rulebook(conn)), edition=now)

    def newest(self, conn: Connection) -> "Judge":
        """Itself, unless rules or stations changed: to lay 200 rules upon 5,000 series takes
        longer than a reading may wait."""
        if edition(conn) == self.edition:
            return self
        found = Judge.load(conn)
        return replace(found, steady=found.steady.or_older(self.steady))

    @classmethod
    def of(cls, rules: Rulebook, new_id: NewId = new_id) -> "Judge":
        watches = rules.watches
        laid = by_series(watches)
        return cls(
            watches=laid,
            steady=Steady.of(laid),
            absence=tuple(one for one in watches if one.when in BY_CLOCK),
            series={one.key: one.series_id for one in watches}
            | {group.key: None for group in rules.groups},
            unreadable=rules.unreadable,
            new_id=new_id,
            groups={
                member.key: group for group in rules.groups for member in group.members.values()
            },
        )


def calm_sides(watch: Watch) -> tuple[tuple[int, float], ...]:
    """Up to which reading, times the sign of the side, a watch that remembers nothing stays calm.

    A mean of readings behind a limit is behind it. Of a deviation it is the year's worst hour that
    counts, or the least (greatest) that a neighbour's instrument can report: 40 above the median of
    what is never below 0 is above 40. A rate no reading shows by itself: `Steady` looks after that.
    """
    signal = watch.signal
    if signal is None or signal.kind == "mean":
        return watch.sides
    if signal.kind == "rate":
        return ()
    usual = _range_of(signal)
    if usual is None:
        return ()
    return tuple(
        (sign, lowest + min(sign * usual[0], sign * usual[1])) for sign, lowest in watch.sides
    )


def _range_of(signal: Signal) -> tuple[float, float] | None:
    """Between which values lies what a reading is compared with."""
    near = signal.neighbours
    if near:
        return min(one.low for one in near), max(one.high for one in near)
    return usual_range(signal.usual)


def worth_judging(
    conn: Connection,
    judge: Judge,
    series: NDArray[np.int32],
    at: NDArray[np.int64],
    values: NDArray[np.float64],
    bits: NDArray[np.int16],
    before: NDArray[np.int64],
    singly: Sequence[int] = (),
) -> NDArray[np.bool_]:
    """Which of these readings the engine has to see; the caller holds their series_state rows.

    A series whose rules remember nothing, and whose readings are usable and behind every limit,
    would leave the engine as it went in (`State.essence`). Of all others every reading counts.
    In order of series and time (microseconds); before: the newest reading of the series until now.
    singly: series of which the same batch has readings that are judged anyhow. With what has to be
    judged goes what its neighbours read.
    """
    calm = judge.calm
    start = np.flatnonzero(np.append(True, series[1:] != series[:-1]))
    numbers, lengths = series[start], np.diff(np.append(start, len(series)))
    place = np.minimum(np.searchsorted(calm.series, numbers), len(calm.series) - 1)
    watched = (calm.series[place] == numbers) if len(calm.series) else np.zeros(len(numbers), bool)
    if not watched.any():
        return np.repeat(_beside(judge, numbers, singly), lengths)
    low, high = (np.repeat(side[place], lengths) for side in (calm.low, calm.high))
    usable = usable_bits(bits)
    follow(conn, judge.steady, series, at, before)
    unsteady = judge.steady.unsteady(series, at, np.where(usable, values, np.nan))
    odd = ~((low <= values) & (values <= high)) | unsteady | ~usable
    stirring = watched & np.logical_or.reduceat(odd, start)
    stirred = [*busy_series(conn, numbers[watched].tolist()), *numbers[stirring].tolist()]
    judged = watched & np.isin(numbers, stirred)
    return np.repeat(judged | _beside(judge, numbers, [*stirred, *singly]), lengths)


def _beside(judge: Judge, numbers: NDArray[np.int32], judged: Sequence[int]) -> NDArray[np.bool_]:
    """Which of these series are neighbours that rules compare the judged ones with."""
    if not judge.around:
        return np.zeros(len(numbers), np.bool_)
    near = {one for number in judged for one in judge.around.get(number, ())}
    found: NDArray[np.bool_] = np.isin(numbers, sorted(near))
    return found


def judge_batch(
    conn: Connection,
    judge: Judge,
    readings: Sequence[Reading],
    now: datetime,
    *,
    corrected: bool = False,
) -> list[Transition]:
    """Judge what a batch brought, and write what follows from it; the caller commits.

    The caller holds the series_state rows FOR UPDATE, in series order, and has left out readings
    at or before the judged watermark. now: how fresh a reading still is, nothing else.
    corrected: they are the newest of their series with another value than was judged.
    """
    watched = [reading for reading in readings if reading.series_id in judge.watches]
    if not watched:
        return []
    locked = before = lock_states(conn, sorted({reading.series_id for reading in watched}))
    if corrected:
        # The reading that is corrected is in its window already: that is made anew.
        before = {k: replace(s, judged_to=None, window=None) for k, s in before.items()}
    past = stored_past(conn, asks_past(judge.watches, before, watched, always=corrected))
    around = stored_around(conn, asks_around(judge.watches, watched), readings)
    judgement = judge_readings(judge.watches, before, watched, now, judge.new_id, past, around)
    locked |= _judge_groups(conn, judge, judgement, now)
    save(conn, judgement, locked, judge.series, now)
    return judgement.transitions


def _judge_groups(
    conn: Connection, judge: Judge, judgement: Judgement, now: datetime
) -> dict[Key, State]:
    """Add to the judgement what follows for groups; returns their states as they were locked.

    Groups are locked last and in order, and only where one of their members has something to say.
    """
    keys = list(touched(judge.groups, judgement))
    if not keys:
        return {}
    before = lock_groups(conn, keys)
    of_groups = judge_groups(judge.groups, judgement, before, now, judge.new_id)
    judgement.states.update(of_groups.states)
    judgement.transitions.extend(of_groups.transitions)
    return before


def tell_untold(
    conn: Connection, judge: Judge, now: datetime, *, settled: bool
) -> list[Transition]:
    """Tell of what is open and fresh, and was left for the end of a backlog; never commits.

    settled: nothing waits for the walk. Else only what has been left for long is told.
    """
    fresh_since = now - judge.longest_fresh
    series = untold_series(conn, now, fresh_since, settled=settled)
    watches = [watch for number in series for watch in judge.watches.get(number, ())]
    keys = [key for key in untold_groups(conn, now, settled=settled) if key in judge.by_group]
    groups = [judge.by_group[key] for key in keys]
    if not watches and not groups:
        return []
    of_groups = {number for group in groups for number in group.series}
    newest = lock_newest(conn, sorted({*series, *of_groups}), fresh_since)
    before = lock_states(conn, series)
    judgement = Judgement()
    heard = [one for some in newest.values() for one in some]
    around = stored_around(conn, asks_around(by_series(watches), heard), ())
    for watch in watches:
        _tell_one(watch, before, newest, around, now, judgement)
    before |= lock_groups(conn, keys) if keys else {}
    for group in groups:
        heard = [one for number in group.series for one in newest[number] if one.quality.usable]
        state = before[group.key]
        if heard and state.alert and not asks_otherwise(group.watch, state):
            last = max(heard, key=lambda one: one.observed_at)
            judgement.add(group.key, *standing_now(group, state, last, now))
    save(conn, judgement, before, judge.series, now)
    return judgement.transitions


def _tell_one(
    watch: Watch,
    before: Mapping[Key, State],
    newest: Mapping[int, Sequence[Reading]],
    around: Around,
    now: datetime,
    judgement: Judgement,
) -> None:
    judged = (one for one in newest[watch.series_id or 0] if one.value is not None)
    reading = next((one for one in judged if counts(watch, one)), None)
    if not watch.has_limits or watch.key not in before or reading is None:
        return
    state = before[watch.key]
    if asks_otherwise(watch, state):
        return  # the clock withdraws it
    if watch.signal and reading.value is not None:
        reading = as_compared(watch.signal, state.window, reading, reading.value, around)
    judgement.add(watch.key, *tell(watch, state, [], reading, now, backlog_over=True))
