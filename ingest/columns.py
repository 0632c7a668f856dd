"""A batch's readings as columns: one array a field, no Python object a reading.

What is plain (known metrics, well-formed, in good order) stays columns all the way into the
database. What is odd (repeats, late readings, impossible times, another's series) becomes
observations and is walked one by one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ingest.batch import Letter
from sensors.decoders.observations import MAX_READINGS, QUALITY, Message, read_typed
from sensors.directory import Directory
from sensors.reading import Observation, Origin, Quality, Reading
from sensors.vetting import NEVER, SECOND_US, Bits, Mask, Times, Values

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORIGIN = {origin.word: int(origin) for origin in Origin}
_BITS = {word: int(quality) for word, quality in QUALITY.items()}
# Milliseconds since 1970 from 1973 to 2096: what lies outside is looked at closer by `decode`.
_LEAST_MS, _MOST_MS = 100_000_000_000, 4_000_000_000_000
_FLAGS = tuple(Quality(bits) for bits in range(2 * max(Quality)))


class Entry(NamedTuple):
    """One object of a message: rows of `Instruments` and values, beside what holds for them all."""

    at: int
    original: int
    origin: int
    rows: list[int]
    values: list[float | None]
    bits: list[int] | None


def read_entries(payload: bytes, metrics: Mapping[str, int]) -> list[Entry] | None:
    """A plain message of a station that measures `metrics` (code -> row).

    None where something about it is not plain: `decode` then keeps what is good and says what is
    wrong with the rest.
    """
    messages = read_typed(payload)
    if not messages or sum(len(message.v) for message in messages) > MAX_READINGS:
        return None
    try:
        return [_entry(message, metrics) for message in messages]
    except (KeyError, ValueError, OverflowError):
        return None


def _entry(message: Message, metrics: Mapping[str, int]) -> Entry:
    """Raises KeyError for a metric that is not measured, ValueError for what is not plain."""
    values = message.v
    if not values:
        raise ValueError("no value")
    bits = [_BITS[message.q.get(metric, "good")] for metric in values] if message.q else None
    return Entry(
        _microseconds(message.t),
        _microseconds(message.t0),
        _ORIGIN[message.o],
        [metrics[metric] for metric in values],
        list(values.values()),
        bits,
    )


def _microseconds(time: datetime | float | None) -> int:
    if time is None:
        return NEVER
    if isinstance(time, datetime):
        return us(time)
    if time != int(time) or not _LEAST_MS <= time <= _MOST_MS:
        raise ValueError("not plain milliseconds")
    return int(time) * 1000


def us(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment; exact, for doubles hold them until 2255."""
    return round(moment.timestamp() * SECOND_US)


def moment_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings, one a place in each array. letter: its number in the batch, -1 for none;
    series: its series_id. Times in microseconds since 1970, NEVER for none; NaN for no value."""

    letter: NDArray[np.int64]
    row: NDArray[np.intp]
    series: NDArray[np.int32]
    at: Times
    received: Times
    value: Values
    bits: Bits
    origin: NDArray[np.int16]
    original: Times

    def __len__(self) -> int:
        return len(self.at)

    @classmethod
    def of(cls, letters: Sequence[Letter], series: NDArray[np.int32]) -> "Columns":
        """The entries of letters; one without a time of its own has its letter's arrival time."""
        rows: list[int] = []
        values: list[float | None] = []
        bits: list[int] = []
        heads: list[tuple[int, ...]] = []
        for number, letter in enumerate(letters):
            if not letter.entries:
                continue
            received = us(letter.received_at)
            for entry in letter.entries:
                rows += entry.rows
                values += entry.values
                bits += entry.bits or [0] * len(entry.rows)
                at = received if entry.at == NEVER else entry.at
                heads.append((len(entry.rows), number, at, received, entry.origin, entry.original))
        head = np.array(heads, np.int64).reshape(-1, 6)
        letter_, at_, received_, origin, original = np.repeat(head[:, 1:], head[:, 0], axis=0).T
        row = np.array(rows, np.intp)
        return cls(
            letter_,
            row,
            series[row],
            at_,
            received_,
            np.array(values, np.float64),
            np.array(bits, np.int16),
            origin.astype(np.int16),
            original,
        )

    @classmethod
    def of_readings(cls, readings: Iterable[Reading]) -> "Columns":
        """Vetted readings; of no letter, and without rows of `Instruments`."""
        found = list(readings)
        nobody = np.full(len(found), -1)
        return cls(
            nobody,
            nobody,
            np.array([one.series_id for one in found], np.int32),
            np.array([us(one.observed_at) for one in found], np.int64),
            np.array([us(one.received_at) for one in found], np.int64),
            np.array([one.value for one in found], np.float64),
            np.array([int(one.quality) for one in found], np.int16),
            np.array([int(one.origin) for one in found], np.int16),
            np.array([us(o) if (o := one.original_at) else NEVER for one in found], np.int64),
        )

    def take(self, where: NDArray[np.intp] | Mask) -> "Columns":
        return Columns(*(getattr(self, field.name)[where] for field in fields(self)))

    def with_(self, other: "Columns") -> "Columns":
        return Columns(
            *(
                np.concatenate((getattr(self, field.name), getattr(other, field.name)))
                for field in fields(self)
            )
        )

    def in_order(self) -> "Columns":
        """Sorted by series and time; what has both alike stays in order of arrival."""
        return self.take(np.lexsort((self.at, self.series)))

    def starts(self) -> NDArray[np.intp]:
        """Where each series begins, in columns that are in order."""
        if not len(self):
            return np.zeros(0, np.intp)
        return np.flatnonzero(np.append(True, self.series[1:] != self.series[:-1]))

    def ends(self) -> NDArray[np.intp]:
        """Where each series ends, in columns that are in order."""
        starts = self.starts()
        return np.append(starts[1:], len(self))[: len(starts)] - 1

    def readings(self, directory: Directory) -> Iterator[Reading]:
        """As values, one by one."""
        for _, *numbers in zip(
            *(getattr(self, f.name).tolist() for f in fields(self)), strict=True
        ):
            _, series, at, received, value, bits, origin, original = numbers
            info = directory.by_id[series]
            yield Reading(
                series,
                info.station,
                info.metric,
                moment_of(at),
                moment_of(received),
                None if isnan(value) else value,
                _FLAGS[bits],
                Origin(origin),
                None if original == NEVER else moment_of(original),
            )

    def observations(self, directory: Directory) -> Iterator[tuple[int, Observation]]:
        """As observations before vetting, each with the number of its letter."""
        numbers = self.letter.tolist()
        for number, one in zip(numbers, self.readings(directory), strict=True):
            yield (
                number,
                Observation(
                    one.station,
                    one.metric,
                    one.observed_at,
                    None if one.quality & Quality.MISSING else one.value,
                    one.quality | (Quality.MISSING if one.value is None else Quality.GOOD),
                    one.origin,
                    one.original_at,
                ),
            )
