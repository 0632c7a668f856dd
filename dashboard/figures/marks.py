"""What people said of readings, on the chart: shaded stretches with who, and why in the hover."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from dashboard.figures.axes import Window, local, rectangle
from dashboard.figures.limits import width_px
from dashboard.figures.look import Look, plain

BAR = (0.982, 1.0)  # of the plot's height, over the stretch
LEAST_PX = 3  # a single reading's stretch is as wide as can be seen
SHADE = 0.13
REASON_CHARACTERS = 60  # of a reason in the hover; the list below the chart has all of it


@dataclass(frozen=True, slots=True)
class Stretch:
    """One mark on [since, until); until None: until further notice. Of several the later counts."""

    since: datetime
    until: datetime | None
    verdict: Literal["invalid", "valid"]
    who: str
    reason: str


def shown(marks: Sequence[Stretch], start: datetime, end: datetime) -> list[Stretch]:
    """What counts in [start, end), in time order: of marks in the order they were made, the last.

    None of the stretches that come back overlap.
    """
    cut = [_cut(mark, start, end) for mark in marks]
    inside = [(a, b, mark) for a, b, mark in cut if a < b]
    edges = sorted({edge for a, b, _ in inside for edge in (a, b)})
    found: list[tuple[Stretch, Stretch]] = []  # as cut, and the mark it is of
    for a, b in pairwise(edges):
        over = [mark for since, until, mark in inside if since <= a and b <= until]
        if not over:
            continue
        if found and found[-1][1] is over[-1] and found[-1][0].until == a:
            found[-1] = (replace(found[-1][0], until=b), over[-1])
        else:
            found.append((replace(over[-1], since=a, until=b), over[-1]))
    return [piece for piece, _ in found]


def why(stretches: Iterable[Stretch], at: datetime, verdict: str) -> str:
    """`name: reason` of the stretch that says so of a moment; empty where none does."""
    for one in stretches:
        if one.verdict == verdict and one.since <= at and (one.until is None or at < one.until):
            reason = one.reason
            if len(reason) > REASON_CHARACTERS:
                reason = f"{reason[:REASON_CHARACTERS]}…"
            return plain(f"{one.who}: {reason}")
    return ""


def shades(stretches: Iterable[Stretch], seen: Window, look: Look) -> list[dict[str, Any]]:
    """A bar at the top over each; what is invalid is shaded too. Cut to what is seen."""
    found = []
    for one in stretches:
        a, b = _wide(one, seen)
        if one.verdict == "invalid":
            shade = rectangle(a, b, seen.zone, 0, 1)
            found.append(shade | {"fillcolor": look.text, "opacity": SHADE, "layer": "below"})
        found.append(rectangle(a, b, seen.zone, *BAR) | {"fillcolor": look.secondary})
    return found


def labels(
    stretches: Iterable[Stretch],
    seen: Window,
    words: Callable[[str], str],
    text: Callable[[str, float, str], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Verdict and name where they have room, else the verdict, else nothing: the list has it."""
    found = []
    for one in stretches:
        a, b = _wide(one, seen)
        verdict = words(one.verdict)
        fitting = [
            said
            for said in (f"{verdict} · {one.who}", verdict)
            if seen.px(width_px(said) + 6) <= b - a
        ]
        if fitting:
            label = text(local(a + (b - a) / 2, seen.zone), BAR[0] - 0.01, plain(fitting[0]))
            found.append(label | {"yanchor": "top"})
    return found


def _cut(mark: Stretch, start: datetime, end: datetime) -> tuple[datetime, datetime, Stretch]:
    return max(mark.since, start), end if mark.until is None else min(mark.until, end), mark


def _wide(one: Stretch, seen: Window) -> tuple[datetime, datetime]:
    """At least so wide that it is seen."""
    until = seen.end if one.until is None else one.until
    spare = max(seen.px(LEAST_PX) - (until - one.since), until - until)
    return one.since - spare / 2, until + spare / 2
