"""PostgreSQL's binary COPY, made and read by numpy: no work in Python for each row.

A row is the number of its fields, then each field's length and bytes, big-endian; a NULL has the
length -1 and no bytes. So rows with the same NULLs have one shape, and are one array.
"""

from collections.abc import Collection, Sequence

import numpy as np

from ingest.columns import Columns
from ingest.states import STATE, TIMES, States
from sensors.vetting import NEVER, Times

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
# PostgreSQL counts microseconds from 2000; -infinity, the least number, stands for none here.
_FROM_1970 = 946_684_800_000_000

_Field = tuple[str, str]
READING: Sequence[_Field] = (
    ("series", ">i4"),
    ("at", ">i8"),
    ("value", ">f8"),
    ("bits", ">i2"),
    ("origin", ">i2"),
    ("received", ">i8"),
    ("original", ">i8"),
)
_STATE: Sequence[_Field] = tuple(
    (name, STATE[name].str.replace("<", ">")) for name in STATE.names or ()
)


def readings_to_copy(columns: Columns) -> bytes:
    """The rows of `copy reading (...) from stdin (format binary)`; NaN and NEVER become NULL."""
    no_value, no_original = np.isnan(columns.value), columns.original == NEVER
    parts = [_HEADER]
    for value_missing in (False, True):
        for original_missing in (False, True):
            shape = (no_value == value_missing) & (no_original == original_missing)
            nulls = {
                name
                for name, is_null in (("value", value_missing), ("original", original_missing))
                if is_null
            }
            if shape.any():
                parts.append(_rows(columns.take(shape), nulls))
    return b"".join((*parts, _END))


def states_from_copy(content: bytes) -> States:
    """What `copy (LOCK_SERIES) to stdout (format binary)` gave: all fields, no NULL."""
    body = content[len(_HEADER) : -len(_END)]
    found = np.frombuffer(body, _row_type(_STATE, ()))
    states = np.empty(len(found), STATE)
    for name, _ in _STATE:
        states[name] = _to_1970(found[name]) if name in TIMES else found[name]
    return states


def _rows(columns: Columns, nulls: set[str]) -> bytes:
    rows = np.empty(len(columns), _row_type(READING, nulls))
    rows["fields"] = len(READING)
    for name, kind in READING:
        if name in nulls:
            rows[f"{name}_length"] = -1
            continue
        rows[f"{name}_length"] = np.dtype(kind).itemsize
        values = getattr(columns, name)
        rows[name] = values - _FROM_1970 if name in ("at", "received", "original") else values
    return rows.tobytes()


def _row_type(fields: Sequence[_Field], nulls: Collection[str]) -> np.dtype[np.void]:
    parts = [("fields", ">i2")]
    for name, kind in fields:
        parts.append((f"{name}_length", ">i4"))
        if name not in nulls:
            parts.append((name, kind))
    return np.dtype(parts)


def _to_1970(times: Times) -> Times:
    native = times.astype(np.int64)
    return np.where(native == NEVER, NEVER, native + _FROM_1970)
