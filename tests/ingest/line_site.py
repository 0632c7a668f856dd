"""docs/line.md, followed word for word: only paths, ports and what needs root are others."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.servers.program import ROOT, Program, needed
from tests.servers.waiting import free_port, listening, until

PAGE = (ROOT / "docs" / "line.md").read_text("utf-8")
PORTS = ("8883", "8884", "8885")
NAMES = {"zh": "站（示例）", "en": "Sample", "lon": 121.8, "lat": 29.9, "interval_s": 60}
STATIONS: list[dict[str, Any]] = [
    {"code": "R-01", "kind": "reservoir", "metrics": ["level_m"], "device": "GW-02"},
    {
        "code": "S-01",
        "kind": "stack",
        "metrics": ["stack_so2_mgm3", "stack_o2_pct"],
        "device": "GW-02",
        "hj212": {"mn": "8888888000114W", "ignores": ["a01011", "a01012", "a01013", "a01014"]},
    },
    {
        "code": "A-01",
        "kind": "air",
        "metrics": ["pm25_ugm3", "pm10_ugm3", "temp_c"],
        "hj212": {
            "mn": "ZX00001",
            "units": {"a34004": "ug/m3", "a34002": "ug/m3"},
            "ignores": ["a01002", "a01007", "a01008", "a34001", "LA"],
        },
    },
    {"code": "A-02", "kind": "air", "metrics": ["temp_c"]},
]


def blocks(language: str) -> list[str]:
    """The page's blocks of this language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


class Site:
    """A folder in which the page was followed up to the broker's start."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "config.yaml"
        self.ports = {port: free_port() for port in PORTS}
        (folder / "etc").mkdir()
        self._install, self._certificates, self._accounts, self._trial = blocks("sh")
        self.run(self._install)
        self.run(self._certificates)
        self.write_config()
        self.run(self._accounts)

    @property
    def line(self) -> Path:
        return self.folder / "etc/mosquitto/dongtai"

    def ours(self, text: str) -> str:
        """The page's text with this site's paths and ports."""
        text = text.replace("/etc/", f"{self.folder}/etc/").replace("-o root -g mosquitto ", "")
        text = re.sub(r"^(?:apt-get|systemctl) .*\n", "", text, flags=re.MULTILINE)
        for command in ("devices add --all", "devices acl", "devices remove"):
            text = text.replace(command, f"{command} --config {self.config} --folder {self.line}")
        for command in ("ingest check", "ingest broker"):
            text = text.replace(command, f"{command} --config {self.config}")
        text = text.replace(".venv/bin/python", sys.executable)
        for port, own in self.ports.items():
            text = re.sub(rf"\b{port}\b", str(own), text)
        return text

    def run(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Some lines of the page in a shell that stops at the first that fails."""
        done = self.tried(script, **env)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done

    def tried(self, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.ours(script)],
            cwd=ROOT,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def trial(self) -> list[subprocess.CompletedProcess[str]]:
        """`check` and `broker`, as the page has them."""
        return [self.tried(line) for line in self._trial.splitlines()]

    def write_config(self, dsn: str = "postgresql:///none", **ingest: Any) -> Path:
        """The page's own settings around four stations."""
        (section,) = (yaml.safe_load(self.ours(block))["ingest"] for block in blocks("yaml"))
        document = {
            "database": {"dsn": dsn},
            "sensors": {
                "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
                "clock": {"oldest_days": 36_500},  # the frames are the standard's, of 2016
                "stations": [{**NAMES, "department": "water", **one} for one in STATIONS],
            },
            "ingest": {**section, **ingest},
        }
        self.config.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
        return self.config

    def password(self, name: str) -> str:
        lines = (self.folder / "etc/dongtai/accounts.txt").read_text().splitlines()
        return dict(line.split("\t") for line in lines)[name]

    def pub(
        self, topic: str, message: str, *how: str, port: str = "8883"
    ) -> subprocess.CompletedProcess[str]:
        """One message by mosquitto_pub, MQTT 5 unless said otherwise, checked against our CA."""
        command = [
            needed("mosquitto_pub", "mosquitto-clients"),
            *("-h", "localhost", "-p", str(self.ports[port])),
            *("--cafile", str(self.line / "ca.crt"), "-q", "1", "-t", topic, "-m", message),
            *(how if "-V" in how else ("-V", "5", *how)),
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def account(self, name: str) -> list[str]:
        return ["-u", name, "-P", self.password(name)]


class SiteBroker:
    """Mosquitto with exactly the shipped file, on a store of its own."""

    def __init__(self, site: Site, folder: Path, shipped: str = "mosquitto.conf") -> None:
        self.store, self._ports = folder / "store", site.ports
        self.store.mkdir(parents=True)
        text = site.ours((site.folder / "etc/mosquitto" / shipped).read_text("utf-8"))
        text = text.replace("/var/lib/mosquitto", str(self.store))
        if os.geteuid() == 0:  # it would become a user who may not read this folder
            text += "user root\n"
        path = folder / "mosquitto.conf"
        path.write_text(text + "log_dest stderr\nlog_type error\nlog_type warning\n")
        command = [needed("mosquitto", "mosquitto"), "-c", str(path)]
        self.program = Program(command, folder / "mosquitto.log")

    def start(self) -> "SiteBroker":
        self.program.start()
        until(
            lambda: all(listening(port) for port in self._ports.values()),
            f"mosquitto to listen; it said:\n{self.program.said}",
        )
        return self

    def on_disk(self, text: bytes) -> bool:
        path = self.store / "mosquitto.db"
        return path.exists() and text in path.read_bytes()
