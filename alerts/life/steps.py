"""Locking alerts and writing a step into their lives. Functions never commit.

Locks as in alerts/record.py: rule_state rows in series order, then alerts, so that nobody who takes
several waits for ingest while ingest waits for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Alert
from alerts.reason import Reason
from alerts.store import add_step
from database import query
from database.pool import Connection

LOCK_STATES = """
select s.rule_id, s.subject from rule_state s
 where (s.rule_id, s.subject) in (select rule_id, subject from alert where id = any(%s))
 order by s.series_id, s.rule_id, s.subject for update
"""
LOCK_ALERTS = """
select id, version, state, grade, rule_id, subject, station_id, ended_at, owner, latched, reason,
       acknowledged_at
  from alert where id = any(%s) order by series_id, rule_id, subject, id for update
"""
STEPPED = """
update alert
   set version = version + 1, changed_at = clock_timestamp(),
       announced_at = coalesce(announced_at, %(announced_at)s)
 where id = %(id)s
returning version, grade, value, limit_value
"""
TELL = "insert into outbox (transition_id) values (%s)"


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as it was locked. reason: as it is kept."""

    id: str
    version: int
    state: str
    grade: str
    rule_id: int
    subject: str
    station_id: int | None
    ended_at: datetime | None
    owner: str | None
    latched: bool
    reason: dict[str, Any]
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoSuchAlert:
    id: str


@dataclass(frozen=True, slots=True)
class Done:
    """alert: as it is now. repeated: it was so already, and nothing was written."""

    alert: Alert
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done. why: a sentence; who: the person whose doing stands in the way, if one does."""

    alert: Alert
    why: str
    who: str | None = None


def lock(conn: Connection, alerts: Sequence[str]) -> dict[str, Standing]:
    """Lock alerts with their rules' states; those that there are, by id."""
    if not alerts:
        return {}
    query.run(conn, LOCK_STATES, (list(alerts),))
    return {row[0]: Standing(*row) for row in query.rows(conn, LOCK_ALERTS, (list(alerts),))}


def write(
    conn: Connection,
    alert_id: str,
    kind: str,
    reason: Reason,
    *,
    now: datetime,
    who: str | None = None,
    note: str | None = None,
    told: bool = False,
) -> int:
    """One more step of an alert that the caller has locked; the transition's number.

    told: people are to be told of it.
    """
    asked = {"id": alert_id, "announced_at": now if told else None}
    ((version, grade, value, limit),) = query.rows(conn, STEPPED, asked)
    number = add_step(
        conn,
        alert_id,
        version,
        kind,
        at=now,
        recorded_at=now,
        grade=grade,
        value=value,
        limit=limit,
        reason=reason,
        who=who,
        note=note,
    )
    if told:
        query.run(conn, TELL, (number,))
    return number
