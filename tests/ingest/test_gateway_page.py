"""docs/gateway.md, followed word for word: only the ports are others."""

import re
import subprocess

import pytest

from sensors.decoders.crc16 import modbus
from tests.ingest.devices import Listener, RunningGateway
from tests.servers.mosquitto import Mosquitto
from tests.servers.program import ROOT

PAGE = (ROOT / "docs" / "gateway.md").read_text("utf-8")


def block(language: str, protocol: str) -> str:
    (found,) = re.findall(rf"^```{language} {protocol}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def mosquitto(tmp_path):
    broker = Mosquitto(tmp_path / "mosquitto", on_changes=False).start()
    yield broker
    broker.stop()


@pytest.fixture
def listener(mosquitto):
    ear = Listener(mosquitto)
    yield ear
    ear.close()


@pytest.fixture
def follow(tmp_path, mosquitto, listener, process):
    """Does what the page says in a shell, and gives back what it prints."""
    gateway = RunningGateway(tmp_path, mosquitto, process)
    ports = {"hj212": ("21200", gateway.hj212), "sl651": ("21651", gateway.sl651)}

    def followed(protocol: str) -> str:
        said, own = ports[protocol]
        script = block("sh", protocol)
        assert said in script
        command = ["bash", "-euc", script.replace(said, str(own))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.strip()

    return followed


def test_the_frame_of_hj212_is_answered_as_the_page_says(follow, listener):
    assert follow("hj212") == block("text", "hj212").strip()
    topic, frame = listener.next()
    assert topic == "dongtai/v1/hj212/TEST-01"
    assert frame.decode() in block("sh", "hj212")


def test_the_frame_of_sl651_is_answered_as_the_page_says(follow, listener):
    """But for the time of the answer, and its checksum, which is right for it."""
    answer, shown = bytes.fromhex(follow("sl651")), bytes.fromhex(block("text", "sl651"))
    before_time, behind_time = shown.split(bytes.fromhex("260601080003"))
    assert answer.startswith(before_time)
    assert re.fullmatch(r"\d{12}", answer[len(before_time) :][:6].hex())
    assert len(answer) == len(shown)
    assert answer[-3] == behind_time[0]
    assert [int.from_bytes(one[-2:]) for one in (answer, shown)] == [
        modbus(one[:-2]) for one in (answer, shown)
    ]
    topic, frame = listener.next()
    assert topic == "dongtai/v1/sl651/0012345678"
    assert frame.hex().upper() in block("sh", "sl651")


def test_the_devices_of_the_page_are_configured_nowhere():
    """So that whoever tries it stores nothing."""
    config = (ROOT / "config.yaml").read_text("utf-8")
    assert "TEST-01" not in config
    assert "0012345678" not in config
