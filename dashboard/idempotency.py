"""A write that is sent twice is done once: the answer is kept beside the write. Never commits."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json

from dashboard.problems import Problem
from database.pool import Connection

KEEP_DAYS = 7

LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, %s))"
FIND = "select request, status, response from idempotency where account_id = %s and key = %s"
CLEAR = "delete from idempotency where created_at < now() - make_interval(days => %s)"
KEEP = """
insert into idempotency (account_id, key, request, status, response)
values (%s, %s, %s, %s, %s)"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """repeated: it was done before, and this is the answer of then."""

    status: int
    body: dict[str, Any]
    repeated: bool = False


def once(
    conn: Connection, account_id: int, key: str | None, asked: str, act: Callable[[], Outcome]
) -> Outcome:
    """Do it, or give the answer of the first time. Without a key it is simply done.

    Two at once with the same key: the second waits for the first, then has its answer.
    Raises Problem 422 where the key was used for something else.
    """
    if not key:
        return act()
    request = hashlib.sha256(asked.encode()).digest()
    with conn.cursor() as cursor:
        cursor.execute(LOCK, (key, account_id))
        cursor.execute(FIND, (account_id, key))
        row = cursor.fetchone()
        if row is not None:
            if bytes(row[0]) != request:
                raise Problem(
                    422, "this Idempotency-Key was used for another request; make a new one"
                )
            return Outcome(row[1], row[2], repeated=True)
        outcome = act()
        cursor.execute(CLEAR, (KEEP_DAYS,))
        cursor.execute(KEEP, (account_id, key, request, outcome.status, Json(outcome.body)))
    return outcome
