from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

import config
from demo.payload import Report, encode
from demo.replay import Pace, one_round, phase_of, row_index
from demo.senders import due_at, senders
from demo.settings import DemoSettings
from demo.tracks import TRACKS
from sensors.decoders import observations
from sensors.settings import SensorsSettings

START = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
PACES = st.builds(
    Pace,
    interval_s=st.integers(1, 3600),
    phase_s=st.floats(0, 60),
    speed=st.floats(0.5, 20),
)


@given(PACES, st.integers(1, 500), st.data())
def test_every_row_plays_once_a_round_in_order(pace: Pace, count: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, count - 1))
    played = list(one_round(first, count, pace))
    assert [row for _, row in played] == [*range(first, count), *range(first)]
    due = [moment for moment, _ in played]
    assert due == sorted(set(due))


@given(PACES, st.floats(0, 86400))
def test_the_backlog_lies_before_the_start_and_meets_it(pace: Pace, span_s: float) -> None:
    steps = pace.steps_before(span_s)
    assert all(pace.due_s(step) < pace.due_s(0) for step in steps)
    assert all(pace.due_s(step) >= -span_s - 1e-6 for step in steps)
    assert not steps or steps[-1] == -1


@given(st.integers(-1000, 1000), st.integers(0, 99))
def test_after_the_last_row_the_first_follows(step: int, first: int) -> None:
    assert row_index(step + 100, first, 100) == row_index(step, first, 100)


@given(st.sampled_from([5, 10, 15, 20, 30]))
def test_stations_do_not_report_in_the_same_instant(interval: int) -> None:
    phases = sorted(phase_of(order, interval) for order in range(20))
    assert min(b - a for a, b in pairwise(phases)) > interval / 80


def test_the_original_time_is_the_recorded_one_at_any_speed() -> None:
    stations = config.load().section(SensorsSettings).stations
    for speed in (0.5, 1.0, 7.0):
        streams = senders(stations, DemoSettings(speed=speed), START)
        for sender, track in zip(streams, TRACKS, strict=False):
            rows = track.rows()
            for step in (0, 1, 41):
                report = sender.report(step, due_at(START, sender.pace, step))
                row = rows[row_index(step, track.first(), len(rows))]
                assert report.original_at == row.at
                assert report.origin == "recorded"
                assert report.values == {f.metric: f.value(row) for f in track.fields}


@given(
    st.lists(
        st.builds(
            Report,
            at=st.integers(0, 10**9).map(lambda ms: START + timedelta(milliseconds=ms)),
            values=st.dictionaries(
                st.sampled_from(["level_m", "rain_mm"]),
                st.none() | st.floats(0, 500),
                min_size=1,
            ),
            origin=st.sampled_from(["recorded", "simulated"]),
            original_at=st.none() | st.just(START - timedelta(days=4000)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_ingest_reads_what_the_devices_write(reports: list[Report]) -> None:
    decoded = observations.decode(encode(reports), "R-01")
    assert not decoded.problems
    told = [(r.at, m, v, r.origin, r.original_at) for r in reports for m, v in r.values.items()]
    found = [
        (o.observed_at, o.metric, o.value, o.origin.word, o.original_at)
        for o in decoded.observations
    ]
    assert found == told
