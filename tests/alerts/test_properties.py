"""What holds for every stream of readings."""

from dataclasses import replace
from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from alerts.engine import judge
from alerts.rule import Key, by_series
from alerts.state import State, Transition, state_from_json, state_to_json
from alerts.telling import tell
from sensors.reading import Quality
from tests.alerts.timeline import PLACE, Desk, at, counting, minute, rule, watch_of, words

LEVELS = st.one_of(
    st.none(),
    st.sampled_from([90.0, 97.0, 98.0, 99.0, 100.0, 100.5, 105.0, 110.0, 112.0]),
    st.floats(80, 120),
)
QUALITIES = st.sampled_from(
    [Quality.GOOD, Quality.GOOD, Quality.GOOD, Quality.RATE, Quality.IMPOSSIBLE]
)
RULES = st.builds(
    rule,
    grades=st.sampled_from(
        [{"blue": 100}, {"blue": 100, "red": 110}, {"yellow": 98, "orange": 105, "red": 111}]
    ),
    dead_band=st.sampled_from([0, 0.5, 2]),
    on_delay_s=st.sampled_from([0, 60, 150, 600]),
    off_delay_s=st.sampled_from([0, 60, 300]),
    needs=st.sampled_from(["any", "good"]),
)


@st.composite
def streams(draw, series_id: int = 1):
    """Readings in event order, with steady and with broken intervals."""
    gaps = draw(st.lists(st.sampled_from([0.5, 1, 1, 1, 2, 5, 5.5, 30]), max_size=40))
    moment, found = 0.0, []
    for gap in gaps:
        moment += gap
        found.append(at(moment, draw(LEVELS), draw(QUALITIES), series_id=series_id))
    return found


def cut(readings, sizes):
    """The readings in batches of these sizes; the rest in one."""
    rest = list(readings)
    for size in sizes:
        if rest:
            yield rest[:size]
            rest = rest[size:]
    if rest:
        yield rest


def facts(desk):
    """What may not depend on batching: all but who is told."""
    return [
        (step.kind, step.grade, step.at, step.value, step.limit, step.reason, step.peak)
        for step in desk.happened
        if step.kind != "announced"
    ]


@given(RULES, streams(), st.lists(st.integers(1, 7)), st.lists(st.integers(1, 7)))
def test_how_readings_are_batched_does_not_matter(settings, readings, some, others):
    one, other = Desk(settings), Desk(settings)
    for batch in cut(readings, some):
        one.batch(*batch, now=2000)
    for batch in cut(readings, others):
        other.batch(*batch)
    assert facts(one) == facts(other)
    assert forgetful(one) == forgetful(other)


def forgetful(desk):
    """The state without who was told and under which id."""
    if not desk.states:
        return None
    alert = desk.state.alert
    return replace(desk.state, alert=replace(alert, told=None, id="") if alert else None)


@given(RULES, streams(), st.lists(st.integers(1, 7)), st.integers(0, 60))
def test_nobody_is_told_the_same_twice_and_a_fresh_open_alert_has_been_told(
    settings, readings, sizes, delay
):
    desk = Desk(settings)
    for batch in cut(readings, sizes):
        now = (batch[-1].observed_at - minute(0)).total_seconds() / 60 + delay
        desk.batch(*batch, now=now)
        if batch[-1].quality == Quality.GOOD and delay <= 15 and desk.state.alert:
            state = desk.state
            if delay > 1:  # amid a backlog, for all that is known: if it is the end, all is told
                state, _ = tell(desk.watch, state, [], batch[-1], minute(now), backlog_over=True)
            assert state.alert.told == state.alert.grade
    by_alert: dict[str, list[Transition]] = {}
    for step in desk.happened:
        by_alert.setdefault(step.alert_id, []).append(step)
    for steps in by_alert.values():
        pages = [step for step in steps if step.page]
        assert sum(step.kind == "raised" for step in pages) <= 1
        told = [step.grade for step in pages if step.kind != "ended"]
        assert len(told) == len(list(groupby(told)))
        over = steps[-1].kind == "ended"
        if over:
            assert steps[-1].found_afterwards == (not pages)
        if not over and desk.state.alert.told is not None:
            assert told[-1] == desk.state.alert.told


@given(RULES, streams())
def test_live_alerts_are_told_in_full(settings, readings):
    desk = Desk(settings)
    for reading in readings:
        desk.batch(reading)
    assert desk.told == desk.life


@given(RULES, streams(), st.lists(st.integers(1, 7)), st.data())
def test_a_duplicate_changes_nothing(settings, readings, sizes, data):
    once, again = Desk(settings), Desk(settings)
    seen = []
    for batch in cut(readings, sizes):
        once.batch(*batch, now=2000)
        seen += batch
        repeated = data.draw(st.lists(st.sampled_from(seen), max_size=3))
        again.batch(*batch, now=2000)
        if repeated:
            again.batch(*repeated, now=2000)
    assert once.happened == again.happened
    assert once.states == again.states


@given(RULES, streams())
def test_an_alert_is_raised_before_it_ends_and_alternates(settings, readings):
    desk = Desk(settings)
    for reading in readings:
        desk.batch(reading)
    kinds = [step.kind for step in desk.happened if step.kind in ("raised", "ended")]
    assert kinds == ["raised", "ended"] * (len(kinds) // 2) + ["raised"] * (len(kinds) % 2)
    assert (desk.states != {} and desk.state.alert is not None) == (len(kinds) % 2 == 1)
    grades = [step.grade for step in desk.happened if step.kind != "ended"]
    assert all(a != b for a, b in pairwise(grades)) or "ended" in kinds


@given(st.lists(st.floats(98, 120, exclude_min=True), min_size=1, max_size=30))
def test_inside_the_dead_band_nothing_clears(levels):
    desk = Desk(rule(grades={"blue": 100}, dead_band=2))
    desk.batch(at(0, 101))
    for moment, level in enumerate(levels, 1):
        desk.batch(at(moment, level))
    assert desk.life == ["raised blue at 0"]


@given(RULES, streams(1), streams(2), st.integers(0, 9))
def test_series_do_not_influence_each_other(settings, mine, others, seed):
    alone, together = Desk(settings), Desk(settings)
    if mine:
        alone.batch(*mine, now=2000)
    neighbour = watch_of(settings, replace(PLACE, series_id=2, station="R-02"))
    both = judge(
        by_series([together.watch, neighbour]),
        {},
        sorted([*mine, *others], key=lambda r: (r.observed_at.timestamp() * seed) % 7),
        minute(2000),
        counting(),
    )
    ours = [words(step) for step in both.transitions if step.key == together.watch.key]
    assert ours == alone.life


@given(RULES, streams(), st.lists(st.integers(1, 7)))
def test_a_restart_from_the_saved_state_equals_an_uninterrupted_run(settings, readings, sizes):
    steady, restarted = Desk(settings), Desk(settings)
    saved: dict[Key, State] = {}
    for batch in cut(readings, sizes):
        steady.batch(*batch)
        restarted.batch(*batch)
        for key, state in restarted.states.items():
            before = saved.get(key, State())
            if state.essence != before.essence:
                saved[key] = state_from_json(state_to_json(state))
        restarted.states = dict(saved)
    assert steady.happened == restarted.happened
