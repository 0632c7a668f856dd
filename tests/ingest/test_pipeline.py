"""A batch's walk into a real database: once each, in one transaction, and everything accounted."""

import json
import random
from dataclasses import replace
from datetime import timedelta

import psycopg2
import pytest

from alerts import unjudged
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.ground import ground_of
from ingest.accounting import bury
from ingest.pipeline import walk, walk_again
from sensors.store import load_directory, sync
from tests.ingest.conftest import DISTRICT, NOW, level, message

LEVELS = """
select extract(epoch from r.observed_at - %s)::int, r.value, r.revision
  from reading r join series s on s.id = r.series_id and s.metric = 'level_m' order by 1
"""
LEDGER = """
select sum(received), sum(stored), sum(duplicate), sum(revised), sum(quarantined)
  from ledger where feed = 'obs'
"""


@pytest.fixture
def take(owner, context):
    def walk_messages(*messages, now=NOW, **changes):
        return walk(owner, replace(context, **changes), messages, now)

    return walk_messages


def test_a_reading_is_stored_with_its_state_and_the_storage_derived_from_it(take, query):
    take(message("R-01", level(23.5, -5)))
    rows = query(
        "select s.metric, r.value, r.quality, t.value, t.judged_to = r.observed_at "
        "from reading r join series s on s.id = r.series_id "
        "join series_state t on t.series_id = r.series_id order by s.metric"
    )
    assert rows == [("level_m", 23.5, 0, 23.5, True), ("storage_m3", 235.0, 0, 235.0, True)]


def test_the_same_message_again_changes_nothing_and_counts_as_a_duplicate(take, query):
    first = message("R-01", level(23.5, -5))
    take(first)
    before = query("select * from reading order by series_id")
    take(first._replace(packet_id=9), first._replace(packet_id=10))
    assert query("select * from reading order by series_id") == before
    assert query(LEDGER) == [(3, 1, 2, 0, 0)]


def test_another_value_for_the_same_moment_is_a_revision_and_the_older_is_kept(take, query):
    take(message("R-01", level(23.5, -5)))
    take(message("R-01", level(24.5, -5), arrived=1))
    assert query(LEVELS, NOW) == [(-5, 24.5, 1)]
    assert query("select value, revision, replaced_by from reading_revision") == [
        (23.5, 0, "dongtai/v1/obs/R-01")
    ]
    assert query(LEDGER) == [(2, 1, 0, 1, 0)]
    assert query("select value from series_state where revision = 1") == [(24.5,), (245.0,)]


def test_a_late_or_corrected_level_brings_its_storage_with_it(take, query):
    take(message("R-01", level(20, -5)))
    take(message("R-01", level(30, -60)), message("R-01", level(40, -5)))
    storages = query(
        "select r.value from reading r join series s on s.id = r.series_id "
        "where s.metric = 'storage_m3' order by r.observed_at"
    )
    assert storages == [(300.0,), (400.0,)]
    assert query("select count(*) from reading_revision") == [(1,)]
    newest = query(
        "select t.value from series_state t join series s on s.id = t.series_id "
        "where s.metric = 'storage_m3'"
    )
    assert newest == [(400.0,)]


def test_a_late_reading_is_stored_and_leaves_the_live_end_alone(take, query):
    take(message("R-01", level(23.5, -5)))
    take(message("R-01", level(20.0, -600), arrived=1))
    assert query(LEVELS, NOW) == [(-600, 20.0, 0), (-5, 23.5, 0)]
    state = query(
        "select t.value, t.judged_to from series_state t join series s on s.id = t.series_id "
        "where s.metric = 'level_m'"
    )
    assert state == [(23.5, NOW - timedelta(seconds=5))]
    assert query("select sum(readings_late) from ledger where feed = 'obs'") == [(1,)]


def test_old_weeks_take_late_readings_corrections_and_repeats_alike(take, query, owner):
    """Where the ground is TimescaleDB the week is compressed first."""
    take(*(message("R-01", level(20 + n, -600 + 60 * n)) for n in range(0, 10, 2)))
    if ground_of(owner) == "timescale":
        assert query("select public.compress_chunk(c) from public.show_chunks('reading') c")
        owner.commit()
    take(*(message("R-01", level(20 + n, -600 + 60 * n)) for n in range(8)))
    take(message("R-01", level(99, -480)))
    expected = [(-600 + 60 * n, 99.0 if n == 2 else 20.0 + n, int(n == 2)) for n in (*range(8), 8)]
    assert query(LEVELS, NOW) == expected
    assert query(LEDGER) == [(14, 9, 4, 1, 0)]


def test_a_redelivery_without_device_time_is_recognised_by_its_packet_id(take, query):
    first = message("R-01", {"v": {"level_m": 23.5}})
    take(first)
    take(first._replace(dup=True, received_at=NOW + timedelta(seconds=30), epoch=2))
    assert query(LEVELS, NOW) == [(0, 23.5, 0)]
    assert query(LEDGER) == [(2, 1, 1, 0, 0)]


def test_a_redelivery_is_recognised_in_the_batch_of_its_first_delivery(take, query):
    """The connection was lost while the first waited in the inbox, and both are taken at once."""
    first = message("R-01", {"v": {"level_m": 23.5}}, arrived=-5)
    take(first, first._replace(dup=True, received_at=NOW, epoch=2))
    assert query(LEVELS, NOW) == [(-5, 23.5, 0)]
    assert query(LEDGER) == [(2, 1, 1, 0, 0)]


def test_another_message_under_the_same_packet_id_is_not_taken_for_a_redelivery(take, query):
    first = message("R-01", {"v": {"level_m": 23.5}})
    take(first)
    other = message("R-01", {"v": {"level_m": 23.6}}, arrived=30)
    take(other._replace(dup=True, packet_id=first.packet_id, epoch=2))
    assert [row[1] for row in query(LEVELS, NOW)] == [23.5, 23.6]


@pytest.mark.parametrize(
    ("payload", "station", "code", "told"),
    [
        (b"level=3", "R-01", "not_json", "not JSON"),
        ({"v": {"level_m": 1}}, "R-99", "unknown_station", "unknown station 'R-99'"),
        (b"null", "R-01", "wrong_shape", "got null"),
        ({"t": "0001-01-01T00:00:00+14:00", "v": {"ph": 7}}, "R-01", "bad_time", "t is 0001-01-01"),
        (b'{"v":{"level_m":NaN}}', "R-01", "not_finite", "NaN"),
        ({"t": "2099-01-01T00:00:00Z", "v": {"level_m": 1}}, "R-01", "clock_ahead", "ahead"),
        (b'{"v":{"level_m":1' + b" " * 5_000_000 + b"}}", "R-01", "too_large", "at most"),
        ({"v": {"<script>alert(1)</script>": 1}}, "R-01", "unknown_metric", "unknown metric"),
        ({"v": {"ph": 7}}, "R-01", "not_measured_here", "R-01 has no ph"),
        ({"v": {"level_m": "7"}}, "R-01", "not_a_number", "not a number"),
    ],
)
def test_a_bad_message_is_kept_with_its_reason_and_disturbs_nothing_else(
    take, query, payload, station, code, told
):
    bad = message(station, payload)
    take(message("R-01", level(1, -9)), bad, message("D-01", {"v": {"ph": 7.1}}))
    ((kept, size, stored_code, reason),) = query(
        "select payload, size, code, reason from quarantine"
    )
    assert (bytes(kept), size, stored_code) == (bad.payload, len(bad.payload), code)
    assert told in reason
    assert len(reason) < 400
    assert query("select count(*) from reading")[0][0] == 3  # level, storage, ph
    assert query(LEDGER) == [(3, 2, 0, 0, 1)]


def test_the_good_part_of_a_half_bad_message_is_stored_and_the_message_kept(take, query):
    take(message("D-01", {"v": {"ph": 7.1, "cod_mgl": "many"}}))
    assert query("select value from reading") == [(7.1,)]
    assert query("select code from quarantine") == [("not_a_number",)]
    assert query(LEDGER) == [(1, 0, 0, 0, 1)]


def test_a_retained_message_without_a_time_is_not_taken_for_a_new_reading(take, query):
    take(message("R-01", {"v": {"level_m": 3}}, retain=True))
    assert query("select code from quarantine") == [("retained",)]
    assert query("select count(*) from reading") == [(0,)]


def test_null_is_missing_and_never_zero(take, query):
    take(message("R-01", level(None, -5)))
    rows = query("select r.value, r.quality & 1 from reading r")
    assert rows == [(None, 1), (None, 1)]  # the level, and the storage that follows from it


def test_status_of_a_device_keeps_the_newest_word(take, query):
    take(message("x", b"online", topic="dongtai/v1/status/GW-07", arrived=5))
    take(message("x", b"offline", topic="dongtai/v1/status/GW-07", arrived=1))
    assert query("select device, online from device_status") == [("GW-07", True)]


def test_how_messages_are_batched_does_not_matter(owner, context, query):
    """The same 200 messages, some repeated, corrected or late, in batches of any size."""
    chance = random.Random(7)
    messages = [
        message("R-01", level(chance.choice([1, 2, None]), chance.randrange(-90, 0)), arrived=n)
        for n in range(200)
    ]
    tables = []
    for size in (1, 7, 200):
        for start in range(0, len(messages), size):
            walk(owner, context, messages[start : start + size], NOW)
        ((received, *outcomes),) = query(LEDGER)
        assert received == sum(outcomes) == 200
        tables.append(query(LEVELS, NOW))
        with owner.cursor() as cursor:
            cursor.execute("truncate reading, reading_revision, series_state, ledger")
            cursor.execute("insert into series_state (series_id) select id from series")
    times = [[row[0] for row in table] for table in tables]
    assert times[0] == times[1] == times[2]
    assert [row[1] for row in tables[0]] == [row[1] for row in tables[1]]
    assert [row[1] for row in tables[0]] == [row[1] for row in tables[2]]


def test_a_failed_transaction_leaves_nothing_behind(owner, context, query):
    with owner.cursor() as cursor:
        cursor.execute("alter table ledger add check (received < 2)")
    owner.commit()
    with pytest.raises(Exception, match="ledger"):
        walk(owner, context, [message("R-01", level(1, -3)), message("R-01", level(1, -2))], NOW)
    owner.rollback()
    for table in ("reading", "ledger", "quarantine", "alert"):
        assert query(f"select count(*) from {table}") == [(0,)]


def test_each_message_is_let_go_once_with_the_commit_that_ends_it(owner, context, query):
    walk(owner, context, [message("R-01", level(1, -5))], NOW)
    news, late = message("R-01", level(2, -1)), message("R-01", level(3, -9))
    commits = []

    def committed(done):
        commits.append(([m.packet_id for m in done], query("select sum(received) from ledger")))

    walk(owner, context, [late, news], NOW, committed)
    assert commits == [([news.packet_id], [(2,)]), ([late.packet_id], [(3,)])]


def test_a_message_that_breaks_the_walk_is_buried_with_the_defect(owner, context, query):
    bury(owner, context.settings, message("R-01", level(1, -3)), ZeroDivisionError("by zero"))
    assert query("select code, reason from quarantine") == [
        ("internal", "a defect of ours: ZeroDivisionError: by zero")
    ]
    assert query(LEDGER) == [(1, 0, 0, 0, 1)]


def test_a_quarantined_message_walks_again_under_its_first_arrival_time(owner, context, query):
    late_station = message("R-02", {"v": {"level_m": 3}}, arrived=-3600)
    walk(owner, context, [late_station], NOW)
    added = DISTRICT.stations[0].model_copy(update={"code": "R-02", "curve": None})
    stations = (*DISTRICT.stations, added)
    sync(owner, DISTRICT.model_copy(update={"stations": stations}), NOW)
    found = replace(context, directory=load_directory(owner), replaying=True)
    letter = walk_again(owner, found, late_station, NOW)
    assert not letter.problems
    assert query(LEVELS, NOW) == [(-3600, 3.0, 0)]
    assert query("select received, stored from ledger where feed = 'replay'") == [(1, 1)]
    assert query("select count(*) from quarantine") == [(1,)]


def test_html_in_a_name_stays_text(take, query):
    name = "<img src=x onerror=alert(1)>"
    take(message("x", json.dumps({"v": {}}).encode(), topic=f"dongtai/v1/obs/{name}"))
    assert name in query("select topic from quarantine")[0][0]


def test_late_rows_commit_apart_from_live_ones(take, query):
    """One late row among live ones makes TimescaleDB invalidate weeks of every series."""
    take(message("R-01", level(1, -60)))
    take(message("R-01", level(2, -30)), message("R-01", level(3, -90)))
    rows = query(
        "select r.value, r.xmin::text from reading r join series s on s.id = r.series_id "
        "where s.metric = 'level_m' and r.value > 1 order by 1"
    )
    (live, live_transaction), (late, late_transaction) = rows
    assert (live, late) == (2, 3)
    assert live_transaction != late_transaction


def test_a_defect_of_the_judge_costs_no_reading(take, query, monkeypatch, caplog):
    """Of several messages the worker has to find the one first; alone it is stored unjudged."""

    def broken(*_args, **_named):
        raise ValueError("min() of nothing")

    monkeypatch.setattr("ingest.pipeline.judge_batch", broken)
    with pytest.raises(ValueError, match="nothing"):
        take(message("R-01", level(23.5, -65)), message("R-01", level(23.6, -5)))
    take(message("R-01", level(23.5, -5)))
    take(message("R-01", level(24.5, -5)))
    assert query(LEVELS, NOW) == [(-5, 24.5, 1)]
    said = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 3  # news twice, and the correction
    assert "dongtai/v1/obs/R-01" in said[0].getMessage()


def test_what_is_stored_unjudged_is_an_alert_until_its_series_is_judged_again(
    take, owner, monkeypatch
):
    def broken(*_args, **_named):
        raise ValueError("min() of nothing")

    def alerts():
        found = [(step.kind, step.watch.subject) for step in unjudged.check(owner, ())]
        owner.commit()
        return found

    seed(owner, AlertsSettings(), NOW)
    owner.commit()
    assert alerts() == []
    monkeypatch.setattr("ingest.pipeline.judge_batch", broken)
    take(message("R-01", level(23.5, -50)))
    take(message("R-01", level(23.6, -40)))
    assert alerts() == [("raised", "judge/R-01")]
    take(message("R-01", level(23.7, -40), arrived=1))  # a correction, not judged either
    monkeypatch.undo()
    take(message("R-02", level(23.5, -30)))
    assert alerts() == []
    take(message("R-01", level(23.5, -20)))
    assert alerts() == [("ended", "judge/R-01")]


def test_a_judge_without_a_database_is_tried_again(take, monkeypatch):
    def away(*_args, **_named):
        raise psycopg2.OperationalError("gone")

    monkeypatch.setattr("ingest.pipeline.judge_batch", away)
    with pytest.raises(psycopg2.OperationalError):
        take(message("R-01", level(23.5, -5)))
