"""People and their keys: accounts with argon2 passwords, sessions, API tokens. No web in here.

Functions take a connection of the role `staff` and never commit. Of sessions and tokens the
database knows only the SHA-256: who reads a backup cannot sign in with it.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg2.errors
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg2.extras import Json

from database.pool import Connection

ROLES = ("viewer", "duty", "environment", "administrator")
SHORTEST_PASSWORD = 8
# Who "did" what nobody did: rules that the file seeds, mutes that end by themselves.
_TAKEN = ("config.yaml", "system")
_NAME = re.compile(r"[\w.-]{1,40}")  # letters of every script
_TOUCH = timedelta(minutes=1)  # a session slides at most this often, to spare the database

_hasher = PasswordHasher()
# Verified for names that do not exist, so that they take as long as those that do.
_NOBODY = _hasher.hash(secrets.token_hex(16))

NEW_ACCOUNT = """
insert into account (name, role, department, password_hash) values (%s, %s, %s, %s) returning id"""
ACCOUNT_ID = "select id from account where name = %s"
NEW_PASSWORD = "update account set password_hash = %s where id = %s"  # noqa: S105 - a statement
FIND = """
select id, name, role, department, password_hash, locked_until, disabled_at is not null
  from account where name = %s"""
FAILED = """
update account set
       failed_count = case when failed_count + 1 >= %(most)s then 0 else failed_count + 1 end,
       locked_until = case when failed_count + 1 >= %(most)s then %(until)s else locked_until end
 where id = %(id)s returning locked_until"""
SUCCEEDED = "update account set failed_count = 0, locked_until = null where id = %s"
OPEN_SESSION = """
insert into session (token_hash, account_id, csrf, created_at, seen_at, expires_at, address, agent)
values (%s, %s, %s, %s, %s, %s, %s, %s)"""
CLOSE_SESSION = "delete from session where token_hash = %s"
CLOSE_SESSIONS_OF = "delete from session where account_id = %s"
CLEAR_SESSIONS = "delete from session where expires_at < %s"
BY_SESSION = """
select a.id, a.name, a.role, a.department, s.csrf, s.seen_at
  from session s join account a on a.id = s.account_id and a.disabled_at is null
 where s.token_hash = %s and s.expires_at > %s"""
TOUCH = "update session set seen_at = %s, expires_at = %s where token_hash = %s"
NEW_TOKEN = "insert into api_token (token_hash, account_id, label) values (%s, %s, %s)"  # noqa: S105 - a statement
TOUCH_TOKEN = "update api_token set seen_at = %s where token_hash = %s"  # noqa: S105 - a statement
AUDIT = "insert into audit (who, action, object, detail, address) values (%s, %s, %s, %s, %s)"
HOLDER = """
select a.id, a.name, a.role, a.department, t.seen_at
  from api_token t join account a on a.id = t.account_id and a.disabled_at is null
 where t.token_hash = %s and t.revoked_at is null"""


class BadAccount(Exception):
    """An account cannot be made or changed so; the message says why."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. csrf is the session's secret, None for an API token."""

    account_id: int
    name: str
    role: str
    department: str | None = None
    csrf: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A sign-in refused: `wrong` password, `stranger` (no such account), `locked` until then."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """How many failures lock an account, and for how long."""

    after: int = 5
    minutes: float = 5


def create_account(
    conn: Connection, name: str, role: str, password: str, department: str | None = None
) -> int:
    """Make an account and return its id; raises BadAccount."""
    if role not in ROLES:
        raise BadAccount(f"unknown role {role!r}; there are {', '.join(ROLES)}")
    if name.casefold() in _TAKEN:
        raise BadAccount(f"{name!r} is what the program calls itself in the records; take another")
    if not _NAME.fullmatch(name):
        raise BadAccount(
            f"{name!r} cannot be a name; one has 1 to 40 letters, digits, dots, dashes, underscores"
        )
    try:
        with conn.cursor() as cursor:
            cursor.execute(NEW_ACCOUNT, (name, role, department, _hash(password)))
            return int(_one(cursor.fetchone()))
    except psycopg2.errors.UniqueViolation as error:
        raise BadAccount(f"there is already an account {name!r}") from error
    except psycopg2.errors.ForeignKeyViolation as error:
        raise BadAccount(f"there is no department {department!r}") from error


def set_password(conn: Connection, name: str, password: str) -> None:
    """Give a new password; every session of the account ends, and a lock is lifted."""
    account_id = _account_id(conn, name)
    with conn.cursor() as cursor:
        cursor.execute(NEW_PASSWORD, (_hash(password), account_id))
        cursor.execute(SUCCEEDED, (account_id,))
        cursor.execute(CLOSE_SESSIONS_OF, (account_id,))


def create_token(conn: Connection, account_name: str, label: str) -> str:
    """A new API token of an account; shown once, here."""
    token = secrets.token_urlsafe(32)
    with conn.cursor() as cursor:
        cursor.execute(NEW_TOKEN, (digest(token), _account_id(conn, account_name), label))
    return token


def verify_password(
    conn: Connection, name: str, password: str, now: datetime, lock: Lock
) -> Principal | Refused:
    """Whether name and password fit; counts failures. Unknown names take as long as known ones."""
    with conn.cursor() as cursor:
        cursor.execute(FIND, (name,))
        row = cursor.fetchone()
        fits = _fits(row[4] if row else _NOBODY, password)
        if row is None or row[6]:
            return Refused("stranger")
        if row[5] is not None and row[5] > now:
            return Refused("locked", row[5])
        if fits:
            cursor.execute(SUCCEEDED, (row[0],))
            return Principal(*row[:4])
        until = now + timedelta(minutes=lock.minutes)
        cursor.execute(FAILED, {"id": row[0], "most": lock.after, "until": until})
        locked = _one(cursor.fetchone())
    return Refused("locked", locked) if locked and locked > now else Refused("wrong")


def open_session(
    conn: Connection, account_id: int, now: datetime, hours: float, *, address: str, agent: str
) -> tuple[str, str]:
    """A new session: its (token, csrf). Sessions that have ended are cleared away here."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    with conn.cursor() as cursor:
        cursor.execute(CLEAR_SESSIONS, (now,))
        end = now + timedelta(hours=hours)
        values = (digest(token), account_id, csrf, now, now, end, address, agent[:200])
        cursor.execute(OPEN_SESSION, values)
    return token, csrf


def close_session(conn: Connection, token: str) -> None:
    with conn.cursor() as cursor:
        cursor.execute(CLOSE_SESSION, (digest(token),))


def by_session(conn: Connection, token: str, now: datetime, hours: float) -> Principal | None:
    """Who holds this session; using it moves its end."""
    with conn.cursor() as cursor:
        cursor.execute(BY_SESSION, (digest(token), now))
        row = cursor.fetchone()
        if row is None:
            return None
        if now - row[5] > _TOUCH:
            cursor.execute(TOUCH, (now, now + timedelta(hours=hours), digest(token)))
    return Principal(*row[:5])


def by_token(conn: Connection, token: str, now: datetime) -> Principal | None:
    """Who holds this API token."""
    with conn.cursor() as cursor:
        cursor.execute(HOLDER, (digest(token),))
        row = cursor.fetchone()
        if row is None:
            return None
        if row[4] is None or now - row[4] > _TOUCH:
            cursor.execute(TOUCH_TOKEN, (now, digest(token)))
    return Principal(*row[:4])


def audit(
    conn: Connection, who: str, action: str, object_: str | None, address: str, **detail: object
) -> None:
    """Note what somebody did; the caller's transaction carries it."""
    with conn.cursor() as cursor:
        cursor.execute(AUDIT, (who, action, object_, Json(detail), address))


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise BadAccount(f"a password has at least {SHORTEST_PASSWORD} characters")
    return _hasher.hash(password)


def _account_id(conn: Connection, name: str) -> int:
    with conn.cursor() as cursor:
        cursor.execute(ACCOUNT_ID, (name,))
        row = cursor.fetchone()
    if row is None:
        raise BadAccount(f"there is no account {name!r}")
    return int(row[0])


def _one(row: tuple[Any, ...] | None) -> Any:
    assert row is not None, "`returning` gives a row"  # noqa: S101 - for the type checker
    return row[0]
