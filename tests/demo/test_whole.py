"""python -m demo, whole: what a newcomer sees in the first minute."""

import json
import os
import re
import signal
import socket
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.program import Program, python
from tests.servers.waiting import free_port, until


class Demo:
    """One data folder, started as often as a test likes."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.data, self._said, self._starts = folder / "data", folder, 0
        self.staff, self.public, self.mqtt = free_port(), free_port(), free_port()
        self._env = {
            "STAFF_PORT": str(self.staff),
            "PUBLIC_PORT": str(self.public),
            "MQTT_PORT": str(self.mqtt),
            "DATA_DIR": str(self.data),
            **env,
        }

    def start(self) -> Program:
        self._starts += 1
        program = python("demo", self._said / f"said{self._starts}", env=self._env).start()
        try:
            program.wait_for("Dongtai is running", seconds=300)
        except AssertionError:
            program.stop(seconds=60)
            raise
        return program

    def processes(self) -> list[int]:
        """Everything that names this folder or its broker's port on its command line."""
        marks = [str(self.data).encode(), f"--port\0{self._env['MQTT_PORT']}".encode()]
        return [pid for pid, line in command_lines() if any(mark in line for mark in marks)]

    def api(self, path: str) -> Any:
        token = (self.data / "passwords.txt").read_text().split()[-1]
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.staff}/api/v1/{path}",
            headers={"Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def latest(self, station: str, metric: str) -> Any:
        """The newest reading; None before the first."""
        features = {feature["id"]: feature for feature in self.api("stations")["features"]}
        found = features[station]["properties"]["latest"].get(metric)
        return found if found and found["t"] else None


def command_lines() -> Iterator[tuple[int, bytes]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                yield int(entry.name), (entry / "cmdline").read_bytes()
            except OSError:  # it ended meanwhile
                continue


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    # Not below pytest's own folder: it closes that to other users at every start, and PostgreSQL
    # runs as another user where the tests run as root.
    with tempfile.TemporaryDirectory(prefix="dongtai-demo-") as folder:
        yield Demo(Path(folder))


@pytest.mark.timeout(900)
def test_the_first_minute(demo: Demo) -> None:
    program = demo.start()
    try:
        before = until(lambda: demo.latest("G-31", "nh3_ppm"), "a reading of G-31")
        assert before["origin"] == "simulated"
        until(lambda: demo.latest("G-31", "nh3_ppm")["t"] != before["t"], "G-31 to move")
        level = until(lambda: demo.latest("R-01", "level_m"), "a level of R-01")
        assert level["origin"] == "recorded"
        assert level["original_t"].startswith("2021-")
        until(lambda: leaks(demo), "an alert about ammonia", seconds=180)
        kill_ingest(demo, program)
    finally:
        status = program.stop(seconds=60)
    assert status == 0
    assert not demo.processes()
    assert (demo.data / "passwords.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.timeout(900)
def test_killed_and_started_again_it_finds_its_data(demo: Demo) -> None:
    """Runs after the first minute, on its data."""
    if not demo.data.exists():  # run alone
        demo.start().stop(seconds=60)
    passwords = (demo.data / "passwords.txt").read_text()
    program = demo.start()
    try:
        ready = re.search(r"ready in (\d+) s", program.said)
        assert ready
        assert (demo.data / "passwords.txt").read_text() == passwords
        assert demo.latest("A-01", "pm25_ugm3"), "a reading of the run before"
    finally:
        program.kill()
        until(lambda: not demo.processes(), "everything to end with its supervisor", seconds=120)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", demo.staff)) != 0


def leaks(demo: Demo) -> list[Any]:
    alerts = demo.api("alerts?state=active")["alerts"]
    return [alert for alert in alerts if alert["metric"] == "nh3_ppm"]


def kill_ingest(demo: Demo, program: Program) -> None:
    (ingest,) = [
        pid
        for pid, line in command_lines()
        if str(demo.data).encode() in line and b"\0ingest\0" in line
    ]
    os.kill(ingest, signal.SIGKILL)
    program.wait_for("ingest ended by SIGKILL; restarting in")
    program.wait_for("ingest restarted")
    seen = demo.latest("G-31", "nh3_ppm")["t"]
    until(lambda: demo.latest("G-31", "nh3_ppm")["t"] > seen, "readings after the restart")
