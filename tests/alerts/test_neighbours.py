"""A deviation from the stations around: who they are, what they last said, what follows from it."""

from dataclasses import replace
from datetime import timedelta
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.backtest.block import said_before
from alerts.backtest.run import Run
from alerts.judging import calm_sides
from alerts.laying import Ground, lay
from alerts.neighbours import MOST, Around, spans
from alerts.reason import Reason
from alerts.rule import Key
from alerts.state import State, state_from_json, state_to_json
from alerts.wording import say
from sensors.reading import Quality
from tests.alerts.test_backtest import columns
from tests.alerts.test_properties import cut, facts
from tests.alerts.timeline import PLACE, Desk, at, minute, rule, words

NEIGHBOURS = {"when": "deviation", "usual": "neighbours", "grades": {"blue": 10, "red": 20}}
OTHERS = range(2, 7)
HERE = replace(PLACE, spot=(121.8, 29.9), span=(0.0, 500.0))


def places(others=OTHERS):
    """R-01, and each further one 0.96 km further east."""
    return tuple(
        replace(HERE, series_id=n, station=f"R-{n:02}", spot=(121.79 + n / 100, 29.9))
        for n in (1, *others)
    )


def watch_at(settings, ground=None):
    laid = lay(1, 1, settings, Ground(ground or places())).watches
    return next((one for one in laid if one.station == "R-01"), None)


class Circle(Desk):
    """R-01 is judged, among five others: series 2 to 6."""

    def __init__(self, settings, ground=None):
        super().__init__(settings, watch=watch_at(settings, ground))


def said(moment, *levels):
    """What R-02, R-03 … read then."""
    return [
        at(moment, level, series_id=n) for n, level in enumerate(levels, 2) if level is not None
    ]


def happens(settings, *readings):
    desk = Circle(settings)
    for reading in readings:
        desk.batch(reading)
    return desk.life


# ---- timelines


def test_a_reading_is_compared_with_the_median_of_the_stations_around():
    around = said(0, 20, 30, 31, 40, 90)
    ruled = rule(**NEIGHBOURS)
    steps = [at(1, 41), at(1.2, 41.1), at(1.4, 52), at(1.6, 41)]
    assert happens(ruled, *around, *steps) == [
        "raised blue at 1.2",
        "stepped_up red at 1.4",
        "ended red at 1.6",
    ]


@pytest.mark.parametrize(
    ("direction", "level", "expected"),
    [
        ("up", 42, ["raised blue at 1"]),
        ("up", 18, []),
        ("down", 18, ["raised blue at 1"]),
        ("down", 42, []),
        ("either", 18, ["raised blue at 1"]),
        ("either", 42, ["raised blue at 1"]),
    ],
)
def test_the_direction_says_which_side_counts(direction, level, expected):
    ruled = rule(**NEIGHBOURS, direction=direction)
    assert happens(ruled, *said(0, 30, 30, 30), at(1, level)) == expected


def test_with_fewer_known_than_asked_for_nothing_is_raised_and_nothing_ends():
    ruled = rule(**NEIGHBOURS)
    assert happens(ruled, *said(0, 30, 30), at(1, 90)) == []
    assert happens(rule(**NEIGHBOURS, least=2), *said(0, 30, 30), at(1, 90)) == ["raised red at 1"]
    raised = [*said(0, 30, 30, 30), at(1, 90)]
    assert happens(ruled, *raised, at(9, 30)) == ["raised red at 1"], "nobody is known at 9"
    assert happens(ruled, *raised, *said(8, 30, 30, 30), at(9, 30))[-1] == "ended red at 9"


def test_a_neighbour_is_known_by_a_reading_before_the_one_judged_and_not_an_old_one():
    ruled = rule(**NEIGHBOURS)
    assert happens(ruled, *said(1, 30, 30, 30), at(1, 90)) == [], "of the same moment"
    assert happens(ruled, *said(1, 30, 30, 30), at(3, 90)) == ["raised red at 3"]
    assert happens(ruled, *said(1, 30, 30, 30), at(3.01, 90)) == [], "older than two intervals"


def test_the_slower_of_two_series_says_how_old_is_old():
    ground = tuple(replace(one, interval_s=600 if one.series_id > 1 else 60) for one in places())
    desk = Circle(rule(**NEIGHBOURS), ground)
    desk.batch(*said(0, 30, 30, 30))
    desk.batch(at(20, 90))
    assert desk.life == ["raised red at 20"]


def test_a_missing_or_impossible_reading_of_a_neighbour_is_none():
    ruled = rule(**NEIGHBOURS)
    gone = [at(0.5, None, series_id=2), at(0.5, 400, Quality.IMPOSSIBLE, series_id=3)]
    assert happens(ruled, *said(0, 30, 30, 30), *gone, at(1, 90)) == ["raised red at 1"]
    beyond = [at(0.5, 501, series_id=2)]
    assert happens(ruled, *said(0, 30, 30, 30), *beyond, at(1, 90)) == [], "beyond its range"


def test_a_corrected_reading_of_a_neighbour_takes_the_place_of_the_first():
    one, corrected = at(0, 30, series_id=2), at(0, 80, series_id=2)
    around = Around.of([one, corrected])
    (neighbour, *_) = watch_at(rule(**NEIGHBOURS)).signal.neighbours
    assert around.before(neighbour, minute(1)) == ("R-02", 80, minute(0))
    assert Around.of([one, at(0, None, series_id=2)]).before(neighbour, minute(1)) is None


def test_neighbours_are_the_nearest_other_stations_of_the_metric():
    ground = [*places(range(2, 15)), replace(HERE, series_id=99, station="X", metric="flow_m3s")]
    near = watch_at(rule(**NEIGHBOURS, within_km=100), ground).signal.neighbours
    assert [one.series_id for one in near] == list(range(2, 2 + MOST))
    assert len(watch_at(rule(**NEIGHBOURS, within_km=3), ground).signal.neighbours) == 3
    assert watch_at(rule(**NEIGHBOURS, within_km=2.8), ground) is None, "two are too few"
    assert watch_at(rule(**NEIGHBOURS, within_km=2.8, least=2), ground) is not None
    assert watch_at(rule(**NEIGHBOURS), [replace(one, spot=None) for one in places()]) is None


def test_what_asks_for_the_month_asks_something_else_than_what_asks_for_neighbours():
    assert watch_at(rule(**NEIGHBOURS)).asks == "neighbours up"


def test_the_reason_names_the_median_and_the_neighbours():
    desk = Circle(rule(**NEIGHBOURS))
    desk.batch(*said(0, 20, 30, 31, 40, 90))
    desk.batch(at(1, 75))
    (step,) = desk.happened
    assert say(step.reason) == {
        "zh": "水位比周边 5 站中位值 31.00 高 44.00 m，超过 20.00 m",
        "en": "Level 44.00 m above the median 31.00 of 5 stations around, more than 20.00 m",
    }
    assert (step.value, step.limit, step.reason.basis) == (44, 20, "deviation")
    assert step.reason.params["neighbours"][1] == {
        "station": "R-03",
        "value": 30,
        "t": "2026-06-01T12:00:00Z",
    }
    assert Reason.from_json(step.reason.to_json()) == step.reason
    desk.batch(*said(2, 20, 30, 31, 40, 90))
    desk.batch(at(3, 31))
    assert say(desk.happened[-1].reason)["en"] == "Level deviation 0.00 m, back within 10.00 m"


def test_a_direction_has_no_median_and_is_refused():
    with pytest.raises(ValidationError, match="wind_dir_deg is a direction"):
        rule(**NEIGHBOURS, metric="wind_dir_deg", unit="°")


def test_a_backlog_is_no_reason_to_read_what_lies_between():
    age = {2: timedelta(minutes=2)}
    asked = {2: [minute(0), minute(1), minute(500), minute(502), minute(500)]}
    assert spans(asked, age) == [
        (2, minute(-2), minute(1)),
        (2, minute(498), minute(502)),
    ]


# ---- properties

RULES = st.builds(
    lambda **asked: rule(**{**NEIGHBOURS, **asked}),
    grades=st.sampled_from([{"blue": 10}, {"blue": 5, "red": 20}]),
    direction=st.sampled_from(["up", "down", "either"]),
    least=st.sampled_from([None, 2, 4]),
    dead_band=st.sampled_from([0, 2]),
    on_delay_s=st.sampled_from([0, 60, 150]),
    off_delay_s=st.sampled_from([0, 60]),
    needs=st.sampled_from(["any", "good"]),
)
LEVELS = st.sampled_from([0.0, 24.0, 30.0, 31.0, 36.0, 41.0, 55.0, 55.0, None, 505.0])
QUALITIES = st.sampled_from([Quality.GOOD] * 6 + [Quality.RATE, Quality.IMPOSSIBLE])
SIZES = st.lists(st.integers(1, 9), max_size=20)


@st.composite
def streams(draw):
    """Readings of R-01 and of those around in order of time, some at one moment."""
    moment, found = 0.0, []
    for _ in range(draw(st.integers(0, 14))):
        moment += draw(st.sampled_from([0.4, 0.5, 1, 1, 2, 2.5, 7]))
        speak = draw(st.lists(st.integers(1, 6), unique=True, max_size=6))
        found += [at(moment, draw(LEVELS), draw(QUALITIES), series_id=n) for n in speak]
    return found


def lived(settings, readings, sizes=()):
    desk = Circle(settings)
    for batch in cut(readings, sizes or [1] * len(readings)):
        desk.batch(*batch, now=2000)
    return desk


@given(RULES, streams(), SIZES)
def test_how_readings_are_batched_does_not_matter(settings, readings, sizes):
    live, batched = lived(settings, readings), lived(settings, readings, sizes)
    assert facts(live) == facts(batched)
    assert {k: forgetful(s) for k, s in live.states.items()} == {
        k: forgetful(s) for k, s in batched.states.items()
    }


@given(RULES, streams(), SIZES)
def test_a_restart_from_what_is_kept_equals_an_uninterrupted_run(settings, readings, sizes):
    steady, restarted = Circle(settings), Circle(settings)
    saved: dict[Key, State] = {}
    for batch in cut(readings, sizes):
        steady.batch(*batch)
        restarted.batch(*batch)
        for key, state in restarted.states.items():
            if state.essence != saved.get(key, State()).essence:
                saved[key] = state_from_json(state_to_json(state))
        restarted.states = dict(saved)
    assert steady.happened == restarted.happened


@given(RULES, streams(), SIZES, SIZES)
def test_a_back_test_is_what_happened_live(settings, readings, blocks, others):
    desk = lived(settings, readings)
    run = Run(desk.watch)
    by_series = {n: [r for r in readings if r.series_id == n] for n in range(1, 7)}
    for part in cut(by_series[1], blocks):
        block = columns(part)
        found = {
            n: said_before([columns(some) for some in cut(by_series[n], others)], block.at)
            for n in OTHERS
        }
        times = {n: own for n, (own, _) in found.items()}
        run.take(block, Around(times, {n: values for n, (_, values) in found.items()}))
    live = facts(desk)
    desk.happened = [step for one in run.done(minute(5000)) for step in one.steps]
    assert facts(desk) == live


@given(RULES, streams())
def test_what_the_fast_path_calls_calm_changes_nothing(settings, readings):
    """While nothing is remembered, usable readings behind `calm_sides` are not judged, stored they
    are."""
    whole, spared = Circle(settings), Circle(settings)
    sides = calm_sides(whole.watch)
    assert len(sides) == len(whole.watch.sides)
    for one in readings:
        whole.batch(one, now=2000)
        state = spared.states.get(spared.watch.key, State())
        behind = one.value is not None and all(s * one.value <= lowest for s, lowest in sides)
        if state.idle and behind and one.quality.usable:
            spared.stored.append(one)
        else:
            spared.batch(one, now=2000)
    assert facts(whole) == facts(spared)


@given(streams(), st.sampled_from(["up", "down", "either"]))
def test_raised_and_ended_is_what_the_plain_reckoning_says(readings, direction):
    """The last usable reading before, by looking at all of them; on above the limit, off behind."""
    desk = lived(rule(**{**NEIGHBOURS, "grades": {"blue": 10}}, direction=direction), readings)
    expected, on = [], False
    for one in readings:
        if one.series_id != 1 or one.value is None or not one.quality.usable:
            continue
        known = [v for n in OTHERS if (v := _last(readings, n, one.observed_at)) is not None]
        if len(known) < 3:
            continue
        away = one.value - median(known)
        far = {"up": away > 10, "down": away < -10, "either": abs(away) > 10}[direction]
        if far != on:
            expected.append(("raised" if far else "ended", one.observed_at, away))
        on = far
    assert [(s.kind, s.at, s.value) for s in desk.happened if s.kind != "announced"] == expected


def _last(readings, series, moment):
    usable = [
        r
        for r in readings
        if r.series_id == series and r.observed_at < moment and r.value is not None
        if r.quality.usable
    ]
    if not usable or moment - usable[-1].observed_at > timedelta(minutes=2):
        return None
    return usable[-1].value if 0 <= usable[-1].value <= 500 else None


def forgetful(state):
    alert = state.alert and replace(state.alert, told=None, id="")
    return replace(state, alert=alert).essence


# ---- a synthetic fire beside one of six air stations


def test_a_plume_at_one_of_six_stations_is_found_and_a_dusty_day_at_all_is_not():
    """A dust storm lifts all six alike by 200; then smoke lifts one by 60 for half an hour."""
    rng = np.random.default_rng(5)
    minutes = np.arange(600)
    dust = 200 * np.exp(-(((minutes - 150) / 60) ** 2))
    smoke = np.where((minutes >= 400) & (minutes < 430), 60, 0)
    stream = [
        at(m + n / 10, float(40 + dust[m] + (smoke[m] if n == 1 else 0) + noise), series_id=n)
        for m in minutes.tolist()
        for n, noise in zip(range(1, 7), rng.normal(0, 3, 6), strict=True)
    ]
    ruled = rule(**{**NEIGHBOURS, "grades": {"orange": 40}}, on_delay_s=180, off_delay_s=180)
    desk = lived(ruled, stream, [50] * 100)
    assert [words(s) for s in desk.happened if s.kind != "announced"] == [
        "raised orange at 403.1",
        "ended orange at 433.1",
    ]
