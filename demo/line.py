"""BROKER=mosquitto: the line as docs/line.md sets it up, on the machine's own Mosquitto.

deploy/mosquitto-tls.conf with this run's paths and ports. Certificates and passwords are made anew
at every start; what waits for the ingest is kept.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.supervise import ROOT
from ingest.line.accounts import write_whole
from ingest.line.devices import OWN_ACCOUNT
from ingest.line.rights import acl, hashed, new_password
from ingest.settings import DeviceSettings, IngestSettings
from sensors.settings import Station

HOST = "127.0.0.1"
SHIPPED = ROOT / "deploy" / "mosquitto-tls.conf"
LOGGED = "log_dest stderr\nlog_type error\nlog_type warning\n"


class Lacking(Exception):
    """The machine lacks a program; the message says what to install."""


@dataclass(frozen=True)
class Line:
    """A Mosquitto in a folder; `port` for devices with a password, the next for those with a
    certificate, the third for the ingest."""

    folder: Path
    port: int

    @property
    def ports(self) -> tuple[int, int, int]:
        return self.port, self.port + 1, self.port + 2

    @property
    def config(self) -> Path:
        return self.folder / "mosquitto.conf"

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def passwords(self) -> Path:
        """One file an account, readable by the owner alone."""
        return self.folder / "accounts"

    @property
    def command(self) -> list[str]:
        return [_program("mosquitto"), "-c", str(self.config)]

    def overrides(self, stations: tuple[Station, ...]) -> dict[str, Any]:
        """What the line changes in the configuration of the run."""
        broker = {
            "host": HOST,
            "port": self.ports[2],
            "protocol": "5",
            "user": OWN_ACCOUNT,
            "password_file": str(self.passwords / OWN_ACCOUNT),
            "tls": {"ca_file": str(self.ca)},
        }
        return {"ingest": {"broker": broker, "devices": [{"name": n} for n in _devices(stations)]}}

    def prepare(self, ingest: IngestSettings, stations: tuple[Station, ...]) -> None:
        """Certificates, accounts, rights and the broker's file. Raises Lacking."""
        for folder in (self.folder, self.passwords, self.folder / "store"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _certify(self.folder)
        made = {name: new_password() for name in (OWN_ACCOUNT, *_devices(stations))}
        for name, password in made.items():
            path = self.passwords / name
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_text(password)
        write_whole(
            self.folder / "passwords",
            "".join(f"{name}:{hashed(password)}\n" for name, password in made.items()),
        )
        devices = tuple(DeviceSettings(name=name) for name in _devices(stations))
        update = {
            "devices": devices,
            "broker": ingest.broker.model_copy(update={"user": OWN_ACCOUNT}),
        }
        write_whole(self.folder / "acl", acl(ingest.model_copy(update=update), stations))
        self.config.write_text(self._settings())

    def _settings(self) -> str:
        text = SHIPPED.read_text("utf-8")
        text = text.replace("/etc/mosquitto/dongtai", str(self.folder))
        text = text.replace("/var/lib/mosquitto", str(self.folder / "store"))
        text = text.replace(f"listener 8885 {HOST}", "listener 8885")
        for usual, port in zip((8883, 8884, 8885), self.ports, strict=True):
            text = text.replace(f"listener {usual}", f"listener {port} {HOST}")
        # As root it would become a user who may not read this folder.
        return text + LOGGED + ("user root\n" if os.geteuid() == 0 else "")


def _devices(stations: tuple[Station, ...]) -> Iterator[str]:
    """Every gateway; a station without one is its own."""
    yield from sorted({station.device or station.code for station in stations})


def _certify(folder: Path) -> None:
    """An authority that signs the broker's certificate and is forgotten: its key is not kept."""
    names = folder / "broker.ext"
    names.write_text(f"subjectAltName = DNS:localhost, IP:{HOST}\n")
    new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl(
        folder, *new, "-x509", "-days", "365", "-subj", "/CN=Dongtai demo",
        "-keyout", "ca.key", "-out", "ca.crt",
    )  # fmt: skip
    _openssl(folder, *new, "-subj", "/CN=localhost", "-keyout", "broker.key", "-out", "broker.csr")
    _openssl(
        folder, "x509", "-req", "-in", "broker.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
        "-set_serial", "1", "-days", "365", "-extfile", names.name, "-out", "broker.crt",
    )  # fmt: skip
    for path in (folder / "ca.key", folder / "broker.csr", names):
        path.unlink()


def _openssl(folder: Path, *arguments: str) -> None:
    command = [_program("openssl"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Lacking(f"openssl {arguments[0]} failed: {done.stderr.strip()[-300:]}")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Lacking(f"BROKER=mosquitto needs {name}: apt-get install mosquitto openssl")
    return found
