"""Out of service and back, and a list of all that is kept quiet."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts.life import suppression
from alerts.life.suppression import Suppression
from dashboard import life_store, store
from dashboard.api import life_models, models
from dashboard.api.alert_life import ahead, said
from dashboard.api.common import Use, Writing, json_answer
from dashboard.api.stations import find_series
from dashboard.idempotency import Outcome
from dashboard.problems import Problem
from database.heartbeat import wake
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["alerts"])


@router.get("/suppressions", responses={200: {"model": life_models.SuppressionList}})
def list_suppressions(
    use: Use,
    state: Literal["active", "ended"] = "active",
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Response:
    """What is shelved, suppressed by design and out of service, newest first."""
    with use.pool.transaction() as conn:
        found = life_store.suppressions(conn, active=state == "active", limit=limit)
    return json_answer({"suppressions": found})


@router.post(
    "/stations/{code}/out-of-service",
    status_code=201,
    responses={
        201: {"model": life_models.SuppressionList},
        409: {"model": models.ProblemDocument, "description": "it is out of service already"},
    },
)
def take_out(write: Writing, code: str, body: life_models.OutOfService) -> Response:
    """Take a station, or some of its metrics, out of service for maintenance: no alert is told."""
    said(body.reason)
    until = ahead(body.until, datetime.now(UTC)) if body.until else None

    def act(conn: Connection) -> Outcome:
        _known(conn, code, body.metrics)
        made = suppression.take_out(
            *(conn, code, write.who.name, body.reason, until, body.metrics), now=datetime.now(UTC)
        )
        if not isinstance(made, Suppression):
            return Outcome(409, Problem(409, f"{made} has taken it out of service already").body())
        write.audit(conn, "out of service", code, why=body.reason)
        return _changed(conn, [made.id], 201)

    asked = f"out of service {code} {body.model_dump_json()}"
    return write.once(asked, act)


@router.post(
    "/stations/{code}/in-service",
    responses={
        200: {"model": life_models.SuppressionList},
        409: {"model": models.ProblemDocument, "description": "it is in service"},
    },
)
def put_back(write: Writing, code: str, body: life_models.InService) -> Response:
    """Put a station back into service, whole; what still stands there is told."""
    said(body.reason)

    def act(conn: Connection) -> Outcome:
        ended = suppression.put_back(conn, code, write.who.name, body.reason, now=datetime.now(UTC))
        if ended is None:
            return Outcome(404, Problem(404, f"there is no station {code!r}").body())
        if not ended:
            return Outcome(409, Problem(409, f"station {code} is in service").body())
        write.audit(conn, "in service", code, why=body.reason)
        return _changed(conn, [one.id for one in ended], 200)

    return write.once(f"in service {code} {body.model_dump_json()}", act)


def _known(conn: Connection, code: str, metrics: Sequence[str] | None) -> None:
    """Raises Problem 404 where there is no such station, or none of these metrics at it."""
    series = store.series_of(conn, code)
    if series is None:
        raise Problem(404, f"there is no station {code!r}")
    for metric in metrics or ():
        find_series(series, code, metric)


def _changed(conn: Connection, ids: Sequence[int], status: int) -> Outcome:
    wake(conn)
    return Outcome(status, {"suppressions": life_store.suppressions_of(conn, ids)})
