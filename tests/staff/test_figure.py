"""The drawer's chart as data: gaps stay gaps, doubts stand apart, nothing is lost by thinning."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures.look import look
from dashboard.figures.station import (
    LEAST_GAP,
    LimitLine,
    Point,
    Words,
    day_chart,
    missing_spans,
    thin,
    value_range,
)
from dashboard.pages.tokens import ASSETS, TOKENS, style_sheet

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
WORDS = Words("缺测", "可疑", "补传", "24 小时内无数据")


def chart(points, limits=()):
    return day_chart(
        points, limits, now=NOW, interval_s=60, zone=ZONE, digits=2, words=WORDS,
        look=look(TOKENS, "dark"),
    )  # fmt: skip


def trace(figure, meta):
    return next(t for t in figure.data if t.meta == meta)


def every_minute(first, last, value=23.5):
    return [Point(NOW - timedelta(minutes=ago), value) for ago in range(first, last, -1)]


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
def test_thinning_keeps_extremes_doubts_and_both_ends_in_order(points, most):
    kept = thin(points, most)
    good = [p for p in points if p.quality == "good" and p.value is not None]
    assert [p for p in points if p in kept] == kept
    assert all(p in kept for p in points if p.quality != "good" or p.late)
    if good:
        assert max(p.value for p in kept if p in good) == max(p.value for p in good)
        assert min(p.value for p in kept if p in good) == min(p.value for p in good)
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
    shaded = [s for s in chart(points).layout.shapes if s.y0 == 0 and s.y1 == 1]
    assert [s.x0 for s in shaded] == ["2026-11-22 13:19:00"]
    assert [a.text for a in chart(points).layout.annotations] == ["缺测"]


def test_nothing_at_all_says_so():
    figure = chart([])
    assert [a.text for a in figure.layout.annotations][-1] == "24 小时内无数据"
    assert list(trace(figure, "measured").y) == []


def test_the_next_limit_has_room_and_a_limit_far_above_does_not_flatten_the_line():
    limits = [LimitLine(value, f"限 {value}") for value in (23.0, 25.0, 26.0, 400.0)]
    figure = chart(every_minute(1439, -1), limits)
    labels = [a.text for a in figure.layout.annotations]
    assert labels == ["限 26.0 26.00", "限 25.0 25.00", "限 23.0 23.00"]
    low, high = figure.layout.yaxis.range
    assert low < 23.0
    assert 26.0 < high < 30.0


def test_limits_differ_by_their_dash_and_the_one_that_burns_by_its_grade():
    limits = [LimitLine(23.0, "汛限", "orange"), LimitLine(25.0, "正常")]
    lines = [s for s in chart(every_minute(1439, -1), limits).layout.shapes if s.xref == "paper"]
    assert len({line.line.dash for line in lines}) == 2
    assert lines[1].line.color == TOKENS["theme"]["dark"]["grade"]["orange"]["text"]


@given(st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_the_axis_has_height_and_holds_every_value(values):
    low, high = value_range([Point(NOW, value) for value in values], [])
    assert low < high
    assert all(low <= value <= high for value in values)


def test_the_style_sheet_is_the_tokens():
    assert (ASSETS / "tokens.css").read_text("utf-8") == style_sheet(TOKENS)
