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

from dashboard.door import passwords
from database.pool import Connection

ROLES = ("viewer", "duty", "environment", "administrator")
# Who "did" what nobody did: rules that the file seeds, mutes that end by themselves.
_TAKEN = ("config.yaml", "system")
_NAME = re.compile(r"[\w.-]{1,40}")  # letters of every script
_TOUCH = timedelta(minutes=1)  # a session slides at most this often, to spare the database

# Each with its remedy; the pages say them in their reader's language.
PASSWORD_FAULTS = {
    "short": f"a password has at least {passwords.SHORTEST} characters",
    "common": "this password is among the first that are tried; take four words that do not belong"
    " together",
    "own_name": "a password is not made of the account's name; take four words that do not belong"
    " together",
}

_hasher = PasswordHasher()
# Verified for names that do not exist, so that they take as long as those that do.
_NOBODY = _hasher.hash(secrets.token_hex(16))

NEW_ACCOUNT = """
insert into account (name, role, department, password_hash, must_change)
values (%s, %s, %s, %s, %s) returning id"""
ACCOUNT_ID = "select id from account where name = %s"
NEW_PASSWORD = """
update account set password_hash = %s, must_change = %s, password_at = now() where id = %s"""  # noqa: S105 - a statement
FIND = """
select id, name, role, department, password_hash, locked_until, disabled_at is not null,
       case when must_change then password_at end
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
select a.id, a.name, a.role, a.department, s.csrf, s.id, a.must_change, s.seen_at
  from session s join account a on a.id = s.account_id and a.disabled_at is null
 where s.token_hash = %s and s.expires_at > %s"""
TOUCH = "update session set seen_at = %s, expires_at = %s where token_hash = %s"
SEEN = "update account set seen_at = greatest(seen_at, %s) where id = %s"
NEW_TOKEN = """
insert into api_token (token_hash, account_id, label, role, expires_at)
values (%s, %s, %s, %s, %s)"""  # noqa: S105 - a statement
TOUCH_TOKEN = "update api_token set seen_at = %s where token_hash = %s"  # noqa: S105 - a statement
AUDIT = "insert into audit (who, action, object, detail, address) values (%s, %s, %s, %s, %s)"
HOLDER = """
select a.id, a.name, a.role, a.department, t.role, t.seen_at
  from api_token t join account a on a.id = t.account_id and a.disabled_at is null
 where t.token_hash = %s and t.revoked_at is null
   and (t.expires_at is null or t.expires_at > %s)"""
# Of these secrets, those that still open something: one look for all open streams.
ALIVE = """
select s.token_hash from session s join account a on a.id = s.account_id and a.disabled_at is null
 where s.token_hash = any(%(keys)s) and s.expires_at > %(now)s and not a.must_change
union all
select t.token_hash from api_token t join account a on a.id = t.account_id and a.disabled_at is null
 where t.token_hash = any(%(keys)s) and t.revoked_at is null
   and (t.expires_at is null or t.expires_at > %(now)s)"""
# An open screen is use: its session goes on.
TOUCH_OPEN = """
update session set seen_at = %(now)s, expires_at = %(now)s + make_interval(secs => %(keep_s)s)
 where token_hash = any(%(keys)s) and expires_at > %(now)s
   and seen_at < %(now)s - interval '1 minute'"""
# Once in a while is enough: a screen that asks every minute is one look, not sixty rows.
SAW = """
insert into audit (who, action, object, detail, address)
select %(who)s, %(action)s, %(object)s, '{}', %(address)s
 where not exists (select from audit where who = %(who)s and action = %(action)s
                      and object is not distinct from %(object)s
                      and address is not distinct from %(address)s
                      and at > now() - make_interval(secs => %(every_s)s))"""
SAW_EVERY_S = 3600.0


class BadAccount(Exception):
    """An account cannot be made or changed so; the message says why."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. csrf is the session's secret, None for an API token; session: its number.

    must_change: the password was given by somebody else, and opens nothing but its own change.
    """

    account_id: int
    name: str
    role: str
    department: str | None = None
    csrf: str | None = None
    session: int | None = None
    must_change: bool = False

    @property
    def bound(self) -> str | None:
        """The department to whose stations this person's writes are limited."""
        return None if self.role == "administrator" else self.department


@dataclass(frozen=True, slots=True)
class Refused:
    """A sign-in refused: `wrong` password, `stranger` (no such account), `locked` until then,
    `expired`: the right one-time password, too late. Only who knows it hears so."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Failures that lock an account, and for how long; how long a one-time password opens it."""

    after: int = 5
    minutes: float = 5
    one_time_hours: float = 72


def create_account(
    conn: Connection,
    name: str,
    role: str,
    password: str,
    department: str | None = None,
    *,
    must_change: bool = False,
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
            cursor.execute(
                NEW_ACCOUNT, (name, role, department, _hash(password, name), must_change)
            )
            return int(_one(cursor.fetchone()))
    except psycopg2.errors.UniqueViolation as error:
        raise BadAccount(f"there is already an account {name!r}") from error
    except psycopg2.errors.ForeignKeyViolation as error:
        raise BadAccount(f"there is no department {department!r}") from error


def set_password(conn: Connection, name: str, password: str, *, must_change: bool = False) -> None:
    """Give a new password; every session of the account ends, and a lock is lifted."""
    account_id = _account_id(conn, name)
    with conn.cursor() as cursor:
        cursor.execute(NEW_PASSWORD, (_hash(password, name), must_change, account_id))
        cursor.execute(SUCCEEDED, (account_id,))
        cursor.execute(CLOSE_SESSIONS_OF, (account_id,))


def change_own(conn: Connection, account_id: int, name: str, password: str) -> None:
    """A password that its owner chose; sessions are the caller's to end."""
    with conn.cursor() as cursor:
        cursor.execute(NEW_PASSWORD, (_hash(password, name), False, account_id))


def create_token(
    conn: Connection,
    account_name: str,
    label: str,
    role: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new API token of an account; shown once, here. role: less than the account's, None: its."""
    token = secrets.token_urlsafe(32)
    account_id = _account_id(conn, account_name)
    with conn.cursor() as cursor:
        cursor.execute(NEW_TOKEN, (digest(token), account_id, label, role, expires_at))
    return token


def narrowed(account_role: str, token_role: str | None) -> str:
    """What a token may: never more than its account now; a role that is not within it: viewing."""
    if token_role is None or account_role in (token_role, "administrator"):
        return token_role or account_role
    return "viewer"


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
        if fits and row[7] is not None and now - row[7] > timedelta(hours=lock.one_time_hours):
            return Refused("expired")
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
        cursor.execute(SEEN, (now, account_id))
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
        if now - row[7] > _TOUCH:
            cursor.execute(TOUCH, (now, now + timedelta(hours=hours), digest(token)))
            cursor.execute(SEEN, (now, row[0]))
    return Principal(*row[:7])


def by_token(conn: Connection, token: str, now: datetime) -> Principal | None:
    """Who holds this API token."""
    with conn.cursor() as cursor:
        cursor.execute(HOLDER, (digest(token), now))
        row = cursor.fetchone()
        if row is None:
            return None
        if row[5] is None or now - row[5] > _TOUCH:
            cursor.execute(TOUCH_TOKEN, (now, digest(token)))
    return Principal(row[0], row[1], narrowed(row[2], row[4]), row[3])


def alive(conn: Connection, keys: list[bytes], now: datetime, hours: float) -> set[bytes]:
    """Of the digests of sessions and tokens with an open screen, those that still open something;
    sessions go on by it."""
    values = {"keys": keys, "now": now, "keep_s": hours * 3600}
    with conn.cursor() as cursor:
        cursor.execute(TOUCH_OPEN, values)
        cursor.execute(ALIVE, values)
        return {bytes(key) for (key,) in cursor.fetchall()}


def audit(
    conn: Connection, who: str, action: str, object_: str | None, address: str, **detail: object
) -> None:
    """Note what somebody did; the caller's transaction carries it."""
    with conn.cursor() as cursor:
        cursor.execute(AUDIT, (who, action, object_, Json(detail), address))


def saw(conn: Connection, who: str, action: str, object_: str | None, address: str) -> None:
    """Note what somebody looked at, at most once an hour."""
    said = {"who": who, "action": action, "object": object_, "address": address}
    with conn.cursor() as cursor:
        cursor.execute(SAW, said | {"every_s": SAW_EVERY_S})


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _hash(password: str, name: str) -> str:
    if found := passwords.fault(password, name):
        raise BadAccount(PASSWORD_FAULTS[found])
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
