"""Judging inside somebody's transaction: lock the rules' states, judge, save what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.engine import judge as judge_readings
from alerts.ids import new_id
from alerts.record import lock_states, save
from alerts.rule import Key, Watch, by_series
from alerts.rulebook import Rulebook, load_rulebook
from alerts.state import NewId, Transition
from database.pool import Connection
from sensors.reading import Reading


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
