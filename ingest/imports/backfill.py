"""A batch of a history in the database: vetted, compared with what is stored, never judged.

The caller holds the series_state rows of the batch, as ingest does, and ends the transaction. What
is older than the newest reading of its series is late, as if it had come by MQTT. What is newer
moves the newest reading on, and leaves the judged watermark, the rules and the alerts alone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.judging import Judge
from database.pool import Connection
from database.touched import Range, touch
from ingest import store
from ingest.batch import Arrived, SeriesRow, corrected_rows, settle
from ingest.columns import Columns, moment_of, us
from ingest.imports.cells import Parsed
from ingest.imports.derived_history import Memories, derived_of, moved_by_derived, write_derived
from ingest.imports.history import Refused
from ingest.imports.lookback import memories_before
from ingest.imports.store import stored_among
from ingest.states import States, advanced, memory_of, rows_of, states_of
from sensors.catalogue import DERIVED_FROM
from sensors.directory import Directory
from sensors.marks import show_marks_within
from sensors.quality import vet
from sensors.reading import Reading
from sensors.settings import ClockSettings
from sensors.vetting import NEVER, SECOND_US, Runs, Times, vet_runs

# Nearer changes are one range of time whose roll-ups are computed again: a history of daily
# values would be thousands.
_NEAR = timedelta(days=30)
# A device's clock may have been reset; a history is as old as it is.
_NO_AGE = 1_000_000


@dataclass(frozen=True)
class Place:
    """What a history is vetted by. source: what replaces a reading, with the row's number."""

    directory: Directory
    clock: ClockSettings
    judge: Judge
    source: str

    @property
    def ageless(self) -> ClockSettings:
        return self.clock.model_copy(update={"oldest_days": _NO_AGE})


@dataclass
class Plan:
    """What a batch comes to, before anything is written. repeats: times that come again."""

    vetted: Columns
    new: Columns
    others: Columns
    duplicates: int
    memories: Memories
    before: Memories
    refused: list[Refused] = field(default_factory=list)
    out_of_order: int = 0


@dataclass
class Counts:
    """Readings. derived: computed from them, beside. read is counted where the rows are read."""

    read: int = 0
    stored: int = 0
    duplicate: int = 0
    revised: int = 0
    refused: int = 0
    left_out: int = 0
    derived: int = 0


def locked(parsed: Parsed, directory: Directory) -> list[int]:
    """The series to lock, in order: those of the batch, and what is derived from them."""
    found = set(np.unique(parsed.columns.series).tolist())
    for number in list(found):
        info = directory.by_id[number]
        for metric, sources in DERIVED_FROM.items():
            if info.metric in sources and (derived := directory.series.get((info.station, metric))):
                found.add(derived.series_id)
    return sorted(found)


def plan(
    conn: Connection,
    parsed: Parsed,
    states: States,
    memories: Mapping[int, SeriesRow],
    place: Place,
) -> Plan:
    """Vet in event order, and compare with what is stored. Writes nothing.

    memories: what the import remembers of each series; not changed.
    """
    columns, refused = _leave_to_live(parsed.columns.in_order(), states, place)
    before = _before(conn, columns, rows_of(states), memories, place)
    vetted, after, out_of_order = _vet(columns, before, place)
    first = np.append(True, (np.diff(vetted.series) != 0) | (np.diff(vetted.at) != 0))[
        : len(vetted)
    ]
    known, same = stored_among(conn, vetted)
    return Plan(
        vetted,
        vetted.take(first & ~known),
        vetted.take(~first | (known & ~same)),
        int((first & known & same).sum()),
        {**memories, **after},
        before,
        refused,
        out_of_order,
    )


def write(conn: Connection, planned: Plan, states: States, place: Place) -> Counts:
    """Store what is planned, and what follows from it. The caller commits."""
    rows = rows_of(states)
    store.copy_readings(conn, planned.new)
    revisions = _settle(conn, planned.others, place)
    derived = derived_of(planned.vetted, planned.before, planned.memories, place.directory)
    changed = write_derived(conn, derived)
    moved = _moved(planned, revisions, rows)
    moved += moved_by_derived(derived, changed, rows)
    store.save_series(conn, states_of(sorted(moved, key=lambda row: row.series_id)))
    touch(conn, _ranges(planned, revisions, changed))
    show_marks_within(conn, _stretches(planned.vetted))
    return Counts(
        stored=len(planned.new),
        duplicate=planned.duplicates + len(planned.others) - len(revisions),
        revised=len(revisions),
        refused=sum(one.readings for one in planned.refused),
        derived=len(changed),
    )


def _leave_to_live(columns: Columns, states: States, place: Place) -> tuple[Columns, list[Refused]]:
    """Readings newer than the newest stored, and so young that rules would still page for them,
    are left to the live path: once they are stored here, those would be late, and not judged."""
    window = _still_told(columns, place.judge)
    newest = _newest(columns, states)
    young = (columns.at > newest) & (columns.received - columns.at < window)
    refused = [
        Refused(
            row,
            "live_window",
            f"row {row}: {info.station} {info.metric} at {moment_of(at).isoformat()} is so young "
            "that rules still judge it: the live path brings it, or import it later",
            "",
        )
        for row, series, at in zip(
            columns.letter[young].tolist(),
            columns.series[young].tolist(),
            columns.at[young].tolist(),
            strict=True,
        )
        for info in [place.directory.by_id[series]]
    ]
    return columns.take(~young), refused


def _still_told(columns: Columns, judge: Judge) -> Times:
    """How old, in microseconds, a reading may be for one of its rules still to tell people."""
    series, where = np.unique(columns.series, return_inverse=True)
    fresh = [
        max((watch.fresh for watch in judge.watches.get(number, ())), default=timedelta())
        for number in series.tolist()
    ]
    told = np.array([round(one.total_seconds() * SECOND_US) for one in fresh], np.int64)
    return told[where]


def _newest(columns: Columns, states: States) -> Times:
    where = np.searchsorted(states["series"], columns.series)
    return np.asarray(states["observed_at"][where], np.int64)


def _before(
    conn: Connection,
    columns: Columns,
    live: Memories,
    memories: Mapping[int, SeriesRow],
    place: Place,
) -> Memories:
    """What vetting remembers before the first reading of each series: the import's own memory, or
    the live end where that is nearer; at the beginning of a history what is stored before it."""
    start = columns.starts()
    firsts = dict(zip(columns.series[start].tolist(), columns.at[start].tolist(), strict=True))
    found = {n: _memory(at, live[n], memories.get(n)) for n, at in firsts.items()}
    strange = {n: at for n, at in firsts.items() if found[n].observed_at is None}
    instruments = place.directory.instruments
    return {**found, **memories_before(conn, strange, instruments, place.clock)}


def _memory(at: int, live: SeriesRow, own: SeriesRow | None) -> SeriesRow:
    near = [
        row
        for row in (own, live)
        if row is not None and row.observed_at is not None and us(row.observed_at) < at
    ]
    if near:
        return max(near, key=lambda row: us(row.observed_at) if row.observed_at else NEVER)
    return own or SeriesRow(live.series_id)


def _vet(columns: Columns, before: Memories, place: Place) -> tuple[Columns, Memories, int]:
    """The readings with their bits, in order; the memories after; how many were out of order.

    As `pipeline` does: a series in good order as columns, one with repeats or older ones singly.
    """
    if not len(columns):
        return columns, {}, 0
    start = columns.starts()
    remembered = states_of([before[number] for number in columns.series[start].tolist()])
    odd = np.zeros(len(columns), np.bool_)
    odd[1:] = (columns.series[1:] == columns.series[:-1]) & (columns.at[1:] == columns.at[:-1])
    odd[start] |= columns.at[start] <= remembered["observed_at"]
    lengths = np.diff(np.append(start, len(columns)))
    older = columns.at < np.repeat(remembered["observed_at"], lengths)
    odd_series = np.logical_or.reduceat(odd, start)
    odd = np.repeat(odd_series, lengths)
    plain, memories = _vet_plain(columns.take(~odd), remembered[~odd_series], place)
    singly, others = _vet_singly(columns.take(odd), before, place)
    return plain.with_(singly).in_order(), {**memories, **others}, int(older.sum())


def _arrived(columns: Columns) -> Times:
    """For vetting a history came when it was measured: its age says nothing of a clock."""
    return np.minimum(columns.at, columns.received)


def _vet_plain(plain: Columns, remembered: States, place: Place) -> tuple[Columns, Memories]:
    start = plain.starts()
    row = _instruments(plain, place.directory)
    runs = Runs(start, row[start], plain.at, _arrived(plain), plain.value, plain.bits)
    vetted, after = vet_runs(runs, memory_of(remembered), place.directory.instruments, place.clock)
    found = replace(plain, value=vetted.value, bits=vetted.bits)
    return found, rows_of(advanced(found.take(found.ends()), after))


def _instruments(columns: Columns, directory: Directory) -> NDArray[np.intp]:
    return np.searchsorted(directory.instruments.series, columns.series)


def _vet_singly(odd: Columns, before: Memories, place: Place) -> tuple[Columns, Memories]:
    memories: Memories = {}
    bits, clock, arrived = odd.bits.copy(), place.ageless, _arrived(odd)
    for number, (_, seen) in enumerate(odd.observations(place.directory)):
        info = place.directory.series[seen.station, seen.metric]
        row = memories.get(info.series_id, before[info.series_id])
        received_at = moment_of(int(arrived[number]))
        reading, memory = vet(seen, received_at, info, row.memory, clock)
        bits[number] = int(reading.quality)
        if row.observed_at is None or reading.observed_at >= row.observed_at:
            really = replace(reading, received_at=moment_of(int(odd.received[number])))
            row = row.advanced(really, memory)
        memories[info.series_id] = row
    return replace(odd, bits=bits), memories


def _settle(conn: Connection, others: Columns, place: Place) -> list[Arrived]:
    """Corrections are written, and what they replace is kept; returns them, without repeats."""
    if not len(others):
        return []
    items = [Arrived(reading, None) for reading in others.readings(place.directory)]
    by = {
        id(item): f"{place.source}, row {row}"
        for item, row in zip(items, others.letter.tolist(), strict=True)
    }
    keys = {(item.reading.series_id, item.reading.observed_at) for item in items}
    settled = settle(items, store.stored_readings(conn, keys))
    if settled.late:
        raise LookupError("a reading that is stored already is not found again")
    for item in settled.revisions:
        store.keep_revision(conn, item.reading, by[id(item)])
        store.replace_reading(conn, item.reading)
    return list(settled.revisions)


def _moved(
    planned: Plan, revisions: list[Arrived], rows: Mapping[int, SeriesRow]
) -> list[SeriesRow]:
    """The live ends that the batch moves on, or whose newest reading it corrects."""
    moved, corrected = {}, Counter[tuple[int, datetime]]()
    for item in revisions:
        corrected[item.reading.series_id, item.reading.observed_at] += 1
    for number in planned.before:
        newest, live = planned.memories[number], rows[number]
        if newest.observed_at is None:
            continue
        if live.observed_at is None or newest.observed_at > live.observed_at:
            revision = corrected[number, newest.observed_at]
            moved[number] = replace(newest, judged_to=live.judged_to, revision=revision)
    return [
        *moved.values(),
        *(row for row in corrected_rows(revisions, rows) if row.series_id not in moved),
    ]


def _stretches(vetted: Columns) -> dict[int, Range]:
    starts, ends = vetted.starts(), vetted.ends()
    return {
        number: (moment_of(since), moment_of(until))
        for number, since, until in zip(
            vetted.series[starts].tolist(),
            vetted.at[starts].tolist(),
            vetted.at[ends].tolist(),
            strict=True,
        )
    }


def _ranges(planned: Plan, revisions: list[Arrived], derived: list[Reading]) -> list[Range]:
    """When something changed, few ranges."""
    times = [us(item.reading.observed_at) for item in revisions]
    times += [us(reading.observed_at) for reading in derived]
    at = np.sort(np.concatenate((planned.new.at, np.array(times, np.int64))))
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > _NEAR // timedelta(microseconds=1))
    starts, ends = np.append(0, breaks + 1), np.append(breaks, len(at) - 1)
    return [
        (moment_of(since), moment_of(until))
        for since, until in zip(at[starts].tolist(), at[ends].tolist(), strict=True)
    ]
