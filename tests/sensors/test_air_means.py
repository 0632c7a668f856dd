"""Means of air: when they are valid, and that what is not known never becomes a number."""

import csv
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from math import inf, isnan, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.air.means import (
    HOUR,
    LEAST_DAYS_OF_FEBRUARY,
    LEAST_DAYS_OF_MONTH,
    LEAST_DAYS_OF_YEAR,
    LEAST_HOURS_OF_8,
    LEAST_HOURS_OF_DAY,
    LEAST_MINUTES,
    beijing_day,
    by_day,
    day_mean,
    eight_hour_mean,
    greatest_8h_mean,
    hour_mean,
    hours_of,
    rolling_mean,
    thin_months,
    whole_days,
    whole_hours,
    year_mean,
)

DATA = Path(__file__).parent / "data"
values = st.one_of(st.none(), st.just(nan), st.floats(0, 1000))
days_of_24 = st.lists(values, min_size=24, max_size=24)
YEAR = [date(2015, 1, 1) + timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize(
    ("count", "interval_s", "valid"),
    [
        *[(45, 60, True), (44, 60, False), (1, 3600, True), (2, 1800, True), (1, 1800, False)],
        *[(9, 300, True), (8, 300, False), (1, 7200, True)],
    ],
)
def test_an_hour_needs_45_minutes(count, interval_s, valid):
    mean = hour_mean(10.0 * count, count, interval_s)
    assert (mean.valid, mean.value) == (valid, 10.0 if valid else None)
    assert mean.reason == (None if valid else "too_few_minutes")
    assert (mean.wanted - 1) * min(interval_s, 3600) < LEAST_MINUTES * 60


@pytest.mark.parametrize(("total", "count"), [(None, 0), (0.0, 0), (nan, 60), (inf, 60)])
def test_an_hour_of_nothing_is_no_data(total, count):
    mean = hour_mean(total, count, 60)
    assert (mean.value, mean.reason) == (None, "no_data")


def test_the_noise_of_binary_sums_does_not_tip_a_half():
    assert hour_mean(sum([0.1, 0.2] * 30), 60, 60).value == 0.15
    assert day_mean([0.1, 0.2] * 12).value == 0.15


@pytest.mark.parametrize(("known", "valid"), [(24, True), (20, True), (19, False), (0, False)])
def test_a_day_needs_20_hours(known, valid):
    mean = day_mean([3.0] * known + [None] * (24 - known))
    assert (mean.valid, mean.count, mean.wanted) == (valid, known, 20)
    assert mean.value == (3.0 if valid else None)
    assert mean.reason == (None if valid else "too_few_hours" if known else "no_data")


@pytest.mark.parametrize(("known", "valid"), [(8, True), (6, True), (5, False)])
def test_eight_hours_need_six(known, valid):
    assert eight_hour_mean([1.0] * known + [None] * (8 - known)).valid == valid


def test_the_greatest_8h_mean_takes_windows_within_the_day():
    """The last 8 h end at 24:00, the first at 08:00."""
    late = greatest_8h_mean([0.0] * 16 + [80.0] * 8)
    assert (late.value, late.count, late.wanted) == (80.0, 17, 14)
    assert greatest_8h_mean([80.0] + [0.0] * 23).value == 10.0


def test_with_too_few_windows_only_what_is_above_the_limit_counts():
    evening = [None] * 14 + [150.0] * 10
    assert greatest_8h_mean(evening).reason == "too_few_windows"
    assert greatest_8h_mean(evening, 150.0).value is None
    assert greatest_8h_mean(evening, 149.0).value == 150.0


def test_a_year_needs_324_days_and_27_a_month():
    whole = dict.fromkeys(YEAR, 40.0)
    assert year_mean(whole, 2015).value == 40.0
    spread = {day: None if day.day in (5, 15, 25) else 40.0 for day in YEAR}
    assert (year_mean(spread, 2015).count, year_mean(spread, 2015).valid) == (329, True)
    march = {day: None if (day.month, day.day) in ((3, n) for n in range(1, 6)) else 40.0
             for day in YEAR}  # fmt: skip
    assert (year_mean(march, 2015).count, year_mean(march, 2015).value) == (360, None)
    assert thin_months(march, 2015) == (3,)
    february = {day: None if day.month == 2 and day.day > 25 else 40.0 for day in YEAR}
    assert year_mean(february, 2015).valid
    assert year_mean({}, 2015).reason == "no_data"
    assert year_mean(whole, 2014).reason == "no_data"


@given(days_of_24)
def test_no_unknown_becomes_a_number(hours):
    known = [v for v in hours if v is not None and not isnan(v)]
    mean = day_mean(hours)
    assert mean.count == len(known)
    assert (mean.value is not None) == mean.valid == (len(known) >= 20)
    if mean.value is not None:
        assert min(known) <= mean.value <= max(known)
    greatest = greatest_8h_mean(hours)
    assert greatest.value is None or min(known) <= greatest.value <= max(known)


@given(st.lists(st.integers(0, 9999).map(lambda n: n / 10), min_size=20, max_size=24))
def test_a_mean_is_that_of_the_decimals(hours):
    exact = sum(Decimal(str(v)) for v in hours) / len(hours)
    assert day_mean(hours).value == pytest.approx(float(exact), rel=1e-15)


@given(days_of_24, st.integers(0, 23), st.floats(0, 100))
def test_more_in_one_hour_never_lowers_the_day(hours, which, more):
    raised = list(hours)
    if raised[which] is None or isnan(raised[which]):
        return
    raised[which] += more
    before, after = day_mean(hours), day_mean(raised)
    assert before.valid == after.valid
    assert before.value is None or (after.value or 0) >= before.value


def test_days_are_beijings_and_hours_known_by_their_start():
    assert beijing_day(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert beijing_day(datetime(2026, 3, 1, 16, tzinfo=UTC)) == date(2026, 3, 2)
    hours = hours_of(date(2026, 3, 2))
    assert (hours[0], len(hours)) == (datetime(2026, 3, 1, 16, tzinfo=UTC), 24)
    days = by_day({hours[0]: 1.0, hours[23]: 2.0}, [date(2026, 3, 2)])
    assert days == {date(2026, 3, 2): (1.0, *[None] * 22, 2.0)}


def test_only_whole_days_and_hours_count():
    midnight, minute = datetime(2026, 3, 1, 16, tzinfo=UTC), timedelta(minutes=1)
    assert whole_days(midnight, midnight + HOUR * 24) == (date(2026, 3, 2),)
    assert whole_days(midnight, midnight + HOUR * 24 - minute) == ()
    assert whole_days(midnight + minute, midnight + HOUR * 48) == (date(2026, 3, 3),)
    assert whole_days(midnight, midnight) == whole_days(midnight + HOUR, midnight) == ()
    assert whole_hours(midnight, midnight + HOUR * 2) == (midnight, midnight + HOUR)
    assert whole_hours(midnight + minute, midnight + HOUR * 2) == (midnight + HOUR,)
    assert whole_hours(midnight + minute, midnight + HOUR) == ()
    assert whole_hours(midnight + HOUR, midnight) == ()
    delhi = timezone(timedelta(hours=5, minutes=30))
    assert whole_hours(midnight.astimezone(delhi), midnight + HOUR) == (midnight,)


def test_a_rolling_mean_ends_with_its_hour():
    at = datetime(2020, 1, 2, tzinfo=UTC)
    hours = {at - HOUR * back: float(back) for back in range(24)}
    assert rolling_mean(hours, at, 24).value == 11.5
    assert rolling_mean(hours, at, 8).value == 3.5
    assert rolling_mean(hours, at + HOUR * 4, 24).valid
    assert not rolling_mean(hours, at + HOUR * 5, 24).valid


def test_the_validity_is_that_of_table_4():
    text = (DATA / "gb3095_2026_data_validity.csv").read_text("utf-8")
    said = {
        (row["pollutants"].split()[0], row["averaging"]): [int(n) for n in re.findall(r"\d+", rest)]
        for row in csv.DictReader(x for x in text.splitlines() if not x.startswith("#"))
        if (rest := row["minimum"])
    }
    assert said["SO2", "annual"] == [
        *(LEAST_DAYS_OF_YEAR, LEAST_DAYS_OF_MONTH, LEAST_DAYS_OF_FEBRUARY)
    ]
    assert said["SO2", "daily"] == [LEAST_HOURS_OF_DAY]
    assert said["O3", "8h"] == [LEAST_HOURS_OF_8, 8]
    assert said["SO2", "1h"] == [LEAST_MINUTES]
