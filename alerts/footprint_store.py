"""Gas readings of now, and the footprints that were computed of them. Never commits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json

from database import query
from database.pool import Connection
from gis.incident import GAS_METRICS
from gis.leaks import GasNow, Leak
from sensors.reading import Quality

# The lowest that a single reading may pass: no lower bound, no limit of a mean. One out of its
# season is still one: no season is asked.
GASES = """
select s.code, case when s.kind = 'plant' then s.code else v.details ->> 'plant' end, q.metric,
       t.value, t.observed_at, n.interval_s, t.quality,
       (select min(l.value) from limit_value l where l.series_id = q.id and l.valid_to is null
           and l.side = 'upper' and l.mean_over_s is null),
       exists (select from alert a where a.series_id = q.id and a.ended_at is null
                                     and a.value is not null)
  from series q
  join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
  join sensor n on n.series_id = q.id and n.valid_to is null
  join series_state t on t.series_id = q.id
 where q.metric = any(%s)"""
STANDING = """
select f.id, s.code, f.metric, f.began_at, f.computed_at, f.sensors, f.level
  from footprint f join station s on s.id = f.station_id
 where f.valid_to is null"""
END = "update footprint set valid_to = greatest(%s, computed_at) where id = %s"
PUT = """
insert into footprint (station_id, metric, began_at, computed_at, sensors, level, document)
select id, %s, %s, %s, %s, %s, %s from station where code = %s"""
# After a day one of ten minutes, and the first and the last of each leak.
PRUNE = """
delete from footprint where id in (
    select f.id from footprint f
     where f.valid_to is not null
       and (f.computed_at < clock_timestamp() - make_interval(days => %(days)s)
            or (f.computed_at < clock_timestamp() - interval '1 day' and f.computed_at <> f.began_at
                and extract(minute from f.computed_at)::integer %% 10 <> 0
                and exists (select from footprint g
                             where g.station_id = f.station_id and g.metric = f.metric
                               and g.began_at = f.began_at and g.computed_at > f.computed_at)))
     order by f.computed_at limit %(batch)s)"""
_KEPT = """
select f.id, s.code, f.metric, f.began_at, f.computed_at, f.valid_to, f.sensors, f.document
  from footprint f join station s on s.id = f.station_id"""
PRESENT = f"{_KEPT} where f.valid_to is null order by f.level desc, f.began_at, f.id"
# The newest then of each leak that went on: of old ones not each minute's is kept.
AT = f"""{_KEPT} where f.id in (
    select distinct on (station_id, metric, began_at) id from footprint n
     where computed_at <= %(at)s and computed_at > %(at)s - interval '1 day'
       and exists (select from footprint g
                    where g.station_id = n.station_id and g.metric = n.metric
                      and g.began_at = n.began_at
                      and (g.valid_to is null or g.valid_to > %(at)s))
     order by station_id, metric, began_at, computed_at desc)
 order by f.level desc, f.began_at, f.id"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Standing:
    """The footprint of a leak that stands."""

    number: int
    place: str
    metric: str
    began_at: datetime
    computed_at: datetime
    sensors: list[str]
    level: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A footprint as it was computed; until None: it stands. document: gis.assessment_json.

    number None: it is not kept.
    """

    number: int | None
    place: str
    metric: str
    began_at: datetime
    computed_at: datetime
    until: datetime | None
    sensors: list[str]
    document: dict[str, Any]


def gases(conn: Connection) -> list[GasNow]:
    """The newest reading of every gas series."""
    return [_gas(*row) for row in query.rows(conn, GASES, (sorted(GAS_METRICS),))]


def standing(conn: Connection) -> dict[tuple[str, str], Standing]:
    """By place and metric."""
    found = [Standing(*row) for row in query.rows(conn, STANDING)]
    return {(each.place, each.metric): each for each in found}


def end(conn: Connection, footprint: Standing, at: datetime) -> None:
    query.run(conn, END, (at, footprint.number))


def put(
    conn: Connection, leak: Leak, began_at: datetime, at: datetime, document: dict[str, Any]
) -> None:
    row = (leak.metric, began_at, at, list(leak.sensors), leak.level, Json(document), leak.place)
    query.run(conn, PUT, row)


def prune(conn: Connection, days: int, batch: int) -> None:
    """Delete up to `batch` footprints that are over and no longer kept."""
    with conn.cursor() as cursor:
        cursor.execute(PRUNE, {"days": days, "batch": batch})


def present(conn: Connection) -> list[Kept]:
    """Those that stand, the gravest first."""
    return [Kept(*row) for row in query.rows(conn, PRESENT)]


def as_of(conn: Connection, at: datetime) -> list[Kept]:
    """Those that stood at a moment."""
    return [Kept(*row) for row in query.rows(conn, AT, {"at": at})]


def _gas(
    station: str,
    plant: str | None,
    metric: str,
    value: float | None,
    at: datetime | None,
    interval_s: int,
    quality: int | None,
    limit: float | None,
    alarmed: bool,
) -> GasNow:
    known = Quality.MISSING if quality is None else Quality(quality)
    usable, off = known.usable, known.off_scale
    return GasNow(station, plant, metric, value, at, interval_s, usable, limit, alarmed, off)
