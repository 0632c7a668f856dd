"""A second look at readings: what only the next reading or the stations around can show.

Spikes and readings unlike their neighbours get their bit some minutes after they came; nobody waits
for it, and an alert is raised on the reading itself (docs/quality.md). A reading that comes later
than the look back of one run is not looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from psycopg2.extras import execute_values

from database.pool import Connection
from gis.near import Place, neighbours
from ingest.columns import moment_of, us
from sensors.catalogue import METRICS
from sensors.directory import Directory, SeriesInfo
from sensors.marks import LOCK, NEWEST, Touched
from sensors.qartod import spikes, unlike_neighbours
from sensors.reading import Quality
from sensors.vetting import SECOND_US, Bits, Times, Values, usable_bits

PLACES = """
select s.code, v.lon, v.lat
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
"""
RECENT = """
select series_id, observed_at, value, quality from reading
 where series_id = any(%(series)s) and observed_at >= %(since)s
 order by series_id, observed_at
"""
ADD_BITS = """
update reading r set quality = (r.quality | v.bits)::smallint
  from (values %s) v (series_id, observed_at, bits)
 where r.series_id = v.series_id and r.observed_at = v.observed_at
   and r.quality & v.bits <> v.bits
returning r.series_id, r.observed_at
"""
ADD_BITS_TEMPLATE = "(%s::integer, %s::timestamptz, %s::smallint)"
_SPIKE, _NEIGHBOUR = int(Quality.SPIKE), int(Quality.NEIGHBOUR)
# A neighbour's value is compared for as long as two of its intervals; a gap of three hides a spike.
_FRESH, _GAP = 2, 3

Found = list[tuple[int, int, int]]  # series, microseconds, bit


@dataclass(frozen=True, slots=True)
class Stretch:
    """The readings of one series that were read, in order of time; NaN where unusable."""

    at: Times
    value: Values
    bits: Bits


def watched(conn: Connection, directory: Directory) -> dict[int, list[int]]:
    """The series to look at again, each with those around that it is to be compared with."""
    asked = directory.series.values()
    spiky: dict[int, list[int]] = {one.series_id: [] for one in asked if one.spike is not None}
    return spiky | _neighbours(conn, directory)


def review(
    conn: Connection,
    directory: Directory,
    near: Mapping[int, list[int]],
    since: datetime,
) -> list[Touched]:
    """Look again at readings from `since` on of the series in `near`; returns what was marked.

    near: some of `watched`; all that is read of them is in memory at once. Never commits.
    """
    read = _read(conn, {n for number, others in near.items() for n in (number, *others)}, since)
    found: Found = []
    for number, others in near.items():
        one = directory.by_id[number]
        found += _spikes(one, read) + _unlike(one, others, read, directory)
    return _mark(conn, found)


def _neighbours(conn: Connection, directory: Directory) -> dict[int, list[int]]:
    """For each series that is to be compared, the same metric's series at the stations around."""
    asked = [one for one in directory.series.values() if one.neighbours is not None]
    if not asked:
        return {}
    with conn.cursor() as cursor:
        cursor.execute(PLACES)
        places = {code: Place(code, lon, lat) for code, lon, lat in cursor.fetchall()}
    found = {}
    for one in asked:
        within_m = 1000 * one.neighbours.within_km if one.neighbours else 0
        others = [places[s] for s, metric in directory.series if metric == one.metric]
        around = neighbours(places[one.station], others, count=len(others), within_m=within_m)
        found[one.series_id] = [directory.series[n.code, one.metric].series_id for n in around]
    return found


def _read(conn: Connection, series: Iterable[int], since: datetime) -> Mapping[int, Stretch]:
    with conn.cursor() as cursor:
        cursor.execute(RECENT, {"series": sorted(series), "since": since})
        rows = cursor.fetchall()
    number = np.array([row[0] for row in rows], np.int32)
    at = np.array([us(row[1]) for row in rows], np.int64)
    value = np.array([np.nan if row[2] is None else row[2] for row in rows], np.float64)
    bits: Bits = np.array([row[3] for row in rows], np.int16)
    value[~usable_bits(bits)] = np.nan
    known, starts = np.unique(number, return_index=True)
    ends = np.append(starts[1:], len(rows))
    return {
        one: Stretch(at[start:end], value[start:end], bits[start:end])
        for one, start, end in zip(known.tolist(), starts, ends, strict=False)
    }


def _spikes(one: SeriesInfo, read: Mapping[int, Stretch]) -> Found:
    if (own := read.get(one.series_id)) is None or one.spike is None:
        return []
    gap_us = _GAP * one.interval_s * SECOND_US
    circular = METRICS[one.metric].circular
    seen = np.isfinite(own.value)  # the neighbours in time are usable ones
    at, value = own.at[seen], own.value[seen]
    found = spikes(at, value, size=one.spike, gap_us=gap_us, circular=circular)
    return _hits(one, at[found & (own.bits[seen] & _SPIKE == 0)], _SPIKE)


def _unlike(
    one: SeriesInfo, others: Iterable[int], read: Mapping[int, Stretch], directory: Directory
) -> Found:
    own, around = read.get(one.series_id), [(n, read[n]) for n in others if n in read]
    if own is None or one.neighbours is None or not around:
        return []
    columns = [
        _as_of(own.at, other, _FRESH * directory.by_id[number].interval_s * SECOND_US)
        for number, other in around
    ]
    asked = one.neighbours
    found = unlike_neighbours(
        own.value, np.column_stack(columns), factor=asked.factor, floor=asked.floor
    )
    return _hits(one, own.at[found & (own.bits & _NEIGHBOUR == 0)], _NEIGHBOUR)


def _as_of(at: Times, other: Stretch, fresh_us: int) -> NDArray[np.float64]:
    """The other's newest value at each moment, NaN where it is older than fresh_us."""
    place = np.searchsorted(other.at, at, side="right") - 1
    inside = np.maximum(place, 0)
    fresh = (place >= 0) & (at - other.at[inside] <= fresh_us)
    return np.where(fresh, other.value[inside], np.nan)


def _hits(one: SeriesInfo, at: Times, bit: int) -> Found:
    return [(one.series_id, moment, bit) for moment in at.tolist()]


def _mark(conn: Connection, found: Found) -> list[Touched]:
    """Add the bits where they are missing, with the rows of series_state locked first."""
    if not found:
        return []
    series = sorted({number for number, _, _ in found})
    rows = [(number, moment_of(moment), bit) for number, moment, bit in sorted(found)]
    marked: dict[int, list[datetime]] = {}
    with conn.cursor() as cursor:
        cursor.execute(LOCK, {"series": series})
        for number, moment in execute_values(cursor, ADD_BITS, rows, ADD_BITS_TEMPLATE, fetch=True):
            marked.setdefault(number, []).append(moment)
        for number in marked:
            cursor.execute(NEWEST, {"series": number})
    return [Touched(number, min(at), max(at)) for number, at in sorted(marked.items())]
