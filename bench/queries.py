"""How long the readings API takes for a history, by its span; through `dashboard.store`.

BENCH_DSN names an empty TimescaleDB database, to be filled by its owner; BENCH_SERIES how many
series of a year, a reading every 15 s, it gets: 5 are ten million readings, 48 a hundred million.
A filled database is measured again as it is. Without it: the embedded server and a month.

Beside the time stands the processor's, of this thread and of the server's process: on a busy
machine the one grows with what else runs there, the other hardly.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg2

from bench.figure import Figure
from dashboard import store
from database.ground import ground_of
from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from database.touched import ROLLUPS
from demo.postgres import embedded_postgres_server
from ingest.columns import Columns, us
from ingest.store import copy_readings
from sensors.vetting import NEVER

END = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday; long past, so that nothing is left in real time
SPANS_H = {"1 h": 1, "6 h": 6, "1 day": 24, "1 week": 168, "1 month": 720, "1 year": 8760}
ASKED, POINTS, LIMIT_MS = 60, 2000, 150
_WEEK = timedelta(days=7)
_EVERY_US = 15_000_000

COUNT = "select count(*) from reading"
# A measure of the server as it is filled and asked, not of what its jobs do beside it.
STOP_JOBS = "select _timescaledb_functions.stop_background_workers()"
# Filling is not what is measured: more memory, and no waiting for the disk at each commit.
HASTE = "set work_mem = '256MB'; set synchronous_commit = off"
# Whole chunks only: what comes into a compressed one is compressed again, and leaves its index.
CHUNKS = """
select public.compress_chunk(c, true)
  from public.show_chunks('dongtai.reading', older_than => %s::timestamptz) c"""
# What the policy does with chunks that are complete: in order of series and time.
ORDERED = """
select c, format('%I.%I', x.schemaname, x.indexname)
  from timescaledb_information.continuous_aggregates a
  join pg_indexes x on x.schemaname = a.materialization_hypertable_schema
                   and x.tablename = a.materialization_hypertable_name
                   and x.indexname like '%series\\_id\\_bucket\\_idx',
       public.show_chunks(format('%I.%I', a.view_schema, a.view_name)::regclass) c
 where a.view_name in ('reading_1m', 'reading_5m')"""
REORDER = "select public.reorder_chunk(%s, %s)"
REFRESH = "call public.refresh_continuous_aggregate(%s, %s, %s)"
SIZE = "select public.hypertable_size('dongtai.reading')"


def measure() -> Iterator[Figure]:
    with _database() as (settings, series, days):
        conn = connect(settings, None, application="bench")
        migrate(conn)
        timescale = ground_of(conn) == "timescale"
        conn.commit()
        conn.autocommit = True
        rows = _filled(conn, series, days, timescale=timescale)
        conn.autocommit = False
        limit = LIMIT_MS if timescale else None  # no speed is promised on plain PostgreSQL
        yield Figure("readings in the database", rows, "readings")
        if timescale:
            with conn.cursor() as cursor:
                cursor.execute(SIZE)
                size = round(_number(cursor) / rows, 2)
            yield Figure("disk, compressed", size, "bytes/reading", 4, size <= 4)
        for name, hours in SPANS_H.items():
            value, busy = _p95_ms(conn, series, days, timedelta(hours=hours))
            good = None if limit is None else value <= limit
            yield Figure(f"history of {name}, p95", value, "ms", limit, good)
            if busy is not None:
                yield Figure(f"history of {name}, p95 of processor time", busy, "ms")
        conn.close()


@contextmanager
def _database() -> Iterator[tuple[DatabaseSettings, int, int]]:
    dsn = os.environ.get("BENCH_DSN")
    if dsn:
        yield DatabaseSettings(dsn=dsn), int(os.environ.get("BENCH_SERIES", "5")), 364
        return
    with tempfile.TemporaryDirectory(prefix="dongtai-bench-") as folder:
        Path(folder).chmod(0o755)  # the embedded server runs as a user of its own
        with embedded_postgres_server(Path(folder) / "postgres") as embedded:
            yield DatabaseSettings(dsn=embedded), 2, 28


def _filled(conn: Connection, series: int, days: int, *, timescale: bool) -> int:
    """Fill an empty database week by week, compress, refresh; returns the number of readings."""
    with conn.cursor() as cursor:
        cursor.execute(COUNT)
        found = _number(cursor)
        if found:
            return found
        start = END - timedelta(days=days)
        cursor.execute(HASTE)
        if timescale:
            cursor.execute(STOP_JOBS)
        for week in range(days // 7):
            since = start + week * _WEEK
            for number in range(1, series + 1):
                copy_readings(conn, _readings(number, since))
            for rollup in ROLLUPS[:3] if timescale else ():
                cursor.execute(REFRESH, (rollup.view, since, since + _WEEK))
            if timescale:
                cursor.execute(CHUNKS, (since + _WEEK,))
            print(f"week {week + 1} of {days // 7}", file=sys.stderr)
        if timescale:
            cursor.execute(CHUNKS, (END + 2 * _WEEK,))
            for rollup in ROLLUPS:
                cursor.execute(REFRESH, (rollup.view, None, END + timedelta(days=1)))
            cursor.execute(ORDERED)
            for chunk in cursor.fetchall():
                cursor.execute(REORDER, chunk)
        cursor.execute("vacuum analyze")
        cursor.execute(COUNT)
        return _number(cursor)


def _readings(series: int, since: datetime) -> Columns:
    """A week of one series. Values walk in steps of 0.01, one in a hundred is suspect; readings
    arrive 1 to 3 s late."""
    chance = np.random.default_rng([series, int(since.timestamp())])
    at = np.arange(us(since), us(since + _WEEK), _EVERY_US)
    count = len(at)
    wave = 500 * np.sin(at / 4e10 + series) + 3 * chance.random(count)
    return Columns(
        letter=np.full(count, -1),
        row=np.full(count, -1),
        series=np.full(count, series, np.int32),
        at=at,
        received=at + chance.integers(1_000_000, 3_000_000, count),
        value=20 + np.trunc(wave) / 100,
        bits=np.where(chance.random(count) < 0.01, 4, 0).astype(np.int16),
        origin=np.zeros(count, np.int16),
        original=np.full(count, NEVER),
    )


def _p95_ms(
    conn: Connection, series: int, days: int, span: timedelta
) -> tuple[float, float | None]:
    """Of histories of this span, each of a series and a time of its own, read whole: the time and
    the processor's, which is None where the server is on another machine."""
    chance = random.Random(1)  # the same questions each time, no secret
    room = max(timedelta(days=days) - span, timedelta())
    taken, busy = [], []
    for _ in range(ASKED):
        who = store.SeriesRow(chance.randint(1, series), "level_m", _EVERY_US // 1_000_000)
        until = END - chance.random() * room
        begun, used = time.perf_counter(), processor_ms(conn)
        store.history(conn, who, until - span, until, POINTS)
        conn.rollback()
        taken.append((time.perf_counter() - begun) * 1000)
        if used is not None:
            busy.append((processor_ms(conn) or used) - used)
    rank = int(0.95 * ASKED)
    return round(sorted(taken)[rank], 1), round(sorted(busy)[rank], 1) if busy else None


def processor_ms(conn: Connection) -> float | None:
    """Used so far by this thread and by the process that serves it, if that runs here."""
    if conn.info.host not in ("127.0.0.1", "localhost") and not conn.info.host.startswith("/"):
        return None
    served = Path(f"/proc/{conn.info.backend_pid}/schedstat").read_text("utf-8").split()[0]
    return time.thread_time() * 1000 + int(served) / 1e6


def _number(cursor: psycopg2.extensions.cursor) -> int:
    row = cursor.fetchone()
    return int(row[0]) if row else 0
