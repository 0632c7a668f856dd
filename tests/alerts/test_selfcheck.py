"""Telling watches itself: what does not arrive is an alert; tests run the whole way; a signal."""

import json
import threading
from datetime import timedelta

import pytest

from alerts.outbox import route
from alerts.receiver_settings import DeadManSettings, DutySettings, ReceiverSettings
from alerts.receivers import FarEnd
from alerts.rulebook import seed
from alerts.sender import send_next
from alerts.sending import trials
from alerts.sending.rota import Shift
from alerts.sending.selfcheck import (
    Failing,
    check,
    duties_in_trouble,
    receivers_in_trouble,
)
from alerts.sending.trials import DeadMan, make_tests
from alerts.settings import AlertsSettings, ClockSettings
from alerts.store import open_alerts
from alerts.wording import say
from database.pool import connect
from tests.alerts.conftest import NOW
from tests.alerts.telling import due_now, messages, over, query, run
from tests.servers.waiting import until

FAST = ClockSettings(retry_first_s=0.001, retry_most_s=0.002, attempts=3)
WATER = DutySettings(code="water", zh="水利", en="Water")
GAS = DutySettings(code="gas", zh="气体", en="Gas")


@pytest.fixture
def seeded(ingest):
    seed(ingest, AlertsSettings(), NOW)
    ingest.commit()
    return ingest


def ago(**long):
    return NOW - timedelta(**long)


def names(*found):
    """Settings with receivers of these names."""
    hooks = [ReceiverSettings(name=n, type="webhook", url="http://127.0.0.1:1/") for n in found]
    return AlertsSettings(receivers=tuple(hooks))


def fails(conn, receiver, minutes=3):
    run(
        conn,
        "insert into receiver_state (receiver, failing_since, error)"
        " values (%s, now() - make_interval(mins => %s), 'refused')"
        " on conflict (receiver) do update set failing_since = excluded.failing_since",
        *(receiver, minutes),
    )


def well(conn, receiver):
    run(
        conn,
        "update receiver_state set failing_since = null, delivered_at = clock_timestamp()"
        " where receiver = %s",
        receiver,
    )


def judged(conn, settings):
    """What a check says, committed: (kind, subject), in order."""
    found = sorted((step.kind, step.watch.subject) for step in check(conn, settings))
    conn.commit()
    return found


def grow_old(conn, minutes):
    run(
        conn,
        "update message set made_at = made_at - make_interval(mins => %s),"
        " next_try_at = next_try_at - make_interval(mins => %s)",
        *(minutes, minutes),
    )


def test_a_failure_is_trouble_when_it_lasts_or_a_message_was_given_up():
    failing = [
        Failing("young", ago(seconds=119), "x", given_up=False),
        Failing("old", ago(seconds=120), "refused", given_up=False),
        Failing("gave", ago(seconds=1), "y", given_up=True),
    ]
    found = receivers_in_trouble(failing, {"stuck": ago(minutes=6)}, NOW)
    assert [(one.name, one.why) for one in found] == [
        ("gave", "y"),
        ("old", "refused"),
        ("stuck", "messages for it lie untouched"),
    ]


def test_a_gap_within_twelve_hours_is_trouble_and_one_beyond_is_not():
    def shift(from_h, to_h):
        return Shift(1, "water", "a", NOW + timedelta(hours=from_h), NOW + timedelta(hours=to_h))

    assert duties_in_trouble([WATER], [shift(-1, 12)], NOW) == []
    (found,) = duties_in_trouble([WATER], [shift(-1, 11)], NOW)
    assert (found.name, found.since) == ("water", NOW + timedelta(hours=11))
    (found,) = duties_in_trouble([WATER], [shift(1, 24)], NOW)
    assert found.since == NOW
    loose = WATER.model_copy(update={"filled": False})
    assert duties_in_trouble([loose], [], NOW) == []


def test_a_dead_receiver_is_an_alert_on_the_desk_and_told_to_the_others(seeded, put_step, webhook):
    dead = ReceiverSettings(name="dead", type="webhook", url="http://127.0.0.1:1/")
    hook = ReceiverSettings(name="hook", type="webhook", url=webhook.url)
    put_step("A1")
    route(seeded, [dead])
    over(seeded)
    for _ in range(FAST.attempts):
        due_now(seeded)
        send_next(seeded, FarEnd.of(dead), FAST)
    there = AlertsSettings(receivers=(dead, hook))
    assert check(seeded, there)
    assert check(seeded, there) == []
    (alert,) = [one for one in open_alerts(seeded) if one.rule == "SYSTEM-TELLING"]
    assert (alert.grade, alert.subject, alert.station) == ("orange", "telling/dead", None)
    route(seeded, [hook])
    seeded.commit()
    send_next(seeded, FarEnd.of(hook), FAST)
    text = json.loads(webhook.wait_for(1)[0].body)["text"]
    assert text["zh"].startswith("【橙色】触发：告警通道故障，告警发不出去：dead 自 ")
    assert "Connection refused" in text["en"]
    run(seeded, "update receiver_state set failing_since = null")
    (step,) = check(seeded, there)
    seeded.commit()
    assert step.kind == "ended"
    assert say(step.reason)["en"] == "dead takes messages again, or is gone"
    assert query(seeded, "select ended_at is null from alert where id = %s", alert.id) == [(False,)]


def test_an_empty_rota_is_an_alert_until_somebody_is_entered(seeded, owner):
    assert [step.kind for step in check(seeded, AlertsSettings(duties=(WATER,)))] == ["raised"]
    seeded.commit()
    (alert,) = open_alerts(seeded)
    assert (alert.rule, alert.grade) == ("SYSTEM-DUTY", "yellow")
    run(
        owner,
        "insert into duty_shift (duty, who, from_at, to_at, entered_by) values ('water', 'zhang',"
        " now() - interval '1 hour', now() + interval '1 day', 'admin')",
    )
    assert [step.kind for step in check(seeded, AlertsSettings(duties=(WATER,)))] == ["ended"]


def test_each_duty_has_an_alert_of_its_own(seeded):
    assert judged(seeded, AlertsSettings(duties=(WATER,))) == [("raised", "duty/water")]
    assert judged(seeded, AlertsSettings(duties=(WATER, GAS))) == [("raised", "duty/gas")]
    assert judged(seeded, AlertsSettings(duties=(GAS,))) == [("ended", "duty/water")]


def test_a_receiver_that_fails_does_not_hide_the_next_one(seeded):
    there = names("hook", "sms")
    fails(seeded, "hook")
    assert judged(seeded, there) == [("raised", "telling/hook")]
    fails(seeded, "sms")
    assert judged(seeded, there) == [("raised", "telling/sms")]
    assert judged(seeded, there) == []
    well(seeded, "hook")
    assert judged(seeded, there) == [("ended", "telling/hook")]
    assert [one.subject for one in open_alerts(seeded) if one.ended_at is None] == ["telling/sms"]


def test_who_is_gone_is_in_no_trouble(seeded, owner):
    settings = names("hook").model_copy(
        update={"dead_man": DeadManSettings(url_env="LIFE", every_s=10)}
    )
    put_contact = (
        "insert into contact (who, label, url, masked, language, min_grade, made_by, made_at)"
        " values ('zhang', 'sms', 'json://x', 'json://***', 'zh', 'blue', 'admin',"
        " now() - make_interval(mins => %s))"
    )
    run(owner, put_contact, 60)
    for name in ("hook", "dead-man", "@zhang/sms"):
        fails(seeded, name)
    subjects = ["telling/@zhang/sms", "telling/dead-man", "telling/hook"]
    assert judged(seeded, settings) == [("raised", subject) for subject in subjects]
    run(owner, "update contact set removed_at = now(), removed_by = 'admin'")
    run(owner, put_contact, 0)  # by a new number; what the old one did is not its fault
    assert judged(seeded, names("renamed")) == [("ended", subject) for subject in subjects]


def test_what_is_delivered_beside_a_message_that_is_always_refused_makes_nothing_well(
    seeded, put_step, webhook
):
    hook = ReceiverSettings(name="hook", type="webhook", url=webhook.url)
    end, there = FarEnd.of(hook), AlertsSettings(receivers=(hook,))
    slow = ClockSettings(retry_first_s=60, retry_most_s=60, attempts=3)

    def refused():
        webhook.statuses.append(400)
        due_now(seeded)
        assert send_next(seeded, end, slow)

    put_step("A1")
    route(seeded, [hook])
    seeded.commit()
    refused()
    assert judged(seeded, there) == []
    grow_old(seeded, 3)
    refused()
    assert judged(seeded, there) == [("raised", "telling/hook")]
    route(seeded, [hook])
    seeded.commit()
    assert send_next(seeded, end, slow)  # the alert about it
    assert judged(seeded, there) == []
    refused()
    assert messages(seeded)[0][5] is True  # given up
    assert judged(seeded, there) == []
    put_step("A2")
    route(seeded, [hook])
    seeded.commit()
    assert send_next(seeded, end, slow)
    assert judged(seeded, there) == [("ended", "telling/hook")]


def test_what_nobody_tries_is_told_to_the_fallback(seeded, put_step, database):
    bus = ReceiverSettings(name="bus", type="mqtt", topic="district/alerts")
    log = ReceiverSettings(name="log", type="log")
    there = AlertsSettings(receivers=(bus, log))
    for alert in ("A1", "A2", "A3"):
        put_step(alert)
    route(seeded, [bus])
    seeded.commit()
    grow_old(seeded, 4)
    assert judged(seeded, there) == []
    grow_old(seeded, 2)
    # One was tried before its sender went; one is just being sent, and nobody waits for it.
    (tried,), _, (held,) = query(seeded, "select id from message order by id")
    run(seeded, "update message set attempts = 1, error = 'x' where id = %s", tried)
    sender = connect(database, "ingest", application="sender")
    try:
        with sender.cursor() as cursor:
            cursor.execute("select from message where id = %s for update", (held,))
        run(seeded, "set lock_timeout = '5s'")
        assert judged(seeded, there) == [("raised", "telling/bus")]
        assert judged(seeded, there) == []
    finally:
        sender.close()
    found = [row[1:3] for row in messages(seeded)]
    assert found.count(("log", "fallback")) == 2
    assert len(found) == 5


def test_a_test_runs_the_whole_way_is_marked_and_comes_no_oftener(ingest, webhook):
    hook = ReceiverSettings(name="hook", type="webhook", url=webhook.url, test=True)
    quiet = ReceiverSettings(name="quiet", type="webhook", url=webhook.url)
    assert make_tests(ingest, [hook, quiet], 3600) == 1
    assert make_tests(ingest, [hook, quiet], 0) == 0  # one that still waits is enough
    ingest.commit()
    assert send_next(ingest, FarEnd.of(hook), FAST)
    document = json.loads(webhook.wait_for(1)[0].body)
    assert document["kind"] == "test"
    assert document["text"]["zh"].startswith("【测试】")
    assert make_tests(ingest, [hook], 3600) == 0
    run(ingest, "update receiver_state set tested_at = tested_at - interval '1 hour'")
    assert make_tests(ingest, [hook], 3600) == 1
    assert [row[1:5] for row in messages(ingest)] == [
        ("hook", "test", 1, True),
        ("hook", "test", 0, False),
    ]


def test_a_test_that_does_not_arrive_is_an_alert_and_no_fallback_is_told_of_it(seeded):
    dead = ReceiverSettings(name="dead", type="webhook", url="http://127.0.0.1:1/", test=True)
    end = FarEnd(dead, dead.url, ("log",), "dead")
    make_tests(seeded, [dead], 3600)
    seeded.commit()
    for _ in range(FAST.attempts):
        due_now(seeded)
        assert send_next(seeded, end, FAST)
    assert [row[1] for row in messages(seeded)] == ["dead"]
    (step,) = check(seeded, AlertsSettings(receivers=(dead,)))
    assert step.reason.code == "telling_fails"
    seeded.rollback()


def test_a_signal_of_life_that_was_lost_is_given_again_soon(tmp_path, monkeypatch):
    (tmp_path / "life").write_text("https://example.com/ping")
    answers, stop = ["lost", "lost", None], threading.Event()
    monkeypatch.setattr(trials, "_AGAIN_S", 0.01)
    monkeypatch.setattr(trials, "signal", lambda *_: answers.pop(0))
    monkeypatch.setattr(DeadMan, "_note", lambda *_: None)
    man = DeadMan(DeadManSettings(url_file="life", every_s=300), tmp_path, connect, stop)
    man.wake()
    man.start()
    try:
        until(lambda: not answers, "the third signal")
    finally:
        stop.set()
        man.join(10)


def test_the_signal_of_life_comes_only_while_the_leader_says_that_it_lives(
    database, webhook, tmp_path, owner
):
    (tmp_path / "life").write_text(webhook.url.replace("/hook", "/ping/secret-uuid"))
    settings = AlertsSettings.model_validate(
        {"dead_man": {"url_file": "life", "every_s": 10}}
    ).dead_man
    stop = threading.Event()
    man = DeadMan(settings, tmp_path, lambda: connect(database, "ingest", application="t"), stop)
    man.start()
    try:
        assert webhook.requests == []
        man.wake()
        state = "select delivered_at is null, error from receiver_state where receiver = 'dead-man'"
        rows = until(lambda: query(owner, state), "the signal's outcome")
    finally:
        stop.set()
        man.join(10)
    # The recorder of the suite answers GET with 501: said, without the secret.
    assert rows[0][0] is True
    assert "501" in rows[0][1]
    assert "secret-uuid" not in rows[0][1]
