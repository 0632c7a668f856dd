"""The chart's callback without Dash: what was asked for, read, and drawn."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from dashboard.figures.look import look
from dashboard.figures.station import Words, day_chart
from dashboard.pages.day import read_day
from dashboard.pages.tokens import TOKENS
from dashboard.text import DEFAULT, LANGUAGES, text
from database.pool import Pool
from sensors.catalogue import METRICS


@dataclass(frozen=True, slots=True)
class Request:
    """The series a person chose, and how their screen is set."""

    station: str
    metric: str
    lang: str
    theme: str
    scale: float

    @classmethod
    def read(cls, wanted: dict[str, Any] | None) -> Self | None:
        """From the browser, which may send anything: None where it names no metric of ours."""
        if not wanted or wanted.get("metric") not in METRICS:
            return None
        scale, lang = wanted.get("scale"), wanted.get("lang")
        return cls(
            station=str(wanted.get("station")),
            metric=str(wanted["metric"]),
            lang=str(lang) if lang in LANGUAGES else DEFAULT,
            theme=str(wanted.get("theme")),
            scale=float(scale) if isinstance(scale, int | float) else 1.0,
        )


def chart(pool: Pool, request: Request, now: datetime, zone: ZoneInfo) -> go.Figure:
    """The last day of the series; a chart that says so where there is nothing."""
    with pool.transaction() as conn:
        day = read_day(conn, request.station, request.metric, now, request.lang)
    t = text(request.lang)
    return day_chart(
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
        ),
        look=look(TOKENS, request.theme, request.scale),
        older=day.older if day else True,
    )
