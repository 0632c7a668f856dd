"""What was known when an alert was raised: neighbours, wind, the rule's text; kept as it was."""

from typing import Any

from alerts.alert import rfc3339
from alerts.rule import Watch
from alerts.state import Transition
from database.pool import Connection
from sensors.reading import Origin, Quality

NEIGHBOURS = 5

_RULE = "select definition from rule_version where rule_id = %s and version = %s"
# Distance in metres on the sphere's tangent plane: good to 0.1 % within a district.
_NEAR = """
with here as (
    select v.station_id, v.lon, v.lat from series q
      join station_version v on v.station_id = q.station_id and v.valid_to is null
     where q.id = %(series)s)
select s.code, q.metric, x.value, x.observed_at, x.quality, x.origin,
       round(111195 * sqrt(((v.lon - h.lon) * cos(radians(h.lat))) ^ 2 + (v.lat - h.lat) ^ 2))
  from here h
  join station_version v on v.valid_to is null
  join station s on s.id = v.station_id
  join series q on q.station_id = s.id
  join series_state x on x.series_id = q.id and x.observed_at is not null
 where q.metric = any(%(metrics)s) and (q.id <> %(series)s)
 order by 7, s.code, q.metric limit %(limit)s
"""


def evidence(conn: Connection, step: Transition, watch: Watch) -> dict[str, Any]:
    """Plain JSON: the reading, the rule's text, the nearest five of the same metric, the wind."""
    return {
        "value": step.value,
        "limit": step.limit,
        "at": rfc3339(step.at),
        "quality": None if step.quality is None else step.quality.word,
        "origin": step.origin.word,
        "rule": {"code": watch.code, "version": watch.version, "text": _rule(conn, watch)},
        "neighbours": _near(conn, watch, [watch.metric], NEIGHBOURS),
        "wind": _near(conn, watch, ["wind_speed_ms", "wind_dir_deg"], 2),
    }


def _rule(conn: Connection, watch: Watch) -> Any:
    with conn.cursor() as cursor:
        cursor.execute(_RULE, (watch.rule_id, watch.version))
        row = cursor.fetchone()
        return row[0] if row else None


def _near(
    conn: Connection, watch: Watch, metrics: list[str | None], limit: int
) -> list[dict[str, Any]]:
    if watch.series_id is None:
        return []
    with conn.cursor() as cursor:
        cursor.execute(_NEAR, {"series": watch.series_id, "metrics": metrics, "limit": limit})
        rows = cursor.fetchall()
    return [
        {
            "station": code,
            "metric": metric,
            "value": value,
            "t": rfc3339(at),
            "quality": Quality(quality).word,
            "origin": Origin(origin).word,
            "distance_m": distance,
        }
        for code, metric, value, at, quality, origin, distance in rows
    ]
