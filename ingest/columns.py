"""A batch in columns: from letters to vetted news without an object a reading.

Ordinary is a series whose readings of the batch are all newer than what is stored of it, each at a
time of its own that can be. Ordinary series are vetted in numpy and copied as they stand; all
others (repeats, corrections, late readings, impossible clocks) go the way one by one, as
`ingest.batch` says. Which way a series goes changes nothing of what becomes of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from ingest.batch import Letter, SeriesRow
from sensors.decoders.observations import bits_of
from sensors.derive import air_companions
from sensors.directory import Directory, SeriesInfo
from sensors.moments import from_us, to_us
from sensors.quality import SeriesMemory
from sensors.reading import Observation, Origin, Quality, Reading
from sensors.settings import ClockSettings
from sensors.vetting import Bools, Floats, Ints, Runs, refused, remember, vet_runs

NO_TIME = np.iinfo(np.int64).min
Pair = tuple[Letter, Observation]


@dataclass(frozen=True)
class Columns:
    """Readings by series, then time, then arrival. Times: microseconds since 1970.

    value: NaN where there is none; original: NO_TIME where there is none; letter: number in batch.
    """

    series: Ints
    at: Ints
    received: Ints
    value: Floats
    quality: Ints
    origin: Ints
    original: Ints
    letter: Ints

    def __len__(self) -> int:
        return len(self.series)

    def taken(self, rows: Ints | Bools) -> "Columns":
        return Columns(*(getattr(self, field.name)[rows] for field in fields(self)))

    @cached_property
    def starts(self) -> Ints:
        """Where each series begins."""
        return np.flatnonzero(np.diff(self.series, prepend=-1))

    @cached_property
    def sizes(self) -> Ints:
        """How many readings each series has."""
        return np.diff(self.starts, append=len(self))

    @cached_property
    def series_ids(self) -> list[int]:
        return self.series[self.starts].tolist()  # type: ignore[no-any-return]  # numpy says Any

    def readings(self, rows: Ints | Bools, directory: Directory) -> list[Reading]:
        """Some of them as values, as judging and deriving want them."""
        some = self.taken(rows)
        lists = [getattr(some, field.name).tolist() for field in fields(some)]
        return [_reading(directory.by_id[row[0]], *row[1:]) for row in zip(*lists, strict=True)]

    def advanced(self, memories: Sequence[SeriesMemory]) -> list[SeriesRow]:
        """The state rows that these news move on, in series order."""
        ends = self.taken(self.starts + self.sizes - 1)
        lists = [getattr(ends, field.name).tolist() for field in fields(ends)]
        return [
            _advanced(memory, *row)
            for memory, row in zip(memories, zip(*lists, strict=True), strict=True)
        ]


def gather(letters: Sequence[Letter], directory: Directory) -> tuple[Columns, list[Pair]]:
    """All readings of a batch in columns, and those of series that nobody knows."""
    sheet = _Sheet()
    strangers: list[Pair] = []
    for number, letter in enumerate(letters):
        received = to_us(letter.received_at)
        for entry in letter.entries:
            if entry.words:
                sheet.said.append((len(sheet.series), bits_of(entry)))
            numbers = directory.numbers[letter.sender]
            sheet.series.extend([numbers[metric] for metric in entry.values])
            sheet.value.extend(entry.values.values())
            at, original = entry.observed_us, entry.original_us
            sheet.count.append(len(entry.values))
            sheet.entry(received, at, int(entry.origin), original, number)
        for seen in letter.observations:
            info = directory.series.get((seen.station, seen.metric))
            if info is None:
                strangers.append((letter, seen))
                continue
            sheet.said.append((len(sheet.series), [int(seen.quality)]))
            sheet.series.append(info.series_id)
            sheet.value.append(seen.value)
            at = None if seen.observed_at is None else to_us(seen.observed_at)
            original = None if seen.original_at is None else to_us(seen.original_at)
            sheet.count.append(1)
            sheet.entry(received, at, int(seen.origin), original, number)
    return sheet.columns(), strangers


def part(
    columns: Columns, rows: Mapping[int, SeriesRow], directory: Directory, clock: ClockSettings
) -> tuple[Columns, Columns]:
    """The ordinary series, and the others."""
    if not len(columns):
        return columns, columns
    starts, ids = columns.starts, columns.series_ids
    sizes = columns.sizes
    newest = [to_us(at) if (at := rows[n].observed_at) else NO_TIME for n in ids]
    odd = columns.at <= np.repeat(np.array(newest, np.int64), sizes)
    odd |= refused(columns.at, columns.received, clock)
    odd[1:] |= (np.diff(columns.at) == 0) & (np.diff(columns.series) == 0)
    odd_series = np.logical_or.reduceat(odd, starts)
    odd_series |= np.array([directory.by_id[number].derived for number in ids])
    if odd_series.any():
        _with_companions(odd_series, ids, directory)
    chosen = np.repeat(odd_series, sizes)
    return columns.taken(~chosen), columns.taken(chosen)


def vet_columns(
    columns: Columns, rows: Mapping[int, SeriesRow], directory: Directory, clock: ClockSettings
) -> tuple[Columns, list[SeriesMemory]]:
    """Ordinary series with their quality, and what to remember of each, in series order."""
    ids = columns.series_ids
    runs = Runs(
        infos=[directory.by_id[number] for number in ids],
        memories=[rows[number].memory for number in ids],
        starts=columns.starts,
        at=columns.at,
        received=columns.received,
        value=columns.value,
        said=columns.quality,
        clock=clock,
    )
    value = np.where(runs.missing, np.nan, columns.value)
    kept = {field.name: getattr(columns, field.name) for field in fields(columns)}
    return Columns(**{**kept, "value": value, "quality": vet_runs(runs)}), remember(runs)


def one_by_one(
    columns: Columns,
    strangers: Sequence[Pair],
    letters: Sequence[Letter],
    directory: Directory,
) -> list[Pair]:
    """Letters with their observations, in event order, for what is not ordinary."""
    by_arrival = columns.taken(np.argsort(columns.letter, kind="stable"))
    lists = [getattr(by_arrival, field.name).tolist() for field in fields(by_arrival)]
    pairs = [
        (letters[row[-1]], _observation(directory.by_id[row[0]], *row[1:-1]))
        for row in zip(*lists, strict=True)
    ]
    return sorted([*pairs, *strangers], key=lambda pair: pair[1].observed_at or pair[0].received_at)


class _Sheet:
    """Columns while they fill: of each reading its series and value, of each entry the rest."""

    def __init__(self) -> None:
        self.series: list[int] = []
        self.value: list[float | None] = []
        self.said: list[tuple[int, list[int]]] = []  # from which reading on; only where said
        self.count: list[int] = []
        self.entries: list[tuple[int, int, int, int, int]] = []

    def entry(
        self, received: int, at: int | None, origin: int, original: int | None, letter: int
    ) -> None:
        time = received if at is None else at
        first = NO_TIME if original is None else original
        self.entries.append((time, received, origin, first, letter))

    def columns(self) -> Columns:
        series = np.array(self.series, np.int64)
        quality = np.zeros(len(series), np.int64)
        for begin, bits in self.said:
            quality[begin : begin + len(bits)] = bits
        entries = np.array(self.entries, np.int64).reshape(-1, 5)
        count = np.array(self.count, np.int64)
        at, received, origin, original, letter = np.repeat(entries, count, axis=0).T
        value = np.array(self.value, np.float64)
        whole = Columns(series, at, received, value, quality, origin, original, letter)
        return whole.taken(np.lexsort((at, series)))


def _with_companions(odd_series: Bools, ids: Sequence[int], directory: Directory) -> None:
    """An AQI is derived from several series in the order of their readings: they go together."""
    companions = {
        other
        for number, odd in zip(ids, odd_series.tolist(), strict=True)
        if odd
        for other in air_companions(directory.by_id[number], directory)
    }
    odd_series |= np.isin(np.array(ids), list(companions))


def _reading(
    info: SeriesInfo,
    at: int,
    received: int,
    value: float,
    quality: int,
    origin: int,
    original: int,
    _letter: int,
) -> Reading:
    return Reading(
        info.series_id,
        info.station,
        info.metric,
        from_us(at),
        from_us(received),
        None if value != value else value,  # noqa: PLR0124 - NaN is what differs from itself
        Quality(quality),
        Origin(origin),
        None if original == NO_TIME else from_us(original),
    )


def _observation(
    info: SeriesInfo, at: int, _received: int, value: float, said: int, origin: int, original: int
) -> Observation:
    return Observation(
        info.station,
        info.metric,
        from_us(at),
        None if value != value else value,  # noqa: PLR0124 - NaN is what differs from itself
        Quality(said),
        Origin(origin),
        None if original == NO_TIME else from_us(original),
    )


def _advanced(
    memory: SeriesMemory,
    series: int,
    at: int,
    received: int,
    value: float,
    quality: int,
    origin: int,
    original: int,
    _letter: int,
) -> SeriesRow:
    moment = from_us(at)
    return SeriesRow(
        series,
        moment,
        None if value != value else value,  # noqa: PLR0124 - NaN is what differs from itself
        Quality(quality),
        0,
        Origin(origin),
        from_us(received),
        None if original == NO_TIME else from_us(original),
        moment,
        memory.same_since,
        memory.previous_at,
        memory.previous_value,
    )
