"""mq-bridge, a bridge with a core in Rust, from the same broker into the same table.

It is given the easier work: flat messages with the series' number, no vetting, rules or ledger, and
its own bulk COPY. Run by itself it is the program that is measured: `python -m bench.rival CONFIG`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from psycopg2.extensions import parse_dsn

from bench.site import new_database
from database.pool import connect
from database.settings import DatabaseSettings
from tests.servers.mosquitto import Mosquitto
from tests.servers.waiting import until

MESSAGES = 25_000  # of each of four publishers
SENDERS = 4
COLUMNS = {
    "series_id": ("series", "integer"),
    "observed_at": ("t", "timestamptz"),
    "value": ("value", "double precision"),
    "quality": ("q", "smallint"),
    "origin": ("o", "smallint"),
    "received_at": ("t", "timestamptz"),
}


def rates(folder: Path, broker: Mosquitto) -> tuple[float, float]:
    """By INSERT, which passes over what is there already, and by COPY, which a redelivery ends.

    Messages a second, one reading in each, live: from the first one sent to the last committed.
    """
    found = []
    for bulk in (False, True):
        with new_database(folder / f"rival-{bulk}") as database:
            found.append(_rate(folder, broker, database, bulk=bulk))
    return found[0], found[1]


def _rate(folder: Path, broker: Mosquitto, database: DatabaseSettings, *, bulk: bool) -> float:
    files = [_lines(folder / f"rival-{number}", number + 1) for number in range(SENDERS)]
    config = folder / "rival.json"
    config.write_text(json.dumps(_route(broker, database, bulk=bulk)), "utf-8")
    conn = connect(database, None, application="bench")
    total = MESSAGES * SENDERS

    def stored() -> bool:
        with conn.cursor() as cursor:
            cursor.execute("select count(*) from dongtai.reading")
            row = cursor.fetchone()
        conn.rollback()
        return bool(row and row[0] >= total)

    with _running(config):
        begun = time.monotonic()
        senders = [broker.publish_lines(f"rival/{n}", path) for n, path in enumerate(files)]
        until(stored, "mq-bridge to store all", seconds=300, every=0.1)
        rate = total / (time.monotonic() - begun)
        for sender in senders:
            sender.wait(60)
    conn.close()
    return rate


@contextmanager
def _running(config: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.rival", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()  # it has subscribed
            time.sleep(1)
            yield
        finally:
            process.terminate()


def _lines(path: Path, series: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for number in range(MESSAGES):
            at = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
            said = {"series": series, "t": at, "value": 5 + number % 100, "q": 0, "o": 0}
            file.write(json.dumps(said) + "\n")
    return path


def _route(broker: Mosquitto, database: DatabaseSettings, *, bulk: bool) -> dict[str, object]:
    source = {"url": f"mqtt://{broker.host}:{broker.port}", "topic": "rival/+", "qos": 1}
    window = {"queue_capacity": 65_535, "max_inflight": 65_535, "client_id": "rival"}
    target = {"url": _url(database), "table": "dongtai.reading"}
    # Its COPY takes no casts.
    values = [f"${{payload:{k}}}" + ("" if bulk else f"::{kind}") for k, kind in COLUMNS.values()]
    target["insert_query"] = (
        f"insert into dongtai.reading ({', '.join(COLUMNS)}) values ({', '.join(values)})"
        + ("" if bulk else " on conflict do nothing")
    )
    return {
        "input": {"mqtt": {**source, **window, "session_expiry_interval": 3600}},
        "output": {"sqlx": {**target, "bulk_copy": bulk}},
        "batch_size": 5_000 if bulk else 1_000,
    }


def _url(database: DatabaseSettings) -> str:
    """As SQLx wants it: the folder of a Unix socket stands, quoted, where a host would."""
    known = parse_dsn(database.dsn or "")
    host = quote(known["host"], safe="")
    return f"postgres://{known['user']}@{host}/{known['dbname']}"


def main() -> None:
    from mq_bridge import Route  # noqa: PLC0415  # only the measured program needs it

    route = Route.from_config(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    route.start()
    print("started", flush=True)
    route.join()


if __name__ == "__main__":
    main()
