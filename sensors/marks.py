"""What people say of stretches of readings, and how stored readings come to show it.

A mark is a fact of its own: value and the bits of tests stay as they are, only MARKED_INVALID and
MARKED_VALID follow the marks. Of several over one reading the newest that is not withdrawn counts.
Functions take a connection and never commit.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from database.pool import Connection
from sensors.catalogue import DERIVED_FROM, STORAGE
from sensors.reading import Quality
from sensors.vetting import Bits, Mask, Times

Verdict = Literal["invalid", "valid"]
_MOMENT = timedelta(microseconds=1)

ADD = """
insert into mark (series_id, from_at, until_at, verdict, reason, who)
values (%(series)s, %(since)s, %(until)s, %(verdict)s, %(reason)s, %(who)s) returning id
"""
WITHDRAW = """
insert into mark (series_id, from_at, until_at, verdict, withdraws, reason, who)
select series_id, from_at, until_at, 'withdrawn', id, %(reason)s, %(who)s
  from mark where id = %(mark)s and verdict <> 'withdrawn'
on conflict (withdraws) where withdraws is not null do nothing returning id
"""
# What is new; and what has no end, for the readings that came since. Whoever stores readings holds
# the row of series_state: what comes after shown_to is newer, or late and marked as it comes.
PENDING = """
select m.id, m.series_id, coalesce(a.shown_to, m.from_at), m.until_at
  from mark m
  left join mark_applied a on a.mark_id = m.id
  left join series_state x on x.series_id = m.series_id
 where a.mark_id is null
    or (m.until_at is null and m.verdict <> 'withdrawn'
        and (a.shown_to is null or x.observed_at > a.shown_to)
        and not exists (select from mark w where w.withdraws = m.id))
 order by a.applied_at nulls first, m.id limit %(limit)s
"""
# The marked series and what is computed one to one from it, each with what it is computed from.
TARGETS = """
select t.id, (select f.id from series f where f.station_id = t.station_id
                 and f.metric = any(%(sources)s) and t.metric = %(derived)s)
  from series q join series t on t.station_id = q.station_id
 where q.id = %(series)s
   and (t.id = q.id or (q.metric = any(%(sources)s) and t.metric = %(derived)s))
 order by t.id
"""
LOCK = """
select series_id, observed_at from series_state
 where series_id = any(%(series)s) order by series_id for update
"""
# 6144: both marks. An invalid source makes what is computed from it invalid, a valid one nothing.
_VERDICT = """
(select m.verdict from mark m
  where m.series_id = %({of})s and m.from_at <= r.observed_at
    and (m.until_at is null or r.observed_at < m.until_at) and m.verdict <> 'withdrawn'
    and not exists (select from mark w where w.withdraws = m.id)
  order by m.id desc limit 1)
"""
_OWN, _SOURCE = _VERDICT.format(of="series"), _VERDICT.format(of="source")
_BITS = f"""
(case when 'invalid' in ({_OWN}, {_SOURCE}) then 2048 when {_OWN} = 'valid' then 4096 else 0 end)
"""
# Asked before anything is updated, and both by series and time alone: an update unpacks every
# compressed row that it has to look at, and joined to itself it unpacked them once a reading.
UNLIKE = f"""
select min(observed_at), max(observed_at) from reading r
 where series_id = %(series)s and observed_at >= %(since)s
   and (%(until)s::timestamptz is null or observed_at < %(until)s)
   and quality & 1 = 0 and quality & 6144 <> {_BITS}
"""  # noqa: S608 - of constants
APPLY = f"""
update reading r set quality = ((quality & ~6144) | {_BITS})::smallint
 where series_id = %(series)s and observed_at between %(first)s and %(last)s
   and quality & 1 = 0 and quality & 6144 <> {_BITS}
"""  # noqa: S608 - of constants
NEWEST = """
update series_state x set quality = r.quality, changed_at = clock_timestamp()
  from reading r
 where x.series_id = %(series)s and r.series_id = x.series_id and r.observed_at = x.observed_at
   and x.quality is distinct from r.quality
"""
APPLIED = """
insert into mark_applied (mark_id, shown_to) values (%(mark)s, %(shown_to)s)
on conflict (mark_id) do update
   set shown_to = excluded.shown_to, applied_at = clock_timestamp()
"""


# For readings on their way in. Microseconds since 1970; no end is the end of time.
STANDING = """
select t.id, t.id <> m.series_id, (extract(epoch from m.from_at) * 1000000)::bigint,
       coalesce((extract(epoch from m.until_at) * 1000000)::bigint, 9223372036854775807), m.verdict
  from mark m
  join series q on q.id = m.series_id
  join series t on t.station_id = q.station_id
   and (t.id = q.id or (q.metric = any(%(sources)s) and t.metric = %(derived)s))
 where m.verdict <> 'withdrawn' and m.from_at <= %(last)s
   and (m.until_at is null or m.until_at > %(first)s)
   and not exists (select from mark w where w.withdraws = m.id)
 order by m.id
"""
MARKED = "select distinct series_id from mark where series_id = any(%(series)s)"


@dataclass(frozen=True, slots=True)
class Standing:
    """A mark laid upon a series: the marked one, or (by_source) what is computed from it.

    since, until: microseconds since 1970, the end not included.
    """

    series_id: int
    by_source: bool
    since: int
    until: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Touched:
    """Readings of a series, from the first to the last whose quality changed: roll-ups follow."""

    series_id: int
    first: datetime
    last: datetime


def add(
    conn: Connection,
    series_id: int,
    since: datetime,
    until: datetime | None,
    verdict: Verdict,
    *,
    reason: str,
    who: str,
) -> int:
    """The number of the new mark; nothing else changes until `apply_marks`."""
    values = {"series": series_id, "since": since, "until": until}
    with conn.cursor() as cursor:
        cursor.execute(ADD, {**values, "verdict": verdict, "reason": reason, "who": who})
        return int(cursor.fetchone()[0])  # type: ignore[index]  # insert returning always has a row


def withdraw(conn: Connection, mark: int, *, reason: str, who: str) -> int | None:
    """The number of the fact that takes a mark back; None where there is no such mark, or no more.

    Of two at once the second waits for the first, then has None.
    """
    with conn.cursor() as cursor:
        cursor.execute(WITHDRAW, {"mark": mark, "reason": reason, "who": who})
        row = cursor.fetchone()
    return int(row[0]) if row else None


def apply_marks(conn: Connection, limit: int) -> list[Touched]:
    """Make stored readings show at most `limit` marks: new ones, then those without an end.

    Of a mark without an end only what came since the last run is looked at.
    Takes the rows of series_state first, in order, as whoever writes readings does.
    """
    with conn.cursor() as cursor:
        cursor.execute(PENDING, {"limit": limit})
        pending = cursor.fetchall()
        targets = [(mark, _targets(conn, mark[1])) for mark in pending]
        cursor.execute(LOCK, {"series": sorted({t for _, some in targets for t, _ in some})})
        newest = dict(cursor.fetchall())
        touched = []
        for (mark, marked, since, until), some in targets:
            for series_id, source in some:
                touched += _show(conn, series_id, source, since, until)
            cursor.execute(APPLIED, {"mark": mark, "shown_to": newest.get(marked)})
    return touched


def standing(conn: Connection, first: datetime, last: datetime) -> list[Standing]:
    """The marks that touch [first, last], the older before the newer."""
    asked = {"sources": list(DERIVED_FROM[STORAGE]), "derived": STORAGE}
    with conn.cursor() as cursor:
        cursor.execute(STANDING, {**asked, "first": first, "last": last})
        return [Standing(*row) for row in cursor.fetchall()]


def marked(
    marks: Iterable[Standing], series: NDArray[np.int32], at: Times, bits: Bits
) -> tuple[Bits, Mask]:
    """The bits of readings as these marks have them, as `_VERDICT` decides of stored ones; and of
    which readings they changed."""
    own, source = np.zeros(len(at), np.int16), np.zeros(len(at), np.int16)
    for mark in marks:
        inside = (series == mark.series_id) & (mark.since <= at) & (at < mark.until)
        verdict = Quality.MARKED_INVALID if mark.verdict == "invalid" else Quality.MARKED_VALID
        (source if mark.by_source else own)[inside] = int(verdict)
    invalid = int(Quality.MARKED_INVALID)
    shown = np.where((own == invalid) | (source == invalid), invalid, own)
    shown[bits & int(Quality.MISSING) != 0] = 0
    return bits | shown, shown != 0


def show_marks(conn: Connection, keys: Collection[tuple[int, datetime]]) -> None:
    """Give readings that came late or anew, by (series, time), the marks of stretches made before.

    And what is computed from them. The caller holds the rows of series_state, and sees to the
    roll-ups.
    """
    marked = _marked(conn, {number for number, _ in keys})
    for number, moment in keys:
        for target, source in marked.get(number, ()):
            _show(conn, target, source, moment, moment + _MOMENT)


def show_marks_within(conn: Connection, stretches: Mapping[int, tuple[datetime, datetime]]) -> None:
    """The same for many readings at once: of each series all from its first to its last time."""
    for number, targets in _marked(conn, stretches).items():
        since, until = stretches[number]
        for target, source in targets:
            _show(conn, target, source, since, until + _MOMENT)


def _show(
    conn: Connection, series_id: int, source: int | None, since: datetime, until: datetime | None
) -> list[Touched]:
    """Give a stretch of a series, and its live end, the bits of its marks."""
    stretch = {"series": series_id, "source": source, "since": since, "until": until}
    with conn.cursor() as cursor:
        cursor.execute(UNLIKE, stretch)
        first, last = cursor.fetchone() or (None, None)
        if first is None:
            return []
        cursor.execute(APPLY, {**stretch, "first": first, "last": last})
        cursor.execute(NEWEST, {"series": series_id})
    return [Touched(series_id, first, last)]


def _marked(conn: Connection, series: Collection[int]) -> dict[int, list[tuple[int, int | None]]]:
    """Of these series those with marks, each with its targets."""
    if not series:
        return {}
    with conn.cursor() as cursor:
        cursor.execute(MARKED, {"series": sorted(series)})
        return {number: _targets(conn, number) for (number,) in cursor.fetchall()}


def _targets(conn: Connection, series_id: int) -> list[tuple[int, int | None]]:
    """The series, and the storage computed from it, each with what it is computed from.

    The AQI looks back a day: it is left alone.
    """
    sources = list(DERIVED_FROM[STORAGE])
    with conn.cursor() as cursor:
        cursor.execute(TARGETS, {"series": series_id, "sources": sources, "derived": STORAGE})
        return cursor.fetchall()
