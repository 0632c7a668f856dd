"""Rates: a bucket in the database, digests above it, each transition counted, the gravest first."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import outbox
from alerts.outbox import route
from alerts.receiver_settings import ReceiverSettings
from alerts.receivers import FarEnd
from alerts.sender import send_next
from alerts.sending.parcel import Parcel, compose
from alerts.sending.queue import Rate, delivered, next_parcel, spend
from alerts.settings import ClockSettings
from database.pool import connect
from tests.alerts.telling import due_now, messages, over, query, run

FAST = ClockSettings(retry_first_s=0.001, retry_most_s=0.002, attempts=3)


def hook(url, **changes):
    rate = {"per_minute": 0.001, "burst": 2} | changes
    settings = ReceiverSettings(name="hook", type="webhook", url=url, **rate)
    return FarEnd.of(settings)


def test_above_the_rate_all_that_waits_is_one_digest_and_each_is_delivered(
    put_step, ingest, webhook
):
    end = hook(webhook.url)
    numbers = [put_step(f"A{n}") for n in range(20)]
    route(ingest, [end.settings])
    assert send_next(ingest, end, FAST)
    assert not send_next(ingest, end, FAST)
    (request,) = webhook.wait_for(1)
    document = json.loads(request.body)
    assert document["kind"] == "digest"
    assert [one["transition"] for one in document["messages"]] == numbers
    assert all(row[4] for row in messages(ingest))
    assert query(ingest, "select distinct digest_size, digest from message") == [
        (20, request.headers["Idempotency-Key"])
    ]


def test_within_the_rate_each_goes_by_itself(put_step, ingest, webhook):
    end = hook(webhook.url, burst=3)
    for n in range(3):
        put_step(f"A{n}")
    route(ingest, [end.settings])
    while send_next(ingest, end, FAST):
        pass
    kinds = [json.loads(request.body)["kind"] for request in webhook.wait_for(3)]
    assert kinds == ["raised"] * 3


def test_what_comes_when_the_bucket_is_empty_waits_and_is_not_lost(put_step, ingest, webhook):
    end = hook(webhook.url, burst=1)
    put_step("A0")
    route(ingest, [end.settings])
    assert send_next(ingest, end, FAST)
    put_step("A1")
    put_step("A2")
    route(ingest, [end.settings])
    assert not send_next(ingest, end, FAST)
    run(ingest, "update receiver_state set refilled_at = refilled_at - interval '1 day'")
    assert send_next(ingest, end, FAST)
    assert all(row[4] for row in messages(ingest))
    assert json.loads(webhook.wait_for(2)[1].body)["count"] == 2


def test_a_digest_that_is_refused_waits_whole_and_goes_again(put_step, ingest, webhook):
    end = hook(webhook.url)
    for n in range(5):
        put_step(f"A{n}")
    route(ingest, [end.settings])
    webhook.statuses.append(503)
    assert send_next(ingest, end, FAST)
    assert [row[3:6] for row in messages(ingest)] == [(1, False, False)] * 5
    run(ingest, "update receiver_state set refilled_at = refilled_at - interval '30 days'")
    due_now(ingest)
    assert send_next(ingest, end, FAST)
    assert [row[3:6] for row in messages(ingest)] == [(2, True, False)] * 5
    first, second = (r.headers["Idempotency-Key"] for r in webhook.wait_for(2))
    assert first == second


def test_a_digest_has_one_line_an_alert_as_it_stands_and_red_first(put_step, ingest, webhook):
    end = hook(webhook.url, burst=1)
    for n in range(3):
        put_step(f"A{n}")
    put_step("A1", "stepped_up", "red", 2)
    put_step("A2", "ended", "orange", 2)
    route(ingest, [end.settings])
    assert send_next(ingest, end, FAST)
    document = json.loads(webhook.wait_for(1)[0].body)
    assert document["count"] == 5
    steps = [(m["alert"]["id"], m["kind"]) for m in document["messages"]]
    assert steps.index(("A1", "raised")) < steps.index(("A1", "stepped_up"))


def test_a_restart_forgets_nothing_of_the_rate(ingest, database):
    rate = Rate(0.001, 2)
    assert spend(ingest, "sms", rate) == 1
    ingest.commit()
    other = connect(database, "ingest", application="after the restart")
    left = spend(other, "sms", rate)
    assert left is not None
    assert left == pytest.approx(0, abs=0.01)
    assert spend(other, "sms", rate) is None
    other.close()


def test_tokens_come_back_at_the_rate_and_no_more_than_the_burst(ingest):
    rate = Rate(60, 3)
    for _ in range(3):
        assert spend(ingest, "sms", rate) is not None
    run(ingest, "update receiver_state set refilled_at = clock_timestamp() - interval '2.5 s'")
    assert spend(ingest, "sms", rate) is not None
    assert spend(ingest, "sms", rate) is not None
    run(ingest, "update receiver_state set refilled_at = clock_timestamp() - interval '1 day'")
    assert spend(ingest, "sms", rate) == pytest.approx(2)
    run(ingest, "update receiver_state set refilled_at = clock_timestamp() + interval '1 day'")
    assert spend(ingest, "sms", rate) is not None  # a clock set back takes no token away


def test_in_a_flood_an_attempt_counts_only_for_what_was_due(put_step, ingest, webhook):
    """A digest goes for what is new, and takes along what failed a moment ago."""
    end = hook(webhook.url, burst=1)
    slow = ClockSettings(retry_first_s=60, attempts=3)
    webhook.statuses += [503] * 5
    for n in range(5):
        put_step(f"A{n}")
        put_step(f"B{n}")
        over(ingest)
        route(ingest, [end.settings])
        ingest.commit()
        run(ingest, "update receiver_state set refilled_at = refilled_at - interval '1 day'")
        assert send_next(ingest, end, slow)
    assert [row[3:6] for row in messages(ingest)] == [(1, False, False)] * 10
    waits = "select count(*) from message where next_try_at > clock_timestamp() + interval '61 s'"
    assert query(ingest, waits) == [(0,)]


def far(**changes):
    dead = ReceiverSettings(name="dead", type="webhook", url="http://127.0.0.1:1/", **changes)
    return FarEnd(dead, dead.url, ("other",), "dead")


def test_a_receiver_that_takes_nothing_has_all_that_waits_told_to_others(put_step, ingest, owner):
    """Three failures running are enough, however many messages they were of; the gravest first."""
    end = far()
    numbers = [put_step(f"A{n}") for n in range(8)]
    run(owner, "update alert_transition set grade = 'red' where id = %s", numbers[7])
    route(ingest, [end.settings])
    ingest.commit()
    slow = ClockSettings(retry_first_s=60)
    for told in (0, 0, 8):
        assert send_next(ingest, end, slow)
        found = query(ingest, "select transition_id from message where way = 'fallback'")
        assert len(found) == told
    tried = "select transition_id from message where receiver = 'dead' and attempts > 0"
    assert query(ingest, f"{tried} order by transition_id") == [
        *((number,) for number in (*numbers[:2], numbers[7]))
    ]
    first = query(ingest, "select transition_id from message where way = 'fallback' order by id")
    assert first[0] == (numbers[7],)
    late = put_step("B")
    route(ingest, [end.settings])
    ingest.commit()
    assert send_next(ingest, end, slow)
    assert (late,) in query(ingest, "select transition_id from message where way = 'fallback'")


def test_a_delivery_ends_the_row_of_failures(put_step, ingest, webhook):
    put_step("A1")
    dead, end = far(), hook(webhook.url, per_minute=None)
    route(ingest, [dead.settings, end.settings])
    ingest.commit()
    count = "select failures from receiver_state where receiver = 'hook'"
    webhook.statuses += [503, 503]
    for failures in (1, 2, 0):
        due_now(ingest)
        assert send_next(ingest, end, FAST)
        assert query(ingest, count) == [(failures,)]


def test_a_red_one_behind_a_blue_one_of_its_alert_goes_before_what_is_orange(put_step, ingest):
    orange = put_step("A1")
    first = put_step("A2")
    red = put_step("A2", "stepped_up", "red", 2)
    end = far()
    route(ingest, [end.settings])
    ingest.commit()
    order = []
    while found := next_parcel(ingest, "dead"):
        order.append(int(found.key))
        delivered(ingest, "dead", found)
    assert order == [first, red, orange]


def test_nothing_is_given_up_while_its_alert_stands(put_step, ingest):
    put_step("A1")
    end = far()
    route(ingest, [end.settings])
    ingest.commit()
    for _ in range(FAST.attempts + 4):
        due_now(ingest)
        assert send_next(ingest, end, FAST)
    mine = "select attempts, given_up_at is not null from message where receiver = 'dead'"
    assert query(ingest, mine) == [(FAST.attempts + 4, False)]
    run(ingest, "update alert set state = 'returned', ended_at = now()")
    due_now(ingest)
    assert send_next(ingest, end, FAST)
    assert query(ingest, mine) == [(FAST.attempts + 5, False)]
    run(ingest, "update alert set state = 'ended'")
    due_now(ingest)
    assert send_next(ingest, end, FAST)
    assert query(ingest, mine) == [(FAST.attempts + 6, True)]


def test_where_nobody_else_was_told_it_does_not_say_so(put_step, ingest):
    put_step("A1")
    dead = far()
    alone = FarEnd(dead.settings, dead.url, (), "dead")
    known = FarEnd(dead.settings, dead.url, ("second",), "dead")
    second = ReceiverSettings(name="second", type="log")
    route(ingest, [dead.settings, second])
    ingest.commit()
    for end in (alone, known):
        for _ in range(3):
            due_now(ingest)
            assert send_next(ingest, end, FAST)
        assert query(ingest, "select fell_back_at from message") == [(None,), (None,)]


def test_what_is_counted_each_second_reads_no_whole_table(ingest):
    with ingest.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("explain " + outbox._WAITING)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    ingest.rollback()
    assert "Seq Scan" not in plan
    assert "message_given_up" in plan


def parcel(lines, digest=True):
    return Parcel(
        key="k",
        ids=(1,),
        attempts=0,
        grade="red",
        head={"zh": "【汇总】3 起告警", "en": "[DIGEST] 3 alerts"},
        lines=tuple({"zh": f"第{line}", "en": line} for line in lines),
        document={},
        digest=digest,
    )


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=60), max_size=30
    ),
    st.sampled_from(["zh", "en", "both"]),
    st.one_of(st.none(), st.integers(40, 400)),
    st.one_of(st.none(), st.integers(100, 2048)),
    st.booleans(),
)
def test_what_is_composed_keeps_within_its_length(lines, language, chars, octets, digest):
    title, body = compose(parcel(lines, digest), language, chars, octets)
    whole = f"{title}\n{body}" if body else title
    assert chars is None or len(whole) <= chars
    assert octets is None or len(whole.encode()) <= octets
    assert title


def test_what_does_not_fit_into_a_digest_is_counted_in_it():
    title, body = compose(parcel([f"line {n}" for n in range(100)]), "en", 200)
    assert title == "[DIGEST] 3 alerts"
    shown = [line for line in body.splitlines() if line.startswith("line")]
    assert shown
    assert shown == [f"line {n}" for n in range(len(shown))]
    assert body.endswith(f"... and {100 - len(shown)} more; see the desk")


def test_a_short_message_of_one_alert_keeps_its_head():
    title, body = compose(parcel(["why it is so", "what to do", "since when"], False), "both", 60)
    assert title == "【汇总】3 起告警 / [DIGEST] 3 alerts"
    assert "more" not in body
