"""The stored readings before those that are judged: for means and rates, and of neighbours.

Never commits.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from alerts.engine import Past
from alerts.neighbours import NOBODY, Around, Span
from alerts.steady import Steady
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

# Between which values a series lay for a while; times in microseconds since 1970.
SPANS = """
select k.series_id, k.until, min(r.value), max(r.value)
  from unnest(%(series)s::integer[], %(until)s::bigint[], %(back)s::bigint[])
       k (series_id, until, back)
  join reading r on r.series_id = k.series_id
   and r.observed_at < 'epoch'::timestamptz + k.until * interval '1 microsecond'
   and r.observed_at >= 'epoch'::timestamptz + (k.until - k.back) * interval '1 microsecond'
 where r.value is not null and (r.quality & 2051 = 0 or r.quality & 4097 = 4096)
 group by k.series_id, k.until
"""


def follow(
    conn: Connection,
    steady: Steady,
    series: NDArray[np.int32],
    at: NDArray[np.int64],
    before: NDArray[np.int64],
) -> None:
    """Let the screen of rates know what was stored of the series that it has to follow anew."""
    anew, until, back = steady.begin(series, at, before)
    if not len(anew):
        return
    asked = {"series": anew.tolist(), "until": until.tolist(), "back": back.tolist()}
    with conn.cursor() as cursor:
        cursor.execute(SPANS, asked)
        for number, first, low, high in cursor.fetchall():
            steady.remember(number, first, low, high)
    steady.asked(anew)


def stored_past(conn: Connection, asked: Mapping[int, tuple[datetime, datetime]]) -> Past:
    """By series, in order of time; asked: as engine.asks_past says."""
    found: dict[int, list[Reading]] = {}
    for one in _stored(conn, [(number, *span) for number, span in asked.items()]):
        found.setdefault(one.series_id, []).append(one)
    return found


def stored_around(conn: Connection, asked: Sequence[Span], batch: Iterable[Reading]) -> Around:
    """What neighbours read, stored or in this batch; asked: as engine.asks_around says."""
    if not asked:
        return NOBODY
    series = {number for number, _, _ in asked}
    own = (one for one in batch if one.series_id in series)
    return Around.of([*_stored(conn, asked), *own])


def _stored(conn: Connection, asked: Sequence[Span]) -> Iterator[Reading]:
    """In order of series and time; of one series no two spans overlap."""
    if not asked:
        return
    series, since, until = zip(*asked, strict=True)
    values = {"series": list(series), "since": list(since), "until": list(until)}
    with conn.cursor() as cursor:
        cursor.execute(PAST, values)
        for number, code, metric, at, received, value, bits, origin in cursor.fetchall():
            quality = Quality(bits)
            yield Reading(number, code, metric, at, received, value, quality, Origin(origin))
