"""Tiny programs under a real supervisor, itself a program: so that it can be killed."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.supervise import NotReady, Spec, Supervisor, wait_before_restart
from tests.servers.program import Program
from tests.servers.waiting import until

# A supervisor of two children that write their pids to a folder and sleep.
RUN = """
import signal, sys
from pathlib import Path
from demo.supervise import Spec, Supervisor
folder = Path(sys.argv[1])
child = "import os,sys,time; open(sys.argv[1],'a').write(f'{os.getpid()}\\\\n'); time.sleep(600)"
def spec(name, **more):
    path = folder / name
    return Spec(name, [sys.executable, "-c", child, str(path)], ready=path.exists, **more)
supervisor = Supervisor(folder / "log", {})
supervisor.listen(signal.SIGINT, signal.SIGTERM)
supervisor.start(spec("one"), spec("two", orphan=signal.SIGTERM))
print("up", flush=True)
supervisor.watch(0.05)
supervisor.shut_down()
print("down", flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    found = Program([sys.executable, "-u", "-c", RUN, str(tmp_path)], tmp_path / "said").start()
    found.wait_for("up")
    yield found
    found.stop()


def pids(folder: Path, name: str) -> list[int]:
    return [int(line) for line in (folder / name).read_text().splitlines()]


def alive(pid: int) -> bool:
    """Whether it runs; one that ended but was not yet collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def test_a_killed_child_is_restarted_and_said_so(program: Program, tmp_path: Path) -> None:
    (first,) = pids(tmp_path, "one")
    os.kill(first, signal.SIGKILL)
    program.wait_for("one ended by SIGKILL; restarting in 0.5 s")
    until(lambda: len(pids(tmp_path, "one")) == 2, "a second start of one")
    assert alive(pids(tmp_path, "one")[-1])
    assert alive(pids(tmp_path, "two")[0]), "the other one was left alone"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_leaves_nothing_running(
    program: Program, tmp_path: Path, number: signal.Signals
) -> None:
    children = pids(tmp_path, "one") + pids(tmp_path, "two")
    program.signal(number)
    assert program.wait() == 0
    assert "down" in program.said
    assert not any(map(alive, children))


def test_killed_without_a_word_it_leaves_nothing_running(program: Program, tmp_path: Path) -> None:
    children = pids(tmp_path, "one") + pids(tmp_path, "two")
    assert all(map(alive, children))
    program.kill()
    until(lambda: not any(map(alive, children)), "the children to end with their supervisor")


def test_what_never_comes_up_is_named(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, {})
    broken = Spec("web", [sys.executable, "-c", "raise SystemExit(3)"], ready=lambda: False)
    with pytest.raises(NotReady, match="web ended with status 3 before it was ready"):
        supervisor.start(broken)
    supervisor.shut_down()


def test_what_a_child_prints_is_kept_and_shown_with_its_name(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(tmp_path, {})
    log = tmp_path / "talker.log"
    supervisor.start(
        Spec(
            "talker",
            [sys.executable, "-c", "print('水位 23.86 m', flush=True); input()"],
            ready=lambda: log.exists() and log.stat().st_size > 0,
        )
    )
    supervisor.shut_down()
    assert log.read_text("utf-8").startswith("水位 23.86 m\n")
    assert "talker    | 水位 23.86 m" in capfd.readouterr().out


def test_long_lines_are_cut_on_the_console_and_whole_in_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor(tmp_path, {})
    log = tmp_path / "talker.log"
    code = "print('x' * 5000, flush=True); import time; time.sleep(600)"
    ready = lambda: log.exists() and log.stat().st_size > 5000  # noqa: E731 - one expression
    supervisor.start(Spec("talker", [sys.executable, "-c", code], ready=ready))
    supervisor.shut_down()
    assert log.read_text() == "x" * 5000 + "\n"
    assert max(map(len, capfd.readouterr().out.splitlines())) < 200


@given(st.integers(1, 60))
def test_restarts_come_slower_and_slower_but_always_come(failures: int) -> None:
    assert 0.5 <= wait_before_restart(failures) <= wait_before_restart(failures + 1) <= 30
