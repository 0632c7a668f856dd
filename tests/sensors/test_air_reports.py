"""AQI reports: editions by time, what is missing, ties, caps; and GB 3095 against its tables."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sensors.air.aqi import index_of
from sensors.air.aqi_tables import BREAKPOINTS, HJ633_2012, HJ633_2026, IAQI
from sensors.air.exceedance import exceedance, percentile, year_of
from sensors.air.limits import FINAL, GB3095_2012, LIMITS, TRANSITION, edition_on, limit_of
from sensors.air.means import HOUR, hours_of
from sensors.air.reports import Plan, daily_report, realtime_report
from sensors.catalogue import AIR_METRICS

DATA = Path(__file__).parent / "data"
NEW, OLD = date(2026, 3, 1), date(2026, 2, 28)
CLEAN = dict.fromkeys(AIR_METRICS, 1.0)
METRICS = dict(zip(("SO2", "NO2", "CO", "O3", "PM10", "PM2.5"), AIR_METRICS, strict=True))
AVERAGES = {"daily max 8h": "8h"}


def steady(day, back=1, **values):
    """Hourly means of `day` and `back` days before it, all alike."""
    first = hours_of(day)[0] - HOUR * 24 * back
    wanted = CLEAN | values
    return {m: {first + HOUR * n: v for n in range(24 * (back + 1))} for m, v in wanted.items()}


def rows(name):
    lines = [x for x in (DATA / name).read_text("utf-8").splitlines() if not x.startswith("#")]
    return list(csv.DictReader(lines))


def cell(row, limit):
    return (METRICS.get(row["pollutant"], row["pollutant"]),
            AVERAGES.get(row["averaging"], row["averaging"]), limit)  # fmt: skip


# ---- reports


def test_the_edition_follows_the_beijing_day():
    assert daily_report(steady(NEW), NEW).standard == HJ633_2026
    assert daily_report(steady(OLD), OLD).standard == HJ633_2012
    midnight = datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert realtime_report(steady(NEW), midnight).standard == HJ633_2026
    assert realtime_report(steady(NEW), midnight - HOUR).standard == HJ633_2012


def test_the_same_air_is_judged_by_the_edition_of_its_time():
    assert daily_report(steady(NEW, pm25_ugm3=75.0), NEW).aqi.value == 114
    assert daily_report(steady(OLD, pm25_ugm3=75.0), OLD).aqi.value == 100


def test_in_2012_particles_of_an_hour_go_by_24_hours():
    at = hours_of(OLD)[10]
    hours = steady(OLD, pm25_ugm3=20.0)
    hours["pm25_ugm3"] |= {at: 260.0}
    old = realtime_report(hours, at)
    [entry] = [e for e in old.entries if e.metric == "pm25_ugm3"]
    assert (entry.item, entry.mean.value, entry.mean.count) == ("PM25_24H", 30.0, 24)
    new = realtime_report({"pm25_ugm3": {hours_of(NEW)[10]: 260.0}}, hours_of(NEW)[10])
    assert new.aqi.iaqi["pm25_ugm3"] == 310


def test_in_2012_ozone_goes_by_1_h_and_8_h_and_exceeding_pollutants_are_named():
    at = hours_of(OLD)[23]
    report = realtime_report(steady(OLD, o3_ugm3=180.0), at)
    assert [e.item for e in report.entries] == [
        *("SO2_1H", "NO2_1H", "CO_1H", "O3_1H", "O3_8H", "PM10_24H", "PM25_24H")
    ]
    assert report.aqi.iaqi["o3_ugm3"] == 119
    assert report.exceeding == ("o3_ugm3",)
    assert daily_report(steady(NEW, o3_ugm3=300.0), NEW).exceeding == ()


def test_in_2012_sulphur_dioxide_above_800_goes_by_its_day():
    at = hours_of(OLD)[23]
    report = realtime_report(steady(OLD, so2_ugm3=900.0), at)
    assert report.aqi.iaqi["so2_ugm3"] == 213
    assert "SO2_24H" in [e.item for e in report.entries]


def test_in_2026_two_indices_are_capped():
    at = hours_of(NEW)[5]
    capped = realtime_report(steady(NEW, so2_ugm3=5000.0), at).aqi
    assert (capped.value, capped.primary) == (200, ("so2_ugm3",))
    assert daily_report(steady(NEW, o3_ugm3=1000.0), NEW).aqi.value == 300


def test_ties_are_all_primary_and_up_to_50_none():
    tied = daily_report(steady(NEW, pm25_ugm3=60.0, pm10_ugm3=120.0), NEW).aqi
    assert (tied.value, tied.primary) == (100, ("pm10_ugm3", "pm25_ugm3"))
    assert daily_report(steady(NEW, pm25_ugm3=35.0), NEW).aqi.primary == ()


def test_a_missing_pollutant_makes_a_clean_day_na_and_says_why():
    hours = steady(NEW)
    hours["no2_ugm3"] = {at: v for at, v in hours["no2_ugm3"].items() if at < hours_of(NEW)[19]}
    report = daily_report(hours, NEW)
    assert (report.aqi.value, report.reason) == (None, "incomplete")
    assert (report.expected, report.known) == (6, 5)
    [entry] = [e for e in report.entries if e.metric == "no2_ugm3"]
    assert (entry.mark, entry.mean.reason, entry.mean.count) == ("NA", "too_few_hours", 19)
    assert daily_report(hours | {"pm25_ugm3": steady(NEW, pm25_ugm3=61.0)["pm25_ugm3"]}, NEW).aqi


def test_a_missing_pollutant_does_not_hide_polluted_air():
    hours = steady(NEW, pm25_ugm3=61.0) | {"no2_ugm3": {}}
    report = daily_report(hours, NEW)
    assert (report.aqi.value, report.aqi.category, report.aqi.missing) == (101, 3, ("no2_ugm3",))


def test_what_the_plan_leaves_out_is_a_slash_and_blocks_unless_waived():
    hours = steady(NEW) | {"co_mgm3": {}}
    blocked = daily_report(hours, NEW, Plan(unplanned=["co_mgm3"]))
    assert (blocked.aqi.value, blocked.expected) == (None, 5)
    assert [e.mark for e in blocked.entries if e.metric == "co_mgm3"] == ["/"]
    waived = daily_report(hours, NEW, Plan(["co_mgm3"], ["co_mgm3"]))
    assert waived.aqi.value == 2
    not_in_plan = daily_report(hours, NEW, Plan([], ["co_mgm3"]))
    assert not_in_plan.aqi.value is None, "only what the plan leaves out can be waived"


def test_of_nothing_nothing_is_reported():
    report = realtime_report({}, hours_of(NEW)[0])
    assert (report.aqi.value, report.reason, report.known) == (None, "no_data", 0)
    assert {e.mark for e in report.entries} == {"NA"}
    assert index_of({"pm25_ugm3": None}).value is None


# ---- GB 3095


def test_the_limits_are_those_of_the_tables():
    published = {
        (*cell(row, edition), air_class): (float(row[f"{stage}_class{air_class}"]), True)
        for row in rows("gb3095_2026_limits.csv")
        for stage, edition in (("transition", TRANSITION), ("final", FINAL))
        for air_class in (1, 2)
    } | {
        (*cell(row, GB3095_2012), air_class): (
            float(row[f"class{air_class}"]), air_class == 2 and "IAQI100" in row["status"]
        )
        for row in rows("gb3095_2012_limits.csv")
        for air_class in (1, 2)
    }  # fmt: skip
    assert published == {
        (one.pollutant, one.averaging, one.edition, one.air_class): (one.value, one.confirmed)
        for one in LIMITS
    }


def test_units_are_those_of_the_tables():
    for row in rows("gb3095_2026_limits.csv"):
        pollutant, averaging, _ = cell(row, FINAL)
        limit = limit_of(pollutant, averaging, 1, FINAL)
        assert limit.unit == row["unit"].replace("u", "µ").replace("m3", "m³")


def test_the_daily_limits_of_class_2_are_iaqi_100():
    """The cross-check that facts name: both standards say the same."""
    for edition, standard in ((TRANSITION, HJ633_2026), (GB3095_2012, HJ633_2012)):
        points = {item: p[IAQI.index(100)] for item, p in BREAKPOINTS[standard].items()}
        for name, item in (("PM2.5", "PM25"), ("PM10", "PM10"), ("SO2", "SO2"), ("NO2", "NO2")):
            assert limit_of(METRICS[name], "daily", 2, edition).value == points[f"{item}_24H"]


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        *[(date(2013, 1, 1), GB3095_2012), (date(2026, 2, 28), GB3095_2012)],
        *[(date(2026, 3, 1), TRANSITION), (date(2030, 12, 31), TRANSITION)],
        (date(2031, 1, 1), FINAL),
    ],
)
def test_the_edition_in_force(day, edition):
    assert edition_on(day) == edition


def test_a_limit_that_does_not_exist_is_none_and_a_wrong_edition_an_error():
    assert limit_of("pm25_ugm3", "1h", 2, TRANSITION) is None
    with pytest.raises(ValueError, match="no 'GB 3095-1996'"):
        limit_of("pm25_ugm3", "daily", 2, "GB 3095-1996")


# ---- exceedance


PM25 = limit_of("pm25_ugm3", "daily", 2, TRANSITION)


def test_exceedance_counts_valid_days_only():
    days = [date(2026, 4, n) for n in range(1, 6)]
    found = exceedance(dict(zip(days, (60.0, 60.4, None, 90.0, 120.6), strict=True)), PM25)
    assert (found.expected, found.valid, found.over, found.rate) == (5, 4, 2, 0.5)
    assert (found.greatest, found.greatest_at) == (121.0, days[4])
    assert found.multiple == pytest.approx(61 / 60)


def test_exceedance_of_nothing_is_unknown_not_zero():
    found = exceedance({date(2026, 4, 1): None}, PM25)
    assert (found.expected, found.valid, found.over) == (1, 0, 0)
    assert (found.rate, found.greatest, found.multiple, found.greatest_at) == (None,) * 4
    clean = exceedance({date(2026, 4, 1): 10.0}, PM25)
    assert (clean.rate, clean.multiple) == (0.0, None)


def test_at_the_limit_is_not_above_it():
    assert exceedance({date(2026, 4, 1): 60.5}, PM25).over == 0, "60.5 is 60 by GB/T 8170"
    assert exceedance({date(2026, 4, 1): 60.51}, PM25).over == 1


def test_the_percentile_lies_between_ranks():
    assert percentile([1, 2, 3, 4], 50) == 2.5
    assert percentile([5.0], 95) == 5.0
    assert percentile(map(float, range(101)), 95) == 95.0
    assert percentile([None, float("nan")], 95) is None
    with pytest.raises(ValueError, match="between 0 and 100"):
        percentile([1.0], 101)


def test_a_year_too_thin_is_above_nothing_and_below_nothing():
    found = year_of("pm25_ugm3", {date(2027, 1, 1): 300.0}, 2027, 2)
    assert (found.mean, found.over, found.percentile, found.percentile_over) == (None,) * 4
    assert (found.reason, found.valid_days) == ("too_few_days", 1)
