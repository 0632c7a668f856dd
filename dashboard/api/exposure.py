"""Who and what lies in a zone that somebody gives, such as a flood's."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from dashboard.api import plume_models as models
from dashboard.api.common import Use, json_answer, refused
from dashboard.api.models import Body
from dashboard.shapes import iso
from gis import store as places
from gis.assessment_json import exposure_json
from gis.exposure.count import exposed
from gis.exposure.zone import BadZone, zone_of

router = APIRouter(prefix="/api/v1", tags=["plume"])


class ZoneQuestion(Body):
    geometry: dict[str, Any] = Field(description="GeoJSON Polygon or MultiPolygon, WGS-84")


@router.post("/exposure", responses={200: {"model": models.ZoneExposure}})
def count_zone(use: Use, body: ZoneQuestion) -> Response:
    """People, facilities, plants, roads in a zone; null is not known, never 0. Stores nothing."""
    try:
        zone = zone_of(body.geometry)
    except BadZone as error:
        raise refused("geometry", "zone", str(error)) from error
    with use.pool.transaction() as conn:
        plants = places.plants(conn)
    found = exposed(zone, use.ground.surroundings, plants)
    return json_answer({"generated_at": iso(use.live.now()), "exposure": exposure_json(found)})
