"""Moments as whole microseconds since 1970, for columns of numbers; exact both ways."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000


def to_us(moment: datetime) -> int:
    since = moment - EPOCH
    return since.days * DAY_US + since.seconds * 1_000_000 + since.microseconds


def from_us(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)
