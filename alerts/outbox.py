"""From the outbox to receivers: mute? -> route -> word -> send, with retries.

A transition that people are to be told lies in `outbox`; routing makes one `message` a receiver,
which is tried until it is delivered or given up. No function commits.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Alert, rfc3339, to_json
from alerts.grade import RANK
from alerts.life.muting import muted
from alerts.life.settings import InhibitionSettings
from alerts.reason import Reason
from alerts.settings import ClockSettings, ReceiverSettings
from alerts.store import find_alert
from alerts.wording import GRADE_WORDS, KIND_WORDS, ORIGIN_WORDS, say
from database.pool import Connection

log = logging.getLogger("alerts")

# Who was told of a grade is told how it goes on: the gravest grade so far decides.
_ROUTE = """
insert into message (transition_id, receiver)
select t.id, %s
  from alert_transition t
 where t.id = any(%s)
   and (select max(array_position(array['blue', 'yellow', 'orange', 'red'], p.grade)) - 1
          from alert_transition p where p.alert_id = t.alert_id and p.seq <= t.seq) >= %s
on conflict do nothing
"""
_ROUTED = "update outbox set routed_at = clock_timestamp() where transition_id = any(%s)"
_LOCK_OUTBOX = "select transition_id from outbox where routed_at is null for update"
# A message waits for the earlier ones of its alert; those that failed least go first, so that one
# bad message does not hold up the others.
_NEXT = """
select m.id, m.attempts, t.id, t.kind, t.at, t.grade, t.reason, t.alert_id
  from message m
  join alert_transition t on t.id = m.transition_id
 where m.receiver = %(receiver)s and m.delivered_at is null and m.given_up_at is null
   and m.next_try_at <= clock_timestamp()
   and not exists (select from message e
                     join alert_transition u on u.id = e.transition_id
                    where e.receiver = m.receiver and e.delivered_at is null
                      and e.given_up_at is null and u.alert_id = t.alert_id and u.seq < t.seq)
 order by m.attempts, t.id limit 1
   for update of m skip locked
"""
_DELIVERED = """
update message set attempts = attempts + 1, delivered_at = clock_timestamp(), error = null
 where id = %(id)s
"""
_FAILED = """
update message
   set attempts = attempts + 1, error = %(error)s,
       next_try_at = clock_timestamp() + make_interval(secs => %(wait_s)s),
       given_up_at = case when attempts + 1 >= %(most)s then clock_timestamp() end
 where id = %(id)s
returning given_up_at is not null
"""
_WAITING = """
select count(*) filter (where delivered_at is null and given_up_at is null),
       count(*) filter (where given_up_at > clock_timestamp() - interval '1 day')
  from message where delivered_at is null
"""
# The alert and its transitions stay; who was told, and when, is forgotten.
_PRUNE = """
delete from message
 where id in (select id from message
               where coalesce(delivered_at, given_up_at)
                     < clock_timestamp() - make_interval(days => %(days)s)
               order by id limit %(batch)s)
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One transition for one receiver. text: both languages, ready to be read."""

    id: int
    attempts: int
    transition_id: int
    kind: str
    at: datetime
    grade: str
    text: dict[str, str]
    alert: Alert

    def to_json(self) -> dict[str, Any]:
        return {
            "transition": self.transition_id,
            "kind": self.kind,
            "at": rfc3339(self.at),
            "grade": self.grade,
            "text": self.text,
            "alert": to_json(self.alert),
        }


def route(
    conn: Connection,
    receivers: Sequence[ReceiverSettings],
    inhibitions: Sequence[InhibitionSettings] = (),
) -> int:
    """Make the messages of what lies in the outbox and is not muted; returns how many.

    Exactly the locked rows are routed and marked: others may be committed meanwhile.
    """
    with conn.cursor() as cursor:
        cursor.execute(_LOCK_OUTBOX)
        found = [row[0] for row in cursor.fetchall()]
        if not found:
            return 0
        made, quiet = 0, muted(conn, found, inhibitions)
        loud = [number for number in found if number not in quiet]
        for receiver in receivers:
            cursor.execute(_ROUTE, (receiver.name, loud, RANK[receiver.min_grade]))
            made += cursor.rowcount
        cursor.execute(_ROUTED, (found,))
        return made


def next_message(conn: Connection, receiver: str) -> Message | None:
    """The next message that is due, locked until the transaction ends; None if there is none."""
    with conn.cursor() as cursor:
        cursor.execute(_NEXT, {"receiver": receiver})
        row = cursor.fetchone()
    if row is None:
        return None
    number, attempts, transition_id, kind, at, grade, reason, alert_id = row
    alert = find_alert(conn, alert_id)
    assert alert is not None, "foreign key"  # noqa: S101 - for the type checker
    text = _worded(alert, kind, grade, reason)
    return Message(number, attempts, transition_id, kind, at, grade, text, alert)


def _worded(alert: Alert, kind: str, grade: str, reason: dict[str, Any]) -> dict[str, str]:
    """The message's line; what cannot be worded is told plainly: silence would be worse."""
    try:
        return word(alert, kind, grade, Reason.from_json(reason))
    except Exception:
        log.exception("the %s of alert %s cannot be worded", kind, alert.id)
        plain = f"{grade.upper()} {kind}: {alert.subject} ({alert.rule})"
        return {"zh": plain, "en": plain}


def delivered(conn: Connection, message: Message) -> None:
    with conn.cursor() as cursor:
        cursor.execute(_DELIVERED, {"id": message.id})


def failed(conn: Connection, message: Message, error: str, clock: ClockSettings) -> bool:
    """Note the failure and when to try again; returns whether the message is given up."""
    wait_s = backoff_s(message.attempts, clock)
    parameters = {"id": message.id, "error": error, "wait_s": wait_s, "most": clock.attempts}
    with conn.cursor() as cursor:
        cursor.execute(_FAILED, parameters)
        row = cursor.fetchone()
        return bool(row and row[0])


def backoff_s(attempts: int, clock: ClockSettings) -> float:
    """Seconds after the failure that follows `attempts` earlier ones: doubling, with a ceiling."""
    return min(clock.retry_first_s * 2.0 ** min(attempts, 60), clock.retry_most_s)


def waiting(conn: Connection) -> dict[str, int]:
    """How many messages wait, and how many were given up within a day."""
    with conn.cursor() as cursor:
        cursor.execute(_WAITING)
        row = cursor.fetchone() or (0, 0)
    return {"messages_waiting": row[0], "messages_given_up": row[1]}


def prune(conn: Connection, days: int, batch: int) -> int:
    """Delete up to `batch` messages that were delivered or given up so long ago; how many."""
    with conn.cursor() as cursor:
        cursor.execute(_PRUNE, {"days": days, "batch": batch})
        return cursor.rowcount


def word(alert: Alert, kind: str, grade: str, reason: Reason) -> dict[str, str]:
    """One line a language: origin, grade, what happened, where, why.

    What has no word is shown as it is: a missing word never hides an alert.
    """
    why, origin = say(reason), ORIGIN_WORDS.get(alert.origin, ("", ""))
    grade_zh, grade_en = GRADE_WORDS.get(grade, (grade, grade))
    kind_zh, kind_en = KIND_WORDS.get(kind, (kind, kind))
    names = alert.station_names
    place_zh, place_en = (f" {names.zh}", f", {names.en}") if names else ("", "")
    return {
        "zh": f"{origin[0]}【{grade_zh}】{kind_zh}：{alert.label.zh}{place_zh}，{why['zh']}",
        "en": f"{origin[1]}{grade_en.upper()} {kind_en}: {alert.label.en}{place_en}. {why['en']}",
    }
