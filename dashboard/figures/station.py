"""The drawer's chart: one series over 24 h with its limits, gaps and doubts. Pure (LOOK.md).

Gaps are broken and shaded, never joined; suspect values stand off the line as hollow circles; what
arrived late is on the line and marked violet; a strip under the axis repeats all three.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard.figures.axes import (
    Window,
    layout,
    local,
    now_line,
    rectangle,
    value_axis,
    window,
)
from dashboard.figures.limits import (
    LimitLine,
    labels,
    labels_px,
    lines,
    sort_limits,
    value_range,
)
from dashboard.figures.look import Look
from dashboard.figures.points import Point, Span, apart, line, missing_spans, thin, values
from dashboard.figures.strip import STRIP, strip

MARK_PX = 14  # marks stand at least this far apart


@dataclass(frozen=True, slots=True)
class Words:
    """What the chart says, in the viewer's language. since: with {at}, for a young series."""

    missing: str
    suspect: str
    late: str
    nothing: str
    since: str = "since {at}"


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
    older: bool = True,
) -> go.Figure:
    """Up to 24 h before `now`. Points in time order; values and limits in one unit.

    older: the series has readings from before; without them the chart begins where it does.
    """
    seen = window(points, now, zone, older=older)
    gaps = missing_spans(points, seen.since or seen.start, now, interval_s)
    found = sort_limits(points, limits)
    span = value_range(points, found.shown)
    figure = go.Figure(_traces(points, interval_s, seen, words, look))
    figure.update_layout(**layout(seen, labels_px(limits, digits), look))
    figure.update_yaxes(range=span, **value_axis(digits, look))
    figure.layout.shapes = [
        *(_shade(gap, seen, look) for gap in gaps),
        *lines(found.shown, look),
        now_line(seen, look),
        *strip(points, gaps, seen, interval_s, look),
    ]
    figure.layout.annotations = [
        *labels(found, digits, look, span),
        *_gap_words(gaps, seen, words, look),
        *_since(seen, words, look),
        *([] if values(points) else [_nothing(words, look)]),
    ]
    return figure


def _traces(
    points: Sequence[Point], interval_s: float, seen: Window, words: Words, look: Look
) -> list[go.Scatter]:
    suspect = thin([p for p in points if p.quality == "suspect" and p.value is not None], 400)
    late = [p for p in points if p.late and p.value is not None and p.quality == "good"]
    newest = [p for p in points if p.value is not None and p.quality == "good"][-1:]
    hollow = {"symbol": "circle-open", "size": look.px(8), "color": look.text}
    diamond = {"symbol": "diamond-open", "size": look.px(8), "color": look.late}
    dot = {"symbol": "circle", "size": look.px(8), "color": look.text}
    ink = {"color": look.text, "width": look.px(2.2)}
    scatter = _scatter(seen.zone)
    return [
        scatter(
            thin(line(points, interval_s)), "measured", mode="lines", line=ink, connectgaps=False
        ),
        scatter(suspect, "suspect", mode="markers", marker=hollow, name=words.suspect),
        scatter(
            apart(late, seen.px(MARK_PX)), "late", mode="markers", marker=diamond, name=words.late
        ),
        scatter(newest, "newest", mode="markers", marker=dot, hoverinfo="skip"),
    ]


def _scatter(zone: ZoneInfo) -> Any:
    def scatter(points: Sequence[Point], meta: str, **style: Any) -> go.Scatter:
        x = [local(p.at, zone) for p in points]
        return go.Scatter(x=x, y=[p.value for p in points], meta=meta, **style)

    return scatter


def _shade(gap: Span, seen: Window, look: Look) -> dict[str, Any]:
    return rectangle(*gap, seen.zone, 0, 1) | {"fillcolor": look.track, "layer": "below"}


# ---- words on the chart


def _gap_words(
    gaps: Iterable[Span], seen: Window, words: Words, look: Look
) -> list[dict[str, Any]]:
    """The widest gaps first; no word where another stands or where the gap is a mere line."""
    least = seen.px(12)
    room = seen.px(4 + 12 * max(2.0, len(words.missing) * 0.55))
    said: list[datetime] = []
    for a, b in sorted(gaps, key=lambda gap: gap[0] - gap[1]):
        middle = a + (b - a) / 2
        if b - a >= least and all(abs(middle - other) >= room for other in said):
            said.append(middle)
    return [_text(local(at, seen.zone), 0.03, words.missing, look) for at in sorted(said)]


def _since(seen: Window, words: Words, look: Look) -> list[dict[str, Any]]:
    """Where a young series begins, said instead of a shaded past that never was."""
    if seen.since is None:
        return []
    at = seen.since.astimezone(seen.zone)
    text = words.since.format(at=f"{at:%H:%M}")
    early = seen.since - seen.start > seen.px(70)
    if early:
        side = {"xanchor": "right", "xshift": look.px(-6), "yanchor": "middle"}
        return [_text(local(at, seen.zone), sum(STRIP) / 2, text, look) | side]
    side = {"xanchor": "left", "xshift": look.px(4)}
    return [_text(local(at, seen.zone), 0.03, text, look) | side]


def _nothing(words: Words, look: Look) -> dict[str, Any]:
    return _text(0.5, 0.5, words.nothing, look) | {"xref": "paper", "yanchor": "middle"}


def _text(x: str | float, y: float, text: str, look: Look) -> dict[str, Any]:
    """y of the plot's height."""
    return {
        "text": text,
        "x": x,
        "yref": "paper",
        "y": y,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": look.px(12), "color": look.secondary},
    }
