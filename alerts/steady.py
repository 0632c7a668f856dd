"""Series that stood so still that no rate of theirs can be beyond its limit: numpy, in memory.

It spares the engine all calm readings, and nothing hangs on it: of a series that it has not
followed for a whole window (after a start, after another process had the series, after a failed
batch) it says that it is not known to be steady, and the engine looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.rule import Watch
from alerts.window import RATE_PARTS, least_hours

_BLOCKS = RATE_PARTS + 2  # of a ring: the window, what it began in, and what comes
_NEVER = np.iinfo(np.int64).min

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Steady:
    """One row a series under a rate, in order; each with a ring of blocks of its longest window.

    width_us: of a block. allowed: how far values may lie apart within the window, so that no rate
    is beyond its limit. number, low, high: of the blocks. since, last: from which reading to which
    all have been followed, microseconds since 1970.
    """

    series: NDArray[np.int32]
    width_us: Times
    allowed: Values
    number: Times
    low: Values
    high: Values
    since: Times
    last: Times

    @classmethod
    def of(cls, watches: Mapping[int, Sequence[Watch]]) -> "Steady":
        rows = []
        for series in sorted(watches):
            rates = [w for w in watches[series] if w.signal and w.signal.kind == "rate"]
            if rates:
                width = max(w.signal.width_us for w in rates if w.signal)
                rows.append((series, width, min(_allowed(watch) for watch in rates)))
        count = len(rows)
        return cls(
            np.array([row[0] for row in rows], np.int32),
            np.array([row[1] for row in rows], np.int64),
            np.array([row[2] for row in rows], np.float64),
            np.full((count, _BLOCKS), _NEVER, np.int64),
            np.full((count, _BLOCKS), np.inf),
            np.full((count, _BLOCKS), -np.inf),
            np.full(count, _NEVER, np.int64),
            np.full(count, _NEVER, np.int64),
        )

    def or_older(self, older: "Steady") -> "Steady":
        """The older one, with what it has followed, where it is about the same."""
        same = (
            np.array_equal(self.series, older.series)
            and np.array_equal(self.width_us, older.width_us)
            and np.array_equal(self.allowed, older.allowed)
        )
        return older if same else self

    def begin(
        self, series: NDArray[np.int32], at: Times, before: Times
    ) -> tuple[NDArray[np.int32], Times, Times]:
        """The series that have to be followed anew, since a reading was stored that did not come
        by here; each with the first reading of this batch, and how far back its window reaches.

        In order of series and time; before: what was the newest reading of the series until now.
        """
        place, mine = self._mine(series)
        row, at, before = place[mine], at[mine], before[mine]
        start = np.flatnonzero(np.append(True, row[1:] != row[:-1])[: len(row)])
        own = row[start]
        anew = (before[start] != self.last[own]) | (self.last[own] == _NEVER)
        own, first = own[anew], at[start][anew]
        self.number[own], self.low[own], self.high[own] = _NEVER, np.inf, -np.inf
        self.since[own], self.last[own] = first, before[start][anew]
        return self.series[own], first, self.width_us[own] * (RATE_PARTS + 1)

    def asked(self, series: NDArray[np.int32]) -> None:
        """What was stored of these within the window before is known now: `remember` follows for
        those of which there was anything."""
        row = np.searchsorted(self.series, series)
        self.since[row] -= self.width_us[row] * (RATE_PARTS + 1)

    def remember(self, series: int, first: int, low: float, high: float) -> None:
        """Between which values a series lay within the window before its first reading here."""
        row = int(np.searchsorted(self.series, series))
        number = first // int(self.width_us[row]) - 1
        slot = number % _BLOCKS
        self.number[row, slot], self.low[row, slot], self.high[row, slot] = number, low, high

    def unsteady(self, series: NDArray[np.int32], at: Times, values: Values) -> Mask:
        """Which readings are of a series with a rate that is not known to be steady; remembers.

        As `begin`, which goes before; NaN where a value is not usable.
        """
        found = np.zeros(len(series), np.bool_)
        place, mine = self._mine(series)
        if not len(mine):
            return found
        row, at, values = place[mine], at[mine], values[mine]
        start = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
        own = row[start]
        low = np.minimum.reduceat(np.where(np.isnan(values), np.inf, values), start)
        high = np.maximum.reduceat(np.where(np.isnan(values), -np.inf, values), start)
        steady = self._known(own, at[start]) & self._close(own, at[start], low, high)
        self._follow(row, at, values)
        self.last[own] = at[np.append(start[1:], len(at)) - 1]
        lengths = np.diff(np.append(start, len(at)))
        found[mine] = np.repeat(~steady, lengths)
        return found

    def _mine(self, series: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The row of each reading, and which readings have one."""
        if not len(self.series):
            return _NONE, _NONE
        place = np.minimum(np.searchsorted(self.series, series), len(self.series) - 1)
        return place, np.flatnonzero(self.series[place] == series)

    def _known(self, own: NDArray[np.intp], first: Times) -> Mask:
        known: Mask = first - self.since[own] >= self.width_us[own] * RATE_PARTS
        return known

    def _close(self, own: NDArray[np.intp], first: Times, low: Values, high: Values) -> Mask:
        """Whether the window before the first reading and all that came lie close together."""
        oldest = first // self.width_us[own] - RATE_PARTS
        inside = self.number[own] >= oldest[:, None]
        low = np.minimum(low, np.where(inside, self.low[own], np.inf).min(axis=1))
        high = np.maximum(high, np.where(inside, self.high[own], -np.inf).max(axis=1))
        close: Mask = high - low <= self.allowed[own]
        return close

    def _follow(self, row: NDArray[np.intp], at: Times, values: Values) -> None:
        """Least and greatest of each block; of more blocks than a ring has, the newest."""
        block = at // self.width_us[row]
        start = np.flatnonzero(np.append(True, (row[1:] != row[:-1]) | (block[1:] != block[:-1])))
        low = np.minimum.reduceat(np.where(np.isnan(values), np.inf, values), start)
        high = np.maximum.reduceat(np.where(np.isnan(values), -np.inf, values), start)
        row, block = row[start], block[start]
        newest = np.full(len(self.series), _NEVER, np.int64)
        np.maximum.at(newest, row, block)
        kept = block > newest[row] - _BLOCKS
        row, block, low, high = row[kept], block[kept], low[kept], high[kept]
        slot = block % _BLOCKS
        same = self.number[row, slot] == block
        self.low[row, slot] = np.where(same, np.minimum(low, self.low[row, slot]), low)
        self.high[row, slot] = np.where(same, np.maximum(high, self.high[row, slot]), high)
        self.number[row, slot] = block


_NONE = np.zeros(0, np.intp)


def _allowed(watch: Watch) -> float:
    """Values so close together give no rate beyond a limit (window.quiet says the same)."""
    hours = least_hours(watch.signal) if watch.signal else 0.0
    return min((lowest * hours for _, lowest in watch.sides), default=np.inf)
