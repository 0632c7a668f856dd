"""Whose turn it is, and where nobody's is. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """One person at one duty, from (inclusive) until (exclusive)."""

    id: int
    duty: str
    who: str
    from_at: datetime
    to_at: datetime
    note: str | None = None
    entered_by: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nobody is on duty."""

    duty: str
    from_at: datetime
    to_at: datetime


def on_duty(shifts: Iterable[Shift], duty: str, at: datetime) -> tuple[str, ...]:
    """Who is on duty there then; in order of the shifts' beginning, nobody twice."""
    now = [s for s in shifts if s.duty == duty and s.from_at <= at < s.to_at]
    return tuple(dict.fromkeys(s.who for s in sorted(now, key=lambda s: (s.from_at, s.id))))


def gaps(shifts: Sequence[Shift], duty: str, from_at: datetime, to_at: datetime) -> list[Gap]:
    """The times between these two moments in which nobody is on duty."""
    found: list[Gap] = []
    covered = from_at
    for shift in sorted((s for s in shifts if s.duty == duty), key=lambda s: s.from_at):
        if shift.to_at <= covered:
            continue
        if shift.from_at >= to_at:
            break
        if shift.from_at > covered:
            found.append(Gap(duty, covered, shift.from_at))
        covered = shift.to_at
    if covered < to_at:
        found.append(Gap(duty, covered, to_at))
    return found
