"""From the outbox to the receivers' queues: mute? -> route -> messages.

A transition that people are to be told lies in `outbox`; routing makes one `message` a receiver,
which `alerts.sending` tries until it is delivered or given up. No function commits.
"""

from collections.abc import Sequence
from datetime import datetime

from psycopg2.extras import Json, execute_values

from alerts.grade import GRADES
from alerts.life.muting import muted
from alerts.life.settings import InhibitionSettings
from alerts.receiver_settings import ReceiverSettings, RouteSettings
from alerts.sending.directory import directory
from alerts.sending.routes import Decision, Directory, Subject, decide
from database import query
from database.pool import Connection

_LOCK_OUTBOX = "select transition_id from outbox where routed_at is null for update"
# Who was told of a grade is told how it goes on: the gravest grade so far decides.
_SUBJECTS = """
select t.id, t.alert_id, t.kind, r.code, s.code, s.kind, a.department,
       (select max(array_position(array['blue', 'yellow', 'orange', 'red'], p.grade))
          from alert_transition p where p.alert_id = t.alert_id and p.seq <= t.seq)
  from alert_transition t
  join alert a on a.id = t.alert_id
  join rule r on r.id = a.rule_id
  left join station s on s.id = a.station_id
 where t.id = any(%(ids)s)
 order by t.id
"""
# What people who go off duty knew of, only its end concerns them.
_TOLD_BEFORE = """
select distinct t.alert_id, m.receiver
  from message m join alert_transition t on t.id = m.transition_id
 where t.alert_id = any(%(alerts)s) and not t.id = any(%(ids)s)
"""
_MAKE = "insert into message (transition_id, receiver, why) values %s on conflict do nothing"
_ROUTED = "update outbox set routed_at = clock_timestamp() where transition_id = any(%(ids)s)"
_UNTOLD = "update outbox set untold = %(why)s where transition_id = %(id)s"
# Each second, of a table of months: two counts, each of them by its index.
_WAITING = """
select (select count(*) from message where delivered_at is null and given_up_at is null),
       (select count(*) from message where given_up_at > now() - interval '1 day')
"""
# The alert and its transitions stay; who was told, and when, is forgotten.
_PRUNE = """
delete from message
 where id in (select id from message
               where coalesce(delivered_at, given_up_at)
                     < clock_timestamp() - make_interval(days => %(days)s)
               order by id limit %(batch)s)
"""


def route(
    conn: Connection,
    receivers: Sequence[ReceiverSettings],
    *,
    routes: Sequence[RouteSettings] = (),
    fallback: Sequence[str] = (),
    inhibitions: Sequence[InhibitionSettings] = (),
    at: datetime | None = None,
) -> int:
    """Make the messages of what lies in the outbox and is not muted; returns how many.

    at: the moment by which routes and rota are asked; now, where nothing is said. Exactly the
    locked rows are routed and marked: others may be committed meanwhile.
    """
    found = [row[0] for row in query.rows(conn, _LOCK_OUTBOX)]
    if not found:
        return 0
    quiet = muted(conn, found, inhibitions)  # is routed nowhere and says why
    for number, why in quiet.items():
        query.run(conn, _UNTOLD, id=number, why=why)
    loud = [number for number in found if number not in quiet]
    there = directory(conn, receivers, fallback, at)
    made = 0
    for number, decision in _decided(conn, loud, routes, there):
        if not decision.told:
            query.run(conn, _UNTOLD, id=number, why=decision.untold or "nobody to tell")
            continue
        rows = [(number, name, Json(of)) for name, of in decision.told.items()]
        with conn.cursor() as cursor:
            execute_values(cursor, _MAKE, rows, page_size=1000)
        made += len(rows)
    query.run(conn, _ROUTED, ids=found)
    return made


def _decided(
    conn: Connection, found: Sequence[int], routes: Sequence[RouteSettings], there: Directory
) -> list[tuple[int, Decision]]:
    rows = query.rows(conn, _SUBJECTS, ids=list(found))
    alerts = sorted({row[1] for row in rows})
    told: dict[str, list[str]] = {}
    for alert, receiver in query.rows(conn, _TOLD_BEFORE, alerts=alerts, ids=list(found)):
        told.setdefault(alert, []).append(receiver)
    decisions = []
    for number, alert, kind, rule, station, station_kind, department, gravest in rows:
        subject = Subject(rule, GRADES[(gravest or 1) - 1], station, station_kind, department)
        before = [n for n in told.get(alert, ()) if kind == "ended" or n in there.receivers]
        decision = decide(routes, subject, there, before)
        told.setdefault(alert, []).extend(decision.told)
        decisions.append((number, decision))
    return decisions


def waiting(conn: Connection) -> dict[str, int]:
    """How many messages wait, and how many were given up within a day."""
    row = query.rows(conn, _WAITING)[0]
    return {"messages_waiting": row[0], "messages_given_up": row[1]}


def prune(conn: Connection, days: int, batch: int) -> int:
    """Delete up to `batch` messages that were delivered or given up so long ago; how many."""
    with conn.cursor() as cursor:
        cursor.execute(_PRUNE, {"days": days, "batch": batch})
        return cursor.rowcount
