"""The tests after QARTOD find what they are for, never a rise, and do not care about batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ioos_qc.qartod import spike_test

from sensors.qartod import spikes, unlike_neighbours
from sensors.reading import Quality

MINUTE = 60_000_000
START = 1_795_000_000_000_000
VALUES = st.lists(st.one_of(st.just(np.nan), st.integers(-50, 50).map(float)), max_size=20)


def times(count: int):
    return START + MINUTE * np.arange(count, dtype=np.int64)


def found(values):
    value = np.array(values, np.float64)
    return spikes(times(len(value)), value, size=5, gap_us=5 * MINUTE).tolist()


@given(VALUES)
def test_spikes_are_those_of_ioos_qc_by_differences(values):
    if len(values) < 3:
        assert not any(found(values))
        return
    theirs = spike_test(
        np.array(values), suspect_threshold=5, fail_threshold=1e9, method="differential"
    )
    assert found(values) == (np.ma.filled(theirs, 9) == 3).tolist()


@given(VALUES)
def test_spikes_are_those_that_three_readings_show(values):
    def one(a, b, c):
        return (b - a) * (c - b) < 0 and min(abs(b - a), abs(c - b)) > 5

    inner = [one(*values[i - 1 : i + 2]) for i in range(1, len(values) - 1)]
    ends = [False] * min(len(values), 2)
    assert found(values) == ends[:1] + inner + ends[1:]


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_a_rise_however_steep_is_no_spike(values):
    assert not any(found(sorted(values)))


@given(VALUES, st.integers(0, 20))
def test_spikes_do_not_depend_on_batches(values, cut):
    first, second = found(values[:cut]), found(values[max(0, cut - 2) :])
    joined = first[:-1] + second[1 if cut > 1 else 0 :] if cut and len(values) > cut else None
    if joined is not None:
        assert joined == found(values)


def test_a_neighbour_beyond_a_gap_shows_no_spike():
    at = np.array([0, 1, 60], np.int64) * MINUTE
    value = np.array([1.0, 50.0, 1.0])
    assert not spikes(at, value, size=5, gap_us=5 * MINUTE).any()


def test_wind_that_turns_through_north_is_no_spike():
    value = np.array([359.0, 1.0, 358.0])
    assert not spikes(times(3), value, size=5, gap_us=5 * MINUTE, circular=True).any()


@pytest.mark.parametrize(
    ("value", "others", "expected"),
    [
        (50.0, [10, 11, 12], True),
        (13.0, [10, 11, 12], False),
        (50.0, [10, 11, np.nan], False),  # two do not outvote one
        (12.0, [10, 10, 10], False),  # within the floor
        (40.0, [10, 11, 12, 500], True),  # one broken neighbour changes nothing
        (np.nan, [10, 11, 12], False),
    ],
)
def test_neighbours_are_compared_by_their_median(value, others, expected):
    mask = unlike_neighbours(np.array([value]), np.array([others], float), factor=5, floor=5)
    assert mask.tolist() == [expected]


def test_only_marks_and_impossible_or_missing_values_make_a_reading_unusable():
    unusable = {flag for flag in Quality if not flag.usable}
    assert unusable == {Quality.MISSING, Quality.IMPOSSIBLE, Quality.MARKED_INVALID}


@given(st.integers(0, 2 * max(Quality) - 1))
def test_usable_is_the_sentence_of_the_database(bits):
    assert Quality(bits).usable == (bits & 2051 == 0 or bits & 4097 == 4096)


def test_flags_have_names():
    assert (Quality.SPIKE | Quality.MARKED_INVALID).flags == ("spike", "marked_invalid")
