"""What analysis reads: series with their places, hours of the roll-ups with sums of directions.

Functions take a connection and never commit. Hours come from reading_1h on both grounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.environment import hours_store
from dashboard.environment.hours_store import Measured
from database import query
from database.pool import Connection
from sensors.air.means import beijing_day, hour_mean
from sensors.analysis.roses import CALM_MS, Wind, mean_direction
from sensors.discharge.permits import PermitLimit
from sensors.limits import in_force

WIND_SPEED, WIND_DIRECTION = "wind_speed_ms", "wind_dir_deg"

STATIONS = """
select s.code, v.name_zh, v.name_en, v.lon, v.lat,
       coalesce((select array_agg(q.metric order by q.id) from series q where q.station_id = s.id),
                '{}')
  from station s
  join lateral (select * from station_version where station_id = s.id
                 order by valid_from desc limit 1) v on true
 order by s.code"""
HOURS = """
select series_id, bucket, count, sum, sum_sin, sum_cos from reading_1h
 where series_id = any(%(series)s) and bucket >= %(since)s and bucket < %(until)s
 order by series_id, bucket"""


@dataclass(frozen=True, slots=True)
class Place:
    """A station: where it stands (degrees, WGS-84) and what it measures."""

    code: str
    names: tuple[str, str]
    lon: float
    lat: float
    metrics: tuple[str, ...]

    @property
    def has_wind(self) -> bool:
        return WIND_SPEED in self.metrics and WIND_DIRECTION in self.metrics


@dataclass(frozen=True, slots=True)
class SummedHour:
    """Usable readings of an hour: how many, their sum, the sums of sine and cosine."""

    count: int
    sum: float | None
    sum_sin: float | None
    sum_cos: float | None


Summed = dict[datetime, SummedHour]


def places(conn: Connection) -> dict[str, Place]:
    """Every station that ever was, by its code."""
    return {
        code: Place(code, (zh, en), lon, lat, tuple(metrics))
        for code, zh, en, lon, lat, metrics in query.rows(conn, STATIONS)
    }


def series(conn: Connection, place: Place) -> dict[str, Measured]:
    """The series of a station, by metric."""
    return {one.metric: one for one in hours_store.series(conn, None, place.code)}


def hours(
    conn: Connection, of: Sequence[Measured], since: datetime, until: datetime
) -> dict[int, Summed]:
    """The hours of [since, until) of each series that have readings, by their start."""
    asked = {"series": [one.series_id for one in of], "since": since, "until": until}
    found: dict[int, Summed] = {one.series_id: {} for one in of}
    for series_id, start, *sums in query.rows(conn, HOURS, asked):
        found[series_id][start] = SummedHour(*sums)
    return found


def limits(conn: Connection, of: Sequence[Measured], at: datetime) -> dict[int, list[PermitLimit]]:
    """What is in force at a moment, by series."""
    every = hours_store.limits(conn, of, at, at + timedelta(microseconds=1))
    day = beijing_day(at)
    return {key: list(in_force(found, day).values()) for key, found in every.items()}


def means(one: Measured, summed: Mapping[datetime, SummedHour]) -> dict[datetime, float]:
    """Hourly means that are valid: with 45 minutes of usable readings."""
    found = {
        at: hour_mean(hour.sum, hour.count, one.interval_s(at)).value for at, hour in summed.items()
    }
    return {at: value for at, value in found.items() if value is not None}


def winds(
    speed: Measured, direction: Measured, summed: Mapping[int, Summed]
) -> dict[datetime, Wind]:
    """The wind of each hour whose mean speed is valid, and unless it is calm the direction too:
    where a vane said too little nothing is known. From nowhere where its directions cancel out."""
    none = SummedHour(0, None, None, None)
    found = {}
    for at, value in means(speed, summed[speed.series_id]).items():
        hour = summed[direction.series_id].get(at, none)
        valid = hour_mean(0.0, hour.count, direction.interval_s(at)).valid
        if valid or value < CALM_MS:
            found[at] = Wind(value, _direction(hour) if valid else None)
    return found


def _direction(hour: SummedHour) -> float | None:
    return mean_direction(hour.sum_sin or 0.0, hour.sum_cos or 0.0, hour.count)
