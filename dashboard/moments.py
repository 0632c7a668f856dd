"""Times that somebody asks an API for: read, and refused with what would be right."""

from datetime import UTC, datetime, timedelta

from dashboard.problems import Problem

EXAMPLE = "2026-11-22T03:14:00Z or 2026-11-22T11:14:00+08:00"
_OLDEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def moment(text: str | None, name: str) -> datetime | None:
    """A time from a query; raises Problem 400 with what would be right."""
    if not text:
        return None
    # An unescaped + arrives as a space.
    head, space, zone = text.rpartition(" ")
    written = f"{head}+{zone}" if space and len(zone) == 5 and ":" in zone else text
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise Problem(400, f"{name}={text!r} is not a time; expected {EXAMPLE}") from error
    if at.tzinfo is None:
        raise Problem(400, f"{name}={text!r} has no time zone; expected {EXAMPLE}")
    return of_our_time(at, name)


def of_our_time(at: datetime, name: str) -> datetime:
    """The same time in UTC; raises Problem 400 where reckoning with it could leave the calendar.

    In UTC, because PostgreSQL knows no zone of 16 hours and more, and ISO 8601 does.
    """
    if not _OLDEST <= at <= _LATEST:
        raise Problem(400, f"{name}={at.isoformat()} is not between the years 1900 and 2200")
    return at.astimezone(UTC)


def span(
    since: str | None, until: str | None, now: datetime, default: timedelta
) -> tuple[datetime, datetime]:
    """[from, to) of a query; the last `default` where nothing is said."""
    end = moment(until, "to") or now
    start = moment(since, "from") or end - default
    if start >= end:
        raise Problem(400, f"from ({start.isoformat()}) must be before to ({end.isoformat()})")
    return start, end
