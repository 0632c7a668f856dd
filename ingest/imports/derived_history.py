"""What follows from the readings of a history: storage from level, AQI from the concentrations."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from database.pool import Connection
from ingest import store
from ingest.batch import SeriesRow
from ingest.columns import Columns, us
from ingest.imports.store import stored_among
from sensors.catalogue import AIR_METRICS
from sensors.derive import derive
from sensors.directory import Directory, SeriesInfo
from sensors.quality import SeriesMemory
from sensors.reading import Origin, Quality, Reading

Memories = dict[int, SeriesRow]


def derived_of(
    vetted: Columns, before: Memories, memories: Memories, directory: Directory
) -> list[Reading]:
    """Storages of the levels, and AQIs, as they looked at the time; one a series and moment.

    before, memories: what is remembered before and after these readings. An AQI only where the
    history has all that its station measures: made of a part it would take the place of one that
    was made of all.
    """
    row = np.searchsorted(directory.instruments.series, vetted.series)
    feeding = vetted.take(directory.instruments.feeds[row])
    readings = sorted(feeding.readings(directory), key=lambda reading: reading.observed_at)
    whole = _whole_air(memories, directory)
    readings = [one for one in readings if one.metric not in AIR_METRICS or one.station in whole]
    derived = derive(readings, _latest({**memories, **before}, directory), directory)
    return list({(one.series_id, one.observed_at): one for one in derived}.values())


def _latest(memories: Memories, directory: Directory) -> dict[tuple[str, str], Reading]:
    """The newest concentrations before these readings."""
    found = {}
    for number, row in memories.items():
        info = directory.by_id[number]
        if info.metric in AIR_METRICS and (reading := _reading(row, info)):
            found[info.station, info.metric] = reading
    return found


def write_derived(conn: Connection, derived: Sequence[Reading]) -> list[Reading]:
    """Store them; what was derived before is replaced. Returns those that are new or other."""
    columns = Columns.of_readings(derived).in_order()
    known, same = stored_among(conn, columns)
    store.copy_readings(conn, columns.take(~known))
    by_key = {(one.series_id, us(one.observed_at)): one for one in derived}
    other = columns.take(known & ~same)
    for key in zip(other.series.tolist(), other.at.tolist(), strict=True):
        store.replace_reading(conn, by_key[key])
    changed = columns.take(~same)
    return [by_key[k] for k in zip(changed.series.tolist(), changed.at.tolist(), strict=True)]


def moved_by_derived(
    derived: list[Reading], changed: list[Reading], rows: Mapping[int, SeriesRow]
) -> list[SeriesRow]:
    newest: dict[int, Reading] = {}
    for one in derived:
        before = newest.get(one.series_id)
        if before is None or one.observed_at > before.observed_at:
            newest[one.series_id] = one
    mine = {id(one) for one in changed}
    moved = []
    for number, one in newest.items():
        live = rows[number]
        if live.observed_at is None or one.observed_at > live.observed_at:
            row = live.advanced(one, SeriesMemory())
            moved.append(replace(row, judged_to=live.judged_to))
        elif one.observed_at == live.observed_at and id(one) in mine:
            moved.append(live.corrected(one))
    return moved


def _whole_air(memories: Memories, directory: Directory) -> set[str]:
    """The stations of whose concentrations the history has all."""
    seen: dict[str, set[str]] = {}
    for number in memories:
        info = directory.by_id[number]
        seen.setdefault(info.station, set()).add(info.metric)
    return {
        station
        for station, metrics in seen.items()
        if {one.metric for one in directory.by_station[station]} & set(AIR_METRICS) <= metrics
    }


def _reading(row: SeriesRow, info: SeriesInfo) -> Reading | None:
    if row.observed_at is None or row.received_at is None:
        return None
    return Reading(
        row.series_id,
        info.station,
        info.metric,
        row.observed_at,
        row.received_at,
        row.value,
        row.quality or Quality.GOOD,
        row.origin or Origin.LIVE,
    )
