"""Receipts: who was told of an alert by which way, and how each receiver does."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from alerts.sending import receipts
from alerts.sending.receipts import Receipt, ReceiverState, Untold
from alerts.sending.trials import DEAD_MAN
from alerts.store import find_alert
from dashboard.api import rota_models
from dashboard.api.common import Services, Use, json_answer
from dashboard.problems import Problem
from dashboard.shapes import iso

router = APIRouter(prefix="/api/v1", tags=["alerts"])


@router.get("/alerts/{alert_id}/messages", responses={200: {"model": rota_models.Receipts}})
def read_messages(use: Use, alert_id: str) -> Response:
    """Who was told what of an alert, when, by which way and why; what failed, was given up, or was
    told to nobody."""
    with use.pool.transaction() as conn:
        if find_alert(conn, alert_id) is None:
            raise Problem(404, f"there is no alert {alert_id!r}")
        told, untold = receipts.receipts_of(conn, alert_id)
    return json_answer(
        {"messages": [_receipt(one) for one in told], "untold": [_untold(one) for one in untold]}
    )


@router.get("/receivers", responses={200: {"model": rota_models.ReceiverList}})
def read_receivers(use: Use) -> Response:
    """How each receiver does: those of the file, people's own ways, the signal of life."""
    names = {one.name for one in use.alerts.receivers}
    names |= {DEAD_MAN} if use.alerts.dead_man else set()
    with use.pool.transaction() as conn:
        found = {one.receiver: one for one in receipts.receiver_states(conn, names)}
    unused = (None, None, None, None, 0, 0, 0, None, None)
    for receiver in use.alerts.receivers:
        found.setdefault(receiver.name, ReceiverState(receiver.name, *unused))
    return json_answer({"receivers": [_receiver(use, found[name]) for name in sorted(found)]})


def _receipt(one: Receipt) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in one.__slots__ if name != "id"}
    said |= {name: iso(getattr(one, name)) for name in said if name.endswith("_at")}
    said["next_try_at"] = None if one.delivered_at or one.given_up_at else said["next_try_at"]
    return said | {"state": one.state}


def _untold(one: Untold) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__} | {"at": iso(one.at)}


def _receiver(use: Services, one: ReceiverState) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in one.__slots__}
    times = ("delivered_at", "failed_at", "failing_since", "oldest_waiting", "tested_at")
    said |= {name: iso(said[name]) for name in times}
    settings = next((each for each in use.alerts.receivers if each.name == one.receiver), None)
    kind = settings.type if settings else (DEAD_MAN if one.receiver == DEAD_MAN else None)
    return said | {
        "state": one.state,
        "type": kind,
        "test": bool(settings and settings.test),
    }
