"""What the map leaves out and where its tags stand: the pure parts, run in the real browser."""

import math
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.staff.conftest import signed_in

THIN = (
    "async marks => { const { shown, places } = (await import('/assets/map/thin.mjs')).thin(marks);"
)
THIN += " return { shown: [...shown], places }; }"
PLACE = "async ([tags, room]) => Object.fromEntries("
PLACE += "(await import('/assets/map/place.mjs')).place(tags, room))"
FREE = {"left": 0, "top": 0, "right": 800, "bottom": 600}
WIDTH, HEIGHT, RADIUS = 160, 44, 19
# The page is only where the functions run: nothing of one example reaches the next.
in_browser = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@pytest.fixture(scope="module")
def page(browser, shared_desk):
    with signed_in(browser, shared_desk) as context:
        opened = context.new_page()
        opened.goto("/assets/map/thin.mjs")
        yield opened


spots = st.tuples(st.integers(0, 400), st.integers(0, 300))
marks = st.lists(
    st.tuples(spots, st.sampled_from([-0.5, 0, 0.3, 2, 3, 6.5, 9.5])), min_size=1, max_size=60
).map(
    lambda found: [
        {"code": f"S-{i:02}", "x": x, "y": y, "rank": rank, "fixed": rank >= 6,
         "radius": 18 if rank >= 6 else 12}
        for i, ((x, y), rank) in enumerate(found)
    ]
)  # fmt: skip


def apart(a, b):
    return math.hypot(a["x"] - b["x"], a["y"] - b["y"])


def touch(a, b):
    return apart(a, b) < a["radius"] + b["radius"] + 1.5


@in_browser
@given(marks=marks)
def test_every_marker_is_shown_or_counted_once_and_alerts_are_always_shown(page, marks):
    found = page.evaluate(THIN, marks)
    counted = [code for place in found["places"] for code in place["hidden"]]
    assert sorted(found["shown"] + counted) == [mark["code"] for mark in marks]
    assert {mark["code"] for mark in marks if mark["fixed"]} <= set(found["shown"])


@in_browser
@given(marks=marks)
def test_what_gives_way_lies_on_something_no_less_bad_and_what_stays_stands_free(page, marks):
    found = page.evaluate(THIN, marks)
    at = {mark["code"]: mark for mark in marks}
    for place in found["places"]:
        kept = at[place["code"]]
        for code in place["hidden"]:
            assert touch(at[code], kept)
            rivals = [at[c] for c in found["shown"] if touch(at[code], at[c])]
            assert max(rival["rank"] for rival in rivals) >= at[code]["rank"]
    plain = [at[code] for code in found["shown"] if not at[code]["fixed"]]
    assert not [1 for a in plain for b in plain if a["code"] < b["code"] and touch(a, b)]


@in_browser
@given(marks=marks, by=st.tuples(st.integers(-300, 300), st.integers(-300, 300)))
def test_panning_and_the_order_of_stations_change_nothing(page, marks, by):
    moved = [mark | {"x": mark["x"] + by[0], "y": mark["y"] + by[1]} for mark in reversed(marks)]
    here, there = page.evaluate(THIN, marks), page.evaluate(THIN, moved)
    assert sorted(here["shown"]) == sorted(there["shown"])
    assert {p["code"]: sorted(p["hidden"]) for p in here["places"]} == {
        p["code"]: sorted(p["hidden"]) for p in there["places"]
    }


def test_a_camera_gives_way_to_the_reservoir_it_watches(page):
    mark = {"y": 0, "fixed": False, "radius": 12}
    camera, reservoir = mark | {"code": "C-1", "x": 5, "rank": -0.5}, mark | {"code": "R-1", "x": 0}
    found = page.evaluate(THIN, [camera, reservoir | {"rank": 0}])
    assert found == {"shown": ["R-1"], "places": [{"code": "R-1", "hidden": ["C-1"]}]}


tags = st.lists(spots, min_size=1, max_size=9, unique=True).map(
    lambda found: [
        {"code": f"T-{i}", "x": 200 + x, "y": 150 + y, "width": WIDTH, "height": HEIGHT,
         "radius": RADIUS}
        for i, (x, y) in enumerate(found)
    ]
)  # fmt: skip


def box(tag, spot):
    x, y = tag["x"] + spot["dx"], tag["y"] + spot["dy"]
    return x - WIDTH / 2, y - HEIGHT / 2, x + WIDTH / 2, y + HEIGHT / 2


def room(tags, **more):
    return {"free": FREE, "fixed": [{**tag, "radius": 17} for tag in tags], **more}


@in_browser
@given(tags=tags)
def test_tags_never_cover_one_another_nor_a_marker_and_none_goes_uncounted(page, tags):
    found = page.evaluate(PLACE, [tags, room(tags)])
    assert set(found) == {tag["code"] for tag in tags}
    boxes = [box(tag, found[tag["code"]]) for tag in tags if "side" in found[tag["code"]]]
    assert boxes
    for first, a in enumerate(boxes):
        for b in boxes[first + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for tag in tags:
        spot = found[tag["code"]]
        if "at" in spot:
            assert "side" in found[spot["at"]]
    for left, top, right, bottom in boxes[1:]:
        for tag in tags:
            dx = tag["x"] - min(right, max(left, tag["x"]))
            dy = tag["y"] - min(bottom, max(top, tag["y"]))
            assert math.hypot(dx, dy) >= 17


def test_a_tag_stands_right_else_left_above_below(page):
    tag = {"code": "T", "width": WIDTH, "height": HEIGHT, "radius": RADIUS}
    for (x, y), side in {(400, 300): "right", (790, 300): "left"}.items():
        assert page.evaluate(PLACE, [[tag | {"x": x, "y": y}], room([])])["T"]["side"] == side
    narrow = room([]) | {"free": {"left": 320, "top": 0, "right": 480, "bottom": 600}}
    at = tag | {"x": 400, "y": 300}
    assert page.evaluate(PLACE, [[at], narrow])["T"]["side"] == "above"
    low = narrow | {"free": narrow["free"] | {"top": 260}}
    assert page.evaluate(PLACE, [[at], low])["T"]["side"] == "below"


def test_a_tag_keeps_its_side_while_it_is_as_good(page):
    tag = {"code": "T", "x": 400, "y": 300, "width": WIDTH, "height": HEIGHT, "radius": RADIUS}
    for side in ("left", "above", "below", "right"):
        found = page.evaluate(PLACE, [[tag | {"side": side}], room([])])
        assert found["T"]["side"] == side


def test_a_heap_of_red_alerts_shows_the_worst_and_counts_the_rest(page):
    heap = [
        {"code": f"T-{i}", "x": 400 + i, "y": 300, "width": WIDTH, "height": HEIGHT,
         "radius": RADIUS}
        for i in range(7)
    ]  # fmt: skip
    found = page.evaluate(PLACE, [heap, room(heap)])
    shown = [code for code, spot in found.items() if "side" in spot]
    assert shown == [tag["code"] for tag in heap][: len(shown)]
    assert 1 <= len(shown) <= 4
    assert all(found[a]["side"] != found[b]["side"] for a, b in pairwise(shown))


@in_browser
@given(tags=tags, rest=st.lists(spots, max_size=20))
def test_what_gets_no_tag_is_counted_on_the_nearest_one(page, tags, rest):
    """A flood of red: only the worst are given a tag at all."""
    others = [{"code": f"R-{i}", "x": 200 + x, "y": 150 + y} for i, (x, y) in enumerate(rest)]
    found = page.evaluate(PLACE, [tags, room(tags, rest=others)])
    assert set(found) == {each["code"] for each in [*tags, *others]}
    shown = [tag for tag in tags if "side" in found[tag["code"]]]
    at = {tag["code"]: tag for tag in shown}
    for other in others:
        least = min(apart(other, tag) for tag in shown)
        assert apart(other, at[found[other["code"]]["at"]]) == pytest.approx(least)
