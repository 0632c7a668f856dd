"""Time to the next limit: shorter when it rises faster, ordered, and unknown rather than wrong."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.reading import Origin, Quality
from sensors.water.foresee import Foresight, Reservoir, Sample, foresee
from sensors.water.outlook import FAR_H, Outlook, Reason, State, aged, band, stored_hours
from sensors.water.rise import Unknown
from tests.sensors.test_rise import NOW, line, rate

LEVELS = {"dead": 12.0, "flood_limit": 20.5, "normal_pool": 21.0, "check_flood": 24.0}


def samples(slope: float, **more) -> list[Sample]:
    return [Sample(one.at, one.level_m) for one in line(slope, **more)]


def see(found: list[Sample], levels=LEVELS, interval_s: float = 300, late_s: float = 0) -> Outlook:
    now = found[-1].at + timedelta(seconds=late_s)
    return foresee(found, [], Reservoir(interval_s, levels), now).outlook


def test_at_a_steady_rate_it_is_distance_over_rate():
    found = see(samples(0.1))
    assert (found.state, found.limit, found.limit_m) == (State.RISING, "flood_limit", 20.5)
    assert found.central_h == pytest.approx(5.0)
    assert found.earliest_h is not None
    assert found.latest_h is not None
    assert found.earliest_h < 5.0 < found.latest_h
    assert found.horizon_h is not None
    assert found.horizon_h >= 5.0


@given(st.floats(0.03, 2), st.floats(1.05, 5))
def test_it_is_shorter_when_it_rises_faster(slope, faster):
    slow, fast = see(samples(slope)), see(samples(slope * faster))
    if slow.central_h is not None and fast.central_h is not None:
        assert fast.central_h < slow.central_h


@given(
    st.floats(0.001, 20), st.floats(0.01, 3), st.floats(0, 0.9), st.floats(-1, 6), st.floats(0, 6)
)
def test_the_band_lies_around_the_central_time(distance_m, rate_mh, doubt, recent, earlier):
    rise = replace(
        rate(line(rate_mh)),
        error_mh=doubt * rate_mh,
        recent_mh=recent * rate_mh,
        earlier_mh=earlier * rate_mh,
    )
    low, central, high = band(distance_m, rise)
    assert 0 < low <= central
    assert high is None or central <= high
    assert (high is None) == (rise.recent_mh / rise.rate_mh < 0.5 or 1.2816 * doubt >= 1)


@given(st.floats(0.001, 5), st.floats(1.01, 10), st.floats(0.05, 3))
def test_a_farther_limit_is_reached_later(distance_m, times, rate_mh):
    rise = rate(line(rate_mh))
    near, far = band(distance_m, rise), band(distance_m * times, rise)
    assert near[0] < far[0]
    assert near[1] < far[1]
    assert near[2] is not None
    assert far[2] is not None
    assert near[2] < far[2]


def test_falling_steady_and_above_all_say_so_without_hours():
    falling, steady = see(samples(-0.1)), see(samples(0.0))
    assert (falling.state, falling.central_h) == (State.FALLING, None)
    assert (steady.state, steady.reasons) == (State.STEADY, (Reason.NOT_RISING,))
    above = see(samples(0.1, top_m=24.2))
    assert above.reached == ("flood_limit", "normal_pool", "check_flood")
    assert (above.limit, above.central_h, above.reasons) == (None, None, (Reason.NO_LIMIT,))


def test_a_limit_that_is_just_reached_is_not_the_next():
    found = see(samples(0.1, top_m=20.5))
    assert (found.reached, found.limit) == (("flood_limit",), "normal_pool")


def test_nobody_is_told_when_the_water_comes_back_to_the_dead_level():
    assert see(samples(0.1, top_m=11.9)).limit == "flood_limit"


def test_beyond_what_the_rate_can_tell_there_are_no_hours():
    found = see(samples(0.01))
    assert (found.state, found.central_h) == (State.RISING, None)
    assert Reason.BEYOND in found.reasons
    assert found.horizon_h == pytest.approx(24)
    assert stored_hours(found) == FAR_H
    young = see(samples(0.1, hours=0.4))
    assert (young.central_h, young.reasons) == (None, (Reason.BEYOND,))
    assert stored_hours(young) is None, "half an hour of readings cannot say that it is far"


def test_a_rise_that_dies_away_may_never_arrive():
    top = [Sample(one.at, 20 - 0.3 * math.exp(8 - 8 * n / 96) / math.exp(8)) for n, one in
           enumerate(line(0.0))]  # fmt: skip
    near = see(top, {"flood_limit": 20.02})
    if near.central_h is not None:
        assert near.latest_h is None
        assert Reason.SLOWING in near.reasons


def test_a_gauge_too_wild_to_tell_is_unknown_not_steady():
    wild = [
        Sample(one.at, (one.value or 0) + 0.2 * math.sin(17.3 * n * n))
        for n, one in enumerate(samples(0.0))
    ]
    found = see(wild, {"flood_limit": 20.4})
    assert (found.state, found.reasons) == (State.UNKNOWN, (Reason.NOISY,))
    assert found.hidden_mh is not None
    assert found.hidden_mh > 0
    assert stored_hours(found) is None


def test_what_is_too_old_is_unknown_and_still_above_its_limit():
    found = see(samples(0.5, top_m=20.7), late_s=1501)
    assert (found.state, found.reasons) == (State.UNKNOWN, (Unknown.TOO_OLD,))
    assert found.reached == ("flood_limit",)
    assert found.central_h is None


def test_suspect_readings_are_out_unless_a_person_called_them_valid():
    bad = [replace(one, quality=Quality.RATE) if n > 80 else one for n, one in
           enumerate(samples(0.5))]  # fmt: skip
    found = see(bad)
    assert (found.state, found.reasons) == (State.UNKNOWN, (Unknown.TOO_OLD,))
    valid = [replace(one, quality=one.quality | Quality.MARKED_VALID) for one in bad]
    assert see(valid).state is State.RISING
    floods = [replace(one, quality=Quality.CLIMATE) for one in samples(0.5)]
    assert see(floods).state is State.RISING, "unusual for the season is not wrong"


def test_a_replayed_recording_is_timed_by_itself_and_not_by_its_replay():
    """A recorded day every 15 s; the run before it, which ended in the water, is another."""
    daily = line(0.02, hours=24 * 20, interval_s=86400)
    before = [replace(one, level_m=3.0) for one in daily]
    replayed = [
        Sample(
            NOW + timedelta(seconds=15 * n),
            one.level_m,
            origin=Origin.RECORDED,
            original_at=one.at,
        )
        for n, one in enumerate([*before, *daily])
    ]
    seen = foresee(replayed, [], Reservoir(15, LEVELS), replayed[-1].at)
    assert isinstance(seen, Foresight)
    assert seen.own_time
    assert seen.origin is Origin.RECORDED
    assert seen.outlook.central_h == pytest.approx(25.0)


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=30),
    st.sampled_from(list(Quality)),
)
def test_no_number_comes_of_no_number(values, quality):
    found = [Sample(NOW - timedelta(minutes=5 * n), v, quality) for n, v in enumerate(values)][::-1]
    seen = foresee(found, [], Reservoir(300, LEVELS, ((0, 0), (30, 1e6))), NOW)
    for hours in (seen.outlook.central_h, seen.outlook.earliest_h, stored_hours(seen.outlook)):
        assert hours is None or math.isfinite(hours)


@given(st.integers(60, 96), st.floats(-0.5, 0.5))
def test_what_came_before_the_window_and_what_comes_later_does_not_matter(count, slope):
    """So that it does not matter how readings were gathered."""
    every = samples(slope)
    now = every[count - 1].at
    place = Reservoir(300, LEVELS)
    back = [one for one in every if one.at > now - timedelta(hours=6, minutes=25)]
    assert foresee(every, [], place, now) == foresee(
        [one for one in back if one.at <= now], [], place, now
    )


def told(found: Outlook, hours: float) -> Outlook:
    assert found.at is not None
    return aged(found, found.at + timedelta(hours=hours))


def test_as_its_reading_grows_old_an_outlook_is_due_and_then_unknown():
    found = see(samples(0.1))
    assert found.latest_h is not None
    assert told(found, 4.9) == found
    due = told(found, 5.1)
    assert (due.state, due.central_h, due.reasons) == (State.RISING, found.central_h, (Reason.DUE,))
    gone = told(found, found.latest_h + 0.01)
    assert (gone.state, gone.reasons) == (State.UNKNOWN, (Reason.PAST,))
    assert gone.central_h is gone.earliest_h is gone.latest_h is None
    assert (gone.limit, gone.level_m) == (found.limit, found.level_m)


def test_without_an_end_it_is_told_as_far_as_the_rate_can_tell():
    found = replace(see(samples(0.1)), latest_h=None, reasons=(Reason.SLOWING,))
    assert found.horizon_h is not None
    assert told(found, found.horizon_h - 0.01).reasons == (Reason.SLOWING, Reason.DUE)
    assert told(found, found.horizon_h + 0.01).reasons == (Reason.PAST,)


def test_what_has_no_hours_does_not_age():
    for found in (see(samples(0.0)), see(samples(0.5), late_s=1501), see(samples(0.01))):
        assert aged(found, NOW + timedelta(days=9)) == found
