"""The stored readings before those that are judged, for means and rates. Never commits."""

from collections.abc import Mapping
from datetime import datetime

from alerts.engine import Past
from database.pool import Connection
from sensors.reading import Origin, Quality, Reading

PAST = """
select r.series_id, s.code, q.metric, r.observed_at, r.received_at, r.value, r.quality, r.origin
  from unnest(%(series)s::integer[], %(since)s::timestamptz[], %(until)s::timestamptz[])
       k (series_id, since, until)
  join series q on q.id = k.series_id
  join station s on s.id = q.station_id
  join reading r on r.series_id = k.series_id
                and r.observed_at >= k.since and r.observed_at < k.until
 order by r.series_id, r.observed_at
"""


def stored_past(conn: Connection, asked: Mapping[int, tuple[datetime, datetime]]) -> Past:
    """By series, in order of time; asked: as engine.asks_past says."""
    found: dict[int, list[Reading]] = {}
    if not asked:
        return found
    since, until = zip(*asked.values(), strict=True)
    values = {"series": list(asked), "since": list(since), "until": list(until)}
    with conn.cursor() as cursor:
        cursor.execute(PAST, values)
        for number, code, metric, at, received, value, bits, origin in cursor.fetchall():
            found.setdefault(number, []).append(
                Reading(number, code, metric, at, received, value, Quality(bits), Origin(origin))
            )
    return found
