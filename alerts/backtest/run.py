"""One rule over the stored readings of one series: the alerts that there would have been. Pure.

The engine that judges live (`alerts.engine.retrace`, `alerts.silence.tick`) decides everything. It
is shown only the readings that can change what it remembers; those that numpy finds can not are
passed over (`_calm`). A property holds this equal to showing it every reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np

from alerts.backtest.block import Block, microseconds_of, moment_of
from alerts.backtest.calm import calm, passed, stirring
from alerts.engine import forgetting, judge, retrace, retrace_member
from alerts.grade import Grade
from alerts.neighbours import NOBODY, Around
from alerts.rule import Watch
from alerts.silence import Heartbeat, Seen, tick
from alerts.state import Move, NewId, State, Transition
from alerts.window import reach
from sensors.reading import Quality, Reading
from sensors.vetting import Mask, Times, Values, usable_bits

_UNHEARD = int(Quality.MISSING | Quality.IMPOSSIBLE)
_MOST = 8  # readings that the engine is shown at once
_MICROSECOND = timedelta(microseconds=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Episode:
    """An alert that there would have been. ended: None if it stood at the end of the period.

    by_bad_data: every reading that held it up was suspect, or has been marked invalid since.
    """

    subject: str
    station: str
    began_at: datetime
    raised_at: datetime
    ended_at: datetime | None
    peak_grade: Grade
    peak: float | None
    limit: float | None
    by_bad_data: bool = False
    steps: tuple[Transition, ...] = field(default=(), repr=False)

    def length(self, until: datetime) -> timedelta:
        return (self.ended_at or until) - self.began_at


class Run:
    """Takes the readings of a series block by block, in event order; then says what came of it."""

    def __init__(
        self, watch: Watch, *, shortcuts: bool = True, heard_at: datetime | None = None
    ) -> None:
        """heard_at: of no_data, from when silence counts; else from the first reading."""
        self.watch, self.state = watch, State()
        self.judged = 0  # readings that the engine was shown
        self.moves: list[tuple[Move, bool]] = []  # of a group's member, each: was its reading bad?
        self._around = NOBODY
        self._may_pass = shortcuts and (watch.signal is None or watch.signal.kind == "mean")
        self._steps: dict[str, list[Transition]] = {}
        self._good: set[str] = set()  # alerts that a good reading held up
        self._unsure: set[str] = set()  # those of which it is not known yet
        self._last_good: datetime | None = None
        self._quiet = _Quiet(microseconds_of(heard_at), True) if heard_at else None
        self._new_id = numbering()

    def take(self, block: Block, around: Around = NOBODY) -> None:
        """around: what its neighbours read before these, if the rule compares with them."""
        if not len(block):
            return
        self._around = around
        if self.watch.member:  # groups take moves as they arrive: here as if all came in time
            block = replace(block, received=block.at)
        if self.watch.when == "no_data":
            self._listen(block)
        else:
            self._walk(block)
            self._weigh(block)

    def _walk(self, block: Block) -> None:
        """The engine is shown the readings that may matter, in strides."""
        at, stride = self._next(block, 0), 1
        while at < len(block):
            stop = min(at + stride, len(block)) if self._may_pass else len(block)
            self._judge(block, at, stop)
            at = self._next(block, stop)
            # To see more than it must changes nothing, and is cheaper than to look each time.
            stride = min(2 * stride, _MOST) if at == stop else 1

    def done(self, until: datetime) -> list[Episode]:
        """The alerts, the first before the last. until: the end of the period."""
        if self.watch.when == "no_data" and self._quiet:
            self._silence(self._quiet.since, None, until)
        return [self._episode(steps) for steps in self._steps.values()]

    def _judge(self, block: Block, first: int, last: int) -> None:
        shown = self._readings(block, first, last)
        if self.watch.member:
            self.state, moves = retrace_member(self.watch, shown, self._new_id, self.state)
            for move in moves:
                number = np.searchsorted(block.at, microseconds_of(move.reading.observed_at))
                self.moves.append((move, bool(block.bad[number])))
            return
        self.state, steps = retrace(self.watch, shown, self._new_id, self.state, self._around)
        self._keep(steps)

    def _keep(self, steps: Iterable[Transition]) -> None:
        for step in steps:
            if step.kind == "raised":
                self._unsure.add(step.alert_id)
            self._steps.setdefault(step.alert_id, []).append(step)

    def _next(self, block: Block, at: int) -> int:
        """The first reading from `at` on that may change what the engine remembers."""
        signal = self.watch.window
        if not self._may_pass or (signal and self._remembers()):
            return at
        found = self._pass(block, at)
        if signal is None or found == at:
            return found
        # As the judge does, forget the window; and make it anew of the readings that it reaches
        # back to, before the next one that could lift the mean.
        last = int(block.at[min(found, len(block) - 1)])
        first = int(np.searchsorted(block.at, last - reach(signal) // _MICROSECOND))
        if first > at:
            self.state = State()
        return max(at, first)

    def _pass(self, block: Block, at: int) -> int:
        """Over readings that change nothing but the peak, and when the last one was."""
        found = calm(self.watch, self.state)
        if found is None or at == len(block):
            return at
        stop = stirring(block, at, found)
        if stop > at and not self.state.idle:
            self.state = passed(self.watch, self.state, block, at, stop)
        return stop

    def _remembers(self) -> bool:
        """Whether something could come of what lies behind, be the next readings ever so calm."""
        return not self.state.idle or forgetting(self.watch, self.state).window is not None

    def _weigh(self, block: Block) -> None:
        """Which alerts a good reading of this block held up."""
        held = block.at[self._holding(block.value) & ~block.bad]
        for number in list(self._unsure):
            steps = self._steps[number]
            over, began = steps[-1].kind == "ended", steps[0].alert.began_at
            first = np.searchsorted(held, microseconds_of(began))
            last = np.searchsorted(held, microseconds_of(steps[-1].at), "right")
            before = self._last_good is not None and self._last_good >= began
            if before or first < (last if over else len(held)):
                self._good.add(number)
            if over or number in self._good:
                self._unsure.discard(number)
        if len(held):
            self._last_good = moment_of(int(held[-1]))

    def _holding(self, value: Values) -> Mask:
        """Readings that speak for an alert: beyond a limit, or any where that says nothing."""
        if self.watch.signal:
            return ~np.isnan(value)
        beyond = np.zeros(len(value), bool)
        for sign, lowest in self.watch.sides:
            beyond |= sign * value > lowest
        return beyond

    def _listen(self, block: Block) -> None:
        """Silences that end in this block, judged by the clock's own function."""
        heard = usable_bits(block.bits) | (block.bits & _UNHEARD == 0)
        quiet = _quiet_since(block.at, heard, self._quiet)
        before = np.append(block.at[0] if self._quiet is None else self._quiet.since, quiet[:-1])
        patience = self.watch.patience // timedelta(microseconds=1)
        for number in np.flatnonzero(heard & (block.at - before > patience)):
            self._silence(int(before[number]), (block, int(number)), None)
        self._quiet = _Quiet(int(quiet[-1]), bool(heard[-1]))

    def _silence(self, since: int, back: tuple[Block, int] | None, until: datetime | None) -> None:
        """An alert after a silence; back: the reading that ended it. As if all had come in time."""
        watch, quiet = self.watch, moment_of(since)
        now = quiet + watch.patience
        if until is not None and now > until:
            return
        beat, seen = Heartbeat(now, _LONG_AGO, now), {watch.series_id or 0: Seen(_LONG_AGO, quiet)}
        raised = tick(
            [watch],
            {},
            seen,
            now,
            beat,
            limit=timedelta(1),
            watching_since=_LONG_AGO,
            new_id=self._new_id,
        )
        self._keep(raised.transitions)
        if back:
            reading = self._reading(*back)
            watches: Mapping[int, list[Watch]] = {reading.series_id: [watch]}
            ended = judge(watches, raised.states, [reading], reading.observed_at, self._new_id)
            self._keep(ended.transitions)

    def _reading(self, block: Block, number: int) -> Reading:
        (found,) = self._readings(block, number, number + 1)
        return replace(found, received_at=found.observed_at)

    def _readings(self, block: Block, first: int, last: int) -> list[Reading]:
        watch = self.watch
        self.judged += last - first
        return block.readings(
            first, last, watch.series_id or 0, watch.station or "", watch.metric or ""
        )

    def _episode(self, steps: list[Transition]) -> Episode:
        bad = self.watch.when != "no_data" and steps[-1].alert_id not in self._good
        return episode_of(self.watch, steps, self.state.peak, by_bad_data=bad)


def episode_of(
    watch: Watch, steps: Sequence[Transition], peak: float | None, *, by_bad_data: bool
) -> Episode:
    """The steps of one alert as an episode. peak: so far, where it is still open."""
    first, last = steps[0], steps[-1]
    over, grade = last.kind == "ended", last.alert.peak_grade
    limits = {step.grade: step.limit for step in steps if step.kind != "ended"}
    return Episode(
        subject=watch.subject,
        station=watch.station or "",
        began_at=first.alert.began_at,
        raised_at=first.alert.raised_at,
        ended_at=last.at if over else None,
        peak_grade=grade,
        peak=last.peak if over else peak,
        limit=limits.get(grade),
        by_bad_data=by_bad_data,
        steps=tuple(steps),
    )


@dataclass(frozen=True, slots=True)
class _Quiet:
    """Since when there is no usable reading, and whether the last one was one."""

    since: int
    heard: bool


def _quiet_since(at: Times, heard: Mask, before: _Quiet | None) -> Times:
    """Since when it is quiet, after each reading: since itself, or the first of a run unheard."""
    previous = np.append(True if before is None else before.heard, heard[:-1])
    own = np.where(heard | previous, np.arange(len(at)), -1)
    run = np.maximum.accumulate(own)
    return np.where(run >= 0, at[run], before.since if before else at[0])


def numbering() -> NewId:
    numbers = count(1)
    return lambda _: str(next(numbers))


def episodes_of(
    watch: Watch, blocks: Iterable[Block], until: datetime, *, shortcuts: bool = True
) -> list[Episode]:
    """All at once: what `watch` makes of the readings of its series up to then."""
    run = Run(watch, shortcuts=shortcuts)
    for block in blocks:
        run.take(block)
    return run.done(until)
