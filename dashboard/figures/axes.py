"""The chart's ground: how much time it shows, its axes, shapes between two times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.figures.look import Look
from dashboard.figures.points import Point

DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
# Widths in hours, with the hours between ticks: a young series is not squeezed into a corner.
WIDTHS = ((3, 1), (6, 2), (12, 3), (24, 6))
TICKS = 6  # at most so many on the value axis
PLOT_PX = 300  # about the plot's width: what stands so many px apart stands so much time apart


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `now`, with a little air; `since`: where a young series begins. ahead: how
    much of the future is shown."""

    start: datetime
    now: datetime
    tick_h: int
    zone: ZoneInfo
    since: datetime | None = None
    ahead: timedelta = timedelta(0)

    @property
    def end(self) -> datetime:
        return self.now + max((self.now - self.start) / 48, self.ahead)

    def px(self, count: float) -> timedelta:
        """How much time so many pixels are."""
        return (self.now - self.start + self.ahead) * (count / PLOT_PX)


def window(
    points: Sequence[Point],
    now: datetime,
    zone: ZoneInfo,
    *,
    older: bool,
    length: timedelta = DAY,
) -> Window:
    """The last 24 h, or as many as are asked for; less where the series itself began less than
    24 h ago.

    older: there are readings before these 24 h, so an empty beginning is a gap like any other.
    """
    if older or not points or now - points[0].at > DAY:
        return Window(now - length, now, _tick_h(length), zone)
    age = now - points[0].at
    hours, tick_h = next(w for w in WIDTHS if age <= timedelta(hours=w[0]) or w is WIDTHS[-1])
    start = now - timedelta(hours=hours)
    return Window(start, now, tick_h, zone, points[0].at)


def _tick_h(length: timedelta) -> int:
    """Hours between ticks: of more than two days whole days, at most about seven ticks."""
    if length <= DAY:
        return WIDTHS[-1][1]
    days = max(1, round(length / DAY / 7))
    return 12 if length <= 2 * DAY else 24 * days


def local(at: datetime, zone: ZoneInfo) -> str:
    """The district's time without an offset: plotly's axes know no zones."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def rectangle(a: datetime, b: datetime, zone: ZoneInfo, low: float, high: float) -> dict[str, Any]:
    """Between two times; low and high of the plot's height."""
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": local(a, zone),
        "x1": local(b, zone),
        "y0": low,
        "y1": high,
        "line": {"width": 0},
    }


def now_line(seen: Window, look: Look) -> dict[str, Any]:
    at = rectangle(seen.now, seen.now, seen.zone, 0, 1)
    return at | {"type": "line", "line": {"color": look.secondary, "width": 1}, "name": "now"}


def layout(seen: Window, right_px: float, look: Look) -> dict[str, Any]:
    """right_px: room for the limits' labels."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": look.font, "size": look.px(12), "color": look.secondary},
        "margin": {
            "l": look.px(44),
            "r": look.px(right_px),
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
        "xaxis": _time_axis(seen, look),
    }


def tick_step(digits: int) -> float:
    """The least distance of two ticks: what their numbers tell apart."""
    return float(10.0 ** -min(digits, 2))


def value_axis(span: tuple[float, float], digits: int, look: Look) -> dict[str, Any]:
    """From the lower end to the upper; no two ticks say the same number."""
    step = tick_step(digits)
    return {
        "range": span,
        "dtick": step if span[1] - span[0] < TICKS * step else None,
        "showgrid": True,
        "gridcolor": look.line,
        "gridwidth": 1,
        "zeroline": False,
        "fixedrange": True,
        "nticks": TICKS,
        "tickformat": f",.{min(digits, 2)}~f",
        "ticklabelstandoff": round(look.px(6)),
    }


def _time_axis(seen: Window, look: Look) -> dict[str, Any]:
    ticks = _ticks(seen)
    return {
        "type": "date",
        "range": [local(seen.start, seen.zone), local(seen.end, seen.zone)],
        "tickvals": [local(at, seen.zone) for at, _ in ticks],
        "ticktext": [word for _, word in ticks],
        "tickangle": 0,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "hoverformat": "%H:%M:%S" if seen.now - seen.start <= DAY else "%m-%d %H:%M",
        "ticks": "",
        "ticklabelstandoff": round(look.px(10)),
    }


def _ticks(seen: Window) -> list[tuple[datetime, str]]:
    """Full hours, the date at midnight, and the present moment with room to either side."""
    first = seen.start.astimezone(seen.zone).replace(minute=0, second=0, microsecond=0)
    length = round((seen.now - seen.start + seen.ahead) / HOUR)
    hours = [first + timedelta(hours=i) for i in range(1, 2 + length)]
    room = seen.px(52)
    full = [
        (at, f"{at:%H:%M}" if at.hour else f"{at:%m-%d}")
        for at in hours
        if _falls_on(at, seen)
        and seen.start + room / 2 < at < seen.end - room / 4
        and abs(at - seen.now) > room
    ]
    return [*full, (seen.now, f"<b>{seen.now.astimezone(seen.zone):%H:%M}</b>")]


def _falls_on(at: datetime, seen: Window) -> bool:
    """Every so many hours of the day; of whole days every so many, counted back from today."""
    if seen.tick_h < 24:
        return at.hour % seen.tick_h == 0
    return (
        at.hour == 0
        and (seen.now.astimezone(seen.zone).date() - at.date()).days % (seen.tick_h // 24) == 0
    )
