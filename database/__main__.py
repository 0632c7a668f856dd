"""python -m database migrate | check | keep

keep: computes again the roll-ups of what late readings and marks touched, and once an hour lets go
the raw readings whose retention is over and fits the chunks to the rate; until it is ended. It runs
as the owner, whom alone TimescaleDB lets refresh. --once: what waits now, and no more.
"""

import argparse
import sys
import time
from datetime import UTC, datetime

import psycopg2

import config
from database import chunks, retention, touched
from database.check import findings
from database.ground import UnfitDatabase, ground_of
from database.lead import Lock, alone
from database.migrate import migrate, pending, require_current
from database.pool import connect
from database.settings import DatabaseSettings

_EVERY_S, _TEND_S = 10.0, 3600.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m database", description=__doc__)
    parser.add_argument("command", choices=["migrate", "check", "keep"])
    parser.add_argument("--once", action="store_true", help="keep: end when nothing waits")
    config.add_argument(parser)
    arguments = parser.parse_args()
    settings = config.load_or_exit(arguments.config).section(DatabaseSettings)
    try:
        conn = connect(settings, None, application="database")
        if arguments.command == "keep":
            return _keep(conn, settings, once=arguments.once)
        return _migrate(conn) if arguments.command == "migrate" else _check(conn, settings)
    except (UnfitDatabase, psycopg2.Error) as error:
        print(f"database: {str(error).strip()}", file=sys.stderr)
        return 1


def _migrate(conn: psycopg2.extensions.connection) -> int:
    done = migrate(conn)
    for migration in done:
        print(f"applied {migration}")
    print(f"database is up to date ({len(done)} migrations applied, ground: {ground_of(conn)})")
    return 0


def _check(conn: psycopg2.extensions.connection, settings: DatabaseSettings) -> int:
    ground = ground_of(conn)
    missing = pending(conn)
    print(f"PostgreSQL {conn.server_version / 10000:.2f}, ground: {ground}")
    for migration in missing:
        print(f"missing {migration}: run `python -m database migrate`")
    found = findings(conn, settings)
    for finding in found:
        print(f"{'error' if finding.error else 'warning'}: {finding.text}")
    return 1 if missing or any(finding.error for finding in found) else 0


def _keep(conn: psycopg2.extensions.connection, settings: DatabaseSettings, *, once: bool) -> int:
    """A lost connection ends it with a sentence; whoever runs it starts it again."""
    require_current(conn)
    if settings.retention.forgets and ground_of(conn) == "plain":
        raise UnfitDatabase(
            "database.retention needs TimescaleDB: on plain PostgreSQL the roll-ups are views, "
            "which would go with their readings; take it out of config.yaml, or move to TimescaleDB"
        )
    conn.rollback()
    conn.autocommit = True
    tended = -_TEND_S
    while True:
        if time.monotonic() - tended >= _TEND_S and not touched.waiting(conn)[0]:
            tended = time.monotonic()
            _tend(conn, settings)
        done = touched.keep(conn, datetime.now(UTC))
        if done:
            print(f"roll-ups of {done} touched ranges computed again", flush=True)
        if once and not done:
            return 0
        if not done:
            time.sleep(_EVERY_S)


def _tend(conn: psycopg2.extensions.connection, settings: DatabaseSettings) -> None:
    """What is rarely due; not while touched ranges wait, which may lie where readings would go."""
    with alone(conn, Lock.KEEPER) as mine:
        if not mine:
            return
        if interval := chunks.settle(conn, datetime.now(UTC)):
            print(f"new chunks hold {interval}", flush=True)
        if gone := retention.tend(conn, settings, datetime.now(UTC)):
            print(f"readings of {gone} chunks were let go: their retention is over", flush=True)


if __name__ == "__main__":
    sys.exit(main())
