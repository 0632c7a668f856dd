"""The register of plants and what their tanks hold, in the database. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database.pool import Connection
from sensors.catalogue import TANK_LEVEL
from sensors.chemicals.inventory import Entry, Level, Plant, Tank
from sensors.reading import Quality

PLANTS = """
select s.code, v.name_zh, v.name_en, v.lon, v.lat, v.department, v.valid_from, v.details
  from station s join station_version v on v.station_id = s.id and v.valid_to is null
 where s.kind = 'plant' and (%(code)s::text is null or s.code = %(code)s)
 order by s.code"""
LEVELS = """
select s.code, t.value, t.observed_at, n.interval_s, t.quality
  from series q
  join station s on s.id = q.station_id
  join sensor n on n.series_id = q.id and n.valid_to is null
  join series_state t on t.series_id = q.id
 where q.metric = %s and s.code = any(%s) and t.observed_at is not null"""
ENTRIES = """
select distinct on (s.code, e.tank)
       s.code, e.tank, e.quantity_t, e.at, e.entered_at, e.entered_by, e.note
  from tank_entry e join station s on s.id = e.station_id
 where s.code = any(%s)
 order by s.code, e.tank, e.at desc, e.id desc"""
ADD_ENTRY = """
insert into tank_entry (station_id, tank, quantity_t, at, entered_by, note)
select id, %s, %s, %s, %s, %s from station where code = %s
returning entered_at"""


@dataclass(frozen=True, slots=True)
class Registered:
    """A plant as the register has it since `valid_from`; where it stands in degrees, WGS-84."""

    plant: Plant
    zh: str
    en: str
    lon: float
    lat: float
    department: str
    valid_from: datetime
    substances: tuple[str, ...]


def plants(conn: Connection, code: str | None = None) -> list[Registered]:
    """All plants, or the one of that code; [] where there is none."""
    with conn.cursor() as cursor:
        cursor.execute(PLANTS, {"code": code})
        return [_registered(*row) for row in cursor.fetchall()]


def levels(conn: Connection, registered: Sequence[Plant]) -> dict[str, Level]:
    """The newest level of every tank that is measured, by the measuring station."""
    stations = {t.measured_by for plant in registered for t in plant.tanks if t.measured_by}
    with conn.cursor() as cursor:
        cursor.execute(LEVELS, (TANK_LEVEL, sorted(stations)))
        return {
            code: Level(code, value, at, interval_s, Quality(quality).usable)
            for code, value, at, interval_s, quality in cursor.fetchall()
        }


def entries(conn: Connection, registered: Sequence[Plant]) -> dict[str, list[Entry]]:
    """What people last entered of each tank, by plant."""
    found: dict[str, list[Entry]] = {plant.code: [] for plant in registered}
    with conn.cursor() as cursor:
        cursor.execute(ENTRIES, (list(found),))
        for code, *row in cursor.fetchall():
            found[code].append(Entry(*row))
    return found


def add_entry(conn: Connection, plant: str, entry: Entry) -> datetime | None:
    """Keep what a person says that a tank holds; when it was kept, or None: no such plant.

    entry.entered_at is not used: the database's clock says it.
    """
    row = (entry.tank, entry.quantity_t, entry.at, entry.who, entry.note, plant)
    with conn.cursor() as cursor:
        cursor.execute(ADD_ENTRY, row)
        found = cursor.fetchone()
    return found[0] if found else None


def _registered(
    code: str,
    zh: str,
    en: str,
    lon: float,
    lat: float,
    department: str,
    valid_from: datetime,
    details: dict[str, Any],
) -> Registered:
    tanks = tuple(_tank(tank) for tank in details.get("tanks", ()))
    plant = Plant(code, tanks, details.get("people_500m"), details.get("people_source"))
    substances = tuple(details.get("substances", ()))
    return Registered(plant, zh, en, lon, lat, department, valid_from, substances)


def _tank(said: dict[str, Any]) -> Tank:
    """Versions from before a field was known lack it."""
    return Tank(
        said["code"],
        said["substance"],
        said["volume_m3"],
        said.get("density_tm3"),
        said.get("category"),
        said.get("measured_by"),
    )
