"""The trend of the thresholds view without Dash: what was asked for, read, and drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from alerts.rule import Place
from dashboard import store
from dashboard.environment import thresholds_store
from dashboard.environment.thresholds import Row
from dashboard.environment.thresholds_kept import Remembered
from dashboard.figures.limits import LimitLine
from dashboard.figures.look import look
from dashboard.figures.points import Point
from dashboard.figures.station import Words
from dashboard.figures.trend import Beside, Shown, trend_chart
from dashboard.pages.chart import Request
from dashboard.pages.day import Day, read_day
from dashboard.pages.tokens import TOKENS
from dashboard.resolution import WIDTHS
from dashboard.text import text
from dashboard.wording import mean_words, word
from database.pool import Connection, Pool
from sensors.catalogue import METRICS
from sensors.reading import Quality

LENGTHS_H = (24, 72, 168, 720)
DEFAULT_H = 72
MOST_RAW = 30_000  # readings; beyond that means of a roll-up are drawn
MOST_POINTS = 1500
_EVERY = sum(Quality)
# Of one reservoir, outfall or tank alone: its neighbour's says nothing of it.
_OWN = frozenset(
    {"level_m", "storage_m3", "inflow_m3s", "flow_m3s", "tank_level_pct", "tank_pressure_kpa"}
)


@dataclass(frozen=True, slots=True)
class TrendRequest:
    of: Request
    hours: int

    @classmethod
    def read(cls, wanted: object) -> Self | None:
        """From the browser, which may send anything."""
        of = Request.read(wanted)
        if of is None or not isinstance(wanted, dict):
            return None
        hours = wanted.get("hours")
        return cls(of, hours if hours in LENGTHS_H and isinstance(hours, int) else DEFAULT_H)


def trend(
    pool: Pool,
    thresholds: Remembered,
    asked: TrendRequest,
    now: datetime,
    zone: ZoneInfo,
) -> go.Figure:
    """The last hours or days of the series; a chart that says so where there is nothing."""
    request, length = asked.of, timedelta(hours=asked.hours)
    rows, _ = thresholds.rows(pool, now)
    row = next((r for r in rows if _is(r, request)), None)
    with pool.transaction() as conn:
        shown = _shown(conn, thresholds, row, request, now, length)
    return trend_chart(
        shown,
        now=now,
        length=length,
        zone=zone,
        digits=METRICS[request.metric].digits,
        look=look(TOKENS, request.theme, request.scale),
    ).update_layout(
        meta={"station": request.station, "metric": request.metric, "hours": asked.hours}
    )


def _is(row: Row, request: Request) -> bool:
    return (row.series.station, row.series.metric) == (request.station, request.metric)


def _shown(
    conn: Connection,
    thresholds: Remembered,
    row: Row | None,
    request: Request,
    now: datetime,
    length: timedelta,
) -> Shown:
    t = text(request.lang)
    place = thresholds.place(request.station, request.metric)
    points, interval_s, day = _points(conn, request, now, length, place)
    beside = _beside(conn, thresholds, place, request, now, length)
    return Shown(
        points=points,
        limits=_limits(row, request.lang),
        interval_s=interval_s,
        older=day.older if day else True,
        stretches=day.stretches if day else (),
        beside=beside,
        usual=thresholds_store.usual(conn, place.series_id) if place else None,
        own=_short(thresholds.names.get(request.station, ("", "")), request.lang),
        words=Words(
            missing=t("Missing"),
            suspect=t("Suspect"),
            late=t("found afterwards"),
            nothing=t("No data in this time"),
            since=t("since {at}"),
            flags={flag: word(flag, request.lang) for flag in Quality(_EVERY).flags},
            verdicts={"invalid": t("Invalid"), "valid": t("Valid")},
        ),
    )


def _points(
    conn: Connection, request: Request, now: datetime, length: timedelta, place: Place | None
) -> tuple[Sequence[Point], float, Day | None]:
    """(points, seconds between them, the day with its marks where they are readings)."""
    interval_s = place.interval_s if place else 60
    if length.total_seconds() / interval_s <= MOST_RAW:
        day = read_day(conn, request.station, request.metric, now, request.lang, length=length)
        return (day.points, day.interval_s, day) if day else ([], interval_s, None)
    found, width_s = _rolled(conn, request.station, request.metric, now, length)
    return found, width_s, None


def _rolled(
    conn: Connection, station: str, metric: str, now: datetime, length: timedelta
) -> tuple[list[Point], float]:
    series = (store.series_of(conn, station) or {}).get(metric)
    if series is None:
        return [], 3600.0
    name, points = store.history(conn, series, now - length, now, MOST_POINTS)
    width = WIDTHS.get(name)
    width_s = width.total_seconds() if width else float(series.interval_s)
    return [_point(point) for point in points], max(width_s, float(series.interval_s))


def _point(one: dict[str, Any]) -> Point:
    """A bucket with doubtful readings is not doubtful as a whole: its mean is of usable ones."""
    quality = "missing" if one["value"] is None else "good"
    return Point(datetime.fromisoformat(one["t"]), one["value"], quality)


def _beside(
    conn: Connection,
    thresholds: Remembered,
    place: Place | None,
    request: Request,
    now: datetime,
    length: timedelta,
) -> Beside | None:
    """The nearest other station of its kind that measured the same in this time."""
    if place is None or place.metric in _OWN:
        return None
    for one in thresholds.peers(place, 3):
        points, width_s = _rolled(conn, one.station, one.metric, now, length)
        if points:
            names = thresholds.names.get(one.station, (one.station, one.station))
            return Beside(_short(names, request.lang), points, width_s)
    return None


def _limits(row: Row | None, lang: str) -> list[LimitLine]:
    """Each once; a rule's own reading and its permit's mean at one height are one line."""
    found: dict[float, LimitLine] = {}
    for bound in row.series.bounds if row else ():
        stands = row.series.alert if row else None
        grade = stands.grade if stands and stands.limit == bound.value else None
        mean = "" if bound.mean_s is None else mean_words(bound.mean_s, lang)
        name = bound.label[("zh", "en").index(lang)]
        found.setdefault(bound.value, LimitLine(bound.value, name, grade, mean))
    return list(found.values())


def _short(names: tuple[str, str], lang: str) -> str:
    return names[("zh", "en").index(lang)].split("（")[0].split(" (")[0]
