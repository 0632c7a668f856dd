"""Durable ingest at QoS 1 beside mosquitto_sub, which only reads, and beside raw COPY.

The flow is live: four publishers in C send as fast as they can while the one that is measured
reads, so that broker, database, load and reader share the machine, as the design's goals have it.
From the first message sent to the last one read, or committed.
"""

import io
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import rival
from bench.figure import Figure
from bench.site import Site, finish, lines, new_database, publish, workshop
from database.pool import connect
from database.settings import DatabaseSettings
from tests.servers.mosquitto import Mosquitto

STATIONS = tuple(f"B-{number}" for number in range(4))
MESSAGES = 25_000  # of each station
RICH_MESSAGES = 10_000  # of each station, with twenty readings
SHARE, COPIES = 0.65, 0.5  # goals of the design
RICH_GOAL = 100_000
MEMORY_MB = 300


def measure() -> Iterator[Figure]:
    with ExitStack() as stack:
        folder, broker = stack.enter_context(workshop())
        database = stack.enter_context(new_database(folder / "postgres"))
        plain = lines(folder / "plain", MESSAGES, 1)
        rich = lines(folder / "rich", RICH_MESSAGES, 20)
        ceiling = _subscriber(broker, plain)
        yield Figure("mosquitto_sub, live, QoS 1", round(ceiling), "msg/s")
        rate, memory = _ingest(folder, broker, database, plain, MESSAGES)
        yield against("ingest, one reading a message, beside mosquitto_sub", rate, SHARE * ceiling)
        inserted, bulk = rival.rates(folder, broker)
        yield Figure("mq-bridge by INSERT, one reading a message", round(inserted), "msg/s")
        yield against("ingest, one reading a message, beside mq-bridge", rate, 2 * inserted)
        yield Figure("mq-bridge by COPY, which a redelivery ends", round(bulk), "msg/s")
        copied = _raw_copy(database)
        yield Figure("raw COPY to the same table, batches of 20,000", round(copied), "readings/s")
        rate, rich_memory = _ingest(folder, broker, database, rich, RICH_MESSAGES, 20)
        yield against("ingest, twenty readings a message", rate, RICH_GOAL, "readings/s")
        name = "ingest, twenty readings a message, beside COPY"
        yield against(name, rate, COPIES * copied, "readings/s")
        most = max(memory, rich_memory)
        yield Figure("most memory of the ingest", round(most), "MB", MEMORY_MB, most <= MEMORY_MB)


def against(name: str, value: float, limit: float, unit: str = "msg/s") -> Figure:
    return Figure(name, round(value), unit, round(limit), value >= limit)


def _subscriber(broker: Mosquitto, path: Path) -> float:
    session = broker.client("mosquitto_sub", "-c", "-i", "bench", "-t", "dongtai/v1/obs/+")
    subprocess.run([*session, "-E"], check=True, timeout=60)
    total = MESSAGES * len(STATIONS)
    with subprocess.Popen([*session, "-C", str(total)], stdout=subprocess.DEVNULL) as reader:
        begun = time.monotonic()
        publishers = publish(broker, STATIONS, path)
        if reader.wait(300):
            raise RuntimeError("mosquitto_sub failed")
        rate = total / (time.monotonic() - begun)
        finish(publishers)
    forget_session(broker, "bench")
    return rate


def forget_session(broker: Mosquitto, client_id: str) -> None:
    """It would go on collecting what the next one measures, or bring its last ones again."""
    end = broker.client("mosquitto_sub", "-i", client_id, "-t", "none", "-E")
    subprocess.run(end, check=True, timeout=60)


def _ingest(
    folder: Path,
    broker: Mosquitto,
    database: DatabaseSettings,
    path: Path,
    messages: int,
    readings: int = 1,
) -> tuple[float, float]:
    """Readings a second, and the most memory."""
    site = Site(folder, broker, database, STATIONS)
    site.start()
    try:
        conn = site.conn
        _empty(database)
        total = messages * readings * len(STATIONS)
        before = site.stored(conn)
        begun = time.monotonic()
        publishers = publish(broker, STATIONS, path)
        site.wait_for(conn, before + total)
        rate = total / (time.monotonic() - begun)
        finish(publishers)
        return rate, site.peak_mb()
    finally:
        site.stop()
        forget_session(broker, "dongtai-ingest")


def _raw_copy(database: DatabaseSettings, batches: int = 10, size: int = 20_000) -> float:
    """Text made beforehand, one connection, a commit a batch: what the table itself can take."""
    _empty(database)
    texts = [
        "".join(
            f"{row % 80 + 1}\t2026-01-01 00:00:00.{(batch * size + row) // 80:06d}+00\t5.25\t0\t0\t"
            "2026-01-01 00:00:01+00\t\\N\n"
            for row in range(size)
        )
        for batch in range(batches)
    ]
    conn = connect(database, None, application="bench")
    copy = (
        "copy reading (series_id, observed_at, value, quality, origin, received_at, original_at) "
        "from stdin"
    )
    begun = time.monotonic()
    for text in texts:
        with conn.cursor() as cursor:
            cursor.copy_expert(copy, io.StringIO(text))
        conn.commit()
    rate = batches * size / (time.monotonic() - begun)
    conn.close()
    _empty(database)
    return rate


def _empty(database: DatabaseSettings) -> None:
    """The table as it was, and no series that knows of a newest reading."""
    conn = connect(database, None, application="bench")
    with conn.cursor() as cursor:
        cursor.execute("truncate reading")
        cursor.execute("update series_state set observed_at = null, judged_to = null")
    conn.commit()
    conn.close()
