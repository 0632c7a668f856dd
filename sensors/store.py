"""Departments, stations, series and what hangs on them: from config.yaml into the database, and back.

config.yaml is the authority; the database keeps every version it ever said. Functions take a
connection and never commit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2.extras import Json, execute_values

from database.pool import Connection
from sensors.derive import derived_metrics
from sensors.directory import AIR_METRICS, AQI, LEVEL, STORAGE, Directory, SeriesInfo, StationInfo
from sensors.settings import Sensor, SensorsSettings, Station

# Where the first version begins when nothing else is said: recordings of the past need a place.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

LOCK = "select pg_advisory_xact_lock(hashtext('dongtai stations'))"

DEPARTMENTS = """
insert into department as d (code, name_zh, name_en) values %s
on conflict (code) do update set name_zh = excluded.name_zh, name_en = excluded.name_en
 where (d.name_zh, d.name_en) is distinct from (excluded.name_zh, excluded.name_en)
"""
KNOWN_STATIONS = "select code, id, kind from station"
NEW_STATIONS = "insert into station (code, kind) values %s"
NEW_KIND = "update station set kind = %s where code = %s"
KNOWN_SERIES = "select s.code, q.metric, q.id from series q join station s on s.id = q.station_id"
NEW_SERIES = "insert into series (station_id, metric) values %s"

STATIONS_NOW = """
select s.id, s.code, s.kind, v.interval_s, v.device, v.public
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
"""
SERIES_NOW = """
select q.id, s.code, q.metric, n.interval_s, n.low, n.high, n.max_step, n.stuck_after_s
  from series q
  join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
  join sensor n on n.series_id = q.id and n.valid_to is null
"""
CURVES_NOW = """
select s.code, c.points from curve c
  join station s on s.id = c.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
 where c.valid_to is null
"""

Key = tuple[Any, ...]
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Synced:
    """What was written: versions opened and closed, as `table key`, for the log."""

    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Wanted:
    """One version that should be in force: `since` only counts where nothing was in force before."""

    row: Row
    since: datetime
    name: str


@dataclass(frozen=True)
class _Versions:
    """A table whose rows hold from valid_from to valid_to."""

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def current(self) -> str:
        """Keys, start and columns of the versions in force."""
        names = ", ".join((*self.keys, "valid_from", *self.columns))
        return f"select {names} from {self.table} where valid_to is null"  # noqa: S608  # own names

    @property
    def last_end(self) -> str:
        """When each key was last in force and is so no more."""
        keys = ", ".join(self.keys)
        return f"select {keys}, max(valid_to) from {self.table} group by {keys}"  # noqa: S608  # own names

    @property
    def close(self) -> str:
        match = " and ".join(f"{key} is not distinct from %s" for key in self.keys)
        return f"update {self.table} set valid_to = %s where valid_to is null and {match}"  # noqa: S608  # own names

    @property
    def open(self) -> str:
        names = ", ".join((*self.keys, "valid_from", *self.columns))
        return f"insert into {self.table} ({names}) values %s"  # noqa: S608  # own names


_OWNED = ("department", "public", "public_delay_s")
_STATION = _Versions(
    "station_version",
    ("station_id",),
    ("name_zh", "name_en", "lon", "lat", "device", "interval_s", "details", *_OWNED),
)
_SENSOR = _Versions(
    "sensor",
    ("series_id",),
    ("low", "high", "max_step", "stuck_after_s", "interval_s", *_OWNED),
)
_CURVE = _Versions("curve", ("station_id",), ("points", "source", *_OWNED))
_LIMIT = _Versions(
    "limit_value",
    ("series_id", "name", "season_from"),
    ("season_to", "value", "label_zh", "label_en", "source", *_OWNED),
)


def sync(conn: Connection, settings: SensorsSettings, now: datetime) -> Synced:
    """Make the database say what the configuration says, as of `now`; unchanged writes nothing.

    Changed: the version in force ends and a new one begins, at the station's valid_from if that lies
    between, else now. Gone from the file: its versions end; identity and readings stay. Several
    processes may do this at once: they wait for each other until the transaction ends.
    """
    with conn.cursor() as cursor:
        cursor.execute(LOCK)
        if settings.departments:
            rows = [(d.code, d.zh, d.en) for d in settings.departments]
            execute_values(cursor, DEPARTMENTS, rows)
        stations = _identify_stations(cursor, settings)
        series = _identify_series(cursor, settings, stations)
        return _write_versions(cursor, settings, stations, series, now)
