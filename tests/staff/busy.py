"""The night of the showcase as the people of alerting see it: what came in the shifts before, what
flaps, is shelved or stale, who is on duty, how the receivers do, and warnings of every standing.

    fill(conn, now); conn.commit()

Around the real time: the database's own clock says what a rota and a warning are worth.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import config
from alerts.life import suppression
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.warnings import life
from alerts.warnings.content import Area, Both, Content, Round
from alerts.warnings.store import Person
from dashboard.door.accounts import create_account
from database.pool import Connection
from tests import sample
from tests.alerts.warned import approved, publish
from tests.dashboard.conftest import PASSWORD
from tests.staff import showcase

SETTINGS = config.load(showcase.ROOT / "config.yaml")
PEOPLE = AlertsSettings.model_validate(
    {
        "duties": [
            {"code": "water", "zh": "水利值班", "en": "Water desk"},
            {"code": "emergency", "zh": "应急值班", "en": "Emergency desk"},
        ],
        "receivers": [
            {"name": "log", "type": "log"},
            {"name": "sms", "type": "apprise", "url_env": "SMS", "fallback": ["log"]},
            {"name": "plant-7", "type": "webhook", "url": "http://127.0.0.1:1/"},
        ],
    }
)
ALERTS = SETTINGS.section(AlertsSettings).model_copy(
    update={"duties": PEOPLE.duties, "receivers": PEOPLE.receivers}
)

# Who was told of the level: a person, a receiver that gave up, another in its place.
RECEIPTS = """
insert into message (transition_id, receiver, way, why, attempts, delivered_at, given_up_at, error,
                     fell_back_at)
select t.id, m.receiver, m.way, m.why::jsonb, m.attempts,
       case when m.state = 'delivered' then now() end,
       case when m.state = 'given_up' then now() end,
       m.error, case when m.state = 'given_up' then now() end
  from alert_transition t,
       (values ('@duty/mail', 'route', '{"route": "w", "person": "duty"}', 1, 'delivered', null),
               ('sms', 'route', '{"route": "w"}', 12, 'given_up', 'smpp://***: timed out'),
               ('log', 'fallback', '{"instead_of": "sms"}', 1, 'delivered', null))
       m (receiver, way, why, attempts, state, error)
 where t.alert_id = 'a-level' and t.seq = 1;
insert into receiver_state (receiver, delivered_at, failing_since, failed_at, error)
values ('log', now(), null, null, null),
       ('sms', null, now() - interval '8 minutes', now(), 'smpp://***: timed out');
"""
ROTA = """
insert into duty_shift (duty, who, from_at, to_at, entered_by)
values ('water', 'duty', now() - interval '3 hours', now() + interval '5 hours', 'duty'),
       ('water', 'li', now() + interval '5 hours', now() + interval '17 hours', 'duty'),
       ('water', 'environment', now() + interval '20 hours', now() + interval '90 hours', 'duty'),
       ('emergency', 'li', now() + interval '2 hours', now() + interval '60 hours', 'duty');
insert into duty_handover (duty, shift_id, from_who, to_who, note, offered_at)
select duty, id, 'duty', 'li', 'R-02 23.86 m，3 号闸已开；7 号厂氨泄漏未确认',
       now() - interval '9 minutes'
  from duty_shift where duty = 'water' and who = 'duty';
"""
# name of the series' station and metric, grade, label, hours ago of each raise
EARLIER: tuple[tuple[str, str, str, tuple[str, str], tuple[float, ...]], ...] = (
    ("A-05", "pm25_ugm3", "yellow", ("细颗粒物浓度高", "PM2.5 high"), (0.7, 3.1, 9.5, 12.4, 30.2)),
    ("D-02", "ph", "yellow", ("酸碱度超许可", "pH outside permit"), (1.2, 1.7, 14.0, 26.0)),
    ("W-01", "rain_mm", "blue", ("大雨", "Heavy rain"), (2.4, 5.0, 8.2, 20.0, 33.0, 51.0)),
    ("R-01", "level_m", "orange", ("水库超汛限", "Reservoir above flood limit"), (7.7, 40.0)),
    ("G-34", "nh3_ppm", "red", ("氨泄漏", "Ammonia leak"), (16.0,)),
)
FLAPS = tuple(0.6 + n * 9 / 3600 for n in range(7))  # hours ago: every nine seconds


def fill(conn: Connection, now: datetime) -> None:
    """The whole scene; the caller commits."""
    showcase.fill(conn, now)
    with conn.cursor() as cursor:
        for number, row in enumerate(_earlier()):
            sample.add_alert(cursor, (f"b-{number}", *row), now)
        old = ("酸碱度超许可", "pH outside permit")
        sample.add_alert(
            cursor,
            ("a-stale", "D-01", "ph", "yellow", "acknowledged", 3400, 9.2, 9.0, "environment",
             "等备件，周一到", False, old),
            now,
        )  # fmt: skip
    seed(conn, ALERTS, now)
    people = {name: Person(create_account(conn, name, role, PASSWORD), name) for name, role in (
        ("duty", "duty"), ("li", "administrator"), ("environment", "environment"))}  # fmt: skip
    _shelve(conn, now)
    with conn.cursor() as cursor:
        cursor.execute(RECEIPTS + ROTA)
    _warn(conn, people, now)


def _earlier() -> list[tuple[Any, ...]]:
    some = [*EARLIER, ("A-03", "pm10_ugm3", "blue", ("颗粒物浓度高", "PM10 high"), FLAPS)]
    return [
        (code, metric, grade, "ended", hours * 60, 118.0, 75.0, None, None, False, label)
        for code, metric, grade, label, raised in some
        for hours in raised
    ]


def _shelve(conn: Connection, now: datetime) -> None:
    with conn.cursor() as cursor:
        cursor.execute("select version from alert where id = 'a-cod'")
        (version,) = cursor.fetchone() or (0,)
    until = now + timedelta(hours=2)
    why = "采样泵校准"
    suppression.shelve(conn, "a-cod", "environment", why, until, expected_version=version, now=now)
    suppression.take_out(conn, "A-07", "li", "更换滤膜", None, ["pm25_ugm3"], now=now)


def _warn(conn: Connection, people: Mapping[str, Person], now: datetime) -> None:
    two, ago = [people["duty"], people["li"]], now - timedelta(minutes=26)
    publish(conn, two, _leak(now), ago)
    publish(conn, two, _reservoir(now), now - timedelta(hours=1))
    waiting = life.draft(conn, two[0], _smog(now), now - timedelta(minutes=4))
    life.submit(conn, waiting.id, two[0], waiting.version, now, ALERTS.warnings)
    life.draft(conn, two[0], _rain(now), now - timedelta(minutes=2))
    over = publish(conn, two, _leak(now, grade="yellow"), now - timedelta(hours=5))
    approved(
        conn, life.follow(conn, over.id, two[0], "Cancel", now - timedelta(hours=4), "over"),
        two, now - timedelta(hours=4),
    )  # fmt: skip


def _leak(now: datetime, grade: str = "red") -> Content:
    ring = (
        (121.8880, 29.9130), (121.8960, 29.9085), (121.8890, 29.8800), (121.8700, 29.8690),
        (121.8600, 29.8780), (121.8750, 29.9020), (121.8880, 29.9130),
    )  # fmt: skip
    return Content(
        status="Exercise", grade=grade, category=("CBRNE",), response=("Shelter",),
        event=Both(zh="氨泄漏", en="Ammonia leak"),
        headline=Both(zh="霞浦：请留在室内，关好门窗", en="Xiapu: stay indoors, close windows"),
        description=Both(zh="附近工厂氨泄漏，风把它吹向西南偏南。",
                         en="Ammonia leaks from a plant; the wind carries it south-south-west."),
        instruction=Both(zh="关好门窗，关闭空调新风；闻到刺激气味，用湿毛巾捂住口鼻。",
                         en="Close windows and fresh-air intakes; if you smell it, breathe through"
                            " a wet cloth."),
        area=Area(names=Both(zh="霞浦街道下风向约 4 km", en="Downwind of plant 7, about 4 km"),
                  polygons=(ring,)),
        expires=now + timedelta(hours=2),
    )  # fmt: skip


def _reservoir(now: datetime) -> Content:
    return Content(
        status="Actual", grade="orange", category=("Met",), response=("Avoid",),
        event=Both(zh="水库高水位", en="Reservoir high"),
        headline=Both(zh="柴桥水库水位高，请远离河道", en="Chaiqiao reservoir is high: keep away"),
        description=Both(zh="水位 23.86 m，超汛限 0.36 m，可能泄洪。",
                         en="Level 23.86 m, 0.36 m above the flood limit; water may be released."),
        instruction=Both(zh="请远离水库、溢洪道和下游河道。",
                         en="Keep away from the reservoir, the spillway and the river below."),
        area=Area(names=Both(zh="柴桥水库周边与下游 3 km", en="3 km around Chaiqiao reservoir"),
                  circles=(Round(lon=121.8597, lat=29.8405, radius_km=3),)),
        expires=now + timedelta(hours=9),
    )  # fmt: skip


def _smog(now: datetime) -> Content:
    return Content(
        status="Actual", grade="yellow", category=("Env",), response=("Monitor",),
        event=Both(zh="细颗粒物污染", en="Fine dust"),
        headline=Both(zh="霞浦空气质量差，减少户外活动", en="Poor air at Xiapu: stay in"),
        description=Both(zh="PM2.5 1 小时均值 118 µg/m³。", en="PM2.5, 1 h mean 118 µg/m³."),
        instruction=Both(zh="儿童、老人和病人留在室内。", en="Children and the ill stay indoors."),
        area=Area(names=Both(zh="霞浦街道", en="Xiapu"),
                  circles=(Round(lon=121.87, lat=29.88, radius_km=5),)),
        expires=now + timedelta(hours=6),
    )  # fmt: skip


def _rain(now: datetime) -> Content:
    return Content(
        status="Actual", grade="blue", category=("Met",),
        event=Both(zh="大雨", en="Heavy rain"),
        headline=Both(zh="今晚有大雨", en=""),
        area=Area(names=Both(zh="全区", en="")),
        expires=now + timedelta(hours=12),
    )  # fmt: skip
