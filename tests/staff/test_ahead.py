"""What lies ahead on the chart: band, dashed line, bar; cut at the edge, open without an end."""

from datetime import datetime, timedelta

import pytest

from dashboard.figures.ahead import MOST, Ahead, room_for
from dashboard.figures.axes import window
from dashboard.figures.limits import LimitLine
from dashboard.figures.look import look
from dashboard.figures.points import Point
from dashboard.figures.station import day_chart
from dashboard.pages.tokens import TOKENS
from tests.staff.test_figure import NOW, WORDS, ZONE

LOOK = look(TOKENS, "dark", 1.0)

LIMITS = [LimitLine(23.5, "flood"), LimitLine(25.0, "normal"), LimitLine(40.0, "far")]
RISING = [Point(NOW - timedelta(minutes=5 * n), 24 - 0.02 * n) for n in reversed(range(288))]


def ahead(latest_h: float | None = 6.4, limit: float = 25.0) -> Ahead:
    return Ahead(NOW, 24.0, limit, 2.9, 4.1, latest_h)


def chart(found: Ahead | None):
    return day_chart(
        RISING, LIMITS, now=NOW, interval_s=300, zone=ZONE, digits=2, words=WORDS, look=LOOK,
        ahead=found,
    )  # fmt: skip


def trace(figure, meta):
    return next((one for one in figure.data if one.meta == meta), None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def hours(text: str) -> float:
    return (at(text) - NOW).total_seconds() / 3600


def test_the_bar_lies_on_the_limit_from_the_earliest_to_the_latest_and_the_ring_at_the_centre():
    figure = chart(ahead())
    bar, ring = trace(figure, "ahead-bar"), trace(figure, "ahead-crossing")
    assert list(bar.y) == [25.0, 25.0]
    assert [hours(x) for x in bar.x] == pytest.approx([2.9, 6.4], abs=0.01)
    assert hours(ring.x[0]) == pytest.approx(4.1, abs=0.01)
    assert ring.text[0] == f"<b>{(NOW + timedelta(hours=4.1)).astimezone(ZONE):%H:%M}</b>"


def test_the_axis_leaves_room_ahead_and_for_the_limit_however_far_up_it_is():
    figure = chart(ahead(limit=40.0))
    assert hours(figure.layout.xaxis.range[1]) >= 6.4
    assert figure.layout.yaxis.range[1] > 40
    assert any(shape.y0 == 40.0 for shape in figure.layout.shapes if shape.type == "line")


def test_without_an_end_the_bar_runs_out_of_the_picture():
    figure = chart(ahead(latest_h=None))
    bar = trace(figure, "ahead-bar")
    assert at(bar.x[1]) == pytest.approx(at(figure.layout.xaxis.range[1]), abs=timedelta(seconds=2))


def test_the_future_never_takes_more_than_its_share():
    seen = room_for(Ahead(NOW, 24.0, 25.0, 10, 20, 90), window(RISING, NOW, ZONE, older=True))
    assert seen.ahead == MOST
    assert trace(chart(Ahead(NOW, 24.0, 25.0, 20, 30, 90)), "ahead-bar") is None


def test_without_an_outlook_the_chart_is_as_ever():
    figure = chart(None)
    assert not [one for one in figure.data if str(one.meta).startswith("ahead")]
    assert at(figure.layout.xaxis.range[1]) < NOW + timedelta(hours=1)
