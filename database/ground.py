"""What the server is: TimescaleDB or plain PostgreSQL, and whether it can carry Dongtai."""

import re
from typing import Any

from database.pool import Connection

# ON CONFLICT DO NOTHING into a compressed chunk lost rows before 2.18.1 (timescaledb issue 7672);
# 2.22 is the oldest version that the design was measured on.
MIN_POSTGRES, MIN_TIMESCALE = 150000, (2, 22)

_EXTENSION = """
select extversion, current_setting('timescaledb.license', true)
  from pg_extension where extname = 'timescaledb'
"""
_SCHEMA = """
select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace
 where e.extname = 'timescaledb'
"""
_FAILING_JOBS = """
select format('%s on %s', j.proc_name, coalesce(j.hypertable_name, '-')),
       coalesce((select e.err_message from timescaledb_information.job_errors e
                  where e.job_id = j.job_id order by e.start_time desc limit 1), 'unknown')
  from timescaledb_information.job_stats s
  join timescaledb_information.jobs j on j.job_id = s.job_id
 where s.last_run_status = 'Failed' order by j.job_id
"""
_LATE_JOBS = """
select format('%s on %s', j.proc_name, coalesce(j.hypertable_name, '-'))
  from timescaledb_information.jobs j
  join timescaledb_information.job_stats s on s.job_id = j.job_id
 where j.scheduled and s.job_status <> 'Running'
   and s.next_start > '-infinity' and s.next_start < now() - interval '1 hour'
 order by j.job_id"""


class UnfitDatabase(Exception):
    """The database cannot carry Dongtai; the message says why and what would be right."""


def ground_of(conn: Connection) -> str:
    """`timescale` or `plain`; raises UnfitDatabase where the server is too old or half-built."""
    with conn.cursor() as cursor:
        cursor.execute(_EXTENSION)
        version, build = cursor.fetchone() or (None, None)
    return decide_ground(conn.server_version, version, build)


def decide_ground(postgres: int, timescale: str | None, build: str | None) -> str:
    """The ground, from libpq's server version, the extension's version and its licence setting."""
    if postgres < MIN_POSTGRES:
        raise UnfitDatabase(
            f"PostgreSQL {postgres // 10000} is too old: Dongtai needs "
            f"{MIN_POSTGRES // 10000} or newer"
        )
    if timescale is None:
        return "plain"
    if tuple(map(int, re.findall(r"\d+", timescale)[:2])) < MIN_TIMESCALE:
        raise UnfitDatabase(
            f"TimescaleDB {timescale} is too old: Dongtai needs "
            f"{'.'.join(map(str, MIN_TIMESCALE))} or newer (before 2.18.1 a late reading could be "
            "lost: timescaledb issue 7672)"
        )
    if build is None:
        raise UnfitDatabase(
            "TimescaleDB is installed here but not loaded: put timescaledb into "
            "shared_preload_libraries and restart the server"
        )
    if build != "timescale":
        raise UnfitDatabase(
            f"this TimescaleDB is the Apache build (timescaledb.license = {build}): continuous "
            "aggregates and compression are missing; install the TSL build, "
            "or drop the extension to run on plain PostgreSQL"
        )
    return "timescale"


def extension_schema(conn: Connection) -> str | None:
    """The schema that TimescaleDB's functions are in, or None on plain PostgreSQL."""
    with conn.cursor() as cursor:
        cursor.execute(_SCHEMA)
        row = cursor.fetchone()
    return row[0] if row else None


def failing_jobs(conn: Connection) -> dict[str, str]:
    """TimescaleDB's jobs whose last run failed, each with its error; none on plain PostgreSQL.

    They refresh and compress: while they fail answers stay right and become slower. Only the owner
    is told why.
    """
    return dict(_jobs(conn, _FAILING_JOBS))


def late_jobs(conn: Connection) -> list[str]:
    """TimescaleDB's jobs that should have run more than an hour ago; none on plain PostgreSQL."""
    return [row[0] for row in _jobs(conn, _LATE_JOBS)]


def _jobs(conn: Connection, statement: str) -> list[Any]:
    if extension_schema(conn) is None:
        return []
    with conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()
