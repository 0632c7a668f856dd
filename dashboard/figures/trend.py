"""The chart of the thresholds view: the station's chart over up to 30 days. Pure.

With it what is usual in the season, and the line of a second station.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard.figures.axes import local
from dashboard.figures.limits import LimitLine, annotation, label, labels_px
from dashboard.figures.look import Look
from dashboard.figures.marks import Stretch
from dashboard.figures.points import Point, line, thin
from dashboard.figures.station import Words, day_chart

Months = Sequence[tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class Beside:
    """A second station that measures the same. name: as its line is labelled."""

    name: str
    points: Sequence[Point]
    interval_s: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What the chart is made of. interval_s: between points, a bucket's width where they are of a
    roll-up. usual: least and greatest of each month, January first. own: the name of the line."""

    points: Sequence[Point]
    limits: Sequence[LimitLine]
    interval_s: float
    older: bool = True
    stretches: Sequence[Stretch] = ()
    beside: Beside | None = None
    usual: Months | None = None
    own: str = ""
    words: Words = field(default_factory=lambda: Words("", "", "", ""))


def trend_chart(
    shown: Shown,
    *,
    now: datetime,
    length: timedelta,
    zone: ZoneInfo,
    digits: int,
    look: Look,
) -> go.Figure:
    """Up to `length` before now. Its limits are labelled right, its lines at their ends."""
    figure = day_chart(
        shown.points,
        shown.limits,
        now=now,
        interval_s=shown.interval_s,
        zone=zone,
        digits=digits,
        words=shown.words,
        look=look,
        older=shown.older,
        stretches=shown.stretches,
        length=length,
        also=shown.beside.points if shown.beside else (),
    )
    start = now - length
    traces = [*_usual(shown, start, now, zone, look), *_beside(shown, zone, look)]
    figure.add_traces(traces)
    # What is measured lies over what it is compared with.
    figure.data = (*figure.data[-len(traces) :], *figure.data[: -len(traces)]) if traces else (
        figure.data
    )  # fmt: skip
    names = [shown.own, *([shown.beside.name] if shown.beside else [])]
    named = [*shown.limits, *(LimitLine(0, name) for name in names)]
    figure.update_layout(margin_r=look.px(labels_px(named, digits)), margin_b=look.px(40))
    # On large screens the plot is tall, and the strip below it as much of its height as ever.
    figure.update_xaxes(ticklabelstandoff=round(look.px(18)))
    figure.layout.annotations = [
        *figure.layout.annotations,
        *_ends(shown, digits, look, figure.layout.yaxis.range, _said(figure)),
    ]
    return figure


def _usual(
    shown: Shown, start: datetime, now: datetime, zone: ZoneInfo, look: Look
) -> list[go.Scatter]:
    """A grey band; a month of which nothing is known has none."""
    if shown.usual is None:
        return []
    hours = [start + timedelta(hours=n) for n in range(round((now - start).total_seconds() / 3600))]
    months = [shown.usual[at.astimezone(zone).month - 1] for at in hours]
    x = [local(at, zone) for at in hours]
    low = [None if m is None else m[0] for m in months]
    high = [None if m is None else m[1] for m in months]
    plain: dict[str, Any] = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        go.Scatter(x=x, y=low, meta="usual-low", **plain),
        go.Scatter(x=x, y=high, meta="usual", fill="tonexty", fillcolor=look.track, **plain),
    ]


def _beside(shown: Shown, zone: ZoneInfo, look: Look) -> list[go.Scatter]:
    if shown.beside is None:
        return []
    points = thin(line(shown.beside.points, shown.beside.interval_s))
    return [
        go.Scatter(
            x=[local(p.at, zone) for p in points],
            y=[p.value for p in points],
            meta="beside",
            mode="lines",
            connectgaps=False,
            line={"color": look.beside, "width": look.px(1.6), "dash": "dash"},
            hoverinfo="skip",
        )
    ]


def _said(figure: go.Figure) -> list[tuple[float, int]]:
    """Height and lines of each label that stands right of the plot already."""
    return [
        (note.y, note.text.count("<br>") + 1)
        for note in figure.layout.annotations
        if note.xref == "paper" and note.x == 1 and note.yref != "paper"
    ]


def _ends(
    shown: Shown,
    digits: int,
    look: Look,
    span: tuple[float, float],
    said: Sequence[tuple[float, int]],
) -> list[dict[str, Any]]:
    """The newest of each line, with its name, inside the plot's right margin; where a limit's label
    stands at that height the line's goes below it."""
    ends = [(shown.own, shown.points, look.text)]
    if shown.beside:
        ends.append((shown.beside.name, shown.beside.points, look.beside))
    room = (span[1] - span[0]) * 0.082
    taken = [place for at, lines in said for place in _places(at, lines, room)]
    found = []
    for name, points, colour in ends:
        newest = [p.value for p in points if p.value is not None and not p.doubtful][-1:]
        if not newest or not name:
            continue
        text = label(LimitLine(newest[0], name), digits)
        lines = text.count("<br>") + 1
        height = _free(newest[0], lines, taken, room, span)
        taken += _places(height, lines, room)
        found.append(annotation(height, text, colour, look))
    return found


def _places(middle: float, lines: int, room: float) -> list[float]:
    return [middle + (n - (lines - 1) / 2) * room for n in range(lines)]


def _free(
    wanted: float, lines: int, taken: Sequence[float], room: float, span: tuple[float, float]
) -> float:
    """The nearest height that nothing else is at."""
    steps = sorted(range(-12, 13), key=abs)
    heights = [wanted + n * room / 2 for n in steps]
    half = lines * room / 2
    inside = [h for h in heights if span[0] + half <= h <= span[1] - half]
    clear = (
        h
        for h in inside
        if all(abs(p - other) >= room for p in _places(h, lines, room) for other in taken)
    )
    return next(clear, wanted)
