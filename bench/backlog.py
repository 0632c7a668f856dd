"""A backlog of half a million messages after an outage: how fast it drains, in how much memory.

Ten publishers fill the broker's persistent session while nobody reads; then the ingest is started.
From its start to the last reading committed, beside mosquitto_sub, which drains the same backlog
without a database.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.drain import MEMORY_MB, SHARE, against, forget_session
from bench.figure import Figure
from bench.site import Site, finish, lines, new_database, publish, workshop
from tests.servers.mosquitto import Mosquitto

STATIONS = tuple(f"B-{number}" for number in range(10))
MESSAGES = 50_000  # of each station, one reading in each
TOTAL = MESSAGES * len(STATIONS)
EARLY = TOTAL // 5  # where the memory is looked at for the first time
PATIENCE_S = 600.0


def measure() -> Iterator[Figure]:
    with ExitStack() as stack:
        folder, broker = stack.enter_context(workshop())
        database = stack.enter_context(new_database(folder / "postgres"))
        path = lines(folder / "lines", MESSAGES, 1)
        ceiling = TOTAL / _subscriber_s(broker, path)
        yield Figure(f"mosquitto_sub, backlog of {TOTAL:,}, QoS 1", round(ceiling), "msg/s")
        rate, early, most = _ingest(Site(folder, broker, database, STATIONS), path)
        name = f"ingest, backlog of {TOTAL:,}, its start included, beside mosquitto_sub"
        yield against(name, rate, SHARE * ceiling)
        yield Figure(f"most memory of the ingest, {EARLY:,} drained", round(early), "MB")
        name = f"most memory of the ingest, {TOTAL:,} drained"
        yield Figure(name, round(most), "MB", MEMORY_MB, most <= MEMORY_MB)


def _subscriber_s(broker: Mosquitto, path: Path) -> float:
    session = broker.client("mosquitto_sub", "-c", "-i", "bench", "-t", "dongtai/v1/obs/+")
    subprocess.run([*session, "-E"], check=True, timeout=30)
    finish(publish(broker, STATIONS, path), seconds=PATIENCE_S)
    begun = time.monotonic()
    drain = [*session, "-C", str(TOTAL)]
    subprocess.run(drain, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE_S)
    took = time.monotonic() - begun
    forget_session(broker, "bench")
    return took


def _ingest(site: Site, path: Path) -> tuple[float, float, float]:
    """Messages a second, and the most memory after a fifth of the backlog and after all of it."""
    site.start()  # the broker keeps its session from now on
    site.stop()
    finish(publish(site.broker, STATIONS, path), seconds=PATIENCE_S)
    begun = time.monotonic()
    site.start()
    try:
        conn = site.conn
        site.wait_for(conn, EARLY, seconds=PATIENCE_S)
        early = site.peak_mb()
        site.wait_for(conn, TOTAL, seconds=PATIENCE_S)
        return TOTAL / (time.monotonic() - begun), early, site.peak_mb()
    finally:
        site.stop()
        forget_session(site.broker, "dongtai-ingest")
