"""The public page while its database is down: snapshot requests a second, beside a bare server.

`python -m dashboard.public` as `make demo` runs it, on the sample district; then the database is
stopped, and one process asks over connections that stay open, gzipped, the next request when the
last answer is there. The limit of this machine and this load: a server that gives the same bytes
for whatever is asked, asked by the same load in the same run. Load and server share the cores.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import yaml

from bench.figure import Figure
from bench.load import Asked
from bench.site import new_database
from database.pool import connect
from tests.public.conftest import fill
from tests.servers.program import ROOT, Program, python
from tests.servers.waiting import free_port, until

GOAL_A_SECOND, GOAL_P95_MS = 3000.0, 100.0
PATHS = {
    "page": "/?lang=zh",
    "page of a place": "/?lang=zh&place=xiapu",
    "page in large type": "/?lang=zh&size=large",
    "/api/v1/stations": "/api/v1/stations",
}


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="dongtai-bench-") as name:
        folder = Path(name)
        with _down(folder) as port:
            yield Figure("load of the machine before", round(os.getloadavg()[0], 2), "of 2 cores")
            for said, path in PATHS.items():
                yield from _figures(folder, port, said, path)


def _figures(folder: Path, port: int, said: str, path: str) -> Iterator[Figure]:
    answer, length = _answer(port, path)
    _ask(port, path, seconds=1)  # warm: a page of a place is made when first asked for
    found = _ask(port, path)
    with _bare(folder, answer) as bare:
        ceiling = _ask(bare, path)
    kept = found.a_second >= GOAL_A_SECOND and not found.refused
    yield Figure(f"{said}, gzipped", length, "bytes")
    yield Figure(f"{said}: a bare server", round(ceiling.a_second), "requests/s")
    yield Figure(f"{said}: database down", round(found.a_second), "requests/s", GOAL_A_SECOND, kept)
    for name, value in (("median", found.median_ms), ("p95", found.p95_ms), ("p99", found.p99_ms)):
        goal = GOAL_P95_MS if name == "p95" else None
        yield Figure(f"{said}: {name}", round(value, 1), "ms", goal, value < goal if goal else None)


@contextmanager
def _down(folder: Path) -> Iterator[int]:
    """The port of a public service that has seen the district and lost its database."""
    port = free_port()
    program: Program | None = None
    try:
        with new_database(folder / "postgres") as database:
            with closing(connect(database, None, application="bench")) as conn:
                fill(conn)
            path = folder / "config.yaml"
            settings = {
                "database": {"dsn": database.dsn},
                "dashboard": {"public": {"port": port}},
            }
            path.write_text(yaml.safe_dump(settings), "utf-8")
            program = python("dashboard.public", folder / "public.log", "--config", str(path))
            program.start()
            until(lambda: _status(port, "/readyz") == 200, "the public service to be ready")
        until(lambda: _status(port, "/readyz") == 503, "it to see that its database is gone")
        yield port
    finally:
        if program:
            program.stop()


@contextmanager
def _bare(folder: Path, answer: bytes) -> Iterator[int]:
    port = free_port()
    file, log = folder / f"{port}.answer", folder / f"{port}.log"
    file.write_bytes(answer)
    program = python("bench.load", log, "serve", str(port), str(file)).start()
    try:
        program.wait_for("listens")
        yield port
    finally:
        program.stop()


def _ask(port: int, path: str, *, seconds: float = 8) -> Asked:
    command = [sys.executable, "-m", "bench.load", "ask", str(port), path]
    said = subprocess.run(
        [*command, "--seconds", str(seconds)], check=True, capture_output=True, cwd=ROOT
    ).stdout
    return Asked(**json.loads(said))


def _answer(port: int, path: str) -> tuple[bytes, int]:
    """The whole answer as it comes over the line, and how long its packed body is."""
    with closing(socket.create_connection(("127.0.0.1", port), 10)) as line:
        line.sendall(
            f"GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n"
            "connection: close\r\n\r\n".encode()
        )
        found = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = found.partition(b"\r\n\r\n")
    kept = [one for one in head.split(b"\r\n") if not one.lower().startswith(b"connection")]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body, len(body)


def _status(port: int, path: str) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code
    except httpx.TransportError:
        return 0
