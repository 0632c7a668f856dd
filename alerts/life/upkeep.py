"""What the leading process does for the lives of alerts, each second. Never commits.

Shelves whose time is over come back, inhibition follows its causes, alerts that returned long ago
and that nobody need see close by themselves.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.life.inhibition import inhibit
from alerts.life.settings import InhibitionSettings, LifeSettings
from alerts.life.steps import lock, write
from alerts.life.suppression import SYSTEM, end
from alerts.reason import Reason
from database.pool import Connection

NOW = "select clock_timestamp()"
EXPIRED = """
select id from suppression where ended_at is null and until <= %s order by until, id limit 500
"""
# By what it once was: one that was red waits for a person, though it went through yellow.
RETURNED = """
select id from alert
 where state = 'returned' and owner is null and not latched and peak_grade = any(%(grades)s)
   and changed_at <= %(before)s
 order by changed_at limit 100
"""
CLOSE = "update alert set state = 'ended' where id = any(%s)"


def keep(conn: Connection, life: LifeSettings, inhibitions: Sequence[InhibitionSettings]) -> bool:
    """Whether anything was done. At the database's own time."""
    with conn.cursor() as cursor:
        cursor.execute(NOW)
        ((now,),) = cursor.fetchall()
    changed = inhibit(conn, inhibitions, now)
    expired = expire(conn, now)
    closed = close_returned(conn, life, now)
    return bool(changed or expired or closed)


def expire(conn: Connection, now: datetime) -> int:
    """End what is over by now, and tell what still stands; how many."""
    with conn.cursor() as cursor:
        cursor.execute(EXPIRED, (now,))
        found = [row[0] for row in cursor.fetchall()]
    for number in found:
        end(conn, number, SYSTEM, "its time is over", now=now)
    return len(found)


def close_returned(conn: Connection, life: LifeSettings, now: datetime) -> int:
    """Close what returned long ago, was never grave, and that nobody acknowledged; how many."""
    before = now - timedelta(seconds=life.returned_s)
    with conn.cursor() as cursor:
        cursor.execute(RETURNED, {"grades": list(life.close_returned), "before": before})
        found = list(lock(conn, [row[0] for row in cursor.fetchall()]).values())
        idle = [one.id for one in found if one.state == "returned" and one.owner is None]
        cursor.execute(CLOSE, (idle,))
    for alert_id in idle:
        reason = Reason("closed", {"waited_s": life.returned_s})
        write(conn, alert_id, "closed", reason, now=now)
    return len(idle)
