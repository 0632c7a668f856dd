"""Marks of people as the staff service reads them. Never commits; sensors/marks.py writes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database.pool import Connection
from sensors.marks import Verdict

_MARKS = """
select m.id, s.code, q.metric, m.from_at, m.until_at, m.verdict, m.reason, m.who, m.made_at,
       a.applied_at, w.id, w.who, w.made_at, w.reason, b.applied_at
  from mark m
  join series q on q.id = m.series_id
  join station s on s.id = q.station_id
  left join mark_applied a on a.mark_id = m.id
  left join mark w on w.withdraws = m.id
  left join mark_applied b on b.mark_id = w.id
 where m.verdict <> 'withdrawn'"""
LISTED = f"""{_MARKS} and s.code = %(station)s
   and (%(metrics)s::text[] is null or q.metric = any(%(metrics)s))
   and (%(since)s::timestamptz is null or m.until_at is null or m.until_at > %(since)s)
   and (%(until)s::timestamptz is null or m.from_at < %(until)s)
   and (%(before)s::bigint is null or m.id < %(before)s)
 order by m.id desc limit %(limit)s"""
ONE = f"{_MARKS} and m.id = %(mark)s"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """applied_at: since when stored readings no longer show the mark; None: they still do."""

    number: int
    who: str
    made_at: datetime
    reason: str
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody said of [since, until) of a series; until None: until further notice."""

    number: int
    station: str
    metric: str
    since: datetime
    until: datetime | None
    verdict: Verdict
    reason: str
    who: str
    made_at: datetime
    applied_at: datetime | None
    withdrawn: Withdrawn | None


def listed(
    conn: Connection,
    station: str,
    metrics: Collection[str] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 1000,
) -> list[Mark]:
    """Those that touch [since, until), withdrawn ones too, newest first; before: a number."""
    asked: dict[str, Any] = {"station": station, "since": since, "until": until, "before": before}
    asked |= {"metrics": None if metrics is None else list(metrics), "limit": limit}
    with conn.cursor() as cursor:
        cursor.execute(LISTED, asked)
        return [_mark(row) for row in cursor.fetchall()]


def one(conn: Connection, number: int) -> Mark | None:
    """None where there is no such mark; what withdraws one is none."""
    with conn.cursor() as cursor:
        cursor.execute(ONE, {"mark": number})
        row = cursor.fetchone()
    return _mark(row) if row else None


def _mark(row: tuple[Any, ...]) -> Mark:
    withdrawn = None if row[10] is None else Withdrawn(*row[10:])
    fields: tuple[Any, ...] = (*row[:10], withdrawn)
    return Mark(*fields)
