"""Alerts in the database: list and read them, add a step. Functions never commit."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.alert import Alert, AlertLife, Muted, Names, Step
from alerts.reason import Reason
from database import query
from database.pool import Connection
from sensors.reading import Origin, Quality

MAX_PAGE = 500

# What may keep `a` quiet now; one whose time is over does not, though the leading process may not
# have ended it yet. A shelf hides nothing graver than what was shelved.
KEPT_BY = """
      ((select w.* from suppression w
         where w.rule_id = a.rule_id and w.subject = a.subject and w.ended_at is null
           and (w.until is null or w.until > clock_timestamp()))
       union all
       (select w.* from suppression w
         where w.kind = 'out_of_service' and w.station_id = a.station_id and w.ended_at is null
           and (w.until is null or w.until > clock_timestamp())
           and (w.metrics is null or q.metric = any(w.metrics))))
"""
_MUTED_BY = """
      (select k.* from {kept} k
        where k.grade is null
           or array_position(array['blue', 'yellow', 'orange', 'red'], a.grade)
              <= array_position(array['blue', 'yellow', 'orange', 'red'], k.grade)
        order by k.kind, k.id limit 1)
"""
MUTED_BY = _MUTED_BY.format(kept=KEPT_BY)
_READ = """
select a.id, a.version, r.code, a.rule_version, s.code, v.name_zh, v.name_en, q.metric, a.subject,
       d.definition, a.grade, a.peak_grade, a.state, a.began_at, a.raised_at, a.ended_at,
       a.announced_at, a.found_afterwards, a.origin, a.value, a.limit_value, a.peak_value,
       a.quality, a.owner, a.acknowledged_at, a.note, a.reason, a.public, a.department,
       a.changed_at, a.latched, u.id, u.kind, u.who, u.why, u.began_at, u.until, u.cause,
       a.grouping
  from alert a
  join rule r on r.id = a.rule_id
  join rule_version d on d.rule_id = a.rule_id and d.version = a.rule_version
  left join series q on q.id = a.series_id
  left join station s on s.id = a.station_id
  left join station_version v on v.station_id = s.id and v.valid_to is null
  left join lateral {muted} u on a.state <> 'ended'
"""
_SELECT = _READ.format(muted=MUTED_BY)
_LIST = (
    _SELECT
    + """
 where (%(open)s::boolean is null or (a.state <> 'ended') = %(open)s)
   and (%(state)s::text is null or a.state = %(state)s)
   and (%(station)s::text is null or s.code = %(station)s)
   and (%(began_from)s::timestamptz is null or a.began_at >= %(began_from)s)
   and (%(began_to)s::timestamptz is null or a.began_at < %(began_to)s)
   and (%(after_at)s::timestamptz is null or (a.began_at, a.id) < (%(after_at)s, %(after_id)s))
 order by a.began_at desc, a.id desc
 limit %(limit)s
"""
)
_OPEN = _SELECT + " where a.state <> 'ended' order by a.began_at desc, a.id desc"
_ONE = _SELECT + " where a.id = %s"
_SOME = _SELECT + " where a.id = any(%s)"
_CHANGED_KEYS = "select id, version, changed_at from alert where changed_at >= %s"
_STEPS = """
select seq, kind, at, recorded_at, grade, value, limit_value, who, note, reason
  from alert_transition where alert_id = %s order by seq
"""
_EVIDENCE = "select evidence from alert where id = %s"
_ADD_STEP = """
insert into alert_transition
       (alert_id, seq, kind, at, recorded_at, grade, value, limit_value, who, note, reason)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
returning id
"""


class BadCursor(Exception):
    """A cursor that no list of ours gave out."""


@dataclass(frozen=True, slots=True)
class AlertPage:
    """cursor: give it back for what follows; None at the end."""

    alerts: tuple[Alert, ...]
    cursor: str | None


def list_alerts(
    conn: Connection,
    *,
    state: str | None = None,
    station: str | None = None,
    began_from: datetime | None = None,
    began_to: datetime | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> AlertPage:
    """Newest first. state: `open` (all but ended: what stands, and what returned unseen), `ended`,
    `active`, `acknowledged`, `returned`.

    Raises BadCursor.
    """
    after_at, after_id = _read_cursor(cursor) if cursor else (None, None)
    limit = max(1, min(limit, MAX_PAGE))
    parameters = {
        "open": True if state == "open" else None,
        "state": None if state == "open" else state,
        "station": station,
        "began_from": began_from,
        "began_to": began_to,
        "after_at": after_at,
        "after_id": after_id,
        "limit": limit + 1,
    }
    rows = query.rows(conn, _LIST, parameters)
    alerts = tuple(_alert(row) for row in rows[:limit])
    return AlertPage(alerts, _write_cursor(alerts[-1]) if len(rows) > limit else None)


def open_alerts(conn: Connection) -> list[Alert]:
    """What stands, and what returned unseen; newest first, all of it: the desk shows it."""
    return [_alert(row) for row in query.rows(conn, _OPEN)]


def changed_keys(conn: Connection, since: datetime) -> dict[str, tuple[int, datetime]]:
    """Version and time of change of what changed at or after `since`, ended ones too: for the live
    stream, which looks with an overlap and asks only for what it does not know yet."""
    return {id_: (version, at) for id_, version, at in query.rows(conn, _CHANGED_KEYS, (since,))}


def find_alert(conn: Connection, alert_id: str) -> Alert | None:
    rows = query.rows(conn, _ONE, (alert_id,))
    return _alert(rows[0]) if rows else None


def find_alerts(conn: Connection, ids: Sequence[str]) -> list[Alert]:
    """Those of these that there are, in no order."""
    return [_alert(row) for row in query.rows(conn, _SOME, (list(ids),))] if ids else []


def get_alert(conn: Connection, alert_id: str) -> AlertLife | None:
    """The alert with every step of its life and its evidence."""
    alert = find_alert(conn, alert_id)
    if alert is None:
        return None
    steps = tuple(_step(row) for row in query.rows(conn, _STEPS, (alert_id,)))
    return AlertLife(alert, steps, query.rows(conn, _EVIDENCE, (alert_id,))[0][0])


def add_step(
    conn: Connection,
    alert_id: str,
    seq: int,
    kind: str,
    *,
    at: datetime,
    recorded_at: datetime,
    grade: str | None,
    value: float | None,
    limit: float | None,
    reason: Reason,
    who: str | None = None,
    note: str | None = None,
) -> int:
    """Write one step into an alert's life; returns the transition's number."""
    values = (alert_id, seq, kind, at, recorded_at, grade, value, limit, who, note)
    rows = query.rows(conn, _ADD_STEP, (*values, json.dumps(reason.to_json())))
    return int(rows[0][0])


def _alert(row: tuple[Any, ...]) -> Alert:
    (id_, version, rule, rule_version, station, zh, en, metric, subject, definition) = row[:10]
    (grade, peak_grade, state, began, raised, ended, announced, afterwards, origin) = row[10:19]
    (value, limit, peak, quality, owner, acknowledged, note, reason) = row[19:27]
    public, department, changed, latched = row[27:31]
    return Alert(
        id=id_,
        version=version,
        rule=rule,
        rule_version=rule_version,
        station=station,
        station_names=Names(zh, en) if zh else None,
        metric=metric,
        subject=subject,
        # A version written by hand may lack it: its alerts must be seen and told all the same.
        label=_named(definition.get("label")) or Names(rule, rule),
        grade=grade,
        peak_grade=peak_grade,
        state=state,
        began_at=began,
        raised_at=raised,
        ended_at=ended,
        announced_at=announced,
        found_afterwards=afterwards,
        origin=Origin(origin).word,
        value=value,
        limit=limit,
        peak_value=peak,
        quality="missing" if quality is None else Quality(quality).word,
        owner=owner,
        acknowledged_at=acknowledged,
        note=note,
        reason=Reason.from_json(reason),
        action=_named(definition.get("action")),
        cause=_named(definition.get("cause")),
        consequence=_named(definition.get("consequence")),
        call=_named(definition.get("call")),
        public=public,
        department=department,
        changed_at=changed,
        latched=latched,
        muted=Muted(*row[31:38]) if row[31] is not None else None,
        grouping=row[38],
    )


def _step(row: tuple[Any, ...]) -> Step:
    seq, kind, at, recorded_at, grade, value, limit, who, note, reason = row
    return Step(
        seq, kind, at, recorded_at, grade, value, limit, who, note, Reason.from_json(reason)
    )


def _named(names: Mapping[str, str] | None) -> Names | None:
    return Names(names["zh"], names["en"]) if names else None


def _write_cursor(alert: Alert) -> str:
    text = f"{alert.began_at.isoformat()} {alert.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, _, alert_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        found = datetime.fromisoformat(at), alert_id
    except (ValueError, binascii.Error) as error:
        raise BadCursor(f"{cursor!r} is not a cursor of this list") from error
    if "\0" in alert_id:  # PostgreSQL has no such character
        raise BadCursor(f"{cursor!r} is not a cursor of this list")
    return found
