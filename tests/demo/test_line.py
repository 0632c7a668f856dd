"""BROKER=mosquitto: the demo on a Mosquitto with TLS and accounts, as docs/demo.md says."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from demo.line import Line
from ingest.settings import IngestSettings
from sensors.settings import SensorsSettings
from tests.demo.test_whole import Demo
from tests.servers.program import ROOT, python
from tests.servers.waiting import until


@pytest.fixture
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory(prefix="dongtai-demo-") as folder:
        yield Demo(Path(folder), BROKER="mosquitto")


def page(demo: Demo) -> list[str]:
    """The commands of docs/demo.md, with this run's port and folder."""
    text = (ROOT / "docs" / "demo.md").read_text("utf-8").partition("## The line")[2]
    block = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[0].replace("\\\n", "")
    block = block.replace("data/", f"{demo.data}/").replace("1883", str(demo.mqtt))
    return [line for line in block.splitlines() if line]


@pytest.mark.timeout(900)
def test_everything_runs_over_the_secured_line(demo: Demo) -> None:
    program = demo.start()
    try:
        until(lambda: demo.latest("R-01", "level_m"), "a level of R-01")
        until(lambda: demo.latest("G-31", "nh3_ppm"), "a reading of G-31")
        refused, sound = (
            subprocess.run(
                ["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False
            )
            for line in page(demo)
        )
        assert "Not authorized" in refused.stderr
        assert demo.latest("R-02", "level_m") != 99
        assert sound.returncode == 0, sound.stdout
        assert "nothing wrong to be seen" in sound.stdout
    finally:
        status = program.stop(seconds=60)
    assert status == 0
    assert not demo.processes()


def test_secrets_are_the_owners(tmp_path: Path) -> None:
    settings = config.load()
    stations = settings.section(SensorsSettings).stations
    line = Line(tmp_path / "line", 18883)
    line.prepare(settings.section(IngestSettings), stations)
    secret = [*line.passwords.iterdir(), line.folder / "broker.key"]
    assert {path.stat().st_mode & 0o077 for path in secret} == {0}
    assert line.folder.stat().st_mode & 0o077 == 0
    assert not (line.folder / "ca.key").exists()


def test_another_broker_is_refused_with_a_sentence(tmp_path: Path) -> None:
    program = python(
        "demo", tmp_path / "said", env={"BROKER": "emqx", "DATA_DIR": str(tmp_path)}
    ).start()
    assert program.wait() == 1
    assert "expected embedded or mosquitto" in program.said
