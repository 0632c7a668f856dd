"""Connections: one way to open them, and a small pool for the web processes."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.extensions
import psycopg2.pool
from psycopg2 import sql

from database.settings import DatabaseSettings

Connection = psycopg2.extensions.connection

ROLES = ("ingest", "staff", "public_reader")
_SEARCH_PATH = {"public_reader": "city"}


def dsn_of(settings: DatabaseSettings) -> str:
    """The DSN in force: DONGTAI_DSN where it is set, else the one in config.yaml."""
    return os.environ.get("DONGTAI_DSN") or settings.dsn


def connect(settings: DatabaseSettings, role: str | None, *, application: str) -> Connection:
    """Open a connection as one of `ROLES` (None: the owner, for migrations).

    The session speaks UTC and sees only the schema of its role.
    """
    user = role if settings.login_as_role else None
    conn: Connection = psycopg2.connect(
        dsn_of(settings), user=user, application_name=f"dongtai {application}", connect_timeout=5
    )
    with conn.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        cursor.execute(
            sql.SQL("set search_path = {}").format(
                sql.Identifier(_SEARCH_PATH.get(role or "", "dongtai"))
            )
        )
        if role and not settings.login_as_role:
            cursor.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
    conn.commit()
    return conn


class Pool:
    """At most `pool_size` connections of one role; a broken one is replaced, a waiter waits."""

    def __init__(self, settings: DatabaseSettings, role: str, *, application: str) -> None:
        self._settings, self._role, self._application = settings, role, application
        self._free: list[Connection] = []
        self._places = threading.BoundedSemaphore(settings.pool_size)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection inside one transaction: committed at the end, rolled back on an error."""
        with self._places:
            conn = self._take()
            try:
                yield conn
                conn.commit()
            except BaseException:
                if not conn.closed:
                    conn.rollback()
                raise
            finally:
                self._give_back(conn)

    def close(self) -> None:
        while self._free:
            self._free.pop().close()

    def _take(self) -> Connection:
        while self._free:
            conn = self._free.pop()
            if _alive(conn):
                return conn
        return connect(self._settings, self._role, application=self._application)

    def _give_back(self, conn: Connection) -> None:
        if not conn.closed:
            self._free.append(conn)


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
