"""python -m database migrate | check"""

import argparse
import sys

import psycopg2

import config
from database.ground import UnfitDatabase, failing_jobs, ground_of
from database.migrate import migrate, pending
from database.pool import connect
from database.settings import DatabaseSettings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m database", description=__doc__)
    parser.add_argument("command", choices=["migrate", "check"])
    config.add_argument(parser)
    arguments = parser.parse_args()
    settings = config.load_or_exit(arguments.config).section(DatabaseSettings)
    try:
        conn = connect(settings, None, application="database")
        return _migrate(conn) if arguments.command == "migrate" else _check(conn)
    except (UnfitDatabase, psycopg2.Error) as error:
        print(f"database: {str(error).strip()}", file=sys.stderr)
        return 1


def _migrate(conn: psycopg2.extensions.connection) -> int:
    done = migrate(conn)
    for migration in done:
        print(f"applied {migration}")
    print(f"database is up to date ({len(done)} migrations applied, ground: {ground_of(conn)})")
    return 0


def _check(conn: psycopg2.extensions.connection) -> int:
    ground = ground_of(conn)
    missing = pending(conn)
    print(f"PostgreSQL {conn.server_version / 10000:.2f}, ground: {ground}")
    for migration in missing:
        print(f"missing {migration}: run `python -m database migrate`")
    for job in failing_jobs(conn):
        print(f"warning: a background job of TimescaleDB failed when it last ran: {job}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
