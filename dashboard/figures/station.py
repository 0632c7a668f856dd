"""The drawer's chart: one series over 24 h with its limits, gaps and doubts. Pure (LOOK.md).

Gaps are broken and shaded, never joined; suspect values stand off the line as hollow circles; what
arrived late is marked violet; a strip under the axis repeats all three.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard.figures.look import Look

DAY = timedelta(hours=24)
AHEAD = timedelta(minutes=30)
GAP_INTERVALS = 5  # as an age: beyond five intervals a value is no longer the present one
LEAST_GAP = timedelta(minutes=2)
DASHES = ("longdash", "dash", "dot", "dashdot", "longdashdot")
STRIP = (-0.045, -0.02)  # of the plot's height
LABEL_PX = 122  # at most this much of the chart is for the limits' labels
BOX = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Point:
    """One reading. quality: good, suspect or missing; late: it arrived afterwards."""

    at: datetime
    value: float | None
    quality: str = "good"
    late: bool = False


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit with its label; grade only where an open alert stands on it."""

    value: float
    label: str
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What the chart says, in the viewer's language."""

    missing: str
    suspect: str
    late: str
    nothing: str


Span = tuple[datetime, datetime]


def day_chart(
    points: Sequence[Point],
    limits: Sequence[LimitLine],
    *,
    now: datetime,
    interval_s: float,
    zone: ZoneInfo,
    digits: int,
    words: Words,
    look: Look,
) -> go.Figure:
    """The last 24 h up to `now`. Points in time order; values and limits in one unit."""
    start = now - DAY
    gaps = missing_spans(points, start, now, interval_s)
    shown = [limit for limit in limits if limit.value in _in_reach(points, limits)]
    figure = go.Figure(_traces(points, interval_s, zone, words, look))
    labels = [_label(limit, digits) for limit in shown]
    figure.update_layout(**_layout(start, now, _label_px(labels), zone, look))
    figure.update_yaxes(range=value_range(points, shown), **_y_axis(digits, look))
    figure.layout.shapes = [
        *_gap_shapes(gaps, zone, look),
        *_limit_shapes(shown, look),
        *_strip(points, gaps, (start, now), zone, look),
    ]
    figure.layout.annotations = [
        *_limit_labels(shown, digits, look, value_range(points, shown)),
        *_gap_labels(gaps, zone, words, look),
        *([] if _values(points) else [_nothing(words, look)]),
    ]
    return figure


def missing_spans(
    points: Sequence[Point], start: datetime, end: datetime, interval_s: float
) -> list[Span]:
    """Where nothing was measured for over five intervals; a missing value is no measurement."""
    times = [start, *(p.at for p in points if p.value is not None and p.at > start), end]
    allowed = _allowed(interval_s)
    return [(a, b) for a, b in pairwise(times) if b - a > allowed]


def value_range(points: Iterable[Point], limits: Iterable[LimitLine]) -> tuple[float, float]:
    """Axis from the least to the greatest of values and limits, with air; never of no height."""
    found = [*_values(points), *(limit.value for limit in limits)]
    low, high = min(found, default=0.0), max(found, default=1.0)
    air = (high - low) * 0.08 or max(abs(high) * 0.05, 0.5)
    return low - air, high + air


def thin(points: Sequence[Point], most: int = 1500) -> list[Point]:
    """About `most` points: of each stretch the least and greatest, and all that is not good."""
    if len(points) <= most:
        return list(points)
    size = -(-2 * len(points) // most)
    kept: list[Point] = []
    for first in range(0, len(points), size):
        kept += _extremes(points[first : first + size])
    if kept[-1] is not points[-1]:
        kept.append(points[-1])
    return kept


def _extremes(stretch: Sequence[Point]) -> list[Point]:
    plain = [i for i, p in enumerate(stretch) if p.value is not None and p.quality == "good"]
    wanted = {i for i, p in enumerate(stretch) if p.quality != "good" or p.late}
    if plain:
        wanted |= {min(plain, key=lambda i: stretch[i].value or 0.0)}
        wanted |= {max(plain, key=lambda i: stretch[i].value or 0.0)}
    return [stretch[i] for i in sorted(wanted)]


def _allowed(interval_s: float) -> timedelta:
    """Five intervals, but no less than can be seen: a day shows some four minutes a pixel."""
    return max(timedelta(seconds=GAP_INTERVALS * interval_s), LEAST_GAP)


def _values(points: Iterable[Point]) -> list[float]:
    return [p.value for p in points if p.value is not None and p.quality != "missing"]


def _in_reach(points: Sequence[Point], limits: Sequence[LimitLine]) -> set[float]:
    """Limits that the values have reached, and the next one above: more would flatten the line."""
    top = max(_values(points), default=None)
    if top is None:
        return {limit.value for limit in limits}
    above = sorted(limit.value for limit in limits if limit.value > top)
    alarmed = {limit.value for limit in limits if limit.grade}
    return {limit.value for limit in limits if limit.value <= top} | set(above[:2]) | alarmed


# ---- traces


def _traces(
    points: Sequence[Point], interval_s: float, zone: ZoneInfo, words: Words, look: Look
) -> list[go.Scatter]:
    line = thin(_line(points, interval_s))
    suspect = [p for p in points if p.quality == "suspect" and p.value is not None]
    late = [p for p in points if p.late and p.value is not None]
    newest = [p for p in points if p.value is not None and p.quality == "good"][-1:]
    hollow = {"symbol": "circle-open", "size": look.px(8), "color": look.text}
    diamond = {"symbol": "diamond-open", "size": look.px(8), "color": look.late}
    dot = {"symbol": "circle", "size": look.px(8), "color": look.text}
    ink = {"color": look.text, "width": look.px(2.2)}
    return [
        _scatter(line, zone, "measured", mode="lines", line=ink, connectgaps=False),
        _scatter(suspect, zone, "suspect", mode="markers", marker=hollow, name=words.suspect),
        _scatter(late, zone, "late", mode="markers", marker=diamond, name=words.late),
        _scatter(newest, zone, "newest", mode="markers", marker=dot, hoverinfo="skip"),
    ]


def _line(points: Sequence[Point], interval_s: float) -> list[Point]:
    """The line's points: suspect ones stand beside it, gaps break it with an empty point."""
    allowed = _allowed(interval_s)
    line: list[Point] = []
    for point in points:
        if point.quality == "suspect":
            continue
        if line and point.at - line[-1].at > allowed:
            line.append(Point(line[-1].at, None, "missing"))
        line.append(point if point.quality == "good" else Point(point.at, None, "missing"))
    return line


def _scatter(points: Sequence[Point], zone: ZoneInfo, meta: str, **style: Any) -> go.Scatter:
    return go.Scatter(
        x=[_local(p.at, zone) for p in points], y=[p.value for p in points], meta=meta, **style
    )


def _local(at: datetime, zone: ZoneInfo) -> str:
    """The district's time without an offset: plotly's axes know no zones."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


# ---- ground, limits, strip


def _gap_shapes(gaps: Iterable[Span], zone: ZoneInfo, look: Look) -> list[dict[str, Any]]:
    return [
        {
            **_rectangle(a, b, zone, 0, 1),
            "fillcolor": look.track,
            "line": {"width": 0},
            "layer": "below",
        }
        for a, b in gaps
    ]


def _limit_shapes(limits: Iterable[LimitLine], look: Look) -> list[dict[str, Any]]:
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": limit.value,
            "y1": limit.value,
            "line": {
                "color": _limit_colour(limit, look),
                "width": look.px(1.4),
                "dash": DASHES[index % len(DASHES)],
            },
        }
        for index, limit in enumerate(sorted(limits, key=lambda each: -each.value))
    ]


def _limit_colour(limit: LimitLine, look: Look) -> str:
    return look.grades[limit.grade] if limit.grade else look.secondary


def _strip(
    points: Sequence[Point], gaps: Sequence[Span], whole: Span, zone: ZoneInfo, look: Look
) -> list[dict[str, Any]]:
    """Under the axis: a bar where there are data, a dotted line where not, boxes for doubts."""
    edges = [whole[0], *(edge for gap in gaps for edge in gap), whole[1]]
    have = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    middle = sum(STRIP) / 2
    bars = [
        {**_rectangle(a, b, zone, *STRIP), "fillcolor": look.quiet, "line": {"width": 0}}
        for a, b in have
    ]
    dotted = [
        {
            **_rectangle(a, b, zone, middle, middle),
            "type": "line",
            "line": {"color": look.quiet, "width": look.px(1.4), "dash": "dot"},
        }
        for a, b in gaps
    ]
    marked = [(p.at, look.late if p.late else look.text) for p in points if _doubtful(p)]
    boxes = [
        {
            **_rectangle(at - BOX / 2, at + BOX / 2, zone, STRIP[0] - 0.008, STRIP[1] + 0.008),
            "fillcolor": look.panel,
            "line": {"color": colour, "width": look.px(1.4)},
        }
        for at, colour in _apart(marked)
    ]
    return [*bars, *dotted, *boxes]


def _doubtful(point: Point) -> bool:
    return point.late or point.quality == "suspect"


def _apart(marked: Sequence[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
    """One box where several doubts would overlap."""
    kept: list[tuple[datetime, str]] = []
    for at, colour in marked:
        if not kept or at - kept[-1][0] > BOX or colour != kept[-1][1]:
            kept.append((at, colour))
    return kept


def _rectangle(a: datetime, b: datetime, zone: ZoneInfo, low: float, high: float) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": _local(a, zone),
        "x1": _local(b, zone),
        "y0": low,
        "y1": high,
    }


# ---- words on the chart


def _limit_labels(
    limits: Sequence[LimitLine], digits: int, look: Look, span: tuple[float, float]
) -> list[dict[str, Any]]:
    """Right of the plot at their own height, moved apart where two would meet."""
    placed, last = [], float("inf")
    lines = max((_label(each, digits).count("<br>") + 1 for each in limits), default=1)
    least = (span[1] - span[0]) * 0.09 * lines
    for limit in sorted(limits, key=lambda each: -each.value):
        height = min(limit.value, last - least)
        last = height
        placed.append(
            {
                "text": _label(limit, digits),
                "align": "left",
                "xref": "paper",
                "x": 1,
                "xanchor": "left",
                "xshift": look.px(6),
                "y": height,
                "yanchor": "middle",
                "showarrow": False,
                "font": {"size": look.px(12), "color": _limit_colour(limit, look)},
            }
        )
    return placed


def _gap_labels(
    gaps: Iterable[Span], zone: ZoneInfo, words: Words, look: Look
) -> list[dict[str, Any]]:
    """Only where the word has room."""
    return [
        {
            "text": words.missing,
            "x": _local(a + (b - a) / 2, zone),
            "yref": "paper",
            "y": 0.03,
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": look.px(12), "color": look.secondary},
        }
        for a, b in gaps
        if b - a > timedelta(minutes=50)
    ]


def _nothing(words: Words, look: Look) -> dict[str, Any]:
    return {
        "text": words.nothing,
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "font": {"size": look.px(13), "color": look.secondary},
    }


def _label(limit: LimitLine, digits: int) -> str:
    """Name and value; the value below where the name is long."""
    long = _width_px(limit.label) > LABEL_PX - 48
    return f"{limit.label}{'<br>' if long else ' '}{limit.value:,.{digits}f}"


def _label_px(labels: Iterable[str]) -> float:
    """Room right of the plot for the widest line of the labels."""
    lines = [line for label in labels for line in label.split("<br>")]
    return min(LABEL_PX, max((_width_px(line) for line in lines), default=0.0)) + 14


def _width_px(line: str) -> float:
    """About how wide 12 px type runs: a Chinese character is square, a Latin one half of that."""
    return sum(12.0 if ord(character) > 0x2E80 else 6.6 for character in line)


# ---- axes


def _layout(
    start: datetime, now: datetime, right: float, zone: ZoneInfo, look: Look
) -> dict[str, Any]:
    every = timedelta(hours=6)
    first = start.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    hours = [first + timedelta(hours=i) for i in range(1, 26)]
    ticks = [at for at in hours if at.hour % (every.seconds // 3600) == 0 and at <= now]
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": look.font, "size": look.px(12), "color": look.secondary},
        "margin": {
            "l": look.px(44),
            "r": look.px(right),
            "t": look.px(8),
            "b": look.px(32),
            "pad": 0,
        },
        "showlegend": False,
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": look.panel,
            "bordercolor": look.line,
            "font": {"color": look.text, "family": look.font, "size": look.px(12)},
        },
        "dragmode": False,
        "autosize": True,
        "xaxis": {
            "type": "date",
            "range": [_local(start, zone), _local(now + AHEAD, zone)],
            "tickvals": [_local(at, zone) for at in ticks],
            "ticktext": [_hour(at) for at in ticks],
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "showline": False,
            "fixedrange": True,
            "hoverformat": "%H:%M:%S",
            "ticks": "",
            "ticklabelstandoff": round(look.px(10)),
        },
    }


def _hour(at: datetime) -> str:
    return f"{at:%H:%M}" if at.hour else f"<b>{at:%m-%d}</b>"


def _y_axis(digits: int, look: Look) -> dict[str, Any]:
    return {
        "showgrid": True,
        "gridcolor": look.line,
        "gridwidth": 1,
        "zeroline": False,
        "fixedrange": True,
        "nticks": 6,
        "tickformat": f",.{min(digits, 2)}~f",
        "ticklabelstandoff": round(look.px(6)),
    }
