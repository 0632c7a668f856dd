"""A small district in the database, and an alert in it, for the tests of what people see."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from database.pool import Connection, connect
from database.settings import DatabaseSettings
from tests.alerts.duty import Duty

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLACES = [
    ("R-01", "reservoir", 121.80, 29.87, "level_m"),
    ("R-02", "reservoir", 121.81, 29.87, "level_m"),
    ("R-03", "reservoir", 121.99, 29.87, "level_m"),
    ("W-01", "weather", 121.85, 29.90, "wind_speed_ms"),
]


@pytest.fixture
def district(owner: Connection) -> dict[str, int]:
    """Stations R-01..R-03 and W-01; returns series ids by `station/metric`."""
    series = {}
    with owner.cursor() as cursor:
        cursor.execute("insert into department values ('water', '水利局', 'Water')")
        for code, kind, lon, lat, metric in PLACES:
            cursor.execute(
                "insert into station (code, kind) values (%s, %s) returning id", (code, kind)
            )
            station_id = cursor.fetchone()[0]
            cursor.execute(
                "insert into station_version (station_id, valid_from, name_zh, name_en, lon, lat,"
                " department, interval_s, public)"
                " values (%s, %s, %s, %s, %s, %s, 'water', 60, true)",
                (station_id, NOW, f"{code} 站", f"Station {code}", lon, lat),
            )
            cursor.execute(
                "insert into series (station_id, metric, created_at) values (%s, %s, %s)"
                " returning id",
                (station_id, metric, NOW),
            )
            series[f"{code}/{metric}"] = cursor.fetchone()[0]
            cursor.execute(
                "insert into sensor (series_id, valid_from, interval_s, department, public)"
                " values (%s, %s, 60, 'water', true)",
                (series[f"{code}/{metric}"], NOW),
            )
            cursor.execute(
                "insert into series_state (series_id) values (%s)", (series[f"{code}/{metric}"],)
            )
        cursor.execute(
            "insert into limit_value (series_id, name, valid_from, value, label_zh, label_en,"
            " source, department, public)"
            " values (%s, 'flood_limit', %s, 23.5, '汛限', 'flood limit', 'plan', 'water', true)",
            (series["R-01/level_m"], NOW),
        )
    owner.commit()
    return series


@pytest.fixture
def staff(database: DatabaseSettings) -> Iterator[Connection]:
    conn = connect(database, "staff", application="test")
    yield conn
    conn.close()


@pytest.fixture
def put_alert(owner: Connection, district: dict[str, int]) -> Callable[..., str]:
    """Write an alert as it stands in the table; returns its id. A straight list of columns."""
    with owner.cursor() as cursor:
        cursor.execute("insert into rule (code) values ('LEVEL') returning id")
        rule_id = cursor.fetchone()[0]
        definition = {
            "code": "LEVEL",
            "label": {"zh": "超汛限", "en": "Above flood limit"},
            "metric": "level_m",
            "kind": "reservoir",
            "when": "above",
            "unit": "m",
            "grades": {"orange": "flood_limit"},
        }
        cursor.execute(
            "insert into rule_version (rule_id, version, definition, author, reason)"
            " values (%s, 1, %s, 'file', 'seeded')",
            (rule_id, json.dumps(definition)),
        )

    def put(alert_id: str, *, began_at: datetime = NOW, **columns: object) -> str:
        reason = {
            "code": "above",
            "metric": "level_m",
            "value": 23.86,
            "limit": 23.5,
            "held_s": 300,
            "limit_zh": "汛限",
            "limit_en": "flood limit",
        }
        row = {
            "id": alert_id,
            "rule_id": rule_id,
            "rule_version": 1,
            "series_id": district["R-01/level_m"],
            "subject": alert_id,
            "grade": "orange",
            "peak_grade": "orange",
            "state": "active",
            "began_at": began_at,
            "raised_at": began_at,
            "value": 23.86,
            "limit_value": 23.5,
            "peak_value": 23.86,
            "quality": 0,
            "reason": json.dumps(reason),
            **columns,
        }
        with owner.cursor() as cursor:
            cursor.execute(
                f"insert into alert ({', '.join(row)}, station_id) values"
                f" ({', '.join(['%s'] * len(row))},"
                " (select id from station where code = 'R-01'))",
                list(row.values()),
            )
            cursor.execute(
                "insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, reason)"
                " values (%s, 1, 'raised', %s, %s, 'orange', %s)",
                (alert_id, began_at, began_at, row["reason"]),
            )
        owner.commit()
        return alert_id

    return put


@pytest.fixture
def ingest(database):
    conn = connect(database, "ingest", application="test")
    yield conn
    conn.close()


@pytest.fixture
def put_step(owner, put_alert):
    """Write one more step to an alert (made at its first step), to be told; returns its number."""

    def put(alert_id, kind="raised", grade="orange", seq=1):
        if seq == 1:
            put_alert(alert_id)
        with owner.cursor() as cursor:
            if seq > 1:
                cursor.execute(
                    "insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade,"
                    " reason) select alert_id, %s, %s, %s, %s, %s, reason from alert_transition"
                    " where alert_id = %s and seq = 1",
                    (seq, kind, NOW + timedelta(minutes=seq), NOW, grade, alert_id),
                )
            cursor.execute(
                "insert into outbox (transition_id) select id from alert_transition"
                " where alert_id = %s and seq = %s returning transition_id",
                (alert_id, seq),
            )
            number = cursor.fetchone()[0]
        owner.commit()
        return number

    return put


@pytest.fixture
def duty(database, district):
    conn = connect(database, "ingest", application="test")
    working = Duty(conn, district)
    yield working
    working.conn.close()
