"""Judging inside somebody's transaction: lock the rules' states, judge, save what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alerts.engine import judge as judge_readings
from alerts.ids import new_id
from alerts.record import busy_series, lock_states, save
from alerts.rule import Key, Watch, by_series
from alerts.rulebook import Rulebook, load_rulebook
from alerts.state import NewId, Transition
from database.pool import Connection
from sensors.reading import Quality, Reading

_UNUSABLE = int(Quality.MISSING | Quality.IMPOSSIBLE)


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
    unreadable: rules that this version cannot read.
    """

    watches: Mapping[int, tuple[Watch, ...]]
    absence: tuple[Watch, ...]
    series: Mapping[Key, int | None]
    unreadable: frozenset[int] = frozenset()
    new_id: NewId = new_id

    @cached_property
    def calm(self) -> Calm:
        numbers = sorted(self.watches)
        sides = {-1: [-np.inf] * len(numbers), 1: [np.inf] * len(numbers)}
        for place, number in enumerate(numbers):
            for watch in self.watches[number]:
                if watch.when in ("above", "below"):
                    side, limit = sides[watch.sign], watch.sign * watch.lowest
                    side[place] = watch.sign * min(watch.sign * side[place], watch.sign * limit)
        return Calm(np.array(numbers, np.int32), np.array(sides[-1]), np.array(sides[1]))

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


def worth_judging(
    conn: Connection,
    judge: Judge,
    series: NDArray[np.int32],
    values: NDArray[np.float64],
    bits: NDArray[np.int16],
) -> NDArray[np.bool_]:
    """Which of these readings the engine has to see; the caller holds their series_state rows.

    A series whose rules remember nothing, and whose readings are usable and behind every limit,
    would leave the engine as it went in (`State.essence`). Of all others every reading counts.
    """
    calm = judge.calm
    place = np.minimum(np.searchsorted(calm.series, series), len(calm.series) - 1)
    watched = calm.series[place] == series if len(calm.series) else np.zeros(len(series), bool)
    if not watched.any():
        return watched
    beyond = ~((calm.low[place] <= values) & (values <= calm.high[place]))
    stirring = watched & (beyond | (bits & _UNUSABLE != 0))
    busy = busy_series(conn, np.unique(series[watched]).tolist())
    return watched & np.isin(series, [*busy, *np.unique(series[stirring]).tolist()])


def judge_batch(
    conn: Connection, judge: Judge, readings: Sequence[Reading], now: datetime
) -> list[Transition]:
    """Judge what a batch brought, and write what follows from it; the caller commits.

    The caller holds the series_state rows FOR UPDATE, in series order, and has left out readings
    at or before the judged watermark. now: how fresh a reading still is, nothing else.
    """
    watched = [reading for reading in readings if reading.series_id in judge.watches]
    if not watched:
        return []
    before = lock_states(conn, sorted({reading.series_id for reading in watched}))
    judgement = judge_readings(judge.watches, before, watched, now, judge.new_id)
    save(conn, judgement, before, judge.series, now)
    return judgement.transitions
