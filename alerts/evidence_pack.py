"""An alert's evidence as a document that can be proved: canonical JSON and its digest. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts.times import rfc3339
from sensors.reading import Origin, Quality

MOST_READINGS = 20_000  # of one document; the middle of a longer stretch is left out, and said


def canonical(document: Mapping[str, Any]) -> bytes:
    """UTF-8, keys sorted, no spaces, no NaN, whole numbers without a point: the same document has
    the same bytes, also when a database has written its numbers in another way (1e22)."""
    return json.dumps(
        _whole(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(document: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical document."""
    return hashlib.sha256(canonical(document)).digest()


def readings_json(
    rows: Sequence[tuple[datetime, float | None, int, int]], since: datetime, until: datetime
) -> dict[str, Any]:
    """[time, value, quality, origin] of each reading; left_out: how many of the middle."""
    half = MOST_READINGS // 2
    kept = rows if len(rows) <= MOST_READINGS else [*rows[:half], *rows[-half:]]
    return {
        "from": rfc3339(since),
        "to": rfc3339(until),
        "left_out": len(rows) - len(kept),
        "readings": [
            [rfc3339(at), value, Quality(quality).word, Origin(origin).word]
            for at, value, quality, origin in kept
        ],
    }


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return value
