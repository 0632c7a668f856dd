"""The rate of rise: right on lines, deaf to spikes and tremble, silent where it cannot know."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.water.rise import Level, Rise, Unknown, rate_of_rise

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


def line(rate_mh: float, *, hours: float = 8, interval_s: int = 300, top_m: float = 20.0):
    count = int(hours * 3600 / interval_s)
    back = [timedelta(seconds=interval_s * (count - n)) for n in range(count + 1)]
    return [Level(NOW - b, top_m - rate_mh * b.total_seconds() / 3600) for b in back]


def rate(levels, interval_s: float = 300, ahead_m: float = 0.0) -> Rise:
    found = rate_of_rise(levels, interval_s, levels[-1].at, ahead_m)
    assert isinstance(found, Rise)
    return found


@given(st.floats(-5, 5), st.sampled_from([15, 60, 300, 900, 3600, 86400]))
def test_a_line_has_its_slope_whatever_the_interval(slope, interval_s):
    hours = 10 * max(interval_s / 3600, 0.1)
    found = rate(line(slope, hours=hours, interval_s=interval_s), interval_s)
    assert found.rate_mh == pytest.approx(slope, abs=1e-6)
    assert found.level_m == pytest.approx(20, abs=1e-6)


@given(st.floats(0.05, 3), st.integers(0, 95), st.floats(-8, 8))
def test_one_spike_changes_nothing_that_counts(slope, place, height):
    levels = line(slope)
    levels[place] = Level(levels[place].at, levels[place].level_m + height)
    assert rate(levels).rate_mh == pytest.approx(slope, rel=0.3)


@given(st.floats(0.05, 3), st.sets(st.integers(1, 95), max_size=30))
def test_readings_that_are_missing_change_nothing(slope, gone):
    levels = [one for n, one in enumerate(line(slope)) if n not in gone]
    found = rate_of_rise(levels, 300, NOW)
    assert found == Unknown.TOO_FEW or (
        isinstance(found, Rise) and found.rate_mh == pytest.approx(slope, abs=1e-6)
    )


def test_a_trembling_gauge_looks_back_longer_and_sees_no_rise_where_there_is_none():
    tremble = [0.03 * math.sin(17.3 * n * n) for n in range(97)]
    levels = [Level(one.at, one.level_m + t) for one, t in zip(line(0.0), tremble, strict=True)]
    found = rate(levels)
    assert found.window >= timedelta(hours=4)
    assert not found.rises
    assert not found.falls
    assert 0.01 < found.noise_m < 0.05


def test_a_gauge_that_counts_in_centimetres_does_not_rise_by_its_steps():
    levels = [Level(one.at, round(one.level_m, 2)) for one in line(0.01)]
    found = rate(levels)
    assert found.rate_mh == pytest.approx(0.01, abs=0.004)
    assert found.noise_m == pytest.approx(0.01 / math.sqrt(12))


def test_a_flood_is_seen_in_the_shortest_window():
    levels = [*line(0.0, hours=6), *(Level(NOW + timedelta(minutes=5 * n), 20 + 0.1 * n) for n in
              range(1, 6))]  # fmt: skip
    found = rate(levels)
    assert found.rate_mh == pytest.approx(1.2, rel=0.01)
    assert found.window == timedelta(minutes=20)


def test_who_looks_far_ahead_looks_far_back():
    levels = line(0.1)
    assert rate(levels).window == timedelta(minutes=20)
    assert rate(levels, ahead_m=1.0).window >= timedelta(hours=2.5)


def test_the_newer_half_says_whether_it_grows():
    levels = [Level(one.at, 20 + 2.0 ** (-(NOW - one.at).total_seconds() / 1200)) for one in
              line(0.0)]  # fmt: skip
    found = rate(levels)
    assert found.recent_mh > found.rate_mh > found.earlier_mh > 0


@pytest.mark.parametrize(
    ("levels", "now", "why"),
    [
        ([], NOW, Unknown.NO_READING),
        ([Level(NOW, math.nan)] * 9, NOW, Unknown.NO_READING),
        (line(0.5), NOW + timedelta(minutes=26), Unknown.TOO_OLD),
        (line(0.5)[-4:], NOW, Unknown.TOO_FEW),
        ([*line(0.5)[:50], *line(0.5)[-3:]], NOW, Unknown.TOO_FEW),
        (line(0.5)[-5:], NOW, None),
        (line(0.5), NOW + timedelta(minutes=25), None),
    ],
)
def test_where_it_cannot_know_it_says_why(levels, now, why):
    found = rate_of_rise(levels, 300, now)
    assert found == why if why else isinstance(found, Rise)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=40))
def test_no_number_comes_of_no_number(values):
    levels = [Level(NOW - timedelta(minutes=5 * n), v) for n, v in enumerate(values)][::-1]
    found = rate_of_rise(levels, 300, NOW)
    assert isinstance(found, Unknown) or math.isfinite(found.rate_mh + found.error_mh)
