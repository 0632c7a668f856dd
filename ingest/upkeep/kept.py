"""SQL of what is kept: quarantined messages, and the requests to replay them. Never commits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg2.extras import Json

from database.pool import Connection
from ingest.batch import Letter
from ingest.context import Kept
from ingest.message import Message

WAITING = """
select id, received_at, topic, payload, code from quarantine
 where replayed_at is null and size = octet_length(payload)
   and (%(code)s::text is null or code = %(code)s) and id > %(after)s and id <= %(up_to)s
 order by id limit 20
"""
MARK_REPLAYED = """
update quarantine
   set replayed_at = clock_timestamp(), outcome = %(outcome)s, replay_id = %(request)s
 where id = %(id)s and replayed_at is null
"""
NEXT_REQUEST = """
select id, code, up_to, reached, refused, why from replay_request
 where done_at is null order by id limit 1
"""
BEGIN = "update replay_request set started_at = coalesce(started_at, now()) where id = %(id)s"
NOTE = """
update replay_request set reached = %(reached)s, refused = %(refused)s, why = %(why)s
 where id = %(id)s
"""
FINISH = """
update replay_request
   set done_at = clock_timestamp()
 where id = %(id)s
"""
# What is deleted is counted in the ledger with it, in one statement: the books stay balanced.
PRUNE = """
with gone as (
    delete from quarantine
     where id in (select id from quarantine
                   where received_at < clock_timestamp() - make_interval(days => %(days)s)
                   order by received_at limit %(batch)s for update skip locked)
    returning feed, date_trunc('hour', received_at, 'UTC') as hour),
counted as (select feed, hour, count(*) as gone from gone group by 1, 2),
booked as (
    update ledger l set pruned = l.pruned + c.gone
      from counted c where l.feed = c.feed and l.hour = c.hour)
select coalesce(sum(gone), 0) from counted
"""
MOST_REASONS = 20  # kept with a request; further ones are counted as "..."


@dataclass(slots=True)
class Request:
    """A replay that is asked for. reached: the last row tried; why: reason -> how often."""

    id: int
    code: str | None
    up_to: int
    reached: int
    refused: int
    why: dict[str, int]

    def refuse(self, reason: str) -> None:
        self.refused += 1
        key = reason if reason in self.why or len(self.why) < MOST_REASONS else "..."
        self.why[key] = self.why.get(key, 0) + 1


def waiting(conn: Connection, request: Request) -> list[tuple[int, Message]]:
    """The next messages of a request that are kept whole and were not replayed, oldest first.

    Quarantine does not keep the flag `retain`; what was refused for it stays refused.
    """
    values = {"code": request.code, "after": request.reached, "up_to": request.up_to}
    return [
        (
            number,
            Message(
                *(topic, bytes(payload), received_at, 0),
                dup=False,
                epoch=0,
                qos=1,
                retain=code == "retained",
            ),
        )
        for number, received_at, topic, payload, code in _rows(conn, WAITING, values)
    ]


def mark_replayed(conn: Connection, kept: Kept, letters: Iterable[Letter]) -> None:
    """In the transaction that stores the last of it: killed at any moment, it is done once."""
    for letter in letters:
        if not letter.problems:
            values = {
                "id": kept.number,
                "request": kept.request,
                "outcome": letter.outcome.word,
            }
            _rows(conn, MARK_REPLAYED, values)


def next_request(conn: Connection) -> Request | None:
    rows = _rows(conn, NEXT_REQUEST)
    return Request(*rows[0]) if rows else None


def begin(conn: Connection, request: Request) -> None:
    _rows(conn, BEGIN, {"id": request.id})


def note(conn: Connection, request: Request) -> None:
    """How far it is."""
    _rows(
        conn,
        NOTE,
        {
            "id": request.id,
            "reached": request.reached,
            "refused": request.refused,
            "why": Json(request.why),
        },
    )


def finish(conn: Connection, request: Request) -> None:
    _rows(conn, FINISH, {"id": request.id})


def prune(conn: Connection, days: int, batch: int) -> int:
    """Delete up to `batch` messages that are older; returns how many there were."""
    return int(_rows(conn, PRUNE, {"days": days, "batch": batch})[0][0])


def _rows(
    conn: Connection, statement: str, values: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
