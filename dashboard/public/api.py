"""The public API: the shapes of the staff's, with only what is marked public."""

import base64
import binascii
import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dashboard.moments import of_our_time
from dashboard.problems import Problem
from dashboard.public import store
from dashboard.public.documents import Document
from dashboard.public.http import answer
from dashboard.public.keeper import Keeper
from dashboard.public.snapshot import JSON, alert_json
from dashboard.shapes import iso
from database.pool import Connection
from sensors.catalogue import METRICS

Transaction = Callable[[], AbstractContextManager[Connection]]
MOST_ALERTS, MOST_POINTS = 200, 10_000
LONGEST = timedelta(days=3700)
PICTURE_AGE = "public, max-age=30"


def routes(keeper: Keeper, transaction: Transaction) -> APIRouter:
    """What needs more than the snapshot, and the pictures: a straight list of routes."""
    router = APIRouter()

    @router.get("/api/v1/stations/{code}/readings")
    def readings(
        code: str,
        metric: str,
        since: Annotated[datetime | None, Query(alias="from")] = None,
        until: Annotated[datetime | None, Query(alias="to")] = None,
        max_points: Annotated[int, Query(ge=1, le=MOST_POINTS)] = 2000,
        format_: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    ) -> Response:
        """The history of one metric; by default of the last day."""
        row = keeper.snapshot.look.rows.get((code, metric))
        if row is None:
            raise no_series()
        end = _aware(until, "to") or datetime.now(UTC)
        start = _aware(since, "from") or end - timedelta(days=1)
        if not timedelta(0) < end - start <= LONGEST:
            raise Problem(422, "`from` must be before `to`, at most ten years")
        with transaction() as conn:
            resolution, points = store.history(
                conn, code, metric, start, end, interval_s=row.interval_s, max_points=max_points
            )
        if format_ == "csv":
            return Response(_csv(metric, points), media_type="text/csv; charset=utf-8")
        body = {
            "station": code,
            "metric": metric,
            "unit": METRICS[metric].unit,
            "resolution": resolution,
            "points": points,
        }
        return Response(orjson.dumps(body), media_type=JSON)

    @router.get("/api/v1/alerts")
    def alerts(
        state: Literal["open", "ended"] | None = None,
        since: Annotated[datetime | None, Query(alias="from")] = None,
        until: Annotated[datetime | None, Query(alias="to")] = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 50,
    ) -> Response:
        """Public alerts, newest first; `next` is the cursor of the following page, or null."""
        with transaction() as conn:
            found = store.alerts(
                conn,
                open_=None if state is None else state == "open",
                since=_aware(since, "from"),
                until=_aware(until, "to"),
                after=_read_cursor(cursor) if cursor else None,
                limit=limit + 1,
            )
        look = keeper.snapshot.look
        more = found[limit - 1] if len(found) > limit else None
        body = {
            "generated_at": iso(datetime.now(UTC)),
            "alerts": [alert_json(look, alert) for alert in found[:limit]],
            "next": _cursor(more) if more else None,
        }
        return Response(orjson.dumps(body), media_type=JSON)

    @router.get("/cam/{code}.jpg")
    def picture(
        request: Request, code: str, t: datetime | None = None, size: Literal["small"] | None = None
    ) -> Response:
        """The newest released picture, or the one that was the newest at `t`."""
        held = keeper.picture(code)
        if held is None:
            raise Problem(404, "there is no such picture")
        at = _aware(t, "t")
        if at is None:
            return _jpeg(request, held[0], held[2] if size else held[1], small=bool(size))
        with transaction() as conn:
            found = store.picture_at(conn, code, at)
        if found is None:
            raise Problem(404, "there is no such picture")
        return _jpeg(request, found[0], found[1])

    return router


def no_series() -> Problem:
    """One answer for what does not exist and for what is not public."""
    return Problem(404, "there is no such station or metric")


def _jpeg(request: Request, picture_id: int, content: bytes, *, small: bool = False) -> Response:
    etag = f'"p{picture_id}{"s" if small else ""}"'
    made = Document(content, content, etag, "image/jpeg")
    return answer(request, made, cache=PICTURE_AGE, packed=False)


def _csv(metric: str, points: list[dict[str, object]]) -> bytes:
    """With a byte order mark, so that Excel reads it as UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["t", f"{metric} ({METRICS[metric].unit})", "min", "max", "count", "quality"])
    writer.writerows([list(point.values()) for point in points])
    return ("\ufeff" + out.getvalue()).encode()


def _aware(at: datetime | None, name: str) -> datetime | None:
    """A time without zone is UTC."""
    if at is None:
        return None
    return of_our_time(at.replace(tzinfo=UTC) if at.tzinfo is None else at, name)


def _cursor(alert: store.Alert) -> str:
    return base64.urlsafe_b64encode(f"{alert.raised_at.isoformat()} {alert.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, alert_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ", 1)
        seen = datetime.fromisoformat(at), alert_id
    except (binascii.Error, ValueError) as error:
        raise _strange_cursor() from error
    if "\0" in alert_id:  # no text of the database can be compared with it
        raise _strange_cursor()
    return seen


def _strange_cursor() -> Problem:
    return Problem(400, "the cursor is not one of ours; leave it out to begin anew")
