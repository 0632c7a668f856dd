"""An alert's evidence: what was known when it was raised, and sealed, what followed."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts import evidence_store
from alerts import store as alerts_store
from alerts.alert import AlertLife, to_json
from alerts.evidence_store import AFTER, Part
from alerts.times import rfc3339
from dashboard.api import quiet_models
from dashboard.api.common import Services, Use, json_answer
from dashboard.problems import Problem

router = APIRouter(prefix="/api/v1", tags=["alerts"])


@router.get("/alerts/{alert_id}/evidence", responses={200: {"model": quiet_models.Evidence}})
def read_evidence(
    use: Use, alert_id: str, download: Annotated[bool, Query(description="as a file")] = False
) -> Response:
    """Two documents, each with its SHA-256 over the canonical JSON: `raised`, a moment after the
    raise, and `sealed`, half an hour after the end. `intact` says whether they are unchanged."""
    life, parts = read(use, alert_id)
    headers = {"Content-Disposition": f'attachment; filename="evidence_{alert_id}.json"'}
    return json_answer(pack(life, parts), headers=headers if download else None)


def read(use: Services, alert_id: str) -> tuple[AlertLife, dict[str, Part]]:
    """Raises Problem 404."""
    with use.pool.transaction() as conn:
        life = alerts_store.get_alert(conn, alert_id)
        if life is None:
            raise Problem(404, f"there is no alert {alert_id!r}")
        return life, evidence_store.parts_of(conn, alert_id)


def pack(life: AlertLife, parts: dict[str, Part]) -> dict[str, Any]:
    ended = life.alert.ended_at
    return {
        "alert": to_json(life.alert),
        "at_raise": life.evidence,
        "seals_at": rfc3339(ended + AFTER) if ended else None,
    } | {part: _part(parts.get(part)) for part in ("raised", "sealed")}


def _part(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    return {
        "sha256": part.sha256,
        "intact": part.intact,
        "written_at": rfc3339(part.written_at),
        "document": part.document,
    }
