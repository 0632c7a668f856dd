"""Stored readings of one series as columns, in event order. Times: microseconds since 1970, UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from sensors.reading import MARKS, Origin, Quality, Reading
from sensors.vetting import Bits, Mask, Times, Values, usable_bits

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INVALID, _VALID = int(Quality.MARKED_INVALID), int(Quality.MARKED_VALID)
_MISSING = int(Quality.MISSING)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """value: NaN where missing. bits: as they were when the reading came; bad: by what is known
    today it was suspect, or a person marked it invalid."""

    at: Times
    received: Times
    value: Values
    bits: Bits
    origin: Bits
    bad: Mask

    def __len__(self) -> int:
        return len(self.at)

    def readings(
        self, first: int, last: int, series_id: int, station: str, metric: str
    ) -> list[Reading]:
        """Those from `first` to before `last`, as the engine takes them."""
        some = slice(first, last)
        return [
            Reading(
                *(series_id, station, metric, moment_of(at), moment_of(received)),
                value=None if bits & _MISSING else value,
                quality=Quality(bits),
                origin=Origin(origin),
            )
            for at, received, value, bits, origin in zip(
                *(self.at[some].tolist(), self.received[some].tolist(), self.value[some].tolist()),
                *(self.bits[some].tolist(), self.origin[some].tolist()),
                strict=True,
            )
        ]


@dataclass(frozen=True, slots=True)
class Marked:
    """What a person said of [since, until) of a series, and when; the older before the newer.

    by_source: said of the readings that this series is computed from.
    """

    since: int
    until: int
    made: int
    verdict: str
    by_source: bool = False


def block(
    *, at: Times, received: Times, value: Values, bits: Bits, origin: Bits, marks: Iterable[Marked]
) -> Block:
    """Readings as stored, and the marks that stand over them now: those that were made after a
    reading had come were unknown to the rules."""
    marks = list(marks)
    judged = _as_it_came(at, received, bits, marks) if marks else bits
    return Block(at, received, value, judged, origin, bad_bits(bits))


def said_before(neighbours: Iterable["Block"], at: Times) -> tuple[list[int], list[float]]:
    """Of the blocks of a neighbour, in order of time, the usable readings that were the newest
    before one of these moments: times and values, as `neighbours.Around` takes them."""
    times: list[int] = []
    values: list[float] = []
    for one in neighbours:
        known = np.flatnonzero(usable_bits(one.bits) & ~np.isnan(one.value))
        last = np.unique(np.searchsorted(one.at[known], at) - 1)
        kept = known[last[last >= 0]]
        times += one.at[kept].tolist()
        values += one.value[kept].tolist()
    return times, values


def bad_bits(bits: Bits) -> Mask:
    """Suspect by a test, unless a person called it valid; or marked invalid; or missing."""
    found: Mask = (bits != 0) & ((bits & (_VALID | _MISSING)) != _VALID)
    return found


def _as_it_came(at: Times, received: Times, bits: Bits, marks: Iterable[Marked]) -> Bits:
    own, source = np.zeros(len(at), np.int16), np.zeros(len(at), bool)
    for mark in marks:
        known = (mark.since <= at) & (at < mark.until) & (mark.made <= received)
        if mark.by_source:
            source[known] = mark.verdict == "invalid"
        else:
            own[known] = _INVALID if mark.verdict == "invalid" else _VALID
    own[source] = _INVALID
    own[bits & _MISSING != 0] = 0
    return (bits & ~MARKS) | own


def moment_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds_of(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
