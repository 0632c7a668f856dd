"""Who is told: backlog is judged, late data is honest (promise 5)."""

from tests.alerts.timeline import Desk, at, rule


def backlog(*pairs, arrived):
    return [at(moment, level, arrived=arrived) for moment, level in pairs]


def test_a_live_alert_is_told_when_it_is_raised_when_it_steps_and_when_it_ends():
    desk = Desk(rule())
    for moment, level in enumerate([101, 111, 112, 105, 99]):
        desk.batch(at(moment, level))
    assert desk.told == desk.life
    assert len(desk.told) == 4


def test_a_leak_that_began_during_our_outage_and_lasts_is_told_once_at_the_restart():
    desk = Desk(rule())
    desk.batch(at(0, 99))
    desk.batch(*backlog((1, 99), (2, 101), (3, 102), (10, 103), arrived=10.1))
    assert desk.told == ["raised blue at 2"]
    desk.batch(at(11, 103))
    assert desk.told == ["raised blue at 2"]


def test_what_is_over_by_the_end_of_the_backlog_is_found_afterwards_and_nobody_is_called():
    desk = Desk(rule())
    desk.batch(*backlog((2, 101), (3, 102), (9, 99), arrived=10))
    assert desk.life == ["raised blue at 2", "ended blue at 9"]
    assert desk.told == []
    assert [step.found_afterwards for step in desk.happened] == [False, True]


def test_an_old_backlog_that_ends_beyond_the_limit_waits_for_a_fresh_reading():
    desk = Desk(rule())
    desk.batch(*backlog((0, 101), (1, 101), arrived=100))
    assert desk.told == []
    desk.batch(*backlog((50, 101), (51, 101), arrived=101))
    assert desk.told == []
    desk.batch(*backlog((99, 101), (100, 101), arrived=101.1))
    assert desk.told == ["announced blue at 100"]
    desk.batch(at(101, 101))
    desk.batch(at(102, 99))
    assert desk.told == ["announced blue at 100", "ended blue at 102"]


def test_an_alert_untold_in_one_batch_and_over_in_the_next_is_found_afterwards():
    desk = Desk(rule())
    desk.batch(*backlog((0, 101), (1, 101), arrived=100))
    desk.batch(*backlog((2, 99), (100, 99), arrived=100.1))
    assert desk.told == []
    assert desk.happened[-1].found_afterwards


def test_amid_a_backlog_only_what_is_of_this_moment_is_told():
    """The rest of the backlog may end what its beginning raised; told at the end: test_judging."""
    desk = Desk(rule())
    desk.batch(*backlog((0, 101), (5, 101), arrived=10))
    assert desk.told == []
    desk.batch(*backlog((6, 99), (9, 99), arrived=10))
    assert desk.told == []
    assert desk.happened[-1].found_afterwards
    desk.batch(at(10, 101, arrived=11.4))  # a minute's interval and half a minute on its way
    assert desk.told == ["raised blue at 10"]


def test_an_alert_that_people_know_of_ends_for_them_however_old_the_news_is():
    desk = Desk(rule())
    desk.batch(at(0, 101))
    desk.batch(*backlog((1, 99), arrived=100))
    assert desk.told == ["raised blue at 0", "ended blue at 1"]
    assert not desk.happened[-1].found_afterwards


def test_a_batch_that_climbs_two_grades_is_told_once_with_the_grade_it_ends_in():
    desk = Desk(rule())
    desk.batch(at(0, 101), at(1, 111))
    assert desk.life == ["raised blue at 0", "stepped_up red at 1", "announced red at 1"]
    assert desk.told == ["announced red at 1"]


def test_a_step_within_a_batch_that_returns_to_the_grade_last_told_tells_nobody():
    desk = Desk(rule())
    desk.batch(at(0, 101))
    desk.batch(at(1, 111), at(2, 105))
    assert desk.life == ["raised blue at 0", "stepped_up red at 1", "stepped_down blue at 2"]
    assert desk.told == ["raised blue at 0"]


def test_a_step_found_in_old_backlog_is_told_by_the_first_fresh_reading():
    desk = Desk(rule())
    desk.batch(at(0, 101))
    desk.batch(*backlog((1, 111), arrived=100))
    assert desk.told == ["raised blue at 0"]
    desk.batch(at(100, 111))
    assert desk.told == ["raised blue at 0", "announced red at 100"]


def test_a_live_spike_that_begins_and_ends_within_one_batch_is_told_all_the_same():
    desk = Desk(rule())
    desk.batch(at(0, 101), at(0.02, 99), now=0.03)
    assert desk.told == ["raised blue at 0", "ended blue at 0.02"]
    assert not any(step.found_afterwards for step in desk.happened)


def test_what_is_fresh_can_be_said_in_the_rule():
    desk = Desk(rule(fresh_s=60))
    desk.batch(at(0, 101), now=2)
    assert desk.told == []
    desk.batch(at(2, 101), now=2.5)
    assert desk.told == ["announced blue at 2"]


def test_a_missing_reading_tells_nobody_of_an_old_exceedance():
    desk = Desk(rule())
    desk.batch(*backlog((0, 101), arrived=100))
    desk.batch(at(100, None))
    assert desk.told == []


def test_an_announcement_within_the_dead_band_does_not_claim_to_be_beyond_the_limit():
    desk = Desk(rule(dead_band=5))
    desk.batch(*backlog((0, 101), arrived=100))
    desk.batch(at(100, 98))
    assert desk.told == ["announced blue at 100"]
    assert desk.happened[-1].reason.code == "not_cleared"
