"""What a rule has open when it is edited into one that asks something else, or is gone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.clock import withdraw_uncovered
from alerts.judging import Judge, judge_batch, tell_untold
from alerts.laying import Ground, lay
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import get_alert
from alerts.wording import say
from sensors.reading import Quality, Reading
from tests.alerts import test_composites as composites
from tests.alerts.duty import LEVEL, now
from tests.alerts.test_composites import BOTH, composite, reading
from tests.alerts.timeline import Desk, at, rule, watch_of, words

ABOVE = rule(grades={"blue": 3})
BELOW = rule(when="below", grades={"blue": 10})
OUTSIDE = rule(when="outside", grades=None, low={"blue": 1}, high={"blue": 4})
MEAN = rule(grades={"blue": 3}, mean_over_s=180)
UP = rule(when="rate", window_s=600, direction="up", grades={"blue": 3})
TURNED = rule(kind=None, stations=("R-01",), when="below", grades={"orange": 25})  # LEVEL's
DOWN = rule(when="rate", window_s=600, direction="down", grades={"blue": 3})


def edited(before: Any, after: Any, *levels: float, then: tuple[float, ...]) -> Desk:
    """A reading each minute; the rule is edited before those of `then`."""
    desk = Desk(before)
    for number, level in enumerate(levels):
        desk.batch(at(number, level))
    desk.watch = watch_of(after)
    for number, level in enumerate(then, len(levels)):
        desk.batch(at(number, level))
    return desk


@pytest.mark.parametrize(
    ("before", "after", "levels", "then", "life"),
    [
        (ABOVE, BELOW, (5,), (5,), ["ended blue at 1", "raised blue at 1"]),
        (ABOVE, BELOW, (11,), (11,), ["ended blue at 1"]),
        (BELOW, ABOVE, (5,), (5,), ["ended blue at 1", "raised blue at 1"]),
        (ABOVE, OUTSIDE, (5,), (5,), ["ended blue at 1", "raised blue at 1"]),
        (ABOVE, MEAN, (5, 5, 5), (5,), ["ended blue at 3", "raised blue at 3"]),
        (UP, ABOVE, tuple(range(12)), (11,), ["ended blue at 12", "raised blue at 12"]),
        (UP, DOWN, tuple(range(12)), (12,), ["ended blue at 12"]),
    ],
)
def test_an_alert_of_another_question_ends_and_the_new_one_is_judged_afresh(
    before, after, levels, then, life
):
    desk = edited(before, after, *levels, then=then)
    old, *new = desk.life
    assert old.startswith("raised blue")
    assert new == life
    assert len({step.alert_id for step in desk.happened}) == len(life)
    withdrawn = desk.happened[1]
    assert say(withdrawn.reason) == {
        "zh": "规则已改为另一种条件",
        "en": "the rule was changed and asks something else now",
    }
    assert withdrawn.page


def test_another_limit_delay_or_band_is_no_other_question():
    desk = edited(ABOVE, rule(grades={"blue": 4}, dead_band=1, off_delay_s=60), 5, then=(5, 5))
    assert desk.life == ["raised blue at 0"]


def test_a_hold_that_runs_begins_anew_under_another_question():
    held = {"on_delay_s": 60}
    before, after = (ABOVE, BELOW)
    desk = edited(before.model_copy(update=held), after.model_copy(update=held), 5, then=(5, 5))
    assert desk.life == ["raised blue at 2"]


def test_a_state_of_before_it_was_kept_what_was_asked_goes_on():
    desk = Desk(ABOVE)
    desk.batch(at(0, 5))
    desk.states[desk.watch.key] = replace(desk.state, asked=None)
    desk.batch(at(1, 5))
    assert desk.life == ["raised blue at 0"]
    assert desk.state.asked == "above"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ABOVE, BELOW, OUTSIDE, MEAN, UP, DOWN]),
            st.lists(st.integers(0, 12), min_size=1, max_size=3),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_stands_was_always_raised_by_the_question_in_force(edits):
    desk, number = Desk(ABOVE), 0
    for settings, levels in edits:
        desk.watch = watch_of(settings)
        for level in levels:
            desk.batch(at(number, level))
            number += 1
            if alert := desk.state.alert:
                steps = [step for step in desk.happened if step.alert_id == alert.id]
                assert steps[0].kind == "raised"
                assert {step.watch.asks for step in steps} == {desk.watch.asks}


# ---- composite rules


def laid_anew(desk: composites.Desk, **asked: Any) -> None:
    desk.laid = lay(1, 2, composite(**asked), Ground(composites.PLACES))


def test_a_composite_rule_that_asks_for_any_instead_of_all_ends_what_it_had_open():
    desk = composites.Desk(composite(**BOTH))
    desk.batch(reading(4, 0, 24), reading(5, 0, 20))
    desk.batch(reading(5, 1, 20))
    laid_anew(desk, **BOTH | {"when": "any"})
    desk.batch(reading(4, 2, 24))
    assert desk.life == ["raised orange at 1", "ended orange at 2", "raised orange at 2"]
    assert [step.reason.code for step in desk.happened] == ["group", "withdrawn", "group"]


def test_a_member_whose_condition_asks_something_else_is_not_on_by_the_old_one():
    desk = composites.Desk(composite(**BOTH))
    desk.batch(reading(4, 0, 24), reading(5, 0, 20))
    desk.batch(reading(5, 1, 20))
    level, rain = BOTH["of"]
    laid_anew(desk, **BOTH | {"of": [level | {"when": "below"}, rain]})
    desk.batch(reading(4, 2, 24))
    assert desk.life == ["raised orange at 1", "ended orange at 2"]
    desk.batch(reading(4, 3, 20))
    assert words(desk.happened[-1]) == "raised orange at 3"


# ---- in the database


def in_the_file(duty, *rules):
    seed(duty.conn, AlertsSettings(rules=rules), now())
    duty.judge = Judge.load(duty.conn)


@pytest.mark.parametrize("turned", [False, True], ids=["as it was", "turned round"])
def test_nobody_is_told_of_what_the_rule_does_not_ask_any_more(duty, turned):
    """It was left untold amid a backlog; when that is over, the rule asks something else."""
    number, late = duty.series["R-01/level_m"], duty.at + timedelta(minutes=7)
    one = Reading(number, "R-01", "level_m", duty.at, duty.at, 24.5, Quality.GOOD)
    judge_batch(duty.conn, duty.judge, [one], late)
    duty.ask(
        "insert into reading (series_id, observed_at, received_at, value, quality, origin)"
        " values (%s, %s, %s, 24.5, 0, 0)",
        *(number, duty.at, duty.at),
    )
    duty.ask(
        "update series_state set observed_at = %s, changed_at = %s where series_id = %s",
        *(duty.at, duty.at, number),
    )
    if turned:
        in_the_file(duty, TURNED)
    told = tell_untold(duty.conn, duty.judge, late, settled=True)
    assert [step.kind for step in told] == ([] if turned else ["announced"])


@pytest.mark.parametrize("first", ["clock", "reading"])
def test_the_file_turns_a_rule_round_and_its_open_alert_ends_with_a_step(duty, first):
    duty.take(24.5)
    duty.route()
    old = duty.one()
    in_the_file(duty, TURNED)
    if first == "clock":
        assert [step.kind for step in withdraw_uncovered(duty.conn, duty.judge)] == ["ended"]
        assert withdraw_uncovered(duty.conn, duty.judge) == []
    duty.take(24.5)
    duty.route()
    new, same = duty.alerts()
    assert (same.id, same.state) == (old.id, "returned")
    last = get_alert(duty.conn, old.id).steps[-1]
    assert (last.kind, say(last.reason)["zh"]) == ("ended", "规则已改为另一种条件")
    assert (new.reason.code, new.rule_version) == ("below", 2)
    assert duty.told() == ["raised orange", "ended orange", "raised orange"]


def test_a_rulebook_that_is_not_the_newest_withdraws_nothing(duty):
    """The rule is back, and ingest judges by it already."""
    seed(duty.conn, AlertsSettings(rules=()), now())
    stale = Judge.load(duty.conn)
    seed(duty.conn, AlertsSettings(rules=(LEVEL,)), now())
    duty.judge = Judge.load(duty.conn)
    duty.take(24.5)
    assert withdraw_uncovered(duty.conn, stale) == []
    assert duty.one().state == "active"
