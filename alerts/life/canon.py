"""What is sealed, as one text each, and the hash that chains them. Pure.

hash = SHA-256(hash before, then the entry's canonical text); before the first stand 32 zero bytes.
The text is a JSON array: its kind, then its columns in the order of `seal.py`; UTF-8, keys sorted,
no spaces; times in UTC to the microsecond; numbers as the shortest text that reads as the same.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

START = bytes(32)


def canonical(kind: str, columns: Sequence[Any]) -> bytes:
    return json.dumps(
        [kind, *columns],
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
        default=_moment,
    ).encode()


def chained(before: bytes, entry: bytes) -> bytes:
    return hashlib.sha256(before + entry).digest()


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{value!r} has no canonical text")
