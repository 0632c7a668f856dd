"""Vetting whole batches: the tests of quality.py over columns, for readings in good order.

In good order: of each series only readings newer than all before them, each at a time of its own,
none refused. What is not goes through `quality.vet` one by one; a property holds the two equal.
Times are microseconds since 1970, UTC; NEVER stands for none. A missing value is NaN.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.instruments import Instruments
from sensors.reading import UNUSABLE, VALID, VALID_OR_MISSING, Quality
from sensors.settings import ClockSettings

NEVER = np.iinfo(np.int64).min
SECOND_US, DAY_US = 1_000_000, 86_400_000_000
CATCHING_UP_S = 5  # less late by more than this than the reading before: a backlog
_BEIJING_US = 8 * 3_600_000_000

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Bits = NDArray[np.int16]
Mask = NDArray[np.bool_]

_MISSING, _IMPOSSIBLE = int(Quality.MISSING), int(Quality.IMPOSSIBLE)
_RATE, _STUCK, _CLOCK = int(Quality.RATE), int(Quality.STUCK), int(Quality.CLOCK)
_CLIMATE, _STALE = int(Quality.CLIMATE), int(Quality.STALE_CLOCK)


@dataclass(frozen=True, slots=True)
class Runs:
    """Readings sorted by series and time. start: where each series begins; instrument: its row."""

    start: NDArray[np.intp]
    instrument: NDArray[np.intp]
    at: Times
    received: Times
    value: Values
    bits: Bits

    @property
    def run(self) -> NDArray[np.intp]:
        """For each reading, the number of its series."""
        lengths = np.diff(np.append(self.start, len(self.at)))
        return np.repeat(np.arange(len(self.start)), lengths)

    @property
    def end(self) -> NDArray[np.intp]:
        """The last reading of each series."""
        return np.append(self.start[1:], len(self.at))[: len(self.start)] - 1


@dataclass(frozen=True, slots=True)
class Memory:
    """What vetting remembers of each series: `quality.SeriesMemory` as columns."""

    observed_at: Times
    value: Values
    bits: Bits
    same_since: Times
    previous_at: Times
    previous_value: Values
    received: Times

    @property
    def usable_at(self) -> Times:
        """When the newest usable reading was."""
        return np.where(self._newest_is_usable, self.observed_at, self.previous_at)

    @property
    def usable_value(self) -> Values:
        return np.where(self._newest_is_usable, self.value, self.previous_value)

    @property
    def _newest_is_usable(self) -> Mask:
        usable: Mask = (self.observed_at != NEVER) & usable_bits(self.bits)
        return usable


def usable_bits(bits: Bits) -> Mask:
    """`Quality.usable` of each."""
    usable: Mask = (bits & UNUSABLE == 0) | (bits & VALID_OR_MISSING == VALID)
    return usable


def refused(at: Times, received: Times, clock: ClockSettings) -> Mask:
    """Whose time cannot be: those that `quality.vet` refuses with a sentence."""
    ahead = at - received
    return (ahead > clock.ahead_s * SECOND_US) | (ahead < -clock.oldest_days * DAY_US)


def vet_runs(
    runs: Runs, memory: Memory, instruments: Instruments, clock: ClockSettings
) -> tuple[Runs, Memory]:
    """The readings with their bits (and NaN where a value is missing), and what to remember."""
    run = runs.run
    row = runs.instrument[run]
    missing = ~np.isfinite(runs.value) | (runs.bits & _MISSING != 0)
    value = np.where(missing, np.nan, runs.value)
    with np.errstate(invalid="ignore"):
        impossible = ~missing & ~(
            (instruments.low[row] <= value) & (value <= instruments.high[row])
        )
    bits = runs.bits.copy()
    bits[runs.at - runs.received > clock.suspect_ahead_s * SECOND_US] |= _CLOCK
    bits[missing] |= _MISSING
    bits[impossible] |= _IMPOSSIBLE
    bits[_unusual(runs.at, value, row, instruments)] |= _CLIMATE
    bits[_stale(runs, memory, instruments.stale_us(clock)[row])] |= _STALE
    usable = _Usable.of(np.flatnonzero(usable_bits(bits)), run, runs.at, value, memory)
    same_since = usable.same_since(instruments.stuck_us[row[usable.where]], memory)
    bits[usable.where] |= usable.stuck(same_since, instruments.stuck_us[row[usable.where]])
    bits[usable.where] |= usable.rate(row[usable.where], instruments)
    vetted = Runs(runs.start, runs.instrument, runs.at, runs.received, value, bits)
    return vetted, _remember(vetted, usable, same_since, memory)


def _unusual(at: Times, value: Values, row: NDArray[np.intp], instruments: Instruments) -> Mask:
    """Outside what its month usually brings."""
    found = np.zeros(len(at), np.bool_)
    where = np.flatnonzero(instruments.has_usual[row])
    if len(where):  # most series have none, and months cost as much as all else
        local = (at[where] + _BEIJING_US).astype("datetime64[us]").astype("datetime64[M]")
        month, of = local.astype(np.int64) % 12, row[where]
        low, high = instruments.usual_low[of, month], instruments.usual_high[of, month]
        found[where] = (value[where] < low) | (value[where] > high)
    return found


def _stale(runs: Runs, memory: Memory, limit_us: Times) -> Mask:
    """Late as the reading before it was, and not less so (`quality.vet` says why)."""
    lag = runs.received - runs.at
    late = lag > limit_us
    if not late.any():
        return late
    known = memory.observed_at != NEVER
    before = np.roll(lag, 1)
    before[runs.start] = np.where(
        known, memory.received - np.where(known, memory.observed_at, 0), 0
    )
    stays: Mask = late & (before > limit_us) & (lag - before >= -CATCHING_UP_S * SECOND_US)
    return stays


@dataclass(frozen=True, slots=True)
class _Usable:
    """The usable readings, each with the usable one of its series before it (or NEVER)."""

    where: NDArray[np.intp]
    run: NDArray[np.intp]
    first: Mask
    at: Times
    value: Values
    before_at: Times
    before_value: Values

    @classmethod
    def of(
        cls,
        where: NDArray[np.intp],
        run: NDArray[np.intp],
        at: Times,
        value: Values,
        memory: Memory,
    ) -> "_Usable":
        run, at, value = run[where], at[where], value[where]
        first = np.ones(len(where), np.bool_)
        first[1:] = run[1:] != run[:-1]
        return cls(
            where,
            run,
            first,
            at,
            value,
            np.where(first, memory.usable_at[run], np.roll(at, 1)),
            np.where(first, memory.usable_value[run], np.roll(value, 1)),
        )

    def same_since(self, stuck_us: Times, memory: Memory) -> Times:
        """Since when the value is what it is; a gap longer than the window begins it anew."""
        has_before = self.before_at != NEVER
        gap = np.where(has_before, self.at - np.where(has_before, self.before_at, 0), 0)
        gone_on = has_before & (self.value == self.before_value)
        gone_on &= ~((stuck_us > 0) & (gap >= stuck_us))
        known = memory.same_since[self.run]
        known = np.where(known == NEVER, self.before_at, np.minimum(known, self.before_at))
        begins = np.where(gone_on, known, self.at)
        anchor = np.where(self.first | ~gone_on, np.arange(len(self.at)), 0)
        return begins[np.maximum.accumulate(anchor)] if len(begins) else begins

    def stuck(self, same_since: Times, stuck_us: Times) -> Bits:
        is_stuck = (stuck_us > 0) & (self.at - same_since >= stuck_us)
        return np.where(is_stuck, _STUCK, 0).astype(np.int16)

    def rate(self, row: NDArray[np.intp], instruments: Instruments) -> Bits:
        """max_step is what one minute can bring: as much in less than a minute, more in more."""
        has_before = self.before_at != NEVER
        size = np.abs(self.value - np.where(has_before, self.before_value, self.value))
        size = np.where(instruments.circular[row], np.minimum(size % 360, 360 - size % 360), size)
        gap = self.at - np.where(has_before, self.before_at, self.at)
        minutes = np.maximum(1.0, gap / SECOND_US / 60)
        return np.where(size > instruments.max_step[row] * minutes, _RATE, 0).astype(np.int16)


def _remember(runs: Runs, usable: _Usable, same_since: Times, memory: Memory) -> Memory:
    """The memory after each series' last reading: it, and the usable one before it."""
    last = np.full(len(runs.start), -1)
    last[usable.run] = np.arange(len(usable.run))  # of several the last stays
    some = last >= 0
    end = runs.end
    end_usable = usable_bits(runs.bits[end])

    def before(ends: Times | Values, own: Times | Values, remembered: Times | Values) -> NDArray:  # type: ignore[type-arg]  # of either kind
        if not len(own):
            return remembered
        return np.where(some, np.where(end_usable, ends[last], own[last]), remembered)

    return Memory(
        runs.at[end],
        runs.value[end],
        runs.bits[end],
        np.where(some, same_since[last], memory.same_since)
        if len(same_since)
        else memory.same_since,
        before(usable.before_at, usable.at, memory.usable_at),
        before(usable.before_value, usable.value, memory.usable_value),
        runs.received[end],
    )
