"""The ledger balances whatever comes, and says so when it does not."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from database.books import OWN, Line, canaries, ledger, summed
from ingest import canary
from ingest.message import Message
from ingest.pipeline import walk
from ingest.settings import KeepSettings
from ingest.upkeep import housekeeping, kept, reports
from tests.ingest.conftest import NOW, level, message

DAY = timedelta(days=1)
TOPICS = ("obs/R-01", "obs/R-99", "obs", "status/GW-1", "hj212/x", "canary/test", "canary/x", "zzz")
PAYLOADS = (
    json.dumps(level(1.0, -60)).encode(),
    json.dumps(level(2.0, -60)).encode(),
    json.dumps(level(3.0, -30)).encode(),
    json.dumps({"v": {"level_m": 4.0, "nothing": 1}}).encode(),
    json.dumps({"sent": NOW.isoformat()}).encode(),
    b"online", b"", b"\xff", b"[]",
)  # fmt: skip
ANYTHING = st.lists(
    st.tuples(st.sampled_from(TOPICS), st.sampled_from(PAYLOADS), st.integers(-9000, 0)),
    min_size=1,
    max_size=25,
)
EMPTY = "truncate reading, reading_revision, ledger, quarantine, canary cascade"


def messages(told) -> list[Message]:
    return [
        message("", payload, topic=f"dongtai/v1/{topic}", arrived=arrived)
        for topic, payload, arrived in told
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ANYTHING, st.integers(1, 9))
def test_whatever_comes_is_accounted_for_and_a_row_that_is_deleted_is_missed(
    owner, context, query, told, size
):
    with owner.cursor() as cursor:
        cursor.execute(EMPTY)
    sent = messages(told)
    for first in range(0, len(sent), size):
        walk(owner, context, sent[first : first + size], NOW)
    lines = ledger(owner, NOW - DAY, NOW + DAY)
    assert [line for line in lines if line.gap] == []
    assert sum(line.received for line in lines) == len(sent)
    for table in ("quarantine where id = (select min(id) from quarantine)", "ledger"):
        count = query(f"select count(*) from {table}")[0][0]
        with owner.cursor() as cursor:
            cursor.execute(f"delete from {table}")
        found = sum(line.gap for line in ledger(owner, NOW - DAY, NOW + DAY))
        # Without its ledger, each message that lies in quarantine is one that nobody counted.
        there = query("select count(*) from quarantine")[0][0]
        assert found == (there if table == "ledger" else count)
        owner.rollback()


@pytest.mark.parametrize("outcome", ["received", "stored", "duplicate", "revised", "quarantined"])
def test_a_count_that_is_off_by_one_is_a_gap_of_its_hour(owner, context, capsys, outcome):
    walk(owner, context, [message("R-01", level(1, -3)), message("R-01", b"?")], NOW)
    assert reports.ledger(owner, NOW + timedelta(minutes=1), 24) == 0
    assert capsys.readouterr().out.rstrip().endswith("\nbalanced")
    with owner.cursor() as cursor:
        cursor.execute(f"update ledger set {outcome} = {outcome} + 1")
    assert reports.ledger(owner, NOW + timedelta(minutes=1), 24) == 1
    said = capsys.readouterr().out
    assert "NOT BALANCED" in said
    assert "obs 2026-06-01 08:00Z: " in said


def test_one_error_never_hides_another():
    short, over = Line("obs", NOW, received=1), Line("obs", NOW, stored=1)
    assert (short.gap, over.gap, summed([short, over]).gap) == (1, 1, 2)


def test_pruning_in_small_batches_leaves_the_sums_and_the_balance(owner, context, query, stopped):
    old = -100 * 86400
    sent = [message("R-01", b"?", arrived=old + n) for n in range(7)]
    walk(owner, context, [*sent, message("R-01", b"?"), message("R-01", level(1, -3))], NOW)
    with owner.cursor() as cursor:  # ages are counted to the database's clock
        cursor.execute("update quarantine set received_at = received_at + (now() - %s)", (NOW,))
        cursor.execute("update ledger set hour = date_trunc('hour', hour + (now() - %s), 'UTC')",
                       (NOW,))  # fmt: skip
    owner.commit()
    lines = [(line.feed, line.quarantined) for line in ledger(owner, NOW - DAY, NOW + 1000 * DAY)]
    assert kept.prune(owner, 90, 3) == 3
    owner.commit()
    assert housekeeping.prune(owner, KeepSettings(), stopped) == 4
    assert query("select count(*) from quarantine") == [(1,)]
    after = ledger(owner, NOW - 1000 * DAY, NOW + 1000 * DAY)
    assert sum(line.pruned for line in after) == 7
    assert sum(line.quarantined for line in after) == 8
    assert lines
    assert [line for line in after if line.unaccounted or line.missing] == []


def test_canaries_and_replays_are_counted_beside_the_feeds(owner, context):
    sung = message("", {"sent": NOW.isoformat()}, topic="dongtai/v1/canary/test")
    walk(owner, context, [sung, message("R-01", level(1, -3))], NOW)
    lines = ledger(owner, NOW - DAY, NOW + DAY)
    assert {line.feed for line in lines} >= {"canary", "obs"}
    assert summed(line for line in lines if line.feed not in OWN).line.received == 1


# ---- the canary


def test_a_canary_is_stored_once_with_its_way_and_is_no_reading(owner, context, query):
    sent = NOW - timedelta(seconds=2)
    sung = message("", {"sent": sent.isoformat()}, topic="dongtai/v1/canary/test", arrived=-1)
    walk(owner, context, [sung], NOW)
    walk(owner, context, [sung], NOW)
    assert query("select name, sent_at, delay_s from canary") == [("test", sent, 2.0)]
    assert query("select received, stored, duplicate from ledger where feed = 'canary'") == [
        (2, 1, 1)
    ]
    assert query("select count(*) from reading") == [(0,)]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("canary/other", json.dumps({"sent": NOW.isoformat()}).encode()),
        ("canary/test", b"tweet"),
        ("canary/test", b'{"sent": 5}'),
        ("canary/test", b'{"sent": "2026-06-01T08:00:00"}'),
        ("canary/test", json.dumps({"sent": (NOW + timedelta(hours=1)).isoformat()}).encode()),
        ("canary/test", b"[" * 100_000),
    ],
)
def test_what_is_not_our_canary_is_kept_and_proves_nothing(owner, context, query, topic, payload):
    walk(owner, context, [message("", payload, topic=f"dongtai/v1/{topic}")], NOW)
    assert query("select code from quarantine") == [("not_a_canary",)]
    assert query("select count(*) from canary") == [(0,)]


def test_the_age_of_a_canary_includes_its_way_and_none_is_said_as_none(owner):
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into heartbeat values ('ingest', now(), now(), '{\"canary\": \"ingest\"}')"
        )
    (one,) = canaries(owner)
    assert (one.name, one.age_s, one.delay_s) == ("ingest", None, None)
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into canary values ('ingest', now(), now(), now() - interval '5 s', 40),"
            " ('gone', now(), now(), now(), 1)"
        )
    (one,) = canaries(owner)
    assert one.age_s == pytest.approx(45, abs=5)


def test_canaries_are_forgotten(owner, query):
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into canary select 'ingest', at, at, at, 0.1"
            " from generate_series(now() - interval '9 days', now(), interval '1 day') at"
        )
    canary.forget(owner, 7)
    assert query("select count(*) from canary") == [(7,)]


def test_the_quarantine_is_listed_by_reason_and_harmless_to_a_terminal(owner, context, capsys):
    walk(owner, context, [message("R-\x1b[31m", b"?"), message("R-01", b"?")], NOW)
    assert reports.quarantine(owner) == 0
    said = capsys.readouterr().out
    assert "unknown_station" in said
    assert "not_json" in said
    assert "\x1b" not in said
