"""A site under load: a broker, a database, stations with twenty metrics, publishers written in C.

Everything runs as on site, each program as a process of its own; the ingest is `python -m ingest`.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from demo.postgres import embedded_postgres_server
from sensors import catalogue
from tests.servers.mosquitto import Mosquitto
from tests.servers.program import Program, python
from tests.servers.waiting import until

# Twenty metrics of an outfall and its stack, all with values around five.
METRICS = (
    "cod_mgl",
    "nh3n_mgl",
    "ph",
    "bod_mgl",
    "ss_mgl",
    "tp_mgl",
    "tn_mgl",
    "zinc_mgl",
    "do_mgl",
    "conductivity_uscm",
    "turbidity_ntu",
    "stack_so2_mgm3",
    "stack_nox_mgm3",
    "stack_co_mgm3",
    "stack_dust_mgm3",
    "stack_o2_pct",
    "stack_temp_c",
    "flow_m3s",
    "battery_v",
    "water_temp_c",
)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Site:
    """rules: one after the other over the metrics, none of whose limits is ever passed."""

    folder: Path
    broker: Mosquitto
    database: DatabaseSettings
    stations: Sequence[str]
    rules: int = len(METRICS)
    on_delay_s: int = 0
    limit: float = 8
    _stack: ExitStack = field(default_factory=ExitStack)
    _ingest: Program | None = None

    @property
    def conn(self) -> Connection:
        return self._stack.enter_context(
            _closing(connect(self.database, None, application="bench"))
        )

    def start(self) -> None:
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(self._configuration(), allow_unicode=True), "utf-8")
        output = self.folder / f"ingest-{time.monotonic_ns()}.log"
        self._ingest = python("ingest", output, "--config", str(path), env={}).start()
        self._ingest.wait_for("connected as dongtai-ingest,")

    def stop(self) -> None:
        if self._ingest:
            self._ingest.stop()
        self._stack.close()

    def stored(self, conn: Connection) -> int:
        """Readings by the ledger, which the same transactions write: counting rows is slow."""
        with conn.cursor() as cursor:
            cursor.execute("select coalesce(sum(readings), 0)::int from ledger")
            row = cursor.fetchone()
        conn.rollback()
        return int(row[0]) if row else 0

    def wait_for(self, conn: Connection, readings: int) -> None:
        until(lambda: self.stored(conn) >= readings, "the readings", seconds=300, every=0.05)

    def cpu_s(self) -> float:
        """Processor time of the ingest so far."""
        assert self._ingest
        times = Path(f"/proc/{self._ingest.pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
        return (int(times[11]) + int(times[12])) / TICKS

    def peak_mb(self) -> float:
        """Most memory that the ingest has ever had resident."""
        assert self._ingest
        status = Path(f"/proc/{self._ingest.pid}/status").read_text("utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def _configuration(self) -> dict[str, Any]:
        station = {
            "kind": "discharge",
            "zh": "排口（示例）",
            "en": "Outfall (sample)",
            "lon": 121.8,
            "lat": 29.9,
            "department": "water",
            "interval_s": 1,
            "metrics": list(METRICS),
        }
        return {
            "database": {"dsn": self.database.dsn},
            "sensors": {
                "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
                "stations": [{"code": code, **station} for code in self.stations],
            },
            "alerts": {"rules": [self._rule(number) for number in range(self.rules)]},
            "ingest": {"broker": {"host": self.broker.host, "port": self.broker.port}},
        }

    def _rule(self, number: int) -> dict[str, Any]:
        words = {"zh": "示例", "en": "Sample"}
        return {
            "code": f"BENCH-{number}",
            "label": words,
            "metric": METRICS[number % len(METRICS)],
            "kind": "discharge",
            "when": "above",
            "unit": catalogue.METRICS[METRICS[number % len(METRICS)]].unit,
            "grades": {"red": self.limit},
            "on_delay_s": self.on_delay_s,
            **dict.fromkeys(("cause", "consequence", "action"), words),
        }


def lines(path: Path, messages: int, readings: int, *, begin_ms: int | None = None) -> Path:
    """A file with one message a line, a second apart, ending now; values walk a little."""
    begin = int(time.time() - messages) * 1000 if begin_ms is None else begin_ms
    with path.open("w", encoding="utf-8") as file:
        for number in range(messages):
            values = {m: 5 + (number + i) % 100 / 1000 for i, m in enumerate(METRICS[:readings])}
            file.write(json.dumps({"t": begin + number * 1000, "v": values}) + "\n")
    return path


def topic(station: str) -> str:
    return f"dongtai/v1/obs/{station}"


def publish(
    broker: Mosquitto, stations: Sequence[str], path: Path
) -> list[subprocess.Popen[bytes]]:
    """One publisher a station, all with the same lines; returns at once."""
    return [broker.publish_lines(topic(station), path) for station in stations]


def finish(publishers: Sequence[subprocess.Popen[bytes]]) -> None:
    for publisher in publishers:
        if publisher.wait(300):
            raise RuntimeError("mosquitto_pub failed")


@contextmanager
def new_database(folder: Path) -> Iterator[DatabaseSettings]:
    """A migrated database on an embedded server of its own."""
    with embedded_postgres_server(folder) as dsn:
        database = DatabaseSettings(dsn=dsn)
        owner = connect(database, None, application="bench")
        migrate(owner)
        owner.close()
        yield database


@contextmanager
def _closing(conn: Connection) -> Iterator[Connection]:
    try:
        yield conn
    finally:
        conn.close()
