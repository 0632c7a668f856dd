"""Vetting marks what is doubtful, keeps every value, and does not care how readings gather."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ioos_qc.qartod import ClimatologyConfig, climatology_test

from sensors.directory import SeriesInfo
from sensors.quality import BEIJING, SeriesMemory, vet
from sensors.reading import BadPayload, Observation, Origin, Quality
from sensors.settings import ClockSettings

START = datetime(2026, 11, 22, 4, tzinfo=UTC)
CLOCK = ClockSettings(ahead_s=60, suspect_ahead_s=10, oldest_days=3650)
LEVEL = SeriesInfo(1, "R-01", "level_m", 60, low=10, high=40, max_step=0.5, stuck_after_s=600)
VALUES = st.none() | st.sampled_from([20.0, 20.1, 25.0, -5.0]) | st.floats(0, 50)
QUALITIES = st.sampled_from([Quality.GOOD, Quality.DEVICE])
SENT = st.lists(st.tuples(st.integers(0, 40), VALUES, QUALITIES), max_size=30)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def seen(minutes: float | None, value: float | None, quality: Quality = Quality.GOOD):
    return Observation("R-01", "level_m", None if minutes is None else at(minutes), value, quality)


def walk(observations, series: SeriesInfo = LEVEL, memory: SeriesMemory | None = None):
    """Vet one after the other, as ingest does: the readings, and the memory at the end."""
    memory, readings = memory or SeriesMemory(), []
    for observation in observations:
        arrival = observation.observed_at or START
        reading, memory = vet(observation, arrival, series, memory, CLOCK)
        readings.append(reading)
    return readings, memory


def qualities(*points, series: SeriesInfo = LEVEL) -> list[Quality]:
    return [r.quality for r in walk([seen(*point) for point in points], series)[0]]


@given(SENT, st.integers(0, 30))
def test_batching_does_not_matter(sent, cut):
    observations = [seen(*one) for one in sent]
    whole, memory = walk(observations)
    first, between = walk(observations[:cut])
    second, after = walk(observations[cut:], memory=between)
    assert (first + second, after) == (whole, memory)


@given(SENT)
def test_a_duplicate_changes_nothing(sent):
    observations = [seen(*one) for one in sent]
    readings, memory = walk(observations)
    for observation, reading in zip(observations, readings, strict=True):
        newest = observation.observed_at == memory.observed_at and reading.value == memory.value
        if newest or observation.observed_at < (memory.observed_at or START):
            again, unchanged = vet(observation, observation.observed_at, LEVEL, memory, CLOCK)
            assert unchanged == memory
            assert again.value == reading.value
            if newest and reading == readings[-1]:
                assert again == reading


@given(SENT)
def test_late_readings_are_not_remembered_and_not_held_against_newer_ones(sent):
    _, memory = walk([seen(50, 20.0)])
    for one in sent:
        reading, unchanged = vet(seen(*one), at(51), LEVEL, memory, CLOCK)
        assert unchanged == memory
        assert not reading.quality & (Quality.RATE | Quality.STUCK)


@given(SENT)
def test_the_value_is_never_touched_and_missing_means_none(sent):
    observations = [seen(*one) for one in sent]
    for observation, reading in zip(observations, walk(observations)[0], strict=True):
        assert reading.value == observation.value
        assert (reading.value is None) == bool(reading.quality & Quality.MISSING)
        assert reading.quality & observation.quality == observation.quality


@given(SENT)
def test_memory_knows_the_newest_reading_and_the_usable_one_before(sent):
    ordered = {minute: (value, quality) for minute, value, quality in sorted(sent, key=str)}
    readings, memory = walk([seen(m, *ordered[m]) for m in sorted(ordered)])
    if readings:
        assert (memory.observed_at, memory.value) == (readings[-1].observed_at, readings[-1].value)
        usable = [r for r in readings[:-1] if r.quality.usable]
        before = (usable[-1].observed_at, usable[-1].value) if usable else (None, None)
        assert (memory.previous_at, memory.previous_value) == before


@pytest.mark.parametrize("value", [9.99, 40.01, -999.0, 1e308])
def test_outside_the_instrument_is_impossible(value):
    (reading,), _ = walk([seen(0, value)])
    assert (reading.quality, reading.value) == (Quality.IMPOSSIBLE, value)


@pytest.mark.parametrize("value", [10.0, 40.0])
def test_the_ends_of_the_range_belong_to_it(value):
    assert qualities((0, value)) == [Quality.GOOD]


def test_without_an_own_range_the_catalogue_decides():
    series = SeriesInfo(1, "A-01", "ph", 60)
    assert qualities((0, 14.0), (1, 14.1), series=series) == [Quality.GOOD, Quality.IMPOSSIBLE]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_missing(value):
    (reading,), _ = walk([seen(0, value)])
    assert (reading.quality, reading.value) == (Quality.MISSING, None)


def test_a_jump_is_marked_and_its_return_too():
    assert qualities((0, 20.0), (1, 25.0), (2, 20.0), (3, 20.2)) == [
        Quality.GOOD,
        Quality.RATE,
        Quality.RATE,
        Quality.GOOD,
    ]


def test_the_allowed_step_grows_with_the_minutes_between():
    assert qualities((0, 20.0), (10, 25.0)) == [Quality.GOOD, Quality.GOOD]
    assert qualities((0, 20.0), (9.9, 25.0)) == [Quality.GOOD, Quality.RATE]


def test_within_a_minute_a_whole_step_is_believable():
    assert qualities((0, 20.0), (0.1, 20.5)) == [Quality.GOOD, Quality.GOOD]
    assert qualities((0, 20.0), (0.1, 20.6)) == [Quality.GOOD, Quality.RATE]


def test_an_impossible_or_missing_reading_is_no_measure_of_the_next():
    assert qualities((0, 20.0), (1, 99.0), (2, None), (3, 20.1)) == [
        Quality.GOOD,
        Quality.IMPOSSIBLE,
        Quality.MISSING,
        Quality.GOOD,
    ]


def test_wind_may_turn_through_north():
    series = SeriesInfo(1, "W-01", "wind_dir_deg", 60, max_step=30)
    assert qualities((0, 350.0), (1, 10.0), (2, 90.0), series=series) == [
        Quality.GOOD,
        Quality.GOOD,
        Quality.RATE,
    ]


def test_a_flat_line_is_stuck_after_its_time_and_free_with_the_first_change():
    minutes = [(m, 20.0) for m in range(0, 13, 2)]
    assert qualities(*minutes, (14, 20.1)) == [Quality.GOOD] * 5 + [
        Quality.STUCK,
        Quality.STUCK,
        Quality.GOOD,
    ]


def test_gaps_of_missing_values_do_not_end_a_flat_line():
    assert qualities((0, 20.0), (4, None), (8, 20.0), (12, 20.0))[-1] is Quality.STUCK


def test_the_same_value_after_a_long_silence_proves_nothing():
    assert qualities((0, 20.0), (60, 20.0), (65, 20.0))[1:] == [Quality.GOOD, Quality.GOOD]


def test_a_correction_of_the_newest_reading_takes_its_place():
    readings, memory = walk([seen(0, 20.0), seen(1, 39.0), seen(1, 20.1), seen(2, 20.2)])
    assert [r.quality for r in readings[1:]] == [Quality.RATE, Quality.GOOD, Quality.GOOD]
    assert memory.previous_value == 20.1


def test_a_correction_back_to_the_flat_line_does_not_hide_that_it_is_flat():
    points = [(0, 20.0), (5, 20.0), (9, 20.1), (9, 20.0), (15, 20.0)]
    assert qualities(*points)[-1] is Quality.STUCK


def test_the_devices_own_doubt_is_kept():
    assert qualities((0, 20.0, Quality.DEVICE)) == [Quality.DEVICE]


@pytest.mark.parametrize(
    ("ahead_s", "quality"),
    [(-5, Quality.GOOD), (10, Quality.GOOD), (11, Quality.CLOCK), (60, Quality.CLOCK)],
)
def test_a_clock_slightly_ahead_is_suspect(ahead_s, quality):
    reading, _ = vet(seen(0, 20.0), at(-ahead_s / 60), LEVEL, SeriesMemory(), CLOCK)
    assert reading.quality is quality


def test_the_year_2099_is_refused_in_words():
    with pytest.raises(BadPayload) as caught:
        vet(
            Observation("R-01", "level_m", datetime(2099, 1, 1, tzinfo=UTC), 20.0),
            START,
            LEVEL,
            SeriesMemory(),
            CLOCK,
        )
    assert caught.value.code == "clock_ahead"
    assert str(caught.value) == (
        "R-01: the time of level_m, 2099-01-01T00:00:00+00:00, is 26337 days ahead of its arrival; "
        "set the device's clock"
    )


def test_a_clock_that_was_reset_is_refused():
    with pytest.raises(BadPayload, match="more than 3650 days old") as caught:
        vet(
            Observation("R-01", "level_m", datetime(1970, 1, 1, tzinfo=UTC), 20.0),
            START,
            LEVEL,
            SeriesMemory(),
            CLOCK,
        )
    assert caught.value.code == "clock_behind"


def test_without_a_device_time_the_arrival_is_the_time():
    reading, _ = vet(seen(None, 20.0), START, LEVEL, SeriesMemory(), CLOCK)
    assert (reading.observed_at, reading.received_at) == (START, START)


def test_origin_and_original_time_pass_through():
    observation = Observation("R-01", "level_m", START, 20.0, Quality.GOOD, Origin.RECORDED, at(-9))
    reading, _ = vet(observation, START, LEVEL, SeriesMemory(), CLOCK)
    assert (reading.series_id, reading.origin, reading.original_at) == (1, Origin.RECORDED, at(-9))


def test_a_devices_own_figure_for_a_derived_series_is_refused():
    series = SeriesInfo(2, "R-01", "storage_m3", 60, derived=True)
    with pytest.raises(BadPayload, match="storage_m3 is computed here"):
        vet(Observation("R-01", "storage_m3", START, 1.0), START, series, SeriesMemory(), CLOCK)


@given(st.lists(st.floats(10, 40), max_size=30))
def test_a_rise_within_the_range_is_usable_however_steep(values):
    sent = [seen(minute, value) for minute, value in enumerate(sorted(values))]
    assert all(reading.quality.usable for reading in walk(sent)[0])


MONTHS = tuple((-10.0, float(month)) for month in range(1, 13))


@given(st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=20))
def test_the_season_is_that_of_ioos_qc(values):
    config = ClimatologyConfig()
    for month in range(1, 13):
        config.add(vspan=(-10, month), tspan=(month, month), period="month")
    moments = [START + timedelta(days=30 * number) for number in range(len(values))]
    # They take months of the given times: give them Beijing's.
    local = np.array([m.astimezone(BEIJING).replace(tzinfo=None) for m in moments], "M8[ns]")
    theirs = climatology_test(config, np.array(values), local, np.zeros(len(values)))
    series = SeriesInfo(7, "A-01", "temp_c", 60, low=-100, usual=MONTHS)
    found = [
        bool(
            vet(Observation("", "", m, v), m, series, SeriesMemory(), CLOCK)[0].quality
            & Quality.CLIMATE
        )
        for m, v in zip(moments, values, strict=True)
    ]
    assert found == np.isin(np.ma.filled(theirs, 9), (3, 4)).tolist()


def stale(lags_s, interval_s=60):
    series = SeriesInfo(7, "A-01", "temp_c", interval_s)
    memory, found = SeriesMemory(), []
    for minute, lag_s in enumerate(lags_s):
        when = START + timedelta(minutes=minute)
        observation = Observation("", "", when, 20.0 + minute % 2)
        arrival = when + timedelta(seconds=lag_s)
        reading, memory = vet(observation, arrival, series, memory, CLOCK)
        found.append(bool(reading.quality & Quality.STALE_CLOCK))
    return found


def test_a_clock_that_stays_behind_is_found_at_the_second_reading():
    assert stale([1000, 1000, 1001, 997, 0, 0]) == [False, True, True, True, False, False]


def test_a_backlog_after_an_outage_is_not_a_stale_clock():
    assert not any(stale([3600 - 60 * n for n in range(60)]))


def test_a_mean_stamped_with_its_beginning_is_not_stale():
    assert not any(stale([3650] * 5, interval_s=3600))
    assert any(stale([7300] * 5, interval_s=3600))
