"""The drawer's chart: one series over 24 h with its limits, gaps and doubts. Pure (LOOK.md).

Gaps are broken and shaded, never joined; suspect values stand off the line as hollow circles; what
a person called invalid is grey in a shaded stretch; what arrived late is on the line and marked
violet; a strip under the axis repeats all three.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard.figures import ahead as future
from dashboard.figures import marks
from dashboard.figures.ahead import Ahead
from dashboard.figures.axes import (
    DAY,
    Window,
    layout,
    local,
    now_line,
    rectangle,
    tick_step,
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
from dashboard.figures.marks import Stretch
from dashboard.figures.points import Point, Span, apart, line, missing_spans, thin, values
from dashboard.figures.strip import STRIP, strip

MARK_PX = 14  # marks stand at least this far apart
FEW = 60  # readings off the line that are dots of their own


@dataclass(frozen=True, slots=True)
class Words:
    """What the chart says, in the viewer's language. since: with {at}, for a young series.

    flags: the word of each quality flag; verdicts: of `invalid` and `valid`.
    """

    missing: str
    suspect: str
    late: str
    nothing: str
    since: str = "since {at}"
    flags: Mapping[str, str] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


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
    stretches: Sequence[Stretch] = (),
    ahead: Ahead | None = None,
    length: timedelta = DAY,
    also: Sequence[Point] = (),
) -> go.Figure:
    """Up to `length` before `now`. Points in time order; values and limits in one unit.

    stretches: the marks that hold, in the order they were made.

    older: the series has readings from before; without them the chart begins where it does.

    ahead: where a rising level goes. also: of other lines, for which the axis has room.
    """
    seen = future.room_for(ahead, window(points, now, zone, older=older, length=length))
    gaps = missing_spans(points, seen.since or seen.start, now, interval_s)
    found = future.with_limit(sort_limits(points, limits), ahead)
    span = value_range([*points, *also], found.shown, tick_step(digits))
    said = marks.shown(stretches, seen.start, seen.end)
    doubts = _doubts(points, span, said, words, look, seen, digits)
    way = future.traces(ahead, seen, look)
    figure = go.Figure([*_traces(points, interval_s, seen, words, look, digits), *doubts, *way])
    figure.update_layout(**layout(seen, labels_px(limits, digits), look))
    figure.update_yaxes(**value_axis(span, digits, look))
    figure.layout.shapes = [
        *(_shade(gap, seen, look) for gap in gaps),
        *marks.shades(said, seen, look),
        *lines(found.shown, look),
        now_line(seen, look),
        *strip(points, gaps, seen, interval_s, look),
    ]
    figure.layout.annotations = [
        *labels(found, digits, look, span),
        *_gap_words(gaps, seen, words, look),
        *marks.labels(
            said,
            seen,
            lambda v: words.verdicts.get(v, v),
            partial(_text, look=look, ground=look.panel),
        ),
        *_since(seen, words, look, upper=_begins_low(points, span)),
        *([] if values(points) else [_nothing(words, look)]),
    ]
    return figure


def _traces(
    points: Sequence[Point],
    interval_s: float,
    seen: Window,
    words: Words,
    look: Look,
    digits: int,
) -> list[go.Scatter]:
    late = [p for p in points if p.late and p.value is not None and p.quality == "good"]
    newest = [p for p in points if p.value is not None and not p.doubtful][-1:]
    diamond = {"symbol": "diamond-open", "size": look.px(8), "color": look.late}
    dot = {"symbol": "circle", "size": look.px(8), "color": look.text}
    ink = {"color": look.text, "width": look.px(2.2)}
    scatter, value = _scatter(seen.zone), f"%{{y:,.{digits}f}}"
    hover = f"{value}<extra></extra>"
    return [
        scatter(
            thin(line(points, interval_s)), "measured",
            mode="lines", line=ink, connectgaps=False, hovertemplate=hover,
        ),
        scatter(
            apart(late, seen.px(MARK_PX)), "late", mode="markers", marker=diamond,
            hovertemplate=f"{value} {words.late}<extra></extra>",
        ),
        scatter(newest, "newest", mode="markers", marker=dot, hoverinfo="skip"),
    ]  # fmt: skip


def _doubts(
    points: Sequence[Point],
    span: tuple[float, float],
    said: Sequence[Stretch],
    words: Words,
    look: Look,
    seen: Window,
    digits: int,
) -> list[go.Scatter]:
    """What stands off the line: suspect, invalid, and invalid beyond the axis at its edge."""
    known = [p for p in points if p.doubtful and p.value is not None]
    suspect = thin([p for p in known if not p.invalid], 400)
    invalid = thin([p for p in known if p.invalid], 600)
    edged = [replace(p, value=min(max(p.value or 0.0, span[0]), span[1])) for p in invalid]
    inside = [p for p, shown in zip(invalid, edged, strict=True) if p.value == shown.value]
    edge = [shown for p, shown in zip(invalid, edged, strict=True) if p.value != shown.value]
    beyond = [p for p, shown in zip(invalid, edged, strict=True) if p.value != shown.value]
    hollow = {
        "symbol": "circle-open",
        "size": look.px(8 if len(suspect) <= FEW else 3),
        "color": look.text if len(suspect) <= FEW else look.secondary,
    }
    # Many are a thin grey line of dots, never heavier than what was measured well.
    size = look.px(5 if len(invalid) <= FEW else 3)
    grey = {"symbol": "circle", "size": size, "color": look.quiet}
    arrow = {"symbol": "diamond-tall-open", "size": look.px(9), "color": look.quiet}

    def texts(some: Sequence[Point]) -> list[str]:
        return [f"{p.value:,.{digits}f} · {_flags(p, said, words)}" for p in some]

    scatter, hover = _scatter(seen.zone), "%{text}<extra></extra>"
    more = {"mode": "markers", "hovertemplate": hover, "cliponaxis": False}
    return [
        scatter(suspect, "suspect", marker=hollow, text=texts(suspect), **more),
        scatter(inside, "invalid", marker=grey, text=texts(inside), **more),
        scatter(edge, "beyond", marker=arrow, text=texts(beyond), **more),
    ]


def _flags(point: Point, said: Sequence[Stretch], words: Words) -> str:
    """The names of the tests; of a mark also who and why."""
    names = " · ".join(words.flags.get(flag, flag) for flag in point.flags) or words.suspect
    reason = marks.why(said, point.at, "invalid") if point.invalid else ""
    return f"{names}<br>{reason}" if reason else names


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


def _begins_low(points: Sequence[Point], span: tuple[float, float]) -> bool:
    """Whether the line begins in the lower half of the plot: a word then stands in the upper."""
    found = values(points)
    return bool(found) and found[0] < sum(span) / 2


def _since(seen: Window, words: Words, look: Look, *, upper: bool) -> list[dict[str, Any]]:
    """Where a young series begins, said instead of a shaded past that never was."""
    if seen.since is None:
        return []
    at = seen.since.astimezone(seen.zone)
    text = words.since.format(at=f"{at:%H:%M}")
    early = seen.since - seen.start > seen.px(70)
    if early:
        side = {"xanchor": "right", "xshift": look.px(-6), "yanchor": "middle"}
        return [_text(local(at, seen.zone), sum(STRIP) / 2, text, look) | side]
    side = {"xanchor": "left", "xshift": look.px(4), "yanchor": "top" if upper else "bottom"}
    return [_text(local(at, seen.zone), 0.99 if upper else 0.03, text, look, look.panel) | side]


def _nothing(words: Words, look: Look) -> dict[str, Any]:
    return _text(0.5, 0.5, words.nothing, look) | {"xref": "paper", "yanchor": "middle"}


def _text(
    x: str | float, y: float, text: str, look: Look, ground: str | None = None
) -> dict[str, Any]:
    """y of the plot's height. ground: behind it, where lines would cross it."""
    return {
        "text": text,
        "x": x,
        "yref": "paper",
        "y": y,
        "yanchor": "bottom",
        "showarrow": False,
        "bgcolor": ground,
        "font": {"size": look.px(12), "color": look.secondary},
    }
