"""The chart's callback without Dash: what was asked for, read, and drawn."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard import store
from dashboard.figures.ahead import Ahead
from dashboard.figures.look import look
from dashboard.figures.station import Words, day_chart
from dashboard.pages.day import read_day
from dashboard.pages.tokens import TOKENS
from dashboard.reservoirs import read_water
from dashboard.text import DEFAULT, LANGUAGES, text
from dashboard.wording import word
from database.pool import Connection, Pool
from sensors.catalogue import LEVEL, METRICS
from sensors.reading import Quality

_EVERY = sum(Quality)
_LATEST_MS = 7_258_118_400_000  # 2200


@dataclass(frozen=True, slots=True)
class Request:
    """The series a person chose, and how their screen is set.

    at: the moment of the past that is shown, None for the present. then: by what was known at it.
    """

    station: str
    metric: str
    lang: str
    theme: str
    scale: float
    at: datetime | None = None
    then: bool = True

    @classmethod
    def read(cls, wanted: object) -> Self | None:
        """From the browser, which may send anything: None where it names no series of ours."""
        if not isinstance(wanted, dict):
            return None
        station, metric, lang = wanted.get("station"), wanted.get("metric"), wanted.get("lang")
        # A code is printable: a NUL or half a character is nothing to ask the database for.
        if not isinstance(station, str) or not station.isprintable():
            return None
        if not isinstance(metric, str) or metric not in METRICS:
            return None
        return cls(
            station=station,
            metric=metric,
            lang=lang if lang in LANGUAGES else DEFAULT,
            theme=str(wanted.get("theme")),
            scale=_scale(wanted.get("scale")),
            at=_moment(wanted.get("past")),
            then=wanted.get("known") != "now",
        )


def _moment(wanted: object) -> datetime | None:
    """Of milliseconds since 1970; None where it is no time of the years 1970 to 2200."""
    if not isinstance(wanted, int | float) or not 0 <= wanted < _LATEST_MS:
        return None
    return datetime.fromtimestamp(wanted / 1000, UTC)


def _scale(wanted: object) -> float:
    """1 where it is no number that fits a float."""
    try:
        return float(wanted) if isinstance(wanted, int | float) else 1.0
    except OverflowError:
        return 1.0


def chart(pool: Pool, request: Request, now: datetime, zone: ZoneInfo) -> go.Figure:
    """The last day of the series; a chart that says so where there is nothing.

    Of the past without the way ahead: it would know what came later.
    """
    past = request.at is not None and request.at < now
    if request.at is not None and past:
        now = request.at.astimezone(zone)
    with pool.transaction() as conn:
        what = (request.station, request.metric, now, request.lang)
        day = read_day(conn, *what, past=past, known=now if past and request.then else None)
        ahead = None if past else _ahead(conn, request, now)
    t = text(request.lang)
    figure = day_chart(
        day.points if day else [],
        day.limits if day else [],
        now=now,
        interval_s=day.interval_s if day else 60,
        zone=zone,
        digits=METRICS[request.metric].digits,
        words=Words(
            missing=t("Missing"),
            suspect=t("Suspect"),
            late=t("found afterwards"),
            nothing=t("No data in 24 h"),
            since=t("since {at}"),
            flags={flag: word(flag, request.lang) for flag in Quality(_EVERY).flags},
            verdicts={"invalid": t("Invalid"), "valid": t("Valid")},
        ),
        look=look(TOKENS, request.theme, request.scale),
        older=day.older if day else True,
        stretches=day.stretches if day else (),
        ahead=ahead,
    )
    # Whose it is: until the answer has come the screen holds the chart of the station before.
    return figure.update_layout(meta={"station": request.station, "metric": request.metric})


def _ahead(conn: Connection, request: Request, now: datetime) -> Ahead | None:
    """Where a rising level goes; nothing of a replayed recording, whose hours are not ours."""
    if request.metric != LEVEL:
        return None
    series = store.series_of(conn, request.station)
    if not series or LEVEL not in series:
        return None
    seen = read_water(conn, request.station, series, now).seen
    found = seen.outlook
    if seen.own_time or found.at is None or found.level_m is None or found.limit_m is None:
        return None
    if found.central_h is None or found.earliest_h is None:
        return None
    times = (found.earliest_h, found.central_h, found.latest_h)
    return Ahead(found.at, found.level_m, found.limit_m, *times)
