"""Vetting of whole runs at once: the same marks as `sensors.quality.vet`, in columns of numpy.

A run is what a batch brings of one series, strictly newer than all that is stored of it and at
strictly increasing times. Anything else is vetted one by one. A property in tests/sensors holds
both ways against each other.

Each test is a function of `Runs` that gives bits; a further one is an entry in one of two lists.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sensors.catalogue import METRICS
from sensors.directory import SeriesInfo
from sensors.moments import DAY_US, from_us, to_us
from sensors.quality import SeriesMemory
from sensors.reading import Quality
from sensors.settings import ClockSettings

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_UNUSABLE = int(Quality.MISSING | Quality.IMPOSSIBLE)
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Runs:
    """Readings by series and then time. Moments are microseconds since 1970.

    starts: where each series' run begins; run: the number of each reading's run; said: quality bits
    of the device; value: NaN where there is none.
    """

    infos: Sequence[SeriesInfo]
    memories: Sequence[SeriesMemory]
    starts: Ints
    at: Ints
    received: Ints
    value: Floats
    said: Ints
    clock: ClockSettings

    @cached_property
    def run(self) -> Ints:
        return np.repeat(np.arange(len(self.infos)), self.ends - self.starts + 1)

    @cached_property
    def ends(self) -> Ints:
        """The last reading of each run."""
        return self.starts + np.diff(self.starts, append=len(self.at)) - 1

    @cached_property
    def missing(self) -> Bools:
        return ~np.isfinite(self.value) | (self.said & int(Quality.MISSING) != 0)

    @cached_property
    def usable(self) -> Bools:
        """Whether a reading can be compared with: it has a value that is not impossible."""
        bits = self.said | sum(test(self) for test in ALONE)
        return (bits & _UNUSABLE == 0) & ~self.missing

    def of_series(self, values: Sequence[float | None]) -> Floats:
        """A setting of each series, for each of its readings; NaN where there is none."""
        return np.array(values, np.float64)[self.run]

    @cached_property
    def chain(self) -> "Chain":
        return Chain.of(self)


@dataclass(frozen=True)
class Chain:
    """The usable readings of all runs, each with the usable one before it, as memory has it.

    rows: where they stand in the runs; known: whether there is one before; same_since: since when
    the value has been the same.
    """

    rows: Ints
    known: Bools
    before_at: Ints
    before_value: Floats
    same_since: Ints

    @classmethod
    def of(cls, runs: Runs) -> "Chain":
        rows = np.flatnonzero(runs.usable)
        run, at, value = runs.run[rows], runs.at[rows], runs.value[rows]
        first = np.diff(run, prepend=-1) != 0
        kept = [_usable_end(memory) for memory in runs.memories]
        kept_known = np.array([end is not None for end in kept], np.bool_)
        kept_at = np.array([end[0] if end else 0 for end in kept], np.int64)
        kept_value = np.array([end[1] if end else np.nan for end in kept], np.float64)
        kept_since = np.array([end[2] if end else 0 for end in kept], np.int64)
        known = np.where(first, kept_known[run], True)
        before_at = np.where(first, kept_at[run], np.roll(at, 1))
        before_value = np.where(first, kept_value[run], np.roll(value, 1))
        window = stuck_after(runs)[rows]
        # A gap longer than the window proves nothing: the flat line begins anew.
        anew = ~known | (value != before_value) | (at - before_at >= window)
        since = np.where(anew, at, kept_since[run])
        head = np.maximum.accumulate(np.where(anew | first, np.arange(len(rows)), 0))
        return cls(rows, known, before_at, before_value, since[head])


def vet_runs(runs: Runs) -> Ints:
    """The quality bits of every reading."""
    bits = runs.said.copy()
    for test in (*ALONE, *AGAINST_BEFORE):
        bits |= test(runs)
    return bits


def remember(runs: Runs) -> list[SeriesMemory]:
    """What is to be remembered of the flat line and of the last usable reading but the newest.

    The newest reading itself stands in the row of the series: its fields are left empty here.
    """
    chain = runs.chain
    last = np.searchsorted(chain.rows, runs.ends, side="right") - 1
    memories = []
    for number, (end, link) in enumerate(zip(runs.ends.tolist(), last.tolist(), strict=True)):
        before = runs.memories[number]
        if link < 0 or runs.run[chain.rows[link]] != number:  # nothing usable in this run
            kept = _usable_end(before)
            at, value = (from_us(kept[0]), kept[1]) if kept else (None, None)
            memories.append(
                SeriesMemory(same_since=before.same_since, previous_at=at, previous_value=value)
            )
            continue
        at, value = None, None
        if chain.rows[link] != end:  # the newest is unusable: the last usable one is before it
            row = chain.rows[link]
            at, value = from_us(int(runs.at[row])), float(runs.value[row])
        elif chain.known[link]:
            at, value = from_us(int(chain.before_at[link])), float(chain.before_value[link])
        since = from_us(int(chain.same_since[link]))
        memories.append(SeriesMemory(same_since=since, previous_at=at, previous_value=value))
    return memories


def refused(at: Ints, received: Ints, clock: ClockSettings) -> Bools:
    """Where the time cannot be: too far ahead of the arrival, or older than any backlog."""
    ahead = at - received
    return (ahead > clock.ahead_s * 1_000_000) | (ahead < -DAY_US * clock.oldest_days)


def device_clock(runs: Runs) -> Ints:
    ahead = runs.at - runs.received
    return _marked(ahead > runs.clock.suspect_ahead_s * 1_000_000, Quality.CLOCK)


def missing(runs: Runs) -> Ints:
    return _marked(runs.missing, Quality.MISSING)


def gross_range(runs: Runs) -> Ints:
    low = runs.of_series([_either(s.low, METRICS[s.metric].low) for s in runs.infos])
    high = runs.of_series([_either(s.high, METRICS[s.metric].high) for s in runs.infos])
    inside = (low <= runs.value) & (runs.value <= high)
    return _marked(~inside & ~runs.missing, Quality.IMPOSSIBLE)


def flat_line(runs: Runs) -> Ints:
    """The same value for longer than the series can have it."""
    rows = runs.chain.rows
    stuck = runs.at[rows] - runs.chain.same_since >= stuck_after(runs)[rows]
    return _placed(runs, rows, _marked(stuck, Quality.STUCK))


def rate_of_change(runs: Runs) -> Ints:
    """max_step is what one minute can bring: as much in less than a minute, more in more."""
    chain = runs.chain
    rows = chain.rows
    step = runs.of_series([series.max_step for series in runs.infos])[rows]
    circular = np.array([METRICS[series.metric].circular for series in runs.infos])[runs.run[rows]]
    size = np.abs(runs.value[rows] - chain.before_value)
    size = np.where(circular, np.minimum(size % 360, 360 - size % 360), size)
    minutes = np.maximum(1.0, (runs.at[rows] - chain.before_at) / 1e6 / 60)
    fast = chain.known & (size > step * minutes)  # NaN where no step is set: never greater
    return _placed(runs, rows, _marked(fast, Quality.RATE))


def stuck_after(runs: Runs) -> Ints:
    """The window of the flat line, for each reading; without one, never."""
    windows = [s.stuck_after_s * 1_000_000 if s.stuck_after_s else _NEVER for s in runs.infos]
    return np.array(windows, np.int64)[runs.run]


# What a reading says by itself; then what it says against the usable one before it.
ALONE: tuple[Callable[[Runs], Ints], ...] = (device_clock, missing, gross_range)
AGAINST_BEFORE: tuple[Callable[[Runs], Ints], ...] = (flat_line, rate_of_change)


def _usable_end(memory: SeriesMemory) -> tuple[int, float, int] | None:
    """The newest usable reading that is remembered: time, value, since when the value is so."""
    at, value = memory.observed_at, memory.value
    if at is None or int(memory.quality) & _UNUSABLE:
        at, value = memory.previous_at, memory.previous_value
    if at is None:
        return None
    since = min(memory.same_since or at, at)
    return to_us(at), np.nan if value is None else value, to_us(since)


def _marked(where: Bools, quality: Quality) -> Ints:
    return where * np.int64(int(quality))


def _placed(runs: Runs, rows: Ints, bits: Ints) -> Ints:
    all_bits = np.zeros(len(runs.at), np.int64)
    all_bits[rows] = bits
    return all_bits


def _either(own: float | None, general: float) -> float:
    return general if own is None else own
