"""The quality strip under the axis: where there are data, where not, and where there is doubt."""

from collections.abc import Sequence
from typing import Any

from dashboard.figures.axes import Window, rectangle
from dashboard.figures.look import Look
from dashboard.figures.points import Point, Span, apart, late_spans

STRIP = (-0.045, -0.02)  # of the plot's height
BOX_PX = 5


def strip(
    points: Sequence[Point], gaps: Sequence[Span], seen: Window, interval_s: float, look: Look
) -> list[dict[str, Any]]:
    """Bars where there are data, violet where late; dots where there are none; boxes for doubts."""
    first = max(seen.start, seen.since or seen.start)
    edges = [first, *(edge for gap in gaps for edge in gap), seen.now]
    have = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    return [
        *(_bar(span, seen, look.quiet) for span in have),
        *(_bar(_seen(span, seen), seen, look.late) for span in late_spans(points, interval_s)),
        *(_dots(span, seen, look) for span in gaps),
        *_boxes(points, seen, look),
    ]


def _bar(span: Span, seen: Window, colour: str) -> dict[str, Any]:
    return rectangle(*span, seen.zone, *STRIP) | {"fillcolor": colour}


def _seen(span: Span, seen: Window) -> Span:
    """A single late reading is as wide as can be seen."""
    a, b = span
    spare = max(seen.px(2) - (b - a), b - b)
    return a - spare / 2, b + spare / 2


def _dots(span: Span, seen: Window, look: Look) -> dict[str, Any]:
    middle = sum(STRIP) / 2
    dots = {"color": look.quiet, "width": look.px(1.4), "dash": "dot"}
    return rectangle(*span, seen.zone, middle, middle) | {"type": "line", "line": dots}


def _boxes(points: Sequence[Point], seen: Window, look: Look) -> list[dict[str, Any]]:
    """One box where several suspect readings would overlap."""
    width = seen.px(BOX_PX)
    edge = {"color": look.text, "width": look.px(1.4)}
    return [
        rectangle(p.at - width / 2, p.at + width / 2, seen.zone, STRIP[0] - 0.008, STRIP[1] + 0.008)
        | {"fillcolor": look.panel, "line": edge}
        for p in apart((p for p in points if p.doubtful), width * 1.4)
    ]
