"""Means of air by hour, 8 h, day and year, with the validity that GB 3095-2026 table 4 asks for.

A mean that is not valid has no value: it is None, with its reason. Hours are known by their start
(10:00 is 10:00 to 11:00), days are Beijing's calendar days. µg/m³, CO in mg/m³.

Sums are exact: a mean of 35.5 must be that, for the index rounds it half to even.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from math import ceil, isfinite
from typing import Literal

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
HOUR = timedelta(hours=1)

Reason = Literal["no_data", "too_few_minutes", "too_few_hours", "too_few_windows", "too_few_days"]

# Table 4. Of particles it says nothing by the hour; the same 45 minutes are asked: unconfirmed.
LEAST_MINUTES = 45
LEAST_HOURS_OF_DAY = 20
LEAST_HOURS_OF_8 = 6
LEAST_DAYS_OF_YEAR = 324
LEAST_DAYS_OF_MONTH, LEAST_DAYS_OF_FEBRUARY = 27, 25
# Which 8 h belong to a day, and how many of them it needs: HJ 663-2013, from memory, unconfirmed.
# Those that end at 08:00 ... 24:00, so that none reaches into the day before.
WINDOWS_OF_DAY = 17
LEAST_WINDOWS = 14


@dataclass(frozen=True, slots=True)
class Mean:
    """value: None unless valid. count: usable parts, of which `wanted` make it valid."""

    value: float | None
    count: int
    wanted: int
    reason: Reason | None = None

    @property
    def valid(self) -> bool:
        return self.reason is None


def hour_mean(total: float | None, count: int, interval_s: float) -> Mean:
    """From a roll-up: the sum and number of the usable readings of an hour, one each interval_s.

    Valid with 45 minutes of them (table 4). A station that reports once an hour sends the hourly
    mean itself: that one is enough. More readings than the interval allows do not make up for
    a gap that nobody can see in a count: compare with the station's completeness.
    """
    wanted = max(1, ceil(LEAST_MINUTES * 60 / interval_s))
    if total is None or count == 0 or not isfinite(total):
        return Mean(None, 0, wanted, "no_data")
    if count < wanted:
        return Mean(None, count, wanted, "too_few_minutes")
    # The noise of binary sums ends long after the digits that an instrument has.
    return Mean(float(f"{total / count:.12g}"), count, wanted)


def day_mean(hours: Sequence[float | None]) -> Mean:
    """Of the hourly means of a Beijing day; valid with 20 of them."""
    return _mean(hours, LEAST_HOURS_OF_DAY, "too_few_hours")


def eight_hour_mean(hours: Sequence[float | None]) -> Mean:
    """Of 8 consecutive hourly means; valid with 6 of them."""
    return _mean(hours, LEAST_HOURS_OF_8, "too_few_hours")


def rolling_mean(
    hours: Mapping[datetime, float | None], until: datetime, length: Literal[8, 24]
) -> Mean:
    """Of the 8 or 24 hours up to and with the one that begins at `until`; valid with 6 or 20."""
    window = [hours.get(until - HOUR * back) for back in range(length)]
    return eight_hour_mean(window) if length == 8 else day_mean(window)


def greatest_8h_mean(day: Sequence[float | None], limit: float | None = None) -> Mean:
    """The greatest 8 h mean of a day of 24 hourly means: ozone.

    Valid with 14 of its 17 windows; with fewer all the same if it is above `limit`, for what is
    missing could only be higher. Rule and windows: HJ 663-2013 from memory, unconfirmed.
    """
    windows = [eight_hour_mean(day[start : start + 8]) for start in range(WINDOWS_OF_DAY)]
    known = [window.value for window in windows if window.value is not None]
    if not known:
        return Mean(None, 0, LEAST_WINDOWS, "no_data")
    greatest = max(known)
    if len(known) < LEAST_WINDOWS and (limit is None or greatest <= limit):
        return Mean(None, len(known), LEAST_WINDOWS, "too_few_windows")
    return Mean(greatest, len(known), LEAST_WINDOWS)


def year_mean(days: Mapping[date, float | None], year: int) -> Mean:
    """Of the daily means of a year: 324 of them, and 27 in each month (February: 25)."""
    known = {day: value for day, value in days.items() if day.year == year and _usable(value)}
    if not known:
        return Mean(None, 0, LEAST_DAYS_OF_YEAR, "no_data")
    if len(known) < LEAST_DAYS_OF_YEAR or thin_months(days, year):
        return Mean(None, len(known), LEAST_DAYS_OF_YEAR, "too_few_days")
    return _mean(list(known.values()), LEAST_DAYS_OF_YEAR, "too_few_days")


def thin_months(days: Mapping[date, float | None], year: int) -> tuple[int, ...]:
    """The months of a year that have too few valid days for an annual mean."""
    counts = dict.fromkeys(range(1, 13), 0)
    for day, value in days.items():
        if day.year == year and _usable(value):
            counts[day.month] += 1
    least = dict.fromkeys(counts, LEAST_DAYS_OF_MONTH) | {2: LEAST_DAYS_OF_FEBRUARY}
    return tuple(month for month, count in counts.items() if count < least[month])


def by_day(
    hours: Mapping[datetime, float | None], days: Iterable[date]
) -> dict[date, tuple[float | None, ...]]:
    """Hourly means by their start, as days of 24; hours that nobody has are None."""
    return {day: tuple(hours.get(at) for at in hours_of(day)) for day in days}


def hours_of(day: date) -> tuple[datetime, ...]:
    """The starts of the 24 hours of a Beijing day, in UTC."""
    first = datetime(day.year, day.month, day.day, tzinfo=BEIJING).astimezone(UTC)
    return tuple(first + HOUR * number for number in range(24))


def whole_days(since: datetime, until: datetime) -> tuple[date, ...]:
    """The Beijing days that lie wholly in [since, until)."""
    first = beijing_day(since)
    if hours_of(first)[0] < since:
        first += timedelta(days=1)
    return tuple(first + timedelta(days=n) for n in range((beijing_day(until) - first).days))


def whole_hours(since: datetime, until: datetime) -> tuple[datetime, ...]:
    """The starts of the hours that lie wholly in [since, until)."""
    first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first += HOUR if first < since else timedelta(0)
    return tuple(first + HOUR * n for n in range(max(0, (until - first) // HOUR)))


def beijing_day(at: datetime) -> date:
    """The Beijing calendar day of an aware time."""
    return at.astimezone(BEIJING).date()


def _mean(values: Sequence[float | None], wanted: int, reason: Reason) -> Mean:
    known = [value for value in values if value is not None and _usable(value)]
    if not known:
        return Mean(None, 0, wanted, "no_data")
    if len(known) < wanted:
        return Mean(None, len(known), wanted, reason)
    return Mean(_exact(known), len(known), wanted)


def _usable(value: float | None) -> bool:
    return value is not None and isfinite(value)


def _exact(values: Iterable[float]) -> float:
    """The float next to the true mean of the decimals that the floats mean."""
    parts = [Fraction(repr(float(value))) for value in values]
    return float(sum(parts) / len(parts))
