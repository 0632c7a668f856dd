"""What was known when an alert was raised: neighbours, wind, the rule's text; kept as it was."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.rule import Watch
from alerts.state import Transition
from alerts.times import rfc3339
from database.pool import Connection
from sensors.reading import Origin, Quality

NEIGHBOURS = 5
WIND = ["wind_speed_ms", "wind_dir_deg"]
MOST_OLD = 20
OLD = timedelta(minutes=5)  # the live end of the series around is no longer what was known then

_RULES = """
select v.rule_id, v.version, v.definition from rule_version v
  join unnest(%(rules)s::integer[], %(versions)s::integer[]) k (rule_id, version)
    on k.rule_id = v.rule_id and k.version = v.version
"""
# metrics: null for the series' own. Distance in metres on the sphere's tangent plane: good to 0.1 %
# within a district.
_NEAR = """
select h.id, n.*
  from series h
  join station_version o on o.station_id = h.station_id and o.valid_to is null
 cross join lateral (
       select s.code, q.metric, x.value, x.observed_at, x.quality, x.origin,
              round(111195 * sqrt(((v.lon - o.lon) * cos(radians(o.lat))) ^ 2
                                  + (v.lat - o.lat) ^ 2))
         from series q
         join station s on s.id = q.station_id
         join station_version v on v.station_id = q.station_id and v.valid_to is null
         join series_state x on x.series_id = q.id and x.observed_at is not null
        where q.metric = any(coalesce(%(metrics)s, array[h.metric])) and q.id <> h.id
        order by 7, s.code, q.metric limit %(limit)s) n
 where h.id = any(%(series)s)
"""

# The same, of the stored readings: the last of each at that moment, none older than an hour.
_NEAR_THEN = """
select o.code, o.metric, x.value, x.observed_at, x.quality, x.origin, o.metres
  from (select q.id, s.code, q.metric,
               round(111195 * sqrt(((v.lon - t.lon) * cos(radians(t.lat))) ^ 2
                                   + (v.lat - t.lat) ^ 2)) as metres
          from series h
          join station_version t on t.station_id = h.station_id and t.valid_to is null
          join series q on q.metric = any(coalesce(%(metrics)s, array[h.metric])) and q.id <> h.id
          join station s on s.id = q.station_id
          join station_version v on v.station_id = q.station_id and v.valid_to is null
         where h.id = %(series)s) o
 cross join lateral (select * from reading
                      where series_id = o.id and observed_at <= %(at)s
                        and observed_at > %(at)s - interval '1 hour'
                      order by observed_at desc limit 1) x
 order by 7, 1, 2 limit %(limit)s
"""

Near = dict[int, list[dict[str, Any]]]  # by series


def evidence(
    conn: Connection, steps: Sequence[Transition], now: datetime
) -> dict[str, dict[str, Any]]:
    """Plain JSON by alert of these `raised` steps: the reading, the rule's text, the nearest five
    of the same metric, the wind. Asked once for all: in a flood each question counts.

    Of what was found afterwards, or waited in a backlog, neighbours and wind are those of then.
    """
    known = [(step, step.watch) for step in steps if step.watch]
    rules = _rules(conn, {(watch.rule_id, watch.version) for _, watch in known})
    old = {step.alert_id: step for step, _ in known if now - step.at > OLD}
    series = {
        watch.series_id
        for step, watch in known
        if watch.series_id is not None and step.alert_id not in old
    }
    near = _near(conn, series, None, NEIGHBOURS)
    wind = _near(conn, series, WIND, len(WIND))

    def around(step: Transition, watch: Watch) -> dict[str, Any]:
        number = watch.series_id or 0
        if step.alert_id not in old:
            return {"neighbours": near.get(number, []), "wind": wind.get(number, [])}
        # After a long outage thousands are old: the raise waits for few of them, the others have
        # it in the document that follows (evidence_store).
        return around_then(conn, number, step.at) if len(old) <= MOST_OLD else {}

    return {
        step.alert_id: {
            "value": step.value,
            "limit": step.limit,
            "at": rfc3339(step.at),
            "quality": None if step.quality is None else step.quality.word,
            "origin": step.origin.word,
            "rule": {
                "code": watch.code,
                "version": watch.version,
                "text": rules.get((watch.rule_id, watch.version)),
            },
        }
        | _compared(step)
        | around(step, watch)
        for step, watch in known
    }


def _compared(step: Transition) -> dict[str, Any]:
    """Of a deviation from the neighbours, what they had read when it was judged: `median`, and
    `of`, each with its time. The nearest five, beside it, are what is known now."""
    found = step.reason.params
    if "median" not in found:
        return {}
    return {"compared_with": {"median": found["median"], "of": found["neighbours"]}}


def around_then(conn: Connection, series: int, at: datetime) -> dict[str, Any]:
    """`neighbours` and `wind` as the readings that are stored now have them of that moment."""

    def then(metrics: list[str] | None, limit: int) -> list[dict[str, Any]]:
        asked = {"series": series, "at": at, "metrics": metrics, "limit": limit}
        with conn.cursor() as cursor:
            cursor.execute(_NEAR_THEN, asked)
            return [_neighbour(*row) for row in cursor.fetchall()]

    return {"neighbours": then(None, NEIGHBOURS), "wind": then(WIND, len(WIND))}


def _rules(conn: Connection, keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    if not keys:
        return {}
    rules, versions = zip(*sorted(keys), strict=True)
    with conn.cursor() as cursor:
        cursor.execute(_RULES, {"rules": list(rules), "versions": list(versions)})
        return {(rule_id, version): text for rule_id, version, text in cursor.fetchall()}


def _near(conn: Connection, series: Collection[int], metrics: list[str] | None, limit: int) -> Near:
    found: Near = {}
    if not series:
        return found
    with conn.cursor() as cursor:
        cursor.execute(_NEAR, {"series": sorted(series), "metrics": metrics, "limit": limit})
        for number, code, metric, value, at, quality, origin, distance in cursor.fetchall():
            found.setdefault(number, []).append(
                _neighbour(code, metric, value, at, quality, origin, distance)
            )
    return found


def _neighbour(
    code: str,
    metric: str,
    value: float | None,
    at: datetime,
    quality: int,
    origin: int,
    distance: float,
) -> dict[str, Any]:
    return {
        "station": code,
        "metric": metric,
        "value": value,
        "t": rfc3339(at),
        "quality": Quality(quality).word,
        "origin": Origin(origin).word,
        "distance_m": distance,
    }
