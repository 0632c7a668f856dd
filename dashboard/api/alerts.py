"""Alerts: list, read, and take one: the first has it, the second learns who."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts import store as alerts_store
from alerts.alert import life_to_json, to_json
from alerts.life.taking import Acknowledged, Conflict
from alerts.life.taking import acknowledge as take
from alerts.store import BadCursor
from dashboard.api import models
from dashboard.api.common import Use, Writing, json_answer
from dashboard.idempotency import Outcome
from dashboard.moments import moment
from dashboard.problems import Problem
from database.heartbeat import wake
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["alerts"])
State = Literal["open", "active", "acknowledged", "returned", "ended"]


@router.get("/alerts", responses={200: {"model": models.AlertList}})
def list_alerts(
    *,
    use: Use,
    state: State | None = None,
    station: Annotated[str | None, Query(max_length=40, description="of this station only")] = None,
    from_: Annotated[str | None, Query(alias="from", description="began at or after")] = None,
    to: Annotated[str | None, Query(description="began before")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=alerts_store.MAX_PAGE)] = 100,
) -> Response:
    """Newest first; `open` is all that has not ended."""
    since, until = moment(from_, "from"), moment(to, "to")
    try:
        with use.pool.transaction() as conn:
            page = alerts_store.list_alerts(
                conn,
                state=state,
                station=station,
                began_from=since,
                began_to=until,
                limit=limit,
                cursor=cursor,
            )
    except BadCursor as error:
        raise Problem(400, f"{error}; take it from the answer before") from error
    found = [to_json(alert) for alert in page.alerts]
    return json_answer({"alerts": found, "cursor": page.cursor})


@router.get("/alerts/{alert_id}", responses={200: {"model": models.AlertLife}})
def read_alert(use: Use, alert_id: str) -> Response:
    """One alert with every step of its life and its evidence."""
    with use.pool.transaction() as conn:
        life = alerts_store.get_alert(conn, alert_id)
    if life is None:
        raise Problem(404, f"there is no alert {alert_id!r}")
    return json_answer(life_to_json(life))


@router.post(
    "/alerts/{alert_id}/acknowledge",
    responses={
        200: {"model": models.Alert},
        409: {"model": models.ProblemDocument, "description": "somebody has it, or it changed"},
    },
)
def acknowledge(write: Writing, alert_id: str, body: models.Acknowledge) -> Response:
    """Take an alert. Send the version that was seen; the same key sent twice is done once."""
    now, note = datetime.now(UTC), body.note or None

    def act(conn: Connection) -> Outcome:
        found = take(conn, alert_id, write.who.name, note, expected_version=body.version, now=now)
        if isinstance(found, Conflict):
            return _conflict(found)
        if not isinstance(found, Acknowledged):
            return Outcome(404, Problem(404, f"there is no alert {alert_id!r}").body())
        if not found.repeated:
            write.audit(conn, "acknowledged", alert_id, note=note)
            wake(conn)
        return Outcome(200, to_json(found.alert))

    return write.once(f"acknowledge {alert_id} {body.model_dump_json()}", act)


def _conflict(found: Conflict) -> Outcome:
    sentence = (
        f"{found.owner} has this alert already"
        if found.owner
        else f"the alert changed; it is now version {found.alert.version}: look at it again"
    )
    problem = Problem(409, sentence, owner=found.owner, alert=to_json(found.alert))
    return Outcome(409, problem.body())
