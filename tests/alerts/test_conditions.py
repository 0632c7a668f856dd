"""What a rule can ask beyond a limit, as timelines: outside, a rate, a mean, a deviation."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.usual import usual_at
from alerts.wording import limit_period_s, say
from sensors.reading import Quality
from tests.alerts.timeline import PLACE, Desk, at, life, minute, rule

OUTSIDE = {
    "when": "outside",
    "grades": None,
    "low": {"yellow": 10, "red": 5},
    "high": {"yellow": 100, "red": 110},
}
RATE = {"when": "rate", "grades": {"blue": 6, "red": 12}, "window_s": 720}  # of 12 parts of 1 min
MEAN = {"mean_over_s": 3600}


def ramp(per_minute, minutes, start=50.0, since=0):
    return [at(since + n, round(start + per_minute * n, 6)) for n in range(minutes)]


# ---- outside


def test_outside_is_one_alert_whichever_side_the_value_leaves():
    outside = rule(**OUTSIDE)
    assert life(outside, at(0, 50), at(1, 9), at(2, 4), at(3, 50), at(4, 101)) == [
        "raised yellow at 1",
        "stepped_up red at 2",
        "ended red at 3",
        "raised yellow at 4",
    ]


def test_a_value_that_jumps_from_one_side_to_the_other_stays_one_alert():
    desk = Desk(rule(**OUTSIDE))
    for reading in [at(0, 9), at(1, 111), at(2, 50)]:
        desk.batch(reading)
    assert desk.life == ["raised yellow at 0", "stepped_up red at 1", "ended red at 2"]
    assert [step.reason.params["when"] for step in desk.happened[:2]] == ["below", "above"]
    assert [step.limit for step in desk.happened[:2]] == [10, 110]


def test_outside_has_a_dead_band_inside_both_limits():
    outside = rule(**OUTSIDE, dead_band=2)
    assert life(outside, at(0, 9), at(1, 11.9), at(2, 12)) == [
        "raised yellow at 0",
        "ended yellow at 2",
    ]
    assert life(outside, at(0, 101), at(1, 98.1), at(2, 98)) == [
        "raised yellow at 0",
        "ended yellow at 2",
    ]


def test_outside_is_worded_by_the_side_it_left():
    desk = Desk(rule(**OUTSIDE))
    desk.batch(at(0, 9))
    assert say(desk.happened[0].reason)["en"] == "Level 9.00 m below 10.00 m"
    desk.batch(at(1, 50))
    assert say(desk.happened[1].reason)["zh"] == "水位 50.00 m，已回到 10.00 m 以上"


def test_beyond_the_instrument_on_either_side_raises_and_never_clears():
    outside = rule(**OUTSIDE)
    for level in (-9999, 9999):
        off_scale = at(0, level, Quality.IMPOSSIBLE)
        assert life(outside, off_scale, at(1, 50, Quality.IMPOSSIBLE)) == ["raised red at 0"]


# ---- rate


def test_a_rise_faster_than_the_limit_raises_when_the_window_shows_it():
    """0.2 m a minute is 12 m/h; the window needs readings in its first and its last third."""
    rising = rule(**RATE | {"grades": {"blue": 6}})
    assert life(rising, *ramp(0.2, 8)) == []
    assert life(rising, *ramp(0.2, 20)) == ["raised blue at 8"]


def test_a_slow_rise_raises_nothing_however_high_it_leads():
    assert life(rule(**RATE), *ramp(0.1, 200)) == []


def test_at_the_rate_is_not_faster_than_it():
    assert life(rule(**RATE), *ramp(0.1, 60)) == []
    assert life(rule(**RATE), *ramp(0.11, 60)) == ["raised blue at 8"]


def test_a_fall_counts_only_where_it_is_asked_for():
    fall = ramp(-0.2, 20)
    assert life(rule(**RATE | {"grades": {"blue": 6}}), *fall) == []
    down = rule(**RATE | {"grades": {"blue": 6}}, direction="down")
    assert life(down, *fall) == ["raised blue at 8"]
    assert life(down, *ramp(0.2, 20)) == []
    either = rule(**RATE | {"grades": {"blue": 6}}, direction="either")
    assert life(either, *fall) == life(either, *ramp(0.2, 20)) == ["raised blue at 8"]


def test_a_rate_ends_when_the_window_is_flat_again():
    flat = [at(20 + n, 54.0) for n in range(20)]
    steps = life(rule(**RATE | {"grades": {"blue": 6}}), *ramp(0.2, 21), *flat)
    assert steps[0] == "raised blue at 8"
    assert [step.split()[0] for step in steps] == ["raised", "ended"]


def test_one_wild_reading_is_no_rise():
    readings = ramp(0.0, 60)
    readings[30] = at(30, 500)
    assert life(rule(**RATE), *readings) == []


def test_a_silence_longer_than_the_rule_holds_begins_the_window_anew():
    """What rose by 10 m within an hour of silence may have done so at any rate."""
    before, after = ramp(0.0, 20), ramp(0.0, 30, start=60, since=80)
    assert life(rule(**RATE), *before, *after) == []
    close = ramp(0.0, 30, start=60, since=24)
    assert life(rule(**RATE), *before, *close)[0].startswith("raised")


def test_a_rate_is_worded_with_its_window():
    desk = Desk(rule(**RATE | {"grades": {"blue": 6}}))
    for reading in ramp(0.2, 9):
        desk.batch(reading)
    said = say(desk.happened[0].reason)
    assert said["en"] == "Level rises by 12.000 m/h, more than 6.000 m/h, over 12 min"
    assert said["zh"] == "水位上升 12.000 m/h，超过 6.000 m/h（12 分钟内）"


# ---- mean


def test_it_is_the_mean_of_the_hour_that_is_compared():
    """One reading far above the limit is no hour above it; a whole hour a little above is."""
    mean = rule(grades={"blue": 100}, **MEAN)
    spike = [at(n, 3000 if n == 60 else 50) for n in range(120)]
    assert life(mean, *spike) == []
    hour = [at(n, 50) for n in range(60)] + [at(60 + n, 110) for n in range(61)]
    assert life(mean, *hour) == ["raised blue at 110"]


def test_a_mean_counts_from_three_quarters_of_its_readings_on():
    mean = rule(grades={"blue": 100}, **MEAN)
    assert life(mean, *[at(n, 200) for n in range(44)]) == []
    assert life(mean, *[at(n, 200) for n in range(60)]) == ["raised blue at 44"]


def test_a_mean_with_too_few_readings_ends_nothing():
    mean = rule(grades={"blue": 100}, **MEAN)
    high = [at(n, 200) for n in range(60)]
    assert life(mean, *high, at(300, 1), at(301, 1)) == ["raised blue at 44"]
    assert life(mean, *high, *[at(300 + n, 1) for n in range(60)])[-1] == "ended blue at 344"


def test_readings_that_do_not_count_enter_no_mean():
    mean = rule(grades={"blue": 100}, needs="good", **MEAN)
    readings = [at(n, 50) for n in range(60)]
    wild = [at(60 + n / 10, 5000, Quality.RATE) for n in range(60)]
    broken = [at(70 + n / 10, 5000, Quality.IMPOSSIBLE) for n in range(60)]
    assert life(mean, *readings, *wild) == []
    assert life(rule(grades={"blue": 100}, **MEAN), *readings, *broken) == []


def test_a_station_that_reports_its_own_hourly_means_is_compared_at_once():
    hourly = replace(PLACE, interval_s=3600)
    mean = rule(grades={"blue": 100}, **MEAN)
    assert life(mean, at(0, 50), at(60, 101), place=hourly) == ["raised blue at 60"]


def test_a_mean_of_equal_decimals_is_that_decimal():
    mean = rule(grades={"blue": 0.3}, **MEAN)
    assert life(mean, *[at(n, 0.3) for n in range(200)]) == []


def test_a_mean_is_worded_as_one_and_screens_know_what_the_limit_is_for():
    desk = Desk(rule(grades={"blue": 100}, **MEAN))
    for n in range(45):
        desk.batch(at(n, 200))
    step = desk.happened[0]
    assert say(step.reason)["en"] == "Level 1 h mean 200.00 m above 100.00 m"
    assert say(step.reason)["zh"] == "水位 1 小时均值 200.00 m 高于 100.00 m"
    assert (limit_period_s(step.reason), step.reason.basis) == (3600, "mean")
    assert step.value == 200


# ---- deviation


def usual(value):
    """The same in every month, but nothing is known of February."""
    return tuple(None if month == 1 else value for month in range(12))


DEVIATION = {"when": "deviation", "usual": "month", "grades": {"blue": 10, "red": 20}}
KNOWN = replace(PLACE, usual=usual(50.0))


def test_a_deviation_is_from_what_is_usual_then_and_there():
    high = rule(**DEVIATION)
    assert life(high, at(0, 60), at(1, 60.1), at(2, 71), at(3, 55), place=KNOWN) == [
        "raised blue at 1",
        "stepped_up red at 2",
        "ended red at 3",
    ]
    assert life(high, at(0, 0), place=KNOWN) == []
    low = rule(**DEVIATION, direction="either")
    assert life(low, at(0, 39), place=KNOWN) == ["raised blue at 0"]


def test_where_nothing_is_known_to_be_usual_nothing_deviates():
    february = -60 * 24 * 110
    assert usual_at(KNOWN.usual, minute(february)) is None
    assert life(rule(**DEVIATION), at(february, 500), place=KNOWN) == []


def test_a_deviation_is_worded_by_its_size():
    desk = Desk(rule(**DEVIATION, direction="either"), KNOWN)
    desk.batch(at(0, 35))
    assert say(desk.happened[0].reason) == {
        "zh": "水位比当月常值低 15.00 m，超过 10.00 m",
        "en": "Level 15.00 m below the usual of the month, more than 10.00 m",
    }


# ---- seasons


def test_a_season_has_limits_of_its_own_and_the_rest_of_the_year_those_of_the_rule():
    june = {"season_from": "06-01", "season_to": "06-30", "grades": {"blue": 90}}
    seasonal = rule(grades={"blue": 100, "red": 110}, seasons=[june])
    july = 60 * 24 * 30
    assert life(seasonal, at(0, 95), at(1, 111), at(july, 95)) == [
        "raised blue at 0",
        "stepped_up red at 1",
        f"ended red at {july}",
    ]


def test_a_rule_may_hold_in_its_season_only():
    june = {"season_from": "06-01", "season_to": "06-30", "grades": {"blue": 90}}
    seasonal = rule(grades=None, seasons=[june])
    july = 60 * 24 * 30
    assert life(seasonal, at(0, 95), at(july, 95)) == ["raised blue at 0", f"ended blue at {july}"]
    assert life(seasonal, at(july, 95)) == []


def test_the_season_turns_at_midnight_in_beijing():
    june = {"season_from": "06-02", "season_to": "06-30", "grades": {"blue": 90}}
    seasonal = rule(grades=None, seasons=[june])
    midnight = 4 * 60  # NOON is 20:00 in Beijing
    assert life(seasonal, at(midnight - 1, 95), at(midnight, 95)) == [f"raised blue at {midnight}"]


def test_a_class_of_the_air_quality_index_is_a_limit():
    air = replace(PLACE, metric="aqi", limits={})
    heavy = rule(metric="aqi", unit="", grades={"orange": "heavy_pollution"})
    desk = Desk(heavy, air)
    desk.batch(replace(at(0, 200), metric="aqi"))
    assert desk.life == []
    desk.batch(replace(at(1, 201), metric="aqi"))
    assert desk.life == ["raised orange at 1"]
    assert say(desk.happened[0].reason)["en"] == "AQI 201 above Heavy pollution 200"


@pytest.mark.parametrize(("grade", "expected"), [(5, None), (4, "blue"), (3, "yellow"), (1, "red")])
def test_a_grade_of_a_major_hazard_is_a_limit(grade, expected):
    plant = replace(PLACE, metric="hazard_grade", limits={})
    grades = {g: f"grade_{4 - n}" for n, g in enumerate(("blue", "yellow", "orange", "red"))}
    hazard = rule(metric="hazard_grade", unit="", when="below", grades=grades)
    steps = life(hazard, replace(at(0, grade), metric="hazard_grade"), place=plant)
    assert steps == ([f"raised {expected} at 0"] if expected else [])


def test_the_window_of_a_mean_is_forgotten_once_nothing_can_come_of_it():
    desk = Desk(rule(grades={"blue": 100}, **MEAN))
    for n in range(60):
        desk.batch(at(n, 200))
    assert desk.state.window is not None
    for n in range(60, 240):
        desk.batch(at(n, 50))
    assert desk.state.window is None
    assert desk.state.idle
    assert desk.stored[-1].observed_at - desk.stored[0].observed_at == timedelta(minutes=239)
