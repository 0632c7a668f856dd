"""What the ingest itself notices of the line while it runs."""

import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

import config
from demo.line import Line
from ingest.line import probe
from ingest.line.security import granted
from ingest.message import Inbox
from ingest.mqtt import Subscriber
from ingest.settings import BrokerSettings, IngestSettings
from sensors.settings import SensorsSettings
from tests.servers.program import Program
from tests.servers.waiting import free_port, listening, until

TOPIC = "dongtai/v1/obs/R-01"


def subscriber(broker: BrokerSettings) -> Subscriber:
    return Subscriber(broker, "test-ingest", ["dongtai/v1/obs/#"], Inbox(100, 100_000), 100)


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO)
    return lambda text: [one for one in caplog.messages if text in one]


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_broker_that_forgot_the_session_is_named(mosquitto, said, protocol):
    session = subscriber(BrokerSettings(port=mosquitto.port, protocol=protocol))
    session.start()
    until(lambda: session.connected_since, "the session")
    mosquitto.restart()
    until(lambda: len(said("session kept: True")) == 1, "the session again")
    assert said("forgot the session") == []
    mosquitto.stop()
    (mosquitto.folder / "mosquitto.db").unlink()
    mosquitto.start()
    until(lambda: said("forgot the session of test-ingest"), "the loss to be named")
    session.stop()


def test_renewed_certificates_and_passwords_need_no_restart(tmp_path, said):
    """Another authority, another password: as after the old ones were stolen."""
    settings = config.load()
    stations = settings.section(SensorsSettings).stations
    line = Line(tmp_path / "line", free_port())
    line.prepare(settings.section(IngestSettings), stations)
    ours = line.overrides(stations)["ingest"]["broker"]
    broker = Program(line.command, tmp_path / "said").start()
    until(lambda: listening(line.ports[2]), f"the broker; it said {broker.said}")
    session = subscriber(BrokerSettings.model_validate(ours))
    session.start()
    until(lambda: session.connected_since, "the session")
    broker.stop()
    until(lambda: not session.connected_since, "the loss of the line")
    line.prepare(settings.section(IngestSettings), stations)
    broker.start()
    until(lambda: session.connected_since, f"the session; {said('')}", seconds=40)
    assert said("forgot the session") == []
    session.stop()
    broker.stop()


def test_a_session_kept_too_short_is_a_risk():
    short = list(granted(SimpleNamespace(SessionExpiryInterval=60), 604_800))
    assert ["60 s only" in finding.sentence for finding in short] == [True]
    assert list(granted(SimpleNamespace(), 604_800)) == list(granted(None, 604_800)) == []


def test_a_glance_finds_nothing_wrong_with_a_broker_set_right(mosquitto, said):
    probe.glance(IngestSettings(broker=BrokerSettings(port=mosquitto.port)))
    assert said("broker: ") == []


def test_a_glance_at_nobody_is_silent(said):
    probe.glance(IngestSettings(broker=BrokerSettings(port=free_port())))
    assert said("") == []


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_what_the_probe_leaves_behind_is_nothing(mosquitto, protocol):
    settings = IngestSettings(broker=BrokerSettings(port=mosquitto.port, protocol=protocol))
    sentences = [str(one) for one in probe.seen(settings, datetime.now(UTC))]
    assert [one[:5] for one in sentences] == ["note:", "note:"], sentences
    mosquitto.restart()  # what outlives this is a session that the broker keeps
    mosquitto.stop()
    assert b"probe" not in (mosquitto.folder / "mosquitto.db").read_bytes()
