"""Wallboards and their keys: a token shown once, taken by one device, ended by revoking only.

Functions take a connection of the role `staff` and never commit. The database knows hashes only.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg2.errors

from dashboard.door.accounts import Principal, digest
from database.pool import Connection

ROLE = "wall"
_NAME = re.compile(r"[\w.-]{1,40}")  # letters of every script
_TOUCH = timedelta(minutes=1)  # `seen` is written at most this often

ADD = "insert into wall (name, token_hash, created_by) values (%s, %s, %s) returning id"
ENTER = """
update wall set token_hash = %(secret)s, entered_at = %(now)s, seen_at = %(now)s, address = %(from)s
 where token_hash = %(token)s and entered_at is null and revoked_at is null returning name"""
HELD_BY = """
select id, name, seen_at from wall
 where token_hash = %s and entered_at is not null and revoked_at is null"""
TOUCH = "update wall set seen_at = %s where id = %s"
LIST = """
select id, name, created_at, created_by, entered_at, seen_at, address, revoked_at
  from wall order by revoked_at is not null, name, id"""
REVOKE = """
update wall set revoked_at = %(now)s
 where (name = %(name)s or id = %(id)s) and revoked_at is null returning name"""


class BadWall(Exception):
    """A wall cannot be made or ended so; the message says why."""


@dataclass(frozen=True, slots=True)
class Wall:
    """entered_at: when a device took the token; None: it still waits for one."""

    id: int
    name: str
    created_at: datetime
    created_by: str
    entered_at: datetime | None
    seen_at: datetime | None
    address: str | None
    revoked_at: datetime | None


def add(conn: Connection, name: str, by: str) -> tuple[int, str]:
    """A new wall: its (id, token); raises BadWall. The token is never known again."""
    if not _NAME.fullmatch(name):
        raise BadWall(
            f"{name!r} cannot be a name; one has 1 to 40 letters, digits, dots, dashes, underscores"
        )
    token = secrets.token_urlsafe(32)
    try:
        with conn.cursor() as cursor:
            cursor.execute(ADD, (name, digest(token), by))
            return int(_rows(cursor)[0][0]), token
    except psycopg2.errors.UniqueViolation as error:
        raise BadWall(f"there is already a wall {name!r}; revoke it first") from error


def enter(conn: Connection, token: str, now: datetime, address: str) -> tuple[str, str] | None:
    """The (name, secret) of the device that takes a token; None where it is not to be had."""
    secret = secrets.token_urlsafe(32)
    values = {"token": digest(token), "secret": digest(secret), "now": now, "from": address}
    with conn.cursor() as cursor:
        cursor.execute(ENTER, values)
        found = _rows(cursor)
    return (found[0][0], secret) if found else None


def by_secret(conn: Connection, secret: str, now: datetime) -> Principal | None:
    """The wall that holds this secret: a principal without an account."""
    with conn.cursor() as cursor:
        cursor.execute(HELD_BY, (digest(secret),))
        found = _rows(cursor)
        if not found:
            return None
        number, name, seen_at = found[0]
        if seen_at is None or now - seen_at > _TOUCH:
            cursor.execute(TOUCH, (now, number))
    return Principal(0, name, ROLE)


def walls(conn: Connection) -> list[Wall]:
    """All there ever were, those in use first."""
    with conn.cursor() as cursor:
        cursor.execute(LIST)
        return [Wall(*row) for row in _rows(cursor)]


def revoke(conn: Connection, now: datetime, *, name: str | None = None, id_: int = 0) -> str | None:
    """End a wall, by its name or number; its name, None where none is in use."""
    with conn.cursor() as cursor:
        cursor.execute(REVOKE, {"now": now, "name": name, "id": id_})
        found = _rows(cursor)
    return str(found[0][0]) if found else None


def state(wall: Wall) -> str:
    """One word and a time, for a list on a terminal."""
    if wall.revoked_at is not None:
        return f"revoked {wall.revoked_at:%Y-%m-%d %H:%M}"
    if wall.entered_at is None:
        return "waits for a device"
    return f"last seen {wall.seen_at:%Y-%m-%d %H:%M} from {wall.address}"


def _rows(cursor: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
