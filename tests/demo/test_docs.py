"""docs/demo.md and deploy/mosquitto.conf say what is so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

import config
from demo import provenance
from demo.settings import DemoSettings
from sensors.settings import SensorsSettings
from tests.servers.program import ROOT, Program, needed
from tests.servers.waiting import free_port


def keys(model: type[BaseModel], prefix: str) -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        below = field.annotation
        inner = isinstance(below, type) and issubclass(below, BaseModel)
        found += keys(below, f"{prefix}.{name}") if inner else [f"{prefix}.{name}"]
    return found


@pytest.mark.parametrize("key", keys(DemoSettings, "demo"))
def test_every_setting_of_the_demo_is_documented(key: str) -> None:
    assert f"| `{key}` |" in (ROOT / "docs/demo.md").read_text("utf-8")


def test_the_table_of_recordings_is_the_one_in_force() -> None:
    rows = provenance.table(config.load().section(SensorsSettings).stations)
    assert provenance.as_markdown(rows) in (ROOT / "docs/demo.md").read_text("utf-8")


def test_mosquitto_takes_our_configuration(tmp_path: Path) -> None:
    text = (ROOT / "deploy/mosquitto.conf").read_text()
    port = free_port()
    text = text.replace("listener 1883", f"listener {port}")
    text = text.replace("/var/lib/mosquitto/", f"{tmp_path}/")
    if os.geteuid() == 0:  # it would become a user who may not write here
        text += "user root\n"
    path = tmp_path / "mosquitto.conf"
    path.write_text(text)
    broker = Program([needed("mosquitto", "mosquitto"), "-c", str(path)], tmp_path / "said").start()
    broker.wait_for(f"listen socket on port {port}")
    broker.wait_for("running")
    broker.stop()
    assert "Error" not in broker.said
    assert "deprecated" not in broker.said


def test_python_m_demo_provenance_prints_every_series() -> None:
    stations = config.load().section(SensorsSettings).stations
    printed = subprocess.run(
        [sys.executable, "-m", "demo.provenance"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(printed) == 1 + len(provenance.table(stations))
