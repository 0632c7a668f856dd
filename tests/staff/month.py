"""The scene of the environment page: a month of hours at the stations of config.yaml.

    fill(conn, NOW); conn.commit()

Air, wind: the winter of the Beijing recordings, gaps included. Stacks: the gas turbine's NOₓ. Water
is made: an outfall in maintenance, one whose values are doubtful, one above its limit.
"""

import csv
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import execute_values

import config
from database.pool import Connection
from sensors import store
from sensors.reading import Origin, Quality
from sensors.settings import SensorsSettings, Station
from tests import sample
from tests.servers.program import ROOT

HOUR, DAYS = timedelta(hours=1), 31
RECORDED = ROOT / "demo" / "recordings"
COLUMNS = {"so2_ugm3": "SO2", "no2_ugm3": "NO2", "co_mgm3": "CO", "o3_ugm3": "O3",
           "pm10_ugm3": "PM10", "pm25_ugm3": "PM2.5"}  # fmt: skip
_GOOD, _MISSING = Quality.GOOD, Quality.MISSING | Quality.STATUS
Rows = Iterator[tuple[float | None, Quality]]


def fill(conn: Connection, now: datetime) -> None:
    """One reading an hour of each series up to `now`; the caller commits."""
    stations = config.load(ROOT / "config.yaml").section(SensorsSettings)
    hourly = stations.model_copy(update={"stations": tuple(map(_by_the_hour, stations.stations))})
    store.sync(conn, hourly, now - timedelta(days=400))
    since = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    air = list(_air())
    with conn.cursor() as cursor:
        sample.heartbeats(cursor)
    for index, station in enumerate(s for s in hourly.stations if s.kind in _MAKERS):
        for sensor in station.sensors:
            rows = _MAKERS[station.kind](station.code, sensor.metric, index, air)
            _insert(conn, station, sensor.metric, since, rows)
    for index, station in enumerate(s for s in hourly.stations if s.kind == "weather"):
        for metric in _WIND:
            _insert(conn, station, metric, since, _of_weather(metric, index, air))


def _by_the_hour(station: Station) -> Station:
    return station.model_copy(
        update={"interval_s": 3600, "metrics": tuple(s.metric for s in station.sensors)}
    )


def _insert(conn: Connection, station: Station, metric: str, since: datetime, rows: Rows) -> None:
    series, origin = sample.series_id(conn, station.code, metric), int(Origin.RECORDED)
    of = [
        (series, since + HOUR * n, value, int(quality), origin, since + HOUR * (n + 1))
        for n, (value, quality) in enumerate(rows)
    ]
    with conn.cursor() as cursor:
        execute_values(
            cursor,
            "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
            "values %s",
            of,
            page_size=5000,
        )
        cursor.execute(
            "update series_state set observed_at = %s, value = %s, quality = %s, origin = %s, "
            "received_at = %s, changed_at = %s where series_id = %s",
            (*of[-1][1:], of[-1][5], series),
        )


def _air() -> Iterator[list[dict[str, str]]]:
    for path in sorted((RECORDED / "air_quality_prsa").glob("*.csv")):
        with path.open(encoding="ascii") as file:
            yield list(csv.DictReader(file))[-DAYS * 24 :]


def _of_air(code: str, metric: str, index: int, air: list[list[dict[str, str]]]) -> Rows:
    for row in air[index % len(air)]:
        raw = row[COLUMNS[metric]]
        if raw == "NA":
            yield None, _MISSING
        else:
            yield float(raw) / (1000 if metric == "co_mgm3" else 1) / (1 + index // 4), _GOOD


_WIND = ("wind_speed_ms", "wind_dir_deg")
_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW",
           "NW", "NNW")  # fmt: skip


def _of_weather(metric: str, index: int, air: list[list[dict[str, str]]]) -> Rows:
    for row in air[index % len(air)]:
        raw = row["WSPM" if metric == "wind_speed_ms" else "wd"]
        if raw == "NA":
            yield None, _MISSING
        else:
            yield float(raw) if metric == "wind_speed_ms" else _POINTS.index(raw) * 22.5, _GOOD


def _of_stack(code: str, metric: str, index: int, air: Any) -> Rows:
    with (RECORDED / "emission_gasturbine" / "gt_2011.csv").open(encoding="ascii") as file:
        nox = [float(row[-1]) for row in csv.reader(file)][index * 50 :][: DAYS * 24]
    for value in nox:
        yield value if metric == "stack_nox_mgm3" else value / 4, _GOOD


def _of_water(code: str, metric: str, index: int, air: Any) -> Rows:
    usual = {"cod_mgl": 62, "nh3n_mgl": 3.1, "ph": 7.4, "flow_m3s": 0.3, "level_m": 1.2}[metric]
    for hour in range(DAYS * 24):
        wave = 1 + 0.15 * math.sin(hour / 7 + index)
        if code == "D-02" and hour > DAYS * 24 - 40:
            yield None, _MISSING
        elif code == "D-03" and metric == "ph" and hour == DAYS * 24 - 9:
            yield 5.4, _GOOD
        elif code == "D-04":
            yield usual * wave, Quality.STUCK
        elif code == "D-05" and metric == "cod_mgl":
            yield usual * wave * 1.9, _GOOD
        else:
            yield usual * wave if metric != "ph" else usual + wave - 1, _GOOD


_MAKERS = {"air": _of_air, "stack": _of_stack, "discharge": _of_water}
