"""A history comes in once, vetted as if it had come live, and tells nobody."""

import random
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.clock import Pace, tick_once
from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.ground import ground_of
from database.pool import connect
from ingest.imports import store as import_store
from ingest.pipeline import walk
from tests.ingest.conftest import NOW, message
from tests.ingest.histories import (
    AIR,
    BEFORE,
    LEVEL,
    READINGS,
    STATES,
    balanced,
    bring_by,
    emptied,
    levels,
    minutes,
    settled,
)


@pytest.fixture
def place(owner):
    return settled(owner)


@pytest.fixture
def bring(owner, place):
    return bring_by(owner, place)


def test_as_if_each_reading_had_come_live_in_order(owner, place, context, bring, query, tmp_path):
    """Bits, values, derived readings and what vetting remembers for the next live reading."""
    live = replace(context, directory=place.directory, judge=place.judge)
    steps = st.tuples(
        st.sampled_from([1, 5, 90, 200]),  # minutes: beyond stuck_after_s too
        st.sampled_from([1.0, 1.0, 1.2, 2.0, -3.0, 150.0, None]),
    )

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(steps, min_size=1, max_size=40), st.integers(1, 50))
    def holds(found, size):
        at, rows = BEFORE, []
        for gap, value in found:
            at += timedelta(minutes=gap)
            rows.append((at, value))
        emptied(owner)
        for when, value in rows:
            body = {"t": when.isoformat(), "v": {"level_m": value}, "o": "recorded"}
            arrived = (when - NOW).total_seconds()
            walk(owner, live, [message("R-01", body, arrived=arrived)], NOW)
        expected = query(READINGS), query(STATES)
        emptied(owner)
        written = [(when, "-" if value is None else value) for when, value in rows]
        path = levels(tmp_path / "history.csv", written)
        bring(path, {**LEVEL, "missing": ["-"]}, size=size)
        assert (query(READINGS), query(STATES)) == expected

    holds()


def test_the_air_has_the_aqi_that_it_would_have_had_live(
    owner, place, context, bring, query, tmp_path
):
    live = replace(context, directory=place.directory, judge=place.judge)
    hour = st.tuples(*[st.sampled_from([None, 3, 40, 90, 7000])] * len(AIR))

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(hour, min_size=1, max_size=12), st.integers(1, 40))
    def holds(hours, size):
        moments = [NOW - timedelta(minutes=40 * n) for n in range(len(hours), 0, -1)]
        rows = list(zip(moments, hours, strict=True))
        emptied(owner)
        for at, values in rows:
            body = {"t": at.isoformat(), "v": dict(zip(AIR, values, strict=True)), "o": "recorded"}
            arrived = (at - NOW).total_seconds()
            walk(owner, live, [message("A-01", body, arrived=arrived)], NOW)
        expected = query(READINGS), query(STATES)
        emptied(owner)
        cells = [(at, ",".join("-" if v is None else str(v) for v in row)) for at, row in rows]
        path = levels(tmp_path / "air.csv", cells, header=",".join(("t", *AIR)))
        columns = {metric: metric for metric in AIR}
        mapping = {"station": "A-01", "time": "t", "columns": columns, "missing": ["-"]}
        bring(path, mapping, size=size)
        assert (query(READINGS), query(STATES)) == expected

    holds()


def test_old_weeks_take_a_history_that_fills_gaps_and_corrects(bring, owner, query, tmp_path):
    """Where the ground is TimescaleDB the weeks are compressed first."""
    rows = minutes(*(n / 10 for n in range(12)))
    bring(levels(tmp_path / "half.csv", rows[::2]), LEVEL)
    if ground_of(owner) == "timescale":
        assert query("select public.compress_chunk(c) from public.show_chunks('reading') c")
        owner.commit()
    corrected = [*rows[:4], (rows[4][0], 9.5), *rows[5:]]
    run = bring(levels(tmp_path / "whole.csv", corrected), LEVEL, size=5)
    assert balanced(run) == (6, 5, 1, 0)
    measured = [row for row in query(READINGS) if row[1] == "level_m"]
    assert [(row[2], row[3]) for row in measured] == corrected
    assert [row[3] for row in query(READINGS) if row[1] == "storage_m3"] == pytest.approx(
        [value * 10 for _, value in corrected]
    )
    assert query("select value, replaced_by from reading_revision") == [(0.4, "import test, row 5")]
    assert bring(tmp_path / "whole.csv", LEVEL).finished_at, "which it was"


def test_an_imported_reading_has_the_marks_that_people_made_of_its_time(
    bring, owner, query, tmp_path
):
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into mark (series_id, from_at, until_at, verdict, reason, who) "
            "select id, %s, %s, 'invalid', 'cleaned', 'test' from series where metric = 'level_m'",
            (BEFORE, BEFORE + timedelta(minutes=10)),
        )
    owner.commit()
    bring(levels(tmp_path / "old.csv", minutes(1, 1.1, 1.2)), LEVEL)
    marked = [(row[1], row[4] & 2048) for row in query(READINGS)]
    assert marked == [(m, bit) for m in ("level_m", "storage_m3") for bit in (2048, 2048, 0)]


class Killed(Exception):
    pass


def test_killed_at_any_moment_and_started_again_is_the_same_as_in_one_go(
    owner, bring, query, tmp_path, monkeypatch
):
    """Repeats, corrections, refusals and disorder included; the transaction is lost each time."""
    moved = import_store.move
    rows = st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from(["1", "1.1", "9", "", "x", "-"])),
        min_size=1,
        max_size=80,
    )

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rows, st.integers(1, 30), st.lists(st.integers(1, 6), max_size=3))
    def holds(found, size, kills):
        path = levels(
            tmp_path / "history.csv",
            [(BEFORE, "1"), *((BEFORE + timedelta(minutes=n), value) for n, value in found)],
        )
        mapping = {**LEVEL, "missing": ["-"]}
        emptied(owner)
        monkeypatch.setattr(import_store, "move", moved)
        expected = balanced(bring(path, mapping, size=size)), query(READINGS), query(STATES)
        refused = query("select row_number, code from import_refused order by id")
        emptied(owner)
        for after in kills:
            left = [after]

            def dying(*arguments, left=left):
                left[0] -= 1
                moved(*arguments)
                if not left[0]:
                    raise Killed

            monkeypatch.setattr(import_store, "move", dying)
            try:
                bring(path, mapping, size=size)
            except Killed:
                owner.rollback()
        monkeypatch.setattr(import_store, "move", moved)
        bring(path, mapping, size=size)
        ((*sums, done),) = query(
            "select read, stored, duplicate, revised, refused, rows_done from import_run"
        )
        assert tuple(sums[1:]) == expected[0]
        assert sums[0] == sum(sums[1:])
        assert done == len(found) + 1
        assert (query(READINGS), query(STATES)) == expected[1:]
        assert query("select row_number, code from import_refused order by id") == refused

    holds()


def test_nobody_is_paged_and_no_alert_opens_or_ends(bring, owner, place, context, query, tmp_path):
    live = replace(context, directory=place.directory, judge=place.judge)
    body = {"t": NOW.isoformat(), "v": {"level_m": 0.9}}
    walk(owner, live, [message("R-01", body)], NOW)
    tables = ("alert", "alert_transition", "outbox", "rule_state")
    before = {table: query(f"select * from {table}") for table in tables}
    assert before["alert"], "the live reading must have opened one"
    calm = levels(tmp_path / "calm.csv", minutes(*[0.1] * 50))
    high = levels(tmp_path / "high.csv", [(NOW + timedelta(hours=1), 0.1)])
    storm = levels(tmp_path / "storm.csv", minutes(*[0.9] * 50, step=7))
    for path in (calm, storm, high):
        bring(path, LEVEL)
    assert {table: query(f"select * from {table}") for table in tables} == before
    # The newest reading has moved, and what comes live after it is judged.
    later = {"t": (NOW + timedelta(hours=2)).isoformat(), "v": {"level_m": 0.1}}
    walk(owner, live, [message("R-01", later, arrived=7200)], NOW + timedelta(hours=2))
    assert query("select count(*) from alert where ended_at is null") == [(0,)]


def test_the_history_of_a_new_station_is_not_taken_for_its_silence(
    bring, owner, place, query, tmp_path
):
    """The device has had no time yet to say a word; ingest has listened for long."""
    silence = {
        "code": "SILENT",
        "label": {"zh": "无数据", "en": "No data"},
        "metric": "level_m",
        "kind": "reservoir",
        "when": "no_data",
        "patience_s": 600,
        "grade": "orange",
    }
    rules = AlertsSettings.model_validate({"rules": [silence]})
    seed(owner, rules, NOW)
    now = datetime.now(UTC)
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into heartbeat (process, at, up_since, detail) "
            "values ('ingest', %s, %s, jsonb_build_object('connected_since', %s::timestamptz, "
            "'caught_up_at', %s::timestamptz))",
            (now, BEFORE, BEFORE, now),
        )
    owner.commit()
    bring(levels(tmp_path / "old.csv", minutes(0.1, 0.1)), LEVEL)
    pace = Pace(heartbeat=timedelta(minutes=5), watching_since=BEFORE)
    judge = Judge.load(owner)
    assert tick_once(owner, judge, pace) == []
    with owner.cursor() as cursor:
        cursor.execute("update series set created_at = created_at - interval '11 minutes'")
    assert [step.kind for step in tick_once(owner, judge, pace)] == ["raised"]


def test_a_history_older_than_the_newest_reading_leaves_the_live_end_alone(
    bring, owner, place, context, query, tmp_path
):
    live = replace(context, directory=place.directory, judge=place.judge)
    walk(owner, live, [message("R-01", {"t": NOW.isoformat(), "v": {"level_m": 0.2}})], NOW)
    before = query("select * from series_state order by series_id")
    run = bring(levels(tmp_path / "old.csv", minutes(*[1.0, 1.1, 9.9] * 5)), LEVEL, size=4)
    assert balanced(run) == (15, 0, 0, 0)
    assert query("select * from series_state order by series_id") == before
    rate = query("select count(*)::int from reading where value = 9.9 and quality & 4 = 4")
    assert rate == [(5,)], "the history is vetted by its own memory"


def test_what_rules_still_page_for_is_left_to_the_live_path(bring, query, tmp_path):
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [(now - timedelta(hours=hours), 0.9) for hours in (30, 20, 0)]
    run = bring(levels(tmp_path / "today.csv", rows), LEVEL)
    assert balanced(run) == (2, 0, 0, 1)
    assert query("select row_number, code from import_refused") == [(3, "live_window")]


def test_the_past_that_changed_is_remembered_for_the_rollups(bring, owner, query, tmp_path):
    with owner.cursor() as cursor:
        cursor.execute("drop rule if exists touched_nothing on touched")
    owner.commit()
    bring(levels(tmp_path / "old.csv", minutes(1, 1.1, 1.2)), LEVEL)
    last = BEFORE + timedelta(minutes=10)
    assert query("select since, until from touched") == [(BEFORE, last)]
    bring(levels(tmp_path / "again.csv", minutes(1, 1.1)), LEVEL)
    assert query("select count(*) from touched") == [(1,)], "repeats change nothing"


def test_a_second_file_is_vetted_as_if_the_first_went_on(
    bring, owner, place, context, query, tmp_path
):
    """Though both are older than what is live, and the import of the first has ended."""
    live = replace(context, directory=place.directory, judge=place.judge)
    walk(owner, live, [message("R-01", {"t": NOW.isoformat(), "v": {"level_m": 0.2}})], NOW)
    rows = minutes(*[1.0] * 12, *[3.0] * 30)
    first, second = levels(tmp_path / "a.csv", rows[:20]), levels(tmp_path / "b.csv", rows[20:])
    bring(levels(tmp_path / "whole.csv", rows), LEVEL)
    expected = query(READINGS)
    with owner.cursor() as cursor:
        cursor.execute("delete from reading where observed_at < %s", (NOW - timedelta(days=9),))
    owner.commit()
    bring(first, LEVEL)
    bring(second, LEVEL)
    assert query(READINGS) == expected
    assert query("select count(*)::int from reading where quality & 8 = 8") == [(6,)]


def test_live_readings_during_an_import_are_stored_judged_and_counted_once(
    bring, owner, database, place, context, query, tmp_path
):
    """The same series, the same times, several of them, both ways round."""
    live = replace(context, directory=place.directory, judge=place.judge)
    rows = minutes(*[0.1] * 3000, step=1)
    path = levels(tmp_path / "history.csv", rows)
    chance = random.Random(5)
    messages = [
        message("R-01", {"t": at.isoformat(), "v": {"level_m": value}}, arrived=0)
        for at, value in chance.sample(rows, 300)
    ]
    newest = [
        message("R-01", {"t": (NOW + timedelta(seconds=n)).isoformat(), "v": {"level_m": 0.9}})
        for n in range(1, 20)
    ]
    said = iter([*messages[:150], newest[0], *messages[150:], *newest[1:]])
    sender = connect(database, "ingest", application="test sender")
    other = connect(database, "ingest", application="test import")
    failed = []

    def publish():
        try:
            while batch := list(islice(said, 4)):
                walk(sender, live, batch, NOW)
        except Exception as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    thread = threading.Thread(target=publish)
    thread.start()
    run = bring(path, LEVEL, size=60, conn=other)
    thread.join()
    sender.close()
    other.close()
    assert failed == []
    stored, duplicate, revised, refused = balanced(run)
    assert (stored + duplicate, revised, refused) == (len(rows), 0, 0)
    assert query(
        "select count(*)::int from reading r join series q on q.id = r.series_id "
        "where q.metric = 'level_m'"
    ) == [(len(rows) + 19,)]
    ((received, outcomes),) = query(
        "select sum(received)::int, sum(stored + duplicate + revised + quarantined)::int "
        "from ledger"
    )
    assert received == outcomes == 319
    assert query("select count(*)::int from alert where ended_at is null") == [(1,)]
    assert query("select max(observed_at) from series_state") == [(NOW + timedelta(seconds=19),)]


@pytest.mark.parametrize(("value", "revised"), [(0.9, 0), (0.1, 1)])
def test_news_whose_row_is_stored_already_is_judged_and_not_lost(
    owner, place, context, query, value, revised
):
    """Somebody put a reading newer than the live end into the table."""
    live = replace(context, directory=place.directory, judge=place.judge)
    at = NOW - timedelta(seconds=5)
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into reading (series_id, observed_at, value, quality, received_at) "
            "select q.id, %s, %s, 0, %s from series q where metric = 'level_m'",
            (at, value, at),
        )
    owner.commit()
    times = (at - timedelta(seconds=1), at, at + timedelta(seconds=1))
    bodies = [{"t": when.isoformat(), "v": {"level_m": 0.9}} for when in times]
    walk(owner, live, [message("R-01", body) for body in bodies], NOW)
    assert query(
        "select r.observed_at, r.value, r.revision from reading r join series q "
        "on q.id = r.series_id where q.metric = 'level_m' order by 1"
    ) == [(when, 0.9, revised if when == at else 0) for when in times]
    assert query("select value from reading_revision") == [(0.1,)] * revised
    assert query("select count(*) from alert") == [(1,)]
    assert query("select sum(received)::int, sum(stored)::int from ledger") == [(3, 3)]


FLAGS = ("--station", "R-01", "--time", "t", "--column", "level=level_m")
