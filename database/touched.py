"""Ranges of time whose roll-ups are no longer true, remembered and computed again.

Whoever changes the past says so with `touch` in the same transaction; `keep` then refreshes just
these buckets. Killed at any moment it begins again: a range is forgotten only after its refresh.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg2.extras import execute_values

from database import retention
from database.ground import extension_schema
from database.lead import Lock, alone
from database.pool import Connection

Range = tuple[datetime, datetime]

TOUCH = "insert into touched (since, until) values %s"
TOUCHED = "select id, since, until from touched order by since, until limit 10000"
FORGET = "delete from touched where id = any(%s)"
WAITING = "select count(*), min(touched_at) from touched"
METRICS = "select distinct metric from series"
ROLL_UP_AGAIN = "select roll_up_again(%s, %s::text[], %s, %s)"
_REFRESH = "refresh_continuous_aggregate(%s, %s, %s)"
# Nearer ranges are one refresh: each costs several transactions.
_NEAR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rollup:
    """width: of its widest bucket; lag: what its policy leaves to the real-time end; starts: of a
    bucket, after midnight UTC."""

    view: str
    width: timedelta
    lag: timedelta
    starts: timedelta = timedelta()

    def fits(self, since: datetime, until: datetime) -> bool:
        """Whether a whole bucket lies in [since, until); the server refuses to refresh none."""
        first = since + (_MIDNIGHT + self.starts - since) % self.width
        return first + self.width <= until


# Each is computed from one above it. A refresh beyond the lag would freeze the live end.
ROLLUPS = (
    Rollup("reading_1m", timedelta(minutes=1), timedelta(minutes=2)),
    Rollup("reading_5m", timedelta(minutes=5), timedelta(minutes=10)),
    Rollup("reading_1h", timedelta(hours=1), timedelta(hours=2)),
    Rollup("reading_1d", _DAY, 2 * _DAY, starts=timedelta(hours=16)),  # midnight in Beijing
    Rollup("reading_1d_hydro", _DAY, 2 * _DAY),
)


def touch(conn: Connection, ranges: Iterable[Range]) -> None:
    """Remember that readings in these ranges (both ends inclusive) changed. Never commits."""
    rows = merged(ranges)
    if rows:
        with conn.cursor() as cursor:
            execute_values(cursor, TOUCH, rows)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same ranges, sorted, those less than an hour apart as one."""
    found: list[Range] = []
    for since, until in sorted(ranges):
        if found and since - found[-1][1] < _NEAR:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def windows(ranges: Iterable[Range], now: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """(roll-up, from, to) to refresh, finest roll-up first; nothing at the real-time end.

    A bucket is refreshed only when all of it lies inside, hence a width more at either end: the
    server computes again what changed and no more.
    """
    joined = merged(ranges)
    for rollup in ROLLUPS:
        for since, until in joined:
            start = since - rollup.width
            end = min(until + rollup.width, now - rollup.lag)
            if rollup.fits(start, end):
                yield rollup.view, start, end


def keep(conn: Connection, now: datetime) -> int:
    """Refresh what was touched and forget it; returns how many ranges that were.

    conn: the owner's, in autocommit (a refresh refuses a transaction). One process at a time.
    """
    schema = extension_schema(conn)
    with alone(conn, Lock.KEEPER) as mine, conn.cursor() as cursor:
        if schema is None or not mine:
            return 0
        cursor.execute(TOUCHED)
        rows = cursor.fetchall()
        floors = retention.floors(retention.in_force(conn))
        for view, start, end in windows(((since, until) for _, since, until in rows), now):
            for since, until, gone in retention.pieces(start, end, floors):
                _compute(conn, schema, view, since, until, gone)
        cursor.execute(FORGET, ([row[0] for row in rows],))
    return len(rows)


def _compute(
    conn: Connection,
    schema: object,
    view: str,
    since: datetime,
    until: datetime,
    gone: Collection[str] | None,
) -> None:
    """Compute [since, until) of a roll-up again, but not for metrics whose readings are gone."""
    with conn.cursor() as cursor:
        if gone is None:
            rollup = next(rollup for rollup in ROLLUPS if rollup.view == view)
            if rollup.fits(since, until):
                cursor.execute(f'call "{schema}".{_REFRESH}', (view, since, until))
            return
        cursor.execute(METRICS)
        left = [metric for (metric,) in cursor.fetchall() if metric not in gone]
        cursor.execute(ROLL_UP_AGAIN, (view, left, since, until))


def waiting(conn: Connection) -> tuple[int, datetime | None]:
    """How many ranges wait for their refresh, and since when the oldest."""
    with conn.cursor() as cursor:
        cursor.execute(WAITING)
        count, oldest = cursor.fetchone() or (0, None)
        return int(count), oldest
