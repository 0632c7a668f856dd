"""`python -m database check`: what is wrong is said with its remedy, what is right is not."""

from datetime import UTC, datetime, timedelta

import pytest

from database import touched
from database.check import findings, of_settings
from database.ground import ground_of
from database.settings import DatabaseSettings

RIGHT = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "100",
    "max_locks_per_transaction": "64",
    "max_worker_processes": "24",
    "timescaledb.max_background_workers": "16",
}


def test_a_sound_server_is_told_nothing():
    assert list(of_settings(RIGHT)) == []


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("fsync", "off", True),
        ("full_page_writes", "off", True),
        ("synchronous_commit", "off", True),
        ("max_connections", "20", False),
        ("max_locks_per_transaction", "10", False),
        ("max_worker_processes", "2", False),
        ("timescaledb.max_background_workers", "0", False),
    ],
)
def test_each_wrong_setting_is_named_with_a_remedy(name, value, error):
    (found,) = of_settings(RIGHT | {name: value})
    assert found.error is error
    assert found.text.startswith(f"{name} is {value}: ")
    assert "turn it on" in found.text or "set " in found.text


def test_a_migrated_server_has_its_roles_and_time_zones(ground):
    told = [finding.text for finding in findings(ground, DatabaseSettings())]
    assert not [text for text in told if "role" in text or "time zone" in text]


def test_ranges_that_wait_too_long_are_told(timescale_owner):
    conn, long_ago = timescale_owner, datetime(2023, 1, 1, tzinfo=UTC)
    touched.touch(conn, [(long_ago, long_ago)])
    soon = datetime.now(UTC)
    assert not [f for f in findings(conn, DatabaseSettings(), soon) if "touched" in f.text]
    told = [
        f.text
        for f in findings(conn, DatabaseSettings(), soon + timedelta(hours=1))
        if "touched" in f.text
    ]
    assert len(told) == 1
    assert "1 touched ranges wait" in told[0]
    conn.rollback()


def test_a_retention_that_would_empty_rollups_is_an_error(timescale_owner):
    conn = timescale_owner
    assert ground_of(conn) == "timescale"
    with conn.cursor() as cursor:
        cursor.execute("select public.add_retention_policy('reading', interval '1 year')")
    told = [f for f in findings(conn, DatabaseSettings()) if "further back" in f.text]
    assert len(told) == 5
    assert all(f.error for f in told)
    conn.rollback()
