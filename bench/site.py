"""A site under load: a broker, a database, stations with twenty metrics, publishers written in C.

Everything runs as on site, each program as a process of its own; the ingest is `python -m ingest`.
"""

import json
import subprocess
import tempfile
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
# mosquitto_pub -l ends, with success, at the first PUBACK that bears the last line's packet id: of
# more lines than there are ids, that one comes 65,535 lines early.
MOST_LINES = 65_535


@dataclass
class Site:
    """rules: one after the other over the metrics; the second on a metric has a limit half a unit
    above the first's, and so on. `lines` never passes any."""

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
        # To lay 200 rules upon 5,000 series takes seconds, more on a busy machine.
        self._ingest.wait_for("connected as dongtai-ingest,", seconds=120)

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

    def wait_for(self, conn: Connection, readings: int, *, seconds: float = 300) -> None:
        """Until so many are stored; RuntimeError says how many are, and what the ingest said."""
        end = time.monotonic() + seconds
        while (stored := self.stored(conn)) < readings:
            assert self._ingest
            if not self._ingest.running or time.monotonic() > end:
                raise RuntimeError(
                    f"{stored:,} of {readings:,} readings stored, waited {seconds:.0f} s at most; "
                    f"the ingest, running: {self._ingest.running}, said:\n{self._ingest.said}"
                )
            time.sleep(0.05)

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
            "grades": {"red": self.limit + number // len(METRICS) / 2},
            "on_delay_s": self.on_delay_s,
            **dict.fromkeys(("cause", "consequence", "action"), words),
        }


def lines(path: Path, messages: int, readings: int, *, begin_ms: int | None = None) -> Path:
    """A file with one message a line, a second apart, ending now; values walk a little."""
    if messages > MOST_LINES:
        raise ValueError(f"{messages:,} lines: more than mosquitto_pub sends before it ends")
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


def finish(publishers: Sequence[subprocess.Popen[bytes]], *, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    for publisher in publishers:
        if publisher.wait(max(0.0, end - time.monotonic())):
            raise RuntimeError("mosquitto_pub failed")


@contextmanager
def workshop() -> Iterator[tuple[Path, Mosquitto]]:
    """A folder that goes at the end, and a broker in it that saves once a second: each change on
    disk before the next would write the whole queue for every message."""
    with tempfile.TemporaryDirectory(prefix="dongtai-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the embedded server runs as a user of its own
        broker = Mosquitto(folder / "mosquitto", on_changes=False).start()
        try:
            yield folder, broker
        finally:
            broker.stop()


@contextmanager
def new_database(folder: Path) -> Iterator[DatabaseSettings]:
    """A migrated database on an embedded server of its own, in a new folder."""
    folder.parent.chmod(0o755)  # the embedded server runs as a user of its own
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
