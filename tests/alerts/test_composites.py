"""Composite rules as timelines and properties: AND, OR, so many of so many sensors."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.engine import asks_past, judge
from alerts.group import Group, judge_groups
from alerts.laying import Ground, Laid, lay
from alerts.rule import Key, Place, by_series
from alerts.rule_settings import RuleSettings
from alerts.state import Judgement, State, state_from_json, state_to_json
from alerts.wording import say
from sensors.reading import Quality, Reading
from tests.alerts.test_properties import cut
from tests.alerts.timeline import counting, minute, words

ALARM = {"metric": "nh3_ppm", "kind": "gas", "when": "above", "unit": "ppm", "limit": 30}
PLACES = (
    *(Place(n, f"G-3{n}", "gas", "nh3_ppm", 60, "emergency", plant="P-07") for n in (1, 2, 3)),
    Place(4, "R-01", "reservoir", "level_m", 60, "water", plant="R-01"),
    Place(5, "R-01", "reservoir", "rain_mm", 60, "water", plant="R-01"),
)
TWO_OF_THREE: dict[str, Any] = {
    "when": "at_least",
    "grades": {"orange": 2, "red": 3},
    "per": "plant",
    "of": [ALARM],
}
BOTH: dict[str, Any] = {
    "when": "all",
    "grade": "orange",
    "of": [
        {"metric": "level_m", "kind": "reservoir", "when": "above", "unit": "m", "limit": 23},
        {"metric": "rain_mm", "kind": "reservoir", "when": "above", "unit": "mm", "limit": 10,
         "on_delay_s": 60},
    ],
}  # fmt: skip


def composite(**asked: Any) -> RuleSettings:
    return RuleSettings.model_validate(
        {"code": "BOTH", "label": {"zh": "组合", "en": "Both"}, **asked}
    )


def reading(series: int, when: float, value: float | None, arrived: float | None = None) -> Reading:
    place = PLACES[series - 1]
    return Reading(
        series,
        place.station,
        place.metric,
        minute(when),
        minute(when if arrived is None else arrived),
        value,
        Quality.GOOD if value is not None else Quality.MISSING,
    )


class Desk:
    """A composite rule at work over the places of this file."""

    def __init__(self, settings: RuleSettings) -> None:
        self.laid: Laid = lay(1, 1, settings, Ground(PLACES))
        self.states: dict[Key, State] = {}
        self.happened: list[Any] = []
        self._new_id = counting()

    def batch(self, *readings: Reading, now: float | None = None) -> None:
        moment = max(r.received_at for r in readings) if now is None else minute(now)
        watches = by_series(self.laid.watches)
        groups = {m.key: g for g in self.laid.groups for m in g.members.values()}
        assert asks_past(watches, self.states, readings) == {}
        judged = judge(watches, self.states, readings, moment, self._new_id)
        together = judge_groups(groups, judged, self.states, moment, self._new_id)
        assert judged.transitions == [], "a member raises nothing by itself"
        self.states |= judged.states | together.states
        self.happened += together.transitions

    @property
    def group(self) -> Group:
        (found,) = self.laid.groups
        return found

    @property
    def life(self) -> list[str]:
        return [words(step) for step in self.happened]


def life(settings: RuleSettings, *readings: Reading) -> list[str]:
    desk = Desk(settings)
    for one in readings:
        desk.batch(one)
    return desk.life


def test_two_of_three_detectors_raise_one_alert_that_steps_up_with_the_third():
    steps = life(
        composite(**TWO_OF_THREE),
        *(reading(1, 0, 5), reading(2, 0, 5), reading(3, 0, 5)),
        reading(1, 1, 40),
        reading(2, 2, 40),
        reading(3, 3, 40),
        *(reading(1, 4, 5), reading(2, 5, 5), reading(3, 6, 5)),
    )
    assert steps == [
        "raised orange at 2",
        "stepped_up red at 3",
        "stepped_down orange at 4",
        "ended orange at 5",
    ]


def test_one_detector_alone_raises_nothing_however_long():
    assert life(composite(**TWO_OF_THREE), *[reading(1, n, 400) for n in range(60)]) == []


def test_the_reason_names_who_is_on_with_its_value():
    desk = Desk(composite(**TWO_OF_THREE))
    desk.batch(reading(1, 1, 40.25))
    desk.batch(reading(3, 2, 31))
    step = desk.happened[0]
    assert say(step.reason) == {
        "zh": "3 个传感器中有 2 个越限：G-31 氨 40.2 ppm、G-33 氨 31.0 ppm",
        "en": "2 of 3 sensors beyond: G-31 NH₃ 40.2 ppm, G-33 NH₃ 31.0 ppm",
    }
    assert (step.value, step.limit, step.key[1]) == (2, 2, "plant/P-07")
    desk.batch(reading(1, 3, 5))
    assert say(desk.happened[1].reason)["en"] == "only 1 of 3 sensors still beyond"


def test_all_needs_every_condition_of_the_station():
    both = composite(**BOTH)
    assert life(both, reading(4, 0, 24), reading(5, 1, 11), reading(5, 2, 11)) == [
        "raised orange at 2"
    ]
    assert life(both, reading(4, 0, 22), reading(5, 1, 11), reading(5, 2, 11)) == []
    rained = [reading(5, 1, 11), reading(5, 2, 11), reading(4, 3, 24), reading(5, 4, 0)]
    assert life(both, *rained) == ["raised orange at 3", "ended orange at 4"]


def test_any_ends_when_the_last_condition_does():
    either = composite(**(BOTH | {"when": "any"}))
    assert life(
        either,
        reading(4, 0, 24),
        reading(5, 1, 11),
        reading(5, 2, 11),
        reading(4, 3, 22),
        reading(5, 4, 0),
    ) == ["raised orange at 0", "ended orange at 4"]


def test_the_members_have_dead_bands_of_their_own():
    banded = composite(**(TWO_OF_THREE | {"of": [ALARM | {"dead_band": 5}]}))
    on = [reading(1, 0, 40), reading(2, 1, 40)]
    wavering = [reading(1, 2 + n, 26 if n % 2 else 31) for n in range(20)]
    assert life(banded, *on, *wavering) == ["raised orange at 1"]


def test_a_member_that_falls_silent_stays_as_it_was():
    """A gap neither ends an alert nor raises it: nobody knows what lies in it."""
    on = [reading(1, 0, 40), reading(2, 1, 40)]
    assert life(composite(**TWO_OF_THREE), *on, *[reading(3, n, 5) for n in range(2, 600)]) == [
        "raised orange at 1"
    ]


def test_a_reading_that_arrives_late_from_another_member_is_no_step_back_in_time():
    """The second detector's clock, or its way, is slower: the alert is raised all the same, and
    not before the first one was on."""
    desk = Desk(composite(**TWO_OF_THREE))
    desk.batch(reading(1, 5, 40))
    desk.batch(reading(2, 3, 40, arrived=6))
    assert desk.life == ["raised orange at 5"]


def test_readings_of_one_member_that_overtook_each_other_are_taken_in_their_own_order():
    desk = Desk(composite(**TWO_OF_THREE))
    desk.batch(reading(2, 0, 40))
    desk.batch(reading(1, 1, 40, arrived=6), reading(1, 2, 5, arrived=5))
    assert desk.life == ["raised orange at 1", "ended orange at 2"]


def test_an_old_pair_of_exceedances_is_found_afterwards_and_nobody_is_told():
    desk = Desk(composite(**TWO_OF_THREE))
    old = [reading(1, 0, 40), reading(2, 1, 40), reading(1, 2, 5)]
    desk.batch(*old, now=120)
    assert desk.life == ["raised orange at 1", "ended orange at 2"]
    assert [step.page for step in desk.happened] == [False, False]
    assert desk.happened[-1].found_afterwards


def test_an_open_pair_out_of_a_backlog_is_told_with_the_first_fresh_reading():
    desk = Desk(composite(**TWO_OF_THREE))
    desk.batch(reading(1, 0, 40), reading(2, 1, 40), now=30)
    assert [step.page for step in desk.happened] == [False]
    desk.batch(reading(1, 31, 40))
    assert desk.life == ["raised orange at 1", "announced orange at 31"]
    assert desk.happened[-1].page
    assert say(desk.happened[-1].reason)["en"].startswith("2 of 3 sensors beyond")


def test_groups_are_laid_by_place_and_only_where_they_could_be_beyond():
    alone = composite(**(TWO_OF_THREE | {"per": "station"}))
    assert lay(1, 1, alone, Ground(PLACES)).groups == ()
    everywhere = composite(**(TWO_OF_THREE | {"per": "rule"}))
    (group,) = lay(1, 1, everywhere, Ground(PLACES)).groups
    assert (group.watch.subject, group.watch.station, group.of) == ("rule/BOTH", None, 3)
    (plant,) = lay(1, 1, composite(**TWO_OF_THREE), Ground(PLACES)).groups
    assert (plant.watch.station, plant.watch.department) == ("P-07", "emergency")
    dry = tuple(place for place in PLACES if place.metric != "rain_mm")
    assert lay(1, 1, composite(**BOTH), Ground(dry)).groups == ()


def test_a_member_that_the_rule_no_longer_covers_counts_no_more():
    desk = Desk(composite(**TWO_OF_THREE))
    desk.batch(reading(1, 0, 40), reading(2, 1, 40))
    fewer = lay(1, 2, composite(**TWO_OF_THREE), Ground(PLACES[1:]))
    assert desk.group.beyond(desk.states[desk.group.key].members)
    assert not fewer.groups[0].beyond(desk.states[desk.group.key].members)
    desk.laid = fewer
    desk.batch(reading(3, 2, 40))
    assert desk.life == ["raised orange at 1"], "the second takes the first one's place"


@pytest.mark.parametrize(
    ("before", "after", "then"),
    [
        (TWO_OF_THREE | {"grades": {"red": 3}}, TWO_OF_THREE, ["raised orange at 2"]),
        (
            TWO_OF_THREE,
            TWO_OF_THREE | {"grades": {"red": 2}},
            ["raised orange at 1", "stepped_up red at 2"],
        ),
        (
            TWO_OF_THREE,
            TWO_OF_THREE | {"grades": {"orange": 3}},
            ["raised orange at 1", "ended orange at 2"],
        ),
    ],
)
def test_a_rule_edited_while_members_are_on_is_judged_anew_with_their_next_reading(
    before, after, then
):
    desk = Desk(composite(**before))
    desk.batch(reading(1, 0, 40), reading(2, 1, 40))
    desk.laid = lay(1, 2, composite(**after), Ground(PLACES))
    desk.batch(reading(1, 2, 41))
    assert desk.life == then
    desk.batch(reading(2, 3, 41))
    assert desk.life == then


def test_a_member_that_went_on_before_the_group_knew_it_is_counted_when_it_is_heard():
    desk = Desk(composite(**TWO_OF_THREE))
    desk.batch(reading(1, 0, 40))
    del desk.states[desk.group.key]
    desk.batch(reading(2, 1, 40))
    assert desk.life == []
    desk.batch(reading(1, 2, 41))
    assert desk.life == ["raised orange at 2"]


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"when": "all", "of": [ALARM], "grade": "red"}, "needs two conditions"),
        ({"when": "any", "grade": "red"}, "needs `of`"),
        ({"when": "any", "of": [ALARM]}, "needs `grade`"),
        ({"when": "at_least", "of": [ALARM]}, "needs `grades`"),
        ({**TWO_OF_THREE, "grades": {"red": 1.5}}, "no whole number"),
        ({**TWO_OF_THREE, "kind": "gas"}, "belong to the conditions in `of`"),
        ({**TWO_OF_THREE, "dead_band": 1}, "belong to conditions with limits"),
        ({**TWO_OF_THREE, "of": [ALARM | {"unit": "mg"}]}, "wrong unit"),
        ({**TWO_OF_THREE, "of": [ALARM | {"when": "rate"}]}, "needs `window_s`"),
    ],
)
def test_a_composite_that_makes_no_sense_is_refused_with_its_remedy(asked, remedy):
    with pytest.raises(ValueError, match=remedy):
        composite(**asked)


# ---- properties

RULES = st.sampled_from(
    [
        composite(**TWO_OF_THREE),
        composite(**(TWO_OF_THREE | {"grades": {"blue": 1, "red": 2}})),
        composite(**(TWO_OF_THREE | {"of": [ALARM | {"on_delay_s": 60, "dead_band": 5}]})),
        composite(**BOTH),
        composite(**(BOTH | {"when": "any"})),
    ]
)
VALUES: dict[int, list[float | None]] = {
    1: [5, 28, 40],
    2: [5, 28, 40],
    3: [5, 40, None],
    4: [22, 24],
    5: [0, 11],
}


@st.composite
def streams(draw):
    """Readings of five series, in the order of their arrival; some are a while on their way."""
    clocks, arrived, found = dict.fromkeys(VALUES, 0.0), 0.0, []
    for _ in range(draw(st.integers(0, 40))):
        series = draw(st.sampled_from(sorted(VALUES)))
        arrived += draw(st.sampled_from([0.1, 0.25, 1, 1, 7]))
        late = draw(st.sampled_from([0, 0, 0, 0.5, 2]))
        clocks[series] = max(clocks[series] + 0.05, arrived - late)
        value = draw(st.sampled_from(VALUES[series]))
        found.append(reading(series, clocks[series], value, arrived=max(arrived, clocks[series])))
    return sorted(found, key=lambda one: one.received_at)


def facts(desk):
    return [
        (step.kind, step.grade, step.at, step.value, step.reason, step.peak)
        for step in desk.happened
        if step.kind != "announced"
    ]


@given(RULES, streams(), st.lists(st.integers(1, 9)), st.lists(st.integers(1, 9)))
def test_how_readings_are_batched_does_not_matter(asked, readings, some, others):
    one, other = Desk(asked), Desk(asked)
    for batch in cut(readings, some):
        one.batch(*batch, now=2000)
    for batch in cut(readings, others):
        other.batch(*batch)
    assert facts(one) == facts(other)
    assert forgetful(one) == forgetful(other)


def forgetful(desk):
    return {
        key: replace(state, alert=state.alert and replace(state.alert, told=None, id="")).essence
        for key, state in desk.states.items()
        if key == desk.group.key
    }


@given(RULES, streams(), st.lists(st.integers(1, 9)))
def test_a_restart_from_the_saved_states_equals_an_uninterrupted_run(asked, readings, sizes):
    steady, restarted = Desk(asked), Desk(asked)
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
def test_there_is_one_open_alert_and_its_steps_are_in_order(asked, readings):
    desk = Desk(asked)
    for one in readings:
        desk.batch(one)
    ends = [step.kind for step in desk.happened if step.kind in ("raised", "ended")]
    assert ends == ["raised", "ended"] * (len(ends) // 2) + ["raised"] * (len(ends) % 2)
    times = [step.at for step in desk.happened]
    assert times == sorted(times)
    assert all("{" not in say(step.reason)["en"] for step in desk.happened)
    for step in desk.happened:
        assert step.alert.raised_at - step.alert.began_at == timedelta(0)


def test_nothing_is_done_where_nobody_is_on():
    desk = Desk(composite(**TWO_OF_THREE))
    desk.batch(*[reading(1, n, 5) for n in range(60)])
    assert desk.group.key not in desk.states
    assert Judgement().moves == []
