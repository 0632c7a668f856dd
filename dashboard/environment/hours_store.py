"""What air and discharge are judged by: hours of the roll-ups, limits by their versions.

Functions take a connection and never commit. Hours come from reading_1h on both grounds, so that
what counts is what the charts count, and what was purged of raw readings is still there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from database import query
from database.pool import Connection
from sensors.discharge.means import RolledHour
from sensors.discharge.permits import PermitLimit
from sensors.versions import BEGINNING

# A station that was taken out of the configuration keeps its last name: its past can be asked for.
SERIES = """
select q.id, s.code, s.kind, q.metric, v.name_zh, v.name_en, v.department, coalesce(t.origin, 0),
       s.created_at,
       (select jsonb_agg(jsonb_build_array(extract(epoch from n.valid_from), n.interval_s)
                         order by n.valid_from)
          from sensor n where n.series_id = q.id)
  from series q
  join station s on s.id = q.station_id
  join lateral (select * from station_version where station_id = s.id
                 order by valid_from desc limit 1) v on true
  left join series_state t on t.series_id = q.id
 where (s.kind = any(%(kinds)s) or %(kinds)s::text[] is null)
   and (%(code)s::text is null or s.code = %(code)s)
   and (%(department)s::text is null or v.department = %(department)s)
 order by s.code, q.id"""
HOURS = """
select series_id, bucket, total, count, good, sum, min, max from reading_1h
 where series_id = any(%(series)s) and bucket >= %(since)s and bucket < %(until)s
 order by series_id, bucket"""
# What a person said is valid is as good as good; the roll-up counts it as usable only.
VOUCHED = """
select r.series_id, date_bin('1 hour', r.observed_at, '2000-01-01 00:00:00+00'),
       count(distinct r.observed_at)
  from mark m
  join reading r on r.series_id = m.series_id
   and r.observed_at >= greatest(m.from_at, %(since)s)
   and r.observed_at < least(coalesce(m.until_at, 'infinity'), %(until)s)
 where m.verdict = 'valid' and m.series_id = any(%(series)s)
   and r.quality & 4097 = 4096 and r.value is not null
 group by 1, 2"""
LIMITS = """
select series_id, name, value, side, mean_over_s, label_zh, label_en, source, valid_from, valid_to,
       season_from, season_to
  from limit_value
 where series_id = any(%(series)s) and valid_from < %(until)s
   and (valid_to is null or valid_to > %(since)s)
 order by series_id, name, valid_from, season_from nulls last"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A series with its station. since: when it was set up, as far as anybody said.

    origin: of its newest reading. intervals: (from, seconds between readings), oldest first.
    """

    series_id: int
    station: str
    kind: str
    metric: str
    names: tuple[str, str]
    department: str
    origin: int
    since: datetime
    intervals: tuple[tuple[datetime, float], ...]

    def interval_s(self, at: datetime) -> float:
        """How often it reported then; the first known where nobody said for that time."""
        known = [length for since, length in self.intervals if since <= at]
        return known[-1] if known else self.intervals[0][1]


Hours = dict[int, dict[datetime, RolledHour]]


def series(
    conn: Connection,
    kinds: Sequence[str] | None,
    code: str | None = None,
    department: str | None = None,
) -> list[Measured]:
    """The series of stations of these kinds (None: of all), by station."""
    asked = {
        "kinds": None if kinds is None else list(kinds),
        "code": code,
        "department": department,
    }
    return [_measured(*row) for row in query.rows(conn, SERIES, asked)]


def hours(conn: Connection, of: Sequence[Measured], since: datetime, until: datetime) -> Hours:
    """The hours of [since, until) of each series that have readings, by their start."""
    asked = {"series": [one.series_id for one in of], "since": since, "until": until}
    vouched = {row[:2]: row[2] for row in query.rows(conn, VOUCHED, asked)}
    by_id = {one.series_id: one for one in of}
    found: Hours = {one.series_id: {} for one in of}
    for series_id, start, total, count, good, summed, least, greatest in query.rows(
        conn, HOURS, asked
    ):
        sure = good + vouched.get((series_id, start), 0)
        interval_s = by_id[series_id].interval_s(start)
        found[series_id][start] = RolledHour(
            start, total, count, sure, summed, least, greatest, interval_s
        )
    return found


def limits(
    conn: Connection, of: Sequence[Measured], since: datetime, until: datetime
) -> dict[int, list[PermitLimit]]:
    """Every version of every limit that was in force at some time of [since, until)."""
    asked = {"series": [one.series_id for one in of], "since": since, "until": until}
    found: dict[int, list[PermitLimit]] = {one.series_id: [] for one in of}
    for series_id, name, value, side, mean_s, zh, en, *rest in query.rows(conn, LIMITS, asked):
        source, *valid = rest
        found[series_id].append(PermitLimit(name, value, side, mean_s, (zh, en), source, *valid))
    return found


def _measured(*row: Any) -> Measured:
    series_id, code, kind, metric, zh, en, department, origin, created_at, versions = row
    intervals = tuple((datetime.fromtimestamp(at, UTC), float(s)) for at, s in versions or ())
    since = intervals[0][0] if intervals and intervals[0][0] > BEGINNING else created_at
    return Measured(
        *(series_id, code, kind, metric, (zh, en), department, origin, since),
        intervals or ((BEGINNING, 3600.0),),
    )
