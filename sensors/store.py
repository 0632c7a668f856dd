"""Departments, stations, series and what hangs on them: from config.yaml to the database, and back.

config.yaml is the authority; the database keeps every version it ever said. Functions take a
connection and never commit.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg2 import extensions
from psycopg2.extras import execute_values

from database.pool import Connection
from sensors.catalogue import ASSESSED_FROM, DERIVED_FROM, FORESEEN_FROM, STORAGE, TANK_LEVEL
from sensors.chemicals.settings import Tank
from sensors.directory import Directory, Hj212Device, SeriesInfo, Sl651Device, StationInfo
from sensors.protocols import Hj212, Sl651
from sensors.reading import Origin
from sensors.settings import Curve, Sensor, SensorsSettings, Station
from sensors.versions import Key, Versions, Wanted, Written, write

LOCK = "select pg_advisory_xact_lock(hashtext('dongtai stations'))"

DEPARTMENTS = """
insert into department as d (code, name_zh, name_en) values %s
on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en
 where (d.name_zh, d.name_en) is distinct from (excluded.name_zh, excluded.name_en)
"""
KNOWN_STATIONS = "select code, kind, id from station"
NEW_STATIONS = "insert into station (code, kind) values %s"
NEW_KIND = "update station set kind = %s where code = %s"
KNOWN_SERIES = "select s.code, q.metric, q.id from series q join station s on s.id = q.station_id"
NEW_SERIES = "insert into series (station_id, metric) values %s"
# Every series has its state row, which is its lock, before anybody can know the series.
NEW_STATES = "insert into series_state (series_id) select id from series on conflict do nothing"

STATIONS_NOW = """
select s.id, s.code, s.kind, v.interval_s, v.device, v.public, v.details ->> 'origin',
       v.details ->> 'release'
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
"""
SERIES_NOW = """
select q.id, s.code, q.metric, n.interval_s, n.low, n.high, n.max_step, n.stuck_after_s,
       n.checks, n.derived
  from series q
  join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
  join sensor n on n.series_id = q.id and n.valid_to is null
"""
PROTOCOLS_NOW = """
select s.code, v.details -> 'hj212', v.details -> 'sl651'
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
 where v.details ?| array['hj212', 'sl651']
"""
CURVES_NOW = """
select s.code, c.points from curve c
  join station s on s.id = c.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
 where c.valid_to is null
"""

CHECKS = {"usual", "spike", "neighbours"}  # what tests of quality ask beside the columns
_OWNED = ("department", "public", "public_delay_s")
STATION = Versions(
    "station_version",
    ("station_id",),
    ("name_zh", "name_en", "lon", "lat", "device", "interval_s", "details", *_OWNED),
)
SENSOR = Versions(
    "sensor",
    ("series_id",),
    ("low", "high", "max_step", "stuck_after_s", "interval_s", "checks", "derived", *_OWNED),
)
CURVE = Versions("curve", ("station_id",), ("points", "source", *_OWNED))
LIMIT = Versions(
    "limit_value",
    ("series_id", "name", "season_from"),
    ("season_to", "value", "label_zh", "label_en", "source", "mean_over_s", "side", *_OWNED),
)

Synced = Written


def sync(conn: Connection, settings: SensorsSettings, now: datetime) -> Synced:
    """Make the database say what the configuration says, as of `now`; unchanged writes nothing.

    Changed: the version in force ends and a new one begins, at the station's valid_from if that
    lies between, else now. Gone from the file: its versions end; identity and readings stay.
    Processes that do this at once wait for each other until the transaction ends.
    """
    with conn.cursor() as cursor:
        cursor.execute(LOCK)
        if settings.departments:
            rows = [(d.code, d.zh, d.en) for d in settings.departments]
            execute_values(cursor, DEPARTMENTS, rows)
        stations = _station_ids(cursor, settings)
        series = _series_ids(cursor, settings, stations)
        written = write(cursor, STATION, _stations(settings, stations), now)
        written += write(cursor, SENSOR, _sensors(settings, series), now)
        written += write(cursor, CURVE, _curves(settings, stations), now)
        return written + write(cursor, LIMIT, _limits(settings, series), now)


def load_directory(conn: Connection) -> Directory:
    """Everything in force now, as ingest needs it."""
    with conn.cursor() as cursor:
        cursor.execute(STATIONS_NOW)
        stations = {
            row[1]: replace(StationInfo(*row[:6]), origin=Origin[row[6].upper()], release=row[7])
            for row in cursor.fetchall()
        }
        cursor.execute(CURVES_NOW)
        curves = {code: tuple(map(tuple, points)) for code, points in cursor.fetchall()}
        cursor.execute(SERIES_NOW)
        series = [_series(*row) for row in cursor.fetchall()]
        cursor.execute(PROTOCOLS_NOW)
        protocols = cursor.fetchall()
    return Directory(
        stations,
        {(one.station, one.metric): one for one in series},
        curves,
        *_devices(protocols, series),
    )


def _series(*row: Any) -> SeriesInfo:
    *known, checks, derived = row
    of = Sensor(metric=row[2], **checks)
    return replace(
        SeriesInfo(*known),
        usual=of.usual,
        spike=of.spike,
        neighbours=of.neighbours,
        derived=derived,
    )


def _devices(
    rows: list[tuple[str, Any, Any]], series: list[SeriesInfo]
) -> tuple[dict[str, Hj212Device], dict[str, Sl651Device]]:
    """Devices by what their frames call them."""
    by_mn, by_address = {}, {}
    for code, hj212, sl651 in rows:
        metrics = frozenset(one.metric for one in series if one.station == code)
        if hj212:
            logger = Hj212.model_validate(hj212)
            by_mn[logger.mn] = Hj212Device(code, logger, metrics)
        if sl651:
            telemetry = Sl651.model_validate(sl651)
            by_address[telemetry.address] = Sl651Device(code, telemetry, metrics)
    return by_mn, by_address


def _station_ids(cursor: extensions.cursor, settings: SensorsSettings) -> dict[str, int]:
    """Ids by code; new stations are entered, a corrected kind is taken over."""
    cursor.execute(KNOWN_STATIONS)
    kinds = {code: kind for code, kind, _ in cursor.fetchall()}
    if new := [(s.code, s.kind) for s in settings.stations if s.code not in kinds]:
        execute_values(cursor, NEW_STATIONS, new)
    for station in settings.stations:
        if kinds.get(station.code, station.kind) != station.kind:
            cursor.execute(NEW_KIND, (station.kind, station.code))
    cursor.execute(KNOWN_STATIONS)
    return {code: id_ for code, _, id_ in cursor.fetchall()}


def _series_ids(
    cursor: extensions.cursor, settings: SensorsSettings, stations: dict[str, int]
) -> dict[tuple[str, str], int]:
    cursor.execute(KNOWN_SERIES)
    known = {row[:2] for row in cursor.fetchall()}
    new = [
        (stations[station.code], sensor.metric)
        for station in settings.stations
        for sensor in _all_sensors(station)
        if (station.code, sensor.metric) not in known
    ]
    if new:
        execute_values(cursor, NEW_SERIES, new)
    cursor.execute(NEW_STATES)
    cursor.execute(KNOWN_SERIES)
    return {row[:2]: row[2] for row in cursor.fetchall()}


def _stations(settings: SensorsSettings, ids: dict[str, int]) -> dict[Key, Wanted]:
    return {
        (ids[s.code],): Wanted(
            (s.zh, s.en, s.lon, s.lat, s.device, s.interval_s, _details(s), *_owned(s)),
            s.valid_from,
            f"station {s.code}",
        )
        for s in settings.stations
    }


def _sensors(settings: SensorsSettings, ids: dict[tuple[str, str], int]) -> dict[Key, Wanted]:
    return {
        (ids[station.code, s.metric],): Wanted(
            (
                *(s.low, s.high, s.max_step, s.stuck_after_s, s.interval_s or station.interval_s),
                s.model_dump(mode="json", include=CHECKS, exclude_none=True),
                s.metric in station.derived_metrics,
                *_owned(station, shown=s.public),
            ),
            station.valid_from,
            f"sensor {station.code} {s.metric}",
        )
        for station in settings.stations
        for s in _all_sensors(station)
    }


def _curves(settings: SensorsSettings, ids: dict[str, int]) -> dict[Key, Wanted]:
    return {
        (ids[s.code],): Wanted(
            (_listed(s.curve), s.curve.source, *_owned(s, shown=s.curve.public)),
            s.valid_from,
            f"curve {s.code}",
        )
        for s in settings.stations
        if s.curve
    }


def _limits(settings: SensorsSettings, ids: dict[tuple[str, str], int]) -> dict[Key, Wanted]:
    return {
        (ids[s.code, limit.metric], limit.name, limit.season_from): Wanted(
            (
                *(limit.season_to, limit.value, limit.zh, limit.en, limit.source),
                *(limit.mean_over_s, limit.side),
                *_owned(s, shown=limit.public),
            ),
            s.valid_from,
            f"limit {s.code} {limit.metric} {limit.name}",
        )
        for s in settings.stations
        for limit in s.limits
    }


def _all_sensors(station: Station) -> Iterator[Sensor]:
    """The instruments, and one for each derived series: public only if all that it shows is.

    What is foreseen stays with the staff: a figure with a band and reasons is no bare number.
    """
    yield from station.sensors
    measured = {sensor.metric: sensor for sensor in station.sensors}
    for metric in station.derived_metrics:
        sources = DERIVED_FROM.get(metric, FORESEEN_FROM.get(metric, ()))
        inputs = [measured[name] for name in sources if name in measured]
        hidden = metric in {**FORESEEN_FROM, **ASSESSED_FROM} or any(
            sensor.public is False for sensor in inputs
        )
        if metric == STORAGE and station.curve and not station.curve.public:
            hidden = True
        yield Sensor(metric=metric, public=False if hidden else None)


def _measured(station: Station) -> Iterator[Tank]:
    """The tanks; the first is measured by the plant itself, if it does and nobody else is named."""
    own = any(sensor.metric == TANK_LEVEL for sensor in station.sensors)
    for number, tank in enumerate(station.tanks):
        by_plant = own and number == 0 and tank.measured_by is None
        yield tank.model_copy(update={"measured_by": station.code}) if by_plant else tank


def _owned(station: Station, *, shown: bool | None = None) -> tuple[Any, ...]:
    """Department, public, delay. A part of a station that is not public is not public either."""
    public = station.public and shown is not False
    return station.department, public, station.public_delay_s


def _listed(curve: Curve) -> list[list[float]]:
    return [list(point) for point in curve.points]


def _details(station: Station) -> dict[str, Any]:
    spoken = {"hj212": station.hj212, "sl651": station.sl651}
    counted = {"people_500m": station.people_500m, "people_source": station.people_source}
    return {
        "town": station.town.model_dump() if station.town else None,
        "plant": station.plant,
        "substances": list(station.substances),
        "tanks": [tank.model_dump() for tank in _measured(station)],
        "release": station.release,
        "origin": station.origin,
        # Only where set: the versions of all other stations stay as they are.
        **{name: how.model_dump(mode="json") for name, how in spoken.items() if how},
        **{name: said for name, said in counted.items() if said is not None},
    }
