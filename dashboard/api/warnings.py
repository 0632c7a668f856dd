"""Warnings to the public: written by one person, published by another, updated, cancelled."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts import store as alerts_store
from alerts.alert import Alert
from alerts.warnings import life, prefill
from alerts.warnings import store as warnings_store
from alerts.warnings.content import Content, differences
from alerts.warnings.life import Refused
from alerts.warnings.settings import WarningSettings
from alerts.warnings.store import Person, Type, Warning  # noqa: A004 - the field's word
from dashboard.api import footprints
from dashboard.api import warning_models as models
from dashboard.api.common import Services, Use, Who, Write, Writing, json_answer
from dashboard.api.models import ProblemDocument
from dashboard.api.warning_shapes import (
    fault_json,
    read_cursor,
    step_json,
    to_json,
    write_cursor,
)
from dashboard.door.accounts import Principal
from dashboard.idempotency import Outcome
from dashboard.problems import Problem
from dashboard.shapes import iso
from database.heartbeat import wake
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["warnings"])
State = Literal["open", "draft", "submitted", "published", "discarded"]
Act = Callable[[Connection, Person, datetime, WarningSettings], Warning]
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {"model": models.Warning},
    403: {"model": ProblemDocument, "description": "you wrote of it yourself"},
    409: {"model": ProblemDocument, "description": "it changed, or is past this"},
    422: {"model": ProblemDocument, "description": "what it says cannot go out; see `errors`"},
}
_STATUS = {"unknown": 404, "own": 403, "faults": 422}


@router.get("/warnings", responses={200: {"model": models.WarningList}})
def list_warnings(
    *,
    use: Use,
    state: State | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=warnings_store.MOST_LISTED)] = 100,
) -> Response:
    """What changed last comes first; `open` is all that is written, waits or is in force."""
    now = use.live.now()
    with use.pool.transaction() as conn:
        if state == "open":
            found = warnings_store.open_ones(conn, now)
            limit = len(found)
        else:
            before = read_cursor(cursor) if cursor else None
            found = warnings_store.listed(conn, state, before, limit + 1)
    after = write_cursor(found[limit - 1]) if len(found) > limit else None
    listed = [to_json(one, now) for one in found[:limit]]
    return json_answer({"generated_at": iso(now), "warnings": listed, "cursor": after})


@router.get("/warnings/start", responses={200: {"model": models.Start}})
def start(*, use: Use, alert: Annotated[str | None, Query(max_length=64)] = None) -> Response:
    """A first draft, of an alert or blank. Nothing is stored."""
    now, settings = use.live.now(), use.alerts.warnings
    with use.pool.transaction() as conn:
        if alert is None:
            content, written = prefill.blank(settings, now), []
        else:
            content = _of_alert(conn, use, _alert(conn, alert), now)
            written = warnings_store.of_alert(conn, alert)
    listed = [to_json(one, now) for one in written]
    said = content.model_dump(mode="json")
    return json_answer({"content": said, "alert": alert, "warnings": listed})


@router.get("/warnings/{warning_id}", responses={200: {"model": models.WarningLife}})
def read_warning(use: Use, who: Who, warning_id: str) -> Response:
    """One message: its steps, the others of its event, what stands against it, what differs."""
    now = use.live.now()
    with use.pool.transaction() as conn:
        warning = warnings_store.one(conn, warning_id)
        if warning is None:
            raise Problem(404, f"there is no warning {warning_id!r}")
        found = _life(conn, who, warning, now)
        being_written = warning.state in ("draft", "submitted")
        standing = life.standing(conn, now, warning) if being_written else None
    faults = life.against(warning.content, standing, use.alerts.warnings) if standing else []
    return json_answer(found | {"faults": [fault_json(fault) for fault in faults]})


@router.post("/warnings/check", responses={200: {"model": models.Checked}})
def check(use: Use, body: models.Check) -> Response:
    """What stands against publishing this, were it published now. Nothing is stored."""
    now, settings = datetime.now(UTC), use.alerts.warnings
    with use.pool.transaction() as conn:
        warning = warnings_store.one(conn, body.id) if body.id else None
        origin = _alert(conn, body.alert).origin if body.alert and warning is None else "live"
        standing = life.standing(conn, now, warning, origin)
    found = life.against(body.content, standing, settings)
    return json_answer({"faults": [fault_json(fault) for fault in found]})


@router.post("/warnings", status_code=201, responses={201: {"model": models.Warning}})
def write(write: Writing, body: models.NewWarning) -> Response:
    """A draft. It may be unfinished; nobody but staff sees it."""

    def act(conn: Connection, person: Person, now: datetime, _: WarningSettings) -> Warning:
        if body.alert is not None:
            _alert(conn, body.alert)
        return life.draft(conn, person, body.content, now, body.alert)

    asked = f"warn {body.model_dump_json()}"
    return _do(write, asked, "drafted a warning", act, 201)


@router.post("/warnings/{warning_id}/edit", responses=_WRITTEN)
def edit(write: Writing, warning_id: str, body: models.Edit) -> Response:
    """Write it anew. What had been submitted is a draft again."""

    def act(conn: Connection, person: Person, now: datetime, _: WarningSettings) -> Warning:
        return life.edit(conn, warning_id, person, body.content, body.version, now)

    asked = f"edit warning {warning_id} {body.model_dump_json()}"
    return _do(write, asked, "edited a warning", act)


@router.post("/warnings/{warning_id}/submit", responses=_WRITTEN)
def submit(write: Writing, warning_id: str, body: models.Act) -> Response:
    """Send it up to a second person."""

    def act(conn: Connection, person: Person, now: datetime, set_: WarningSettings) -> Warning:
        return life.submit(conn, warning_id, person, body.version, now, set_)

    asked = f"submit warning {warning_id} {body.model_dump_json()}"
    return _do(write, asked, "submitted a warning", act)


@router.post("/warnings/{warning_id}/approve", responses=_WRITTEN)
def approve(write: Writing, warning_id: str, body: models.Act) -> Response:
    """Publish it at once. Whoever wrote of it cannot."""

    def act(conn: Connection, person: Person, now: datetime, set_: WarningSettings) -> Warning:
        return life.approve(conn, warning_id, person, body.version, now, set_, body.reason)

    asked = f"approve warning {warning_id} {body.model_dump_json()}"
    return _do(write, asked, "published a warning", act)


@router.post("/warnings/{warning_id}/return", responses=_WRITTEN)
def send_back(write: Writing, warning_id: str, body: models.Because) -> Response:
    """Back to who wrote it, with why."""
    reason = body.reason.strip()
    if not reason:
        raise Problem(422, "say why it is sent back: the reason is empty")

    def act(conn: Connection, person: Person, now: datetime, _: WarningSettings) -> Warning:
        return life.send_back(conn, warning_id, person, body.version, now, reason)

    asked = f"return warning {warning_id} {body.model_dump_json()}"
    return _do(write, asked, "returned a warning", act)


@router.post("/warnings/{warning_id}/discard", responses=_WRITTEN)
def discard(write: Writing, warning_id: str, body: models.Act) -> Response:
    """Never to be published; it stays on record."""

    def act(conn: Connection, person: Person, now: datetime, _: WarningSettings) -> Warning:
        return life.discard(conn, warning_id, person, body.version, now, body.reason)

    asked = f"discard warning {warning_id} {body.model_dump_json()}"
    return _do(write, asked, "discarded a warning", act)


@router.post("/warnings/{warning_id}/update", status_code=201, responses=_WRITTEN)
def update(write: Writing, warning_id: str, body: models.Follow) -> Response:
    """A draft that, approved, takes the place of the warning in force."""
    return _follow(write, warning_id, "Update", body.reason)


@router.post("/warnings/{warning_id}/cancel", status_code=201, responses=_WRITTEN)
def cancel(write: Writing, warning_id: str, body: models.Follow) -> Response:
    """A draft that, approved, calls the warning in force off."""
    return _follow(write, warning_id, "Cancel", body.reason)


# ---- writes


def _follow(write: Write, warning_id: str, type_: Type, reason: str | None) -> Response:
    def act(conn: Connection, person: Person, now: datetime, _: WarningSettings) -> Warning:
        return life.follow(conn, warning_id, person, type_, now, reason or None)

    asked = f"{type_} of warning {warning_id} {reason}"
    return _do(write, asked, f"drafted a warning's {type_}", act, 201)


def _do(write: Write, asked: str, action: str, act: Act, status: int = 200) -> Response:
    """One write in one transaction, audited, heard by the screens and by the public service."""
    now, person = datetime.now(UTC), Person(write.who.account_id, write.who.name)

    def work(conn: Connection) -> Outcome:
        try:
            warning = act(conn, person, now, write.use.alerts.warnings)
        except Refused as refused:
            raise _problem(refused, now) from refused
        write.audit(conn, action, warning.id, version=warning.version)
        wake(conn)
        return Outcome(status, to_json(warning, now))

    return write.once(asked, work)


def _problem(refused: Refused, now: datetime) -> Problem:
    members: dict[str, Any] = {"code": refused.code}
    if refused.warning is not None:
        members["warning"] = to_json(refused.warning, now)
    if refused.faults:
        members["errors"] = [fault_json(fault) for fault in refused.faults]
    return Problem(_STATUS.get(refused.code, 409), str(refused), **members)


# ---- reads


def _life(conn: Connection, who: Principal, warning: Warning, now: datetime) -> dict[str, Any]:
    """All but `faults`."""
    messages = warnings_store.thread(conn, warning.thread)
    published = [one for one in messages if one.number < warning.number and one.published_at]
    before = published[-1].content if published else None
    steps = warnings_store.steps(conn, warning.id)
    return to_json(warning, now) | {
        "mine": who.account_id in warnings_store.writers(conn, warning.id),
        "steps": [
            step_json(step, earlier) for step, earlier in zip(steps, [None, *steps], strict=False)
        ],
        "messages": [to_json(one, now) for one in messages],
        "before": before.model_dump(mode="json") if before else None,
        "differences": list(differences(before, warning.content)) if before else [],
        "cap": warning.cap,
    }


def _of_alert(conn: Connection, use: Services, alert: Alert, now: datetime) -> Content:
    found = [
        kept.document
        for kept in footprints.present(conn, use.ground, now)
        if alert.station is not None and alert.station in (kept.place, *kept.sensors)
    ]
    spot = warnings_store.spot(conn, alert.id)
    return prefill.of_alert(alert, spot, found, use.alerts.warnings, now)


def _alert(conn: Connection, alert_id: str) -> Alert:
    found = alerts_store.find_alert(conn, alert_id)
    if found is None:
        raise Problem(404, f"there is no alert {alert_id!r}")
    return found
