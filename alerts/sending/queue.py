"""The messages of one receiver: what is due, within its rate; delivered, failed, given up.

Every message is marked delivered, given up, or waits: a transition that was routed is never lost
sight of. No function commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Alert
from alerts.reason import Reason
from alerts.sending.parcel import Message, Parcel, digest, single, trial
from alerts.settings import ClockSettings
from alerts.store import find_alerts
from database import query
from database.pool import Connection

MOST_AT_ONCE = 500  # of a backlog of thousands a digest carries so many, the gravest first

_DUE = """
select count(*) from (
    select from message
     where receiver = %(receiver)s and delivered_at is null and given_up_at is null
       and next_try_at <= clock_timestamp() limit %(most)s) d
"""
# Tokens come by the rate, up to `burst`; one sending spends one. Whoever finds less than one waits.
_SPEND = """
insert into receiver_state as r (receiver, tokens) values (%(receiver)s, %(burst)s - 1)
on conflict (receiver) do update
   set tokens = least(%(burst)s, r.tokens + %(per_s)s * greatest(0,
                extract(epoch from clock_timestamp() - r.refilled_at))) - 1,
       refilled_at = clock_timestamp()
 where least(%(burst)s, r.tokens + %(per_s)s * greatest(0,
       extract(epoch from clock_timestamp() - r.refilled_at))) >= 1
returning tokens
"""
# A message waits for the earlier ones of its alert. The gravest alert goes first, and of equals
# what failed least: a bad message has its time of waiting, and holds up the others no longer.
_NEXT = """
select m.id from (
    select m.id, m.attempts, m.next_try_at, m.transition_id, t.seq,
           min(t.seq) over (partition by t.alert_id) as first,
           min(array_position(array['red', 'orange', 'yellow', 'blue'], t.grade))
               over (partition by t.alert_id) as gravest
      from message m left join alert_transition t on t.id = m.transition_id
     where m.receiver = %(receiver)s and m.delivered_at is null and m.given_up_at is null) m
 where m.next_try_at <= clock_timestamp() and m.seq is not distinct from m.first
 order by m.gravest, m.attempts, m.transition_id, m.id limit 1
"""
# All that waits, due or not: what goes anyway takes all along. Alerts stay whole, the gravest
# first, so that no step overtakes an earlier one.
_GATHER = """
select m.id from (
    select m.id, t.alert_id, t.seq,
           max(array_position(array['blue', 'yellow', 'orange', 'red'], t.grade))
               over (partition by t.alert_id) as gravest
      from message m join alert_transition t on t.id = m.transition_id
     where m.receiver = %(receiver)s and m.delivered_at is null and m.given_up_at is null) m
 order by m.gravest desc nulls last, m.alert_id, m.seq limit %(most)s
"""
_LOCK = """
select m.id, m.attempts, m.way, m.chain, m.step, m.why, m.made_at, t.id, t.kind, t.at, t.grade,
       t.reason, t.alert_id,
       extract(epoch from m.made_at - coalesce((m.why ->> 'since')::timestamptz,
           (select o.routed_at from outbox o where o.transition_id = t.id)))::float8
  from message m
  left join alert_transition t on t.id = m.transition_id
 where m.id = any(%(ids)s) and m.delivered_at is null and m.given_up_at is null
 order by t.id, m.id
   for update of m skip locked
"""
_GIVE_BACK = "update receiver_state set tokens = tokens + 1 where receiver = %(receiver)s"
_DELIVERED = """
update message
   set attempts = attempts + 1, delivered_at = clock_timestamp(), error = null,
       digest = %(digest)s, digest_size = %(size)s
 where id = any(%(ids)s)
"""
_WELL = """
insert into receiver_state as r (receiver, delivered_at)
values (%(receiver)s, clock_timestamp())
on conflict (receiver) do update
   set delivered_at = clock_timestamp(), failing_since = null, failures = 0
"""
# An attempt counts only for what was due: a digest of a flood goes every few seconds, and would use
# up the attempts of all that waits. Nothing is given up while its alert stands: a line that was cut
# for hours must tell what still burns.
_FAILED = """
update message m
   set error = %(error)s,
       attempts = m.attempts + (m.next_try_at <= c.at)::int,
       next_try_at = case when m.next_try_at > c.at then m.next_try_at
                          else c.at + make_interval(secs =>
                                   (%(waits)s::float8[])[least(m.attempts + 1, %(longest)s)]) end,
       given_up_at = case when m.next_try_at <= c.at and m.attempts + 1 >= %(most)s
                           and not exists (select from alert_transition t
                                             join alert a on a.id = t.alert_id
                                            where t.id = m.transition_id and a.state <> 'ended')
                          then c.at end
  from (select clock_timestamp() as at) c
 where m.id = any(%(ids)s)
returning m.id, m.attempts, m.given_up_at is not null, m.fell_back_at is null and m.way <> 'test'
"""
_ILL = """
insert into receiver_state as r (receiver, failed_at, failing_since, error, failures)
values (%(receiver)s, clock_timestamp(), clock_timestamp(), %(error)s, 1)
on conflict (receiver) do update
   set failed_at = clock_timestamp(), error = excluded.error, failures = r.failures + 1,
       failing_since = coalesce(r.failing_since, clock_timestamp())
returning failures
"""
_STRANDED = """
select id from message
 where receiver = %(receiver)s and delivered_at is null and given_up_at is null
   and fell_back_at is null and way <> 'test'
"""
# Others are told in its place, each of them once: who has the transition already is left out.
_FALL_BACK = """
insert into message (transition_id, receiver, way, why)
select m.transition_id, f.name, 'fallback',
       jsonb_build_object('instead_of', m.receiver, 'error', coalesce(m.error, %(error)s))
  from message m
  join alert_transition t on t.id = m.transition_id
 cross join unnest(%(names)s::text[]) f (name)
 where m.id = any(%(ids)s) and f.name <> m.receiver
   and not exists (select from message e
                    where e.transition_id = m.transition_id and e.receiver = f.name)
 order by array_position(array['red', 'orange', 'yellow', 'blue'], t.grade), t.id
on conflict do nothing
returning transition_id
"""
_FELL_BACK = """
update message set fell_back_at = clock_timestamp()
 where id = any(%(ids)s) and transition_id = any(%(told)s)
"""
_DOUBLED = 61  # so often a wait may double; the ceiling comes long before


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of tokens: so many messages a minute, `burst` at once after a quiet time."""

    per_minute: float
    burst: int


@dataclass(frozen=True, slots=True)
class _Locked:
    """A row of _LOCK. transition, kind, at, grade, reason, alert: None of a test message."""

    id: int
    attempts: int
    way: str
    chain: str
    step: int
    why: dict[str, Any]
    made_at: datetime
    transition: int | None
    kind: Any
    at: Any
    grade: Any
    reason: object
    alert: str | None
    waited_s: float | None


def due(conn: Connection, receiver: str) -> int:
    """How many messages of the receiver are due; at most MOST_AT_ONCE + 1."""
    return int(query.rows(conn, _DUE, receiver=receiver, most=MOST_AT_ONCE + 1)[0][0])


def spend(conn: Connection, receiver: str, rate: Rate) -> float | None:
    """Take a token from the receiver's bucket: what is left of them, or None if there was none."""
    rows = query.rows(
        conn, _SPEND, receiver=receiver, burst=float(rate.burst), per_s=rate.per_minute / 60
    )
    return float(rows[0][0]) if rows else None


def give_back(conn: Connection, receiver: str) -> None:
    """Nothing could be sent for the token."""
    query.run(conn, _GIVE_BACK, receiver=receiver)


def next_parcel(conn: Connection, receiver: str) -> Parcel | None:
    """The next message that is due, locked until the transaction ends; None if there is none."""
    rows = query.rows(conn, _NEXT, receiver=receiver)
    found = _parcels(conn, [row[0] for row in rows])
    return found[0] if found else None


def next_digest(conn: Connection, receiver: str) -> Parcel | None:
    """All that waits, as one; None if there is nothing (or only a test)."""
    ids = [row[0] for row in query.rows(conn, _GATHER, receiver=receiver, most=MOST_AT_ONCE)]
    messages = _messages(conn, _locked(conn, ids))
    if not messages:
        return None
    return digest(messages) if len(messages) > 1 else single(messages[0])


def delivered(conn: Connection, receiver: str, parcel: Parcel) -> None:
    key, size = (parcel.key, len(parcel.ids)) if parcel.digest else (None, None)
    query.run(conn, _DELIVERED, ids=list(parcel.ids), digest=key, size=size)
    query.run(conn, _WELL, receiver=receiver)


def failed(
    conn: Connection,
    receiver: str,
    parcel: Parcel,
    error: str,
    clock: ClockSettings,
    fallback: Sequence[str] = (),
    fallback_after: int = 3,
) -> bool:
    """Note the failure and when to try again; returns whether any message is given up.

    Others are told of a message that failed so often, and of all that waits here when the receiver
    has taken nothing so many times running.
    """
    rows = query.rows(
        *(conn, _FAILED),
        ids=list(parcel.ids),
        error=error,
        waits=[backoff_s(n, clock) for n in range(_DOUBLED)],
        longest=_DOUBLED,
        most=clock.attempts,
    )
    failures = query.rows(conn, _ILL, receiver=receiver, error=error)[0][0]
    late = {
        number
        for number, attempts, given_up, open_ in rows
        if open_ and (given_up or attempts >= fallback_after)
    }
    if failures >= fallback_after:
        late |= {row[0] for row in query.rows(conn, _STRANDED, receiver=receiver)}
    if late and fallback:
        fall_back(conn, sorted(late), fallback, error)
    return any(given_up for _, _, given_up, _ in rows)


def fall_back(
    conn: Connection, ids: Sequence[int], names: Sequence[str], error: str | None = None
) -> None:
    """Tell these receivers in the place of the messages' own. error: of what was not tried yet."""
    told = query.rows(conn, _FALL_BACK, ids=list(ids), names=list(names), error=error)
    query.run(conn, _FELL_BACK, ids=list(ids), told=[row[0] for row in told])


def backoff_s(attempts: int, clock: ClockSettings) -> float:
    """Seconds after the failure that follows `attempts` earlier ones: doubling, with a ceiling."""
    return min(clock.retry_first_s * 2.0 ** min(attempts, 60), clock.retry_most_s)


def _parcels(conn: Connection, ids: Sequence[int]) -> list[Parcel]:
    """Each message by itself."""
    found = _locked(conn, ids)
    tests = [trial(one.id, one.attempts, one.made_at) for one in found if one.transition is None]
    return [*tests, *map(single, _messages(conn, found))]


def _locked(conn: Connection, ids: Sequence[int]) -> list[_Locked]:
    return [_Locked(*row) for row in query.rows(conn, _LOCK, ids=list(ids))]


def _messages(conn: Connection, found: Sequence[_Locked]) -> list[Message]:
    """Those of them that tell of a transition."""
    alerts = {alert.id: alert for alert in find_alerts(conn, [o.alert for o in found if o.alert])}
    return [_message(one, alerts[one.alert]) for one in found if one.alert is not None]


def _message(one: _Locked, alert: Alert) -> Message:
    return Message(
        id=one.id,
        attempts=one.attempts,
        transition_id=one.transition or 0,
        kind=one.kind,
        at=one.at,
        grade=one.grade,
        reason=_readable(one.reason),
        alert=alert,
        way=one.way,
        chain=one.chain,
        step=one.step,
        why=one.why,
        waited_s=float(one.waited_s or 0),
    )


def _readable(reason: object) -> Reason:
    """A reason that nothing can read is shown as it is; silence would be worse."""
    if isinstance(reason, dict):
        return Reason.from_json(reason)
    return Reason("unknown", {"written": reason})
