"""A small realistic district, straight into a database: what screens and API tests look at.

    fill(conn, now); conn.commit()

Fresh, late, stale and never-heard stations; a day of readings with a gap, jumps and a missing
value; alerts of all grades, claimed and not, ended and found afterwards; two cameras.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
from psycopg2.extras import Json, execute_values

from database.pool import Connection
from sensors.reading import Origin, Quality

DEPARTMENTS = [
    ("water", "水利局", "Water Bureau"),
    ("environment", "生态环境分局", "Environment Bureau"),
    ("emergency", "应急管理局", "Emergency Bureau"),
]
CHAIQIAO = {"zh": "柴桥", "en": "Chaiqiao"}
XIAPU = {"zh": "霞浦", "en": "Xiapu"}
AIR = ["pm25_ugm3", "pm10_ugm3", "o3_ugm3"]

# code, kind, zh, en, lon, lat, department, interval_s, metrics, public, town, device, age_s
STATIONS: list[tuple[Any, ...]] = [
    ("R-01", "reservoir", "大碶水库（示例）", "Daqi reservoir (sample)", 121.7764, 29.8722,
     "water", 60, ["level_m", "rain_mm"], True, None, "GW-01", 12),
    ("R-02", "reservoir", "柴桥水库（示例）", "Chaiqiao reservoir (sample)", 121.8597, 29.8405,
     "water", 60, ["level_m", "storage_m3", "rain_mm"], True, CHAIQIAO, "GW-01", 4),
    ("R-03", "reservoir", "柴桥东水库（示例）", "Chaiqiao East res. (sample)", 121.9062, 29.8437,
     "water", 60, ["level_m"], True, CHAIQIAO, "GW-01", 200),
    ("A-01", "air", "新碶站（示例）", "Xinqi (sample)", 121.8455, 29.913,
     "environment", 300, AIR, True, None, None, 40),
    ("A-02", "air", "霞浦站（示例）", "Xiapu (sample)", 121.872, 29.88,
     "environment", 300, AIR, True, XIAPU, None, 130),
    ("A-03", "air", "大碶站（示例）", "Daqi (sample)", 121.803, 29.902,
     "environment", 300, AIR, True, None, None, 800),
    ("A-10", "air", "紫石站（示例）", "Zishi (sample)", 121.899, 29.855,
     "environment", 300, AIR, True, CHAIQIAO, None, 47 * 60),
    ("W-01", "weather", "新碶气象（示例）", "Xinqi weather (sample)", 121.83, 29.90,
     "water", 60, ["wind_speed_ms", "wind_dir_deg", "temp_c"], True, None, None, 30),
    ("W-02", "weather", "大榭气象（示例）", "Daxie weather (sample)", 121.955, 29.925,
     "water", 60, ["wind_speed_ms", "temp_c"], True, None, "GW-07", None),
    ("P-07", "plant", "7 号厂（示例）", "Plant 7 (sample)", 121.8895, 29.9095,
     "emergency", 10, ["tank_level_pct"], False, XIAPU, None, 6),
    ("G-31", "gas", "7 号厂北（示例）", "Plant 7 N (sample)", 121.896, 29.913,
     "emergency", 5, ["nh3_ppm", "lel_pct"], False, XIAPU, None, 3),
    ("D-02", "discharge", "霞浦东排口（示例）", "Xiapu E outfall (sample)", 121.93, 29.899,
     "environment", 60, ["cod_mgl", "ph"], False, XIAPU, None, 50),
    ("C-01", "camera", "柴桥水库水尺（示例）", "Chaiqiao gauge (sample)", 121.8597, 29.8405,
     "water", 300, [], True, CHAIQIAO, None, 120),
    ("C-02", "camera", "7 号厂围界（示例）", "Plant 7 fence (sample)", 121.8895, 29.9095,
     "emergency", 300, [], False, XIAPU, None, 2 * 3600),
]  # fmt: skip
LEVELS = {
    "level_m": 23.0, "storage_m3": 1.4e7, "rain_mm": 0.2, "pm25_ugm3": 60, "pm10_ugm3": 82,
    "o3_ugm3": 95, "wind_speed_ms": 3.2, "wind_dir_deg": 355, "temp_c": 14, "nh3_ppm": 4,
    "lel_pct": 2, "cod_mgl": 42, "ph": 7.3, "tank_level_pct": 71,
}  # fmt: skip
LIMITS = [
    ("R-02", "level_m", "flood_limit", 23.5, "汛限水位", "Flood limit", True),
    ("R-02", "level_m", "normal_level", 25.0, "正常蓄水位", "Normal level", True),
    ("R-02", "level_m", "design_flood", 26.2, "设计洪水位", "Design flood level", True),
    ("R-01", "level_m", "flood_limit", 31.4, "汛限水位", "Flood limit", True),
    ("A-02", "pm25_ugm3", "daily", 75.0, "日均限值", "Daily limit", True),
    ("G-31", "nh3_ppm", "aegl2", 160.0, "AEGL-2", "AEGL-2", False),
    ("D-02", "cod_mgl", "permit", 50.0, "许可限值", "Permit limit", False),
]
# What the register says of plants, by station.
PLANTS: dict[str, dict[str, Any]] = {
    "P-07": {
        "substances": ["ammonia", "methanol"],
        "tanks": [
            {"code": "T-21", "substance": "ammonia", "volume_m3": 650, "measured_by": "P-07"},
            {"code": "T-22", "substance": "methanol", "volume_m3": 100},
        ],
        "people_500m": 46,
        "people_source": "sample",
    },
}
# id, station, metric, grade, state, minutes ago, value, limit, owner, note, public, label
ALERTS: list[tuple[Any, ...]] = [
    ("a-nh3", "G-31", "nh3_ppm", "red", "active", 6, 186.0, 160.0, None, None, False,
     ("氨浓度", "Ammonia")),
    ("a-level", "R-02", "level_m", "orange", "acknowledged", 38, 23.86, 23.5, "duty",
     "已通知库管", True, ("水位超汛限", "Level above flood limit")),
    ("a-pm25", "A-02", "pm25_ugm3", "yellow", "active", 21, 118.0, 75.0, None, None, True,
     ("PM2.5 偏高", "PM2.5 high")),
    ("a-cod", "D-02", "cod_mgl", "blue", "acknowledged", 107, 56.0, 50.0, "environment",
     "采样在途", False, ("COD 超许可", "COD above permit")),
    ("a-daqi", "R-01", "level_m", "blue", "returned", 125, 31.42, 31.4, None, None, True,
     ("水位超汛限", "Level above flood limit")),
    ("a-old", "A-01", "pm25_ugm3", "yellow", "ended", 600, 91.0, 75.0, "duty", None, True,
     ("PM2.5 偏高", "PM2.5 high")),
    ("a-late", "R-03", "level_m", "blue", "ended", 900, 18.2, 18.0, None, None, True,
     ("水位超汛限", "Level above flood limit")),
]  # fmt: skip


def fill(conn: Connection, now: datetime) -> None:
    """Everything; the caller commits. now: aware UTC, the moment the sample is told for."""
    with conn.cursor() as cursor:
        execute_values(cursor, "insert into department values %s", DEPARTMENTS)
        for row in STATIONS:
            _station(cursor, row, now)
        for row in LIMITS:
            _limit(cursor, row, now)
        for row in ALERTS:
            add_alert(cursor, row, now)
        _operations(cursor, now)
    _pictures(conn, now)


def series_id(conn: Connection, station: str, metric: str) -> int:
    with conn.cursor() as cursor:
        cursor.execute(
            "select q.id from series q join station s on s.id = q.station_id "
            "where s.code = %s and q.metric = %s",
            (station, metric),
        )
        row = cursor.fetchone()
    assert row, f"the sample has no series {station} {metric}"
    return int(row[0])


def observe(
    conn: Connection,
    station: str,
    metric: str,
    value: float | None,
    at: datetime,
    *,
    quality: int = 0,
    origin: Origin = Origin.LIVE,
) -> None:
    """What ingest does with one reading: stored, latest, waking the readers. The caller commits."""
    series = series_id(conn, station, metric)
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
            "values (%s, %s, %s, %s, %s, clock_timestamp())",
            (series, at, value, quality, origin),
        )
        cursor.execute(
            "insert into series_state (series_id, observed_at, value, quality, origin, "
            "received_at, changed_at) "
            "values (%s, %s, %s, %s, %s, clock_timestamp(), clock_timestamp()) "
            "on conflict (series_id) do update set observed_at = excluded.observed_at, "
            "value = excluded.value, quality = excluded.quality, origin = excluded.origin, "
            "received_at = excluded.received_at, changed_at = excluded.changed_at",
            (series, at, value, quality, origin),
        )
        cursor.execute("notify dongtai")


def _station(cursor: Any, row: tuple[Any, ...], now: datetime) -> None:
    code, kind, zh, en, lon, lat, department, interval_s, metrics, public, town, device, age = row
    since = now - timedelta(days=400)
    cursor.execute("insert into station (code, kind) values (%s, %s) returning id", (code, kind))
    station = cursor.fetchone()[0]
    cursor.execute(
        "insert into station_version (station_id, valid_from, name_zh, name_en, lon, lat, "
        "department, device, interval_s, public, details) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (station, since, zh, en, lon, lat, department, device, interval_s, public,
         Json({"origin": "live"} | ({"town": town} if town else {}) | PLANTS.get(code, {}))),
    )  # fmt: skip
    for metric in metrics:
        cursor.execute(
            "insert into series (station_id, metric) values (%s, %s) returning id",
            (station, metric),
        )
        series = cursor.fetchone()[0]
        cursor.execute(
            "insert into sensor (series_id, valid_from, interval_s, department, public) "
            "values (%s, %s, %s, %s, %s)",
            (series, since, interval_s, department, public),
        )
        if age is None:
            cursor.execute("insert into series_state (series_id) values (%s)", (series,))
        else:
            newest = now - timedelta(seconds=age)
            _readings(cursor, series, code, metric, interval_s=interval_s, newest=newest)


def _readings(
    cursor: Any, series: int, code: str, metric: str, *, interval_s: int, newest: datetime
) -> None:
    origin = Origin.LIVE if code.startswith("W") else Origin.RECORDED
    rows = [
        (series, at, value, int(quality), int(origin), at + timedelta(seconds=1.5))
        for at, value, quality in _day(metric, code, interval_s, newest)
    ]
    execute_values(
        cursor,
        "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
        "values %s",
        rows,
        page_size=5000,
    )
    last = rows[-1]
    cursor.execute(
        "insert into series_state (series_id, observed_at, value, quality, origin, received_at, "
        "judged_to, changed_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (*last, last[1], last[5]),
    )


def _day(
    metric: str, code: str, interval_s: int, newest: datetime
) -> Iterator[tuple[datetime, float | None, Quality]]:
    """24 h up to `newest` (one reading a minute at most), with a gap 6 h to 5 h 20 min ago."""
    alerted = {(a[1], a[2]): a[6] for a in ALERTS if a[4] in ("active", "acknowledged")}
    step, top = max(interval_s, 60), alerted.get((code, metric))
    count = 86400 // step
    for index in range(count + 1):
        ago = (count - index) * step
        at = newest - timedelta(seconds=ago)
        if code == "R-02" and 19200 < ago < 21600:
            continue
        base = 31.0 if code == "R-01" and metric == "level_m" else LEVELS[metric]
        value = base * (1 + 0.03 * math.sin(ago / 7000 + len(code + metric)))
        if top is not None:
            value += (top - value) * math.exp(-ago / 4000)
        if metric == "wind_dir_deg":
            value = (355 + 15 * math.sin(ago / 900)) % 360
        quality = Quality.RATE if code == "R-02" and ago in (10800, 10920, 11040) else Quality.GOOD
        if quality:
            value *= 1.04
        if code == "R-02" and ago == 7200:
            yield at, None, Quality.MISSING
        else:
            yield at, round(value, 3), quality


def _limit(cursor: Any, row: tuple[Any, ...], now: datetime) -> None:
    code, metric, name, value, zh, en, public = row
    cursor.execute(
        "insert into limit_value (series_id, name, valid_from, value, label_zh, label_en, "
        "source, department, public) "
        "select q.id, %s, %s, %s, %s, %s, '示例 / sample', v.department, %s "
        "from series q join station s on s.id = q.station_id "
        "join station_version v on v.station_id = s.id where s.code = %s and q.metric = %s",
        (name, now - timedelta(days=400), value, zh, en, public, code, metric),
    )


def add_alert(cursor: Any, row: tuple[Any, ...], now: datetime) -> None:
    """row: as in ALERTS, of a series that is there."""
    alert, code, metric, grade, state, minutes, value, limit, owner, note, public, label = row
    rule = f"{code}-{metric}".lower()
    began = now - timedelta(minutes=minutes)
    definition = {
        "code": rule, "metric": metric, "stations": [code], "grade": grade, "above": limit,
        "label": {"zh": label[0], "en": label[1]},
        "action": {"zh": "按预案处置，先通知下游。", "en": "Follow the plan; warn downstream."},
        "advice": {"zh": "请减少外出。", "en": "Stay indoors where you can."},
        "public": public,
    }  # fmt: skip
    cursor.execute(
        "insert into rule (code) values (%s) on conflict (code) do update set code = excluded.code "
        "returning id",
        (rule,),
    )
    rule_id = cursor.fetchone()[0]
    cursor.execute(
        "insert into rule_version (rule_id, version, definition, seeded, author, reason) "
        "values (%s, 1, %s, %s, 'config.yaml', 'sample') on conflict do nothing",
        (rule_id, Json(definition), Json(definition)),
    )
    ended = began + timedelta(minutes=30) if state in ("returned", "ended") else None
    acknowledged = began + timedelta(minutes=3) if owner else None
    reason = {
        "code": "above", "metric": metric, "value": value, "limit": limit, "held_s": 60,
        "limit_zh": "限值", "limit_en": "limit",
    }  # fmt: skip
    life: list[tuple[str, datetime, str | None]] = [("raised", began, None)]
    life += [("acknowledged", acknowledged, owner)] if acknowledged else []
    life += [("ended", ended, None)] if ended else []
    cursor.execute(
        "insert into alert (id, rule_id, rule_version, series_id, station_id, subject, grade, "
        "peak_grade, state, began_at, raised_at, ended_at, found_afterwards, announced_at, origin, "
        "value, limit_value, peak_value, quality, owner, acknowledged_at, note, public, "
        "reason, department, version, changed_at) "
        "select %s, %s, 1, q.id, s.id, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s, 0, %s, "
        "%s, %s, %s, %s, v.department, %s, %s "
        "from series q join station s on s.id = q.station_id "
        "join station_version v on v.station_id = s.id where s.code = %s and q.metric = %s",
        (alert, rule_id, f"{code}/{metric}", grade, grade, state, began, began, ended,
         alert == "a-late", None if alert == "a-late" else began, value, limit, value, owner,
         acknowledged, note, public, Json(reason), len(life), began, code, metric),
    )  # fmt: skip
    for seq, (kind, at, who) in enumerate(life, 1):
        cursor.execute(
            "insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, value, "
            "limit_value, who, note, reason) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (alert, seq, kind, at, at, grade, value, limit, who, note if who else None,
             Json(reason)),
        )  # fmt: skip


def _operations(cursor: Any, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    execute_values(
        cursor,
        "insert into ledger (feed, hour, received, stored, duplicate, revised, quarantined, "
        "readings, readings_late) values %s",
        [
            (feed, hour - timedelta(hours=back), 900 + back, 890 + back, 5, 2, 3, 1800, back % 4)
            for feed in ("obs", "img")
            for back in range(24)
        ],
    )
    bad = b'{"v": {"level_m": "<img src=x onerror=alert(1)>"}}'
    execute_values(
        cursor,
        "insert into quarantine (received_at, feed, topic, payload, size, code, reason) values %s",
        [
            (now - timedelta(minutes=5), "obs", "dongtai/v1/obs/R-02", bad, len(bad), "not_number",
             "level_m is not a number: '<img src=x onerror=alert(1)>'"),
            (now - timedelta(minutes=9), "obs", "dongtai/v1/obs/R-99", b"{}", 2, "unknown_station",
             "no station R-99"),
            (now - timedelta(minutes=12), "obs", "dongtai/v1/obs/R-99", b"\xff\xd8\x00", 3,
             "not_json", "not JSON: invalid byte"),
        ],
    )  # fmt: skip
    balance(cursor)
    heartbeats(cursor)


def balance(cursor: Any) -> None:
    """The ledger says what lies in quarantine."""
    cursor.execute(
        "update ledger l set quarantined = k.n, received = stored + duplicate + revised + k.n "
        "from (select b.feed, b.hour, count(q.id) as n from ledger b left join quarantine q "
        "on q.feed = b.feed and date_trunc('hour', q.received_at, 'UTC') = b.hour "
        "group by 1, 2) k where k.feed = l.feed and k.hour = l.hour and l.feed <> 'replay'"
    )


def heartbeats(cursor: Any) -> None:
    """Ingest and alerts live on: nobody runs them beside the sample, so their last sign of life
    lies ahead, else the desk would rightly say that they have stopped."""
    cursor.execute(
        "insert into heartbeat (process, at, up_since) select process, now() + interval '1 day', "
        "now() - interval '2 days' from unnest(array['ingest', 'alerts']) process"
    )


def _pictures(conn: Connection, now: datetime) -> None:
    with conn.cursor() as cursor:
        for row in (r for r in STATIONS if r[1] == "camera"):
            for back in range(3):
                taken = now - timedelta(seconds=row[12] + 300 * back)
                _picture(cursor, row[0], taken, 23.86 - 0.05 * back)


def _picture(cursor: Any, code: str, taken: datetime, level_m: float) -> None:
    content, thumbnail = picture(level_m), picture(level_m, 480, 270)
    picture_id = add_picture(cursor, code, taken, content, thumbnail)
    if code == "C-01":
        cursor.execute(
            "insert into picture_released values (%s, %s, %s, %s, 'environment')",
            (picture_id, content, thumbnail, taken + timedelta(seconds=30)),
        )


def add_picture(
    cursor: Any,
    code: str,
    taken: datetime,
    content: bytes,
    thumbnail: bytes,
    origin: Origin = Origin.SIMULATED,
) -> int:
    """A camera's JPEG as ingest keeps it; returns its id."""
    cursor.execute(
        "insert into picture (station_id, taken_at, time_source, received_at, origin, media_type, "
        "width, height, size, sha256) select id, %s, 'topic', %s, %s, 'image/jpeg', 960, 540, %s, "
        "sha256(%s) from station where code = %s returning id",
        (taken, taken + timedelta(seconds=2), int(origin), len(content), content, code),
    )
    picture_id = int(cursor.fetchone()[0])
    cursor.execute(
        "insert into picture_original values (%s, %s, %s)", (picture_id, content, thumbnail)
    )
    return picture_id


def picture(level_m: float, width: int = 960, height: int = 540) -> bytes:
    """A drawn staff gauge standing in water, as a JPEG."""
    image = np.full((540, 960, 3), (70, 74, 76), np.uint8)
    surface = int(540 - (level_m - 22) * 180)
    cv2.rectangle(image, (420, 0), (540, 540), (235, 235, 235), -1)
    for step in range(0, 540, 36):
        cv2.rectangle(image, (420 if step % 72 else 480, step), (540, step + 18), (30, 30, 30), -1)
    image[surface:] = (image[surface:] * 0.35 + (52, 40, 26)).astype(np.uint8)
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", resized)[1].tobytes())
