"""A program that does nothing but wait, and signals that meet it at every point of the waiting."""

import sys
from pathlib import Path

from database.stopping import Stopping
from tests.servers.program import Program

# An alarm a round, each 2 µs later. With threading.Event it locks up within 20 rounds or so.
RUN = """
import signal
from database.stopping import Stopping
for round_ in range(400):
    stop = Stopping().listen(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, 0.00005 + round_ * 0.000002)
    while not stop.wait(0.000001):
        pass
print("asked 400 times", flush=True)
"""


def test_a_signal_at_any_moment_ends_the_waiting(tmp_path: Path) -> None:
    program = Program([sys.executable, "-c", RUN], tmp_path / "said").start()
    try:
        assert program.wait() == 0
    finally:
        program.stop()
    assert "asked 400 times" in program.said


def test_waiting_ends_after_its_time_when_nobody_asks() -> None:
    stop = Stopping()
    assert not stop.wait(0.01)
    stop.set()
    stop.set()
    assert stop.is_set()
    assert stop.wait(60)
