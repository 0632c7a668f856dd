"""Who leads: an advisory lock that hangs on a database connection; a leader that hangs loses it.

A leader talks to the database every second. One whose connection has been idle for HUNG_S has
stopped (SIGSTOP, a machine that lost its power, a cut line that nobody noticed): whoever stands by
ends that connection and leads. The old one, should it wake, finds its connection gone.
"""

import contextlib
from collections.abc import Iterator
from enum import IntEnum

from database.pool import Connection

# A leader beats once a second; with a second between looks a standby leads within 10 s.
HUNG_S = 6.0


class Lock(IntEnum):
    """All advisory locks by number, so that no two mean the same. The second key, where there is
    one, is a name's hash."""

    MIGRATION = 7_302_511
    KEEPER = 7_302_512  # refreshes and deletes
    IMPORT = 7_302_519  # by file
    INGEST = 7_302_520  # by client id
    UPKEEP = 7_302_521
    FORESIGHT = 7_302_522
    ALERTS = 7_302_530
    REPLAY = 7_302_540  # replays and prunes


TAKE = "select pg_try_advisory_lock(%(space)s, hashtext(%(name)s))"
ALONE = "select pg_try_advisory_lock(%s)"
NO_LONGER = "select pg_advisory_unlock(%s)"
# Only the user who signed in may end a session of the same user: the role taken may not.
_AS_WHO_SIGNED_IN = "set local role none"
# A backend that works for its leader is `active`, however long, and waits for no client.
FREE = """
select pg_terminate_backend(l.pid)
  from pg_locks l
  join pg_database d on d.oid = l.database and d.datname = current_database()
  join pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'advisory' and l.granted and l.objsubid = 2
   and l.classid = %(space)s::oid
   and l.objid = (hashtext(%(name)s)::bigint & 4294967295)::oid
   and (a.state like 'idle%%' or a.wait_event_type = 'Client')
   and a.state_change < clock_timestamp() - make_interval(secs => %(hung_s)s)
"""


def take(conn: Connection, space: int, name: str) -> bool:
    """Try to lead; commits. The lead lasts as long as the connection."""
    with conn.cursor() as cursor:
        cursor.execute(TAKE, {"space": space, "name": name})
        row = cursor.fetchone()
    conn.commit()
    return bool(row and row[0])


def free(conn: Connection, space: int, name: str, hung_s: float = HUNG_S) -> bool:
    """End the connection of a leader that hangs; commits. Returns whether there was one."""
    with conn.cursor() as cursor:
        cursor.execute(_AS_WHO_SIGNED_IN)
        cursor.execute(FREE, {"space": space, "name": name, "hung_s": hung_s})
        ended = any(row[0] for row in cursor.fetchall())
    conn.commit()
    return ended


@contextlib.contextmanager
def alone(conn: Connection, key: int) -> Iterator[bool]:
    """Whether nobody else does this now; nobody will until the end. May be nested."""
    with conn.cursor() as cursor:
        cursor.execute(ALONE, (key,))
        row = cursor.fetchone()
        mine = bool(row and row[0])
        try:
            yield mine
        finally:
            if mine:
                cursor.execute(NO_LONGER, (key,))


def claim(conn: Connection, space: int, name: str, hung_s: float = HUNG_S) -> bool:
    """Try to lead, also in the place of one that hangs; commits."""
    return take(conn, space, name) or (free(conn, space, name, hung_s) and take(conn, space, name))
