"""Means, rates, groups and devices in the database: what is kept, locked, read back and ended."""

import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from psycopg2.extras import execute_values

from alerts.clock import Pace, tick_once, withdraw_uncovered
from alerts.judging import Judge, judge_batch, tell_untold, worth_judging
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import get_alert, list_alerts, open_alerts
from database.pool import connect
from sensors.reading import Quality, Reading
from tests.alerts.conftest import NOW
from tests.alerts.test_composites import composite
from tests.alerts.timeline import absence, rule
from tests.servers.waiting import until

FLOOD = {"metric": "level_m", "kind": "reservoir", "when": "above", "unit": "m", "limit": 23.5}
TWO = composite(when="at_least", grades={"orange": 2, "red": 3}, per="rule", of=[FLOOD])
MEAN = rule(code="MEAN", grades={"orange": 23.5}, mean_over_s=3600)
RATE = rule(code="RATE", when="rate", grades={"orange": 2}, window_s=720)
OFFLINE = absence(code="OFFLINE", when="offline", metric=None, patience_s=60)


@pytest.fixture
def ingest(database, district):
    conn = connect(database, "ingest", application="test")
    yield conn
    conn.close()


@pytest.fixture
def under(ingest):
    """`under(rule, ...)`: the judge of these rules."""

    def under(*rules):
        seed(ingest, AlertsSettings(rules=rules), NOW)
        ingest.commit()
        return Judge.load(ingest)

    return under


@pytest.fixture
def take(ingest, district):
    """`take(judge, "R-01", minute, level)`: one reading is judged, stored and committed."""

    def take(judge, station, minute, level, *, now=None, judged=True, conn=ingest):
        at = NOW + timedelta(minutes=minute)
        number = district[f"{station}/level_m"]
        one = Reading(number, station, "level_m", at, at, level, Quality.GOOD)
        moment = at if now is None else NOW + timedelta(minutes=now)
        steps = []
        with conn.cursor() as cursor:
            cursor.execute("select from series_state where series_id = %s for update", (number,))
            if judged:
                steps = judge_batch(conn, judge, [one], moment)
            cursor.execute(
                "update series_state set observed_at = %s, received_at = %s, value = %s,"
                " quality = 0, origin = 0 where series_id = %s",
                (at, at, level, number),
            )
            cursor.execute(
                "insert into reading (series_id, observed_at, value, quality, received_at)"
                " values (%s, %s, %s, 0, %s)",
                (number, at, level, at),
            )
        conn.commit()
        return [(step.kind, step.grade) for step in steps]

    return take


@pytest.fixture
def states(owner):
    """What is remembered, by subject."""

    def read():
        with owner.cursor() as cursor:
            cursor.execute("select subject, state from rule_state order by subject")
            found = dict(cursor.fetchall())
        owner.rollback()
        return found

    return read


def test_a_mean_knows_the_stored_hour_that_nobody_had_to_judge(under, take, states):
    """Readings behind the limit are not judged at all; the first one beyond needs their hour."""
    judge = under(MEAN)
    for minute in range(60):
        take(judge, "R-01", minute, 23.0, judged=False)
    assert states() == {}
    assert take(judge, "R-01", 60, 30.0) == []
    assert "window" in states()["R-01/level_m"]
    found = [take(judge, "R-01", 61 + n, 30.0) for n in range(10)]
    raised = next(n for n, steps in enumerate(found) if steps)
    # n readings of 30 and 60 - n of 23 are more than 23.5 on the average from n = 5 on.
    assert (raised, found[raised]) == (3, [("raised", "orange")])


def test_a_restart_amid_a_mean_changes_nothing(under, take):
    judge = under(MEAN)
    for minute in range(60):
        take(judge, "R-01", minute, 23.0, judged=False)
    found = [take(under(MEAN), "R-01", 60 + n, 30.0) for n in range(6)]
    assert [n for n, steps in enumerate(found) if steps] == [4]


def test_a_corrected_reading_is_in_its_mean_once(under, take, ingest, district):
    judge = under(rule(code="MEAN", grades={"orange": 24}, mean_over_s=600))
    for minute in range(10):
        take(judge, "R-01", minute, 23.9)
    assert take(judge, "R-01", 10, 24.8) == []
    at = NOW + timedelta(minutes=10)
    one = Reading(*(district["R-01/level_m"], "R-01", "level_m", at, at, 23.0, Quality.GOOD))
    assert judge_batch(ingest, judge, [one], at, corrected=True) == []
    assert judge_batch(ingest, judge, [replace(one, value=25.0)], at, corrected=True) != []
    ingest.rollback()


def test_a_rate_is_judged_from_stored_readings_after_a_restart(under, take):
    judge = under(RATE)
    steps = []
    for minute in range(20):
        steps += take(judge, "R-01", minute, 20 + 0.1 * minute)
        judge = under(RATE)
    assert steps == [("raised", "orange")]


def test_which_readings_of_a_mean_have_to_be_judged(under, take, ingest, district):
    judge, number = under(MEAN), district["R-01/level_m"]

    def worth(*values):
        series = np.full(len(values), number, np.int32)
        at = np.arange(len(values), dtype=np.int64)
        bits = np.zeros(len(values), np.int16)
        return worth_judging(ingest, judge, series, at, np.array(values), bits, at).tolist()

    assert worth(23.0, 23.5) == [False, False]
    assert worth(23.0, 23.6) == [True, True]
    take(judge, "R-01", 0, 30.0)
    assert worth(23.0) == [True], "while a reading beyond the limit is in the window"


# ---- groups


def test_a_group_is_one_alert_and_its_members_have_none(under, take, ingest, states):
    judge = under(TWO)
    assert take(judge, "R-01", 0, 24) == []
    assert take(judge, "R-02", 1, 24) == [("raised", "orange")]
    assert take(judge, "R-03", 2, 24) == [("stepped_up", "red")]
    (alert,) = open_alerts(ingest)
    assert (alert.subject, alert.station, alert.metric) == ("rule/BOTH", None, None)
    assert (alert.value, alert.limit) == (3, 3)
    assert {"R-01/level_m#0", "rule/BOTH"} <= states().keys()
    take(judge, "R-01", 3, 23)
    take(judge, "R-02", 4, 23)
    ended = get_alert(ingest, alert.id)
    assert [(s.kind, s.grade) for s in ended.steps][-2:] == [
        ("stepped_down", "orange"),
        ("ended", "orange"),
    ]
    assert ended.evidence["rule"]["code"] == "BOTH"


def test_a_group_per_station_is_an_alert_of_the_station(under, take, ingest):
    of = [FLOOD, FLOOD | {"limit": 25}]
    judge = under(composite(when="all", grade="red", of=of))
    take(judge, "R-02", 0, 26)
    (alert,) = open_alerts(ingest)
    assert (alert.subject, alert.station, alert.department) == ("station/R-02", "R-02", "water")


def test_two_workers_that_judge_members_of_one_group_miss_nothing(
    database, district, under, take, ingest
):
    """Each holds its own series; the group's state is what both wait for."""
    judge = under(TWO)
    other = connect(database, "ingest", application="test other")
    number = district["R-02/level_m"]
    one = Reading(number, "R-02", "level_m", NOW, NOW, 24.0, Quality.GOOD)
    try:
        with ingest.cursor() as cursor:
            cursor.execute(
                "select from series_state where series_id = %s for update",
                (district["R-01/level_m"],),
            )
        first = Reading(
            *(district["R-01/level_m"], "R-01", "level_m", NOW, NOW, 24.0, Quality.GOOD)
        )
        assert judge_batch(ingest, judge, [first], NOW) == []
        steps = []

        def second():
            with other.cursor() as cursor:
                cursor.execute(
                    "select from series_state where series_id = %s for update", (number,)
                )
            steps.extend(judge_batch(other, judge, [one], NOW))
            other.commit()

        thread = threading.Thread(target=second)
        thread.start()
        until(lambda: waits(database, other), "the second waits for the group's row")
        ingest.commit()
        thread.join(30)
        assert [(step.kind, step.grade) for step in steps] == [("raised", "orange")]
    finally:
        ingest.rollback()
        other.close()


def waits(database, other):
    conn = connect(database, None, application="looking")
    try:
        with conn.cursor() as cursor:
            cursor.execute(
                "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s",
                (other.info.backend_pid,),
            )
            return cursor.fetchone()[0]
    finally:
        conn.close()


def test_a_group_left_untold_by_a_backlog_is_told_at_its_end(under, take, ingest):
    judge = under(TWO)
    take(judge, "R-01", 0, 24, now=10)
    take(judge, "R-02", 1, 24, now=10)
    assert open_alerts(ingest)[0].announced_at is None
    later = NOW + timedelta(minutes=11)
    with ingest.cursor() as cursor:
        cursor.execute("update rule_state set changed_at = %s", (later - timedelta(seconds=5),))
    told = tell_untold(ingest, judge, later, settled=True)
    ingest.commit()
    assert [(step.kind, step.page) for step in told] == [("announced", True)]
    assert tell_untold(ingest, judge, later, settled=True) == []


def test_a_group_that_the_rule_does_not_cover_any_more_ends(under, take, ingest):
    judge = under(TWO)
    take(judge, "R-01", 0, 24)
    take(judge, "R-02", 1, 24)
    fewer = composite(
        when="at_least",
        grades={"orange": 2},
        per="rule",
        of=[FLOOD | {"kind": None, "stations": ["R-02", "R-03"]}],
    )
    judge = under(fewer)
    steps = withdraw_uncovered(ingest, judge)
    ingest.commit()
    assert [step.kind for step in steps] == ["ended"]
    assert withdraw_uncovered(ingest, judge) == []
    assert take(judge, "R-03", 2, 24) == [("raised", "orange")], "R-02 is on still"


def test_a_composite_rule_that_is_retired_and_comes_back_knows_who_is_on(under, take, ingest):
    take(under(TWO), "R-01", 0, 24)
    take(under(TWO), "R-02", 1, 24)
    assert [step.kind for step in withdraw_uncovered(ingest, under(MEAN))] == ["ended"]
    ingest.commit()
    assert take(under(TWO), "R-03", 2, 24) == [("raised", "red")]


# ---- devices


def test_a_device_offline_is_one_alert_and_its_return_ends_it(
    under, ingest, owner, district, database
):
    with owner.cursor() as cursor:
        cursor.execute("update station_version set device = 'GW-01'")
        cursor.execute(
            "insert into heartbeat values ('ingest', clock_timestamp(), clock_timestamp(),"
            " jsonb_build_object('connected_since', clock_timestamp() - interval '1 day',"
            " 'caught_up_at', clock_timestamp()))"
        )
        execute_values(
            cursor,
            "insert into device_status (device, online, reported_at) values %s",
            [("GW-01", False, NOW - timedelta(days=9000))],
        )
        cursor.execute("update device_status set reported_at = clock_timestamp() - interval '2 h'")
    owner.commit()
    judge = under(OFFLINE)
    pace = Pace(timedelta(days=1), NOW - timedelta(days=1))
    (step,) = tick_once(ingest, judge, pace)
    ingest.commit()
    assert (step.kind, step.key[1], step.page) == ("raised", "device/GW-01", True)
    assert step.reason.params["stations"] == ["R-01", "R-02", "R-03", "W-01"]
    (alert,) = open_alerts(ingest)
    assert (alert.station, alert.department, alert.public) == (None, "water", False)
    assert tick_once(ingest, judge, pace) == []
    ingest.commit()
    with owner.cursor() as cursor:
        cursor.execute("update device_status set online = true, reported_at = clock_timestamp()")
    owner.commit()
    assert [step.kind for step in tick_once(ingest, judge, pace)] == ["ended"]
    ingest.commit()
    assert list_alerts(ingest).alerts[0].state == "returned"  # nobody has acknowledged it
