"""Readings that come when their retention is over: kept apart, once each, and corrected there."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import store as desk
from ingest.pipeline import walk
from tests.ingest.conftest import NOW, level, message

OLD = "select value, revision from reading_old where series_id = %s order by observed_at"
LEDGER = "select sum(received), sum(stored), sum(duplicate), sum(revised) from ledger"
# The retention is counted from today: the district's NOW is inside, a year before it is not.
DAYS = max(0, (datetime.now(UTC) - NOW).days) + 100
LONG_AGO = -365 * 86400


@pytest.fixture
def number(owner, context):
    """The level of R-01, whose raw readings are not kept for ever; of storage they are."""
    with owner.cursor() as cursor:
        cursor.execute("insert into retention values ('level_m', %s)", (DAYS,))
    owner.commit()
    return context.directory.series["R-01", "level_m"].series_id


@pytest.fixture
def take(owner, context):
    return lambda *messages: walk(owner, context, messages, NOW)


def test_what_is_older_than_the_retention_is_kept_apart(take, query, number):
    take(message("R-01", level(23.5, LONG_AGO)), message("R-01", level(24.5, -5)))
    assert query(OLD, number) == [(23.5, 0)]
    assert query("select value from reading where series_id = %s", number) == [(24.5,)]
    assert query("select count(*) from reading where series_id <> %s", number) == [(2,)]
    assert query(LEDGER) == [(2, 2, 0, 0)]


def test_a_late_one_and_its_repeats_are_one_and_a_correction_keeps_the_older(take, query, number):
    take(message("R-01", level(24.5, -5)))
    late = message("R-01", level(23.5, LONG_AGO))
    take(late)
    take(late._replace(packet_id=9), late._replace(packet_id=10))
    assert query(OLD, number) == [(23.5, 0)]
    take(message("R-01", level(25.5, LONG_AGO), arrived=1))
    assert query(OLD, number) == [(25.5, 1)]
    kept = "select value, revision from reading_revision where series_id = %s"
    assert query(kept, number) == [(23.5, 0)]
    assert query(LEDGER) == [(5, 2, 2, 1)]


def test_raw_history_and_export_show_them(take, owner, number):
    take(message("R-01", level(23.5, LONG_AGO)), message("R-01", level(24.5, LONG_AGO + 60)))
    at = NOW + timedelta(seconds=LONG_AGO)
    series = desk.series_of(owner, "R-01")["level_m"]
    rows = desk.export(owner, series, at, at + timedelta(hours=1), 10)
    assert [row[1] for row in rows] == [23.5, 24.5]
    resolution, points = desk.history(owner, series, at, at + timedelta(hours=1), 100)
    assert resolution == "raw"
    assert [point["value"] for point in points] == [23.5, 24.5]


def test_where_raw_readings_are_gone_the_rollups_answer(owner, take, number):
    take(message("R-01", level(23.5, -5)))
    with owner.cursor() as cursor:
        cursor.execute("update retention set purged_to = %s", (NOW - timedelta(days=1),))
    owner.commit()
    series = desk.series_of(owner, "R-01")["level_m"]
    ask = (NOW - timedelta(days=2), NOW)
    assert desk.history(owner, series, *ask, 100_000)[0] == "1m"
    assert desk.history(owner, series, NOW - timedelta(hours=1), NOW, 100_000)[0] == "raw"
