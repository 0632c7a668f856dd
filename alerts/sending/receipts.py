"""Who was told what, when, by which way, and what became of it. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.sending.directory import personal
from database import query
from database.pool import Connection

_OF_ALERT = """
select m.id, t.id, t.seq, t.kind, t.grade, m.receiver, m.way, m.step, m.why, m.made_at, m.attempts,
       m.delivered_at, m.given_up_at, m.next_try_at, m.error, m.digest_size, m.fell_back_at
  from message m join alert_transition t on t.id = m.transition_id
 where t.alert_id = %(alert)s
 order by t.seq, m.made_at, m.id
"""
_UNTOLD = """
select t.id, t.seq, t.kind, t.grade, o.routed_at, o.untold
  from outbox o join alert_transition t on t.id = o.transition_id
 where t.alert_id = %(alert)s and (o.untold is not null or o.routed_at is null)
 order by t.seq
"""
_RECEIVERS = """
with waiting as (
    select receiver,
           count(*) filter (where delivered_at is null and given_up_at is null) as waiting,
           count(*) filter (where given_up_at > clock_timestamp() - interval '1 day') as given_up,
           count(*) filter (where delivered_at > clock_timestamp() - interval '1 day') as delivered,
           min(made_at) filter (where delivered_at is null and given_up_at is null) as oldest,
           max(delivered_at) filter (where way = 'test') as tested_at
      from message
     where delivered_at is null or delivered_at > clock_timestamp() - interval '1 day'
     group by receiver)
select coalesce(w.receiver, s.receiver), s.delivered_at, s.failed_at, s.failing_since, s.error,
       coalesce(w.waiting, 0), coalesce(w.given_up, 0), coalesce(w.delivered, 0), w.oldest,
       w.tested_at
  from waiting w full join receiver_state s on s.receiver = w.receiver
 order by 1
"""
_WAYS = "select who, label from contact where removed_at is null"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One message of an alert. state: delivered, waiting, failing, given_up."""

    id: int
    transition: int
    seq: int
    kind: str
    grade: str | None
    receiver: str
    way: str
    step: int
    why: dict[str, Any]
    made_at: datetime
    attempts: int
    delivered_at: datetime | None
    given_up_at: datetime | None
    next_try_at: datetime
    error: str | None
    digest_size: int | None
    fell_back_at: datetime | None

    @property
    def state(self) -> str:
        if self.delivered_at:
            return "delivered"
        if self.given_up_at:
            return "given_up"
        return "failing" if self.attempts else "waiting"


@dataclass(frozen=True, slots=True)
class Untold:
    """A transition that was told to nobody, and why; why None: it is not routed yet."""

    transition: int
    seq: int
    kind: str
    grade: str | None
    at: datetime | None
    why: str | None


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """How a receiver does. Counts are of the last 24 h; failing_since: no delivery since then."""

    receiver: str
    delivered_at: datetime | None
    failed_at: datetime | None
    failing_since: datetime | None
    error: str | None
    waiting: int
    given_up: int
    delivered: int
    oldest_waiting: datetime | None
    tested_at: datetime | None

    @property
    def state(self) -> str:
        if self.failing_since:
            return "failing"
        return "well" if self.delivered_at else "unused"


def receipts_of(conn: Connection, alert_id: str) -> tuple[list[Receipt], list[Untold]]:
    """Every message of an alert, and what was told to nobody, in the order of its life."""
    told = [Receipt(*row) for row in query.rows(conn, _OF_ALERT, alert=alert_id)]
    return told, [Untold(*row) for row in query.rows(conn, _UNTOLD, alert=alert_id)]


def receiver_states(conn: Connection, configured: Collection[str]) -> list[ReceiverState]:
    """Of every receiver that anything is known of, by name: those of the file (`configured`) and
    people's own ways. Of one that is gone only while something still waits for it."""
    there = {*configured, *(personal(*row) for row in query.rows(conn, _WAYS))}
    found = [ReceiverState(*row) for row in query.rows(conn, _RECEIVERS)]
    return [one for one in found if one.receiver in there or one.waiting]
