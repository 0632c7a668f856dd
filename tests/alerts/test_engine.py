"""Rules as timelines: what is raised, steps and ends, and when. A reading each minute."""

from dataclasses import replace

from alerts.rule import Limit
from sensors.reading import Quality
from tests.alerts.timeline import PLACE, Desk, at, life, minute, rule


def test_a_value_beyond_the_limit_raises_and_a_value_back_ends():
    assert life(rule(), at(0, 99), at(1, 101), at(2, 101), at(3, 99)) == [
        "raised blue at 1",
        "ended blue at 3",
    ]


def test_at_the_limit_is_not_beyond_it():
    assert life(rule(), at(0, 100)) == []
    assert life(rule(), at(0, 101), at(1, 100)) == ["raised blue at 0", "ended blue at 1"]


def test_one_alert_steps_up_and_down():
    desk = Desk(rule())
    for moment, level in enumerate([101, 111, 105, 99]):
        desk.batch(at(moment, level))
    assert desk.life == [
        "raised blue at 0",
        "stepped_up red at 1",
        "stepped_down blue at 2",
        "ended blue at 3",
    ]
    assert {step.alert_id for step in desk.happened} == {"A1"}
    assert desk.happened[-1].peak == 111
    assert desk.happened[-1].alert.peak_grade == "red"


def test_the_gravest_grade_is_raised_at_once():
    assert life(rule(), at(0, 120)) == ["raised red at 0"]


def test_within_the_dead_band_nothing_clears():
    banded = rule(dead_band=2)
    assert life(banded, at(0, 101), at(1, 98.5), at(2, 98)) == [
        "raised blue at 0",
        "ended blue at 2",
    ]
    assert life(banded, at(0, 111), at(1, 108.5), at(2, 108)) == [
        "raised red at 0",
        "stepped_down blue at 2",
    ]


def test_a_dead_band_clears_at_the_decimal_that_people_wrote():
    tenths = rule(grades={"blue": 0.3}, dead_band=0.1)
    assert life(tenths, at(0, 0.4), at(1, 0.2)) == ["raised blue at 0", "ended blue at 1"]


def test_below_mirrors_above():
    low = rule(when="below", grades={"blue": 10, "red": 5}, dead_band=1)
    assert life(low, at(0, 10), at(1, 9), at(2, 4), at(3, 5.5), at(4, 6), at(5, 11)) == [
        "raised blue at 1",
        "stepped_up red at 2",
        "stepped_down blue at 4",
        "ended blue at 5",
    ]


def test_raises_only_after_the_hold_time():
    held = rule(on_delay_s=120)
    assert life(held, at(0, 99), at(1, 101), at(2, 101), at(3, 101)) == ["raised blue at 3"]
    assert life(held, at(1, 101), at(2, 99), at(3, 101), at(4, 101)) == []


def test_the_hold_needs_a_reading_at_its_end():
    assert life(rule(on_delay_s=120), at(1, 101), at(2.9, 101)) == []
    assert life(rule(on_delay_s=120), at(1, 101), at(3.5, 101)) == ["raised blue at 3.5"]


def test_began_is_the_onset_and_raised_is_the_end_of_the_hold():
    desk = Desk(rule(on_delay_s=120))
    for moment in range(4):
        desk.batch(at(moment, 101))
    alert = desk.happened[0].alert
    assert (alert.began_at, alert.raised_at) == (minute(0), minute(2))
    assert desk.happened[0].reason.params["held_s"] == 120


def test_each_grade_holds_for_itself():
    held = rule(on_delay_s=120)
    assert life(held, at(0, 101), at(1, 111), at(2, 111), at(3, 111)) == [
        "raised blue at 2",
        "stepped_up red at 3",
    ]


def test_the_peak_includes_the_time_before_the_alert_was_raised():
    desk = Desk(rule(on_delay_s=120))
    for moment, level in enumerate([101, 109, 102]):
        desk.batch(at(moment, level))
    assert desk.happened[0].peak == 109


def test_ends_only_after_the_off_delay():
    slow = rule(off_delay_s=120)
    assert life(slow, at(0, 101), at(1, 99), at(2, 101), at(3, 99), at(4, 99), at(5, 99)) == [
        "raised blue at 0",
        "ended blue at 5",
    ]


def test_a_gap_breaks_the_hold_because_nobody_knows_what_lay_in_it():
    held = rule(on_delay_s=120)
    assert life(held, at(0, 101), at(5, 101)) == ["raised blue at 5"]  # five intervals are no gap
    assert life(held, at(0, 101), at(6, 101)) == []
    assert life(held, at(0, 101), at(6, 101), at(8, 101)) == ["raised blue at 8"]


def test_a_hold_longer_than_five_intervals_tolerates_gaps_up_to_itself():
    held = rule(on_delay_s=600)
    assert life(held, at(0, 101), at(9, 101), at(11, 101)) == ["raised blue at 11"]
    assert life(held, at(0, 101), at(11, 101)) == []


def test_a_gap_neither_ends_an_alert_nor_raises_it_anew():
    assert life(rule(), at(0, 101), at(600, 101)) == ["raised blue at 0"]


def test_a_missing_value_is_never_judged():
    assert life(rule(), at(0, None)) == []
    assert life(rule(), at(0, 101), at(1, None)) == ["raised blue at 0"]


def test_a_value_beyond_the_instrument_on_the_alarming_side_raises_and_the_reason_says_so():
    desk = Desk(rule())
    desk.batch(at(1, 9999, Quality.IMPOSSIBLE))
    assert desk.life == ["raised red at 1"]
    assert desk.happened[0].reason.params["off_scale"] is True


def test_a_value_beyond_the_instrument_never_clears():
    impossible = [at(minute, -9999, Quality.IMPOSSIBLE) for minute in range(1, 9)]
    assert life(rule(), at(0, 101), *impossible) == ["raised blue at 0"]
    two = rule(grades={"blue": 100, "red": 1000}, dead_band=0)
    stuck = [at(minute, 500, Quality.IMPOSSIBLE) for minute in range(1, 9)]
    assert life(two, at(0, 1001), *stuck) == ["raised red at 0"]


def test_a_value_beyond_the_instrument_on_the_quiet_side_raises_nothing():
    assert life(rule(), at(0, -9999, Quality.IMPOSSIBLE)) == []


def test_a_rule_that_needs_good_data_ignores_values_beyond_the_instrument():
    assert life(rule(needs="good"), at(0, 9999, Quality.IMPOSSIBLE)) == []


def test_a_suspect_value_raises_and_the_reason_says_so():
    desk = Desk(rule())
    desk.batch(at(0, 101, Quality.RATE))
    assert desk.life == ["raised blue at 0"]
    assert desk.happened[0].reason.params["quality"] == "suspect"


def test_what_a_person_called_valid_is_good_whatever_the_rule_needs_and_tests_say():
    for settings in (rule(needs="good"), rule(without=["spike"])):
        valid = Quality.MARKED_VALID | Quality.SPIKE
        desk = Desk(settings)
        desk.batch(at(0, 101, valid))
        assert desk.life == ["raised blue at 0"]
        assert desk.happened[0].reason.params["quality"] == "good"
        desk.batch(at(1, 99, valid))
        assert desk.life[-1] == "ended blue at 1"


def test_a_rule_that_needs_good_data_ignores_suspect_ones():
    assert life(rule(needs="good"), at(0, 101, Quality.RATE), at(1, 101)) == ["raised blue at 1"]


def test_a_rule_leaves_out_only_what_it_names():
    picky = rule(without=("spike", "stuck"))
    assert life(picky, at(0, 101, Quality.SPIKE | Quality.RATE)) == []
    assert life(picky, at(0, 101, Quality.RATE)) == ["raised blue at 0"]


def test_a_rule_that_names_no_test_judges_every_mark_of_a_test():
    for flag in (Quality.SPIKE, Quality.CLIMATE, Quality.NEIGHBOUR, Quality.STALE_CLOCK):
        assert life(rule(), at(0, 101, flag)) == ["raised blue at 0"]


def test_a_value_that_a_person_marked_invalid_is_not_judged_and_one_marked_valid_is():
    assert life(rule(), at(0, 101, Quality.MARKED_INVALID)) == []
    vouched = Quality.IMPOSSIBLE | Quality.MARKED_VALID
    assert life(rule(), at(0, 101, vouched), at(1, 99, vouched)) == [
        "raised blue at 0",
        "ended blue at 1",
    ]


def test_what_was_judged_already_is_refused():
    desk = Desk(rule())
    desk.batch(at(5, 101))
    desk.batch(at(5, 99), at(4, 99), now=6)
    assert desk.life == ["raised blue at 5"]


def test_readings_of_one_batch_are_judged_in_event_order():
    desk = Desk(rule(on_delay_s=60))
    desk.batch(at(1, 101), at(2, 99), at(0, 101), now=2)
    assert desk.life == ["raised blue at 1", "ended blue at 2"]


def test_a_limit_of_the_station_is_found_by_name():
    assert life(rule(grades={"orange": "flood_limit"}), at(0, 101)) == ["raised orange at 0"]


def test_the_limit_of_the_season_goes_before_that_of_the_rest_of_the_year():
    limits = (Limit(100.0), Limit(90.0, season_from="06-01", season_to="06-30"))
    place = replace(PLACE, limits={"flood_limit": limits})
    seasonal = rule(grades={"orange": "flood_limit"})
    july = 60 * 24 * 30
    assert life(seasonal, at(0, 95), place=place) == ["raised orange at 0"]
    assert life(seasonal, at(july, 95), place=place) == []


def test_an_alert_ends_when_its_limits_season_does():
    summer = (Limit(90.0, season_from="06-01", season_to="06-30"),)
    place = replace(PLACE, limits={"flood_limit": summer})
    july = 60 * 24 * 30
    assert life(rule(grades={"orange": "flood_limit"}), at(0, 95), at(july, 95), place=place) == [
        "raised orange at 0",
        f"ended orange at {july}",
    ]


def test_a_step_down_says_which_limit_was_left():
    desk = Desk(rule())
    desk.batch(at(0, 111))
    desk.batch(at(1, 105))
    assert desk.happened[1].reason.code == "returned"
    assert desk.happened[1].reason.params["limit"] == 110
    assert desk.happened[1].limit == 100
