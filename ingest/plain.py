"""What is plain in a batch, walked as columns; and what has to be walked singly."""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

import numpy as np

from alerts.judging import worth_judging
from database.pool import Connection
from ingest.batch import FeedHour, Letter, hour_of
from ingest.columns import Columns
from ingest.context import Context
from ingest.states import States, at, memory_of
from sensors.directory import Directory
from sensors.reading import Reading
from sensors.vetting import Memory, Runs, refused, vet_runs


def stations_walked_singly(
    letters: Sequence[Letter], columns: Columns, directory: Directory
) -> set[str]:
    """Stations whose state is needed as values: of what is not plain, or derived from."""
    feeding = np.unique(columns.series[directory.instruments.feeds[columns.row]])
    derived = {directory.by_id[series].station for series in feeding.tolist()}
    return derived | {seen.station for letter in letters for seen in letter.observations}


def sort_out(
    columns: Columns, letters: Sequence[Letter], states: States, context: Context
) -> tuple[Columns, Columns]:
    """The plain readings and the odd ones, each in order; one odd reading makes its series odd.

    Plain: newer than all that is stored of the series, no time twice, no time that cannot be, not
    computed here, and nothing of the series in a message that was not plain.
    """
    if not len(columns):
        return columns, columns
    start, directory = columns.starts(), context.directory
    odd = refused(columns.at, columns.received, context.clock)
    odd |= directory.instruments.derived[columns.row]
    odd[1:] |= (columns.series[1:] == columns.series[:-1]) & (columns.at[1:] == columns.at[:-1])
    odd[start] |= columns.at[start] <= at(states, columns.series[start])["observed_at"]
    odd |= np.isin(columns.series, list(_observed_singly(letters, directory)))
    lengths = np.diff(np.append(start, len(columns)))
    odd = np.repeat(np.logical_or.reduceat(odd, start), lengths)
    return columns.take(~odd), columns.take(odd)


def vet_plain(plain: Columns, states: States, context: Context) -> tuple[Columns, Memory]:
    """The readings with their bits, and what to remember of each series."""
    start = plain.starts()
    runs = Runs(start, plain.row[start], plain.at, plain.received, plain.value, plain.bits)
    memory = memory_of(at(states, plain.series[start]))
    vetted, after = vet_runs(runs, memory, context.directory.instruments, context.clock)
    return replace(plain, value=vetted.value, bits=vetted.bits), after


def to_judge(
    conn: Connection,
    plain: Columns,
    states: States,
    context: Context,
    singly: Sequence[Reading] = (),
) -> list[Reading]:
    """The readings of the series in which rules could find something, and what these are compared
    with; states: before them. singly: what else of this batch is judged."""
    if not len(plain):
        return []
    start = plain.starts()
    lengths = np.diff(np.append(start, len(plain)))
    before = np.repeat(at(states, plain.series[start])["observed_at"], lengths)
    mask = worth_judging(
        *(conn, context.judge, plain.series, plain.at, plain.value, plain.bits, before),
        singly=[reading.series_id for reading in singly],
    )
    return list(plain.take(mask).readings(context.directory)) if mask.any() else []


def feeding(plain: Columns, directory: Directory) -> list[Reading]:
    """The readings from which something is derived, in order of arrival."""
    found = plain.take(directory.instruments.feeds[plain.row])
    return list(found.take(np.argsort(found.letter, kind="stable")).readings(directory))


def per_hour(plain: Columns, letters: Sequence[Letter]) -> Counter[FeedHour]:
    """How many readings came by each feed and hour of arrival."""
    found: Counter[FeedHour] = Counter()
    counts = np.bincount(plain.letter, minlength=len(letters)).tolist()
    hours: dict[datetime, datetime] = {}  # messages read together share their moment
    for letter, count in zip(letters, counts, strict=True):
        if count:
            at = letter.received_at
            hour = hours.get(at) or hours.setdefault(at, hour_of(at))
            found[letter.feed, hour] += count
    return found


def locked(columns: Columns, stations: AbstractSet[str], directory: Directory) -> list[int]:
    """The series to lock, in order: those in the batch, and all of these stations."""
    return sorted(set(np.unique(columns.series).tolist()) | set(series_of(stations, directory)))


def series_of(stations: AbstractSet[str], directory: Directory) -> list[int]:
    return sorted(
        info.series_id for code in stations for info in directory.by_station.get(code, ())
    )


def _observed_singly(letters: Sequence[Letter], directory: Directory) -> set[int]:
    return {
        info.series_id
        for letter in letters
        for seen in letter.observations
        if (info := directory.series.get((seen.station, seen.metric)))
    }
