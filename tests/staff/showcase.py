"""The scene of the documentation's pictures: the sample district of config.yaml on one night.

    fill(conn, NOW); conn.commit()

Ammonia at plant 7 that nobody has claimed, a reservoir over its flood limit in somebody's hands,
two alerts of lesser grade, a dead station and an old one; pictures from the recordings.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
from psycopg2.extras import Json, execute_values

import config
from alerts.rulebook import definition_of
from alerts.settings import AlertsSettings
from database.pool import Connection
from sensors import store
from sensors.reading import Origin, Quality
from sensors.settings import SensorsSettings, Station
from tests import sample

ROOT = Path(__file__).parents[2]
NOW = datetime.fromisoformat("2026-11-22T03:14:07+08:00")
PHOTOGRAPHS = ROOT / "demo" / "recordings" / "camera_gaugecam"
NEVER, OLD = "W-03", {"A-10": timedelta(minutes=47)}
# Quiet values; the wind comes from the north, by towns a little different.
QUIET = {
    "level_m": 20, "rain_mm": 0.4, "pm25_ugm3": 31, "pm10_ugm3": 54, "so2_ugm3": 7,
    "no2_ugm3": 24, "co_mgm3": 0.6, "o3_ugm3": 61, "wind_speed_ms": 3.4, "wind_dir_deg": 18,
    "temp_c": 9.6, "pressure_hpa": 1021, "nh3_ppm": 0.4, "cl2_ppm": 0.02, "h2s_ppm": 0.3,
    "benzene_ppm": 0.01, "lel_pct": 1, "tank_level_pct": 61, "cod_mgl": 33, "nh3n_mgl": 2.1,
    "ph": 7.4, "flow_m3s": 0.21, "stack_nox_mgm3": 48, "stack_co_mgm3": 21, "storage_m3": 1.4e7,
    "aqi": 58, "inflow_m3s": 3.1, "to_limit_h": 1000,
}  # fmt: skip
RESERVOIR = {
    ("R-02", "inflow_m3s"): 146.0, ("R-02", "storage_m3"): 14_809_000,
    ("R-01", "storage_m3"): 6082_000,
    ("R-03", "storage_m3"): 2095_000,
    ("R-04", "storage_m3"): 1536_000,
    ("R-05", "storage_m3"): 1343_000,
    ("R-06", "storage_m3"): 1003_000,
}  # fmt: skip
LEVELS = {
    "R-01": 30.9, "R-02": 23.86, "R-03": 18.1, "R-04": 22.3, "R-05": 46.1, "R-06": 13.7,
    "D-02": 1.3,
}  # fmt: skip
ALERTED = {
    ("G-31", "nh3_ppm"): 186.0, ("R-02", "level_m"): 23.86, ("A-02", "pm25_ugm3"): 118.0,
    ("D-05", "cod_mgl"): 56.0,
}  # fmt: skip
# As in tests/sample.py, of the rules below.
RULES = {
    "a-nh3": "GAS-NH3", "a-level": "LEVEL-FLOOD", "a-pm25": "AIR-PM25", "a-wind": "SILENT-WIND",
    "a-cod": "WATER-COD",
}  # fmt: skip
LIMITS = {
    "a-nh3": ("AEGL-2", "AEGL-2"), "a-level": ("汛限水位", "flood-season limit"),
    "a-pm25": ("1 小时预警", "1 h warning"), "a-cod": ("许可", "permit"),
}  # fmt: skip
ALERTS: list[tuple[Any, ...]] = [
    ("a-nh3", "G-31", "nh3_ppm", "red", "active", 6.2, 186.0, 160.0, None, None, False,
     ("氨泄漏", "Ammonia leak")),
    ("a-level", "R-02", "level_m", "orange", "acknowledged", 38, 23.86, 23.5, "duty",
     "已通知库管", True, ("水库超汛限", "Reservoir above flood limit")),
    ("a-pm25", "A-02", "pm25_ugm3", "yellow", "active", 21, 118.0, 75.0, None, None, True,
     ("细颗粒物浓度高", "PM2.5 high")),
    ("a-wind", "W-03", "wind_dir_deg", "blue", "active", 134, None, None, None, None, True,
     ("气象站无数据", "Weather station silent")),
    ("a-cod", "D-05", "cod_mgl", "yellow", "acknowledged", 107, 56.0, 50.0, "environment",
     "采样在途", False, ("化学需氧量超许可", "COD above permit")),
]  # fmt: skip


def fill(conn: Connection, now: datetime) -> None:
    """The whole scene; the caller commits."""
    settings = config.load(ROOT / "config.yaml")
    stations = settings.section(SensorsSettings)
    store.sync(conn, stations, now - timedelta(days=400))
    with conn.cursor() as cursor:
        for station in stations.stations:
            _report(cursor, station, now)
        sample.heartbeats(cursor)
        for row in ALERTS:
            sample.add_alert(cursor, row, now)
        _word_alerts(cursor, settings.section(AlertsSettings), now)
    _photographs(conn, [s for s in stations.stations if s.kind == "camera"], now)


def _report(cursor: Any, station: Station, now: datetime) -> None:
    cursor.execute(
        "select q.id, q.metric from series q join station s on s.id = q.station_id "
        "where s.code = %s order by q.metric",
        (station.code,),
    )
    for series, metric in cursor.fetchall():
        if station.code != NEVER:
            _series(cursor, station, series, metric, now)


def _series(cursor: Any, station: Station, series: int, metric: str, now: datetime) -> None:
    age = OLD.get(station.code, timedelta(seconds=min(station.interval_s, 60) * 0.3))
    rows = [
        (series, at, value, int(quality), int(Origin.RECORDED), at + timedelta(seconds=1))
        for at, value, quality in _day(station, metric, now - age)
    ]
    execute_values(
        cursor,
        "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
        "values %s",
        rows,
        page_size=5000,
    )
    cursor.execute(
        "update series_state set observed_at = %s, value = %s, quality = %s, origin = %s, "
        "received_at = %s, judged_to = %s, changed_at = %s where series_id = %s",
        (*rows[-1][1:], rows[-1][1], rows[-1][5], series),
    )


def _day(
    station: Station, metric: str, newest: datetime
) -> Iterator[tuple[datetime, float, Quality]]:
    """24 h of what an alert is about, two minutes apart; of everything else the last hour."""
    top = ALERTED.get((station.code, metric))
    for minute in range(1440 if top else 60, -2, -2):
        if top and station.code == "R-02" and 320 < minute < 372:
            continue
        jump = top is not None and station.code == "R-02" and minute in (180, 184, 188)
        value = _value(station.code, metric, minute, top)
        yield (
            newest - timedelta(minutes=minute),
            round(value + (0.9 if jump else 0), 3),
            Quality.RATE if jump else Quality.GOOD,
        )


def _value(code: str, metric: str, minute: int, top: float | None) -> float:
    turn = sum(map(ord, code)) % 17
    wave = math.sin(minute / 47 + turn)
    if metric == "level_m":
        base = LEVELS.get(code, 18.37 + 1.13 * turn)
        return base - 0.95 * (1 - math.exp(-minute / 330)) + 0.004 * wave if top else base
    if (code, metric) in RESERVOIR:
        return RESERVOIR[code, metric] * (1 - minute / 9000)
    if metric == "hazard_grade":
        return 3  # a class, no figure that trembles
    base = QUIET[metric] * (1 + 0.03 * turn / 17 + 0.02 * wave)
    if metric == "wind_dir_deg":
        return (QUIET[metric] + turn - 8) % 360
    rise_min = 9 if metric == "nh3_ppm" else 60
    return base + (top - base) * math.exp(-minute / rise_min) if top else base


def _word_alerts(cursor: Any, settings: AlertsSettings, now: datetime) -> None:
    """Each alert with the district's own rule, its limit by name, and what the gas one rests on."""
    rules = {rule.code: rule for rule in settings.rules}
    for alert, code in RULES.items():
        cursor.execute(
            "update rule_version set definition = %s where rule_id = "
            "(select rule_id from alert where id = %s)",
            (Json(definition_of(rules[code])), alert),
        )
        cursor.execute(
            "update rule set code = %s where id = (select rule_id from alert where id = %s)",
            (code, alert),
        )
    for alert, (zh, en) in LIMITS.items():
        mean_s = 3600 if alert == "a-pm25" else None
        named = Json({"limit_zh": zh, "limit_en": en, "mean_over_s": mean_s})
        for table, key in (("alert", "id"), ("alert_transition", "alert_id")):
            cursor.execute(
                f"update {table} set reason = reason || %s where {key} = %s", (named, alert)
            )
    silent = Json({"code": "no_data", "metric": "wind_dir_deg", "silent_s": 8040})
    cursor.execute("update alert set reason = %s where id = 'a-wind'", (silent,))
    cursor.execute("update alert_transition set reason = %s where alert_id = 'a-wind'", (silent,))
    then = {"t": (now - timedelta(minutes=6)).isoformat(), "quality": "good"}
    near = [
        {"station": "G-34", "metric": "nh3_ppm", "value": 41.2, "distance_m": 1010} | then,
        {"station": "P-07", "metric": "nh3_ppm", "value": 172.0, "distance_m": 740} | then,
    ]
    found = {
        "value": 186.0, "limit": 160.0, "at": (now - timedelta(minutes=6)).isoformat(),
        "quality": "good", "agreeing": "2 / 3", "neighbours": near,
    }  # fmt: skip
    cursor.execute("update alert set evidence = %s where id = 'a-nh3'", (Json(found),))


def _photographs(conn: Connection, cameras: list[Station], now: datetime) -> None:
    files = sorted(PHOTOGRAPHS.glob("NRmarsh*.jpg"))
    for index, camera in enumerate(cameras):
        path = files[(index * 5 + 3) % len(files)]
        age = timedelta(minutes=131) if index == 4 else timedelta(seconds=20 + 9 * index)
        thumbnail = cv2.resize(cv2.imread(str(path)), (480, 360), interpolation=cv2.INTER_AREA)
        small = bytes(cv2.imencode(".jpg", thumbnail)[1].tobytes())
        with conn.cursor() as cursor:
            content, taken = path.read_bytes(), now - age
            sample.add_picture(cursor, camera.code, taken, content, small, Origin.RECORDED)
