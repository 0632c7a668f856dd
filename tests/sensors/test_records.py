"""The band and the reasons on recorded water: a part of what `tests.sensors.floods` computes."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from sensors.reading import Quality
from sensors.water.foresee import Reservoir, Sample, foresee, reach_back
from sensors.water.outlook import State
from sensors.water.rise import Unknown
from tests.sensors.floods import (
    dead_run,
    dead_run_trials,
    kerala_trials,
    score,
    trout_creek,
)

TREMBLING_M = 0.26  # the median level of Trout Creek, over its arbitrary zero


@cache
def some_trials():
    return dead_run_trials(every=5)


def test_the_band_holds_what_it_promises_on_a_stream_that_rises_in_minutes():
    found = score(one for one in some_trials() if one.seen.latest_h is not None)
    assert found.forecasts > 90
    assert 0.75 <= found.inside <= 0.95
    assert 0.3 <= found.came <= 0.6, "what did not come is said on the page, not hidden"


def test_the_band_holds_what_it_promises_on_years_it_was_not_fitted_to():
    trials = kerala_trials("Ponmudi", every=6)
    later = [one for one in trials if one.at.year > 2022 and one.seen.latest_h is not None]
    assert len(later) > 100
    assert 0.75 <= score(later).inside <= 0.97


def test_a_rise_that_dies_away_seldom_arrives():
    dying = score(one for one in some_trials() if one.seen.latest_h is None)
    assert dying.forecasts > 25
    assert dying.came < 0.25


def outlooks(limit_m: float, every: int = 97):
    levels, back = trout_creek(), reach_back(300)
    for i in range(80, len(levels), every):
        now = levels[i].at
        inside = [one for one in levels[i - 80 : i + 1] if one.at > now - back]
        yield foresee(inside, [], Reservoir(300, {"next": limit_m}), now).outlook


def test_a_trembling_gauge_is_hardly_ever_taken_for_a_rising_water():
    found = list(outlooks(TREMBLING_M + 0.2))
    confident = [one for one in found if one.central_h is not None and one.latest_h is not None]
    assert len(found) > 300
    assert len(confident) / len(found) < 0.04
    near = Counter(one.state for one in outlooks(TREMBLING_M + 0.1))
    assert near[State.UNKNOWN] > 60, "a slow rise could hide in the tremble: it says so"


def test_from_when_a_person_says_that_the_bridge_is_gone_nothing_is_foretold():
    removed = datetime(2022, 9, 1, tzinfo=UTC)
    marked = [
        replace(one, quality=Quality.MARKED_INVALID) if one.at >= removed else one
        for one in trout_creek()
        if one.at > removed - timedelta(hours=7)
    ]
    place = Reservoir(300, {"next": TREMBLING_M + 0.1})
    for hours in (1, 5, 48):
        now = removed + timedelta(hours=hours)
        found = foresee([one for one in marked if one.at <= now], [], place, now).outlook
        assert (found.state, found.reasons) == (State.UNKNOWN, (Unknown.TOO_OLD,))
        assert found.central_h is None


def test_the_flood_of_june_2018_was_foretold_within_its_band_when_it_had_begun():
    at = datetime(2018, 6, 3, 18, 0, tzinfo=UTC)
    levels: list[Sample] = [one for one in dead_run() if at - reach_back(300) < one.at <= at]
    found = foresee(levels, [], Reservoir(300, {"flood_limit": 0.6}), at).outlook
    crossed_h = 10 / 60
    assert found.earliest_h is not None
    assert found.latest_h is not None
    assert found.earliest_h <= crossed_h <= found.latest_h
