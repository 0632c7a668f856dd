"""The drawer's chart as data: gaps stay gaps, doubts stand apart, nothing is lost by thinning."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures.axes import tick_step, value_axis, window
from dashboard.figures.limits import LimitLine, label, sort_limits, value_range
from dashboard.figures.look import look
from dashboard.figures.marks import SHADE, Stretch, shown
from dashboard.figures.points import (
    LEAST_GAP,
    Point,
    apart,
    late_spans,
    missing_spans,
    thin,
    values,
)
from dashboard.figures.station import Words, day_chart
from dashboard.figures.trend import Beside, Shown, trend_chart
from dashboard.pages.tokens import ASSETS, TOKENS, style_sheet

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
WORDS = Words("缺测", "可疑", "补传", "24 小时内无数据", "{at} 起")


def chart(points, limits=(), words=WORDS, **more):
    return day_chart(
        points, limits, now=NOW, interval_s=60, zone=ZONE, digits=2, words=words,
        look=look(TOKENS, "dark"), **more,
    )  # fmt: skip


def trace(figure, meta):
    return next(t for t in figure.data if t.meta == meta)


def every_minute(first, last, value=23.5):
    return [Point(NOW - timedelta(minutes=ago), value) for ago in range(first, last, -1)]


INVALID = ("spike", "marked_invalid")
minutes = st.integers(0, 60)
marks_made = st.lists(
    st.tuples(minutes, st.none() | minutes, st.sampled_from(["invalid", "valid"])), max_size=6
).map(
    lambda rows: [
        Stretch(at(a), None if b is None else at(max(a, b) + 1), verdict, f"li {number}", "why")
        for number, (a, b, verdict) in enumerate(rows)
    ]
)


def at(minute):
    return NOW - timedelta(minutes=60 - minute)


@given(marks_made)
def test_of_marks_over_one_moment_the_last_made_is_shown_and_no_other(made):
    found = shown(made, at(0), at(60))
    for minute in range(60):
        over = [m for m in made if m.since <= at(minute) and (not m.until or at(minute) < m.until)]
        there = [s for s in found if s.until and s.since <= at(minute) < s.until]
        assert [s.who for s in there] == [m.who for m in over[-1:]]
    edges = [edge for s in found for edge in (s.since, s.until or NOW)]
    assert edges == sorted(edges)
    assert not edges or at(0) <= edges[0] < edges[-1] <= at(60)


def test_an_invalid_reading_is_grey_beside_the_line_with_its_tests_and_who_said_so_why():
    points = [*every_minute(30, 10), Point(at(55), 23.6, "suspect", flags=INVALID)]
    said = [Stretch(at(54), None, "invalid", "li", "<b>x</b> \u202e drift")]
    words = replace(WORDS, flags={"spike": "尖峰", "marked_invalid": "人工标记为无效"})
    figure = chart(points, stretches=said, words=words)
    [text] = trace(figure, "invalid").text
    assert text == "23.60 · 尖峰 · 人工标记为无效<br>li: &lt;b&gt;x&lt;/b&gt;   drift"
    assert trace(figure, "suspect").x == ()
    assert "2026-11-22 19:55:00" not in trace(figure, "measured").x
    assert [s.opacity for s in figure.layout.shapes if s.opacity] == [SHADE]


def test_an_invalid_reading_far_off_flattens_nothing_and_stands_at_the_edge():
    points = [*every_minute(30, 10), Point(at(55), 9999.0, "suspect", flags=INVALID)]
    figure = chart(points)
    low, high = figure.layout.yaxis.range
    assert low < 23.5 < high < 30
    assert trace(figure, "beyond").y == (high,)
    assert trace(figure, "beyond").text[0].startswith("9,999.00")
    only = [Point(at(55), 9999.0, "suspect", flags=INVALID)]
    assert chart(only).layout.yaxis.range[1] > 9999


def test_a_reading_that_a_person_called_valid_is_on_the_line():
    points = [*every_minute(30, 10), Point(at(52), 40.0, "suspect", flags=("rate", "marked_valid"))]
    figure = chart(points)
    assert trace(figure, "measured").y[-1] == trace(figure, "newest").y[0] == 40.0
    assert trace(figure, "suspect").x == ()


points_in_order = st.lists(
    st.tuples(
        st.integers(0, 86_000),
        st.none() | st.floats(-1e6, 1e6),
        st.sampled_from(["good", "suspect"]),
        st.booleans(),
    ),
    max_size=400,
    unique_by=lambda row: row[0],
).map(
    lambda rows: [
        Point(NOW - timedelta(seconds=ago), value, "missing" if value is None else word, late)
        for ago, value, word, late in sorted(rows, reverse=True)
    ]
)


@given(points_in_order, st.integers(10, 50))
def test_thinning_keeps_extremes_breaks_and_the_newest_in_order(points, most):
    kept = thin(points, most)
    good = [p for p in points if p.value is not None]
    assert [p for p in points if p in kept] == kept
    assert all(p in kept for p in points if p.value is None)
    if good:
        assert max(values(kept)) == max(values(good))
        assert min(values(kept)) == min(values(good))
    assert kept[-1:] == points[-1:]


@given(points_in_order)
def test_the_line_never_joins_across_a_gap(points):
    figure = chart(points)
    line = trace(figure, "measured")
    times = [datetime.fromisoformat(x) for x in line.x]
    joined = [
        (a, b)
        for a, b, va, vb in zip(times, times[1:], line.y, line.y[1:], strict=False)
        if va is not None and vb is not None
    ]
    least = max(LEAST_GAP, timedelta(minutes=5)) + timedelta(seconds=1)
    assert all(b - a <= least for a, b in joined)
    assert line.connectgaps is False


@given(points_in_order)
def test_a_suspect_value_is_never_on_the_line_and_always_beside_it(points):
    figure = chart(points)
    suspect = [p.value for p in points if p.quality == "suspect"]
    assert list(trace(figure, "suspect").y) == suspect
    good = {p.value for p in points if p.quality == "good"}
    assert {y for y in trace(figure, "measured").y if y is not None} <= good


def test_a_gap_is_shaded_from_the_last_value_to_the_next():
    points = every_minute(1439, 400) + every_minute(300, -1)
    gap = (NOW - timedelta(minutes=401), NOW - timedelta(minutes=300))
    assert missing_spans(points, NOW - timedelta(hours=24), NOW, 60) == [gap]
    shapes = [s for s in chart(points).layout.shapes if s.type == "rect"]
    shaded = [s for s in shapes if s.y0 == 0 and s.y1 == 1]
    assert [s.x0 for s in shaded] == ["2026-11-22 13:19:00"]
    assert [a.text for a in chart(points).layout.annotations] == ["缺测"]


def test_a_backlog_is_a_line_with_few_diamonds_and_one_stretch_in_the_strip():
    late = [Point(p.at, p.value, late=True) for p in every_minute(600, 60)]
    points = every_minute(1439, 600) + late + every_minute(60, -1)
    assert late_spans(points, 60) == [(late[0].at, late[-1].at)]
    figure = chart(points)
    line, diamonds = trace(figure, "measured"), trace(figure, "late")
    assert {y for y in line.y if y is not None} == {23.5}
    assert None not in line.y
    assert 2 <= len(diamonds.x) <= 12
    violet = [s for s in figure.layout.shapes if s.fillcolor == look(TOKENS, "dark").late]
    assert [(s.x0, s.x1) for s in violet] == [("2026-11-22 10:00:00", "2026-11-22 18:59:00")]


@given(points_in_order, st.integers(1, 7200))
def test_marks_stand_apart_and_the_first_stands(points, seconds):
    kept = apart(points, timedelta(seconds=seconds))
    assert kept[:1] == points[:1]
    assert all(b.at - a.at >= timedelta(seconds=seconds) for a, b in pairwise(kept))


def test_the_present_moment_is_a_tick_with_room_and_a_line():
    axis = chart(every_minute(1439, -1)).layout.xaxis
    assert axis.ticktext[-1] == "<b>20:00</b>"
    assert axis.ticktext[:-1] == ("11-22", "06:00", "12:00")
    marks = [s for s in chart(every_minute(1439, -1)).layout.shapes if s.name == "now"]
    assert [s.x0 for s in marks] == ["2026-11-22 20:00:00"]


def test_a_young_series_begins_where_it_does_and_an_old_one_had_a_gap():
    points = every_minute(115, -1)
    young, old = chart(points, older=False), chart(points)
    shaded = {f: [s for s in c.layout.shapes if s.y0 == 0 and s.y1 == 1 and s.type == "rect"]
              for f, c in (("young", young), ("old", old))}  # fmt: skip
    assert shaded["young"] == []
    assert [s.x0 for s in shaded["old"]] == ["2026-11-21 20:00:00"]
    assert [a.text for a in young.layout.annotations] == ["18:05 起"]
    assert [a.text for a in old.layout.annotations] == ["缺测"]
    assert young.layout.xaxis.range[0] == "2026-11-22 17:00:00"


@given(points_in_order, st.booleans())
def test_every_reading_is_inside_the_time_axis(points, older):
    seen = window(points, NOW, ZONE, older=older)
    assert all(seen.start <= p.at <= seen.end for p in points)


def test_nothing_at_all_says_so():
    figure = chart([])
    assert [a.text for a in figure.layout.annotations][-1] == "24 小时内无数据"
    assert list(trace(figure, "measured").y) == []


def test_the_next_limits_have_room_and_one_far_above_is_named_at_the_edge():
    limits = [LimitLine(value, f"限 {value}") for value in (23.0, 25.0, 26.0, 400.0)]
    figure = chart(every_minute(1439, -1), limits)
    labels = [a.text for a in figure.layout.annotations]
    assert labels == ["限 400.0 400.00 ↑", "限 26.0 26.00", "限 25.0 25.00", "限 23.0 23.00"]
    low, high = figure.layout.yaxis.range
    assert low < 23.0
    assert 26.0 < high < 30.0


@pytest.mark.parametrize(("limit", "yanchor"), [(30.0, "top"), (10.0, "bottom")])
def test_where_a_young_series_begins_is_said_away_from_its_line(limit, yanchor):
    points = every_minute(177, -1)
    figure = chart(points, [LimitLine(limit, "限", "red")], older=False)
    (since,) = (a for a in figure.layout.annotations if a.text.endswith(" 起"))
    assert since.yanchor == yanchor


def test_a_name_full_of_markup_is_text_beside_its_line():
    said = label(LimitLine(5.0, '<a href="https://x">A&B</a>\u202e'), 1)
    assert said == '&lt;a href="https://x"&gt;A&amp;B&lt;/a&gt; <br>5.0'


def test_limits_are_named_from_the_highest_down_at_the_edges_too():
    values = (18.5, 23.5, 26.2, 26.9, 30.0, 17.0)
    points = [Point(NOW - timedelta(minutes=ago), 23.2) for ago in range(600, -1, -1)]
    figure = chart(points, [LimitLine(value, "限") for value in values])
    named = [a for a in figure.layout.annotations if a.text.startswith("限")]
    assert [float(a.text.split()[1]) for a in named] == sorted(values, reverse=True)
    assert [a.y for a in named] == sorted((a.y for a in named), reverse=True)


@given(st.lists(st.floats(0, 40), min_size=1, max_size=8), st.floats(0, 60))
def test_labels_of_limits_stand_apart_inside_the_axis_whatever_it_must_hold(found, other):
    points = [Point(NOW - timedelta(minutes=ago), 23.2) for ago in range(60, -1, -1)]
    beside = Beside("邻", [Point(NOW - timedelta(minutes=5), other)], 60)
    made = Shown(points, [LimitLine(value, "限") for value in found], 60, beside=beside)
    figure = trend_chart(
        made, now=NOW, length=timedelta(days=1), zone=ZONE, digits=2, look=look(TOKENS, "dark")
    )
    low, high = figure.layout.yaxis.range
    heights = [a.y for a in figure.layout.annotations if a.text.startswith("限")]
    least = (high - low) * 0.082
    assert all(a - b >= least * 0.999 for a, b in pairwise(heights))
    assert all(low + least * 0.499 <= y <= high - least * 0.499 for y in heights)


def test_a_gas_alarm_between_its_limits_fills_the_chart():
    limits = [LimitLine(v, f"AEGL-{i}", g) for i, v, g in
              ((1, 30, None), (2, 160, "red"), (3, 1100, None))]  # fmt: skip
    points = [
        Point(NOW - timedelta(minutes=ago), 190 / (1 + ago / 30)) for ago in range(600, -1, -1)
    ]
    figure = chart(points, limits)
    assert 190 <= figure.layout.yaxis.range[1] < 240
    assert figure.layout.annotations[0].text == "AEGL-3 1,100.00 ↑"


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20),
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.sampled_from([None, "red", "blue"])), max_size=6),
)
def test_no_limit_is_lost_and_one_that_was_crossed_or_burns_has_its_line(values, limits):
    limits = [LimitLine(value, f"{i}", grade) for i, (value, grade) in enumerate(limits)]
    found = sort_limits([Point(NOW, value) for value in values], limits)
    assert sorted((*found.shown, *found.above, *found.below), key=limits.index) == limits
    for limit in limits:
        if limit.grade or min(values) <= limit.value <= max(values):
            assert limit in found.shown


def test_a_limit_far_below_does_not_flatten_the_line_either():
    figure = chart(every_minute(1439, -1), [LimitLine(10.0, "死水位"), LimitLine(24.0, "汛限")])
    assert [a.text for a in figure.layout.annotations] == ["汛限 24.00", "死水位 10.00 ↓"]
    assert figure.layout.yaxis.range[0] > 20


def test_limits_differ_by_their_dash_and_the_one_that_burns_by_its_grade():
    limits = [LimitLine(23.0, "汛限", "orange"), LimitLine(25.0, "正常")]
    lines = [s for s in chart(every_minute(1439, -1), limits).layout.shapes if s.xref == "paper"]
    assert len({line.line.dash for line in lines}) == 2
    assert lines[1].line.color == TOKENS["theme"]["dark"]["grade"]["orange"]["text"]


@given(st.lists(st.floats(-1e6, 1e6), max_size=20), st.integers(0, 3))
def test_the_axis_holds_every_value_and_two_ticks(values, digits):
    step = tick_step(digits)
    low, high = value_range([Point(NOW, value) for value in values], [], step)
    assert high - low >= 1.99 * step
    assert all(low <= value <= high for value in values)


@pytest.mark.parametrize(
    ("span", "digits", "step"),
    [((0.9, 2.1), 0, 1.0), ((0.0, 90.0), 0, None), ((23.1, 23.14), 2, 0.01), ((2.0, 2.1), 0, 1.0)],
)
def test_no_two_ticks_say_the_same_number(span, digits, step):
    assert value_axis(span, digits, look(TOKENS, "dark"))["dtick"] == step


def test_the_style_sheet_is_the_tokens():
    assert (ASSETS / "tokens.css").read_text("utf-8") == style_sheet(TOKENS)
