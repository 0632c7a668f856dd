"""`python -m ingest` as it runs on site: its own process, a real broker, a real database."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from database.pool import connect
from database.settings import DatabaseSettings
from tests.servers.mosquitto import Mosquitto
from tests.servers.program import Program
from tests.servers.waiting import until

STATION = {
    "kind": "reservoir",
    "zh": "甲水库（示例）",
    "en": "Reservoir A (sample)",
    "lon": 121.8,
    "lat": 29.9,
    "department": "water",
    "interval_s": 1,
    "metrics": ["level_m"],
    "public": True,
}


class RunningIngest:
    """Started with a configuration of two stations, R-01 and R-02; killed and started again."""

    def __init__(
        self,
        folder: Path,
        database: DatabaseSettings,
        broker: Mosquitto,
        start: Callable[..., Program],
        sensors: dict[str, Any] | None = None,
        alerts: dict[str, Any] | None = None,
        **ingest: Any,
    ) -> None:
        self._database, self._broker, self._start = database, broker, start
        self._path = folder / "config.yaml"
        stations = [{"code": code, **STATION} for code in ("R-01", "R-02")]
        document = {
            "database": {"dsn": database.dsn},
            "sensors": sensors
            or {
                "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
                "stations": stations,
            },
            "alerts": alerts or {},
            "ingest": {"broker": {"host": broker.host, "port": broker.port}, **ingest},
        }
        self._path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
        self._conn = connect(database, None, application="test")
        self.program = self.start()
        # A retained message arrives whether it or the subscription was first.
        broker.publish("dongtai/v1/status/GW-1", b"online", retain=True)
        until(
            lambda: self.alive() and self.ask("select 1 from device_status"),
            "ingest to hear the broker",
        )

    def start(self) -> Program:
        self.program = self._start("ingest", "--config", str(self._path))
        return self.program

    def add_station(self, code: str) -> None:
        """What an operator does after a message of an unknown one; takes effect with a start."""
        document = yaml.safe_load(self._path.read_text("utf-8"))
        document["sensors"]["stations"].append({"code": code, **STATION})
        self._path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")

    def command(self, *words: str) -> tuple[int, str]:
        """Another `python -m ingest` with this configuration: its exit status, what it printed."""
        program = self._start("ingest", "--config", str(self._path), *words)
        return program.wait(), program.said

    def alive(self) -> bool:
        assert self.program.running, f"ingest ended:\n{self.program.said}"
        return True

    def kill(self) -> None:
        self.program.kill()

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._conn.cursor() as cursor:
            cursor.execute(query, values)
            rows = cursor.fetchall()
        self._conn.rollback()
        return rows

    def stored(self) -> int:
        return int(self.ask("select count(*) from reading")[0][0])

    def until_stored(self, count: int, *, every: float = 0.05) -> None:
        until(lambda: self.stored() >= count, f"{count} readings", seconds=60, every=every)

    def ledger(self, feed: str) -> dict[str, int]:
        names = ("received", "stored", "duplicate", "revised", "quarantined")
        sums = ", ".join(f"coalesce(sum({name}), 0)::int" for name in names)
        (row,) = self.ask(f"select {sums} from ledger where feed = %s", feed)
        return dict(zip(names, row, strict=True))

    def close(self) -> None:
        self._conn.close()


def observation(value: object, time: object) -> bytes:
    return json.dumps({"t": time, "v": {"level_m": value}}, ensure_ascii=False).encode()
