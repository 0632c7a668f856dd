"""Shifts as stretches of time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from alerts.quiet.settings import ShiftSettings
from alerts.times import BEIJING


@dataclass(frozen=True, slots=True)
class Shift:
    """[since, until) of one shift of one day."""

    zh: str
    en: str
    since: datetime
    until: datetime


def shift_at(shifts: Sequence[ShiftSettings], moment: datetime) -> Shift:
    """The shift that a moment lies in; `shifts` is not empty, its starts differ."""
    started = [one for one in _around(shifts, moment) if one.since <= moment]
    return started[-1]


def shifts_before(shifts: Sequence[ShiftSettings], shift: Shift, count: int) -> list[Shift]:
    """The `count` shifts before this one, the latest first."""
    found: list[Shift] = []
    while len(found) < count:
        shift = shift_at(shifts, shift.since - timedelta(microseconds=1))
        found.append(shift)
    return found


def _around(shifts: Sequence[ShiftSettings], moment: datetime) -> list[Shift]:
    """Those of the day before, of the day and of the next, in order."""
    day = moment.astimezone(BEIJING).date()
    days = [day + timedelta(days=offset) for offset in (-1, 0, 1, 2)]
    starts = sorted(
        ((_starts(one, on), one) for on in days for one in shifts), key=lambda pair: pair[0]
    )
    return [Shift(one.zh, one.en, since, until) for (since, one), (until, _) in pairwise(starts)]


def _starts(shift: ShiftSettings, on: date) -> datetime:
    return datetime.combine(on, time.fromisoformat(shift.starts), BEIJING)
