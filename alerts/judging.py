"""Judging inside somebody's transaction: lock the rules' states, judge, save what follows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from alerts.engine import judge as judge_readings
from alerts.ids import new_id
from alerts.record import lock_states, save
from alerts.rule import Key, Watch, by_series
from alerts.rulebook import Rulebook, load_rulebook
from alerts.state import NewId, State, Transition
from database.pool import Connection
from sensors.reading import Quality, Reading

UNUSABLE = int(Quality.MISSING | Quality.IMPOSSIBLE)


@dataclass(frozen=True)
class Runs:
    """What a batch brought of many series, as columns by series and then time.

    series, starts: of each run; value: NaN where there is none; quality: bits; readings: makes
    values of the rows that are asked for.
    """

    series: Sequence[int]
    starts: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.int64]
    readings: Callable[[npt.NDArray[np.bool_]], list[Reading]]


@dataclass(frozen=True, slots=True)
class Band:
    """Where readings of a series are no news to its rules while these are idle: from low to high,
    and usable if somebody waits for usable ones."""

    low: float = -np.inf
    high: float = np.inf
    usable: bool = False

    @classmethod
    def of(cls, watches: Iterable[Watch]) -> "Band":
        """A value counts only strictly beyond the lowest limit, whatever the season."""
        low, high, usable = -np.inf, np.inf, False
        for watch in watches:
            if watch.when == "above":
                high = min(high, watch.lowest)
            elif watch.when == "below":
                low = max(low, -watch.lowest)
            else:
                usable = True
        return cls(low, high, usable)


@dataclass(frozen=True)
class Judge:
    """The rules in force, laid upon the series that they cover.

    watches: by series; absence: what only the clock can judge; series: the series of each key;
    unreadable: rules that this version cannot read.
    """

    watches: Mapping[int, tuple[Watch, ...]]
    absence: tuple[Watch, ...]
    series: Mapping[Key, int | None]
    unreadable: frozenset[int] = frozenset()
    new_id: NewId = new_id

    @cached_property
    def bands(self) -> Mapping[int, Band]:
        return {series_id: Band.of(watches) for series_id, watches in self.watches.items()}

    @classmethod
    def load(cls, conn: Connection) -> "Judge":
        """The rules of the database (`alerts.rulebook.seed` brings those of the file there)."""
        return cls.of(load_rulebook(conn))

    @classmethod
    def of(cls, rules: Rulebook, new_id: NewId = new_id) -> "Judge":
        watches = rules.watches
        return cls(
            watches=by_series(watches),
            absence=tuple(one for one in watches if one.when in ("no_data", "ingest")),
            series={one.key: one.series_id for one in watches},
            unreadable=rules.unreadable,
            new_id=new_id,
        )


def judge_batch(
    conn: Connection,
    judge: Judge,
    readings: Sequence[Reading],
    now: datetime,
    runs: Runs | None = None,
) -> list[Transition]:
    """Judge what a batch brought, and write what follows from it; the caller commits.

    The caller holds the series_state rows FOR UPDATE, in series order, and has left out readings
    at or before the judged watermark. now: how fresh a reading still is, nothing else. runs: more
    readings, of other series.
    """
    watched = [reading for reading in readings if reading.series_id in judge.watches]
    series = {reading.series_id for reading in watched}
    if runs is not None:
        series |= judge.watches.keys() & set(runs.series)
    if not series:
        return []
    before = lock_states(conn, sorted(series))
    if runs is not None:
        watched += runs.readings(concerning(judge, before, runs))
    judgement = judge_readings(judge.watches, before, watched, now, judge.new_id)
    save(conn, judgement, before, judge.series, now)
    return judgement.transitions


def concerning(
    judge: Judge, states: Mapping[Key, State], runs: Runs
) -> npt.NDArray[np.bool_]:
    """Which readings of the runs can change anything: the others need not be made into values.

    All of a series one of whose rules is not idle; else those from the first one on that leaves the
    band. What comes before it leaves an idle state idle, and an idle state is as good as none.
    """
    busy = {judge.series.get(key) for key, state in states.items() if not state.idle}
    free = Band()
    bands = [judge.bands.get(number, free) for number in runs.series]
    run = np.repeat(np.arange(len(bands)), np.diff(runs.starts, append=len(runs.value)))
    low, high = (np.array([getattr(band, side) for band in bands]) for side in ("low", "high"))
    beyond = (runs.value > high[run]) | (runs.value < low[run])
    unusable = runs.quality & UNUSABLE != 0
    beyond |= np.array([band.usable for band in bands], np.bool_)[run] & unusable
    beyond[runs.starts] |= np.array([number in busy for number in runs.series], np.bool_)
    so_far = np.cumsum(beyond)
    return so_far > (so_far - beyond)[runs.starts][run]
