"""From what a sensor reads to what may have been let out, with the live wind. Never commits."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from database.pool import Connection
from gis import store
from gis.assessment import Ground
from gis.incident import (
    Assumed,
    GasPlace,
    Incident,
    assumed_at,
    gases_of,
    incident,
    ppm_per_unit,
)
from gis.plume.release import Release
from gis.settings import PlumeSettings
from gis.weather import Weather

SENSORS_WITHIN = timedelta(minutes=5)


class NoScene(Exception):
    """Why there is no footprint, in a sentence."""


@dataclass(frozen=True)
class Scene:
    """What a footprint is computed of. incident: how the release was found, and why there."""

    release: Release
    weather: Weather
    incident: Incident


def scene_of(conn: Connection, station: str, metric: str, ground: Ground, at: datetime) -> Scene:
    """The release that a station's readings of a gas speak of. Raises NoScene."""
    sensor = store.find_place(conn, station)
    if sensor is None:
        raise NoScene(f"the station {station!r} is gone")
    plant = sensor if sensor.kind == "plant" else None
    if sensor.plant is not None:
        plant = store.find_place(conn, sensor.plant)
    gases = gases_of(metric, [sensor, plant])
    if not gases:
        raise NoScene(f"nobody says which gas {metric} at {station} is")
    substance, *others = gases
    weather = weather_at(conn, plant or sensor, ground.settings, at)
    found = incident(
        substance,
        sensor,
        plant,
        store.gas_sensors(conn, metric, at, SENSORS_WITHIN),
        weather,
        ground.roughness,
        assumed_at(plant, substance, anywhere(ground.settings)),
        ppm_per_unit(metric, substance, [sensor, plant]),
    )
    release = replace(found.release, others=tuple(others))
    return Scene(release, weather, replace(found, release=release))


def anywhere(settings: PlumeSettings) -> Assumed:
    """A leak of which nothing is known, at a place of which nothing is known."""
    return Assumed(settings.assumed_rate_kgs, "gis.plume.assumed_rate_kgs")


def weather_at(conn: Connection, place: GasPlace, settings: PlumeSettings, at: datetime) -> Weather:
    return store.weather_for(conn, place.lon, place.lat, at, 1000 * settings.wind_within_km)
