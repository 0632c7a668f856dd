"""What is wrong with a server, each with a remedy. Asks, changes nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from database import chunks
from database.ground import extension_schema, failing_jobs, late_jobs
from database.pool import ROLES, Connection
from database.settings import DatabaseSettings
from database.touched import waiting

SETTINGS = """
select name, setting from pg_settings
 where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'max_connections',
                'max_locks_per_transaction', 'max_worker_processes',
                'timescaledb.max_background_workers')"""
MISSING_ROLES = "select r from unnest(%s::text[]) r where to_regrole(r) is null"
ZONES = "select count(*) from pg_timezone_names where name in ('Asia/Shanghai', 'UTC')"
HAS_TOUCHED = "select to_regclass('dongtai.touched')"
# The retention of a table beside how far back its roll-ups are refreshed (null: without end).
UNBOUNDED = """
select j.hypertable_name
  from timescaledb_information.jobs j
  join timescaledb_information.jobs r on r.proc_name = 'policy_retention'
                                     and r.hypertable_name = 'reading'
 where j.proc_name = 'policy_refresh_continuous_aggregate'
   and (j.config ->> 'start_offset' is null
        or (j.config ->> 'start_offset')::interval > (r.config ->> 'drop_after')::interval)
 order by 1"""

_WAITED = timedelta(minutes=15)


@dataclass(frozen=True)
class Finding:
    """error: data may be lost or the program will not run; else a warning."""

    error: bool
    text: str


def findings(
    conn: Connection, settings: DatabaseSettings, now: datetime | None = None
) -> list[Finding]:
    """Everything that is wrong with a server that `ground_of` accepts; migrations are apart."""
    now = now or datetime.now(UTC)
    found = list(of_settings(_settings(conn)))
    found += [
        Finding(True, f"the role {role} is missing: run `python -m database migrate`")
        for role in _column(conn, MISSING_ROLES, (list(ROLES),))
    ]
    if _column(conn, ZONES) != ["2"]:
        text = "the time zone Asia/Shanghai is unknown to the server: install its tzdata"
        found.append(Finding(True, text))
    if extension_schema(conn) is not None:
        found += _of_timescale(conn)
    elif settings.retention.forgets:
        text = "database.retention is set, but on plain PostgreSQL nothing is deleted: roll-ups are"
        found.append(Finding(False, f"{text} views there; take it out, or move to TimescaleDB"))
    if _column(conn, HAS_TOUCHED) != ["None"]:
        found += _of_keeper(conn, now)
    return found


def of_settings(settings: Mapping[str, str]) -> Iterator[Finding]:
    """What the server's own settings put at risk. Pure."""
    for name, (error, right, text) in _RIGHT.items():
        if name in settings and not right(settings[name]):
            yield Finding(error, f"{name} is {settings[name]}: {text}")


_Judge = tuple[bool, Callable[[str], bool], str]
_DURABLE = "turn it on and restart or reload the server"
_RIGHT: dict[str, _Judge] = {
    "fsync": (True, "on".__eq__, f"a power cut can destroy the database; {_DURABLE}"),
    "full_page_writes": (True, "on".__eq__, f"a power cut can tear pages; {_DURABLE}"),
    "synchronous_commit": (
        True,
        lambda value: value != "off",
        f"readings are acknowledged before they are on disk; {_DURABLE}",
    ),
    "max_connections": (
        False,
        lambda value: int(value) >= 40,
        "all processes together open up to 40 connections; set 100 and restart the server",
    ),
    "max_locks_per_transaction": (
        False,
        lambda value: int(value) >= 64,
        "a question over many chunks locks each of them; set 128 and restart the server",
    ),
    "timescaledb.max_background_workers": (
        False,
        lambda value: int(value) >= 4,
        "roll-ups and compression fall behind; set 16 and restart the server",
    ),
    "max_worker_processes": (
        False,
        lambda value: int(value) >= 8,
        "background jobs find no worker; set 24 and restart the server",
    ),
}


def _of_timescale(conn: Connection) -> Iterator[Finding]:
    for job, error in failing_jobs(conn).items():
        text = f"a background job of TimescaleDB failed when it last ran: {job}: {error}"
        yield Finding(False, f"{text}; answers stay right and become slower, see the server's log")
    for job in late_jobs(conn):
        text = f"a background job of TimescaleDB is more than an hour late: {job}"
        yield Finding(False, f"{text}; raise timescaledb.max_background_workers")
    for view in _column(conn, UNBOUNDED):
        text = f"{view} is refreshed further back than raw readings are kept, which empties it"
        yield Finding(True, f"{text}; bound its policy's start_offset by the retention")


def _of_keeper(conn: Connection, now: datetime) -> Iterator[Finding]:
    if off := chunks.misfit(conn, now):
        text = f"a chunk of readings holds {off[0]}, at the rate of the last day {off[1]} is right"
        yield Finding(False, f"{text}: run `python -m database keep`, which sets it for new chunks")
    count, oldest = waiting(conn)
    if oldest is not None and oldest < now - _WAITED:
        text = f"{count} touched ranges wait for their roll-ups since {oldest.isoformat()}"
        yield Finding(False, f"{text}: run `python -m database keep`")


def _settings(conn: Connection) -> dict[str, str]:
    with conn.cursor() as cursor:
        cursor.execute(SETTINGS)
        return dict(cursor.fetchall())


def _column(conn: Connection, statement: str, parameters: tuple[object, ...] = ()) -> list[str]:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return [str(row[0]) for row in cursor.fetchall()]
