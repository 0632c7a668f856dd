"""Escalation as timelines: on to the next one, until a person acknowledges; anew when graver."""

import json
import threading
from datetime import timedelta

import pytest

from alerts import leader
from alerts.life.taking import acknowledge
from alerts.outbox import route
from alerts.receiver_settings import EscalationSettings, ReceiverSettings
from alerts.receivers import FarEnd
from alerts.sender import send_next
from alerts.sending.escalation import escalate
from alerts.settings import AlertsSettings, ClockSettings
from alerts.times import BEIJING, rfc3339
from database.heartbeat import wake
from database.pool import connect
from database.query import now
from gis.settings import GisSettings
from tests.alerts.telling import query, run
from tests.servers.waiting import until

NAMES = ("first", "second", "head")
RECEIVERS = [ReceiverSettings(name=name, type="log") for name in NAMES]
CHAINS = [
    EscalationSettings.model_validate(one)
    for one in (
        {
            "name": "red",
            "min_grade": "red",
            "steps": [{"after_s": 60, "to": ["second"]}, {"after_s": 120, "to": ["head"]}],
        },
        {
            "name": "rest",
            "steps": [{"after_s": 180, "to": ["second"]}, {"after_s": 600, "to": ["head"]}],
        },
    )
]
FIRST = [receiver for receiver in RECEIVERS if receiver.name == "first"]
DAY, NIGHT = (
    EscalationSettings.model_validate(
        {"name": name, "hours": hours, "steps": [{"after_s": 60, "to": [to]}]}
    )
    for name, hours, to in (("day", "08:00-20:00", "second"), ("night", "20:00-08:00", "second"))
)


@pytest.fixture
def timeline(put_step, ingest, owner):
    """`at(seconds)`: what the escalation has told by then, newest last, as (receiver, step)."""

    class Timeline:
        def __init__(self):
            self.zero = now(ingest)

        def tell(self, kind="raised", grade="orange", seq=1, at_s=0.0, alert="A1"):
            number = put_step(alert, kind, grade, seq)
            run(owner, "update alert_transition set grade = %s where id = %s", grade, number)
            run(owner, "update alert set grade = %s where id = %s", grade, alert)
            route(ingest, FIRST)
            ingest.commit()
            run(
                owner,
                "update outbox set routed_at = %s where transition_id = %s",
                *(self.zero + timedelta(seconds=at_s), number),
            )
            return number

        def returns(self, alert, at_s):
            """Its values are back, and nobody has seen it. All of them are of one subject."""
            run(
                owner,
                "update alert set state = 'returned', ended_at = %s, subject = 'R-01'"
                " where id = %s",
                *(self.zero + timedelta(seconds=at_s), alert),
            )

        def again(self, alert, at_s, grade="orange"):
            """The rule fires for that subject once more: a record of its own."""
            number = self.tell(alert=alert, at_s=at_s, grade=grade)
            run(owner, "update alert set subject = 'R-01' where id = %s", alert)
            return number

        def at(self, seconds, chains=CHAINS, receivers=RECEIVERS):
            escalate(ingest, chains, receivers, at=self.zero + timedelta(seconds=seconds))
            ingest.commit()
            return query(
                ingest, "select receiver, step from message where way = 'escalation' order by id"
            )

    return Timeline()


def test_nobody_acknowledges_so_it_goes_on_step_by_step_and_each_once(timeline):
    timeline.tell()
    assert timeline.at(179) == []
    assert timeline.at(180) == [("second", 1)]
    assert timeline.at(599) == [("second", 1)]
    assert timeline.at(600) == [("second", 1), ("head", 2)]
    assert timeline.at(10_000) == [("second", 1), ("head", 2)]


def test_it_stops_when_somebody_acknowledges(timeline, owner):
    timeline.tell()
    assert timeline.at(180) == [("second", 1)]
    acknowledge(owner, "A1", "zhang", None, expected_version=1, now=timeline.zero)
    owner.commit()
    assert timeline.at(10_000) == [("second", 1)]


@pytest.mark.parametrize("state", ["ended", "returned"])
def test_it_stops_when_the_alert_is_over(timeline, owner, state):
    timeline.tell()
    run(owner, "update alert set state = %s, ended_at = %s", state, timeline.zero)
    assert timeline.at(10_000) == []


def test_it_goes_on_for_a_returned_one_where_it_is_said_so(timeline, owner):
    timeline.tell()
    run(owner, "update alert set state = 'returned', ended_at = %s", timeline.zero)
    chains = [EscalationSettings.model_validate({**CHAINS[1].model_dump(), "returned": True})]
    assert timeline.at(200, chains) == [("second", 1)]


def test_it_begins_anew_when_it_becomes_graver(timeline):
    timeline.tell()
    assert timeline.at(180) == [("second", 1)]
    timeline.tell("stepped_up", "red", 2, at_s=200)
    assert timeline.at(259) == [("second", 1)]
    assert timeline.at(260) == [("second", 1), ("second", 1)]
    assert timeline.at(320) == [("second", 1), ("second", 1), ("head", 2)]


def test_it_does_not_begin_anew_when_it_becomes_lesser_or_as_grave_again(timeline):
    timeline.tell(grade="red")
    timeline.tell("stepped_down", "orange", 2, at_s=10)
    timeline.tell("stepped_up", "red", 3, at_s=50)
    assert timeline.at(60) == [("second", 1)]
    assert timeline.at(10_000) == [("second", 1), ("head", 2)]


def test_acknowledged_and_then_graver_it_wants_somebody_anew(timeline, owner):
    timeline.tell()
    acknowledge(owner, "A1", "zhang", None, expected_version=1, now=timeline.zero)
    owner.commit()
    timeline.tell("stepped_up", "red", 3, at_s=300)
    run(owner, "update alert set state = 'active', owner = null, acknowledged_at = null")
    assert timeline.at(359) == []
    assert timeline.at(360) == [("second", 1)]


def test_a_process_that_was_away_takes_what_fell_due_and_nothing_twice(timeline):
    timeline.tell()
    assert timeline.at(5000) == [("second", 1), ("head", 2)]
    assert timeline.at(5001) == [("second", 1), ("head", 2)]


def test_what_was_told_to_nobody_does_not_escalate(timeline, owner):
    timeline.tell()
    run(owner, "update outbox set untold = 'shelved until 14:00'")
    assert timeline.at(10_000) == []


def test_what_was_not_routed_yet_has_no_clock(timeline, put_step):
    put_step("A1")
    assert timeline.at(10_000) == []


def test_the_message_says_for_how_long_nobody_has_acknowledged(timeline, ingest, owner, webhook):
    number = timeline.tell()
    run(owner, "update outbox set routed_at = clock_timestamp() - interval '185 s'")
    escalate(ingest, CHAINS, RECEIVERS)
    ingest.commit()
    hook = ReceiverSettings(name="second", type="webhook", url=webhook.url)
    assert send_next(ingest, FarEnd.of(hook), ClockSettings())
    (request,) = webhook.wait_for(1)
    assert request.headers["Idempotency-Key"] == f"{number}-escalation-rest-1"
    document = json.loads(request.body)
    assert (document["way"], document["step"], document["transition"]) == ("escalation", 1, number)
    assert document["text"]["zh"].startswith("【3 分钟 5 秒无人确认】【橙色】触发")
    assert document["text"]["en"].startswith("[NOT ACKNOWLEDGED for 3 minutes 5 seconds] ORANGE")


def test_the_steps_of_two_chains_are_two_messages_to_the_far_end(timeline, ingest, webhook):
    """One that drops what it has seen already must not drop the day's step for the night's."""
    timeline.zero = timeline.zero.astimezone(BEIJING).replace(hour=7, minute=50, second=0)
    number = timeline.tell()
    timeline.at(60, [DAY, NIGHT])
    timeline.at(600, [DAY, NIGHT])
    hook = ReceiverSettings(name="second", type="webhook", url=webhook.url)
    assert send_next(ingest, FarEnd.of(hook), ClockSettings())
    assert send_next(ingest, FarEnd.of(hook), ClockSettings())
    keys = [request.headers["Idempotency-Key"] for request in webhook.wait_for(2)]
    assert keys == [f"{number}-escalation-night-1", f"{number}-escalation-day-1"]


def test_each_alert_has_its_own_clock(timeline):
    timeline.tell(alert="A1")
    timeline.tell(alert="A2", at_s=100)
    assert timeline.at(200) == [("second", 1)]
    assert timeline.at(280) == [("second", 1), ("second", 1)]


def test_what_was_red_is_told_as_red_though_it_is_yellow_at_the_moment(timeline):
    timeline.tell(grade="red")
    timeline.tell("stepped_down", "yellow", 2, at_s=50)
    picky = [
        *(r for r in RECEIVERS if r.name != "second"),
        ReceiverSettings(name="second", type="log", min_grade="red"),
    ]
    assert timeline.at(60, receivers=picky) == [("second", 1)]


def test_what_was_red_before_somebody_had_it_does_not_count_any_more(timeline, owner):
    timeline.tell(grade="red")
    acknowledge(owner, "A1", "zhang", None, expected_version=1, now=timeline.zero)
    owner.commit()
    timeline.tell("stepped_down", "blue", 3, at_s=100)
    timeline.tell("stepped_up", "yellow", 4, at_s=300)
    run(owner, "update alert set state = 'active', owner = null, acknowledged_at = null")
    assert timeline.at(479) == []
    assert timeline.at(480) == [("second", 1)]


def test_a_step_that_leads_to_nobody_is_not_used_up(timeline, ingest):
    timeline.tell()
    picky = [ReceiverSettings(name=name, type="log", min_grade="red") for name in NAMES]
    assert timeline.at(180, receivers=picky) == []
    assert query(ingest, "select count(*) from escalation") == [(0,)]
    assert timeline.at(190) == [("second", 1)]


def test_the_chain_of_the_day_has_steps_of_its_own_after_that_of_the_night(timeline):
    timeline.zero = timeline.zero.astimezone(BEIJING).replace(hour=7, minute=50, second=0)
    timeline.tell()
    assert timeline.at(60, [DAY, NIGHT]) == [("second", 1)]
    assert timeline.at(599, [DAY, NIGHT]) == [("second", 1)]
    assert timeline.at(600, [DAY, NIGHT]) == [("second", 1), ("second", 1)]
    assert timeline.at(5000, [DAY, NIGHT]) == [("second", 1), ("second", 1)]


def test_an_alert_that_flaps_keeps_the_clock_of_its_first(timeline, ingest):
    """Up for 100 s, away for 20 s, again and again: no record of it lives for 180 s."""
    timeline.tell(alert="A0")
    for n in range(1, 6):
        timeline.returns(f"A{n - 1}", 120 * n - 20)
        number = timeline.again(f"A{n}", 120 * n)
        told = [("second", 1), ("head", 2)][: (n > 1) + (n > 4)]
        assert timeline.at(120 * n + 90) == told if n > 1 else timeline.at(179) == []
    why = query(ingest, "select transition_id, why ->> 'since' from message where step = 2")
    assert why == [(number, rfc3339(timeline.zero))]


@pytest.mark.parametrize(("away_s", "told"), [(3599, [("second", 1), ("head", 2)]), (3601, [])])
def test_what_comes_back_after_an_hour_begins_anew(timeline, away_s, told):
    timeline.tell()
    timeline.returns("A1", 100)
    timeline.again("A2", 100 + away_s)
    assert timeline.at(100 + away_s + 10) == told


def test_what_comes_back_graver_begins_anew_and_what_somebody_has_seen_does_not_count(
    timeline, owner
):
    timeline.tell()
    timeline.returns("A1", 100)
    timeline.again("A2", 120, "red")
    assert timeline.at(179) == []
    assert timeline.at(180) == [("second", 1)]
    timeline.returns("A2", 190)
    run(owner, "update alert set owner = 'zhang', state = 'ended'")
    timeline.again("A3", 200, "red")
    assert timeline.at(259) == [("second", 1)]
    assert timeline.at(260) == [("second", 1), ("second", 1)]


def test_escalation_is_asked_by_the_clock_and_not_at_each_notice(
    database, ingest, tmp_path, monkeypatch
):
    asked: list[int] = []
    routed: list[int] = []
    stop = threading.Event()

    def counted(calls):
        def call(*_, **__):
            calls.append(1)
            return 0

        return call

    monkeypatch.setattr(leader, "escalate", counted(asked))
    monkeypatch.setattr(leader, "route", counted(routed))
    leading = leader.Leader(
        AlertsSettings(clock=ClockSettings(tick_s=10)),
        *(GisSettings(), tmp_path, lambda: connect(database, "ingest", application="t"), stop),
    )
    thread = threading.Thread(target=leading.run, daemon=True)
    thread.start()

    def notice():
        wake(ingest)
        ingest.commit()
        return len(routed) >= 6

    try:
        until(notice, "six rounds")
    finally:
        stop.set()
        wake(ingest)
        ingest.commit()
        thread.join(30)
    assert not thread.is_alive()
    assert 0 < len(asked) < len(routed) / 2
