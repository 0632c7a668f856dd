"""A few stations, series and readings, put into a database by plain SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from database.ground import ground_of
from database.pool import Connection

READING = """
insert into dongtai.reading (series_id, observed_at, value, quality, received_at)
values (%s, %s, %s, %s, %s)
"""

VIEWS = ("reading_1m", "reading_5m", "reading_1h", "reading_1d", "reading_1d_hydro")
# How many buckets a refresh job computes at once: one where nothing is said.
PIECES = """
select hypertable_name, coalesce((config ->> 'buckets_per_batch')::integer, 1)
  from timescaledb_information.jobs where proc_name = 'policy_refresh_continuous_aggregate'"""


@dataclass(frozen=True)
class Row:
    observed_at: datetime
    value: float | None
    quality: int


def new_series(conn: Connection, *, public: bool = True, delay_s: int = 0) -> int:
    """A station with one series, level_m; returns the series' number."""
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into dongtai.department values ('water', '水', 'W') on conflict do nothing"
        )
        cursor.execute(
            "insert into dongtai.station (code, kind) select 'S-' || count(*), 'reservoir' "
            "from dongtai.station returning id"
        )
        station = cursor.fetchone()[0]
        cursor.execute(
            "insert into dongtai.station_version (station_id, valid_from, name_zh, name_en, lon, "
            "lat, department, interval_s, public, public_delay_s) "
            "values (%s, '2020-01-01', '甲', 'A', 121.8, 29.9, 'water', 60, %s, %s)",
            (station, public, delay_s),
        )
        cursor.execute(
            "insert into dongtai.series (station_id, metric) values (%s, 'level_m') returning id",
            (station,),
        )
        series = cursor.fetchone()[0]
        cursor.execute(
            "insert into dongtai.sensor (series_id, valid_from, interval_s, department, public) "
            "values (%s, '2020-01-01', 60, 'water', %s)",
            (series, public),
        )
    return int(series)


def add(conn: Connection, series: int, rows: Sequence[Row]) -> None:
    with conn.cursor() as cursor:
        for row in rows:
            values = (series, row.observed_at, row.value, row.quality, row.observed_at)
            cursor.execute(READING, values)


def refresh(conn: Connection) -> None:
    """What TimescaleDB's policies do, at once and for all time; on plain PostgreSQL nothing."""
    timescale = ground_of(conn) == "timescale"
    conn.commit()
    if timescale:
        conn.autocommit = True
        with conn.cursor() as cursor:
            for view in VIEWS:
                cursor.execute(f"call public.refresh_continuous_aggregate('{view}', null, null)")
        conn.autocommit = False
