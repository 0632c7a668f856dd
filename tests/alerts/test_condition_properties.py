"""What holds for every stream of readings, whatever a rule asks of one series."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.engine import retrace
from alerts.rule import Key
from alerts.state import State, state_from_json, state_to_json
from alerts.wording import SENTENCES, say
from sensors.reading import Quality
from tests.alerts.test_properties import cut, facts
from tests.alerts.timeline import PLACE, Desk, at, counting, rule

# The tests' interval is a minute; some windows are short, so that streams fill and leave them.
PLACE_OF_USUAL = replace(PLACE, usual=tuple(98.0 + month / 8 for month in range(12)))
CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(
        dict,
        when=st.just("outside"),
        grades=st.none(),
        low=st.just({"blue": 95, "red": 85}),
        high=st.sampled_from([{"blue": 105}, {"blue": 100, "red": 112}]),
    ),
    st.builds(
        dict,
        when=st.just("rate"),
        grades=st.sampled_from([{"blue": 30}, {"blue": 20, "red": 90}]),
        window_s=st.sampled_from([240, 600, 1200]),
        direction=st.sampled_from(["up", "down", "either"]),
    ),
    st.builds(
        dict,
        when=st.sampled_from(["above"]),
        grades=st.sampled_from([{"blue": 100}, {"blue": 98, "red": 103}]),
        mean_over_s=st.sampled_from([180, 600, 1800]),
    ),
    st.builds(
        dict,
        when=st.just("deviation"),
        usual=st.just("month"),
        grades=st.sampled_from([{"blue": 3}, {"blue": 3, "red": 10}]),
        direction=st.sampled_from(["up", "down", "either"]),
    ),
)
RULES = st.builds(
    lambda asked, **rest: rule(**asked, **rest),
    CONDITIONS,
    dead_band=st.sampled_from([0, 0.5, 2]),
    on_delay_s=st.sampled_from([0, 60, 150]),
    off_delay_s=st.sampled_from([0, 60, 300]),
    needs=st.sampled_from(["any", "good"]),
)
QUALITIES = st.sampled_from([Quality.GOOD] * 8 + [Quality.RATE, Quality.IMPOSSIBLE])
SIZES = st.lists(st.integers(1, 9), max_size=20)


@st.composite
def streams(draw):
    """Readings that walk: steady stretches, rises, falls, gaps, what is missing or odd."""
    moment, level, found = 0.0, 100.0, []
    for _ in range(draw(st.integers(0, 8))):
        step = draw(st.sampled_from([0, 0, 0.3, -0.3, 1, -1, 2.5, -2.5]))
        moment += draw(st.sampled_from([1, 1, 3, 5.5, 40]))
        for _ in range(draw(st.integers(1, 12))):
            level = min(120.0, max(80.0, level + step))
            value = draw(st.sampled_from([level] * 9 + [None]))
            found.append(at(moment, value, draw(QUALITIES)))
            moment += draw(st.sampled_from([0.5, 1, 1, 1]))
    return found


def lived(settings_, readings, sizes=()):
    desk = Desk(settings_, PLACE_OF_USUAL)
    for batch in cut(readings, sizes or [1] * len(readings)):
        desk.batch(*batch, now=2000)
    return desk


@given(RULES, streams(), SIZES)
def test_how_readings_are_batched_does_not_matter(asked, readings, sizes):
    live, batched = lived(asked, readings), lived(asked, readings, sizes)
    assert facts(live) == facts(batched)
    if readings:
        assert essence(live.state) == essence(batched.state)


@given(RULES, streams(), SIZES)
def test_a_restart_from_what_is_kept_equals_an_uninterrupted_run(asked, readings, sizes):
    steady, restarted = Desk(asked, PLACE_OF_USUAL), Desk(asked, PLACE_OF_USUAL)
    saved: dict[Key, State] = {}
    for batch in cut(readings, sizes):
        steady.batch(*batch)
        restarted.batch(*batch)
        for key, state in restarted.states.items():
            if state.essence != saved.get(key, State()).essence:
                saved[key] = state_from_json(state_to_json(state))
        restarted.states = dict(saved)
    assert steady.happened == restarted.happened


@given(RULES, streams())
def test_the_past_judged_over_again_comes_to_the_same(asked, readings):
    """What a back-test finds in stored readings is what was found as they came."""
    live = lived(asked, readings)
    _, steps = retrace(live.watch, readings, counting())
    told = [(s.kind, s.grade, s.at, s.value, s.limit, s.reason, s.peak) for s in steps]
    assert told == facts(live)


@given(RULES, streams(), SIZES, st.data())
def test_readings_that_leave_everything_calm_need_not_be_judged(asked, readings, sizes, data):
    """The fast path leaves out batches that remember nothing and stay calm; stored they are."""
    whole, spared = Desk(asked, PLACE_OF_USUAL), Desk(asked, PLACE_OF_USUAL)
    for batch in cut(readings, sizes):
        whole.batch(*batch, now=2000)
        state = spared.states.get(spared.watch.key, State())
        calm = state.idle and state.window is None and whole.state.idle
        if calm and whole.state.window is None and whole.happened == spared.happened:
            spared.stored += batch  # not judged; whole.state says that nothing came of it
        else:
            spared.batch(*batch, now=2000)
    assert facts(whole) == facts(spared)


@given(RULES, streams())
@settings(max_examples=60)
def test_every_step_has_a_reason_in_words_and_steps_alternate(asked, readings):
    desk = lived(asked, readings)
    for step in desk.happened:
        said = say(step.reason)
        assert step.reason.code in SENTENCES
        assert said["zh"] != said["en"]
        assert "{" not in said["en"], "a reason that cannot be worded is shown as its figures"
    ends = [step.kind for step in desk.happened if step.kind in ("raised", "ended")]
    assert ends == ["raised", "ended"] * (len(ends) // 2) + ["raised"] * (len(ends) % 2)


@given(st.sampled_from([1, -1]), st.lists(st.floats(98.001, 120), min_size=1, max_size=30))
def test_outside_within_the_dead_band_nothing_clears(sign, levels):
    mirrored = [sign * level for level in levels]
    ends = {"low": {"blue": -100}, "high": {"blue": 100}}
    desk = Desk(rule(when="outside", grades=None, dead_band=2, **ends))
    desk.batch(at(0, sign * 101))
    for moment, level in enumerate(mirrored, 1):
        desk.batch(at(moment, level))
    assert desk.life == ["raised blue at 0"]


def essence(state: State) -> tuple[object, ...]:
    """Without the window, which may be kept or made anew: what it is worth shows in the facts."""
    alert = state.alert and replace(state.alert, told=None, id="")
    return replace(state, alert=alert, window=None).essence
