"""The live ends of series: one numpy record each, or a `SeriesRow` for what is walked singly."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import isnan

import numpy as np
from numpy.typing import NDArray

from ingest.batch import SeriesRow
from ingest.columns import Columns, moment_of, us
from sensors.reading import Origin, Quality
from sensors.vetting import NEVER, Memory

# As the columns of LOCK_SERIES (store.py), in that order. Times in microseconds since 1970.
STATE = np.dtype(
    [
        ("series", "i4"),
        ("observed_at", "i8"),
        ("value", "f8"),
        ("bits", "i2"),
        ("revision", "i2"),
        ("origin", "i2"),
        ("received", "i8"),
        ("original", "i8"),
        ("judged_to", "i8"),
        ("same_since", "i8"),
        ("previous_at", "i8"),
        ("previous_value", "f8"),
    ]
)
TIMES = ("observed_at", "received", "original", "judged_to", "same_since", "previous_at")
States = NDArray[np.void]


def memory_of(states: States) -> Memory:
    return Memory(
        states["observed_at"],
        states["value"],
        states["bits"],
        states["same_since"],
        states["previous_at"],
        states["previous_value"],
        states["received"],
    )


def advanced(newest: Columns, memory: Memory) -> States:
    """The states once these readings, one a series, are its newest and have been judged."""
    states = np.zeros(len(newest), STATE)
    states["series"] = newest.series
    states["observed_at"] = states["judged_to"] = newest.at
    states["value"], states["bits"] = newest.value, newest.bits
    states["origin"], states["received"] = newest.origin, newest.received
    states["original"] = newest.original
    states["same_since"] = memory.same_since
    states["previous_at"] = memory.previous_at
    states["previous_value"] = np.where(memory.previous_at == NEVER, np.nan, memory.previous_value)
    return states


def at(states: States, series: NDArray[np.int32]) -> States:
    """The states of these series; states are in series order and have them all."""
    where = np.searchsorted(states["series"], series)
    found: States = states[np.minimum(where, len(states) - 1)]
    if not np.array_equal(found["series"], series):
        raise LookupError("a series has no row in series_state: it was not born with one")
    return found


def among(states: States, series: Iterable[int]) -> States:
    """Those of these series that there are."""
    found: States = states[np.isin(states["series"], list(series))]
    return found


def rows_of(states: States) -> dict[int, SeriesRow]:
    return {int(state["series"]): _row(state.tolist()) for state in states}


def states_of(rows: Sequence[SeriesRow]) -> States:
    return np.array([_record(row) for row in rows], STATE)


def joined(some: States, others: States) -> States:
    """Both, in series order."""
    states = np.concatenate((some, others))
    return states[np.argsort(states["series"])]


def _row(state: tuple[float, ...]) -> SeriesRow:
    series, observed, value, bits, revision, origin, received, original, *rest = state
    judged, same, previous, before = rest
    seen = observed != NEVER
    return SeriesRow(
        int(series),
        _moment(observed),
        _number(value),
        Quality(int(bits)) if seen else None,
        int(revision),
        Origin(int(origin)) if seen else None,
        _moment(received),
        _moment(original),
        _moment(judged),
        _moment(same),
        _moment(previous),
        _number(before),
    )


def _record(row: SeriesRow) -> tuple[object, ...]:
    return (
        row.series_id,
        _us(row.observed_at),
        _double(row.value),
        int(row.quality or 0),
        row.revision,
        int(row.origin or 0),
        _us(row.received_at),
        _us(row.original_at),
        _us(row.judged_to),
        _us(row.same_since),
        _us(row.previous_at),
        _double(row.previous_value),
    )


def _moment(microseconds: float) -> datetime | None:
    return None if microseconds == NEVER else moment_of(int(microseconds))


def _us(moment: datetime | None) -> int:
    return NEVER if moment is None else us(moment)


def _number(value: float) -> float | None:
    return None if isnan(value) else value


def _double(value: float | None) -> float:
    return float("nan") if value is None else value
