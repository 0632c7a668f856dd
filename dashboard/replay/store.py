"""What was known at moments of the past: readings, pictures, stations, alerts. Never commits.

`then`: what had arrived by the moment. A reading counts from received_at; the version of it that
held is the row, else what `reading_revision` kept; one that lay in quarantine counts from when it
walked again. `now`: what was measured until the moment, by all that has come since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts import store as alerts_store
from alerts.alert import Alert, Muted, Step
from alerts.reason import Reason
from database.pool import Connection
from sensors.catalogue import DERIVED_FROM, STORAGE

# Every station is stale long before: what is older than this at a moment is not looked for.
LOOK_BACK = timedelta(days=8)
# Of what had arrived by a moment, device times lie after it by no more than a clock may be ahead.
AHEAD = timedelta(minutes=10)

# In force then; known now, also of the time before it was entered here.
_VERSION = """
join lateral (select * from {table} w
               where w.{key} = {of} and (w.valid_to is null or w.valid_to > m.at)
                 and (w.valid_from <= m.at or not %(then)s)
               order by w.valid_from limit 1) {alias} on true"""
_MOMENTS = """
(select n, at, case when %(then)s then at else 'infinity' end as known,
        case when %(then)s then at + interval '10 minutes' else at end as until,
        at - interval '8 days' as since
   from unnest(%(moments)s::timestamptz[]) with ordinality u (at, n)) m"""
STATIONS = f"""
select s.code, s.kind, v.name_zh, v.name_en, v.lon, v.lat, v.interval_s, v.details -> 'town',
       v.department, v.public, v.device, m.n
  from {_MOMENTS} cross join station s
  {_VERSION.format(table="station_version", key="station_id", of="s.id", alias="v")}
 order by m.n, s.code"""  # noqa: S608 - of constants
# The row, unless it came later; then what it was before. replaced_at is when the next one came.
_COLUMNS = "observed_at, value, quality, origin, received_at"
_STRETCH = """series_id = q.id and {more} and received_at <= m.known
         and not (%(then)s and exists (select from quarantine k
                                        where k.received_at = r.received_at
                                          and k.replayed_at > m.known))"""
_WITHIN = """observed_at > m.since and observed_at <= m.until
         and observed_at > %(first)s and observed_at <= %(last)s"""
# The trend counts from the oldest good reading of the last hour, as on the live screen. 10239: all
# bits but those of marks (6144), which stored readings show whenever they were made.
_HOUR = """observed_at >= l.observed_at - interval '1 hour'
         and observed_at <= l.observed_at - interval '20 minutes'
         and observed_at > %(first)s and observed_at <= %(last)s
         and quality & 10239 = 0 and (%(then)s or quality & 6144 = 0)"""
_KNOWN = """
      (select * from (
        (select {columns}, revision, {original} as original_at from reading r
          where {where} order by observed_at {order} limit 1)
        union all
        (select {columns}, revision, {original} from reading_old r
          where {where} order by observed_at {order} limit 1)
        union all
        (select {columns}, revision, null from reading_revision r
          where {where} and replaced_at > m.known
          order by observed_at {order}, revision desc limit 1)) u
        order by observed_at {order}, revision desc limit 1)"""
_NEWEST = _KNOWN.format(
    columns=_COLUMNS, original="original_at", where=_STRETCH.format(more=_WITHIN), order="desc"
)
_BASE = _KNOWN.format(
    columns=_COLUMNS, original="original_at", where=_STRETCH.format(more=_HOUR), order="asc"
)
LATEST = f"""
select m.n, s.code, q.metric, n.interval_s, l.observed_at, l.value, l.quality, l.origin,
       l.received_at, l.original_at, b.observed_at, b.value
  from {_MOMENTS} cross join series q
  join station s on s.id = q.station_id
  {_VERSION.format(table="sensor", key="series_id", of="q.id", alias="n")}
  left join lateral {_NEWEST} l on true
  left join lateral {_BASE} b on l.quality & 10239 = 0
 order by m.n, s.code, q.id"""  # noqa: S608 - of constants
PICTURES = f"""
select m.n, s.code, p.taken_at, p.origin
  from {_MOMENTS} cross join station s
  join lateral (select taken_at, origin from picture
                 where station_id = s.id and taken_at <= m.until and taken_at > m.since
                   and received_at <= m.known
                 order by taken_at desc limit 1) p on true
 where s.kind = 'camera'"""  # noqa: S608 - of constants
# The last word of a device says how it was since; what was said before nobody kept.
OFFLINE = "select device, reported_at from device_status where not online"
# Marks that touch the stretch, each with the series that show it: its own, and what is computed
# from it.
MARKS = """
select s.code, t.metric, t.id <> m.series_id, m.id, m.from_at, m.until_at, m.verdict, m.made_at,
       w.made_at
  from mark m
  join series q on q.id = m.series_id
  join series t on t.station_id = q.station_id
   and (t.id = q.id or (q.metric = any(%(sources)s) and t.metric = %(derived)s))
  join station s on s.id = t.station_id
  left join mark w on w.withdraws = m.id
 where m.verdict <> 'withdrawn' and m.from_at <= %(last)s
   and (m.until_at is null or m.until_at > %(first)s)
 order by m.id"""
# All that stood at some time of [since, until]: raised before its end, changed after its begin.
STOOD = """
select id from alert
 where began_at <= %(until)s and (state <> 'ended' or changed_at >= %(since)s)
 order by id"""
STEPS = """
select alert_id, seq, kind, at, recorded_at, grade, value, limit_value, who, note, reason
  from alert_transition where alert_id = any(%s) order by alert_id, seq"""
SUPPRESSIONS = """
select u.id, u.kind, u.who, u.why, u.began_at, u.until, u.cause, u.ended_at, u.grade, r.code,
       u.subject, s.code, u.metrics
  from suppression u
  left join rule r on r.id = u.rule_id
  left join station s on s.id = u.station_id
 where u.began_at <= %(until)s and (u.ended_at is null or u.ended_at > %(since)s)
   and (u.until is null or u.until > %(since)s)
 order by u.kind, u.id"""
# Of old footprints one of ten minutes is kept: the newest then of a leak that went on.
FOOTPRINTS = """
select f.id, s.code, f.metric, f.began_at, f.computed_at, f.sensors, f.level, e.until
  from footprint f
  join station s on s.id = f.station_id
  join lateral (select case when bool_and(valid_to is not null) then max(valid_to) end as until
                  from footprint g where g.station_id = f.station_id and g.metric = f.metric
                                     and g.began_at = f.began_at) e on true
 where f.computed_at <= %(until)s and f.computed_at > %(since)s::timestamptz - interval '1 day'
   and (e.until is null or e.until > %(since)s)
 order by f.computed_at, f.id"""
DOCUMENTS = "select id, document from footprint where id = any(%s)"
# Messages to the public, each with what had last been done to it.
WARNINGS = f"""
select m.n, w.id, w.thread, w.number, w.type, w.published_at, w.expires_at, p.kind, p.content
  from {_MOMENTS}
  join warning w on w.created_at <= m.at and (w.expires_at is null or w.expires_at > m.at)
  join lateral (select kind, content from warning_step
                 where warning_id = w.id and at <= m.at order by seq desc limit 1) p on true
 order by m.n, w.expires_at nulls first, w.id"""  # noqa: S608 - of constants
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class MarkRow:
    """by_source: it lies on what the series is computed from. withdrawn_at: None while it holds."""

    station: str
    metric: str
    by_source: bool
    number: int
    since: datetime
    until: datetime | None
    verdict: str
    made_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Quiet:
    """A suppression and whom it keeps quiet; grade: the gravest that it hides."""

    muted: Muted
    ended_at: datetime | None
    grade: str | None
    rule: str | None
    subject: str | None
    station: str | None
    metrics: Sequence[str] | None

    def holds(self, at: datetime) -> bool:
        ends = [end for end in (self.ended_at, self.muted.until) if end is not None]
        return self.muted.since <= at and all(end > at for end in ends)


@dataclass(frozen=True, slots=True)
class Leak:
    """One of a leak's footprints; until: when the leak was over, None while it goes on."""

    number: int
    place: str
    metric: str
    began_at: datetime
    computed_at: datetime
    sensors: list[str]
    level: int
    until: datetime | None


def at_moments(
    conn: Connection, statement: str, moments: Sequence[datetime], *, then: bool
) -> list[Row]:
    """Rows of one of the statements above that ask of several moments."""
    asked = {
        "moments": list(moments),
        "then": then,
        "first": moments[0] - LOOK_BACK - timedelta(hours=1),
        "last": moments[-1] + AHEAD,
    }
    return rows(conn, statement, asked)


def offline(conn: Connection) -> dict[str, datetime]:
    """Device -> since when it has been offline, by its last word."""
    return dict(rows(conn, OFFLINE))


def marks(
    conn: Connection, since: datetime, until: datetime
) -> dict[tuple[str, str], list[MarkRow]]:
    """By station and metric, in the order in which they were made."""
    asked = {
        "first": since - LOOK_BACK,
        "last": until + AHEAD,
        "sources": list(DERIVED_FROM[STORAGE]),
        "derived": STORAGE,
    }
    found: dict[tuple[str, str], list[MarkRow]] = {}
    for row in rows(conn, MARKS, asked):
        mark = MarkRow(*row)
        found.setdefault((mark.station, mark.metric), []).append(mark)
    return found


def alerts(
    conn: Connection, since: datetime, until: datetime
) -> list[tuple[Alert, tuple[Step, ...]]]:
    """Alerts that stood at some time of [since, until], as they are now, each with its steps."""
    span = {"since": since, "until": until + AHEAD}
    ids = [row[0] for row in rows(conn, STOOD, span)]
    steps: dict[str, list[Step]] = {}
    for alert_id, *step in rows(conn, STEPS, (ids,)) if ids else []:
        steps.setdefault(alert_id, []).append(Step(*(*step[:9], Reason.from_json(step[9]))))
    return [(one, tuple(steps.get(one.id, ()))) for one in alerts_store.find_alerts(conn, ids)]


def suppressions(conn: Connection, since: datetime, until: datetime) -> list[Quiet]:
    """In the order in which one of several is named."""
    return [
        Quiet(Muted(*row[:7]), *row[7:])
        for row in rows(conn, SUPPRESSIONS, {"since": since, "until": until})
    ]


def leaks(conn: Connection, since: datetime, until: datetime) -> list[Leak]:
    """Footprints of leaks of [since, until], in the order in which they were computed."""
    return [Leak(*row) for row in rows(conn, FOOTPRINTS, {"since": since, "until": until})]


def documents(conn: Connection, numbers: Sequence[int]) -> dict[int, Any]:
    return dict(rows(conn, DOCUMENTS, (list(numbers),))) if numbers else {}


def rows(
    conn: Connection, statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[Row]:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
