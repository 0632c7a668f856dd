"""What lies ahead on the chart of a level: grey band, dashed centre, thick bar on the limit. Pure.

The bar lies on the limit's line from the earliest to the latest; without an end (the rise may die
away) it runs out of the picture. What leaves the picture is cut at its edge, never squeezed in.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard.figures.axes import Window, local
from dashboard.figures.limits import Sorted
from dashboard.figures.look import Look

MOST = timedelta(hours=12)  # ahead of now: the past must stay readable
SHARE = 0.6  # of the past that is shown
BEYOND = 1.15  # of the central time: where the dashed line ends


@dataclass(frozen=True, slots=True)
class Ahead:
    """From the newest level to the limit: hours to the earliest, central and latest crossing."""

    at: datetime
    level: float
    limit: float
    earliest_h: float
    central_h: float
    latest_h: float | None


def room_for(found: Ahead | None, seen: Window) -> Window:
    """The window with as much of the future as there is to show."""
    if found is None:
        return seen
    past = seen.now - seen.start
    wanted_h = found.latest_h if found.latest_h is not None else 2 * found.central_h
    wanted = found.at + timedelta(hours=1.1 * wanted_h) - seen.now
    ahead = max(past / 12, min(wanted, MOST, SHARE * past))
    # With so much more in the same width every second hour has its word.
    return replace(seen, ahead=ahead, tick_h=seen.tick_h * (2 if ahead > past / 4 else 1))


def with_limit(found: Sorted, ahead: Ahead | None) -> Sorted:
    """The limit that is climbed to has its line, however far up it is."""
    if ahead is None:
        return found
    met = [each for each in found.above if each.value <= ahead.limit]
    return Sorted((*found.shown, *met), tuple(x for x in found.above if x not in met), found.below)


def traces(found: Ahead | None, seen: Window, look: Look) -> list[go.Scatter]:
    """After all that was measured; none of them answers the pointer."""
    if found is None:
        return []
    return [_band(found, seen, look), _centre(found, seen, look), *_bar(found, seen, look)]


def _band(found: Ahead, seen: Window, look: Look) -> go.Scatter:
    """Between the fastest and the slowest way up, as far as the limit and the edge."""
    end_h = _hours(found, seen.end)
    slow_h = end_h if found.latest_h is None else min(found.latest_h, end_h)
    climb = found.limit - found.level
    slow = found.level + (0.0 if found.latest_h is None else climb * slow_h / found.latest_h)
    fast_h = min(found.earliest_h, end_h)
    corners = [
        (0.0, found.level),
        (fast_h, found.level + climb * fast_h / found.earliest_h),
        (slow_h, found.limit if fast_h == found.earliest_h else found.level + climb),
        (slow_h, slow),
    ]
    return go.Scatter(
        x=[_x(found, hours, seen.zone) for hours, _ in corners],
        y=[level for _, level in corners],
        meta="ahead-band", mode="lines", fill="toself", fillcolor=look.track,
        line={"width": 0}, hoverinfo="skip",
    )  # fmt: skip


def _centre(found: Ahead, seen: Window, look: Look) -> go.Scatter:
    hours = min(found.central_h * BEYOND, _hours(found, seen.end))
    level = found.level + (found.limit - found.level) * hours / found.central_h
    return go.Scatter(
        x=[_x(found, 0.0, seen.zone), _x(found, hours, seen.zone)],
        y=[found.level, level],
        meta="ahead-centre", mode="lines", hoverinfo="skip",
        line={"color": look.text, "width": look.px(1.4), "dash": "dash"},
    )  # fmt: skip


def _bar(found: Ahead, seen: Window, look: Look) -> list[go.Scatter]:
    end_h = _hours(found, seen.end)
    if found.earliest_h >= end_h:
        return []
    last_h = end_h if found.latest_h is None else min(found.latest_h, end_h)
    bar = go.Scatter(
        x=[_x(found, found.earliest_h, seen.zone), _x(found, last_h, seen.zone)],
        y=[found.limit] * 2,
        meta="ahead-bar", mode="lines", hoverinfo="skip",
        line={"color": look.text, "width": look.px(4)},
    )  # fmt: skip
    return [bar, _crossing(found, seen, look)] if found.central_h < end_h else [bar]


def _crossing(found: Ahead, seen: Window, look: Look) -> go.Scatter:
    """Where the dashed line meets the limit, with its time."""
    at = found.at + timedelta(hours=found.central_h)
    ring = {"color": look.text, "width": look.px(1.6)}
    return go.Scatter(
        x=[local(at, seen.zone)],
        y=[found.limit],
        meta="ahead-crossing", mode="markers+text", hoverinfo="skip", cliponaxis=False,
        text=[f"<b>{at.astimezone(seen.zone):%H:%M}</b>"],
        textposition="top center",
        textfont={"size": look.px(12), "color": look.text},
        marker={"size": look.px(8), "color": look.panel, "line": ring},
    )  # fmt: skip


def _hours(found: Ahead, at: datetime) -> float:
    return (at - found.at) / timedelta(hours=1)


def _x(found: Ahead, hours: float, zone: ZoneInfo) -> str:
    return local(found.at + timedelta(hours=hours), zone)
