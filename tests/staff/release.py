"""The whole site on the shipped configuration: broker, ingest, alerts, staff service; and a leak.

For the test and the benchmark of how soon a release is on the desk.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import BrowserContext

from dashboard.door.accounts import create_account
from database.pool import connect
from database.settings import DatabaseSettings
from tests.servers.mosquitto import Mosquitto
from tests.servers.program import ROOT, Program, needed, python
from tests.servers.waiting import free_port, listening, until

PASSWORD = "correct-horse-battery"
PROCESSES = ("ingest", "alerts", "dashboard")
NH3 = ("G-31", "G-32", "G-34")


@dataclass
class LeakySite:
    """url: of the desk. database: what its processes write to; migrated."""

    folder: Path
    broker: Mosquitto
    database: DatabaseSettings
    url: str = ""
    programs: dict[str, Program] = field(default_factory=dict)

    def publish(self, station: str, at: datetime, **values: float) -> None:
        """One message as a device sends it, by a client written in C."""
        payload = json.dumps({"t": at.isoformat(), "v": values})
        topic = f"dongtai/v1/obs/{station}"
        client = needed("mosquitto_pub", "mosquitto-clients")
        where = ["-h", self.broker.host, "-p", str(self.broker.port), "-q", "1"]
        subprocess.run([client, *where, "-t", topic, "-m", payload], check=True, timeout=20)

    def calm(self) -> None:
        """Ten minutes of wind from the north, and no gas anywhere."""
        now = datetime.now(UTC)
        for minute in range(10, -1, -1):
            at = now - timedelta(minutes=minute, seconds=1)
            self.publish("W-01", at, wind_speed_ms=3.2, wind_dir_deg=15 + minute)
        for station in NH3:
            self.publish(station, now, nh3_ppm=0.4, lel_pct=0)

    def leak(self, ppm: float = 186.0) -> float:
        """The first sensor over its limit; when its message left, seconds since 1970."""
        left = time.time()
        self.publish("G-31", datetime.now(UTC), nh3_ppm=ppm)
        return left

    def sign_in(self, context: BrowserContext) -> None:
        answer = context.request.post(
            f"{self.url}/sign-in", form={"name": "duty", "password": PASSWORD}, max_redirects=0
        )
        assert answer.status == 303, self.words()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        conn = connect(self.database, None, application="test")
        with conn.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall()
        conn.close()
        return found

    def words(self) -> str:
        return "\n".join(f"{name}:\n{one.said[-1500:]}" for name, one in self.programs.items())


@contextmanager
def leaky_site(
    folder: Path, broker: Mosquitto, database: DatabaseSettings, delay_s: float | None = None
) -> Iterator[LeakySite]:
    """Up and running; everything has ended when the `with` is left.

    delay_s: of the alert of the leak, in place of the shipped one.
    """
    site = LeakySite(folder, broker, database)
    port = free_port()
    site.url = f"http://127.0.0.1:{port}"
    path = _configured(site, port, delay_s)
    conn = connect(database, None, application="test")
    create_account(conn, "duty", "duty", PASSWORD)
    conn.commit()
    conn.close()
    with ExitStack() as stack:
        for name in PROCESSES:
            program = python(name, folder / f"{name}.log", "--config", str(path), env={})
            site.programs[name] = program.start()
            stack.callback(program.stop)
        until(lambda: listening(port), "the desk to answer", seconds=60)
        until(lambda: "connected" in site.programs["ingest"].said, "ingest", seconds=60)
        until(lambda: "leading" in site.programs["alerts"].said, "alerts", seconds=60)
        yield site


def _configured(site: LeakySite, port: int, delay_s: float | None) -> Path:
    """The shipped configuration, on this site's servers."""
    said = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    said["database"]["dsn"] = site.database.dsn
    said["ingest"]["broker"]["port"] = site.broker.port
    said["dashboard"]["staff"]["port"] = port
    for rule in said["alerts"]["rules"] if delay_s is not None else ():
        if rule["code"] == "GAS-NH3":
            rule["on_delay_s"] = delay_s
    for entry in said["gis"]["exposure"]["facilities"]:
        entry["path"] = str(ROOT / entry["path"])
    path = site.folder / "config.yaml"
    path.write_text(yaml.safe_dump(said, allow_unicode=True), "utf-8")
    return path
