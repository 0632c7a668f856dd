"""Judging inside somebody's transaction: lock the rules' states, judge, save what follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.engine import Transition
from database.pool import Connection
from sensors.reading import Reading


@dataclass(frozen=True)
class Judge:
    """The rules in force, laid upon the series that they cover."""

    @classmethod
    def load(cls, conn: Connection) -> "Judge":
        return cls()


def judge_batch(
    conn: Connection, judge: Judge, readings: Sequence[Reading], now: datetime
) -> list[Transition]:
    """Judge what a batch brought. The caller holds the series_state rows FOR UPDATE, in series

    order, has left out readings at or before the judged watermark, and commits.
    """
    return []
