"""What the screens read of shelves, suppressions and maintenance, and who may own alerts."""

from collections.abc import Sequence
from typing import Any

from alerts.rule_history import NEWEST_VERSION
from alerts.store import KEPT_BY
from dashboard.shapes import iso
from database import query
from database.pool import Connection

_SUPPRESSIONS = """
select u.id, u.kind, r.code, d.definition -> 'label', u.subject, s.code, v.name_zh, v.name_en,
       u.metrics, u.grade, u.cause, u.who, u.why, u.began_at, u.until, u.ended_at, u.ended_by,
       u.end_why
  from suppression u
  left join rule r on r.id = u.rule_id
  left join {newest} d on true
  left join station s on s.id = u.station_id
  left join station_version v on v.station_id = s.id and v.valid_to is null
 where {which}
 order by u.began_at desc, u.id desc limit %(limit)s
"""
ACTIVE = _SUPPRESSIONS.format(newest=NEWEST_VERSION, which="u.ended_at is null")
ENDED = _SUPPRESSIONS.format(newest=NEWEST_VERSION, which="u.ended_at is not null")
SOME = _SUPPRESSIONS.format(newest=NEWEST_VERSION, which="u.id = any(%(ids)s)")
_KEPT = """
select k.id, a.id, a.version, a.grade, a.ended_at is null
  from alert a
  left join series q on q.id = a.series_id
 cross join lateral {kept} k
 where a.state <> 'ended'
 order by a.began_at desc, a.id
"""
KEPT = _KEPT.format(kept=KEPT_BY)
OUT_OF_SERVICE = """
select s.code, u.metrics, u.until, u.who, u.why, u.began_at, u.id
  from suppression u join station s on s.id = u.station_id
 where u.kind = 'out_of_service' and u.ended_at is null
   and (u.until is null or u.until > clock_timestamp())
 order by u.id
"""
ACCOUNTS = "select name, role from account where disabled_at is null order by name"


def suppressions(
    conn: Connection, *, active: bool = True, limit: int = 500
) -> list[dict[str, Any]]:
    """Newest first: those that hold now, or those that are over."""
    return _documents(conn, ACTIVE if active else ENDED, {"limit": limit})


def suppressions_of(conn: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    return _documents(conn, SOME, {"limit": len(ids), "ids": list(ids)})


def out_of_service(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    """station -> what of it is out of service now; metrics: None for the whole."""
    found: dict[str, list[dict[str, Any]]] = {}
    for code, metrics, until, who, why, since, number in query.rows(conn, OUT_OF_SERVICE):
        found.setdefault(code, []).append(
            {
                "id": number,
                "metrics": metrics,
                "since": iso(since),
                "until": iso(until),
                "who": who,
                "why": why,
            }
        )
    return found


def accounts(conn: Connection, roles: Sequence[str]) -> list[str]:
    """The names of those who have one of these roles and may sign in."""
    return [name for name, role in query.rows(conn, ACCOUNTS) if role in roles]


def _documents(
    conn: Connection, statement: str, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    kept: dict[int, list[dict[str, Any]]] = {}
    for number, alert_id, version, grade, on in query.rows(conn, KEPT):
        entry = {"id": alert_id, "version": version, "grade": grade, "on": on}
        kept.setdefault(number, []).append(entry)
    return [_document(row, kept.get(row[0], [])) for row in query.rows(conn, statement, parameters)]


def _document(row: tuple[Any, ...], alerts: list[dict[str, Any]]) -> dict[str, Any]:
    (number, kind, rule, label, subject, station, zh, en, metrics, grade, cause) = row[:11]
    who, why, began, until, ended, by, end_why = row[11:]
    return {
        "id": number,
        "kind": kind,
        "rule": rule,
        "label": label,
        "subject": subject,
        "station": station,
        "station_names": {"zh": zh, "en": en} if zh else None,
        "metrics": metrics,
        "grade": grade,
        "cause": cause,
        "who": who,
        "why": why,
        "began_at": iso(began),
        "until": iso(until),
        "ended_at": iso(ended),
        "ended_by": by,
        "end_why": end_why,
        "alerts": alerts,
    }
