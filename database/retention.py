"""How long raw readings are kept, by metric, and how those that are older go. TimescaleDB only.

On plain PostgreSQL the roll-ups are views: they would go with their readings, so nothing goes.
Readings go by whole chunks, two days after their time: until then each bucket that a reading still
accepted into `reading` falls into is complete, and may be rolled up again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg2.extras import execute_values

from database.ground import extension_schema
from database.pool import Connection
from database.settings import DatabaseSettings

IN_FORCE = "select metric, days, purged_to, done_to from retention order by metric"
METRICS = "select distinct metric from series"
MEMBERS = "select id from series where metric = any(%s) order by id"
ADOPT = """
insert into retention (metric, days) values %s
on conflict (metric) do update set days = excluded.days
 where retention.days is distinct from excluded.days"""
CHUNKS = """
select range_start, range_end from timescaledb_information.chunks
 where hypertable_schema = 'dongtai' and hypertable_name = 'reading' and range_end <= %s
 order by range_end"""
GOING = "update retention set purged_to = greatest(purged_to, %s) where metric = any(%s)"
GONE = "update retention set done_to = greatest(done_to, %s) where metric = any(%s)"
DELETE = """
delete from reading
 where series_id = any(%s::integer[]) and observed_at >= %s and observed_at < %s"""
# A transaction unpacks what it deletes from a compressed chunk; the server's limit is for others.
UNPACK = "set timescaledb.max_tuples_decompressed_per_dml_transaction = 0"
POLICIES = """
select hypertable_name, config ->> 'end_offset', schedule_interval::text,
       (config ->> 'buckets_per_batch')::integer,
       (config ->> 'start_offset')::interval is not distinct from make_interval(days => %s::integer)
  from timescaledb_information.jobs
 where proc_name = 'policy_refresh_continuous_aggregate' and hypertable_schema = 'dongtai'"""
_DROP = (
    "drop_chunks('dongtai.reading', older_than => %s::timestamptz, newer_than => %s::timestamptz)"
)
_REMOVE = "remove_continuous_aggregate_policy(%s::regclass)"
_ADD = """add_continuous_aggregate_policy(%s::regclass, start_offset => make_interval(days => %s),
          end_offset => %s::interval, schedule_interval => %s::interval, buckets_per_batch => %s)"""

# Deleted in one transaction: at a reading every 15 s these are 400,000 of a week.
_SERIES_AT_ONCE = 10
_DAY = timedelta(days=1)
_GRACE = 2 * _DAY


@dataclass(frozen=True)
class Kept:
    """days: None for ever; purged_to, done_to: see the migration 0018."""

    metric: str
    days: int | None
    purged_to: datetime | None = None
    done_to: datetime | None = None

    def due(self, until: datetime, now: datetime) -> bool:
        """Whether what was measured before `until` has had its time."""
        return self.days is not None and until <= now - self.days * _DAY - _GRACE


def in_force(conn: Connection) -> list[Kept]:
    with conn.cursor() as cursor:
        cursor.execute(IN_FORCE)
        return [Kept(*row) for row in cursor.fetchall()]


def floors(kept: Iterable[Kept]) -> dict[str, datetime]:
    """By metric, where raw readings may be gone below; not the metrics that have them all."""
    return {one.metric: one.purged_to for one in kept if one.purged_to is not None}


def offset_days(kept: Iterable[Kept], now: datetime) -> int | None:
    """How far back a policy may refresh: never below any metric's floor. None: no end."""
    bounds = []
    for one in kept:
        if one.days is not None:
            bounds.append(one.days + 1)
        if one.purged_to is not None:
            bounds.append((now - one.purged_to) // _DAY - 1)
    return min(bounds, default=None)


def tend(conn: Connection, settings: DatabaseSettings, now: datetime) -> int:
    """Take over the settings, bound the refreshes, let go what has had its time: how many chunks.

    conn: the owner's, in autocommit. What goes is announced, goes, and is noted, each for itself:
    killed in between it goes on where it was.
    """
    if extension_schema(conn) is None:
        return 0
    _adopt(conn, settings)
    kept = in_force(conn)
    if _bound(conn, offset_days(kept, now)):
        return 0  # a refresh that began under the old bound must end first: the next time
    return _let_go(conn, kept, now)


def _adopt(conn: Connection, settings: DatabaseSettings) -> None:
    metrics = set(_column(conn, METRICS)) | {one.metric for one in in_force(conn)}
    rows = [(metric, settings.retention.days_of(metric)) for metric in sorted(metrics)]
    if rows:
        with conn.cursor() as cursor:
            execute_values(cursor, ADOPT, rows, template="(%s, %s::integer)")


def _bound(conn: Connection, days: int | None) -> bool:
    """Give each policy its start; whether one was changed."""
    schema = extension_schema(conn)
    changed = False
    with conn.cursor() as cursor:
        cursor.execute(POLICIES, (days,))
        for view, end, every, buckets, right in cursor.fetchall():
            if not right:
                changed = True
                name = f"dongtai.{view}"
                cursor.execute("begin")
                cursor.execute(f'select "{schema}".{_REMOVE}', (name,))
                cursor.execute(f'select "{schema}".{_ADD}', (name, days, end, every, buckets))
                cursor.execute("commit")
    return changed


def _let_go(conn: Connection, kept: Collection[Kept], now: datetime) -> int:
    shortest = min((one.days for one in kept if one.days is not None), default=None)
    if shortest is None:
        return 0
    with conn.cursor() as cursor:
        cursor.execute(UNPACK)
        cursor.execute(CHUNKS, (now - shortest * _DAY - _GRACE,))
        chunks = cursor.fetchall()
    done = 0
    for since, until in chunks:
        due = [one for one in kept if one.due(until, now)]
        left = [one.metric for one in due if one.done_to is None or one.done_to < until]
        if left:
            _empty(conn, left, since, until, whole=len(due) == len(kept))
            done += 1
    return done


def _empty(
    conn: Connection, metrics: list[str], since: datetime, until: datetime, *, whole: bool
) -> None:
    """Take these metrics out of the chunk [since, until); drop it where it holds nothing else."""
    with conn.cursor() as cursor:
        cursor.execute(GOING, (until, metrics))
        if whole:
            cursor.execute(f'select "{extension_schema(conn)}".{_DROP}', (until, since))
        else:
            cursor.execute(MEMBERS, (metrics,))
            members = [row[0] for row in cursor.fetchall()]
            for first in range(0, len(members), _SERIES_AT_ONCE):
                some = members[first : first + _SERIES_AT_ONCE]
                cursor.execute(DELETE, (some, since, until))
        cursor.execute(GONE, (until, metrics))


Piece = tuple[datetime, datetime, frozenset[str] | None]


def pieces(since: datetime, until: datetime, floor_of: Mapping[str, datetime]) -> Iterator[Piece]:
    """[since, until) cut at the floors: (from, to, metrics that have lost their readings there).

    The last piece, above all floors, has None: everything there may be computed again.
    """
    cuts = sorted({floor for floor in floor_of.values() if since < floor < until})
    for start, end in zip([since, *cuts], [*cuts, until], strict=True):
        gone = frozenset(metric for metric, floor in floor_of.items() if floor > start)
        yield start, end, gone or None


def _column(conn: Connection, statement: str) -> list[str]:
    with conn.cursor() as cursor:
        cursor.execute(statement)
        return [str(row[0]) for row in cursor.fetchall()]
