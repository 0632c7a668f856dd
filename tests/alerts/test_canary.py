"""The canary in the database: one that stops coming is the one alert of ingest; and pruning."""

from datetime import timedelta

import pytest

from alerts.clock import Pace, tick_once
from alerts.judging import Judge
from alerts.outbox import prune
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import list_alerts
from alerts.wording import say
from database.pool import connect
from tests.alerts.conftest import NOW

PACE = Pace(timedelta(seconds=10), NOW - timedelta(days=900), timedelta(seconds=180))


@pytest.fixture
def ingest(database):
    conn = connect(database, "ingest", application="test")
    seed(conn, AlertsSettings(), NOW)
    conn.commit()
    yield conn
    conn.close()


@pytest.fixture
def judge(ingest):
    return Judge.load(ingest)


@pytest.fixture
def beat(ingest):
    """Ingest beats, connected so many seconds ago, with canaries that came as long ago."""

    def beats(connected_s, *came_s, name="ingest", way_s=1):
        with ingest.cursor() as cursor:
            cursor.execute(
                "insert into heartbeat (process, at, up_since, detail) values ('ingest',"
                " clock_timestamp(), now(), jsonb_build_object('canary', %s::text,"
                " 'connected_since', clock_timestamp() - make_interval(secs => %s),"
                " 'caught_up_at', clock_timestamp()))"
                " on conflict (process) do update set at = excluded.at, detail = excluded.detail",
                (name, connected_s),
            )
            for age_s in came_s:
                cursor.execute(
                    "insert into canary select 'ingest', at, at, at, %s"
                    " from (select clock_timestamp() - make_interval(secs => %s)) x (at)",
                    (way_s, age_s),
                )
        ingest.commit()

    return beats


def steps(conn, judge) -> list[str]:
    found = tick_once(conn, judge, PACE)
    conn.commit()
    return [f"{step.kind} {step.reason.code}" for step in found]


def test_a_canary_that_stays_away_is_one_alert_and_the_next_one_ends_it(ingest, judge, beat, owner):
    beat(9000, 170, 400)
    assert steps(ingest, judge) == []
    with owner.cursor() as cursor:
        cursor.execute("update canary set stored_at = stored_at - interval '20 seconds'")
    owner.commit()
    assert steps(ingest, judge) == ["raised canary_silent"]
    assert steps(ingest, judge) == []
    beat(9000, 1)
    assert steps(ingest, judge) == ["ended ingest_back"]


def test_a_canary_on_a_very_long_way_proves_nothing_of_now(ingest, judge, beat):
    beat(9000, 5, way_s=300)
    assert steps(ingest, judge) == ["raised canary_silent"]
    (alert,) = list_alerts(ingest, state="open").alerts
    assert (alert.rule, alert.subject) == ("SYSTEM-INGEST", "ingest")
    assert steps(ingest, judge) == []
    beat(9000, 2)
    assert steps(ingest, judge) == ["ended ingest_back"]


def test_one_that_never_came_counts_from_the_connection(ingest, judge, beat):
    beat(170)
    assert steps(ingest, judge) == []
    beat(190)
    (step,) = tick_once(ingest, judge, PACE)
    words = say(step.reason)
    assert "探测消息已 3 分钟" in words["zh"]
    assert "no canary has come the whole way for 3 minutes" in words["en"]


def test_where_none_is_sent_none_is_missed(ingest, judge, beat):
    beat(9000, 8000, name=None)
    assert steps(ingest, judge) == []


def test_who_was_told_is_forgotten_in_small_batches_and_alerts_stay(ingest, put_alert):
    for number in range(5):
        put_alert(f"A{number}")
    with ingest.cursor() as cursor:
        cursor.execute(
            "insert into message (transition_id, receiver, delivered_at, given_up_at)"
            " select id, 'hook', case when id % 2 = 0 then now() - interval '91 days' end,"
            " case when id % 2 = 1 then now() - interval '91 days' end from alert_transition"
        )
        cursor.execute(
            "insert into message (transition_id, receiver, delivered_at)"
            " select id, 'log', now() - interval '89 days' from alert_transition"
        )
        cursor.execute(
            "insert into message (transition_id, receiver, next_try_at)"
            " select id, 'slow', now() - interval '99 days' from alert_transition"
        )
        ingest.commit()
        assert [prune(ingest, 90, 2) for _ in range(4)] == [2, 2, 1, 0]
        cursor.execute("select receiver, count(*) from message group by 1 order by 1")
        assert cursor.fetchall() == [("log", 5), ("slow", 5)]
        cursor.execute("select count(*) from alert")
        assert cursor.fetchall() == [(5,)]
