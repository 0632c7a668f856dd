"""Processes say here that they live, and wake each other. Functions never commit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from database.pool import Connection

BEAT = """
insert into heartbeat (process, at, up_since, detail)
values (%(process)s, clock_timestamp(), %(up_since)s, %(detail)s)
on conflict (process) do update
   set at = excluded.at, up_since = excluded.up_since, detail = excluded.detail
"""
# Without a payload: any role can listen.
WAKE = "notify dongtai"
LISTEN = "listen dongtai"


def beat(conn: Connection, process: str, up_since: datetime, detail: Mapping[str, Any]) -> None:
    """Say that a process lives; detail: what only it knows."""
    with conn.cursor() as cursor:
        values = {"process": process, "up_since": up_since, "detail": Json(dict(detail))}
        cursor.execute(BEAT, values)


def wake(conn: Connection) -> None:
    """Tell all who listen that something visible changed; it is sent with the next commit."""
    with conn.cursor() as cursor:
        cursor.execute(WAKE)


def listen(conn: Connection) -> None:
    """Be woken from the next commit on: `conn.notifies` then fills."""
    with conn.cursor() as cursor:
        cursor.execute(LISTEN)
