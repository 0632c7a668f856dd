"""Keeping alerts quiet for a time: shelving, out of service, and the end of it. Never commits.

One table, `suppression`. Each begin and end is a step in the journal of the alerts it touches. What
still stands when it ends is told anew: nothing is forgotten on a shelf.

Who ends rows locks them first, all of them, then all the alerts in one go (`hold`): one row after
the other would take the alerts in another order than ingest does. Who mutes by a row holds it
shared (muting.py). So an alert is either muted before the end, and told by it, or comes after it,
and is not muted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.life.steps import Done, NoSuchAlert, Refused, Standing, lock, write
from alerts.life.taking import changed, now_is
from alerts.reason import Reason
from alerts.store import MUTED_BY
from alerts.times import rfc3339
from database import query
from database.pool import Connection

SYSTEM = "system"  # who ended what ended by itself
ENDING = {"shelved": "unshelved", "suppressed": "released", "out_of_service": "in_service"}

PUT = """
insert into suppression (kind, rule_id, subject, station_id, metrics, grade, cause, began_at, until,
                         who, why)
values (%(kind)s, %(rule_id)s, %(subject)s, %(station_id)s, %(metrics)s, %(grade)s, %(cause)s,
        %(began_at)s, %(until)s, %(who)s, %(why)s)
on conflict do nothing returning id
"""
HOLD = """
select id, kind from suppression where id = any(%s) and ended_at is null order by id for update
"""
TOUCHED = """
select u.id, a.id from suppression u
  join alert a on a.state <> 'ended'
              and ((a.rule_id = u.rule_id and a.subject = u.subject)
                   or (u.kind = 'out_of_service' and a.station_id = u.station_id))
  left join series q on q.id = a.series_id
 where u.id = any(%s) and (u.metrics is null or q.metric = any(u.metrics))
 order by u.id, a.id
"""
END = """
update suppression set ended_at = %(now)s, ended_by = %(by)s, end_why = %(why)s
 where id = %(id)s and ended_at is null
returning id, kind, rule_id, subject, station_id, metrics, grade, cause, began_at, until, who, why
"""
OF_STATION = """
select a.id from alert a left join series q on q.id = a.series_id
 where a.station_id = %(station_id)s and a.state <> 'ended'
   and (%(metrics)s::text[] is null or q.metric = any(%(metrics)s))
"""
SHELF = """
select id, who, until from suppression
 where kind = 'shelved' and rule_id = %s and subject = %s and ended_at is null
"""
LOCKED_SHELF = """
select u.id, u.who, u.until from suppression u
  join alert a on a.rule_id = u.rule_id and a.subject = u.subject
 where a.id = %s and u.kind = 'shelved' and u.ended_at is null for update of u
"""
OUT = """
select id, who, metrics from suppression
 where kind = 'out_of_service' and station_id = %(station_id)s and ended_at is null
   and (%(metrics)s::text[] is null or metrics is null or metrics && %(metrics)s)
 order by id for update
"""
# Of two who do so at once the second has to see the first.
ONE_AT_A_TIME = """
select pg_advisory_xact_lock(hashtextextended('out of service ' || %(station_id)s, 0))"""
STATION = "select id from station where code = %s"
# What people know of it: the grade that they were last told, and when; whether all of it was routed
# (else the routing tells what is new, now that nothing keeps it; nothing at all: it is not decided
# yet).
_KNOWN = """
select a.id, a.grade, l.grade, l.routed_at,
       coalesce((select bool_and(o.routed_at is not null)
                   from outbox o join alert_transition t on t.id = o.transition_id
                  where t.alert_id = a.id), false),
       u.id is not null
  from alert a
  left join series q on q.id = a.series_id
  left join lateral {muted} u on true
  left join lateral (select t.grade, o.routed_at
                       from outbox o join alert_transition t on t.id = o.transition_id
                      where t.alert_id = a.id and o.muted_by is null
                      order by t.seq desc limit 1) l on true
 where a.id = any(%s)
"""
KNOWN = _KNOWN.format(muted=MUTED_BY)


@dataclass(frozen=True, slots=True)
class Suppression:
    """A row of the table, without its end."""

    id: int
    kind: str
    rule_id: int | None
    subject: str | None
    station_id: int | None
    metrics: list[str] | None
    grade: str | None
    cause: str | None
    began_at: datetime
    until: datetime | None
    who: str
    why: str

    @property
    def reason(self) -> Reason:
        """Of the step that says so in an alert's journal."""
        params = {"suppression": self.id, "who": self.who, "until": rfc3339(self.until)}
        return Reason(self.kind, params | {"cause": self.cause})


@dataclass(frozen=True)
class Held:
    """What was locked in one go. alerts: those that each of the rows keeps back, by row.

    standing: all the alerts, as they were locked.
    """

    alerts: Mapping[int, Sequence[str]] = field(default_factory=dict)
    standing: Mapping[str, Standing] = field(default_factory=dict)


def hold(conn: Connection, numbers: Sequence[int], alerts: Sequence[str] = ()) -> Held:
    """Lock rows that are to end, then the alerts that they keep back and these other alerts."""
    touched: dict[int, list[str]] = {}
    if numbers:
        touched = {row[0]: [] for row in query.rows(conn, HOLD, (sorted(numbers),))}
        for number, alert_id in query.rows(conn, TOUCHED, (list(touched),)):
            touched[number].append(alert_id)
    kept = {alert_id for some in touched.values() for alert_id in some}
    return Held(touched, lock(conn, sorted(kept.union(alerts))))


def shelve(
    conn: Connection,
    alert_id: str,
    who: str,
    why: str,
    until: datetime,
    *,
    expected_version: int,
    now: datetime,
) -> Done | Refused | NoSuchAlert:
    """Keep an alert's rule quiet at its subject until then. How long is the caller's to bound.

    A graver grade than it has now breaks the shelf.
    """
    found = lock(conn, [alert_id]).get(alert_id)
    if found is None:
        return NoSuchAlert(alert_id)
    shelf = _shelf(conn, found)
    if shelf and shelf[1] == who and shelf[2] == until:
        return Done(now_is(conn, alert_id), repeated=True)
    if shelf:
        why_not = f"{shelf[1]} has shelved it until {rfc3339(shelf[2])}; unshelve it first"
        return Refused(now_is(conn, alert_id), why_not, shelf[1])
    if found.version != expected_version:
        return changed(conn, found)
    if found.state == "ended":
        return Refused(now_is(conn, alert_id), "the alert is closed: there is nothing to shelve")
    made = begin(
        conn,
        "shelved",
        now=now,
        rule_id=found.rule_id,
        subject=found.subject,
        station_id=found.station_id,
        grade=found.grade,
        until=until,
        who=who,
        why=why,
    )
    write(conn, alert_id, "shelved", made.reason, now=now, who=who, note=why)
    return Done(now_is(conn, alert_id))


def unshelve(
    conn: Connection, alert_id: str, who: str, why: str, *, expected_version: int, now: datetime
) -> Done | Refused | NoSuchAlert:
    """Take it off the shelf before its time; if its condition is on, people are told anew."""
    shelves = query.rows(conn, LOCKED_SHELF, (alert_id,))
    held = hold(conn, [row[0] for row in shelves], [alert_id])
    found = held.standing.get(alert_id)
    if found is None:
        return NoSuchAlert(alert_id)
    if not shelves:
        return Refused(now_is(conn, alert_id), "this alert is not shelved")
    if found.version != expected_version:
        return changed(conn, found)
    end(conn, shelves[0][0], who, why, now=now, held=held)
    return Done(now_is(conn, alert_id))


def take_out(
    conn: Connection,
    station: str,
    who: str,
    why: str,
    until: datetime | None,
    metrics: Sequence[str] | None,
    *,
    now: datetime,
) -> Suppression | str | None:
    """Take a station, or some of its metrics, out of service; None where there is no such station.

    A text: who has done so already. until: None until further notice.
    """
    of = {"station_id": _station(conn, station), "metrics": list(metrics) if metrics else None}
    if of["station_id"] is None:
        return None
    query.run(conn, ONE_AT_A_TIME, of)
    if overlapping := query.rows(conn, OUT, of):
        return str(overlapping[0][1])
    made = begin(conn, "out_of_service", now=now, until=until, who=who, why=why, **of)
    for alert_id in lock(conn, [row[0] for row in query.rows(conn, OF_STATION, of)]):
        write(conn, alert_id, "out_of_service", made.reason, now=now, who=who, note=why)
    return made


def put_back(
    conn: Connection, station: str, who: str, why: str, *, now: datetime
) -> list[Suppression] | None:
    """Put a station back into service, whole; None where there is none, empty where it was in."""
    station_id = _station(conn, station)
    if station_id is None:
        return None
    out = [row[0] for row in query.rows(conn, OUT, {"station_id": station_id, "metrics": None})]
    held = hold(conn, out)
    ended = [end(conn, number, who, why, now=now, held=held) for number in out]
    return [one for one in ended if one]


def begin(conn: Connection, kind: str, *, now: datetime, **columns: Any) -> Suppression:
    """Write a row; the steps are the caller's. Columns that are not given are null."""
    row = {
        **dict.fromkeys(("rule_id", "subject", "station_id", "metrics", "grade", "cause", "until")),
        **columns,
        "kind": kind,
        "began_at": now,
    }
    made = query.rows(conn, PUT, row)
    if not made:
        raise RuntimeError(f"{kind} {row['rule_id']} {row['subject']} is so already")
    return Suppression(made[0][0], **row)


def end(
    conn: Connection,
    number: int,
    by: str,
    why: str,
    *,
    now: datetime,
    held: Held,
    tell: bool = True,
) -> Suppression | None:
    """End it, say so in the journals, and tell what still stands; None where it was over already.

    held: with this row. tell: not where something graver is being told at this moment.
    """
    rows = query.rows(conn, END, {"id": number, "now": now, "by": by, "why": why})
    if not rows:
        return None
    over = Suppression(*rows[0])
    of_it = held.alerts.get(number, ())
    touched = {each: held.standing[each] for each in of_it if each in held.standing}
    who = None if by == SYSTEM else by
    for alert_id in touched:
        reason = Reason(ENDING[over.kind], {"suppression": over.id, "who": who, "why": why})
        write(
            conn, alert_id, ENDING[over.kind], reason, now=now, who=who, note=why if who else None
        )
    if tell:
        _tell(conn, over, touched, now)
    return over


def _tell(conn: Connection, over: Suppression, touched: dict[str, Standing], now: datetime) -> None:
    """Announce those whose condition is on. What a design kept back: only if it is news still."""
    on = [alert_id for alert_id, found in touched.items() if found.ended_at is None]
    for alert_id, grade, told, told_at, decided, muted in query.rows(conn, KNOWN, (on,)):
        if muted or not decided:
            continue  # something else keeps it, or the routing or the judge tells it
        # What came between the time at which it was over and this moment was not muted any more.
        since = over.until is not None and told_at is not None and told_at >= over.until
        if told == grade and (over.kind == "suppressed" or since):
            continue
        reason = Reason("stands", {"after": over.kind, "why": touched[alert_id].reason})
        write(conn, alert_id, "announced", reason, now=now, told=True)


def _shelf(conn: Connection, found: Standing) -> tuple[Any, ...] | None:
    rows = query.rows(conn, SHELF, (found.rule_id, found.subject))
    return rows[0] if rows else None


def _station(conn: Connection, code: str) -> int | None:
    rows = query.rows(conn, STATION, (code,))
    return rows[0][0] if rows else None
