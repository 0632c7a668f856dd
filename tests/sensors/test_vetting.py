"""Whole runs in columns are vetted as one reading after the other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensors.directory import SeriesInfo
from sensors.moments import from_us, to_us
from sensors.quality import SeriesMemory, vet
from sensors.reading import Observation, Quality
from sensors.settings import ClockSettings
from sensors.vetting import Runs, refused, remember, vet_runs

START = datetime(2026, 11, 22, 4, tzinfo=UTC)
CLOCK = ClockSettings(ahead_s=60, suspect_ahead_s=10, oldest_days=30)
VALUES = st.none() | st.sampled_from([20.0, 20.1, 25.0, -5.0, 350.0, 10.0]) | st.floats(-400, 400)
SAID = st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.DEVICE, Quality.MISSING])
SERIES = st.builds(
    SeriesInfo,
    st.integers(1, 99),
    st.just("R-01"),
    st.sampled_from(["level_m", "wind_dir_deg"]),
    st.just(60),
    low=st.none() | st.just(10.0),
    high=st.none() | st.just(40.0),
    max_step=st.none() | st.sampled_from([0.05, 0.5, 100.0]),
    stuck_after_s=st.none() | st.sampled_from([1, 120, 600]),
)
# (step in seconds to the next reading, how long after it the arrival is, value, said)
READINGS = st.lists(
    st.tuples(
        st.sampled_from([0.000001, 1, 30, 59.9, 60, 120, 600, 4000]),
        st.sampled_from([-60, -10.000001, -10, 0, 2, 86_400]),
        VALUES,
        SAID,
    ),
    max_size=15,
)
RUNS = st.lists(st.tuples(SERIES, READINGS, READINGS), max_size=4)


def observations(readings, begin):
    """Observations with their arrival, at strictly increasing times."""
    at, found = begin, []
    for step_s, delay_s, value, said in readings:
        at += timedelta(seconds=step_s)
        seen = Observation("R-01", "level_m", at, value, said)
        found.append((seen, at + timedelta(seconds=delay_s)))
    return found


def one_by_one(sent, series, memory):
    readings = []
    for seen, received in sent:
        reading, memory = vet(seen, received, series, memory, CLOCK)
        readings.append(reading)
    return readings, memory


@given(RUNS)
def test_runs_are_vetted_as_one_reading_after_the_other(runs):
    """Each series has a past, vetted one by one, and then a run in this batch."""
    infos, memories, sents, expected = [], [], [], []
    for series, past, now in runs:
        before = observations(past, START)
        _, memory = one_by_one(before, series, SeriesMemory())
        sent = observations(now, before[-1][0].observed_at if before else START)
        if sent:
            infos.append(series)
            memories.append(memory)
            sents.append(sent)
            expected.append(one_by_one(sent, series, memory))
    rows = [pair for sent in sents for pair in sent]
    starts = np.cumsum([0, *(len(sent) for sent in sents)])[:-1]
    columns = Runs(
        infos,
        memories,
        np.array(starts, np.int64),
        np.array([to_us(seen.observed_at) for seen, _ in rows], np.int64),
        np.array([to_us(received) for _, received in rows], np.int64),
        np.array([seen.value for seen, _ in rows], np.float64),
        np.array([int(seen.quality) for seen, _ in rows], np.int64),
        CLOCK,
    )
    bits = [int(reading.quality) for readings, _ in expected for reading in readings]
    assert vet_runs(columns).tolist() == bits
    ends = [
        replace(end, observed_at=memory.observed_at, value=memory.value, quality=memory.quality)
        for end, (_, memory) in zip(remember(columns), expected, strict=True)
    ]
    assert ends == [memory for _, memory in expected]


def test_a_memory_that_a_correction_left_begins_its_flat_line_no_later_than_the_reading_before():
    series = SeriesInfo(1, "R-01", "level_m", 60, stuck_after_s=600)
    past = START - timedelta(minutes=5)
    for since in (None, START, past):
        memory = SeriesMemory(START, 20.0, Quality.GOOD, since)
        sent = observations([(60, 0, 20.0, Quality.GOOD)], START)
        _, after = one_by_one(sent, series, memory)
        at = np.array([to_us(sent[0][0].observed_at)])
        runs = Runs(
            [series], [memory], np.array([0]), at, at, np.array([20.0]), np.array([0]), CLOCK
        )
        assert remember(runs)[0].same_since == after.same_since


@given(st.integers(-40 * 86_400, 90), st.integers(-1, 1))
def test_columns_refuse_the_times_that_vetting_refuses(ahead_s, more_us):
    at = START + timedelta(seconds=ahead_s, microseconds=more_us)
    series = SeriesInfo(1, "R-01", "level_m", 60)
    try:
        vet(Observation("R-01", "level_m", at, 1.0), START, series, SeriesMemory(), CLOCK)
        raised = False
    except Exception:  # noqa: BLE001 - whatever it is, the columns must refuse too
        raised = True
    assert refused(np.array([to_us(at)]), np.array([to_us(START)]), CLOCK).tolist() == [raised]


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_are_exact_both_ways(moment):
    assert from_us(to_us(moment)) == moment
