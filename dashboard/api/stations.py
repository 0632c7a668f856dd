"""Stations with their latest values, and the history of each of their series."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from dashboard import store
from dashboard.api import exporting, models
from dashboard.api.common import Use, json_answer
from dashboard.moments import span
from dashboard.problems import Problem
from dashboard.shapes import collection, features
from sensors.catalogue import METRICS

router = APIRouter(prefix="/api/v1", tags=["stations"])
# What begins a formula, in the full width of Chinese keyboards too, or leads on to one.
_FORMULA = (*"=+-@＝＋－＠", "\t", "\r", "\n")
_COLUMNS = ("t", "value", "min", "max", "count", "quality")


@router.get("/stations", responses={200: {"model": models.StationCollection}})
def list_stations(
    use: Use, kind: Annotated[list[str] | None, Query(description="reservoir, air, ...")] = None
) -> Response:
    """Every station as GeoJSON, with its latest values, their ages, quality and severity."""
    now = datetime.now(UTC)
    with use.pool.transaction() as conn:
        found = features(
            store.stations(conn, kind), store.latest(conn), store.open_alerts(conn), now
        )
    return json_answer(collection(found, now), headers={"Content-Type": "application/geo+json"})


@router.get("/stations/{code}/readings", responses={200: {"model": models.Readings}})
def list_readings(
    *,
    use: Use,
    code: str,
    metric: str,
    from_: Annotated[str | None, Query(alias="from", description="default: a day before")] = None,
    to: Annotated[str | None, Query(description="default: now")] = None,
    max_points: Annotated[int, Query(ge=1, le=100_000)] = 2000,
    format_: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Response:
    """A series in [from, to), at the finest resolution whose points fit into max_points."""
    since, until = span(from_, to, datetime.now(UTC), timedelta(days=1))
    with use.pool.transaction() as conn:
        series = find_series(store.series_of(conn, code), code, metric)
        resolution, points = store.history(conn, series, since, until, max_points)
    return readings_answer(code, metric, resolution, points, csv_wanted=format_ == "csv")


@router.get("/stations/{code}/readings/export", response_class=StreamingResponse)
def export_readings(
    use: Use,
    code: str,
    metric: str,
    from_: Annotated[str | None, Query(alias="from", description="default: a day before")] = None,
    to: Annotated[str | None, Query(description="default: now")] = None,
    format_: Annotated[exporting.Format, Query(alias="format")] = "csv",
) -> Response:
    """Every reading of a series in [from, to) as it was stored, however many there are."""
    since, until = span(from_, to, datetime.now(UTC), timedelta(days=1))
    with use.pool.transaction() as conn:
        series = find_series(store.series_of(conn, code), code, metric)
    kind = exporting.KINDS[format_]
    name = f"{code}_{metric}_raw.{format_}"
    return StreamingResponse(
        kind.blocks(use.pool, series, since, until),
        media_type=kind.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def find_series(
    found: dict[str, store.SeriesRow] | None, code: str, metric: str
) -> store.SeriesRow:
    """The series, or the problem that says what there is."""
    if found is None:
        raise Problem(404, f"there is no station {code!r}")
    if metric not in found:
        raise Problem(404, f"{code} has no {metric!r}; it has {', '.join(found) or 'no series'}")
    return found[metric]


def readings_answer(
    code: str, metric: str, resolution: str, points: list[dict[str, Any]], *, csv_wanted: bool
) -> Response:
    """The points as JSON or as a CSV file."""
    unit = METRICS[metric].unit if metric in METRICS else ""
    if csv_wanted:
        name = f"{code}_{metric}_{resolution}.csv"
        return Response(
            to_csv(code, metric, unit, resolution, points),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    document = {"station": code, "metric": metric, "unit": unit, "resolution": resolution}
    return json_answer(document | {"points": points})


def to_csv(code: str, metric: str, unit: str, resolution: str, points: list[dict[str, Any]]) -> str:
    """RFC 4180, UTF-8 without BOM; what is unknown is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    of = f" [{unit}]" if unit else ""
    measured = ("value", "min", "max")
    titles = [f"{name}{of}" if name in measured else name for name in _COLUMNS]
    writer.writerow([harmless(title) for title in ("station", "metric", "resolution", *titles)])
    who = [harmless(text) for text in (code, metric, resolution)]
    for point in points:
        writer.writerow([*who, *(point[column] for column in _COLUMNS)])
    return out.getvalue()


def harmless(cell: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    seen = cell.lstrip(" \ufeff\u200b")
    return f"'{cell}" if seen.startswith(_FORMULA) else cell
