"""The judge in the database: what a batch and the clock write, and that restarts change nothing."""

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.clock import Pace, tick_once, withdraw_uncovered
from alerts.judging import Judge, judge_batch, tell_untold
from alerts.life.taking import acknowledge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import get_alert, list_alerts, open_alerts
from database.pool import Connection, connect
from sensors.reading import Origin, Quality, Reading
from tests.alerts.conftest import NOW
from tests.alerts.timeline import absence, rule
from tests.servers.waiting import until

FLOOD = rule(grades={"orange": "flood_limit", "red": 25}, dead_band=0.2, public=True)
SILENT = absence(code="SILENT", kind=None, stations=("R-02",))
PACE = Pace(timedelta(seconds=10), NOW - timedelta(days=1))


@pytest.fixture
def ingest(database, district):
    conn = connect(database, "ingest", application="test")
    seed(conn, AlertsSettings(rules=(FLOOD, SILENT)), NOW)
    conn.commit()
    yield conn
    conn.close()


@pytest.fixture
def judge(ingest):
    return Judge.load(ingest)


@pytest.fixture
def take(ingest, judge, district):
    """`take(minute, level)`: one batch of R-01 the way ingest does it, up to the commit."""

    def take(minute, *levels, station="R-01", now=None, **changes):
        series_id = district[f"{station}/level_m"]
        readings = [
            replace(
                Reading(
                    series_id,
                    station,
                    "level_m",
                    NOW + timedelta(minutes=minute + number),
                    NOW + timedelta(minutes=minute + number),
                    level,
                    Quality.GOOD if level is not None else Quality.MISSING,
                ),
                **changes,
            )
            for number, level in enumerate(levels)
        ]
        with ingest.cursor() as cursor:
            cursor.execute("select from series_state where series_id = %s for update", (series_id,))
            moment = NOW + timedelta(minutes=now) if now else readings[-1].received_at
            steps = judge_batch(ingest, judge, readings, moment)
            cursor.execute(
                "update series_state set observed_at = %s, received_at = %s, value = %s,"
                " quality = %s, origin = 0 where series_id = %s",
                (
                    *(readings[-1].observed_at, readings[-1].received_at, readings[-1].value),
                    *(int(readings[-1].quality), series_id),
                ),
            )
        ingest.commit()
        return steps

    return take


def count(conn: Connection, table: str) -> int:
    with conn.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int(cursor.fetchone()[0])


def test_an_alert_lives_from_raised_to_ended_with_every_step_and_message(take, ingest):
    for minute, level in enumerate([23, 24, 26, 24, 23]):
        take(minute, level)
    alert = list_alerts(ingest).alerts[0]
    assert (alert.state, alert.peak_grade, alert.peak_value) == ("returned", "red", 26)
    assert alert.ended_at == NOW + timedelta(minutes=4)
    assert alert.public
    steps = get_alert(ingest, alert.id).steps
    assert [(s.seq, s.kind, s.grade) for s in steps] == [
        (1, "raised", "orange"),
        (2, "stepped_up", "red"),
        (3, "stepped_down", "orange"),
        (4, "ended", "orange"),
    ]
    assert alert.version == 4
    assert count(ingest, "outbox") == 4
    assert alert.announced_at == NOW + timedelta(minutes=1)


def test_an_alert_keeps_the_evidence_of_when_it_was_raised(take, ingest, district):
    take(0, 21.0, station="R-02")
    take(0, 20.0, station="R-03")
    with ingest.cursor() as cursor:
        cursor.execute(
            "update series_state set observed_at = %s, value = 3.2, quality = 0, origin = 0"
            " where series_id = %s",
            (NOW, district["W-01/wind_speed_ms"]),
        )
    take(1, 24)
    evidence = get_alert(ingest, open_alerts(ingest)[0].id).evidence
    assert (evidence["value"], evidence["limit"], evidence["quality"]) == (24, 23.5, "good")
    assert evidence["rule"]["version"] == 1
    assert evidence["rule"]["text"]["grades"] == {"orange": "flood_limit", "red": 25.0}
    assert [near["station"] for near in evidence["neighbours"]] == ["R-02", "R-03"]
    assert evidence["neighbours"][0]["distance_m"] == pytest.approx(964, rel=0.01)
    assert evidence["wind"][0]["value"] == 3.2


def test_the_peak_grows_while_nothing_else_changes(take, ingest):
    take(0, 24)
    take(1, 24.5)
    alert = open_alerts(ingest)[0]
    assert (alert.value, alert.peak_value, alert.version) == (24, 24.5, 1)


def test_an_acknowledged_alert_that_becomes_graver_wants_somebody_anew(take, ingest, staff):
    """Who acknowledged a yellow alert has not seen the red one."""
    take(0, 24)
    alert = open_alerts(ingest)[0]
    acknowledge(staff, alert.id, "duty", "seen", expected_version=1, now=NOW)
    staff.commit()
    take(1, 26)
    graver = open_alerts(ingest)[0]
    assert (graver.state, graver.owner, graver.note) == ("active", None, None)
    acknowledge(staff, alert.id, "chief", None, expected_version=graver.version, now=NOW)
    staff.commit()
    take(2, 23)
    ended = get_alert(ingest, alert.id)
    assert (ended.alert.state, ended.alert.owner) == ("ended", "chief")
    kinds = ["raised", "acknowledged", "stepped_up", "acknowledged", "ended"]
    assert [s.kind for s in ended.steps] == kinds


def test_a_rolled_back_batch_leaves_nothing(ingest, judge, district):
    reading = Reading(*(district["R-01/level_m"], "R-01", "level_m", NOW, NOW, 24, Quality.GOOD))
    for _ in range(2):
        assert len(judge_batch(ingest, judge, [reading], NOW)) == 1
        ingest.rollback()
    assert count(ingest, "alert") == count(ingest, "rule_state") == 0


def test_what_is_normal_writes_nothing(take, ingest):
    take(0, *[20.0] * 30)
    assert count(ingest, "rule_state") == 0


def test_found_afterwards_is_recorded_and_not_told(take, ingest):
    take(0, 24, 24, 23, now=100)
    alert = list_alerts(ingest).alerts[0]
    assert (alert.found_afterwards, alert.state, alert.announced_at) == (True, "ended", None)
    assert count(ingest, "outbox") == 0


def test_the_announcement_of_a_backlog_is_one_message(take, ingest):
    take(0, 24, 24, now=100)
    assert count(ingest, "outbox") == 0
    take(101, 24, 24, now=102)
    take(103, 24)
    assert count(ingest, "outbox") == 1
    alert = open_alerts(ingest)[0]
    assert alert.announced_at == NOW + timedelta(minutes=102)
    assert [s.kind for s in get_alert(ingest, alert.id).steps] == ["raised", "announced"]


HIGH = [(1, 24, 0)]


@pytest.fixture
def tell(ingest, judge, district):
    """`tell(minute)`: how often people were told in all, once ingest has looked at what it left.

    stored: (minute, level, quality) of readings, as ingest has stored them.
    """

    def tell(minute, *, quiet_s=3.0, settled=True, stored=()):
        with ingest.cursor() as cursor:
            for at, level, quality in stored:
                cursor.execute(
                    "insert into reading (series_id, observed_at, value, quality, received_at)"
                    " values (%s, %s, %s, %s, %s) on conflict do nothing",
                    (district["R-01/level_m"], NOW + timedelta(minutes=at), level, quality, NOW),
                )
                cursor.execute(
                    "update series_state set observed_at = %s where series_id = %s",
                    (NOW + timedelta(minutes=at), district["R-01/level_m"]),
                )
            cursor.execute(
                "update series_state set changed_at = %s",
                (NOW + timedelta(minutes=minute, seconds=-quiet_s),),
            )
        tell_untold(ingest, judge, NOW + timedelta(minutes=minute), settled=settled)
        ingest.commit()
        return count(ingest, "outbox")

    return tell


def test_what_a_backlog_leaves_open_is_told_once_no_more_comes(take, tell, ingest):
    take(0, 24, 24, now=8)
    assert tell(8.1, quiet_s=0.5, stored=HIGH) == 0
    assert tell(8.1, settled=False) == 0
    assert tell(8.1) == 1
    assert tell(8.2) == 1
    alert = open_alerts(ingest)[0]
    assert alert.announced_at == NOW + timedelta(minutes=8.1)
    assert [s.kind for s in get_alert(ingest, alert.id).steps] == ["raised", "announced"]
    take(9, 24)
    assert count(ingest, "outbox") == 1
    take(10, 20)
    assert count(ingest, "outbox") == 2


def test_a_backlog_without_end_does_not_keep_an_alert_untold(take, tell):
    take(0, 24, 24, now=8)
    take(2, 26, now=8.2)
    take(3, 24, now=8.4)  # each step is a fresh one, the first is what counts
    stored = [(3, 24, 0)]
    assert tell(8.3, quiet_s=0, settled=False, stored=stored) == 0
    assert tell(8.4, quiet_s=0, settled=False, stored=stored) == 1


@pytest.mark.parametrize(("level", "quality"), [(None, 1), (24, 2048), (9999, 2)])
def test_a_reading_that_no_rule_counts_tells_nobody(take, tell, level, quality):
    """What lies before it is old, and what it says is no exceedance."""
    take(0, 24, now=99)
    assert tell(99.5, stored=[(0, 24, 0), (99, level, quality)]) == (level == 9999)


def test_many_empty_readings_do_not_hide_the_one_that_is_beyond(take, tell):
    take(0, 24, now=8)
    empty = [(1 + number / 10, None, 1) for number in range(30)]
    assert tell(8.1, stored=[(0, 24, 0), *empty]) == 1


def test_what_is_stale_at_the_end_of_a_backlog_is_not_told(take, tell):
    take(0, 24, now=100)
    assert tell(101, stored=HIGH) == 0


def test_an_exercise_stays_an_exercise(take, ingest):
    take(0, 24, origin=Origin.EXERCISE)
    assert open_alerts(ingest)[0].origin == "exercise"


def beat(conn, *, at="clock_timestamp()", connected="1 day", caught_up="0 s"):
    """Ingest's heartbeat as ingest writes it."""
    with conn.cursor() as cursor:
        cursor.execute(
            f"insert into heartbeat (process, at, up_since, detail) values ('ingest', {at}, now(),"
            " jsonb_build_object('connected_since', clock_timestamp() - %s::interval,"
            " 'caught_up_at', clock_timestamp() - %s::interval))"
            " on conflict (process) do update set at = excluded.at, detail = excluded.detail",
            (connected, caught_up),
        )
    conn.commit()


def silent_for(conn, series_id, minutes):
    with conn.cursor() as cursor:
        cursor.execute(
            "update series_state set observed_at = clock_timestamp() - make_interval(mins => %s),"
            " value = 1, quality = 0, origin = 0 where series_id = %s",
            (minutes, series_id),
        )
    conn.commit()


def test_the_clock_raises_silence_once_and_a_reading_ends_it(ingest, judge, district):
    beat(ingest)
    series_id = district["R-02/level_m"]
    silent_for(ingest, series_id, 14)
    assert tick_once(ingest, judge, PACE) == []
    silent_for(ingest, series_id, 16)
    assert [s.kind for s in tick_once(ingest, judge, PACE)] == ["raised"]
    ingest.commit()
    assert tick_once(ingest, judge, PACE) == []
    alert = open_alerts(ingest)[0]
    assert (alert.rule, alert.subject, alert.quality) == ("SILENT", "R-02/level_m", "missing")
    with ingest.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        now = cursor.fetchone()[0]
    reading = Reading(series_id, "R-02", "level_m", now, now, 1.0, Quality.GOOD)
    assert [s.kind for s in judge_batch(ingest, judge, [reading], now)] == ["ended"]
    assert count(ingest, "outbox") == 2


def test_a_silent_series_whose_device_is_offline_says_since_when(ingest, judge, district, owner):
    beat(ingest)
    silent_for(ingest, district["R-02/level_m"], 16)
    with owner.cursor() as cursor:
        cursor.execute("update station_version set device = 'GW-1'")
        cursor.execute("insert into device_status values ('GW-1', false, %s)", (NOW,))
    owner.commit()
    step = tick_once(ingest, judge, PACE)[0]
    assert step.reason.params["offline_since"] == "2026-11-22T12:00:00Z"


def test_a_dead_ingest_is_one_alert_and_ends_with_its_next_heartbeat(ingest, judge, district):
    silent_for(ingest, district["R-02/level_m"], 60)
    beat(ingest, at="clock_timestamp() - interval '11 s'")
    steps = tick_once(ingest, judge, PACE)
    ingest.commit()
    assert [(s.kind, s.alert.grade) for s in steps] == [("raised", "orange")]
    assert tick_once(ingest, judge, PACE) == []
    alert = open_alerts(ingest)[0]
    assert (alert.rule, alert.subject, alert.station) == ("SYSTEM-INGEST", "ingest", None)
    beat(ingest, connected="1 minute")
    assert [s.kind for s in tick_once(ingest, judge, PACE)] == ["ended"]


def test_alerts_of_a_rule_that_is_gone_are_ended(take, ingest, judge):
    take(0, 24)
    seed(ingest, AlertsSettings(rules=(SILENT,)), NOW)
    now = Judge.load(ingest)
    assert [s.reason.code for s in withdraw_uncovered(ingest, now)] == ["withdrawn"]
    ingest.commit()
    assert [alert.state for alert in open_alerts(ingest)] == ["returned"]
    assert withdraw_uncovered(ingest, now) == []


def edited(conn, **changes):
    """The judge, once the rule on silence was edited under its code."""
    seed(conn, AlertsSettings(rules=(FLOOD, rule(code="SILENT", **changes))), NOW)
    conn.commit()
    return Judge.load(conn)


LEVELS = {"kind": None, "stations": ("R-02",), "grades": {"yellow": 20, "red": 24}}


@pytest.fixture
def silent(ingest, judge, district):
    """R-02 is silent, and people were told; returns a reading of it."""
    beat(ingest)
    silent_for(ingest, district["R-02/level_m"], 16)
    assert [s.kind for s in tick_once(ingest, judge, PACE)] == ["raised"]
    ingest.commit()

    def reading(level, after_s=0):
        with ingest.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            now = cursor.fetchone()[0] + timedelta(seconds=after_s)
        number = district["R-02/level_m"]
        return Reading(number, "R-02", "level_m", now, now, level, Quality.GOOD)

    return reading


@pytest.mark.parametrize(
    ("level", "then"), [(10, []), (22, [("raised", "yellow")]), (24.5, [("raised", "red")])]
)
def test_a_rule_on_silence_edited_into_one_on_values_ends_what_it_had_open(
    ingest, silent, level, then
):
    """And then judges the reading as if it had never been another."""
    judge = edited(ingest, **LEVELS)
    one = silent(level)
    steps = judge_batch(ingest, judge, [one], one.received_at)
    assert [(s.kind, s.reason.code) for s in steps[:1]] == [("ended", "withdrawn")]
    assert [(s.kind, s.grade) for s in steps[1:]] == then
    assert all(step.page for step in steps)
    again = silent(level, 60)
    assert judge_batch(ingest, judge, [again], again.received_at) == []


def test_the_clock_ends_what_a_rule_edited_into_another_kind_has_open(ingest, silent):
    judge = edited(ingest, **LEVELS)
    assert [s.reason.code for s in withdraw_uncovered(ingest, judge)] == ["withdrawn"]
    ingest.commit()
    assert withdraw_uncovered(ingest, judge) == []
    one = silent(22)
    assert [s.kind for s in judge_batch(ingest, judge, [one], one.received_at)] == ["raised"]


def test_a_rule_on_values_edited_into_one_on_silence_ends_what_it_had_open(ingest, silent, judge):
    levels = edited(ingest, **LEVELS)
    one = silent(24.5)
    judge_batch(ingest, levels, [one], one.received_at)
    ingest.commit()
    seed(ingest, AlertsSettings(rules=(FLOOD, SILENT)), NOW)
    ingest.commit()
    absent, two = Judge.load(ingest), silent(24.6, 60)
    steps = judge_batch(ingest, absent, [two], two.received_at)
    assert [(s.kind, s.reason.code) for s in steps] == [("ended", "withdrawn")]
    ingest.rollback()
    assert [s.reason.code for s in withdraw_uncovered(ingest, absent)] == ["withdrawn"]
    assert withdraw_uncovered(ingest, absent) == []


def test_the_clock_waits_for_ingest_and_sees_what_it_committed(
    database, ingest, judge, district, owner
):
    """Silence was about to be raised while a reading arrived: there is no alert."""
    beat(ingest)
    series_id = district["R-02/level_m"]
    silent_for(ingest, series_id, 16)
    found = []

    def tick() -> None:
        conn = connect(database, "ingest", application="clock")
        found.extend(tick_once(conn, judge, PACE))
        conn.commit()
        conn.close()

    with ingest.cursor() as cursor:
        cursor.execute("select from series_state where series_id = %s for update", (series_id,))
        cursor.execute("select clock_timestamp()")
        now = cursor.fetchone()[0]
        clock = threading.Thread(target=tick)
        clock.start()
        until(lambda: waits_for_a_lock(owner, "dongtai clock"), "the clock to wait for the lock")
        reading = Reading(series_id, "R-02", "level_m", now, now, 1.0, Quality.GOOD)
        judge_batch(ingest, judge, [reading], now)
        cursor.execute(
            "update series_state set observed_at = %s where series_id = %s", (now, series_id)
        )
    ingest.commit()
    clock.join()
    assert found == []
    assert count(ingest, "alert") == 0


def waits_for_a_lock(conn, application):
    with conn.cursor() as cursor:
        cursor.execute(
            "select from pg_stat_activity where application_name = %s"
            " and wait_event_type = 'Lock' and datname = current_database()",
            (application,),
        )
        found = cursor.fetchone() is not None
    conn.rollback()
    return found


def test_states_in_the_database_are_plain_json(take, ingest):
    take(0, 24)
    with ingest.cursor() as cursor:
        cursor.execute("select state from rule_state")
        state = cursor.fetchone()[0]
    assert state["on"] == [False, False, True, False]
    assert state["alert"]["told"] == "orange"
    assert json.dumps(state)
