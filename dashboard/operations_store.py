"""The quarantine and the house's own pulse, read. Never commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg2.extras import RealDictCursor

from database.pool import Connection

QUARANTINE = """
select id, received_at, feed, topic, size, code, reason, replayed_at, outcome,
       substring(payload for %(preview)s) as payload
  from quarantine
 where (%(code)s::text is null or code = %(code)s)
   and (%(at)s::timestamptz is null or (received_at, id) < (%(at)s, %(id)s))
 order by received_at desc, id desc limit %(limit)s"""
HEARTBEATS = """
select process, greatest(0, extract(epoch from now() - at))::float8 from heartbeat order by 1"""
# Where several ingests share the topics, the newest beat of one names them all.
SILENT = """
with team as (
    select m.process
      from (select detail from heartbeat where process like 'ingest%%' and detail ? 'team'
             and jsonb_array_length(detail -> 'team') > 0 order by at desc limit 1) n,
           jsonb_array_elements_text(n.detail -> 'team') m (process))
select p.process, h.at
  from (select process from unnest(%(processes)s::text[]) w (process)
         where process <> 'ingest' or not exists (select from team)
         union select process from team) p
  left join heartbeat h on h.process = p.process
 where h.at is null or h.at < clock_timestamp() - make_interval(secs => %(after_s)s)
 order by p.process"""


def quarantine(
    conn: Connection, code: str | None, after: tuple[datetime, int] | None, limit: int, preview: int
) -> list[dict[str, Any]]:
    """Newest first, after a cursor; of each payload the first `preview` bytes."""
    at, number = after or (None, None)
    values = {"code": code, "at": at, "id": number, "limit": limit, "preview": preview}
    rows = _dicts(conn, QUARANTINE, values)
    return [row | {"payload": bytes(row["payload"])} for row in rows]


def heartbeats(conn: Connection) -> dict[str, float]:
    """process -> seconds since its last heartbeat."""
    with conn.cursor() as cursor:
        cursor.execute(HEARTBEATS)
        return {process: round(age_s, 1) for process, age_s in cursor.fetchall()}


def silent(
    conn: Connection, processes: Sequence[str], after_s: float
) -> list[tuple[str, datetime | None]]:
    """Which of the processes do not say that they live, and when each last did (None: never)."""
    with conn.cursor() as cursor:
        cursor.execute(SILENT, {"processes": list(processes), "after_s": after_s})
        return cursor.fetchall()


def _dicts(conn: Connection, statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with conn.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute(statement, values)
        return [dict(row) for row in cursor.fetchall()]
