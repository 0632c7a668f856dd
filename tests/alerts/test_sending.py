"""From the outbox to real far ends: routed once, retried, given up, never lost, never twice."""

import json
import logging
import threading

from alerts.outbox import route, waiting
from alerts.receiver_settings import ReceiverSettings
from alerts.receivers import FarEnd
from alerts.sender import Sender, send_next
from alerts.sending.queue import backoff_s, next_parcel
from alerts.sending.secrets import masked
from alerts.settings import ClockSettings
from database.pool import connect
from tests.alerts.far_end import HangingEnd
from tests.alerts.telling import over
from tests.servers.waiting import until

FAST = ClockSettings(retry_first_s=0.001, retry_most_s=0.002, attempts=3)


def hook(url, name="hook", **changes):
    return ReceiverSettings(name=name, type="webhook", url=url, **changes)


def messages(conn):
    with conn.cursor() as cursor:
        cursor.execute(
            "select transition_id, receiver, attempts, delivered_at is not null,"
            " given_up_at is not null, error from message order by transition_id, receiver"
        )
        return cursor.fetchall()


def due_now(conn):
    with conn.cursor() as cursor:
        cursor.execute("update message set next_try_at = clock_timestamp() - interval '1 s'")
    conn.commit()


def test_a_transition_becomes_one_message_a_receiver_and_only_once(put_step, ingest):
    number = put_step("A1")
    receivers = [hook("http://127.0.0.1:1/", "one"), hook("http://127.0.0.1:1/", "two")]
    assert route(ingest, receivers) == 2
    assert route(ingest, receivers) == 0
    assert [row[:2] for row in messages(ingest)] == [(number, "one"), (number, "two")]


def test_a_receiver_is_told_from_its_grade_on_and_then_to_the_end(put_step, ingest):
    receiver = hook("http://127.0.0.1:1/", min_grade="red")
    put_step("A1", grade="orange")
    up = put_step("A1", "stepped_up", "red", 2)
    down = put_step("A1", "stepped_down", "orange", 3)
    end = put_step("A1", "ended", "orange", 4)
    assert route(ingest, [receiver]) == 3
    assert [row[0] for row in messages(ingest)] == [up, down, end]


def test_a_webhook_gets_both_languages_and_a_key_once(put_step, ingest, webhook):
    number = put_step("A1")
    receiver = hook(webhook.url)
    route(ingest, [receiver])
    assert send_next(ingest, FarEnd.of(receiver), FAST)
    assert not send_next(ingest, FarEnd.of(receiver), FAST)
    (request,) = webhook.wait_for(1)
    body = json.loads(request.body)
    assert request.headers["Idempotency-Key"] == str(number)
    assert body["text"]["zh"].startswith("【橙色】触发：超汛限 R-01 站，水位 23.86 m")
    assert body["text"]["en"].startswith("ORANGE raised: Above flood limit, Station R-01.")
    assert body["alert"]["id"] == "A1"
    assert messages(ingest)[0][2:] == (1, True, False, None)


def test_a_far_end_that_fails_twice_gets_the_message_in_the_end(put_step, ingest, webhook):
    put_step("A1")
    receiver = hook(webhook.url)
    webhook.statuses += [500, 503]
    route(ingest, [receiver])
    for error in (f"{masked(webhook.url)} answered 500 Internal Server Error", None, None):
        due_now(ingest)
        assert send_next(ingest, FarEnd.of(receiver), FAST)
        if error:
            assert messages(ingest)[0][2:] == (1, False, False, error)
    assert messages(ingest)[0][2:] == (3, True, False, None)
    keys = {request.headers["Idempotency-Key"] for request in webhook.wait_for(3)}
    assert len(keys) == 1


def test_a_far_end_that_hangs_is_left_after_its_time_and_given_up_in_the_end(put_step, ingest):
    end = HangingEnd()
    put_step("A1")
    receiver = hook(end.url, timeout_s=0.2)
    route(ingest, [receiver])
    over(ingest)
    for _ in range(FAST.attempts):
        due_now(ingest)
        assert send_next(ingest, FarEnd.of(receiver), FAST)
    until(lambda: end.requests == FAST.attempts, "the far end to have read each attempt")
    end.close()
    assert messages(ingest)[0][2:] == (
        *(FAST.attempts, False, True),
        f"{masked(end.url)} did not answer within 0.2 s",
    )
    due_now(ingest)
    assert not send_next(ingest, FarEnd.of(receiver), FAST)
    assert waiting(ingest) == {"messages_waiting": 0, "messages_given_up": 1}


def test_a_far_end_that_is_not_there_is_said_so(put_step, ingest):
    put_step("A1")
    receiver = hook("http://127.0.0.1:1/x")
    route(ingest, [receiver])
    send_next(ingest, FarEnd.of(receiver), FAST)
    assert "Connection refused" in messages(ingest)[0][5]


def test_messages_of_one_alert_keep_their_order_and_others_pass(put_step, ingest, webhook):
    first = put_step("A1")
    second = put_step("A1", "ended", "orange", 2)
    other = put_step("A2")
    receiver = hook(webhook.url)
    webhook.statuses.append(500)
    route(ingest, [receiver])
    slow = ClockSettings(retry_first_s=60)
    while send_next(ingest, FarEnd.of(receiver), slow):
        pass
    due_now(ingest)
    while send_next(ingest, FarEnd.of(receiver), slow):
        pass
    keys = [int(request.headers["Idempotency-Key"]) for request in webhook.wait_for(4)]
    assert keys == [first, other, first, second]


def test_a_message_under_way_is_not_taken_by_another_sender(put_step, ingest, database):
    put_step("A1")
    receiver = hook("http://127.0.0.1:1/")
    route(ingest, [receiver])
    ingest.commit()
    other = connect(database, "ingest", application="other")
    assert next_parcel(ingest, "hook") is not None
    assert next_parcel(other, "hook") is None
    ingest.rollback()
    assert next_parcel(other, "hook") is not None
    other.close()


def test_waiting_doubles_up_to_a_ceiling():
    clock = ClockSettings(retry_first_s=2, retry_most_s=300)
    assert [backoff_s(n, clock) for n in (0, 1, 2, 7, 8, 1000)] == [2, 4, 8, 256, 300, 300]


def test_the_log_receiver_writes_one_line_of_json(put_step, ingest, caplog):
    put_step("A1")
    receiver = ReceiverSettings(name="log", type="log")
    route(ingest, [receiver])
    with caplog.at_level(logging.WARNING, "alerts.receiver"):
        send_next(ingest, FarEnd.of(receiver), FAST)
    line = json.loads(caplog.messages[0])
    assert (line["receiver"], line["grade"], line["alert"]) == ("log", "orange", "A1")


def test_a_step_that_cannot_be_worded_is_told_plainly(put_step, ingest, owner, webhook):
    put_step("A")
    with owner.cursor() as cursor:
        cursor.execute("""update alert_transition set reason = '[]'""")
    owner.commit()
    route(ingest, [hook(webhook.url)])
    assert send_next(ingest, FarEnd.of(hook(webhook.url)), FAST)
    text = json.loads(webhook.wait_for(1)[0].body)["text"]
    assert "【橙色】触发" in text["zh"]
    assert "ORANGE raised" in text["en"]


def test_a_sender_outlives_a_defect(put_step, ingest, database, webhook):
    tries, stop = [], threading.Event()

    def connected():
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError("a defect")
        return connect(database, "ingest", application="test sender")

    put_step("A")
    route(ingest, [hook(webhook.url)])
    ingest.commit()
    sender = Sender(FarEnd.of(hook(webhook.url)), ClockSettings(tick_s=0.1), connected, stop)
    sender.start()
    try:
        assert len(webhook.wait_for(1)) == 1
    finally:
        stop.set()
        sender.wake()
        sender.join(10)
