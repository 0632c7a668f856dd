"""Back-tests: what a rule would have done is what it did, whatever numpy passes over."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.backtest.block import Marked, block, microseconds_of
from alerts.backtest.grouped import _bad, grouped
from alerts.backtest.run import Run, episodes_of
from alerts.backtest.summary import Really, summed
from alerts.engine import forgetting, judge
from alerts.group import judge_groups
from alerts.laying import Ground, lay
from alerts.rule import Key, Limit, by_series
from alerts.state import State
from sensors.reading import Quality
from tests.alerts.test_properties import RULES, cut, facts, streams
from tests.alerts.timeline import PLACE, Desk, absence, at, counting, minute, rule, watch_of

END = minute(5000)
SEASONAL = replace(
    PLACE,
    limits={
        "flood_limit": (
            Limit(100.0, "汛限", "flood limit"),
            Limit(97.0, "汛限", "flood limit", "06-01", "06-01"),
        )
    },
)
GRADES = {"blue": 100, "red": 110}
OTHERS = st.sampled_from(
    [
        {"grades": {"blue": "flood_limit"}, "dead_band": 1},
        {"when": "outside", "grades": None, "low": {"blue": 98, "red": 90}, "high": GRADES},
        {"when": "below", "grades": {"blue": 98, "red": 95}, "off_delay_s": 60},
        {"mean_over_s": 600, "off_delay_s": 60},
        {"mean_over_s": 1800, "needs": "good", "dead_band": 1},
        {"when": "rate", "window_s": 600, "direction": "either", "grades": {"blue": 60}},
    ]
)
BITS = st.sampled_from(
    [*[Quality.GOOD] * 5, Quality.RATE, Quality.IMPOSSIBLE, Quality.MARKED_INVALID]
)


def columns(readings, known=()):
    return block(
        at=np.array([microseconds_of(r.observed_at) for r in readings], np.int64),
        received=np.array([microseconds_of(r.received_at) for r in readings], np.int64),
        value=np.array([np.nan if r.value is None else r.value for r in readings]),
        bits=np.array([int(r.quality) for r in readings], np.int16),
        origin=np.zeros(len(readings), np.int16),
        marks=known,
    )


def run_of(settings, readings, sizes=(), place=PLACE, *, shortcuts=True):
    run = Run(watch_of(settings, place), shortcuts=shortcuts)
    for part in cut(readings, sizes):
        run.take(columns(part))
    return run


@given(RULES, streams(), st.lists(st.integers(1, 7)), st.lists(st.integers(1, 7)))
def test_a_back_test_is_what_happened_live(settings, readings, blocks, batches):
    desk = Desk(settings)
    for batch in cut(readings, batches):
        desk.batch(*batch)
    run = run_of(settings, readings, blocks)
    steps = [step for one in run.done(END) for step in one.steps]
    live = facts(desk)
    desk.happened = steps
    assert facts(desk) == live


@given(
    st.one_of(RULES, OTHERS.map(lambda said: rule(**said))),
    streams(),
    st.lists(st.integers(1, 7)),
    st.sampled_from([PLACE, SEASONAL]),
)
def test_what_is_passed_over_changes_nothing(settings, readings, blocks, place):
    short, full = (
        run_of(settings, readings, blocks, place, shortcuts=shortcuts)
        for shortcuts in (True, False)
    )
    ends = [forgetting(run.watch, run.state).essence for run in (short, full)]
    assert ends[0] == ends[1]
    assert short.done(END) == full.done(END)
    assert short.judged <= full.judged == len(readings)


def test_calm_readings_are_not_shown_to_the_engine():
    quiet = [at(number, 90) for number in range(1000)]
    standing = [at(1000 + number, 105) for number in range(1000)]
    run = run_of(rule(), [*quiet, *standing, at(2000, 90), at(2001, 90)])
    assert run.judged == 2
    (one,) = run.done(END)
    assert (one.began_at, one.ended_at) == (minute(1000), minute(2000))


def test_a_mean_is_made_of_what_it_reaches_back_to():
    levels = [90] * 1000 + [112] * 60 + [90] * 500
    readings = [at(number, level) for number, level in enumerate(levels)]
    settings = rule(mean_over_s=600)
    run = run_of(settings, readings, (400, 300))
    assert run.judged < 250
    (one,) = run.done(END)
    assert one.peak == 112
    assert run_of(settings, readings, shortcuts=False).done(END) == [one]


def test_a_running_hold_is_passed_over_up_to_its_end():
    levels = [90] * 10 + [101 + number / 10 for number in range(300)] + [90] * 500
    readings = [at(number, level) for number, level in enumerate(levels)]
    settings = rule(on_delay_s=6000, off_delay_s=12000, grades={"blue": 100, "red": 125})
    run = run_of(settings, readings, (77,) * 11)
    assert run.judged < 40
    (one,) = run.done(END)
    assert (one.raised_at, one.ended_at) == (minute(110), minute(510))
    assert one.peak == 130.9
    assert run_of(settings, readings, shortcuts=False).done(END) == [one]


@given(
    st.lists(st.tuples(st.sampled_from([0.5, 1, 5, 15, 15.5, 40]), BITS), max_size=30),
    st.lists(st.integers(1, 7)),
)
def test_silences_do_not_depend_on_blocks(gaps, sizes):
    moment, readings = 0.0, []
    for gap, quality in gaps:
        moment += gap
        readings.append(at(moment, 90, quality))
    whole, parts = run_of(absence(), readings), run_of(absence(), readings, sizes)
    assert whole.done(END) == parts.done(END)


def test_what_is_silent_from_the_begin_of_the_period_is_an_alert():
    dead = Run(watch_of(absence()), heard_at=minute(0))
    (one,) = dead.done(minute(100))
    assert (one.began_at, one.raised_at, one.ended_at) == (minute(0), minute(15), None)
    late = Run(watch_of(absence()), heard_at=minute(0))
    late.take(columns([at(40, 90), at(41, 90)]))
    (one,) = late.done(minute(50))
    assert (one.began_at, one.raised_at, one.ended_at) == (minute(0), minute(15), minute(40))
    missing = Run(watch_of(absence()), heard_at=minute(0))
    missing.take(columns([at(5, None), at(10, None), at(30, 90)]))
    (one,) = missing.done(minute(40))
    assert (one.began_at, one.ended_at) == (minute(5), minute(30))


def test_silence_counts_from_the_last_usable_reading_and_ends_with_the_next():
    readings = [at(0, 90), at(5, None), at(10, None), at(30, 90), at(31, 90)]
    ended, standing = run_of(absence(), readings).done(minute(100))
    assert (ended.began_at, ended.raised_at, ended.ended_at) == (minute(5), minute(20), minute(30))
    assert (standing.began_at, standing.raised_at, standing.ended_at) == (
        *(minute(31), minute(46), None),
    )
    assert len(run_of(absence(), readings).done(minute(46 - 1))) == 1


@pytest.mark.parametrize(
    ("qualities", "bad"),
    [
        ([Quality.RATE, Quality.SPIKE], True),
        ([Quality.RATE, Quality.GOOD], False),
        ([Quality.RATE | Quality.MARKED_VALID, Quality.RATE], False),
    ],
)
def test_an_alert_is_from_bad_data_if_every_reading_that_held_it_up_was_suspect(qualities, bad):
    readings = [at(n, 105, quality) for n, quality in enumerate(qualities)]
    for sizes in ((), (1, 1), (2,)):
        run = run_of(rule(), [*readings, at(5, 90), at(6, 90)], sizes)
        assert [one.by_bad_data for one in run.done(END)] == [bad]


@given(streams(), st.lists(st.integers(1, 7)))
def test_whether_data_were_bad_does_not_depend_on_blocks(readings, sizes):
    settings = rule(on_delay_s=150, off_delay_s=60)
    whole, parts = run_of(settings, readings), run_of(settings, readings, sizes)
    assert whole.done(END) == parts.done(END)


def test_a_mark_that_was_made_later_was_unknown_to_the_rule():
    """What was known beforehand, such as a calibration, is not judged now as it was not then."""
    readings = [at(0, 90), at(1, 105, Quality.MARKED_INVALID), at(2, 90)]
    watch = watch_of(rule())

    def marked_at(when):
        mark = Marked(
            microseconds_of(minute(1)),
            microseconds_of(minute(2)),
            microseconds_of(minute(when)),
            "invalid",
        )
        return episodes_of(watch, [columns(readings, [mark])], END)

    (later,) = marked_at(60)
    assert (later.raised_at, later.by_bad_data) == (minute(1), True)
    assert marked_at(0) == []


def test_sums_of_nothing_are_none_and_nought():
    found = summed([], [], END, {})
    assert (found.alerts, found.longest, found.first, found.chatter) == (0, None, None, 0)


def test_sums_count_by_grade_month_station_and_chatter():
    levels = [(0, 105), (1, 90), (5, 112), (8, 90), (600, 105), (700, 90)]
    run = run_of(rule(), [at(*each) for each in levels])
    episodes = run.done(END)
    real = [
        Really("a", "R-01/level_m", minute(4), minute(6), "red"),
        Really("b", "R-01/level_m", minute(300), minute(301), "red"),
    ]
    found = summed(episodes, real, END, {})
    assert (found.alerts, found.by_grade) == (3, {"red": 1, "blue": 2})
    assert (found.by_station, found.by_month) == ({"R-01": 3}, {"2026-06": 3})
    assert found.longest is episodes[2]
    assert found.in_alarm == timedelta(minutes=104)
    assert found.chatter == 1
    really = found.really
    assert (really.alerts, really.both, really.only_back_tested, really.missed) == (2, 1, 2, 1)


GROUND = Ground(tuple(replace(PLACE, series_id=n, station=f"R-0{n}", limits={}) for n in (1, 2, 3)))
OF = {"metric": "level_m", "kind": "reservoir", "when": "above", "unit": "m", "limit": 100}


def together(delay, band, per, when):
    """Two conditions upon each of three reservoirs."""
    longer = OF | {"on_delay_s": delay, "off_delay_s": delay, "dead_band": band}
    counted = {"blue": 1, "red": 2} if per == "rule" else {"blue": 1}
    said = {"grades": counted} if when == "at_least" else {"grades": None, "grade": "red"}
    nowhere = {"metric": None, "kind": None, "unit": None}
    return rule(**nowhere, **said, per=per, when=when, of=[longer, OF | {"limit": 110}])


TOGETHER = st.builds(
    together,
    st.sampled_from([0, 120]),
    st.sampled_from([0, 2]),
    st.sampled_from(["rule", "station"]),
    st.sampled_from(["at_least", "all", "any"]),
)


@settings(max_examples=40)
@given(TOGETHER, streams(1), streams(2), streams(3), st.lists(st.integers(1, 7)))
def test_a_composite_rule_back_tested_is_what_happened_live(ruled, one, two, three, sizes):
    laid, steps = lay(1, 1, ruled, GROUND), []
    states: dict[Key, State] = {}
    stand: dict[Key, State] = {}
    groups = {m.key: group for group in laid.groups for m in group.members.values()}
    own = {
        n: [replace(r, station=f"R-0{n}") for r in some]
        for n, some in ((1, one), (2, two), (3, three))
    }
    for reading in sorted(
        (r for some in own.values() for r in some), key=lambda r: (r.observed_at, r.series_id)
    ):
        judged = judge(by_series(laid.watches), states, [reading], reading.observed_at, counting())
        states |= judged.states
        found = judge_groups(groups, judged, stand, reading.observed_at, counting())
        stand |= found.states
        steps += found.transitions
    past = []
    for group in laid.groups:
        runs = [Run(member) for member in group.members.values()]
        for run in runs:
            for part in cut(own[run.watch.series_id], sizes):
                run.take(columns(part))
        past += [step for each in grouped(group, runs, END) for step in each.steps]

    def said(some):
        return sorted(
            (s.key[1], s.at, s.kind, s.grade, s.value) for s in some if s.kind != "announced"
        )

    assert said(past) == said(steps)


def _bad_one_by_one(moves, steps, until):
    """What `grouped` asks of each alert, by the plain way: all moves anew."""
    began = steps[0].alert.began_at
    end = steps[-1].at if steps[-1].kind == "ended" else until
    on = {}
    for move, bad in sorted(moves, key=lambda each: each[0].reading.observed_at):
        if move.reading.observed_at <= end and move.on:
            on[move.key] = bad
        elif move.reading.observed_at < began:
            on.pop(move.key, None)
    return bool(on) and all(on.values())


@settings(max_examples=40)
@given(TOGETHER, streams(1), streams(2), streams(3))
def test_from_bad_data_is_found_in_one_pass_as_alert_by_alert(ruled, one, two, three):
    for group in lay(1, 1, ruled, GROUND).groups:
        runs = [Run(member) for member in group.members.values()]
        for run in runs:
            run.take(columns((one, two, three)[(run.watch.series_id or 1) - 1]))
        moves = [each for run in runs for each in run.moves]
        for found in grouped(group, runs, END):
            assert found.by_bad_data == _bad_one_by_one(moves, found.steps, END)


def test_many_alerts_of_a_group_do_not_walk_all_moves_each():
    looked = 0

    class Move(NamedTuple):
        key: str
        on: bool
        at: int

        @property
        def reading(self):
            nonlocal looked
            looked += 1
            return SimpleNamespace(observed_at=self.at)

    moves = [(Move("one", number % 2 == 0, number), number % 4 == 0) for number in range(1000)]
    alerts = [
        [
            SimpleNamespace(kind="raised", at=at, alert=SimpleNamespace(began_at=at)),
            SimpleNamespace(kind="ended", at=at + 1),
        ]
        for at in range(0, 1000, 2)
    ]
    assert list(_bad(moves, alerts, 1000)) == [True, False] * 250
    assert looked <= 2 * len(moves)
