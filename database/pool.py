"""Connections: one way to open them, and a small pool for the web processes."""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from database.settings import DatabaseSettings

Connection = psycopg2.extensions.connection

# SQLSTATE 57P03, which psycopg2 does not give for a connection that was refused.
_NOT_YET = ("is starting up", "not yet accepting connections", "is in recovery mode")

ROLES = ("ingest", "staff", "public_reader")
_SEARCH_PATH = {"public_reader": "city"}
# A question of a screen that takes longer is a mistake, and would hold a place of the pool.
_LONGEST_STATEMENT_S = {"public_reader": 5, "staff": 30}
# Corrections of compressed readings (TimescaleDB 2.22.1): an UPDATE that finds its row by a bitmap
# scan reports none and changes none, and a transaction may unpack 100,000 rows, which a hundred
# corrections reach. Plain PostgreSQL takes the second as a name that nobody reads.
_SESSION = {
    "ingest": (
        "set enable_bitmapscan = off",
        "set timescaledb.max_tuples_decompressed_per_dml_transaction = 0",
    )
}
# A line that was cut without a word is noticed within half a minute, not after two hours.
_LINE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


def dsn_of(settings: DatabaseSettings) -> str:
    """The DSN in force: DONGTAI_DSN where it is set, else the one in config.yaml."""
    return os.environ.get("DONGTAI_DSN") or settings.dsn


def wait_for_start(settings: DatabaseSettings, most_s: float = 60.0) -> None:
    """Return once the server does not say any more that it is only starting, or recovering.

    After a crash of the machine all start at once: whoever gave up here would need somebody to
    start it anew. Any other trouble is left to the one who connects.
    """
    until = time.monotonic() + most_s
    while time.monotonic() < until:
        try:
            psycopg2.connect(dsn_of(settings), **_LINE).close()
        except psycopg2.OperationalError as error:
            if not any(words in str(error) for words in _NOT_YET):
                return
            time.sleep(0.5)
        else:
            return


def connect(settings: DatabaseSettings, role: str | None, *, application: str) -> Connection:
    """Open a connection as one of `ROLES` (None: the owner, for migrations).

    The session speaks UTC and sees only the schema of its role. Without `login_as_role` it is the
    DSN's user who took the role, and RESET ROLE gives the user back: good enough between our own
    processes, not for the public service.
    """
    signs_in: dict[str, Any] = {"user": role} if role and settings.login_as_role else {}
    name = f"dongtai {application}"
    conn: Connection = psycopg2.connect(
        dsn_of(settings), application_name=name, **_LINE, **signs_in
    )
    try:
        _prepare(conn, role)
    except BaseException:
        conn.close()
        raise
    return conn


class Pool:
    """At most `pool_size` connections of one role; a broken one is replaced, a waiter waits."""

    def __init__(self, settings: DatabaseSettings, role: str, *, application: str) -> None:
        self._settings, self._role, self._application = settings, role, application
        self._free: list[Connection] = []
        self._places = threading.BoundedSemaphore(settings.pool_size)
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside one transaction: committed at the end, rolled back on an error."""
        with self._places:
            conn = self._take()
            try:
                yield conn
                conn.commit()
            except BaseException:
                # The first error counts, not the one of rolling back on a broken line.
                with contextlib.suppress(psycopg2.Error):
                    conn.rollback()
                raise
            finally:
                self._give_back(conn)

    def close(self) -> None:
        """Close what is free; what is in use closes when it is given back."""
        self._closed = True
        while self._free:
            self._free.pop().close()

    def _take(self) -> Connection:
        while self._free:
            conn = self._free.pop()
            if _alive(conn):
                return conn
        return connect(self._settings, self._role, application=self._application)

    def _give_back(self, conn: Connection) -> None:
        if self._closed or conn.closed or conn.status != psycopg2.extensions.STATUS_READY:
            conn.close()
        else:
            self._free.append(conn)


def _prepare(conn: Connection, role: str | None) -> None:
    with conn.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        schema = sql.Identifier(_SEARCH_PATH.get(role or "", "dongtai"))
        cursor.execute(sql.SQL("set search_path = {}").format(schema))
        cursor.execute(f"set statement_timeout = '{_LONGEST_STATEMENT_S.get(role or '', 0)}s'")
        for statement in _SESSION.get(role or "", ()):
            cursor.execute(statement)
        if role and conn.info.user != role:
            cursor.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    conn.commit()


def _alive(conn: Connection) -> bool:
    """Whether the server still answers: a pooled connection may have died with the server."""
    try:
        with conn.cursor() as cursor:
            cursor.execute("select 1")
        conn.rollback()
    except psycopg2.Error:
        conn.close()
        return False
    return True
