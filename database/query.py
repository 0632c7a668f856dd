"""One statement asked of the server: its rows, or nothing; and the server's own time.

Functions never commit. The statement is a named constant of the file that knows its tables.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg2.errors

from database.pool import Connection

_WITHIN = "select set_config('statement_timeout', %s, true)"
_NOW = "select clock_timestamp()"


def rows(
    conn: Connection,
    statement: str,
    values: Sequence[Any] | Mapping[str, Any] | None = None,
    /,
    **named: Any,
) -> list[tuple[Any, ...]]:
    """All that it answers with. values: for %s or %(name)s; named: the latter written out."""
    with conn.cursor() as cursor:
        cursor.execute(statement, named or values)
        return cursor.fetchall()


def run(
    conn: Connection,
    statement: str,
    values: Sequence[Any] | Mapping[str, Any] | None = None,
    /,
    **named: Any,
) -> int:
    """One that answers with nothing; how many rows it touched."""
    with conn.cursor() as cursor:
        cursor.execute(statement, named or values)
        return cursor.rowcount


def within(conn: Connection, end: float) -> None:
    """The next statement of this transaction must be done by a moment of time.monotonic().

    Said before each of several, it bounds them together. QueryCanceled, now or then: it is past.
    """
    left_ms = int(1000 * (end - time.monotonic()))
    if left_ms <= 0:
        raise psycopg2.errors.QueryCanceled("no time is left for the next statement")
    rows(conn, _WITHIN, (f"{left_ms}ms",))


def now(conn: Connection) -> datetime:
    """The server's clock, not that of the transaction's begin."""
    moment: datetime = rows(conn, _NOW)[0][0]
    return moment
