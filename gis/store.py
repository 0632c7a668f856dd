"""What places need of the database: wind stations and their readings, gas sensors, plants.

Never commits. Distances on the tangent plane, good to 0.1 % within a district.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from database.pool import Connection
from gis.exposure.count import Plant
from gis.incident import GasPlace, RegisteredLeak, Sensor
from gis.plume.wind import USABLE_S, WINDOW, WindReading
from gis.weather import FRESH_S, Weather, WindStation, weather_of
from sensors.catalogue import METRICS
from sensors.reading import INVALID_OR_MISSING, NO_EVIDENCE, VALID, VALID_OR_MISSING

MOST_STATIONS = 6


def _evidence(row: str) -> str:
    """Whether a row's reading may be worked with; what a person called valid may."""
    marked = f"{row}.quality & {VALID_OR_MISSING} = {VALID}"
    return f"({row}.quality & {NO_EVIDENCE} = 0 or {marked})"


_WIND_STATIONS = f"""
select s.code,
       111195 * sqrt(((v.lon - %(lon)s::float8) * cos(radians(%(lat)s::float8))) ^ 2
                     + (v.lat - %(lat)s::float8) ^ 2) as metres,
       speed.id, direction.id,
       (select x.value from series q join series_state x on x.series_id = q.id
         where q.station_id = s.id and q.metric = 'temp_c' and {_evidence("x")}
           and x.observed_at > %(fresh)s::timestamptz),
       (select x.value from series q join series_state x on x.series_id = q.id
         where q.station_id = s.id and q.metric = 'pressure_hpa' and {_evidence("x")}
           and x.observed_at > %(fresh)s::timestamptz)
  from station s
  join station_version v on v.station_id = s.id and v.valid_to is null
  join series speed on speed.station_id = s.id and speed.metric = 'wind_speed_ms'
  join series direction on direction.station_id = s.id and direction.metric = 'wind_dir_deg'
 order by 2, 1 limit %(limit)s"""  # noqa: S608 - of constants
# Speed and direction of the same moment. A squall is unusual, and the wind all the same.
_WIND = f"""
select speed.observed_at, speed.original_at, speed.value, direction.value
  from reading speed
  join reading direction on direction.series_id = %(direction)s
                        and direction.observed_at = speed.observed_at
 where speed.series_id = %(speed)s
   and speed.observed_at > %(since)s and speed.observed_at <= %(until)s
   and {_evidence("speed")} and {_evidence("direction")}
   and speed.value is not null and direction.value is not null
 order by speed.observed_at"""  # noqa: S608 - of constants
_PLACE = """
select s.code, s.kind, v.name_zh, v.name_en, v.lon, v.lat, v.details
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
 where s.code = %s"""
_PLANTS = """
select s.code, v.name_zh, v.name_en, v.lon, v.lat
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
 where s.kind = 'plant' order by s.code"""
# What is old or no evidence explains no leak; but at the end of its range a sensor says "at
# least", however long it has stayed there, and beyond it too.
_SENSORS = f"""
select s.code, v.lon, v.lat, least(x.value, coalesce(n.high, %(high)s::float8)),
       coalesce(n.high, %(high)s::float8),
       case when s.kind = 'plant' then s.code else v.details ->> 'plant' end
  from series q
  join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
  join series_state x on x.series_id = q.id
  left join sensor n on n.series_id = q.id and n.valid_to is null
 where q.metric = %(metric)s and x.value is not null
   and ({_evidence("x")} or (x.value >= coalesce(n.high, %(high)s::float8)
                             and x.quality & {INVALID_OR_MISSING} = 0))
   and x.observed_at > %(since)s
 order by s.code"""  # noqa: S608 - of constants


def weather_for(conn: Connection, lon: float, lat: float, at: datetime, within_m: float) -> Weather:
    """Of the nearest wind station with usable wind, at most `within_m` metres away."""
    asked = {
        "lon": lon, "lat": lat, "limit": MOST_STATIONS, "fresh": at - timedelta(seconds=FRESH_S),
    }  # fmt: skip
    stations = [WindStation(*row) for row in _rows(conn, _WIND_STATIONS, asked)]
    near = [station for station in stations if station.distance_m <= within_m]
    return weather_of(near, partial(_wind_readings, conn, at), lon, lat, at)


def _wind_readings(conn: Connection, at: datetime, station: WindStation) -> list[WindReading]:
    asked = {
        "speed": station.speed_series, "direction": station.direction_series,
        "since": at - WINDOW - timedelta(seconds=USABLE_S), "until": at + timedelta(minutes=1),
    }  # fmt: skip
    rows = _rows(conn, _WIND, asked)
    return [WindReading(_own_time(*row[:2], *rows[-1][:2]), *row[2:]) for row in rows]


def _own_time(
    at: datetime,
    original_at: datetime | None,
    newest: datetime,
    newest_original: datetime | None,
) -> datetime:
    """A replayed recording is timed by its own time, back from its newest reading: ten minutes of a
    wind that is played fast are not ten minutes of the wind."""
    if original_at is None or newest_original is None:
        return at
    return newest - (newest_original - original_at)


def find_place(conn: Connection, code: str) -> GasPlace | None:
    """A station as the place of a release; None: there is none of this code."""
    rows = _rows(conn, _PLACE, (code,))
    if not rows:
        return None
    code, kind, zh, en, lon, lat, details = rows[0]
    substances = tuple(str(each) for each in details.get("substances") or ())
    leaks = tuple(
        RegisteredLeak(
            tank["code"], tank["substance"], tank["release_kgs"], tank["release_height_m"]
        )
        for tank in details.get("tanks") or ()
        if tank.get("release_kgs")
    )
    return GasPlace(code, kind, zh, en, lon, lat, details.get("plant"), substances, leaks)


def plants(conn: Connection) -> tuple[Plant, ...]:
    return tuple(Plant(*row) for row in _rows(conn, _PLANTS))


def gas_sensors(
    conn: Connection, metric: str, at: datetime, within: timedelta
) -> tuple[Sensor, ...]:
    """The newest reading of every sensor of a gas that says anything, no older than `within`.

    One at the end of its range, or beyond what it can measure, reads as that end.
    """
    asked = {"metric": metric, "since": at - within, "high": METRICS[metric].high}
    return tuple(Sensor(*row) for row in _rows(conn, _SENSORS, asked))


def _rows(conn: Connection, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
