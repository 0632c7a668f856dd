"""Warnings as the API of staff has them: JSON, and the cursor of their list."""

import base64
import binascii
from dataclasses import asdict
from datetime import datetime
from typing import Any

from alerts.cap.faults import Fault
from alerts.warnings.content import differences
from alerts.warnings.store import Notice, Step, Warning  # noqa: A004 - the field's word
from dashboard.problems import Problem
from dashboard.shapes import iso


def to_json(warning: Warning, now: datetime) -> dict[str, Any]:
    return {
        "id": warning.id,
        "thread": warning.thread,
        "number": warning.number,
        "type": warning.type,
        "standing": warning.standing(now),
        "version": warning.version,
        "content": warning.content.model_dump(mode="json"),
        "severity": warning.content.severity,
        "alert": warning.alert,
        "origin": warning.origin,
        "author": warning.author,
        "created_at": iso(warning.created_at),
        "approver": warning.approver,
        "published_at": iso(warning.published_at),
        "expires_at": iso(warning.expires_at),
        "changed_at": iso(warning.changed_at),
        "replaced": warning.replaced,
    }


def fault_json(fault: Fault) -> dict[str, Any]:
    return {"where": fault.where, "code": fault.code, "problem": fault.say()}


def notice_json(notice: Notice) -> dict[str, Any]:
    """As the stream's beat has it."""
    return asdict(notice) | {"expires_at": iso(notice.expires_at)}


def step_json(step: Step, before: Step | None) -> dict[str, Any]:
    changed = differences(before.content, step.content) if before else ()
    said = {key: value for key, value in asdict(step).items() if key != "content"}
    return said | {"at": iso(step.at), "changed": list(changed)}


def write_cursor(warning: Warning) -> str:
    return base64.urlsafe_b64encode(
        f"{warning.changed_at.isoformat()} {warning.id}".encode()
    ).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        at, _, warning_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        found = datetime.fromisoformat(at), warning_id
    except (ValueError, binascii.Error) as error:
        raise _strange(cursor) from error
    if "\0" in warning_id or found[0].tzinfo is None:
        raise _strange(cursor)
    return found


def _strange(cursor: str) -> Problem:
    return Problem(400, f"{cursor!r} is not a cursor of this list; take it from the answer before")
