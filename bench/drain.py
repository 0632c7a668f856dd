"""Durable ingest at QoS 1 beside mosquitto_sub, which only reads: the ceiling for a connection.

Both drain the same backlog of the same Mosquitto; the ingest is `python -m ingest` as it runs on
site, with vetting, rules, ledger and a commit before each acknowledgement.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.figure import Figure
from database.migrate import migrate
from database.pool import connect
from database.settings import DatabaseSettings
from demo.postgres import embedded_postgres_server
from tests.ingest.running import RunningIngest, observation
from tests.servers.mosquitto import Mosquitto
from tests.servers.program import Program, python
from tests.servers.waiting import until

MESSAGES = 60_000
TOPIC = "dongtai/v1/obs/R-01"
SHARE = 0.65  # of the ceiling, the goal of the design


def measure() -> Iterator[Figure]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dongtai-bench-")))
        folder.chmod(0o755)  # the embedded server runs as a user of its own
        broker = Mosquitto(folder / "mosquitto", on_changes=False).start()
        stack.callback(broker.stop)
        lines = folder / "lines"
        first_ms = int(time.time() - MESSAGES) * 1000
        lines.write_bytes(
            b"".join(observation(n / 1000, first_ms + n * 1000) + b"\n" for n in range(MESSAGES))
        )
        ceiling = _ceiling(broker, lines)
        yield Figure("mosquitto_sub drain, QoS 1", round(ceiling), "msg/s")
        rate = _ingest(stack, folder, broker, lines)
        limit = round(SHARE * ceiling)
        name = "durable ingest, QoS 1, one reading a message"
        yield Figure(name, round(rate), "msg/s", limit, rate >= limit)


def _ceiling(broker: Mosquitto, lines: Path) -> float:
    session = broker.client("mosquitto_sub", "-c", "-i", "bench", "-t", TOPIC)
    subprocess.run([*session, "-E"], check=True)
    _publish(broker, lines)
    begun = time.monotonic()
    subprocess.run([*session, "-C", str(MESSAGES)], stdout=subprocess.DEVNULL, check=True)
    rate = MESSAGES / (time.monotonic() - begun)
    # Its session would go on collecting what the next one is measured with.
    end = broker.client("mosquitto_sub", "-i", "bench", "-t", "none", "-E")
    subprocess.run(end, check=True)
    return rate


def _ingest(stack: ExitStack, folder: Path, broker: Mosquitto, lines: Path) -> float:
    dsn = stack.enter_context(embedded_postgres_server(folder / "postgres"))
    database = DatabaseSettings(dsn=dsn)
    owner = connect(database, None, application="bench")
    migrate(owner)
    owner.close()
    ingest = RunningIngest(folder, database, broker, _starter(stack, folder))
    stack.callback(ingest.close)
    ingest.program.stop()
    _publish(broker, lines)
    program = ingest.start()
    program.wait_for("connected as dongtai-ingest,")
    begun = time.monotonic()
    until(lambda: ingest.stored() >= MESSAGES, "the backlog to be stored", seconds=300, every=0.1)
    return MESSAGES / (time.monotonic() - begun)


def _publish(broker: Mosquitto, lines: Path) -> None:
    print(f"publishing {MESSAGES} messages", file=sys.stderr)
    if broker.publish_lines(TOPIC, lines).wait(300):
        raise RuntimeError("mosquitto_pub failed")


def _starter(stack: ExitStack, folder: Path) -> Callable[..., Program]:
    def start(module: str, *arguments: str, **env: str) -> Program:
        output = folder / f"{module}-{time.monotonic_ns()}.log"
        program = python(module, output, *arguments, env=env).start()
        stack.callback(program.stop)
        return program

    return start
