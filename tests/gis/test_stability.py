"""Pasquill's classes from wind and sky, the wind's mean and spread."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.plume.stability import Sky, order, parts, sky_at, stability
from gis.plume.wind import (
    DEFAULT_SPREAD_DEG,
    WindReading,
    half_angle,
    mean_direction,
    mean_wind,
    resultant,
    spread,
    wind_by_hand,
)

NIGHT, NOON = Sky(-40, True), Sky(70, False)
NOW = datetime(2026, 11, 21, 19, 14, tzinfo=UTC)
BEILUN = (121.89, 29.91)


@pytest.mark.parametrize(
    ("speed", "sky", "classes"),
    [
        (1.9, Sky(70, False, 0), ("A",)),
        (2.0, Sky(70, False, 0), ("A-B",)),
        (4.9, Sky(50, False, 0), ("B-C",)),
        (5.0, Sky(50, False, 0), ("C-D",)),
        (6.0, Sky(70, False, 0), ("C",)),
        (3.2, Sky(20, False, 0), ("C",)),
        (3.2, Sky(70, False, 6), ("B-C",)),  # broken cloud: one step less
        (3.2, Sky(70, False, 8), ("D",)),  # overcast
        (3.2, Sky(-30, True, 8), ("D",)),
        (2.4, Sky(-30, True, 4), ("E",)),
        (2.4, Sky(-30, True, 3), ("F",)),
        (3.4, NIGHT, ("D", "E")),
        (1.6, NIGHT, ("D", "E", "F")),  # it may be overcast, too
        (4.0, NOON, ("B", "B-C", "C", "D")),
    ],
)
def test_the_table_of_classes(speed, sky, classes):
    assert stability(speed, sky).classes == classes


@pytest.mark.parametrize("speed", [None, math.nan, -0.1, math.inf])
def test_no_wind_is_no_class(speed):
    assert stability(speed, NIGHT).classes == ()


@given(speed=st.floats(0, 30), sun=st.floats(-90, 90), night=st.booleans())
def test_what_is_known_of_the_cloud_is_among_what_may_be(speed, sun, night):
    may_be = set(stability(speed, Sky(sun, night)).classes)
    for octas in range(9):
        assert set(stability(speed, Sky(sun, night, octas)).classes) <= may_be


def test_night_begins_an_hour_before_sunset():
    """Ningbo, 21 November 2026: the sun sets about 16:56 in Beijing time."""
    day = datetime(2026, 11, 21, tzinfo=UTC)
    assert not sky_at(*BEILUN, day + timedelta(hours=7, minutes=45)).night
    assert sky_at(*BEILUN, day + timedelta(hours=8, minutes=5)).night
    assert sky_at(*BEILUN, NOW).night
    assert 35 < sky_at(*BEILUN, day + timedelta(hours=4)).sun_deg < 42


def test_in_between_classes():
    assert parts("B-C") == ("B", "C")
    assert order("B-C") == 1.5
    with pytest.raises(ValueError, match="no stability class"):
        parts("G")


def readings(*pairs, step_s=20):
    count = len(pairs)
    return [
        WindReading(NOW - timedelta(seconds=step_s * (count - index)), *pair)
        for index, pair in enumerate(pairs)
    ]


def test_directions_are_averaged_over_north():
    found = mean_direction(readings((3, 350), (3, 10)))
    assert min(found, 360 - found) < 1e-9


def test_a_steady_wind_has_the_least_spread_and_a_turning_one_more():
    assert spread(readings(*[(3, 18)] * 6)) == 10
    turning = spread(readings(*[(3, 18 + turn) for turn in (-20, -10, 0, 0, 10, 20)]))
    assert turning is not None
    assert 20 < turning < 60
    assert spread(readings(*[(3, turn) for turn in range(0, 360, 30)])) == 60


def test_a_wind_that_reverses_has_no_direction():
    """A sea breeze sets in: north and south by turns, whose mean is east or west."""
    assert mean_wind(readings(*[(3, 10), (3, 190)] * 5), NOW, "W-01", 0).turning
    assert mean_wind(readings((3, 10), (3, 190)), NOW, "W-01", 0).turning
    assert mean_wind(readings(*[(3, each) for each in range(0, 360, 30)]), NOW, "W-01", 0).turning
    assert not mean_wind(readings(*[(3, 10), (3, 40)] * 5), NOW, "W-01", 0).turning
    assert not mean_wind(readings((3, 10)), NOW, "W-01", 0).turning
    assert not wind_by_hand(3, 10).turning


@given(st.lists(st.floats(0, 360), min_size=5, max_size=20))
def test_a_wedge_is_only_drawn_where_it_holds_the_directions(directions):
    """Of a wind that does not turn twice the deviation lies under the cap of 60 degrees."""
    given_ = readings(*[(3, each) for each in directions])
    wind = mean_wind(given_, NOW, "W-01", 0)
    assert 0 <= resultant(given_) <= 1
    if not wind.turning:
        assert resultant(given_) > math.exp(-(math.radians(30) ** 2) / 2) - 1e-9
        assert wind.spread_deg is not None
        assert wind.spread_deg < 60


def test_too_few_readings_have_no_spread_of_their_own():
    wind = mean_wind(readings((3, 18), (3.4, 20)), NOW, "W-01", 3900)
    assert wind.spread_deg is None
    assert half_angle(wind, "D") == DEFAULT_SPREAD_DEG["D"]
    assert half_angle(wind, "A-B") == DEFAULT_SPREAD_DEG["A"]
    assert (wind.speed_low_ms, wind.speed_high_ms) == pytest.approx((2.4, 4.0))


def test_old_or_future_wind_is_not_used():
    old = [WindReading(NOW - timedelta(minutes=16), 3, 18)]
    ahead = [WindReading(NOW + timedelta(minutes=2), 3, 18)]
    assert mean_wind(old, NOW, "W-01", 0) is None
    assert mean_wind(ahead, NOW, "W-01", 0) is None
    assert mean_wind([], NOW, "W-01", 0) is None


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 360)), min_size=1, max_size=40))
def test_the_band_holds_the_mean(pairs):
    wind = mean_wind(readings(*pairs), NOW, "W-01", 0)
    assert wind.speed_low_ms <= wind.speed_ms <= wind.speed_high_ms
    assert 0 <= wind.from_deg < 360
    assert wind.spread_deg is None or 10 <= wind.spread_deg <= 60


@given(st.floats(0, 359), st.lists(st.floats(-20, 20), min_size=5, max_size=20))
def test_turning_all_directions_turns_the_mean(turn, around):
    at_north = readings(*[(3, off % 360) for off in around])
    turned = readings(*[(3, (off + turn) % 360) for off in around])
    off = mean_direction(turned) - mean_direction(at_north) - turn
    assert abs((off + 180) % 360 - 180) < 1e-6
    assert spread(turned) == pytest.approx(spread(at_north), abs=1e-6)


@pytest.mark.parametrize(("speed", "direction"), [(math.nan, 3), (3, math.nan), (-1, 3)])
def test_a_wind_by_hand_must_be_one(speed, direction):
    with pytest.raises(ValueError, match="is none"):
        wind_by_hand(speed, direction)
