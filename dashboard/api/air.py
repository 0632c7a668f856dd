"""Air of one station by the standards: AQI of hours and days, and what exceeded GB 3095."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from dashboard.api import environment_models as models
from dashboard.api.air_documents import (
    Air,
    document,
    doubts_of,
    exceedance_csv,
    exceedance_json,
    report_json,
    reports_csv,
    us_json,
    year_json,
)
from dashboard.api.common import Use, json_answer
from dashboard.api.tables import Format, Lang
from dashboard.environment import hours_store
from dashboard.environment.air_tables import daily_of, exceedances, years
from dashboard.environment.hours_store import Measured
from dashboard.moments import span
from dashboard.problems import Problem
from dashboard.shapes import iso
from database.pool import Connection
from sensors.air.exceedance import UNCONFIRMED
from sensors.air.limits import FINAL, GB3095_2012, TRANSITION, Class
from sensors.air.means import BEIJING, HOUR, Mean, hour_mean, whole_days, whole_hours
from sensors.air.reports import daily_report, realtime_report
from sensors.catalogue import AIR_METRICS

router = APIRouter(prefix="/api/v1/stations/{code}/air", tags=["air"])
LONGEST_HOURS, LONGEST_DAYS = timedelta(days=31), timedelta(days=400)
_EDITIONS = {"2012": GB3095_2012, "transition": TRANSITION, "final": FINAL}
From = Annotated[str | None, Query(alias="from", description="default: a day, for days 30, before")]
To = Annotated[str | None, Query(description="default: now")]


@router.get("/hours", responses={200: {"model": models.AirReports}})
def list_hours(
    *,
    use: Use,
    code: str,
    from_: From = None,
    to: To = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """The AQI report of each whole hour of [from, to), by the edition of HJ 633 then in force."""
    air, now = _air(use, code, from_, to, timedelta(days=1), LONGEST_HOURS)
    hours, plan = air.hours, air.plan
    starts = whole_hours(air.since, air.until)
    found = [(iso(at), realtime_report(hours, at, plan)) for at in starts]
    if format_ == "csv":
        local = [
            (f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}", r)
            for at, (_, r) in zip(starts, found, strict=True)
        ]
        return reports_csv(f"{code}_aqi_hours", lang, local, doubts_of(air))
    reports = [
        {"t": at} | report_json(report) | {"us_epa": us_json(hours, start)}
        for start, (at, report) in zip(starts, found, strict=True)
    ]
    return json_answer(document(air, now) | {"reports": reports})


@router.get("/days", responses={200: {"model": models.AirReports}})
def list_days(
    *,
    use: Use,
    code: str,
    from_: From = None,
    to: To = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """The AQI report of each whole Beijing day of [from, to) that is over."""
    air, now = _air(use, code, from_, to, timedelta(days=30), LONGEST_DAYS)
    hours, plan = air.hours, air.plan
    days = whole_days(air.since, air.until)
    found = [(day.isoformat(), daily_report(hours, day, plan)) for day in days]
    if format_ == "csv":
        return reports_csv(f"{code}_aqi_days", lang, found, doubts_of(air))
    reports = [{"day": day} | report_json(report) for day, report in found]
    return json_answer(document(air, now) | {"reports": reports})


@router.get("/exceedance", responses={200: {"model": models.AirExceedance}})
def list_exceedance(
    *,
    use: Use,
    code: str,
    from_: From = None,
    to: To = None,
    class_: Annotated[Literal["1", "2"], Query(alias="class", description="of the area")] = "2",
    edition: Annotated[
        Literal["in_force", "2012", "transition", "final"],
        Query(description="of GB 3095; in_force: that of each day"),
    ] = "in_force",
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """Hours and days above the limits of GB 3095, and whole years against their annual limits."""
    air, now = _air(use, code, from_, to, timedelta(days=30), LONGEST_DAYS)
    air_class: Class = 1 if class_ == "1" else 2
    of = _EDITIONS.get(edition)
    days = whole_days(air.since, air.until)
    hours = air.hours
    daily = daily_of(hours, days, air_class)
    found = exceedances(hours, daily, days, air_class, of)
    whole = years(daily, days, air_class, of)
    if format_ == "csv":
        return exceedance_csv(code, lang, found, doubts_of(air, UNCONFIRMED))
    return json_answer(
        document(air, now, UNCONFIRMED)
        | {
            "class": air_class,
            "rows": [exceedance_json(row) for row in found],
            "years": [year_json(metric, one) for metric, one in whole],
        }
    )


def _air(
    use: Use, code: str, from_: str | None, to: str | None, default: timedelta, longest: timedelta
) -> tuple[Air, datetime]:
    now = use.live.now()
    since, until = span(from_, to, now, default)
    if until - since > longest:
        raise Problem(400, f"at most {longest.days} days at a time; narrow from and to")
    until = max(since, min(until, now.replace(minute=0, second=0, microsecond=0)))
    with use.pool.transaction() as conn:
        series = [
            one for one in hours_store.series(conn, ["air"], code) if one.metric in AIR_METRICS
        ]
        if not series:
            raise Problem(404, f"there is no air station {code!r} that measures a pollutant")
        means = _means(conn, series, since, until)
    return Air(code, since, until, means, max(one.origin for one in series)), now


def _means(
    conn: Connection, series: Sequence[Measured], since: datetime, until: datetime
) -> dict[str, dict[datetime, Mean]]:
    """With the 24 hours before, of which the edition of 2012 makes rolling means."""
    hours = hours_store.hours(conn, series, since - 24 * HOUR, until)
    return {
        one.metric: {
            at: hour_mean(hour.sum, hour.count, hour.interval_s)
            for at, hour in hours[one.series_id].items()
        }
        for one in series
    }
