"""What is usual at a place in each month: the middle of its climate range. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

_BEIJING = timezone(timedelta(hours=8))

# Twelve months, in the metric's unit; None: nothing is known of that month.
Usual = tuple[float | None, ...]


def usual_of(months: Sequence[Sequence[float] | None] | None) -> Usual | None:
    """From the ranges that quality control knows as usual (`sensors.stations.metrics.usual`)."""
    if months is None:
        return None
    return tuple(None if month is None else (month[0] + month[1]) / 2 for month in months)


def usual_at(usual: Usual | None, at: datetime) -> float | None:
    """In the month of that moment, Beijing time."""
    return None if usual is None else usual[at.astimezone(_BEIJING).month - 1]


def usual_range(usual: Usual | None) -> tuple[float, float] | None:
    """The least and the greatest of all; None where nothing is known."""
    known = [value for value in usual or () if value is not None]
    return (min(known), max(known)) if known else None
