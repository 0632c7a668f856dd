"""Footprints: of an open gas alert as things stand, and what-if. Computed anew, never stored."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from alerts import store as alerts_store
from alerts.alert import Alert
from dashboard.api import plume_models as models
from dashboard.api.common import Services, Use, json_answer, refused
from dashboard.api.models import ProblemDocument
from dashboard.api.plume_models import PlumeQuestion
from dashboard.problems import Problem
from database.pool import Connection
from gis import store as places
from gis.assessment import Ground, assess, limits_by_hand, limits_for, limits_of_scale
from gis.assessment_json import to_json
from gis.incident import GAS_METRICS, GasPlace, Incident, assumed_at, gases_of
from gis.plume.honesty import Text
from gis.plume.release import Known, Release
from gis.plume.wind import Wind, wind_by_hand
from gis.scene import NoScene, Scene, anywhere, scene_of, weather_at
from gis.weather import Weather, weather_by_hand
from sensors.chemicals.substances import SUBSTANCES, Substance, find_substance
from sensors.chemicals.toxic import ToxicLimit

router = APIRouter(prefix="/api/v1", tags=["plume"])
_ASKED = Text("按所给的位置算。", "The place that was asked for.")
_OTHER_GAS = Text(
    "另设气体：读数与它无关。", "Another gas was asked for: the readings do not speak of it."
)


@router.get(
    "/alerts/{alert_id}/footprint",
    responses={
        200: {"model": models.Footprint},
        404: {"model": ProblemDocument, "description": "no such alert, or not of a gas"},
        409: {"model": ProblemDocument, "description": "the alert has ended"},
    },
)
def show_footprint(use: Use, alert_id: str) -> Response:
    """Where the gas of an open alert goes now: zones, who lies in them, and what it rests on."""
    with use.pool.transaction() as conn:
        alert = _alert(conn, alert_id)
        if alert.ended_at is not None:
            raise Problem(409, f"the alert {alert_id!r} has ended: there is no present footprint")
        now = use.live.now()
        scene = _scene_of(conn, use, alert, now)
        ground = replace(use.ground, plants=places.plants(conn))
    limits = limits_for(scene.release.substance, ground.settings.minutes)
    document = _document(scene, ground, limits, (now - alert.began_at).total_seconds())
    return json_answer(document | {"alert": alert.id, "what_if": False})


@router.post(
    "/plume",
    responses={200: {"model": models.Footprint}, 422: {"model": ProblemDocument}},
)
def what_if(use: Use, body: PlumeQuestion) -> Response:
    """What would be: an alert's, a station's or a place's release under other wind or amounts."""
    with use.pool.transaction() as conn:
        scene = _asked(conn, use, body, use.live.now())
        ground = replace(use.ground, plants=places.plants(conn))
    limits = _limits(scene.release.substance, body, ground)
    document = _document(scene, ground, limits)
    return json_answer(document | {"alert": body.alert, "what_if": True})


def _document(
    scene: Scene, ground: Ground, limits: Sequence[ToxicLimit], gone_s: float | None = None
) -> dict[str, Any]:
    """Some 50 ms of computing, without a connection in hand. gone_s: since the release began."""
    return to_json(assess(scene.release, scene.weather, ground, limits, gone_s), scene.incident)


def _limits(substance: Substance, body: PlumeQuestion, ground: Ground) -> tuple[ToxicLimit, ...]:
    if body.limits_ppm is not None:
        return limits_by_hand(substance, body.limits_ppm)
    return limits_of_scale(substance, body.scale, body.minutes or ground.settings.minutes)


# ---- an alert


def _alert(conn: Connection, alert_id: str) -> Alert:
    life = alerts_store.get_alert(conn, alert_id)
    if life is None:
        raise Problem(404, f"there is no alert {alert_id!r}")
    if life.alert.metric not in GAS_METRICS or life.alert.station is None:
        raise Problem(404, f"the alert {alert_id!r} is about {life.alert.metric}, which is no gas")
    return life.alert


def _scene_of(conn: Connection, use: Services, alert: Alert, now: datetime) -> Scene:
    return _of_station(conn, use, alert.station or "", alert.metric or "", now)


def _of_station(conn: Connection, use: Services, station: str, metric: str, now: datetime) -> Scene:
    try:
        return scene_of(conn, station, metric, use.ground, now)
    except NoScene as error:
        raise Problem(404, str(error)) from error


# ---- what-if


def _asked(conn: Connection, use: Services, body: PlumeQuestion, now: datetime) -> Scene:
    if body.metric is not None and body.metric not in GAS_METRICS:
        raise refused("metric", "unknown", f"no gas; one of {', '.join(sorted(GAS_METRICS))}")
    if body.alert is not None:
        scene = _scene_of(conn, use, _alert(conn, body.alert), now)
    elif body.station is not None and body.metric is not None:
        scene = _of_station(conn, use, body.station, body.metric, now)
    else:
        scene = _elsewhere(conn, use, body, now)
    release = _other_amount(_other_substance(scene.release, body), body)
    why = scene.incident
    if release.substance is not scene.release.substance:
        why = replace(why, reason=_OTHER_GAS, fit=None)
    return Scene(release, _other_weather(scene.weather, body), why)


def _elsewhere(conn: Connection, use: Services, body: PlumeQuestion, now: datetime) -> Scene:
    """A release at a station or a point, with the live wind there."""
    place = _place(conn, body)
    gases = (_substance(body.substance),) if body.substance else gases_of("", [place])
    if not gases:
        raise refused("substance", "unknown", f"say which gas; one of {', '.join(SUBSTANCES)}")
    substance, *others = gases
    assumed = assumed_at(place, substance, anywhere(use.ground.settings))
    release = Release(
        substance, place.lon, place.lat, rate_kgs=assumed.rate_kgs, known=Known.ASSUMED,
        source=assumed.source, height_m=assumed.height_m, others=tuple(others),
    )  # fmt: skip
    weather = weather_at(conn, place, use.ground.settings, now)
    return Scene(release, weather, Incident(release, place, _ASKED, None))


def _place(conn: Connection, body: PlumeQuestion) -> GasPlace:
    if body.station is not None:
        found = places.find_place(conn, body.station)
        if found is None:
            raise refused("station", "unknown", f"there is no station {body.station!r}")
        return found
    if body.lon is None or body.lat is None:
        raise refused("lon", "missing", "say where: alert, station, or lon and lat together")
    return GasPlace("", "place", "", "", body.lon, body.lat)


def _substance(name: str) -> Substance:
    found = find_substance(name)
    if found is None:
        raise refused(
            "substance",
            "unknown",
            f"{name!r} is not in the table; a code, CAS number or Chinese name, such as "
            "ammonia, 7664-41-7, 氨",
        )
    return found


def _other_substance(release: Release, body: PlumeQuestion) -> Release:
    """A rate that was worked back for one gas says nothing of another: it is then by hand."""
    if body.substance is None:
        return release
    substance = _substance(body.substance)
    if substance is release.substance:
        return replace(release, others=())
    return replace(
        release, substance=substance, known=Known.BY_HAND, low=1.0, high=1.0, sensors=(),
        source="", others=(),
    )  # fmt: skip


def _other_amount(release: Release, body: PlumeQuestion) -> Release:
    """What the body says of amount, duration and height in place of what is known."""
    changed = release
    if body.rate_kgs is not None or body.quantity_kg is not None:
        changed = replace(
            changed, rate_kgs=body.rate_kgs, mass_kg=body.quantity_kg, known=Known.BY_HAND,
            low=1.0, high=1.0, sensors=(), source="",
        )  # fmt: skip
    if body.duration_s is not None:
        changed = replace(changed, duration_s=body.duration_s)
    return changed if body.height_m is None else replace(changed, height_m=body.height_m)


def _other_weather(weather: Weather, body: PlumeQuestion) -> Weather:
    return weather_by_hand(
        weather, _other_wind(weather.wind, body), body.stability, body.cloud_octas
    )


def _other_wind(live: Wind | None, body: PlumeQuestion) -> Wind | None:
    """None leaves the wind as it was measured. One of speed and direction alone keeps the other;
    the measured spread of directions stays too, for a wind that turns goes on swaying.
    """
    if body.wind_speed_ms is None and body.wind_from_deg is None:
        return None
    speed, direction = body.wind_speed_ms, body.wind_from_deg
    if live is not None:
        speed = live.speed_ms if speed is None else speed
        direction = live.from_deg if direction is None else direction
    if speed is None or direction is None:
        missing = "wind_speed_ms" if speed is None else "wind_from_deg"
        raise refused(missing, "missing", "no wind is known here: give both speed and direction")
    found = wind_by_hand(speed, direction)
    if live is None:
        return found
    turning = live.turning and body.wind_from_deg is None
    return replace(found, spread_deg=live.spread_deg, turning=turning)
