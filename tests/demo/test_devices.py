"""The devices and the broker of the demo, as programs, heard by a client that is not ours."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import config
from demo import effective
from tests.servers.program import Program, needed, python
from tests.servers.waiting import free_port, listening, until


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    found = free_port()
    broker = python("demo.broker", tmp_path / "broker", "--port", str(found)).start()
    until(lambda: listening(found), "the broker to listen")
    yield found
    broker.stop()


@contextmanager
def listening_client(port: int, output: Path, *arguments: str) -> Iterator[Program]:
    """mosquitto_sub, subscribed; a line a message (stdbuf: at once, though it writes to a file)."""
    client = [needed("stdbuf", "coreutils"), "-oL", needed("mosquitto_sub", "mosquitto-clients")]
    program = Program([*client, "-p", str(port), "-q", "1", "-d", *arguments], output).start()
    try:
        program.wait_for("SUBACK")
        yield program
    finally:
        program.stop()


def publish(port: int, output: Path, *arguments: str) -> None:
    client = [needed("mosquitto_pub", "mosquitto-clients"), "-p", str(port), "-q", "1"]
    assert Program([*client, *arguments], output).start().wait() == 0


@pytest.fixture
def heard(port: int, tmp_path: Path) -> Iterator[Program]:
    """Everything that is published: `topic bytes payload-in-hex` a line."""
    wanted = ["-t", "dongtai/v1/#", "-F", "%t %l %x"]
    with listening_client(port, tmp_path / "heard", *wanted) as client:
        yield client


@pytest.fixture
def devices(port: int, heard: Program, tmp_path: Path) -> Iterator[Program]:
    path = tmp_path / "config.yaml"
    changes = effective.overrides("postgresql:///none", port, 8050, 8051)
    effective.write(config.DEFAULT_PATH, path, changes)
    fleet = python(
        "demo.devices", tmp_path / "fleet", "--config", str(path), "--backlog-h", "0.05"
    ).start()
    yield fleet
    fleet.stop()


def messages(heard: Program) -> list[tuple[str, int, bytes]]:
    lines = [line.split(" ") for line in heard.said.splitlines() if line.startswith("dongtai/")]
    return [
        (words[0], int(words[1]), bytes.fromhex(words[2])) for words in lines if len(words) == 3
    ]


def sent(heard: Program, end: str) -> list[bytes]:
    return [payload for topic, _, payload in messages(heard) if topic.endswith(end)]


def test_gateways_come_online_and_their_stations_report(devices: Program, heard: Program) -> None:
    until(lambda: "status/GW-01" in heard.said, "GW-01 online")
    until(lambda: "obs/G-31" in heard.said and "img/C-0" in heard.said, "gas and pictures")
    until(lambda: len(sent(heard, "obs/A-02")) >= 2, "backlog and a live report")
    found = messages(heard)
    assert ("dongtai/v1/status/GW-01", 6, b"online") in found
    backlog, live = map(json.loads, sent(heard, "obs/A-02")[:2])
    assert isinstance(backlog, list)
    assert [entry["t"] for entry in backlog] == sorted(entry["t"] for entry in backlog)
    assert backlog[-1]["t"] < live["t"]
    assert live["o"] == "recorded"
    assert live["t0"].startswith("2016-12-1")
    pictures = [(topic, payload) for topic, _, payload in found if "/img/" in topic]
    assert all(topic.rsplit("/", 1)[1].isdecimal() for topic, _ in pictures)
    assert all(payload[:3] in (b"\xff\xd8\xff", b"\x89PN") for _, payload in pictures)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_gateways_that_go_say_offline_even_when_killed(
    devices: Program, heard: Program, number: signal.Signals
) -> None:
    until(lambda: "status/GW-01" in heard.said, "GW-01 online")
    devices.signal(number)
    devices.wait()
    offline = ("dongtai/v1/status/GW-01", 7, b"offline")
    until(lambda: offline in messages(heard), "GW-01 offline")


def test_the_broker_keeps_the_session_of_a_client_that_is_away(port: int, tmp_path: Path) -> None:
    keeper = ["-i", "keeper", "-c", "-t", "a/#"]
    with listening_client(port, tmp_path / "first", *keeper) as first:
        first.kill()
    for text in ("one", "two", "three"):
        publish(port, tmp_path / "pub", "-t", "a/b", "-m", text)
    with listening_client(port, tmp_path / "again", *keeper) as again:
        again.wait_for("three")
        words = [line for line in again.said.splitlines() if line in ("one", "two", "three")]
    assert words == ["one", "two", "three"]


def test_the_broker_passes_a_picture_of_five_megabytes(port: int, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 5_000_000)
    wanted = ["-t", "big/#", "-F", "got %l"]
    with listening_client(port, tmp_path / "heard", *wanted) as client:
        publish(port, tmp_path / "pub", "-t", "big/x", "-f", str(tmp_path / "big"))
        client.wait_for("got 5000000")
