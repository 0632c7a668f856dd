"""The API of the ledger, of completeness and of replays, on a real server and a real database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.environment.completeness import HOUR, Wanted, share
from tests import sample
from tests.dashboard.conftest import until
from tests.dashboard.test_api import problem

REPLAY = "/api/v1/quarantine/replay"
DONE = "select count(*) from replay_request"


def execute(statement, *values):
    return lambda conn: conn.cursor().execute(statement, values)


# ---- the ledger


def test_the_ledger_leaves_our_own_feeds_out_of_its_totals_and_says_so(desk):
    desk.write(
        execute(
            "insert into ledger (feed, hour, received, stored) select feed, "
            "date_trunc('hour', now(), 'UTC'), 7, 7 from unnest(array['canary', 'replay']) feed"
        )
    )
    with desk.client("viewer") as viewer:
        body = viewer.get("/api/v1/ledger").json()
    assert {"canary", "replay"} < {row["feed"] for row in body["rows"]}
    assert set(body["own"]) == {"canary", "derived", "replay"}
    real = [row for row in body["rows"] if row["feed"] not in body["own"]]
    assert body["totals"]["received"] == sum(row["received"] for row in real)
    assert body["totals"]["gap"] == 0


def test_a_gap_is_counted_in_every_feed_ours_included(desk):
    desk.write(execute("delete from quarantine where code = 'not_json'"))
    desk.write(execute("insert into ledger (feed, hour, received) values ('canary', now(), 2)"))
    with desk.client("viewer") as viewer:
        body = viewer.get("/api/v1/ledger").json()
        assert body["totals"]["gap"] == 3
        assert sorted(row["gap"] for row in body["rows"] if row["gap"]) == [1, 2]
        assert "dongtai_ledger_gap 3" in viewer.get("/metrics").text


def test_the_canary_is_on_the_page_in_metrics_and_in_readyz(desk):
    detail = '{"canary": "ingest", "team": ["ingest"]}'
    desk.write(execute("update heartbeat set detail = %s where process = 'ingest'", detail))
    with desk.client("viewer") as viewer:
        (one,) = viewer.get("/api/v1/ledger").json()["canaries"]
        assert (one["name"], one["stored_at"], one["age_s"]) == ("ingest", None, None)
        assert "dongtai_canary_age_seconds{" not in viewer.get("/metrics").text
        desk.write(execute("insert into canary values ('ingest', now(), now(), now(), 0.25)"))
        (one,) = viewer.get("/api/v1/ledger").json()["canaries"]
        assert one["delay_s"] == 0.25
        assert 0.25 <= one["age_s"] < 20
        text = viewer.get("/metrics").text
        assert 'dongtai_canary_delay_seconds{name="ingest"} 0.25' in text
        assert 'dongtai_canary_age_seconds{name="ingest"} ' in text
        assert viewer.get("/readyz").json()["canary"]["ingest"]["delay_s"] == 0.25


# ---- completeness


def test_each_station_has_what_it_should_have_sent_what_came_and_how_late(desk):
    since = datetime.now(UTC) - timedelta(days=30)
    desk.write(execute("update sensor set valid_from = %s, interval_s = 60", since))
    desk.write(
        execute(
            "update reading r set received_at = observed_at + interval '1 hour' from series q "
            "join station s on s.id = q.station_id where q.id = r.series_id and s.code = 'D-02' "
            "and observed_at > (select max(observed_at) from reading) - interval '20 minutes'"
        )
    )
    with desk.client("viewer") as viewer:
        body = viewer.get("/api/v1/completeness").json()
    found = {one["code"]: one for one in body["stations"]}
    assert set(found) == {row[0] for row in sample.STATIONS}
    assert len(body["hours"]) == 24
    level = found["R-03"]
    assert level["day"]["expected"] == 1440
    assert 0.9 < level["day"]["share"] <= 1
    assert level["week"]["expected"] == 7 * 1440
    assert level["week"]["usable"] < 1500
    assert level["strip"][-1] >= 0.9
    assert found["W-02"]["day"]["share"] == 0  # it never said a word
    assert found["W-02"]["lateness"] is None
    assert level["lateness"]["median_s"] == pytest.approx(1.5)
    assert level["lateness"]["late"] == 0
    assert 20 < found["D-02"]["lateness"]["late"] < 60
    assert found["R-02"]["day"]["expected"] == 2 * 1440  # the storage is computed here


def test_unusable_readings_are_not_complete_and_no_interval_is_never_all(desk):
    desk.write(execute("update sensor set valid_from = now() - interval '30 days'"))
    with desk.client("viewer") as viewer:

        def read():
            body = viewer.get("/api/v1/completeness").json()
            return {one["code"]: one for one in body["stations"]}

        before = read()["R-03"]["day"]["usable"]
        desk.write(
            execute(
                "update reading r set quality = 2 from series q join station s "
                "on s.id = q.station_id where q.id = r.series_id and s.code = 'R-03' and "
                "observed_at > now() - interval '10 hours'"
            )
        )
        desk.write(execute("update sensor set valid_to = now() where series_id in "
            "(select q.id from series q join station s on s.id = q.station_id "
            "where s.code = 'R-01')"))  # fmt: skip
        until(lambda: read()["R-03"]["day"]["usable"] < before - 300)
        gone = read()["R-01"]
    assert (gone["interval_set"], gone["day"]["share"], gone["week"]["share"]) == (
        False, None, None,
    )  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 2_000_000)), max_size=9))
def test_a_share_is_never_more_than_all_and_is_all_only_if_each_is(parts):
    found = share(parts)
    assert found["share"] is None or 0 <= found["share"] <= 1
    if found["usable"] == found["expected"]:
        assert all(usable >= int(expected) for expected, usable in parts)


def test_nothing_is_expected_before_a_series_existed():
    now = datetime(2026, 6, 1, 8, tzinfo=UTC)
    young = Wanted(60, now - HOUR)
    assert young.expected(now - 24 * HOUR, now) == 60
    assert young.expected(now - 24 * HOUR, now - 2 * HOUR) == 0
    assert Wanted(None, now - 24 * HOUR).expected(now - HOUR, now) == 0


# ---- the quarantine and its replay


def test_groups_say_how_many_wait_from_where_and_for_example(shared_desk):
    with shared_desk.client("duty") as duty:
        groups = {g["code"]: g for g in duty.get("/api/v1/quarantine").json()["groups"]}
    one = groups["not_number"]
    assert (one["count"], one["waiting"], one["feeds"]) == (1, 1, ["obs"])
    assert "<img src=x" in one["example"]


def test_a_replay_is_asked_for_once_and_waits_for_ingest(desk):
    with desk.client("environment") as environment, desk.client("administrator") as administrator:
        answer = environment.post(REPLAY, json={"code": "unknown_station"})
        assert answer.status_code == 202
        asked = answer.json()
        assert (asked["state"], asked["asked_by"], asked["replayed"]) == ("asked", "environment", 0)
        again = administrator.post(REPLAY, json={"code": "unknown_station"}).json()
        assert again == asked
        assert desk.rows(DONE) == [(1,)]
        assert environment.get("/api/v1/quarantine").json()["replays"] == [asked]
        assert environment.post(REPLAY, json={"code": None}).json()["id"] != asked["id"]
    assert desk.rows("select who, object from audit where action = 'asked for a replay'") == [
        ("environment", "unknown_station"), ("administrator", "unknown_station"),
        ("environment", None),
    ]  # fmt: skip


def test_the_same_key_asks_once_even_when_the_first_is_done(desk):
    headers = {"Idempotency-Key": "k-1"}
    with desk.client("environment") as environment:
        first = environment.post(REPLAY, json={"code": "not_json"}, headers=headers).json()
        desk.write(execute("update replay_request set started_at = now(), done_at = now()"))
        again = environment.post(REPLAY, json={"code": "not_json"}, headers=headers)
        assert again.json() == first
        assert desk.rows(DONE) == [(1,)]
        other = environment.post(REPLAY, json={"code": "not_number"}, headers=headers)
        assert "Idempotency-Key" in problem(other, 422)


def test_the_replay_of_a_reason_that_no_message_has_is_refused(desk):
    with desk.client("environment") as environment:
        answer = environment.post(REPLAY, json={"code": "unknown_statoin"})
        assert problem(answer, 422) == (
            "no message lies in quarantine for the reason 'unknown_statoin'; "
            "there are not_json, not_number, unknown_station"
        )
        # Put right, it is asked for, with the same key too: nothing was done under it.
        headers = {"Idempotency-Key": "k-1"}
        environment.post(REPLAY, json={"code": "unknown_statoin"}, headers=headers)
        right = environment.post(REPLAY, json={"code": "unknown_station"}, headers=headers)
        assert right.status_code == 202
    assert desk.rows(DONE) == [(1,)]
    assert desk.rows("select count(*) from audit where action = 'asked for a replay'") == [(1,)]


@pytest.mark.parametrize("role", ["viewer", "duty"])
def test_who_may_only_look_may_not_replay(shared_desk, role):
    with shared_desk.client(role) as client:
        problem(client.post(REPLAY, json={"code": None}), 403)


@pytest.mark.parametrize("body", [{}, {"code": 5}, {"code": "a\0"}, {"code": "x" * 101}, []])
def test_a_malformed_request_is_refused(shared_desk, body):
    with shared_desk.client("environment") as client:
        assert client.post(REPLAY, json=body).status_code in (400, 422)
