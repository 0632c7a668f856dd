"""Limits on the chart: which of them have room, each at its height with its own dash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.figures.look import Look, plain
from dashboard.figures.points import Point, values

DASHES = ("longdash", "dash", "dot", "dashdot", "longdashdot")
LABEL_PX = 122  # at most this much of the chart is for the labels
ROOM_ABOVE = 0.6  # of the greatest value: a limit farther up would flatten the line
NEXT_ABOVE = 2  # at most: the third is far
ROOM_BELOW = 0.6  # of the height that values and limits take without it


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit with its label; grade only where an open alert stands on it. mean: over which it
    holds, in words, where that is more than a reading."""

    value: float
    label: str
    grade: str | None = None
    mean: str = ""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What has a line in the plot, and what is only named at its upper or lower edge."""

    shown: tuple[LimitLine, ...]
    above: tuple[LimitLine, ...] = ()
    below: tuple[LimitLine, ...] = ()


def sort_limits(points: Sequence[Point], limits: Sequence[LimitLine]) -> Sorted:
    """Crossed and burning limits have a line, and the next above where it leaves room."""
    found = values(points)
    if not found:
        return Sorted(tuple(limits))
    low, high = min(found), max(found)
    kept = [limit for limit in limits if limit.grade or low <= limit.value <= high]
    top, bottom = _reach([low, high], kept)
    kept = _with(kept, limits, bottom, top)
    kept += _next_above(limits, top)
    reach = _reach([low, high], kept)[0] - bottom
    kept = _with(kept, limits, bottom - ROOM_BELOW * reach, bottom)
    rest = [limit for limit in limits if limit not in kept]
    return Sorted(
        tuple(kept),
        tuple(limit for limit in rest if limit.value > top),
        tuple(limit for limit in rest if limit.value < bottom),
    )


def _reach(found: list[float], limits: Iterable[LimitLine]) -> tuple[float, float]:
    every = [*found, *(limit.value for limit in limits)]
    return max(every), min(every)


def _next_above(limits: Iterable[LimitLine], top: float) -> list[LimitLine]:
    room = top + ROOM_ABOVE * abs(top)
    return _upwards(each for each in limits if top < each.value <= room)[:NEXT_ABOVE]


def _with(
    kept: list[LimitLine], limits: Iterable[LimitLine], low: float, high: float
) -> list[LimitLine]:
    return [*kept, *(each for each in limits if each not in kept and low <= each.value <= high)]


def value_range(
    points: Iterable[Point], limits: Iterable[LimitLine], step: float
) -> tuple[float, float]:
    """Axis from the least to the greatest of values and limits, with air and room for two ticks."""
    found = [*values(points), *(limit.value for limit in limits)]
    low, high = min(found, default=0.0), max(found, default=1.0)
    air = (high - low) * 0.08 or max(abs(high) * 0.05, 0.5)
    air = max(air, step - (high - low) / 2)
    return low - air, high + air


def lines(limits: Iterable[LimitLine], look: Look) -> list[dict[str, Any]]:
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": limit.value,
            "y1": limit.value,
            "line": {
                "color": _colour(limit, look),
                "width": look.px(1.4),
                "dash": DASHES[index % len(DASHES)],
            },
        }
        for index, limit in enumerate(sorted(limits, key=lambda each: -each.value))
    ]


def labels(
    found: Sorted, digits: int, look: Look, span: tuple[float, float]
) -> list[dict[str, Any]]:
    """Right of the plot at their own height, from the highest down, apart where two would meet.

    What has no room in the plot stands at its edge with an arrow.
    """
    low, high = span
    least = (high - low) * 0.082
    texts = [
        *((high, label(each, digits) + " ↑", each) for each in _downwards(found.above)),
        *((each.value, label(each, digits), each) for each in _downwards(found.shown)),
        *((low, label(each, digits) + " ↓", each) for each in _downwards(found.below)),
    ]
    halves = [least * (text.count("<br>") + 1) / 2 for _, text, _ in texts]
    heights = _apart([wanted for wanted, *_ in texts], halves, span)
    return [
        annotation(height, text, _colour(limit, look), look)
        for height, (_, text, limit) in zip(heights, texts, strict=True)
    ]


def _apart(
    wanted: Sequence[float], halves: Sequence[float], span: tuple[float, float]
) -> list[float]:
    """Middles from the highest down, none nearer than both halves: pushed down, and what would
    leave the plot below pushes the rest up again."""
    heights, last = [], span[1]
    for middle, half in zip(wanted, halves, strict=True):
        heights.append(min(middle, last - half))
        last = heights[-1] - half
    last = span[0]
    for n in reversed(range(len(heights))):
        heights[n] = max(heights[n], last + halves[n])
        last = heights[n] + halves[n]
    return heights


def label(limit: LimitLine, digits: int) -> str:
    """Name and value; the value below where the name is long, or with the mean it is for."""
    long = bool(limit.mean) or width_px(limit.label) > LABEL_PX - 48
    mean = f" · {limit.mean}" if limit.mean else ""
    return f"{plain(limit.label)}{'<br>' if long else ' '}{limit.value:,.{digits}f}{mean}"


def labels_px(found: Iterable[LimitLine], digits: int) -> float:
    """Room right of the plot for the widest line of the labels."""
    parts = [part for limit in found for part in f"{label(limit, digits)} ↑".split("<br>")]
    return min(LABEL_PX, max((width_px(part) for part in parts), default=0.0)) + 14


def _upwards(limits: Iterable[LimitLine]) -> list[LimitLine]:
    """The nearest first: it is the next to be met."""
    return sorted(limits, key=lambda each: each.value)


def _downwards(limits: Iterable[LimitLine]) -> list[LimitLine]:
    return sorted(limits, key=lambda each: -each.value)


def annotation(height: float, text: str, colour: str, look: Look) -> dict[str, Any]:
    """A text beside the right end of the plot, at a height of its axis."""
    return {
        "text": text,
        "align": "left",
        "xref": "paper",
        "x": 1,
        "xanchor": "left",
        "xshift": look.px(6),
        "y": height,
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": look.px(12), "color": colour},
    }


def _colour(limit: LimitLine, look: Look) -> str:
    return look.grades[limit.grade] if limit.grade else look.secondary


def width_px(line: str) -> float:
    """About how wide 12 px type runs: a Chinese character is square, a Latin one half of that."""
    return sum(12.0 if ord(character) > 0x2E80 else 6.6 for character in line)
