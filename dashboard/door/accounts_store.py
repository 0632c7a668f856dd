"""The people of the desk as administrators and they themselves see them. Functions never commit.

Nothing here reads a password or the hash of a session or token, but to know one's own again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database import query
from database.pool import Connection

_PERSON = """
select a.id, a.name, a.role, a.department, a.created_at, a.seen_at, a.locked_until, a.disabled_at,
       a.must_change,
       (select count(*) from session s where s.account_id = a.id and s.expires_at > %(now)s),
       (select count(*) from api_token t where t.account_id = a.id and t.revoked_at is null
           and (t.expires_at is null or t.expires_at > %(now)s))
  from account a"""
PEOPLE = f"{_PERSON} order by a.disabled_at is not null, a.name"
PERSON = f"{_PERSON} where a.name = %(name)s"
LOCK = "select id from account where name = %(name)s for no key update"
# All of them, in one order: two who demote each other at once wait, and the second is refused.
LOCK_ADMINISTRATORS = """
select name from account where role = 'administrator' and disabled_at is null
 order by id for no key update"""
CHANGE = "update account set role = %(role)s, department = %(department)s where name = %(name)s"
DISABLE = "update account set disabled_at = now() where name = %(name)s and disabled_at is null"
ENABLE = """
update account set disabled_at = null, failed_count = 0, locked_until = null
 where name = %(name)s and disabled_at is not null"""
UNLOCK = "update account set failed_count = 0, locked_until = null where name = %(name)s"
DEPARTMENTS = "select code, name_zh, name_en from department order by code"
SESSIONS = """
select s.id, s.created_at, s.seen_at, s.expires_at, s.address, s.agent
  from session s join account a on a.id = s.account_id
 where a.name = %(name)s and s.expires_at > %(now)s order by s.seen_at desc, s.id desc"""
END_SESSION = """
delete from session s using account a
 where a.id = s.account_id and a.name = %(name)s and s.id = %(id)s"""
END_SESSIONS = """
delete from session s using account a
 where a.id = s.account_id and a.name = %(name)s and s.id is distinct from %(but)s"""
TOKENS = """
select t.id, t.label, t.role, t.created_at, t.seen_at, t.expires_at, t.revoked_at, t.revoked_by
  from api_token t join account a on a.id = t.account_id
 where a.name = %(name)s
 order by t.revoked_at is not null, t.created_at desc, t.id desc limit 100"""
NEWEST_TOKEN = """
select max(t.id) from api_token t join account a on a.id = t.account_id where a.name = %(name)s"""  # noqa: S105 - a statement
REVOKE_TOKEN = """
update api_token t set revoked_at = now(), revoked_by = %(by)s
  from account a where a.id = t.account_id and a.name = %(name)s and t.id = %(id)s
   and t.revoked_at is null"""  # noqa: S105 - a statement
# object: contained in it; strpos knows no wildcards.
AUDIT = """
select id, at, who, action, object, address, detail from audit
 where (%(who)s::text is null or who = %(who)s)
   and (%(action)s::text is null or action = %(action)s)
   and (%(object)s::text is null or strpos(lower(object), lower(%(object)s)) > 0)
   and (%(since)s::timestamptz is null or at >= %(since)s)
   and (%(until)s::timestamptz is null or at < %(until)s)
   and (%(at)s::timestamptz is null or (at, id) < (%(at)s, %(id)s))
 order by at desc, id desc limit %(limit)s"""
ACTIONS = "select distinct action from audit order by action limit 300"


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    role: str
    department: str | None
    created_at: datetime
    seen_at: datetime | None
    locked_until: datetime | None
    disabled_at: datetime | None
    must_change: bool
    sessions: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str | None
    agent: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """role: None where it is its account's."""

    id: int
    label: str
    role: str | None
    created_at: datetime
    seen_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


@dataclass(frozen=True, slots=True)
class Deed:
    """A row of the audit: who did or saw what."""

    id: int
    at: datetime
    who: str
    action: str
    object: str | None
    address: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the audit: None does not narrow; object: contained in it, in either case."""

    who: str | None = None
    action: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def people(conn: Connection, now: datetime) -> list[Person]:
    return [Person(*row) for row in query.rows(conn, PEOPLE, now=now)]


def person(conn: Connection, name: str, now: datetime) -> Person | None:
    rows = query.rows(conn, PERSON, name=name, now=now)
    return Person(*rows[0]) if rows else None


def locked(conn: Connection, name: str, now: datetime) -> Person | None:
    """As `person`, with its row locked until the transaction ends.

    The administrators' first, in their order: who lock each other out wait, never crosswise.
    """
    query.rows(conn, LOCK_ADMINISTRATORS)
    query.rows(conn, LOCK, name=name)
    return person(conn, name, now)


def is_last_administrator(conn: Connection, name: str) -> bool:
    """Whether nobody else can administer; until the transaction ends nobody else decides this."""
    return query.rows(conn, LOCK_ADMINISTRATORS) == [(name,)]


def change(conn: Connection, name: str, role: str, department: str | None) -> None:
    query.run(conn, CHANGE, name=name, role=role, department=department)


def disable(conn: Connection, name: str) -> bool:
    """No sign-in and no token from now on; its sessions end. False: it was disabled already."""
    query.run(conn, END_SESSIONS, name=name, but=None)
    return query.run(conn, DISABLE, name=name) > 0


def enable(conn: Connection, name: str) -> bool:
    return query.run(conn, ENABLE, name=name) > 0


def unlock(conn: Connection, name: str) -> None:
    query.run(conn, UNLOCK, name=name)


def departments(conn: Connection) -> list[tuple[str, str, str]]:
    """(code, Chinese name, English name)."""
    return [(code, zh, en) for code, zh, en in query.rows(conn, DEPARTMENTS)]


def sessions(conn: Connection, name: str, now: datetime) -> list[Session]:
    return [Session(*row) for row in query.rows(conn, SESSIONS, name=name, now=now)]


def end_session(conn: Connection, name: str, number: int) -> bool:
    return query.run(conn, END_SESSION, name=name, id=number) > 0


def end_sessions(conn: Connection, name: str, but: int | None = None) -> int:
    """How many ended; `but` goes on."""
    return query.run(conn, END_SESSIONS, name=name, but=but)


def tokens(conn: Connection, name: str) -> list[Token]:
    return [Token(*row) for row in query.rows(conn, TOKENS, name=name)]


def newest_token(conn: Connection, name: str) -> int:
    return int(query.rows(conn, NEWEST_TOKEN, name=name)[0][0])


def revoke_token(conn: Connection, name: str, number: int, by: str) -> bool:
    return query.run(conn, REVOKE_TOKEN, name=name, id=number, by=by) > 0


def deeds(
    conn: Connection, wanted: Wanted, after: tuple[datetime, int] | None, limit: int
) -> list[Deed]:
    """The newest first. after: (at, id) of the last one that is known."""
    at, number = after or (None, None)
    values = {name: getattr(wanted, name) for name in wanted.__slots__}
    rows = query.rows(conn, AUDIT, values | {"at": at, "id": number, "limit": limit})
    return [Deed(*row) for row in rows]


def actions(conn: Connection) -> list[str]:
    """Every action that the audit knows."""
    return [action for (action,) in query.rows(conn, ACTIONS)]
