"""Observations as devices write them (docs/mqtt.md): JSON for `obs/<station>`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Report:
    """One observation of a station. original_at: the recorded time, where there is one."""

    at: datetime
    values: Mapping[str, float | None]
    origin: str
    original_at: datetime | None = None


def encode(reports: Sequence[Report]) -> bytes:
    """An object for one report, an array for a backlog."""
    found = [_fields(report) for report in reports]
    return json.dumps(found[0] if len(found) == 1 else found, separators=(",", ":")).encode()


def _fields(report: Report) -> dict[str, object]:
    fields: dict[str, object] = {
        "t": report.at.isoformat(timespec="milliseconds"),
        "v": dict(report.values),
        "o": report.origin,
    }
    if report.original_at is not None:
        fields["t0"] = report.original_at.isoformat()
    return fields
