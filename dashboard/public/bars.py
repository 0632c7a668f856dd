"""The AQI of the last six days, or of the last six hours while there are no days. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from dashboard.public.store import HourMean
from dashboard.public.usual import AQI, Key, Usual
from dashboard.text import text
from dashboard.wording import DISTRICT_TIME
from sensors.air import aqi as index

Series = Mapping[str, Sequence[tuple[datetime, int | None]]]
Intervals = Mapping[tuple[str, str], int]

BARS = 6
BAR_MOST, BAR_LEAST = 92, 4
HOUR = timedelta(hours=1)
# Validity, GB 3095: 45 minutes of an hour, 20 hours of a day, for ozone 14 windows of 8 hours.
HOUR_SHARE = 0.75
DAY_HOURS, OZONE_WINDOW, OZONE_WINDOW_HOURS, OZONE_WINDOWS = 20, 8, 6, 14


@dataclass(frozen=True, slots=True)
class Past:
    """AQI by station, oldest first. days: labelled by their start; hours: by their end.

    usual: what is usual of a series, by station and metric; None: not read.
    """

    days: Series = field(default_factory=dict)
    hours: Series = field(default_factory=dict)
    usual: Mapping[Key, Usual] | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """x, height: in the chart's own units. aqi None: not enough was measured."""

    label: str
    aqi: int | None
    step: int
    x: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """unit: `day` or `hour`; the last bar is now. usual: height of the line of what is usual."""

    unit: str
    bars: tuple[Bar, ...]
    usual: int | None = None


def past(means: Sequence[HourMean], intervals: Intervals) -> Past:
    """From hourly means by their start. intervals: seconds between readings by station, metric."""
    valid = [m for m in means if _valid(m, intervals.get((m.station, m.metric), 3600))]
    return Past(_daily(valid), _hourly(valid))


def chart(past: Past, station: str, aqi: int | None, now: datetime, lang: str) -> Chart | None:
    """Six closed days and now; while no day is known, six closed hours and now; else None."""
    local = now.astimezone(DISTRICT_TIME)
    known = (past.usual or {}).get((station, AQI))
    usual = known.value if known else None
    days = {at.astimezone(DISTRICT_TIME).date(): value for at, value in past.days.get(station, ())}
    dates = [local.date() - timedelta(days=back) for back in range(BARS, 0, -1)]
    if any(days.get(date) is not None for date in dates):
        names = (
            "一二三四五六日" if lang == "zh" else ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        )
        closed = [(names[date.weekday()], days.get(date)) for date in dates]
        return _chart("day", [*closed, (text(lang)("now"), aqi)], usual)
    hours = dict(past.hours.get(station, ()))
    whole = local.replace(minute=0, second=0, microsecond=0)
    ends = [whole - back * HOUR for back in range(BARS - 1, -1, -1)]
    if all(hours.get(end) is None for end in ends):
        return None
    closed = [(hour_label(end, lang), hours.get(end)) for end in ends]
    return _chart("hour", [*closed, (text(lang)("now"), aqi)], usual)


def hour_label(end: datetime, lang: str) -> str:
    """HJ 633 names an hour by its end: `21:00` is what was measured from 20:00 to 21:00."""
    hour = end.astimezone(DISTRICT_TIME).hour
    return f"{hour} 时" if lang == "zh" else f"{hour:02d}:00"


def _daily(valid: Sequence[HourMean]) -> Series:
    """The AQI of whole Beijing days."""

    def level(metric: str, hours: Sequence[HourMean]) -> float | None:
        return _daily_level(
            metric, {h.bucket.astimezone(DISTRICT_TIME).hour: h.mean for h in hours}
        )

    return _series(valid, _day_of, lambda levels: index.daily(levels).value, level)


def _hourly(valid: Sequence[HourMean]) -> Series:
    return _series(
        valid,
        lambda start: start + HOUR,
        lambda levels: index.realtime(levels).value,
        lambda _metric, hours: hours[0].mean,
    )


def _series(
    valid: Sequence[HourMean],
    label: Callable[[datetime], datetime],
    aqi: Callable[[Mapping[str, float | None]], int | None],
    level: Callable[[str, Sequence[HourMean]], float | None],
) -> Series:
    """One AQI for every station and label that has valid hours."""
    found: dict[str, list[tuple[datetime, int | None]]] = {}
    ordered = sorted(valid, key=lambda m: (m.station, label(m.bucket), m.metric, m.bucket))
    for (station, at), group in groupby(ordered, key=lambda m: (m.station, label(m.bucket))):
        levels = {
            metric: level(metric, list(hours))
            for metric, hours in groupby(group, key=lambda m: m.metric)
        }
        found.setdefault(station, []).append((at, aqi(levels)))
    return found


def _valid(mean: HourMean, interval_s: int) -> bool:
    """GB 3095: at least 45 minutes of an hour were measured."""
    return mean.count >= HOUR_SHARE * 3600 / min(interval_s, 3600)


def _daily_level(metric: str, hours: Mapping[int, float]) -> float | None:
    """The mean of a day, for ozone its greatest 8 h mean; None with too few valid hours."""
    if metric != "o3_ugm3":
        return sum(hours.values()) / len(hours) if len(hours) >= DAY_HOURS else None
    windows = []
    for last in range(OZONE_WINDOW - 1, 24):
        part = [hours[h] for h in range(last - OZONE_WINDOW + 1, last + 1) if h in hours]
        if len(part) >= OZONE_WINDOW_HOURS:
            windows.append(sum(part) / len(part))
    return max(windows) if len(windows) >= OZONE_WINDOWS else None


def _day_of(start: datetime) -> datetime:
    return start.astimezone(DISTRICT_TIME).replace(hour=0, minute=0, second=0, microsecond=0)


def _chart(unit: str, labelled: Sequence[tuple[str, int | None]], usual: float | None) -> Chart:
    most = max(usual or 1, *(value or 1 for _, value in labelled))
    bars = tuple(_bar(*each, position, most) for position, each in enumerate(labelled))
    return Chart(unit, bars, None if usual is None else round(BAR_MOST * usual / most))


def _bar(label: str, value: int | None, position: int, most: float) -> Bar:
    category = index.category_of(value)
    height = max(BAR_LEAST, round(BAR_MOST * value / most)) if value is not None else 0
    return Bar(label, value, category.number if category else 0, 8 + 51 * position, height)
