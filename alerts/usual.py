"""What is usual at a place for the month and the hour of the day, Beijing time. Pure."""

from datetime import datetime, timedelta, timezone

_BEIJING = timezone(timedelta(hours=8))

# Twelve months of 24 hours, in the metric's unit; None: nothing is known of that hour.
Usual = tuple[tuple[float | None, ...], ...]


def usual_at(usual: Usual | None, at: datetime) -> float | None:
    if usual is None:
        return None
    local = at.astimezone(_BEIJING)
    return usual[local.month - 1][local.hour]


def usual_range(usual: Usual | None) -> tuple[float, float] | None:
    """The least and the greatest of all; None where nothing is known."""
    known = [value for month in usual or () for value in month if value is not None]
    return (min(known), max(known)) if known else None
