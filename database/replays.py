"""Replays of quarantined messages: asked for at either door, done by ingest. Never commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database.pool import Connection

# Who asks for what is asked already has the same request.
ASK = """
insert into replay_request (code, up_to, asked_by)
select %(code)s::text, coalesce(max(id), 0), %(who)s from quarantine
on conflict (code) where done_at is null do nothing
returning id
"""
ASKED = """
select id from replay_request
 where code is not distinct from %(code)s::text and done_at is null
"""
LIES = "select exists (select from quarantine where code = %(code)s::text)"
CODES = "select distinct code from quarantine order by 1 limit 50"
RECENT = """
select r.id, r.code, r.asked_at, r.asked_by, r.started_at, r.done_at, r.refused, r.why,
       coalesce(o.outcomes, '{}'::jsonb)
  from replay_request r
  left join lateral (
      select jsonb_object_agg(outcome, n) as outcomes
        from (select outcome, count(*) as n from quarantine
               where replay_id = r.id group by outcome) x) o on true
 where %(id)s::bigint is null or r.id = %(id)s
 order by r.id desc limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Replay:
    """code: the reason that it is about, None for every one. why: refused again, how often.

    outcomes: what the replayed messages came to, so far.
    """

    id: int
    code: str | None
    asked_at: datetime
    asked_by: str
    started_at: datetime | None
    done_at: datetime | None
    refused: int
    why: Mapping[str, int]
    outcomes: Mapping[str, int]

    @property
    def replayed(self) -> int:
        return sum(self.outcomes.values())


class NothingToReplay(LookupError):
    """No message lies in quarantine for the reason that was named: a slip of the pen."""


def ask(conn: Connection, code: str | None, who: str) -> int:
    """Ask for a replay of what is in quarantine now; returns the request's number.

    Raises NothingToReplay where a code is named that no quarantined message has.
    """
    with conn.cursor() as cursor:
        if code is not None:
            _require_known(cursor, code)
        for statement in (ASK, ASKED, ASK):  # one that ends between the two is asked anew
            cursor.execute(statement, {"code": code, "who": who})
            if row := cursor.fetchone():
                return int(row[0])
    raise LookupError(f"the replay of {code!r} could not be asked for; ask again")


def _require_known(cursor: Any, code: str) -> None:
    cursor.execute(LIES, {"code": code})
    if cursor.fetchone() != (True,):
        cursor.execute(CODES)
        known = ", ".join(row[0] for row in cursor.fetchall())
        sentence = f"no message lies in quarantine for the reason {code[:60]!r}"
        raise NothingToReplay(f"{sentence}; there are {known or 'none at all'}")


def recent(conn: Connection, limit: int) -> list[Replay]:
    """The newest requests first."""
    return _read(conn, None, limit)


def find(conn: Connection, number: int) -> Replay | None:
    found = _read(conn, number, 1)
    return found[0] if found else None


def _read(conn: Connection, number: int | None, limit: int) -> list[Replay]:
    with conn.cursor() as cursor:
        cursor.execute(RECENT, {"id": number, "limit": limit})
        return [Replay(*row) for row in cursor.fetchall()]
