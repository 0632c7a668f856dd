"""What officers do with alerts: acknowledge, hand over, note, reset. Never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Alert
from alerts.life.steps import Done, NoSuchAlert, Refused, Standing, lock, write
from alerts.reason import Reason
from alerts.store import find_alert
from database import query
from database.pool import Connection

# What came back unseen before them, of the same rule and subject: who has one has seen those.
UNSEEN_BEFORE = """
select distinct o.id from alert a join alert o on o.rule_id = a.rule_id and o.subject = a.subject
 where a.id = any(%s) and o.state = 'returned' and o.owner is null
   and (o.began_at, o.id) < (a.began_at, a.id)
 order by o.id
"""
ACKNOWLEDGE = """
update alert
   set owner = %(who)s, acknowledged_at = %(now)s, note = %(note)s,
       state = case when ended_at is null then 'acknowledged'
                    when state = 'returned' and latched then state else 'ended' end
 where id = %(id)s
"""
HAND_OVER = "update alert set owner = %s, acknowledged_at = %s where id = %s"
RESET = """
update alert
   set state = 'ended', owner = coalesce(owner, %(who)s),
       acknowledged_at = coalesce(acknowledged_at, %(now)s), note = coalesce(note, %(note)s)
 where id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """It is yours. repeated: it was yours already, and nothing was written.

    also: older ones of the same rule and subject, over and unseen, acknowledged with it.
    """

    alert: Alert
    repeated: bool
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Not done. owner: who has it already; None: the alert changed since you read it."""

    alert: Alert
    owner: str | None


def acknowledge(
    conn: Connection,
    alert_id: str,
    who: str,
    note: str | None,
    *,
    expected_version: int,
    now: datetime,
) -> Acknowledged | Conflict | NoSuchAlert:
    """Make `who` the owner: the first wins, the second learns who, a repeated tap changes nothing.

    An alert that changed since `expected_version` (a step up, an end) is a Conflict without owner:
    nobody should take over what they have not seen. One that has returned is over with it, unless
    it is latched; an ended alert can still be acknowledged. Older ones of the same rule and subject
    that returned unseen are acknowledged with it, each with its own step.
    """
    older = _unseen_before(conn, [alert_id])
    standing = lock(conn, [alert_id, *older])
    found = standing.get(alert_id)
    if found is None:
        return NoSuchAlert(alert_id)
    if found.owner == who:
        return Acknowledged(now_is(conn, alert_id), repeated=True)
    if found.owner is not None or found.version != expected_version:
        return Conflict(now_is(conn, alert_id), found.owner)
    # Whoever was faster may have seen some of them before they were locked.
    also = tuple(each for each in older if standing[each].owner is None)
    for each in (*also, alert_id):
        query.run(conn, ACKNOWLEDGE, who=who, now=now, note=note, id=each)
        reason = Reason("acknowledged", {"who": who})
        write(conn, each, "acknowledged", reason, now=now, who=who, note=note)
    return Acknowledged(now_is(conn, alert_id), repeated=False, also=also)


def acknowledge_all(
    conn: Connection, versions: Mapping[str, int], who: str, note: str | None, *, now: datetime
) -> dict[str, Acknowledged | Conflict | NoSuchAlert]:
    """Each of them as `acknowledge` would, by id; one that is somebody's hinders no other.

    versions: id -> the version that was seen.
    """
    lock(conn, [*versions, *_unseen_before(conn, list(versions))])  # at once: in the one order
    return {
        alert_id: acknowledge(conn, alert_id, who, note, expected_version=version, now=now)
        for alert_id, version in versions.items()
    }


def hand_over(
    conn: Connection,
    alert_id: str,
    by: str,
    to: str,
    note: str | None,
    *,
    expected_version: int,
    now: datetime,
) -> Done | Refused | NoSuchAlert:
    """Make `to` the owner of an alert that somebody has. Also taking it over is handing it over.

    That `to` is somebody who may own alerts is the caller's to know.
    """
    found = lock(conn, [alert_id]).get(alert_id)
    if found is None:
        return NoSuchAlert(alert_id)
    if found.owner == to:
        return Done(now_is(conn, alert_id), repeated=True)
    if found.version != expected_version:
        return changed(conn, found)
    if found.owner is None:
        return Refused(now_is(conn, alert_id), "nobody has this alert; acknowledge it instead")
    if found.state == "ended":
        return Refused(now_is(conn, alert_id), "the alert is closed: there is nothing to hand over")
    query.run(conn, HAND_OVER, (to, now, alert_id))
    reason = Reason("handed_over", {"from": found.owner, "to": to})
    write(conn, alert_id, "handed_over", reason, now=now, who=by, note=note)
    return Done(now_is(conn, alert_id))


def add_note(
    conn: Connection, alert_id: str, who: str, note: str, *, now: datetime
) -> Done | NoSuchAlert:
    """Write what somebody has to say into the journal, whatever the alert's state is."""
    if not lock(conn, [alert_id]):
        return NoSuchAlert(alert_id)
    write(conn, alert_id, "noted", Reason("noted", {"who": who}), now=now, who=who, note=note)
    return Done(now_is(conn, alert_id))


def reset(
    conn: Connection, alert_id: str, who: str, note: str, *, expected_version: int, now: datetime
) -> Done | Refused | NoSuchAlert:
    """End a latched alert whose condition is over; who resets it has seen it."""
    found = lock(conn, [alert_id]).get(alert_id)
    if found is None:
        return NoSuchAlert(alert_id)
    if found.version != expected_version:
        return changed(conn, found)
    if not found.latched:
        why = "this alert is not latched: it ends by itself, and by being acknowledged"
        return Refused(now_is(conn, alert_id), why)
    if found.state != "returned":
        over = "its condition is still on" if found.ended_at is None else "it is closed already"
        return Refused(now_is(conn, alert_id), f"cannot be reset: {over}")
    query.run(conn, RESET, who=who, now=now, note=note, id=alert_id)
    write(conn, alert_id, "reset", Reason("reset", {"who": who}), now=now, who=who, note=note)
    return Done(now_is(conn, alert_id))


def changed(conn: Connection, found: Standing) -> Refused:
    """It is not any more as somebody saw it."""
    why = f"the alert changed; it is now version {found.version}: look at it again"
    return Refused(now_is(conn, found.id), why)


def now_is(conn: Connection, alert_id: str) -> Alert:
    """An alert that the caller has locked, as it is now."""
    alert = find_alert(conn, alert_id)
    assert alert is not None, "locked by the caller"  # noqa: S101 - for the type checker
    return alert


def _unseen_before(conn: Connection, alerts: Sequence[str]) -> list[str]:
    return [row[0] for row in query.rows(conn, UNSEEN_BEFORE, (list(alerts),))]
