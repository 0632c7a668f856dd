"""Alerts published on our own broker: confirmed is delivered; one that is away is waited for."""

import json
import threading

import pytest

from alerts.outbox import route
from alerts.receiver_settings import ReceiverSettings
from alerts.settings import AlertsSettings
from database.pool import connect
from ingest.line.guest import Guest
from ingest.settings import BrokerSettings
from ingest.telling import start_senders
from ingest.telling_check import check
from tests.servers.waiting import until

RULE = """
with r as (insert into rule (code) values ('X') returning id),
v as (insert into rule_version (rule_id, version, definition, author, reason)
      select id, 1, '{"code": "X", "label": {"zh": "试", "en": "Trial"}}', 'p', 'p' from r)
select 1
"""
ALERT = """
with a as (insert into alert (id, rule_id, rule_version, subject, grade, peak_grade, state,
                              began_at, raised_at)
           select %(id)s, id, 1, %(id)s, 'red', 'red', 'active', now(), now() from rule
           returning id),
t as (insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, reason)
      select id, 1, 'raised', now(), now(), 'red', '{"code": "x"}' from a returning id)
insert into outbox (transition_id) select id from t
"""
ALERTS = AlertsSettings.model_validate(
    {
        "receivers": [{"name": "bus", "type": "mqtt", "topic": "district/alerts"}],
        "clock": {"tick_s": 0.1, "retry_first_s": 0.2, "retry_most_s": 0.5},
    }
)


@pytest.fixture
def put(owner):
    def put_(alert_id):
        with owner.cursor() as cursor:
            cursor.execute(ALERT, {"id": alert_id})
        route(owner, [ReceiverSettings(name="bus", type="mqtt", topic="district/alerts")])
        owner.commit()

    with owner.cursor() as cursor:
        cursor.execute(RULE)
    owner.commit()
    return put_


def test_each_transition_is_published_once_and_waits_while_the_broker_is_away(
    database, owner, mosquitto, put
):
    broker = BrokerSettings(host=mosquitto.host, port=mosquitto.port)
    listener = Guest(broker, "listener", keep_s=600)
    listener.come()
    assert listener.subscribe("district/alerts")
    stop = threading.Event()
    senders = start_senders(
        ALERTS, broker, lambda: connect(database, "ingest", application="t"), stop
    )
    try:
        put("A1")
        until(lambda: len(listener.heard) >= 1, "the first alert")
        listener.acknowledge()
        document = json.loads(listener.heard[0].payload)
        assert (document["alert"]["id"], document["grade"]) == ("A1", "red")
        assert document["key"] == str(document["transition"])
        listener.leave()
        mosquitto.stop()
        put("A2")

        def failed():
            with owner.cursor() as cursor:
                cursor.execute("select error from message where error is not null")
                found = cursor.fetchone()
            owner.commit()
            return found

        until(failed, "an attempt without a broker")
        mosquitto.start()
        again = Guest(broker, "listener", keep_s=600)
        again.come()
        again.subscribe("district/alerts")

        def delivered():
            with owner.cursor() as cursor:
                cursor.execute("select count(*) from message where delivered_at is not null")
                found = cursor.fetchone()[0]
            owner.commit()
            return found == 2

        until(delivered, "the second alert")
        again.leave()
    finally:
        stop.set()
        for sender in senders:
            sender.wake()
            sender.join(20)


def test_an_answer_of_an_earlier_round_of_packet_ids_confirms_nothing(mosquitto):
    guest = Guest(BrokerSettings(host=mosquitto.host, port=mosquitto.port), "teller")
    guest.come()
    assert guest.publish("district/alerts")
    mosquitto.stop()
    until(lambda: not guest.connected, "the end of the connection")
    guest._client._last_mid = 0  # as after 65,535 messages
    assert not guest.publish("district/alerts")
    guest.leave()


@pytest.mark.parametrize(
    ("topic", "refused"),
    [
        ("dongtai/v1/obs/R-01", True),
        ("v3/demo/devices/x/up", True),
        ("dongtai/v1/alerts", False),
        ("other/obs/R-01", False),
    ],
)
def test_a_receiver_on_a_topic_that_ingest_reads_is_refused(topic, refused):
    raw = {
        "ingest": {"foreign": [{"topic": "v3/+/devices/+/up"}]},
        "alerts": {"receivers": [{"name": "bus", "type": "mqtt", "topic": topic}]},
    }
    found = check(raw)
    assert bool(found) == refused
    if refused:
        assert found[0].where == ("alerts", "receivers", 0, "topic")
        assert "publish elsewhere, such as dongtai/v1/alerts" in found[0].problem
