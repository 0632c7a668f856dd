"""Where gas goes, as the alerts process computed and kept it: now, or at any moment of the past."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from alerts import footprint_store
from alerts.footprint_store import Kept
from alerts.footprints import ANEW_AFTER, document_of
from dashboard.api import plume_models as models
from dashboard.api.common import Use, json_answer
from dashboard.moments import moment
from dashboard.shapes import iso
from database.pool import Connection
from gis.assessment import Ground
from gis.leaks import leaks

router = APIRouter(prefix="/api/v1", tags=["plume"])
OLD_AFTER = ANEW_AFTER + timedelta(seconds=30)


@router.get("/footprints", responses={200: {"model": models.FootprintList}})
def list_footprints(
    use: Use,
    at: Annotated[str | None, Query(description="as it stood then; else as it stands")] = None,
) -> Response:
    """One a leak, the gravest first: sensors over their limits at one plant are one leak."""
    then, now = moment(at, "at"), use.live.now()
    with use.pool.transaction() as conn:
        found = footprint_store.as_of(conn, then) if then else present(conn, use.ground, now)
    answer = {"generated_at": iso(now), "footprints": [_json(each) for each in found]}
    return json_answer(answer)


def present(conn: Connection, ground: Ground, now: datetime) -> list[Kept]:
    """Those that stand; what the alerts process has not computed for a while is computed here, so
    that its silence hides no gas."""
    standing = {(each.place, each.metric): each for each in footprint_store.present(conn)}
    found = []
    gravest_first = sorted(leaks(footprint_store.gases(conn), now), key=lambda leak: -leak.level)
    for leak in gravest_first:
        kept = standing.get((leak.place, leak.metric))
        if kept is None or now - kept.computed_at > OLD_AFTER:
            began_at = kept.began_at if kept else now
            document = document_of(conn, ground, leak, began_at, now)
            found.append(Kept(None, leak.place, leak.metric, began_at, now, None, [*leak.sensors],
                              document))  # fmt: skip
        else:
            found.append(kept)
    return found


def _json(kept: Kept) -> dict[str, Any]:
    return {
        "id": kept.number,
        "place": kept.place,
        "metric": kept.metric,
        "began_at": iso(kept.began_at),
        "computed_at": iso(kept.computed_at),
        "until": iso(kept.until),
        "sensors": kept.sensors,
        "footprint": kept.document,
    }
