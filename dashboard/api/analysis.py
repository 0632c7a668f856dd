"""Analysis of any series: as lines, by the wind, as a distribution, by the day, side by side."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from dashboard import store
from dashboard.api import analysis_documents as documents
from dashboard.api import analysis_files as files
from dashboard.api import analysis_models as models
from dashboard.api.common import Use, json_answer
from dashboard.api.stations import find_series
from dashboard.api.tables import Format, Lang
from dashboard.environment import analysis_store
from dashboard.environment.analysis import (
    P75,
    Hourly,
    expected_hours,
    has_statistics,
    last_whole_hour,
    nearest_with_wind,
    of_hours,
    threshold,
)
from dashboard.environment.analysis_store import WIND_DIRECTION, WIND_SPEED, Place
from dashboard.environment.hours_store import Measured
from dashboard.moments import span
from dashboard.problems import Problem
from database import query
from database.pool import Connection
from sensors.analysis.roses import pollution_rose, wind_rose

router = APIRouter(prefix="/api/v1/analysis", tags=["analysis"])
LEAST, LONGEST = timedelta(hours=1), timedelta(days=367)
MOST_SERIES, MOST_PAIRED = 6, 2
LONGEST_S = 10.0  # that one request may ask of the database, which others wait for
EXAMPLE = "series=A-01:pm25_ugm3"
From = Annotated[str | None, Query(alias="from", description="default: a week before to")]
To = Annotated[str | None, Query(description="default: now")]
Chosen = Annotated[
    list[str], Query(alias="series", description="station:metric, again for each", min_length=1)
]


@router.get("/series", responses={200: {"model": models.SeriesDocument}})
def read_series(
    *,
    use: Use,
    chosen: Chosen,
    from_: From = None,
    to: To = None,
    max_points: Annotated[int, Query(ge=10, le=10_000)] = 1500,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """Up to six series over [from, to), each at the finest resolution that max_points holds."""
    now = use.live.now()
    since, until = _span(from_, to, now)
    wanted = _wanted(chosen, MOST_SERIES)
    end = time.monotonic() + LONGEST_S
    with use.pool.transaction() as conn:
        places = analysis_store.places(conn)
        lines = []
        for each in wanted:
            query.within(conn, end)
            lines.append(_line(conn, places, each, since, until, max_points))
    if format_ == "csv":
        return files.series(lines, since, until, lang)
    return json_answer(documents.series(lines, since, until, now))


@router.get("/rose", responses={200: {"model": models.RoseDocument}})
def read_rose(
    *,
    use: Use,
    station: str,
    metric: Annotated[str | None, Query(description="of a pollution rose")] = None,
    threshold_: Annotated[
        str, Query(alias="threshold", description="p75, or the name of a limit of hours")
    ] = P75,
    from_: From = None,
    to: To = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """Where the wind came from at a station, or the nearest with wind; and a metric by it."""
    now = use.live.now()
    since, until = _whole(*_span(from_, to, now), now)
    end = time.monotonic() + LONGEST_S
    with use.pool.transaction() as conn:
        query.within(conn, end)
        places = analysis_store.places(conn)
        place = _place(places, station)
        found = nearest_with_wind(place, list(places.values()))
        if found is None:
            raise Problem(404, "no station measures wind speed and direction")
        at, metres = found
        one = None if metric is None else _hourly(conn, place, metric, since, until)
        query.within(conn, end)
        of = analysis_store.series(conn, at)
        speed, direction = of[WIND_SPEED], of[WIND_DIRECTION]
        summed = analysis_store.hours(conn, [speed, direction], since, until)
    winds = analysis_store.winds(speed, direction, summed)
    rose = documents.Rose(
        place, at, metres, wind_rose(winds.values()), expected_hours(speed, since, until), speed
    )
    polluted = None
    if one is not None:
        value, limit = _threshold(one, threshold_)
        pairs = [(winds[at_], mean) for at_, mean in one.means.items() if at_ in winds]
        lower = limit is not None and limit.side == "lower"
        shares = pollution_rose(pairs, value, lower=lower)
        polluted = documents.Polluted(one, shares, len(pairs), value, limit)
    if format_ == "csv":
        return files.rose(rose, polluted, since, until, lang)
    return json_answer(documents.rose(rose, polluted, since, until, now))


@router.get("/distribution", responses={200: {"model": models.DistributionDocument}})
def read_distribution(
    *,
    use: Use,
    chosen: Chosen,
    from_: From = None,
    to: To = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """Quantiles and a histogram of the valid hourly means of one or two series."""
    return _statistics(use, chosen, from_, to, "distribution", format_, lang)


@router.get("/diurnal", responses={200: {"model": models.DiurnalDocument}})
def read_diurnal(
    *,
    use: Use,
    chosen: Chosen,
    from_: From = None,
    to: To = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """The course of the Beijing day and of the week, of one or two series."""
    return _statistics(use, chosen, from_, to, "diurnal", format_, lang)


@router.get("/comparison", responses={200: {"model": models.ComparisonDocument}})
def read_comparison(
    *,
    use: Use,
    chosen: Chosen,
    from_: From = None,
    to: To = None,
    format_: Format = "json",
    lang: Lang = "zh",
) -> Response:
    """Up to six series side by side, and the hours that each shares with the first."""
    return _statistics(use, chosen, from_, to, "comparison", format_, lang)


_MOST = {"distribution": MOST_PAIRED, "diurnal": MOST_PAIRED, "comparison": MOST_SERIES}


def _statistics(
    use: Use,
    chosen: Sequence[str],
    from_: str | None,
    to: str | None,
    what: Literal["distribution", "diurnal", "comparison"],
    format_: str,
    lang: str,
) -> Response:
    now = use.live.now()
    since, until = _whole(*_span(from_, to, now), now)
    wanted = _wanted(chosen, _MOST[what])
    end = time.monotonic() + LONGEST_S
    with use.pool.transaction() as conn:
        places = analysis_store.places(conn)
        found = []
        for code, metric in wanted:
            query.within(conn, end)
            found.append(_hourly(conn, _place(places, code), metric, since, until))
    if format_ == "csv":
        return files.FILES[what](found, since, until, lang)
    return json_answer(documents.DOCUMENTS[what](found, since, until, now))


def _span(from_: str | None, to: str | None, now: datetime) -> tuple[datetime, datetime]:
    since, until = span(from_, to, now, timedelta(days=7))
    if not LEAST <= until - since <= LONGEST:
        raise Problem(400, f"from 1 hour to {LONGEST.days} days at a time; change from and to")
    return since, until


def _whole(since: datetime, until: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Statistics are of whole hours that are over."""
    until = last_whole_hour(min(until, now))
    return min(since, until), until


def _wanted(chosen: Sequence[str], most: int) -> list[tuple[str, str]]:
    """(station, metric) of each, once."""
    found: dict[tuple[str, str], None] = {}
    for each in chosen:
        code, colon, metric = each.rpartition(":")
        if not colon or not code or not metric:
            raise Problem(400, f"series={each!r} is no station:metric; expected {EXAMPLE}")
        if not each.isprintable():
            raise Problem(400, f"series={each!r} holds what no code has; expected {EXAMPLE}")
        found[code, metric] = None
    if len(found) > most:
        raise Problem(400, f"{len(found)} series are too many here; at most {most}")
    return list(found)


def _place(places: dict[str, Place], code: str) -> Place:
    if code not in places:
        raise Problem(404, f"there is no station {code!r}")
    return places[code]


def _line(
    conn: Connection,
    places: dict[str, Place],
    wanted: tuple[str, str],
    since: datetime,
    until: datetime,
    max_points: int,
) -> documents.Line:
    code, metric = wanted
    place = _place(places, code)
    row = find_series(store.series_of(conn, code), code, metric)
    one = analysis_store.series(conn, place)[metric]
    resolution, points = store.history(conn, row, since, until, max_points)
    limits = analysis_store.limits(conn, [one], until)[one.series_id]
    return documents.Line(place, one, resolution, float(row.interval_s), points, limits)


def _hourly(
    conn: Connection, place: Place, metric: str, since: datetime, until: datetime
) -> Hourly:
    if not has_statistics(metric):
        raise Problem(400, f"{metric} has no statistics of this kind; ask rose or series for it")
    found = analysis_store.series(conn, place)
    if metric not in found:
        raise Problem(
            404, f"{place.code} has no {metric!r}; it has {', '.join(found) or 'no series'}"
        )
    one: Measured = found[metric]
    summed = analysis_store.hours(conn, [one], since, until)[one.series_id]
    limits = analysis_store.limits(conn, [one], until)[one.series_id]
    means = analysis_store.means(one, summed)
    return Hourly(place, one, means, expected_hours(one, since, until), limits)


def _threshold(one: Hourly, wanted: str) -> tuple[float | None, documents.Limit]:
    value, limit = threshold(one, wanted)
    if wanted != P75 and limit is None:
        names = [each.name for each in one.limits if of_hours(each)]
        said = ", ".join([P75, *names])
        raise Problem(400, f"threshold={wanted!r} is not known for {one.place.code}; it has {said}")
    if limit is not None and not of_hours(limit):
        raise Problem(400, f"{wanted} is for means over {limit.mean_over_s} s, not for hours")
    return value, limit
