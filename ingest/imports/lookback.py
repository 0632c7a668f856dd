"""What vetting would remember before the first reading of a history, by what is stored then."""

from collections.abc import Mapping

import numpy as np

from database.pool import Connection
from ingest.batch import SeriesRow
from ingest.columns import Columns
from ingest.states import advanced, memory_of, rows_of, states_of
from sensors.instruments import Instruments
from sensors.settings import ClockSettings
from sensors.vetting import NEVER, Runs, vet_runs

# As many of the stored readings before it; a flat line that is longer is known to be as long.
READINGS_BEFORE = """
select k.series_id, (extract(epoch from r.observed_at) * 1000000)::bigint,
       coalesce(r.value, 'NaN'), r.quality, r.origin,
       (extract(epoch from r.received_at) * 1000000)::bigint
  from unnest(%(series)s::integer[], %(at)s::bigint[]) as k (series_id, at)
 cross join lateral (
       select observed_at, value, quality, origin, received_at from reading
        where series_id = k.series_id
          and observed_at < 'epoch'::timestamptz + k.at * interval '1 microsecond'
        order by observed_at desc limit 200) r
 order by 1, 2
"""


def memories_before(
    conn: Connection, wanted: Mapping[int, int], instruments: Instruments, clock: ClockSettings
) -> dict[int, SeriesRow]:
    """By series, where anything is stored. wanted: series -> its first time, as in Columns."""
    if not wanted:
        return {}
    with conn.cursor() as cursor:
        cursor.execute(READINGS_BEFORE, {"series": list(wanted), "at": list(wanted.values())})
        rows = cursor.fetchall()
    if not rows:
        return {}
    series, at, value, bits, origin, received = zip(*rows, strict=True)
    nobody = np.full(len(rows), -1)
    stored = Columns(
        nobody,
        np.searchsorted(instruments.series, np.array(series, np.int32)),
        np.array(series, np.int32),
        np.array(at, np.int64),
        np.array(received, np.int64),
        np.array(value, np.float64),
        np.array(bits, np.int16),
        np.array(origin, np.int16),
        np.full(len(rows), NEVER),
    )
    start = stored.starts()
    nothing = states_of([SeriesRow(int(number)) for number in stored.series[start]])
    runs = Runs(start, stored.row[start], stored.at, stored.at, stored.value, stored.bits)
    _, after = vet_runs(runs, memory_of(nothing), instruments, clock)
    return rows_of(advanced(stored.take(stored.ends()), after))
