"""A rich public district, and marks on everything private, straight into a database.

fill(conn, now): what the look shows: red gas warning, six reservoirs with curves, twelve air
stations, a week of hours. hide(conn, now): private things beside it, each with MARK in it.
"""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from psycopg2.extras import Json, execute_values

from alerts.warnings import life
from alerts.warnings.content import Both
from alerts.warnings.store import Person
from database.pool import Connection
from sensors.reading import Origin
from tests.alerts.warned import SETTINGS, content, two
from tests.sample import DEPARTMENTS, picture

RECORDED = Path(__file__).parents[2] / "demo" / "recordings" / "camera_gaugecam"
MARK = "privatemark"
PRIVATE_VALUE = 7654.321  # a figure that nothing public has
SIX = ["so2_ugm3", "no2_ugm3", "co_mgm3", "o3_ugm3", "pm10_ugm3", "pm25_ugm3"]
LEVEL = {"so2_ugm3": 9, "no2_ugm3": 31, "co_mgm3": 0.6, "o3_ugm3": 48, "pm10_ugm3": 58}
# code, zh, en, lon, lat, level, bottom, normal, capacity, flood limit, age
RESERVOIRS = [
    ("R-01", "大碶水库（示例）", "Daqi reservoir (sample)", 121.7764, 29.8722,
     31.42, 24, 33.2, 9.45e6, 31.4, 6),
    ("R-02", "柴桥水库（示例）", "Chaiqiao reservoir (sample)", 121.8597, 29.8405,
     23.86, 12, 26, 1.9e7, 23.5, 4),
    ("R-03", "柴桥东水库（示例）", "Chaiqiao East res. (sample)", 121.9062, 29.8437,
     18.07, 11, 22, 3.41e6, 20, 9),
    ("R-04", "白峰水库（示例）", "Baifeng reservoir (sample)", 121.9893, 29.864,
     22.31, 14, 27, 2.66e6, 25, 5),
    ("R-05", "西岙水库（示例）", "Xiao reservoir (sample)", 121.818, 29.856,
     15.2, 8, 20, 1.2e6, 18, 20),
    ("R-06", "里山水库（示例）", "Lishan reservoir (sample)", 121.96, 29.848,
     40.1, 30, 45, 2.1e6, 43, 3000),
]  # fmt: skip
# code, zh, en, lon, lat, PM2.5, age
AIRS = [
    ("A-01", "新碶站（示例）", "Xinqi (sample)", 121.8455, 29.913, 42, 100),
    ("A-02", "霞浦站（示例）", "Xiapu (sample)", 121.872, 29.88, 118, 130),
    ("A-03", "大碶站（示例）", "Daqi (sample)", 121.803, 29.902, 38, 60),
    ("A-04", "小港站（示例）", "Xiaogang (sample)", 121.756, 29.944, 36, 200),
    ("A-05", "柴桥站（示例）", "Chaiqiao (sample)", 121.924, 29.86, 44, 30),
    ("A-06", "大榭站（示例）", "Daxie (sample)", 121.948, 29.933, 37, 90),
    ("A-07", "白峰站（示例）", "Baifeng (sample)", 121.97, 29.89, 28, 40),
    ("A-08", "青峙站（示例）", "Qingzhi (sample)", 121.789, 29.92, 40, 800),
    ("A-09", "梅山站（示例）", "Meishan (sample)", 121.987, 29.796, 30, 15),
    ("A-10", "紫石站（示例）", "Zishi (sample)", 121.899, 29.855, 33, 2820),
    ("A-12", "高河塘站（示例）", "Gaohetang (sample)", 121.835, 29.885, 39, 70),
]
WEATHERS = [
    ("W-01", "霞浦气象（示例）", "Xiapu met (sample)", 121.85, 29.8985),
    ("W-03", "大榭气象（示例）", "Daxie met (sample)", 121.942, 29.942),
]
# code, zh, en, lon, lat, age
CAMERAS = [
    ("C-01", "柴桥东坝前（示例）", "Chaiqiao East dam (sample)", 121.9105, 29.8468, 160),
    ("C-02", "柴桥水库坝前（示例）", "Chaiqiao dam (sample)", 121.866, 29.848, 180),
    ("C-03", "大碶坝前（示例）", "Daqi dam (sample)", 121.784, 29.879, 45),
    ("C-04", "白峰坝前（示例）", "Baifeng dam (sample)", 121.9925, 29.8672, 5000),
]
IMAGES = sorted(RECORDED.glob("*.jpg"))[: len(CAMERAS)]
GAS_ADVICE = {
    "zh": "附近工厂有氨气泄漏，风吹向西南偏南。关窗、关空调新风，闻到刺鼻气味用湿毛巾捂住口鼻。",
    "en": "Ammonia is leaking from a plant nearby; wind carries it south-south-west. Close windows "
    "and fresh-air intakes; if you smell it, breathe through a wet cloth.",
}
FLOOD_ADVICE = {
    "zh": "下游沿河居民：今晚不要下河堤、不要停车在河边。水库可能放水。",
    "en": "If you live by the river below: stay off the banks tonight and move cars away. "
    "Water may be released.",
}


def fill(conn: Connection, now: datetime) -> None:
    """Everything public; the caller commits."""
    with conn.cursor() as cursor:
        execute_values(cursor, "insert into department values %s", DEPARTMENTS)
    for code, zh, en, lon, lat, level, bottom, normal, capacity, flood, age in RESERVOIRS:
        station(conn, code, "reservoir", zh, en, lon, lat, 60)
        rise = 0.05 if code in ("R-02", "R-03") else 0.0

        def water(back: float, level: float = level, rise: float = rise) -> float:
            return level - rise * back / 3600

        series(conn, code, "level_m", 60, water, now - timedelta(seconds=age), young=age < 700)
        limits(conn, code, {"flood_limit": flood, "normal_pool": normal})
        points = [
            [bottom + (normal - bottom) * i / 10, capacity * (i / 10) ** 1.6] for i in range(13)
        ]
        curve(conn, code, points)
    for code, zh, en, lon, lat, pm25, age in AIRS:
        station(conn, code, "air", zh, en, lon, lat, 300)
        for metric in SIX:
            base = LEVEL.get(metric, pm25)
            series(conn, code, metric, 300, _air(base, metric), now - timedelta(seconds=age),
                   days=7 if code == "A-02" else 0.2, origin=Origin.RECORDED,
                   shift=timedelta(days=4998), young=age < 700)  # fmt: skip
    for code, zh, en, lon, lat in WEATHERS:
        station(conn, code, "weather", zh, en, lon, lat, 60)
        at = now - timedelta(seconds=40)
        series(conn, code, "rain_mm", 60, lambda _back: 0.36, at)
        series(conn, code, "wind_speed_ms", 60, lambda _back: 3.2, at)
        series(conn, code, "wind_dir_deg", 60, lambda _back: 22, at)
        series(conn, code, "temp_c", 60, lambda _back: 11.8, at)
    station(
        conn, "G-31", "gas", "工业区东（示例）", "Industrial area E (sample)", 121.889, 29.905, 5
    )
    series(conn, "G-31", "nh3_ppm", 5, lambda _back: 186.0, now - timedelta(seconds=3))
    alert(conn, now, "a-gas", "G-31", "nh3_ppm", "red", 2, 186.0, 160.0,
          {"zh": "请关窗留在室内", "en": "stay indoors, close windows"}, GAS_ADVICE)  # fmt: skip
    alert(conn, now, "a-level", "R-02", "level_m", "orange", 38, 23.86, 23.5,
          {"zh": "水位偏高", "en": "level is high"}, FLOOD_ADVICE)  # fmt: skip
    for (code, zh, en, lon, lat, age), image in zip(CAMERAS, IMAGES, strict=True):
        station(conn, code, "camera", zh, en, lon, lat, 300)
        at = now - timedelta(seconds=age)
        photo(conn, code, at, 23.86, released=True, image=image.read_bytes())


def before(conn: Connection, now: datetime) -> None:
    """Thirty days of what is held against today; the caller commits.

    Levels, temperature and air (before its own week): three hours around this one. Rain: every
    minute.
    """
    for code, metric, low, high, every_s, hours in (
        ("R-02", "level_m", 22.9, 23.3, 60, 3),
        ("R-01", "level_m", 31.40, 31.44, 60, 3),
        ("W-01", "temp_c", 13.0, 15.0, 60, 3),
        ("W-01", "rain_mm", 0.002, 0.002, 60, 24),
        *(("A-02", metric, LEVEL.get(metric, 40), LEVEL.get(metric, 40), 300, 3) for metric in SIX),
    ):
        with conn.cursor() as cursor:
            cursor.execute(
                "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
                "select q.id, t, %(low)s + (%(high)s - %(low)s) * (d %% 3) / 2.0, 0, 2, t "
                "from series q join station s on s.id = q.station_id, "
                "generate_series(%(first)s, 30) d, "
                "generate_series(date_trunc('hour', %(now)s::timestamptz) - d * interval '1 day' "
                "+ interval '2 hours' - %(hours)s * interval '1 hour', "
                "date_trunc('hour', %(now)s::timestamptz) - d * interval '1 day' "
                "+ interval '2 hours' - interval '1 second', %(every)s * interval '1 second') t "
                "where s.code = %(code)s and q.metric = %(metric)s on conflict do nothing",
                {"code": code, "metric": metric, "low": low, "high": high, "now": now,
                 "every": every_s, "hours": hours, "first": 8 if code == "A-02" else 1},
            )  # fmt: skip


def hide(conn: Connection, now: datetime) -> None:
    """Private things of every sort, each marked. Nothing of this may ever come out."""
    station(conn, f"P-{MARK}", "plant", f"{MARK}厂", f"{MARK} plant", 121.8, 29.9, 10, public=False)
    series(conn, f"P-{MARK}", "nh3_ppm", 60, lambda _b: PRIVATE_VALUE, now)
    alert(conn, now, f"a-{MARK}-station", f"P-{MARK}", "nh3_ppm", "red", 3, PRIVATE_VALUE, 1.0,
          {"zh": MARK, "en": MARK}, {"zh": MARK, "en": MARK})  # fmt: skip
    # A private sensor of a public station, with a private alert and a public one on it.
    series(conn, "R-01", "inflow_m3s", 60, lambda _b: PRIVATE_VALUE, now, public=False)
    alert(conn, now, f"a-{MARK}-sensor", "R-01", "inflow_m3s", "orange", 4, PRIVATE_VALUE, 1.0,
          {"zh": MARK, "en": MARK}, {"zh": MARK, "en": MARK})  # fmt: skip
    alert(conn, now, f"a-{MARK}-private", "R-01", "level_m", "blue", 4, PRIVATE_VALUE, 1.0,
          {"zh": MARK, "en": MARK}, {"zh": MARK, "en": MARK}, public=False)  # fmt: skip
    limits(conn, "R-02", {f"limit_{MARK}": PRIVATE_VALUE}, public=False)
    # A delayed series: what came within its delay.
    station(
        conn, "W-09", "weather", "延迟站（示例）", "Delayed (sample)", 121.9, 29.9, 60, delay_s=3600
    )
    series(conn, "W-09", "temp_c", 60, lambda back: PRIVATE_VALUE if back < 1700 else 9.5, now)
    alert(conn, now, "a-delayed", "W-09", "temp_c", "yellow", 90, PRIVATE_VALUE, 8.0,
          {"zh": "低温", "en": "cold"}, None)  # fmt: skip
    alert(conn, now, f"a-{MARK}-soon", "W-09", "temp_c", "yellow", 10, PRIVATE_VALUE, 8.0,
          {"zh": MARK, "en": MARK}, {"zh": MARK, "en": MARK}, subject="later")  # fmt: skip
    # A warning that nobody has approved.
    said = content(now, event=Both(zh=MARK, en=MARK), description=Both(zh=MARK, en=MARK))
    draft = life.draft(conn, two(conn, MARK)[0], said, now)
    life.submit(conn, draft.id, Person(draft.author_id, MARK), draft.version, now, SETTINGS)
    photo(conn, "C-02", now, 24.5, released=False, mark=True)
    # A released picture that says more than its pixels: whose camera it is, and where.
    station(conn, "C-08", "camera", "带元数据（示例）", "With metadata (sample)", 121.9, 29.9, 60)
    photo(conn, "C-08", now, 23.0, released=True, image=talkative(picture(23.0)))
    station(conn, f"C-{MARK}", "camera", f"{MARK}像", f"{MARK} cam", 121.8, 29.9, 60, public=False)
    photo(conn, f"C-{MARK}", now, 23.0, released=True, mark=True)
    station(conn, "C-09", "camera", "未开放（示例）", "Not released (sample)", 121.9, 29.9, 60)
    photo(conn, "C-09", now, 23.0, released=False, mark=True)


def station(
    conn: Connection, code: str, kind: str, zh: str, en: str, lon: float, lat: float,
    interval_s: int, *, public: bool = True, delay_s: int = 0,
) -> None:  # fmt: skip
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into station (code, kind) values (%s, %s) returning id", (code, kind)
        )
        row = cursor.fetchone()
        assert row
        cursor.execute(
            "insert into station_version (station_id, valid_from, name_zh, name_en, lon, lat, "
            "department, device, interval_s, public, public_delay_s, details) "
            "values (%s, '2020-01-01', %s, %s, %s, %s, 'water', %s, %s, %s, %s, %s)",
            (row[0], zh, en, lon, lat, f"gateway-{MARK}", interval_s, public, delay_s,
             Json({"plant": MARK, "substances": [MARK]})),
        )  # fmt: skip


def series(
    conn: Connection, code: str, metric: str, interval_s: int,
    value: Callable[[float], float | None], newest: datetime, *,
    days: float = 0.1, public: bool = True, origin: Origin = Origin.SIMULATED,
    shift: timedelta | None = None, young: bool = True,
) -> None:  # fmt: skip
    """value: of seconds before the newest reading."""
    step = interval_s
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into series (station_id, metric) select id, %s from station where code = %s "
            "returning id", (metric, code),
        )  # fmt: skip
        row = cursor.fetchone()
        assert row
        cursor.execute(
            "insert into sensor (series_id, valid_from, serial, interval_s, department, public) "
            "values (%s, '2020-01-01', %s, %s, 'water', %s)", (row[0], MARK, interval_s, public),
        )  # fmt: skip
        rows: list[tuple[Any, ...]] = []
        # Readings of the half hour to come keep the district young while a test runs: nobody sees
        # a reading before its time. What is meant to be late or stale gets none.
        ahead = 1800 // step if young else 0
        for index in range(-ahead, int(days * 86400 // step) + 1):
            at, found = newest - timedelta(seconds=index * step), value(max(0, index * step))
            rows.append((row[0], at, found, 0 if found is not None else 1, int(origin), at,
                         at - shift if shift else None))  # fmt: skip
        execute_values(
            cursor,
            "insert into reading (series_id, observed_at, value, quality, origin, received_at, "
            "original_at) values %s", rows, page_size=5000,
        )  # fmt: skip


def limits(conn: Connection, code: str, values: dict[str, float], *, public: bool = True) -> None:
    with conn.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(
                "insert into limit_value (series_id, name, valid_from, value, label_zh, label_en, "
                "source, department, public) select q.id, %s, '2020-01-01', %s, %s, %s, 'sample', "
                "'water', %s from series q join station s on s.id = q.station_id "
                "where s.code = %s and q.metric = 'level_m'",
                (name, value, name, name, public, code),
            )


def curve(conn: Connection, code: str, points: list[list[float]], *, public: bool = True) -> None:
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into curve (station_id, valid_from, points, source, department, public) "
            "select id, '2020-01-01', %s, 'sample', 'water', %s from station where code = %s",
            (Json(points), public, code),
        )


def alert(
    conn: Connection, now: datetime, alert_id: str, code: str, metric: str, grade: str,
    minutes: float, value: float, limit: float, label: dict[str, str],
    advice: dict[str, str] | None, *, public: bool = True,
    subject: str | None = None, rule: str | None = None,
) -> None:  # fmt: skip
    began = now - timedelta(minutes=minutes)
    definition = {
        "label": label,
        "advice": advice,
        "action": {"zh": MARK, "en": MARK},
        "note": MARK,
    }
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into rule (code) values (%s) returning id", (rule or f"rule-{alert_id}",)
        )
        row = cursor.fetchone()
        assert row
        cursor.execute(
            "insert into rule_version (rule_id, version, definition, author, reason) "
            "values (%s, 1, %s, %s, %s)", (row[0], Json(definition), MARK, MARK),
        )  # fmt: skip
        cursor.execute(
            "insert into alert (id, rule_id, rule_version, series_id, station_id, subject, grade, "
            "peak_grade, state, began_at, raised_at, origin, value, limit_value, peak_value, "
            "evidence, owner, acknowledged_at, note, public, department) "
            "select %s, %s, 1, q.id, s.id, %s, %s, %s, 'acknowledged', %s, %s, 2, %s, %s, %s, %s, "
            "%s, %s, %s, %s, 'water' from series q join station s on s.id = q.station_id "
            "where s.code = %s and q.metric = %s",
            (alert_id, row[0], subject or MARK, grade, grade, began, began, value, limit,
             PRIVATE_VALUE, Json({"neighbours": MARK}), MARK, began, MARK, public, code, metric),
        )  # fmt: skip
        cursor.execute(
            "insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, value, "
            "who, note, reason) values (%s, 1, 'raised', %s, %s, %s, %s, %s, %s, %s)",
            (alert_id, began, began, grade, value, MARK, MARK, Json({"zh": MARK, "en": MARK})),
        )


def photo(
    conn: Connection,
    code: str,
    taken: datetime,
    level_m: float,
    *,
    released: bool,
    mark: bool = False,
    image: bytes | None = None,
) -> None:
    """image: a photograph, else a gauge is drawn.

    A mark goes behind the end of the JPEG, where it changes nothing that is seen.
    """
    tail = MARK.encode() if mark else b""
    content, thumbnail = (image or picture(level_m)) + tail, _small(image, level_m) + tail
    width, height = (800, 600) if image else (960, 540)
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into picture (station_id, taken_at, time_source, received_at, origin, "
            "media_type, width, height, size, sha256) select id, %s, 'topic', %s, %s, "
            "'image/jpeg', %s, %s, %s, sha256(%s) from station where code = %s returning id",
            (taken, taken, 1 if image else 2, width, height, len(content), content, code),
        )
        row = cursor.fetchone()
        assert row
        original = content + MARK.encode()
        cursor.execute(
            "insert into picture_original values (%s, %s, %s)", (row[0], original, thumbnail)
        )
        if released:
            cursor.execute(
                "insert into picture_released values (%s, %s, %s, %s, %s)",
                (row[0], content, thumbnail, taken, MARK),
            )


def talkative(jpeg: bytes) -> bytes:
    """The picture with a mark in its Exif data, its XMP, its comment and behind its end."""
    said = b""
    for marker, body in (
        (0xE1, b"Exif\0\0"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xFE, b""),
    ):
        whole = body + MARK.encode()
        said += bytes((0xFF, marker)) + (len(whole) + 2).to_bytes(2, "big") + whole
    return jpeg[:2] + said + jpeg[2:] + MARK.encode()


def _small(image: bytes | None, level_m: float) -> bytes:
    if image is None:
        return picture(level_m, 480, 270)
    whole = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    return bytes(cv2.imencode(".jpg", cv2.resize(whole, (480, 360)))[1].tobytes())


def _air(base: float, metric: str) -> Callable[[float], float]:
    """The present value now; the days before at about half of it, each a little different."""

    def value(back: float) -> float:
        fading = math.exp(-back / 20000)
        usual = min(base, 42) * (0.9 + 0.25 * math.sin(back / 86400 * 1.7 + len(metric)))
        return round(usual + (base - usual) * fading, 1)

    return value
