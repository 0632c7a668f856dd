"""A batch vetted as columns is what its readings are one by one, with the same memory after it."""

import math
from dataclasses import astuple
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensors.directory import SeriesInfo
from sensors.instruments import instruments
from sensors.quality import SeriesMemory, vet
from sensors.reading import BadPayload, Observation, Quality
from sensors.settings import ClockSettings
from sensors.vetting import NEVER, Memory, Runs, refused, vet_runs

START = datetime(2026, 11, 30, 15, 50, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK = ClockSettings(ahead_s=60, suspect_ahead_s=10, oldest_days=3650)
SERIES = (
    SeriesInfo(3, "R-01", "level_m", 60, low=10, high=40, max_step=0.5, stuck_after_s=600),
    SeriesInfo(5, "W-01", "wind_dir_deg", 60, max_step=30),
    SeriesInfo(9, "G-01", "nh3_ppm", 60, stuck_after_s=180),
    SeriesInfo(11, "G-02", "nh3_ppm", 60),
    SeriesInfo(12, "A-01", "temp_c", 600, usual=(*[None] * 10, (0, 22), (-5, 15))),
)
VALUES = st.none() | st.sampled_from([20.0, 20.1, 25.0, -5.0, 359.0, 1.0]) | st.floats(0, 50)
SENT = st.lists(
    st.tuples(st.integers(1, 400), VALUES, st.sampled_from([0, 1, 32]), st.integers(-3000, 40)),
    max_size=12,
)


def us(moment: datetime | None) -> int:
    return NEVER if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


def observations(sent, since: datetime) -> list[tuple[Observation, datetime]]:
    """In event order; they arrive from 40 s before the device time to 50 min after it."""
    found = []
    for step_s, value, bits, ahead_s in sent:
        since += timedelta(seconds=step_s)
        seen = Observation("", "", since, value, Quality(bits))
        found.append((seen, since - timedelta(seconds=ahead_s)))
    return found


def one_by_one(info: SeriesInfo, seen, memory: SeriesMemory):
    readings = []
    for observation, arrival in seen:
        reading, memory = vet(observation, arrival, info, memory, CLOCK)
        readings.append((reading.value, int(reading.quality)))
    return readings, memory


def memories(found: list[SeriesMemory]) -> Memory:
    value = [math.nan if one.value is None else one.value for one in found]
    previous = [math.nan if one.previous_value is None else one.previous_value for one in found]
    return Memory(
        np.array([us(one.observed_at) for one in found]),
        np.array(value),
        np.array([int(one.quality) for one in found], np.int16),
        np.array([us(one.same_since) for one in found]),
        np.array([us(one.previous_at) for one in found]),
        np.array(previous),
        np.array([us(one.received_at) for one in found]),
    )


def said(values):
    return [None if isinstance(v, float) and math.isnan(v) else v for v in values.tolist()]


def as_columns(runs):
    table = instruments(SERIES)
    seen = [one for _, run, _ in runs for one in run]
    lengths = [len(run) for _, run, _ in runs]
    columns = Runs(
        np.cumsum([0, *lengths])[:-1],
        np.array([table.row[info.station][info.metric] for info, _, _ in runs]),
        np.array([us(one.observed_at) for one, _ in seen]),
        np.array([us(arrival) for _, arrival in seen]),
        np.array([math.nan if one.value is None else one.value for one, _ in seen]),
        np.array([int(one.quality) for one, _ in seen], np.int16),
    )
    return vet_runs(columns, memories([memory for _, _, memory in runs]), table, CLOCK)


@given(st.lists(st.tuples(SENT, SENT), min_size=5, max_size=5))
def test_as_columns_and_one_by_one_are_the_same(sent):
    runs, expected, after = [], [], []
    for info, (before, now) in zip(SERIES, sent, strict=True):
        earlier = observations(before, START)
        _, memory = one_by_one(info, earlier, SeriesMemory())
        seen = observations(now, earlier[-1][0].observed_at if earlier else START)
        if seen:
            readings, remembered = one_by_one(info, seen, memory)
            runs.append((info, seen, memory))
            expected += readings
            after.append(remembered)
    if not runs:
        return
    vetted, memory = as_columns(runs)
    assert list(zip(said(vetted.value), vetted.bits.tolist(), strict=True)) == expected
    wanted = memories(after)
    for name, found, right in zip(Memory.__slots__, astuple(memory), astuple(wanted), strict=True):
        assert said(found) == said(right), name


@given(st.integers(-400_000_000, 100), st.integers(-100, 100))
def test_a_time_is_refused_where_vetting_one_refuses_it(ahead_s, more_us):
    at = START + timedelta(seconds=ahead_s, microseconds=more_us)
    try:
        vet(Observation("", "", at, 20.0), START, SERIES[0], SeriesMemory(), CLOCK)
        wrong = False
    except BadPayload:
        wrong = True
    assert refused(np.array([us(at)]), np.array([us(START)]), CLOCK).tolist() == [wrong]
