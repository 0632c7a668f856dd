"""Killed in the middle of a flood of messages: every reading is stored, and once."""

import time

import pytest

from tests.ingest.running import RunningIngest, observation
from tests.servers.mosquitto import Mosquitto
from tests.servers.waiting import until

MESSAGES = 20_000


@pytest.fixture
def mosquitto(tmp_path):
    """Saves once a second: it is the ingest that is killed, and 20,000 messages wait."""
    broker = Mosquitto(tmp_path / "mosquitto", on_changes=False).start()
    yield broker
    broker.stop()


@pytest.fixture
def ingest(tmp_path, database, mosquitto, process):
    running = RunningIngest(tmp_path, database, mosquitto, process, batch={"max_messages": 500})
    yield running
    running.close()


def test_sigkill_in_the_middle_of_20_000_messages_loses_and_doubles_nothing(
    ingest, mosquitto, tmp_path
):
    first_ms = int(time.time() - MESSAGES) * 1000
    sent = {first_ms + number * 1000: number / 1000 for number in range(MESSAGES)}
    lines = tmp_path / "lines"
    lines.write_bytes(b"".join(observation(value, t) + b"\n" for t, value in sent.items()))
    publisher = mosquitto.publish_lines("dongtai/v1/obs/R-01", lines)
    for mark in (2_000, 8_000):
        ingest.until_stored(mark, every=0.01)
        ingest.kill()
        assert ingest.stored() < MESSAGES, "killed too late to prove anything"
        ingest.start()
    assert publisher.wait(60) == 0
    ingest.until_stored(MESSAGES)
    until(lambda: balanced(ingest.ledger("obs")), "the ledger to close")
    rows = ingest.ask(
        "select round(extract(epoch from observed_at) * 1000)::bigint, value from reading"
    )
    assert len(rows) == MESSAGES
    assert dict(rows) == sent
    ledger = ingest.ledger("obs")
    assert ledger["stored"] == MESSAGES
    assert ledger["quarantined"] == ledger["revised"] == 0
    assert ingest.ask("select count(*) from quarantine") == [(0,)]


def test_a_broker_restarted_in_the_middle_costs_nothing(ingest, mosquitto):
    start_ms = int(time.time() - 3000) * 1000
    for number in range(200):
        mosquitto.publish("dongtai/v1/obs/R-01", observation(1.0, start_ms + number * 1000))
        if number == 100:
            mosquitto.restart()
    ingest.until_stored(200)
    assert ingest.stored() == 200
    assert balanced(ingest.ledger("obs"))


def balanced(ledger: dict[str, int]) -> bool:
    """received = stored + duplicate + revised + quarantined; received is counted on its own."""
    outcomes = sum(count for name, count in ledger.items() if name != "received")
    return ledger["received"] == outcomes >= ledger["stored"] > 0
