"""On to the next one, until a person acknowledges. Which steps are due is pure; what was taken, and
since when people know, stands in the database, so that a restart forgets nothing.

The clock of an alert runs from the moment at which people were first told of its grade, and anew
when a graver one is told. An alert that comes back within an hour, and that nobody acknowledged,
keeps the clock of the first. No function commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg2.extras import Json, execute_values

from alerts.grade import GRADES
from alerts.receiver_settings import EscalationSettings, ReceiverSettings
from alerts.sending.directory import directory
from alerts.sending.routes import Directory, Subject, misfit, resolve
from alerts.store import MUTED_BY
from alerts.times import rfc3339
from database import query
from database.pool import Connection

# The alerts that nobody has acknowledged, with the gravest grade since anybody did; of each the
# transition that it is told by: the newest one told that was graver than all told before it (since
# the last acknowledgement, if any). What was muted, or told to nobody, has no clock; what is muted
# now waits. The clock: that of the first of a row of records of the same rule and subject, at least
# as grave, unacknowledged, with less than an hour between one's end and the next one's telling.
_STANDING = """
select a.id, a.state,
       (select max(array_position(array['blue', 'yellow', 'orange', 'red'], g.grade))
          from (select a.grade
                union all
                select p.grade from alert_transition p
                 where p.alert_id = a.id
                   and p.seq > coalesce((select max(k.seq) from alert_transition k
                                          where k.alert_id = a.id and k.kind = 'acknowledged'), 0)
               ) g),
       r.code, s.code, s.kind, a.department, first.id, clock.id, clock.routed_at,
       coalesce((select jsonb_agg(jsonb_build_array(e.chain, e.step))
                   from escalation e where e.transition_id = clock.id), '[]')
  from alert a
  join rule r on r.id = a.rule_id
  left join station s on s.id = a.station_id
  left join series q on q.id = a.series_id
  left join lateral {muted} u on true
 cross join lateral (
       select t.id, t.grade, o.routed_at
         from alert_transition t
         join outbox o on o.transition_id = t.id
        where t.alert_id = a.id and o.routed_at is not null and o.untold is null
          and t.kind in ('raised', 'announced', 'stepped_up')
          and not exists (
              select from alert_transition p join outbox q on q.transition_id = p.id
               where p.alert_id = a.id and p.seq < t.seq
                 and p.kind in ('raised', 'announced', 'stepped_up', 'stepped_down')
                 and q.routed_at is not null and q.untold is null
                 and p.seq > coalesce((select max(k.seq) from alert_transition k
                                        where k.alert_id = a.id and k.kind = 'acknowledged'
                                          and k.seq < t.seq), 0)
                 and array_position(array['blue', 'yellow', 'orange', 'red'], p.grade)
                     >= array_position(array['blue', 'yellow', 'orange', 'red'], t.grade))
        order by t.seq desc limit 1) first
 cross join lateral (
       select w.id, w.routed_at
         from (select k.id, k.routed_at,
                      k.routed_at - lag(k.until) over (order by k.routed_at, k.id) as gap
                 from (select first.id, first.routed_at, first.routed_at as until
                       union all
                       select t.id, o.routed_at, greatest(o.routed_at, b.ended_at)
                         from alert b
                         join alert_transition t on t.alert_id = b.id
                         join outbox o on o.transition_id = t.id
                        where b.rule_id = a.rule_id and b.subject = a.subject and b.id <> a.id
                          and b.state in ('active', 'returned') and b.owner is null
                          and not b.found_afterwards
                          and t.kind in ('raised', 'announced', 'stepped_up')
                          and o.routed_at <= first.routed_at and o.untold is null
                          and array_position(array['blue', 'yellow', 'orange', 'red'], t.grade)
                              >= array_position(array['blue', 'yellow', 'orange', 'red'],
                                                first.grade)) k) w
        where w.gap is null or w.gap > interval '1 hour'
        order by w.routed_at desc, w.id desc limit 1) clock
 where a.state = any(%(states)s) and a.owner is null and not a.found_afterwards
   and clock.routed_at <= %(before)s and u.id is null
 order by clock.routed_at, a.state, a.id
"""
STANDING = _STANDING.format(muted=MUTED_BY)
_TAKE = """
insert into escalation (transition_id, step, chain) values (%(transition)s, %(step)s, %(chain)s)
on conflict do nothing
returning step
"""
_MAKE = """
insert into message (transition_id, receiver, way, chain, step, why) values %s
on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that waits for somebody. first: the transition that it is told by; clock: the one
    that its clock runs from, told at told_at (another where it came back); taken: the steps already
    taken since then, by chain."""

    alert_id: str
    state: str
    subject: Subject
    first: int
    clock: int
    told_at: datetime
    taken: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Due:
    """A step whose time has come. step: counted from 1."""

    standing: Standing
    chain: str
    step: int
    to: tuple[str, ...]
    at: datetime


def due(
    standing: Sequence[Standing], chains: Sequence[EscalationSettings], now: datetime
) -> list[Due]:
    """The steps that are to be taken now, in order. The first chain that fits an alert is its own;
    hours and days of a chain are asked at the present moment."""
    found = []
    for alert in standing:
        chain = next((c for c in chains if misfit(c, alert.subject, now) is None), None)
        if chain is None or (alert.state == "returned" and not chain.returned):
            continue
        for number, step in enumerate(chain.steps, 1):
            at = alert.told_at + timedelta(seconds=step.after_s)
            if at <= now and (chain.name, number) not in alert.taken:
                found.append(Due(alert, chain.name, number, step.to, at))
    return found


def escalate(
    conn: Connection,
    chains: Sequence[EscalationSettings],
    receivers: Sequence[ReceiverSettings],
    fallback: Sequence[str] = (),
    at: datetime | None = None,
) -> int:
    """Take the steps that are due and make their messages; returns how many messages."""
    if not chains:
        return 0
    there = directory(conn, receivers, fallback, at)
    soonest = min(chain.steps[0].after_s for chain in chains)
    states = ["active", "returned"] if any(chain.returned for chain in chains) else ["active"]
    waiting = _standing(conn, states, there.at - timedelta(seconds=soonest))
    return sum(_take(conn, one, there) for one in due(waiting, chains, there.at))


def _take(conn: Connection, step: Due, there: Directory) -> int:
    """A step that leads to nobody is not taken: it waits for somebody whom it may tell."""
    alert = step.standing
    decision = resolve(step.to, alert.subject, there, step.chain)
    taken = {"transition": alert.clock, "step": step.step, "chain": step.chain}
    if not decision.told or not query.rows(conn, _TAKE, **taken):
        return 0
    since = {} if alert.clock == alert.first else {"since": rfc3339(alert.told_at)}
    rows = [
        (alert.first, name, "escalation", step.chain, step.step, Json(why | since))
        for name, why in decision.told.items()
    ]
    with conn.cursor() as cursor:
        execute_values(cursor, _MAKE, rows)
    return len(rows)


def _standing(conn: Connection, states: Sequence[str], before: datetime) -> list[Standing]:
    return [
        Standing(
            alert,
            state,
            Subject(rule, GRADES[gravest - 1], *place),
            first,
            clock,
            told_at,
            frozenset((chain, step) for chain, step in taken),
        )
        for alert, state, gravest, rule, *place, first, clock, told_at, taken in query.rows(
            conn, STANDING, states=list(states), before=before
        )
    ]
