"""What a wall shows when, as pure functions: whatever happens, nothing that burns is hidden."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.staff.conftest import signed_in

PLAN = "async ([name, ...rest]) => (await import('/assets/wall/plan.mjs'))[name](...rest)"
# Steps [dt, burning] from the start: the turn after each.
WALK = """async ([steps, count, pace]) => {
  const plan = await import('/assets/wall/plan.mjs');
  let at = 1000, state = plan.begin(at);
  return steps.map(([dt, burning]) => {
    at += dt;
    state = plan.turn(state, at, { count, pace, burning });
    return { ...state, at };
  });
}"""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NIGHT = {"begins": "22:00", "ends": "06:00", "brightness": 0.6}
# The page is only where the functions run: nothing of one example reaches the next.
in_browser = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
moments = st.integers(20_000 * DAY, 30_000 * DAY)
walks = st.lists(st.tuples(st.integers(0, 200_000), st.booleans()), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def page(browser, shared_desk):
    with signed_in(browser, shared_desk) as context:
        opened = context.new_page()
        opened.goto("/assets/wall/plan.mjs")
        yield opened


@in_browser
@given(steps=walks, count=st.integers(1, 4), pace=st.integers(5_000, 60_000))
def test_while_it_burns_the_first_view_stays_and_else_each_has_its_pace(page, steps, count, pace):
    found = page.evaluate(WALK, [steps, count, pace])
    before = {"index": 0, "since": 1000, "held": False}
    for (_, burning), now in zip(steps, found, strict=True):
        assert 0 <= now["index"] < count
        if burning:
            assert (now["index"], now["held"]) == (0, True)
        elif before["held"]:
            assert now["index"] == 0  # a claimed alert stays a whole pace more
        elif now["index"] != before["index"]:
            assert now["index"] == (before["index"] + 1) % count
            assert now["at"] - before["since"] >= pace
        elif count > 1:
            assert now["at"] - before["since"] < pace
        before = now


@in_browser
@given(red=st.integers(0, 50), orange=st.integers(0, 50))
def test_an_unclaimed_red_or_orange_burns(page, red, orange):
    burning = page.evaluate(PLAN, ["burns", {"red": red, "orange": orange}])
    assert burning == (red > 0 or orange > 0)


@in_browser
@given(at=moments, burning=st.booleans())
def test_a_wall_is_dimmed_at_night_only_and_never_while_it_burns(page, at, burning):
    share = page.evaluate(PLAN, ["brightness", at, NIGHT, burning])
    hour = at % DAY // HOUR
    assert share == (0.6 if (hour >= 22 or hour < 6) and not burning else 1)


def reload_due(page, local, loaded, **more):
    asked = {
        "local": local,
        "loaded": loaded,
        "at": "03:30",
        "within": 20,
        "name": "hall",
        "up": True,
        "burning": False,
        "outdated": False,
    }
    return page.evaluate(PLAN, ["reloadDue", asked | more])


@in_browser
@given(local=moments, age=st.integers(0, 3 * DAY), name=st.text(max_size=8), outdated=st.booleans())
def test_a_page_is_loaded_anew_at_its_minute_or_for_a_new_version(page, local, age, name, outdated):
    due = reload_due(page, local, local - age, name=name, outdated=outdated)
    minute = local % DAY / MINUTE
    if due and not outdated:
        assert 210 <= minute < 230 + 120  # 03:30, spread over 20 minutes, and two hours for it
        assert age > 0
    if due:
        assert age >= 10 * MINUTE
    if outdated and age >= 10 * MINUTE:
        assert due
    for held in ({"up": False}, {"burning": True}):
        assert not reload_due(page, local, local - age, name=name, outdated=outdated, **held)


@in_browser
@given(day=st.integers(20_000, 30_000), name=st.text(max_size=8))
def test_every_night_has_one_reload(page, day, name):
    loaded = day * DAY - 12 * HOUR
    asked = [day * DAY + minute * MINUTE for minute in range(180, 300, 3)]
    found = [reload_due(page, local, loaded, name=name) for local in asked]
    first = found.index(True)
    assert 210 <= 180 + 3 * first <= 233
    assert not reload_due(page, asked[first] + 11 * MINUTE, asked[first], name=name)


@in_browser
@given(at=moments)
def test_the_picture_walks_by_small_steps_and_comes_by_everywhere(page, at):
    where = [
        tuple(page.evaluate(PLAN, ["shift", at + minute * MINUTE])) for minute in range(0, 60, 1)
    ]
    for (x0, y0), (x1, y1) in itertools.pairwise(where):
        assert abs(x1 - x0) <= 3
        assert abs(y1 - y0) <= 3
    assert all(max(abs(x), abs(y)) <= 12 for x, y in where)
    assert len(set(where)) > 20


@in_browser
@given(name=st.text(max_size=20))
def test_every_wall_has_its_own_minute(page, name):
    share = page.evaluate(PLAN, ["fraction", name])
    assert 0 <= share < 1
    assert share == page.evaluate(PLAN, ["fraction", name])
    assert share != page.evaluate(PLAN, ["fraction", name + "-2"])


def test_both_languages_take_turns(page):
    said = [page.evaluate(PLAN, ["tongue", "both", rounds]) for rounds in range(3)]
    assert said == ["zh", "en", "zh"]
    assert page.evaluate(PLAN, ["tongue", "en", 3]) == "en"
