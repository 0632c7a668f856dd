"""SQL of what foresight needs to know of reservoirs. Functions take a connection, never commit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database.pool import Connection
from sensors.reading import Origin, Quality
from sensors.water.foresee import Sample

SAMPLES = """
select observed_at, value, quality, origin, original_at from reading
 where series_id = %(series)s and observed_at > %(since)s and observed_at <= %(until)s
 order by observed_at
"""
# Every limit that is on the books today; which of them are in force is a matter of the day.
LIMITS = """
select series_id, name, value, season_from, season_to, label_zh, label_en, source, valid_from
  from limit_value where series_id = any(%(series)s::integer[]) and valid_to is null
 order by value
"""
CURVE = """
select c.points, c.source, c.valid_from
  from curve c join station s on s.id = c.station_id
 where s.code = %(station)s and c.valid_to is null
"""


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A characteristic level or another limit of a level series (a `limits.Seasonal`)."""

    series_id: int
    name: str
    value: float
    season_from: str | None
    season_to: str | None
    zh: str
    en: str
    source: str
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class CurveRow:
    points: tuple[tuple[float, float], ...]
    source: str
    valid_from: datetime


def samples(conn: Connection, series: int, since: datetime, until: datetime) -> list[Sample]:
    """The readings in (since, until], in order of time."""
    found = _rows(conn, SAMPLES, {"series": series, "since": since, "until": until})
    return [
        Sample(at, value, Quality(quality), Origin(origin), original)
        for at, value, quality, origin, original in found
    ]


def limits(conn: Connection, series: Iterable[int]) -> list[LimitRow]:
    return [LimitRow(*row) for row in _rows(conn, LIMITS, {"series": sorted(series)})]


def curve(conn: Connection, station: str) -> CurveRow | None:
    rows = _rows(conn, CURVE, {"station": station})
    if not rows:
        return None
    points, source, valid_from = rows[0]
    return CurveRow(tuple((level, storage) for level, storage in points), source, valid_from)


def _rows(conn: Connection, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
