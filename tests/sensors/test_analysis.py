"""Statistics of hourly means: properties first, then figures that can be checked by hand."""

import itertools
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.resolution import Bucket, mean
from sensors.analysis.distribution import QUANTILES, beyond, histogram, quantile, summary
from sensors.analysis.diurnal import by_hour, by_weekday
from sensors.analysis.pairs import compare, paired
from sensors.analysis.roses import (
    CALM_MS,
    SECTORS,
    SPEED_CLASSES,
    Wind,
    mean_direction,
    pollution_rose,
    sector_of,
    wind_rose,
)

MONDAY = datetime(2026, 6, 7, 16, tzinfo=UTC)  # Monday 8 June, 00:00 in Beijing
HOUR = timedelta(hours=1)
numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 4))
degrees = st.floats(0, 360, exclude_max=True)
winds = st.builds(Wind, st.none() | st.floats(0, 40), st.none() | degrees)
hourly = st.dictionaries(st.integers(0, 2000).map(lambda n: MONDAY + HOUR * n), numbers)


# ---- directions


@given(degrees, st.integers(1, 60))
def test_the_mean_of_one_direction_is_itself(angle, count):
    found: Any = mean_direction(
        count * math.sin(math.radians(angle)), count * math.cos(math.radians(angle)), count
    )
    assert abs((found - angle + 180) % 360 - 180) < 1e-6
    assert 0 <= found < 360


@given(st.lists(degrees, min_size=1, max_size=30), degrees)
def test_turning_every_vane_turns_the_mean(angles, by):
    def of(each):
        sine = math.fsum(math.sin(math.radians(a)) for a in each)
        cosine = math.fsum(math.cos(math.radians(a)) for a in each)
        return mean_direction(sine, cosine, len(each)), math.hypot(sine, cosine)

    (before, length), (after, _) = of(angles), of([a + by for a in angles])
    if length > 1e-3 * len(angles):
        assert abs((after - before - by + 180) % 360 - 180) < 1e-3


def test_north_is_not_the_mean_of_its_figures():
    sine, cosine = (sum(f(math.radians(a)) for a in (350, 10)) for f in (math.sin, math.cos))
    assert mean_direction(sine, cosine, 2) == pytest.approx(0, abs=1e-9)
    assert mean_direction(0.0, 0.0, 2) is None


def test_charts_and_roses_have_one_direction():
    bucket = Bucket(MONDAY, 2, 2, 2, 360.0, 350.0, 10.0, -1.0, 1.0)
    assert mean(bucket, circular=True) == mean_direction(-1.0, 1.0, 2) == pytest.approx(315)


@pytest.mark.parametrize(
    ("angle", "sector"),
    [(0, 0), (348.75, 0), (348.74, 15), (11.24, 0), (11.25, 1), (90, 4), (180, 8), (270, 12),
     (360, 0)],
)  # fmt: skip
def test_sectors_lie_around_their_names(angle, sector):
    assert sector_of(angle) == sector


# ---- roses


@given(st.lists(winds, max_size=200))
def test_every_known_hour_is_in_one_place_of_the_rose(hours):
    rose = wind_rose(hours)
    assert rose.hours == sum(wind.speed_ms is not None for wind in hours)
    assert rose.calms + rose.variable + sum(map(sum, rose.counts)) == rose.hours
    assert len(rose.counts) == SECTORS


@given(st.lists(winds, max_size=100), st.integers(0, SECTORS - 1))
def test_turning_the_wind_by_sectors_turns_the_rose(hours, by):
    def middle(wind):
        at = None if wind.from_deg is None else sector_of(wind.from_deg) * 22.5
        return Wind(wind.speed_ms, at)

    here = [middle(wind) for wind in hours]
    turned = [
        Wind(w.speed_ms, None if w.from_deg is None else (w.from_deg + by * 22.5) % 360)
        for w in here
    ]
    counts = wind_rose(here).counts
    assert wind_rose(turned).counts == counts[SECTORS - by :] + counts[: SECTORS - by]


def test_a_rose_by_hand():
    hours = [Wind(0.4, 90.0), Wind(CALM_MS, 0.0), Wind(1.6, 350.0), Wind(9.0, 180.0),
             Wind(3.0, None), Wind(None, 10.0)]  # fmt: skip
    rose = wind_rose(hours)
    assert (rose.hours, rose.calms, rose.variable) == (5, 1, 1)
    assert rose.counts[0] == (1, 1, 0, 0, 0)
    assert rose.counts[8] == (0, 0, 0, 0, 1)
    assert len(SPEED_CLASSES) == 5
    assert rose.share(rose.calms) == 0.2
    assert rose.mean_ms == pytest.approx(2.9)
    assert wind_rose([]).share(0) is None


@given(st.lists(st.tuples(winds, numbers), max_size=100), numbers)
def test_probability_is_a_share_and_means_lie_between_the_extremes(pairs, threshold):
    rose = pollution_rose(pairs, threshold)
    shares: Any = (*rose.sectors, rose.calm)
    for share in shares:
        assert (share.probability is None) == (share.hours == 0) == (share.mean is None)
        if share.hours:
            assert 0 <= share.probability <= 1
            values = [value for _, value in pairs]
            assert min(values) - 1e-6 <= share.mean <= max(values) + 1e-6


def test_a_pollution_rose_by_hand():
    north, calm, turning = Wind(3.0, 5.0), Wind(0.1, 5.0), Wind(3.0, None)
    pairs = [(north, 10.0), (north, 30.0), (calm, 50.0), (turning, 99.0), (Wind(None, 1.0), 7.0)]
    rose = pollution_rose(pairs, 20.0)
    assert (rose.sectors[0].hours, rose.sectors[0].mean, rose.sectors[0].above) == (2, 20.0, 1)
    assert rose.sectors[0].few
    assert (rose.calm.hours, rose.calm.mean, rose.calm.probability) == (1, 50.0, 1.0)
    assert sum(share.hours for share in rose.sectors) == 2
    assert pollution_rose(pairs, 20.0, lower=True).sectors[0].above == 1


# ---- distribution


@given(st.lists(numbers, min_size=1, max_size=200))
def test_quantiles_rise_and_stay_within(values):
    found: Any = summary(values)
    ordered = [found.least, *found.quantiles, found.greatest]
    assert ordered == sorted(ordered)
    assert (found.least, found.greatest) == (min(values), max(values))
    assert found.least <= found.mean <= found.greatest


@given(st.lists(numbers, min_size=1, max_size=200))
def test_every_value_is_in_its_step_of_the_histogram(values):
    bins = histogram(values)
    assert sum(one.count for one in bins) == len(values)
    assert len(bins) <= 110
    assert all(a.high == b.low for a, b in itertools.pairwise(bins))
    slack = 1e-6 * max(1.0, *(abs(value) for value in values))
    for one in bins:
        inside = sum(one.low - slack <= value <= one.high + slack for value in values)
        assert inside >= one.count


@given(st.lists(numbers, min_size=1), st.lists(numbers, min_size=1))
def test_two_histograms_to_be_compared_have_the_same_steps(a, b):
    edges = [[(one.low, one.high) for one in histogram(*pair)] for pair in ((a, b), (b, a))]
    assert edges[0] == edges[1]


def test_quantiles_by_hand():
    """HJ 663: of ten values the 98th percentile is at rank 1 + 9 · 0.98 = 9.82."""
    values = [float(n) for n in range(1, 11)]
    assert quantile(values, 0.98) == pytest.approx(9.82)
    assert summary(values).quantiles[QUANTILES.index(0.5)] == 5.5
    assert summary([]).n == 0
    assert summary([]).quantiles == (None,) * len(QUANTILES)
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_what_equals_a_limit_is_not_beyond():
    assert beyond([1.0, 2.0, 3.0], 2.0) == 1
    assert beyond([1.0, 2.0, 3.0], 2.0, lower=True) == 1


def test_steps_are_round():
    [first, *_] = histogram([float(n) for n in range(100)])
    assert (first.low, first.high) == (0.0, 10.0)
    assert histogram([]) == ()
    assert [one.count for one in histogram([5.0, 5.0])] == [2]


# ---- the day


@given(hourly)
def test_every_hour_is_in_one_hour_of_the_day_and_of_the_week(hours):
    day: Any = by_hour(hours)
    week = by_weekday(hours)
    assert sum(spread.n for spread in day) == len(hours)
    for number, spread in enumerate(day):
        assert spread.n == sum(one[number].n for one in week)
        if spread.n:
            assert spread.p25 <= spread.median <= spread.p75
        else:
            assert spread.median is None


def test_hours_are_the_districts():
    week = by_weekday({MONDAY + 13 * HOUR: 7.0, MONDAY - HOUR: 5.0})
    assert (week[0][13].n, week[0][13].median) == (1, 7.0)
    assert week[6][23].median == 5.0


# ---- pairs


@given(hourly, hourly)
def test_only_hours_that_both_have_are_compared(a, b):
    pairs = paired(a, b)
    found: Any = compare(pairs)
    back: Any = compare(paired(b, a))
    assert found.n == len(a.keys() & b.keys()) == len(pairs)
    if found.n:
        assert found.difference == pytest.approx(-back.difference, abs=1e-6)
    assert found.correlation == pytest.approx(back.correlation, abs=1e-9)
    assert found.correlation is None or -1 <= found.correlation <= 1


@given(st.lists(st.integers(-1000, 1000), min_size=3, unique=True), st.integers(1, 50), numbers)
def test_a_line_correlates_wholly(values, slope, offset):
    first = {MONDAY + HOUR * n: float(value) for n, value in enumerate(values)}
    up = {at: slope * value + offset for at, value in first.items()}
    assert compare(paired(first, up)).correlation == pytest.approx(1, abs=1e-6)
    down = {at: -value for at, value in up.items()}
    assert compare(paired(first, down)).correlation == pytest.approx(-1, abs=1e-6)


def test_what_never_changes_has_no_correlation():
    first = {MONDAY + HOUR * n: 3.0 for n in range(5)}
    second = {MONDAY + HOUR * n: float(n) for n in range(5)}
    found = compare(paired(first, second))
    assert (found.n, found.difference, found.correlation) == (5, -1.0, None)
    assert compare([]).difference is None
