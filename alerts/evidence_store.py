"""Evidence kept: what was known when an alert was raised, and sealed, what followed. Never commits.

`raised` is written a moment after the raise, of what had arrived by then: the raise itself waits
for none of it. `sealed` is written half an hour after the end. Both are written once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import Json

from alerts.alert import AlertLife, life_to_json
from alerts.evidence import around_then
from alerts.evidence_pack import MOST_READINGS, digest, readings_json
from alerts.store import get_alert
from alerts.times import rfc3339
from database import query
from database.pool import Connection

BEFORE, AFTER = timedelta(hours=1), timedelta(minutes=30)
# A footprint of the leak is computed a moment after the raise.
SOON = timedelta(seconds=15)
LOOK_BACK = timedelta(days=8)
CAMERAS, NEAR_M = 3, 3000
BATCH = 50

MakeDocument = Callable[[Connection, AlertLife], dict[str, Any]]
log = logging.getLogger(__name__)

SAVEPOINT = "savepoint evidence"
ROLL_BACK = "rollback to savepoint evidence"
RELEASE = "release savepoint evidence"
_UNWRITTEN = """
select t.alert_id from alert_transition t
 where t.kind = 'raised' and t.recorded_at <= %(until)s and t.recorded_at > %(since)s
   and t.alert_id <> all(%(failed)s)
   and not exists (select from alert_evidence e where e.alert_id = t.alert_id)
 order by t.recorded_at, t.id limit %(limit)s
"""
_UNSEALED = """
select a.id from alert a
  join alert_evidence r on r.alert_id = a.id and r.part = 'raised'
 where a.ended_at <= %(until)s and a.ended_at > %(since)s
   and a.id <> all(%(failed)s)
   and not exists (select from alert_evidence e where e.alert_id = a.id and e.part = 'sealed')
 order by a.ended_at, a.id limit %(limit)s
"""
_PUT = """
insert into alert_evidence (alert_id, part, document, sha256) values (%s, %s, %s, %s)
on conflict do nothing
"""
_PARTS = "select part, document, sha256, written_at from alert_evidence where alert_id = %s"
_SERIES = "select series_id from alert where id = %s"
# As they had arrived: one that was corrected since is shown as it was then. Of too many the first
# and the last, each with the number of all.
_KNOWN = """
select observed_at, value, quality, origin, total
  from (select k.*, row_number() over (order by observed_at) as n, count(*) over () as total
          from (select observed_at, value, quality, origin from reading
                 where series_id = %(series)s and observed_at between %(since)s and %(until)s
                   and received_at <= %(known)s
                 union all
                select observed_at, value, quality, origin from reading_revision
                 where series_id = %(series)s and observed_at between %(since)s and %(until)s
                   and received_at <= %(known)s and replaced_at > %(known)s) k) numbered
 where n <= %(half)s or n > total - %(half)s
 order by 1
"""
_PICTURES = """
select s.code, v.name_zh, v.name_en, p.taken_at, p.origin, encode(p.sha256, 'hex'), c.metres
  from series q
  join station_version h on h.station_id = q.station_id and h.valid_to is null
  join station_version v on v.valid_to is null
  join station s on s.id = v.station_id and s.kind = 'camera'
 cross join lateral (select round(111195 * sqrt(((v.lon - h.lon) * cos(radians(h.lat))) ^ 2
                                               + (v.lat - h.lat) ^ 2)) as metres) c
 cross join lateral (select * from picture
                      where station_id = s.id and taken_at <= %(at)s and received_at <= %(at)s
                        and taken_at > %(at)s - interval '1 hour'
                      order by taken_at desc limit 1) p
 where q.id = %(series)s and c.metres <= %(within)s
 order by c.metres, s.code limit %(limit)s
"""
_FOOTPRINTS = """
select f.id, s.code, f.metric, f.computed_at, f.valid_to, f.level, f.document
  from footprint f join station s on s.id = f.station_id
 where %(station)s = any(f.sensors) and f.computed_at <= %(until)s
   and (f.valid_to is null or f.valid_to >= %(since)s)
 order by f.computed_at limit 200
"""
_TOLD = """
select t.seq, m.receiver, m.attempts, m.delivered_at, m.given_up_at, m.error
  from message m join alert_transition t on t.id = m.transition_id
 where t.alert_id = %s order by t.seq, m.receiver
"""


@dataclass(frozen=True, slots=True)
class Part:
    """intact: the document still has the digest that was written with it."""

    part: str
    document: dict[str, Any]
    sha256: str
    written_at: datetime
    intact: bool


def keep_evidence(conn: Connection, now: datetime | None = None) -> int:
    """Write what is due of up to a batch of alerts; how many documents.

    One that cannot be made is logged and tried again the next time; no other waits for it.
    """
    now = now or query.now(conn)
    due = {"since": now - LOOK_BACK, "limit": BATCH}
    written = _keep(conn, "raised", _UNWRITTEN, due | {"until": now - SOON}, raised_document)
    return written + _keep(conn, "sealed", _UNSEALED, due | {"until": now - AFTER}, sealed_document)


def parts_of(conn: Connection, alert_id: str) -> dict[str, Part]:
    """`raised` and `sealed`, as far as they are written."""
    return {
        part: Part(part, document, bytes(sha).hex(), at, digest(document) == bytes(sha))
        for part, document, sha, at in query.rows(conn, _PARTS, (alert_id,))
    }


def raised_document(conn: Connection, life: AlertLife) -> dict[str, Any]:
    """What was known when it was raised: values of the hour before, pictures, footprint, rule."""
    alert, first = life.alert, life.steps[0]
    series = _series(conn, alert.id)
    since, until = alert.began_at - BEFORE, max(first.at, alert.raised_at)
    return {
        "alert": alert.id,
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "subject": alert.subject,
        "label": alert.label.to_json(),
        "grade": first.grade,
        "began_at": rfc3339(alert.began_at),
        "raised_at": rfc3339(alert.raised_at),
        "recorded_at": rfc3339(first.recorded_at),
        "at_raise": _at_raise(conn, life, series),
        "values": _values(conn, series, since, until, first.recorded_at),
        "pictures": _pictures(conn, series, first.recorded_at),
        "footprints": _footprints(conn, alert.station, first.at, first.recorded_at + SOON)[-1:],
    }


def sealed_document(conn: Connection, life: AlertLife) -> dict[str, Any]:
    """What followed: values until half an hour after the end, every step, who was told."""
    alert = life.alert
    if alert.ended_at is None:
        raise ValueError(f"alert {alert.id} has not ended")
    series, until = _series(conn, alert.id), alert.ended_at + AFTER
    before = parts_of(conn, alert.id).get("raised")
    return {
        "alert": alert.id,
        "raised_sha256": before and before.sha256,
        "ended_at": rfc3339(alert.ended_at),
        "peak_value": alert.peak_value,
        "peak_grade": alert.peak_grade,
        "found_afterwards": alert.found_afterwards,
        "values": _values(conn, series, alert.began_at, until, query.now(conn)),
        "steps": life_to_json(life)["transitions"],
        "told": [
            {
                "step": seq,
                "receiver": receiver,
                "attempts": attempts,
                "delivered_at": rfc3339(delivered),
                "given_up_at": rfc3339(given_up),
                "error": error,
            }
            for seq, receiver, attempts, delivered, given_up, error in query.rows(
                conn, _TOLD, (alert.id,)
            )
        ],
        "pictures": _pictures(conn, series, until),
        "footprints": _footprints(conn, alert.station, alert.began_at, until),
    }


def _at_raise(conn: Connection, life: AlertLife, series: int | None) -> dict[str, Any]:
    """What was written with the raise; neighbours and wind of then, where it left them out."""
    if series is None or "neighbours" in life.evidence:
        return life.evidence
    return dict(life.evidence) | around_then(conn, series, life.steps[0].at)


def _values(
    conn: Connection, series: int | None, since: datetime, until: datetime, known: datetime
) -> dict[str, Any]:
    """The readings of the stretch as they were known then, its begin and its end."""
    asked = {"series": series, "since": since, "until": until, "known": known}
    rows = query.rows(conn, _KNOWN, asked | {"half": MOST_READINGS // 2})
    total = rows[0][4] if rows else 0
    found = readings_json([(at, value, *how) for at, value, *how, _ in rows], since, until)
    return found | {"left_out": total - len(rows)}


def _keep(conn: Connection, part: str, due: str, asked: dict[str, Any], make: MakeDocument) -> int:
    failed: list[str] = []
    written = 0
    while found := query.rows(conn, due, asked | {"failed": failed}):
        left = [alert_id for (alert_id,) in found if not _put(conn, alert_id, part, make)]
        written += len(found) - len(left)
        failed += left
        if not left:
            break
    return written


def _put(conn: Connection, alert_id: str, part: str, make: MakeDocument) -> bool:
    """Whether it is written. What fails takes back itself alone."""
    with conn.cursor() as cursor:
        cursor.execute(SAVEPOINT)
        try:
            _write(conn, alert_id, part, make)
        except Exception:
            # One document that cannot be made must not keep back the evidence of all others.
            log.exception("the evidence of alert %s (%s) was not written", alert_id, part)
            cursor.execute(ROLL_BACK)
            return False
        cursor.execute(RELEASE)
    return True


def _write(conn: Connection, alert_id: str, part: str, make: MakeDocument) -> None:
    life = get_alert(conn, alert_id)
    if life is None or not life.steps:
        raise LookupError(f"alert {alert_id} has no steps")
    document = make(conn, life)
    with conn.cursor() as cursor:
        cursor.execute(_PUT, (alert_id, part, Json(document), digest(document)))


def _pictures(conn: Connection, series: int | None, at: datetime) -> list[dict[str, Any]]:
    """The newest picture then of the cameras nearby: a reference, the picture's own digest."""
    asked = {"series": series, "at": at, "within": NEAR_M, "limit": CAMERAS}
    return [
        {
            "camera": code,
            "names": {"zh": zh, "en": en},
            "taken_at": rfc3339(taken),
            "origin": origin,
            "sha256": sha256,
            "distance_m": metres,
        }
        for code, zh, en, taken, origin, sha256, metres in query.rows(conn, _PICTURES, asked)
    ]


def _footprints(
    conn: Connection, station: str | None, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """References: where the gas went by what was computed, and the digest of each document."""
    asked = {"station": station, "since": since, "until": until}
    return [
        {
            "footprint": number,
            "place": place,
            "metric": metric,
            "computed_at": rfc3339(computed),
            "level": level,
            "sha256": digest(document).hex(),
        }
        for number, place, metric, computed, _, level, document in query.rows(
            conn, _FOOTPRINTS, asked
        )
    ]


def _series(conn: Connection, alert_id: str) -> int | None:
    """None where the alert is of no series."""
    found: int | None = query.rows(conn, _SERIES, (alert_id,))[0][0]
    return found
