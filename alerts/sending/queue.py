"""The messages of one receiver: what is due, within its rate; delivered, failed, given up.

Every message is marked delivered, given up, or waits: a transition that was routed is never lost
sight of. No function commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alerts.alert import Alert
from alerts.reason import Reason
from alerts.sending.parcel import Message, Parcel, digest, single, trial
from alerts.settings import ClockSettings
from alerts.store import find_alerts
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
# A message waits for the earlier ones of its alert; those that failed least go first, so that one
# bad message does not hold up the others, and of these the gravest.
_NEXT = """
select m.id from message m left join alert_transition t on t.id = m.transition_id
 where m.receiver = %(receiver)s and m.delivered_at is null and m.given_up_at is null
   and m.next_try_at <= clock_timestamp()
   and not exists (select from message e
                     join alert_transition u on u.id = e.transition_id
                    where e.receiver = m.receiver and e.delivered_at is null
                      and e.given_up_at is null and u.alert_id = t.alert_id and u.seq < t.seq)
 order by m.attempts, array_position(array['red', 'orange', 'yellow', 'blue'], t.grade), t.id
 limit 1
"""
# All that waits, due or not: an attempt for one is an attempt for all. Alerts stay whole, the
# gravest first, so that no step overtakes an earlier one.
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
select m.id, m.attempts, m.way, m.step, m.why, m.made_at, t.id, t.kind, t.at, t.grade, t.reason,
       t.alert_id, extract(epoch from m.made_at - (select o.routed_at from outbox o
                                                    where o.transition_id = t.id))::float8
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
on conflict (receiver) do update set delivered_at = clock_timestamp(), failing_since = null
"""
_FAILED = """
update message
   set attempts = attempts + 1, error = %(error)s,
       next_try_at = clock_timestamp() + make_interval(secs => %(wait_s)s),
       given_up_at = case when attempts + 1 >= %(most)s then clock_timestamp() end
 where id = any(%(ids)s)
returning id, attempts, given_up_at is not null, fell_back_at is null and way <> 'test'
"""
_ILL = """
insert into receiver_state as r (receiver, failed_at, failing_since, error)
values (%(receiver)s, clock_timestamp(), clock_timestamp(), %(error)s)
on conflict (receiver) do update
   set failed_at = clock_timestamp(), error = excluded.error,
       failing_since = coalesce(r.failing_since, clock_timestamp())
"""
# Others are told in its place, each of them once: who has the transition already is left out.
_FALL_BACK = """
insert into message (transition_id, receiver, way, why)
select m.transition_id, f.name, 'fallback',
       jsonb_build_object('instead_of', m.receiver, 'error', m.error)
  from message m cross join unnest(%(names)s::text[]) f (name)
 where m.id = any(%(ids)s) and m.transition_id is not null and f.name <> m.receiver
   and not exists (select from message e
                    where e.transition_id = m.transition_id and e.receiver = f.name)
on conflict do nothing
"""
_FELL_BACK = "update message set fell_back_at = clock_timestamp() where id = any(%(ids)s)"


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of tokens: so many messages a minute, `burst` at once after a quiet time."""

    per_minute: float
    burst: int


def due(conn: Connection, receiver: str) -> int:
    """How many messages of the receiver are due; at most MOST_AT_ONCE + 1."""
    return int(_rows(conn, _DUE, receiver=receiver, most=MOST_AT_ONCE + 1)[0][0])


def spend(conn: Connection, receiver: str, rate: Rate) -> float | None:
    """Take a token from the receiver's bucket: what is left of them, or None if there was none."""
    rows = _rows(
        conn, _SPEND, receiver=receiver, burst=float(rate.burst), per_s=rate.per_minute / 60
    )
    return float(rows[0][0]) if rows else None


def give_back(conn: Connection, receiver: str) -> None:
    """Nothing could be sent for the token."""
    _run(conn, _GIVE_BACK, receiver=receiver)


def next_parcel(conn: Connection, receiver: str) -> Parcel | None:
    """The next message that is due, locked until the transaction ends; None if there is none."""
    rows = _rows(conn, _NEXT, receiver=receiver)
    found = _locked(conn, [row[0] for row in rows])
    return found[0] if found else None


def next_digest(conn: Connection, receiver: str) -> Parcel | None:
    """All that waits, as one; None if there is nothing (or only a test)."""
    ids = [row[0] for row in _rows(conn, _GATHER, receiver=receiver, most=MOST_AT_ONCE)]
    messages = _messages(conn, _rows(conn, _LOCK, ids=ids))
    if not messages:
        return None
    return digest(messages) if len(messages) > 1 else single(messages[0])


def delivered(conn: Connection, receiver: str, parcel: Parcel) -> None:
    key, size = (parcel.key, len(parcel.ids)) if parcel.digest else (None, None)
    _run(conn, _DELIVERED, ids=list(parcel.ids), digest=key, size=size)
    _run(conn, _WELL, receiver=receiver)


def failed(
    conn: Connection,
    receiver: str,
    parcel: Parcel,
    error: str,
    clock: ClockSettings,
    fallback: Sequence[str] = (),
    fallback_after: int = 3,
) -> bool:
    """Note the failure and when to try again, and tell others after so many; returns whether any
    message is given up."""
    wait_s, ids = backoff_s(parcel.attempts, clock), list(parcel.ids)
    rows = _rows(conn, _FAILED, ids=ids, error=error, wait_s=wait_s, most=clock.attempts)
    _run(conn, _ILL, receiver=receiver, error=error)
    late = [
        number
        for number, attempts, given_up, open_ in rows
        if open_ and (given_up or attempts >= fallback_after)
    ]
    if late:
        fall_back(conn, late, fallback)
    return any(given_up for _, _, given_up, _ in rows)


def fall_back(conn: Connection, ids: Sequence[int], names: Sequence[str]) -> None:
    """Tell these receivers in the place of the messages' own."""
    _run(conn, _FALL_BACK, ids=list(ids), names=list(names))
    _run(conn, _FELL_BACK, ids=list(ids))


def backoff_s(attempts: int, clock: ClockSettings) -> float:
    """Seconds after the failure that follows `attempts` earlier ones: doubling, with a ceiling."""
    return min(clock.retry_first_s * 2.0 ** min(attempts, 60), clock.retry_most_s)


def _locked(conn: Connection, ids: Sequence[int]) -> list[Parcel]:
    """Each message by itself."""
    rows = _rows(conn, _LOCK, ids=list(ids))
    tests = [trial(row[0], row[1], row[5]) for row in rows if row[6] is None]
    return [*tests, *map(single, _messages(conn, rows))]


def _messages(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Message]:
    """Those of the rows of _LOCK that tell of a transition."""
    of_alerts = [row for row in rows if row[6] is not None]
    alerts = {alert.id: alert for alert in find_alerts(conn, [row[11] for row in of_alerts])}
    return [_message(row, alerts[row[11]]) for row in of_alerts]


def _message(row: tuple[Any, ...], alert: Alert) -> Message:
    number, attempts, way, step, why = row[:5]
    transition, kind, at, grade, reason, _, waited_s = row[6:]
    return Message(
        *(number, attempts, transition, kind, at, grade, _readable(reason), alert),
        *(way, step, why, float(waited_s or 0)),
    )


def _readable(reason: object) -> Reason:
    """A reason that nothing can read is shown as it is; silence would be worse."""
    if isinstance(reason, dict):
        return Reason.from_json(reason)
    return Reason("unknown", {"written": reason})


def _rows(conn: Connection, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def _run(conn: Connection, statement: str, **parameters: Any) -> None:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters)
