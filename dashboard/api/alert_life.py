"""What officers do with alerts beside taking one: several, hand over, note, reset, shelve."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from alerts.alert import to_json
from alerts.life import suppression, taking
from alerts.life.pending import pending
from alerts.life.steps import Done, NoSuchAlert, Refused
from alerts.life.taking import Acknowledged, Conflict
from alerts.store import find_alert
from dashboard import life_store
from dashboard.api import life_models, models
from dashboard.api.common import Use, Write, Writing, json_answer, refused
from dashboard.door import departments
from dashboard.door.access import ACKNOWLEDGE, RIGHTS
from dashboard.idempotency import Outcome
from dashboard.moments import EXAMPLE, of_our_time
from dashboard.problems import Problem
from dashboard.shapes import iso
from database.heartbeat import wake
from database.pool import Connection

router = APIRouter(prefix="/api/v1", tags=["alerts"])
_OWNERS = tuple(role for role, rights in RIGHTS.items() if ACKNOWLEDGE in rights)
_CONFLICT: dict[int | str, dict[str, Any]] = {
    200: {"model": models.Alert},
    409: {"model": models.ProblemDocument, "description": "it changed, or is not so"},
}


@router.get("/alerts/pending", responses={200: {"model": life_models.PendingList}})
def list_pending(use: Use) -> Response:
    """What is beyond a limit whose hold is still running: no alert yet."""
    with use.pool.transaction() as conn:
        return json_answer({"pending": [one.to_json() for one in pending(conn)]})


@router.get("/alerts/owners", responses={200: {"model": life_models.OwnerList}})
def list_owners(use: Use) -> Response:
    """To whom an alert can be handed over."""
    with use.pool.transaction() as conn:
        return json_answer({"owners": life_store.accounts(conn, _OWNERS)})


@router.post("/alerts/acknowledge", responses={200: {"model": life_models.TakenAll}})
def acknowledge_all(write: Writing, body: life_models.AcknowledgeAll) -> Response:
    """Take several; what somebody else has, what changed, or what another department owns, is
    said and hinders no other."""

    def act(conn: Connection) -> Outcome:
        versions = {one.id: one.version for one in body.alerts}
        left = departments.alerts_outside(conn, write.who, versions)
        may = {key: version for key, version in versions.items() if key not in left}
        now, note = datetime.now(UTC), body.note or None
        found = taking.acknowledge_all(conn, may, write.who.name, note, now=now)
        taken = [
            alert_id
            for alert_id, one in found.items()
            if isinstance(one, Acknowledged) and not one.repeated
        ]
        if taken:
            write.audit(conn, "acknowledged", f"{len(taken)} alerts", ids=taken)
            wake(conn)
        results = [_taken(key, one) for key, one in found.items()]
        return Outcome(200, {"results": results + [_left(key, of) for key, of in left.items()]})

    return write.once(f"acknowledge all {body.model_dump_json()}", act)


@router.post("/alerts/{alert_id}/hand-over", responses=_CONFLICT)
def hand_over(write: Writing, alert_id: str, body: life_models.HandOver) -> Response:
    """Give an alert to another officer, or take over one that another has; the journal says who."""

    def act(conn: Connection, now: datetime) -> Done | Refused | NoSuchAlert:
        if body.to not in life_store.accounts(conn, _OWNERS):
            sentence = f"{body.to!r} is nobody who may own alerts; see /api/v1/alerts/owners"
            raise refused("to", "unknown", sentence)
        return taking.hand_over(
            *(conn, alert_id, write.who.name, body.to, body.note or None),
            expected_version=body.version,
            now=now,
        )

    asked = f"hand over {alert_id} {body.model_dump_json()}"
    return _do(write, asked, alert_id, f"handed to {body.to}", act)


@router.post("/alerts/{alert_id}/notes", responses={200: {"model": models.Alert}})
def add_note(write: Writing, alert_id: str, body: life_models.Note) -> Response:
    """Write into the alert's journal; its state stays as it is."""
    if not body.note:
        raise refused("note", "empty", "the note is empty; write what is to be remembered")

    def act(conn: Connection, now: datetime) -> Done | Refused | NoSuchAlert:
        return taking.add_note(conn, alert_id, write.who.name, body.note, now=now)

    asked = f"note {alert_id} {body.model_dump_json()}"
    return _do(write, asked, alert_id, "noted", act)


@router.post("/alerts/{alert_id}/reset", responses=_CONFLICT)
def reset(write: Writing, alert_id: str, body: life_models.Reset) -> Response:
    """End a latched alert whose condition is over."""
    if not body.note:
        raise refused("note", "empty", "say what was found: a reset needs a note")

    def act(conn: Connection, now: datetime) -> Done | Refused | NoSuchAlert:
        return taking.reset(
            conn, alert_id, write.who.name, body.note, expected_version=body.version, now=now
        )

    asked = f"reset {alert_id} {body.model_dump_json()}"
    return _do(write, asked, alert_id, "reset", act)


@router.post("/alerts/{alert_id}/shelve", responses=_CONFLICT)
def shelve(write: Writing, alert_id: str, body: life_models.Shelve) -> Response:
    """Keep an alert's rule quiet at its place until a time; then it comes back by itself."""
    said(body.reason)
    until = ahead(body.until, datetime.now(UTC))

    def act(conn: Connection, now: datetime) -> Done | Refused | NoSuchAlert:
        alert = find_alert(conn, alert_id)
        if alert is not None:
            _bounded(until, now, alert.grade, write.use.alerts.life)
        return suppression.shelve(
            *(conn, alert_id, write.who.name, body.reason, until),
            expected_version=body.version,
            now=now,
        )

    asked = f"shelve {alert_id} {body.model_dump_json()}"
    return _do(write, asked, alert_id, "shelved", act)


@router.post("/alerts/{alert_id}/unshelve", responses=_CONFLICT)
def unshelve(write: Writing, alert_id: str, body: life_models.Unshelve) -> Response:
    """Take an alert off the shelf before its time; if its condition is on, it is told anew."""
    said(body.reason)

    def act(conn: Connection, now: datetime) -> Done | Refused | NoSuchAlert:
        return suppression.unshelve(
            conn, alert_id, write.who.name, body.reason, expected_version=body.version, now=now
        )

    asked = f"unshelve {alert_id} {body.model_dump_json()}"
    return _do(write, asked, alert_id, "unshelved", act)


def said(reason: str) -> None:
    """Raises Problem 422 where a reason that the journal needs is empty."""
    if not reason:
        raise refused("reason", "empty", "say why: the reason is empty, and the journal keeps it")


def ahead(until: datetime, now: datetime) -> datetime:
    """A time that a person writes of what is to come; raises Problem 422."""
    if until.tzinfo is None:
        raise refused("until", "zone", f"until has no time zone; expected {EXAMPLE}")
    if of_our_time(until, "until") <= now:
        raise refused("until", "past", f"until ({iso(until)}) is not ahead; it is {iso(now)} now")
    return until


def _bounded(until: datetime, now: datetime, grade: str, life: Any) -> None:
    most_s = life.shelve_red_most_s if grade == "red" else life.shelve_most_s
    if until > now + timedelta(seconds=most_s + 1):  # a form is sent a moment after it was filled
        last = iso(now + timedelta(seconds=most_s))
        sentence = f"a {grade} alert may be shelved for {most_s} s at most, until {last}"
        raise refused("until", "long", sentence)


def _do(
    write: Write,
    asked: str,
    alert_id: str,
    done: str,
    act: Callable[[Connection, datetime], Done | Refused | NoSuchAlert],
) -> Response:
    """One action on one alert: once, in the audit, said to the screens."""

    def work(conn: Connection) -> Outcome:
        found = act(conn, datetime.now(UTC))
        if isinstance(found, NoSuchAlert):
            return Outcome(404, Problem(404, f"there is no alert {alert_id!r}").body())
        if isinstance(found, Refused):
            problem = Problem(409, found.why, who=found.who, alert=to_json(found.alert))
            return Outcome(409, problem.body())
        if not found.repeated:
            write.audit(conn, done, alert_id)
            wake(conn)
        return Outcome(200, to_json(found.alert))

    return write.once(asked, work)


def _left(alert_id: str, department: str | None) -> dict[str, Any]:
    empty = {"id": alert_id, "owner": None, "alert": None}
    return empty | {"result": "outside", "department": department}


def _taken(alert_id: str, found: Acknowledged | Conflict | NoSuchAlert) -> dict[str, Any]:
    if isinstance(found, NoSuchAlert):
        return {"id": alert_id, "result": "unknown", "owner": None, "alert": None}
    owner = found.alert.owner
    if isinstance(found, Acknowledged):
        result = "yours" if found.repeated else "acknowledged"
    else:
        result = "taken" if found.owner else "changed"
    return {"id": alert_id, "result": result, "owner": owner, "alert": to_json(found.alert)}
