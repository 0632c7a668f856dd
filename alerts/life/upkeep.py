"""What the leading process does for the lives of alerts, each second. Never commits.

Shelves whose time is over come back, inhibition follows its causes, alerts that returned long ago
and that nobody need see close by themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.life.inhibition import inhibit, planned
from alerts.life.settings import InhibitionSettings, LifeSettings
from alerts.life.steps import Standing, write
from alerts.life.suppression import SYSTEM, Held, end, hold
from alerts.reason import Reason
from database import query
from database.pool import Connection

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
    """Whether anything was done. At the database's own time.

    First it is looked what there is to do; then all of it is locked at once, and done.
    """
    now = query.now(conn)
    before = now - timedelta(seconds=life.returned_s)
    of_grades = list(life.close_returned)
    returned = [row[0] for row in query.rows(conn, RETURNED, grades=of_grades, before=before)]
    plan = planned(conn, inhibitions)
    over, new = (plan.over, plan.new) if plan else ([], [])
    held = hold(conn, [*over, *_expired(conn, now)], [*new, *returned])
    changed = inhibit(conn, plan, inhibitions, held, now) if plan else False
    expired = expire(conn, held, now)
    closed = close_returned(conn, life, held.standing, returned, now)
    return bool(changed or expired or closed)


def expire(conn: Connection, held: Held, now: datetime) -> int:
    """End what is over by now, and tell what still stands; how many. Of what is held: the rest
    waits for the next second."""
    found = [number for number in _expired(conn, now) if number in held.alerts]
    for number in found:
        end(conn, number, SYSTEM, "its time is over", now=now, held=held)
    return len(found)


def close_returned(
    conn: Connection,
    life: LifeSettings,
    standing: Mapping[str, Standing],
    returned: Iterable[str],
    now: datetime,
) -> int:
    """Close what returned long ago, was never grave, and that nobody acknowledged; how many."""
    found = [standing[alert_id] for alert_id in returned if alert_id in standing]
    idle = [one.id for one in found if one.state == "returned" and one.owner is None]
    query.run(conn, CLOSE, (idle,))
    for alert_id in idle:
        reason = Reason("closed", {"waited_s": life.returned_s})
        write(conn, alert_id, "closed", reason, now=now)
    return len(idle)


def _expired(conn: Connection, now: datetime) -> list[int]:
    return [row[0] for row in query.rows(conn, EXPIRED, (now,))]
