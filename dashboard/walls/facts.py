"""What a wall shows beside the stream: limits of reservoirs, rain of the last hour, footprints."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.footprint_store import Kept
from dashboard.reservoirs import rain_so_far
from database.pool import Connection
from sensors.limits import in_force
from sensors.water import store
from sensors.water.curve import storage_at

Json = dict[str, Any]

LEVELS = """
select s.code, q.id from series q join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
 where q.metric = 'level_m' and s.kind = 'reservoir' order by s.code"""
# Usable readings, as dashboard/reservoirs.py has them.
RAIN = """
select s.code, n.interval_s, sum(r.value), count(r.value)
  from series q join station s on s.id = q.station_id
  join sensor n on n.series_id = q.id and n.valid_to is null
  left join reading r on r.series_id = q.id and r.observed_at > %(since)s
       and r.observed_at <= %(now)s and r.value is not null
       and (r.quality & 2051 = 0 or r.quality & 4097 = 4096)
 where q.metric = 'rain_mm' group by s.code, n.interval_s"""

# Of a footprint: what is drawn, and the sentence. Who lies in it stays on the desks.
FOOTPRINT = ("at", "shape", "source", "zones", "wedge", "isolation", "what_if", "headline")
ZONE = ("grade", "geometry", "reach_m", "more")


def water(conn: Connection, now: datetime) -> dict[str, Json]:
    """By reservoir, in m and m³: the level that matters today, normal pool, what it then holds.

    now: in the district's zone. limit: the flood limit while it is in force, else normal pool.
    """
    codes = dict(_rows(conn, LEVELS, {}))
    every = store.limits(conn, codes.values())
    found: dict[str, Json] = {}
    for code, series in codes.items():
        held = in_force((row for row in every if row.series_id == series), now.date())
        curve = store.curve(conn, code)
        limit = held.get("flood_limit") or held.get("normal_pool")
        full = held.get("normal_pool") or limit
        if limit is None or full is None:
            continue

        def holds(level_m: float, points: Any = curve.points if curve else None) -> float | None:
            held_m3 = storage_at(points, level_m) if points else None
            return held_m3 if isinstance(held_m3, float) else None

        found[code] = {
            "limit_m": limit.value,
            "limit": {"zh": limit.zh, "en": limit.en},
            "limit_m3": holds(limit.value),
            "full_m3": holds(full.value),
        }
    return found


def rain(conn: Connection, now: datetime) -> Json | None:
    """The wettest gauge of the last hour, mm; None: no gauge reported enough of it."""
    rows = _rows(conn, RAIN, {"since": now - timedelta(hours=1), "now": now})
    hours = {
        code: rain_so_far((total, count), (None, 0), interval_s).hour_mm
        for code, interval_s, total, count in rows
    }
    known = {code: mm for code, mm in hours.items() if mm is not None}
    if not known:
        return None
    wettest = max(sorted(known), key=lambda code: known[code])
    return {"station": wettest, "hour_mm": known[wettest], "gauges": len(known)}


def footprint(kept: Kept) -> Json:
    document: Mapping[str, Any] = kept.document
    shown = {key: document[key] for key in FOOTPRINT if key in document}
    if document.get("zones"):
        shown["zones"] = [
            {key: zone[key] for key in ZONE if key in zone} for zone in document["zones"]
        ]
    return {"place": kept.place, "metric": kept.metric, "footprint": shown}


def _rows(conn: Connection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
