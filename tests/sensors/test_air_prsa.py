"""Four dirty years of one Beijing station: our figures against an independent count by pandas."""

import csv
import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sensors.air.exceedance import daily_values, exceedance, year_of
from sensors.air.limits import GB3095_2012, TRANSITION, limit_of
from sensors.air.means import by_day, hour_mean, whole_days
from sensors.air.reports import daily_report

RECORDED = Path(__file__).parent / "data" / "prsa_aotizhongxin.csv.gz"
COLUMNS = {"SO2": "so2_ugm3", "NO2": "no2_ugm3", "CO": "co_mgm3", "O3": "o3_ugm3",
           "PM10": "pm10_ugm3", "PM2.5": "pm25_ugm3"}  # fmt: skip
SINCE, UNTIL = datetime(2013, 2, 28, 16, tzinfo=UTC), datetime(2017, 2, 28, 16, tzinfo=UTC)
DAYS = whole_days(SINCE, UNTIL)


@pytest.fixture(scope="module")
def hours():
    """Metric -> start of the hour -> mean, as the roll-ups give it: one reading an hour."""
    found: dict[str, dict[datetime, float | None]] = {metric: {} for metric in COLUMNS.values()}
    with gzip.open(RECORDED, "rt", encoding="ascii") as file:
        for row in csv.DictReader(file):
            year, month, day, hour = (int(row[k]) for k in ("year", "month", "day", "hour"))
            at = datetime(year, month, day, hour, tzinfo=UTC) - timedelta(hours=8)
            for column, metric in COLUMNS.items():
                raw = None if row[column] == "NA" else float(row[column])
                value = raw / 1000 if raw is not None and column == "CO" else raw
                found[metric][at] = hour_mean(value, int(value is not None), 3600).value
    return found


@pytest.fixture(scope="module")
def frame():
    """The same file by pandas alone, indexed by Beijing time."""
    table = pd.read_csv(RECORDED, na_values="NA")
    table.index = pd.to_datetime(table[["year", "month", "day", "hour"]])
    return table[list(COLUMNS)]


def by_pandas(frame, column):
    """Daily means with at least 20 hours."""
    grouped = frame[column].groupby(frame.index.date)
    return grouped.mean()[grouped.count() >= 20]


def ozone_by_pandas(frame):
    """Windows that end at 08:00 ... 24:00: the last hour of a window is 7 ... 23."""
    rolling = frame["O3"].rolling(8, min_periods=6).mean()
    rolling = rolling[rolling.index.hour >= 7]
    grouped = rolling.groupby(rolling.index.date)
    greatest, count = grouped.max(), grouped.count()
    return greatest[(count >= 14) | (greatest > 160)].dropna()


@pytest.mark.parametrize(("column", "metric"), list(COLUMNS.items()))
def test_daily_values_are_those_of_pandas(hours, frame, column, metric):
    ours = daily_values(metric, by_day(hours[metric], DAYS), 160.0)
    theirs = ozone_by_pandas(frame) if column == "O3" else by_pandas(frame, column)
    scale = 1000 if column == "CO" else 1
    known = {day: value for day, value in ours.items() if value is not None}
    assert set(known) == set(theirs.index)
    assert [known[day] * scale for day in theirs.index] == pytest.approx(theirs.to_list())


@pytest.mark.parametrize(
    ("year", "valid", "over_2012", "over_2026"),
    [(2013, 306, 132, 164), (2014, 341, 162, 201), (2015, 354, 143, 169), (2016, 358, 132, 169)],
)
def test_days_of_pm25_above_the_limit_by_both_editions(
    hours, frame, year, valid, over_2012, over_2026
):
    days = [day for day in DAYS if day.year == year]
    ours = daily_values("pm25_ugm3", by_day(hours["pm25_ugm3"], days))
    theirs = by_pandas(frame, "PM2.5")
    theirs = np.rint(theirs[[d.year == year for d in theirs.index]])
    for edition, limit, over in ((GB3095_2012, 75, over_2012), (TRANSITION, 60, over_2026)):
        found = exceedance(ours, limit_of("pm25_ugm3", "daily", 2, edition))
        assert found.limit.value == limit
        assert (found.expected, found.valid) == (len(days), len(theirs))
        assert found.over == (theirs > limit).sum()
        assert found.greatest == theirs.max()
        assert (found.valid, found.over) == (valid, over)


def test_the_annual_mean_and_its_percentile(hours, frame):
    days = daily_values("pm25_ugm3", by_day(hours["pm25_ugm3"], DAYS))
    found = year_of("pm25_ugm3", days, 2016, 2)
    theirs = by_pandas(frame, "PM2.5")
    theirs = theirs[[d.year == 2016 for d in theirs.index]]
    counts = pd.Series(theirs.to_numpy(), [d.month for d in theirs.index]).groupby(level=0).count()
    assert found.valid_days == len(theirs)
    least = {m: 25 if m == 2 else 27 for m in range(1, 13)}
    assert (found.mean is not None) == (
        len(theirs) >= 324 and all(counts.get(m, 0) >= least[m] for m in least)
    )
    if found.mean is not None:
        assert found.mean == pytest.approx(theirs.mean())
        assert found.percentile == pytest.approx(np.percentile(theirs, 95))
    assert found.limit.value == 35
    assert not found.limit.confirmed


def test_a_year_of_which_two_months_are_missing_has_no_mean(hours):
    days = daily_values("pm25_ugm3", by_day(hours["pm25_ugm3"], DAYS))
    found = year_of("pm25_ugm3", days, 2013, 2)
    assert (found.mean, found.reason, found.over) == (None, "too_few_days", None)


def test_every_recorded_day_has_a_report_that_is_an_index_or_a_reason(hours):
    reports = [daily_report(hours, day) for day in DAYS]
    given = [report for report in reports if report.aqi.value is not None]
    assert len(reports) == 1461
    for report in reports:
        assert (report.aqi.value is None) == (report.reason is not None)
        complete = report.known == 6
        assert complete or report.aqi.value is None or report.aqi.value > 100
    assert len(given) > 1300
    worst = max(report.aqi.value or 0 for report in given)
    assert worst == 500
    assert date(2016, 12, 20) in [day for day, r in zip(DAYS, reports, strict=True)
                                  if (r.aqi.value or 0) > 300]  # fmt: skip
