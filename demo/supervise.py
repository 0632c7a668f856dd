"""Processes kept alive: started in order, restarted when they die, ended in reverse.

The supervisor's main thread starts and watches; one small thread a process copies what it prints to
the console and to a file. What happens is said in one line each.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from database.stopping import Stopping

ROOT = Path(__file__).parents[1]
_SHORT_LIFE_S = 30.0  # one that lives longer starts afresh with the shortest wait
_LONGEST_WAIT_S = 30.0
_WIDEST = 160  # characters of a line on the console; its log file has all of it


@dataclass(frozen=True)
class Spec:
    """A process: what runs, and how to know that it is ready.

    ready: asked again and again until True; None counts as ready at once.
    stop_s: patience after SIGTERM before SIGKILL. orphan: the signal it gets when we are killed.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None = None
    ready_within_s: float = 60.0
    stop_s: float = 8.0
    orphan: signal.Signals = signal.SIGKILL


class NotReady(Exception):
    """A process did not come up; the message says which and what it said last."""


def wait_before_restart(failures: int) -> float:
    """Seconds to wait before the n-th restart in a row: 0.5, 1, 2, ... up to 30."""
    return float(min(0.5 * 2 ** max(0, failures - 1), _LONGEST_WAIT_S))


@dataclass
class _Running:
    spec: Spec
    process: subprocess.Popen[bytes]
    started: float
    copier: threading.Thread
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """Holds the processes of one run. Use from one thread only: PR_SET_PDEATHSIG follows it."""

    def __init__(
        self,
        log_folder: Path,
        env: Mapping[str, str],
        say: Callable[[str], None] = print,
    ) -> None:
        self._log_folder, self._env, self._say = log_folder, dict(env), say
        self._running: list[_Running] = []
        self._stop = Stopping()
        log_folder.mkdir(parents=True, exist_ok=True)

    def start(self, *specs: Spec) -> None:
        """Start processes side by side and wait until all are ready. Raises NotReady."""
        started = []
        for spec in specs:
            process = self._spawn(spec)
            copier = self._copy(spec, process)
            started.append(_Running(spec, process, time.monotonic(), copier))
            self._running.append(started[-1])
        for running in started:
            self._await(running)

    def set_env(self, name: str, value: str) -> None:
        """For processes started from now on."""
        self._env[name] = value

    def listen(self, *numbers: signal.Signals) -> None:
        """At these signals `watch` and `start` return."""
        self._stop.listen(*numbers)

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def watch(self, every_s: float = 0.2) -> None:
        """Restart what dies, until told to stop by a signal."""
        while not self._stop.wait(every_s):
            for running in self._running:
                self._look_after(running)

    def shut_down(self) -> None:
        """End everything in reverse order of starting; afterwards nothing of ours runs."""
        while self._running:
            running = self._running.pop()
            _end(running.process, running.spec.stop_s)
            running.copier.join(1)

    def pids(self) -> dict[str, int]:
        return {running.spec.name: running.process.pid for running in self._running}

    def _spawn(self, spec: Spec) -> subprocess.Popen[bytes]:
        wrapper = [sys.executable, "-m", "demo.child", str(os.getpid()), str(int(spec.orphan))]
        return subprocess.Popen(
            [*wrapper, *spec.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._env,
            cwd=ROOT,
            start_new_session=True,  # Ctrl-C at the terminal is ours; we end them in order
        )

    def _copy(self, spec: Spec, process: subprocess.Popen[bytes]) -> threading.Thread:
        thread = threading.Thread(
            target=_copy_lines, args=(spec.name, process.stdout, self._log_folder), daemon=True
        )
        thread.start()
        return thread

    def _await(self, running: _Running) -> None:
        spec = running.spec
        end = time.monotonic() + spec.ready_within_s
        while spec.ready and not spec.ready():
            status = running.process.poll()
            if status is not None:
                raise NotReady(f"{spec.name} ended {_how(status)} before it was ready")
            if time.monotonic() > end:
                raise NotReady(f"{spec.name} was not ready within {spec.ready_within_s:g} s")
            if self._stop.wait(0.05):
                return

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        status = running.process.poll()
        if running.restart_at is None and status is not None:
            lived = now - running.started
            running.failures = running.failures + 1 if lived < _SHORT_LIFE_S else 1
            wait = wait_before_restart(running.failures)
            running.restart_at = now + wait
            self._say(f"{running.spec.name} ended {_how(status)}; restarting in {wait:g} s")
        if running.restart_at is not None and now >= running.restart_at:
            running.process, running.started = self._spawn(running.spec), now
            running.restart_at = None
            running.copier = self._copy(running.spec, running.process)
            self._say(f"{running.spec.name} restarted (pid {running.process.pid})")


def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _how(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        return f"by {signal.Signals(-status).name}"
    return f"with status {status}"


def _copy_lines(name: str, source: IO[bytes] | None, folder: Path) -> None:
    """Each line to its log file, and to the console with the process's name, cut where long."""
    if source is None:
        return
    with (folder / f"{name}.log").open("ab") as log, source:
        for line in source:
            log.write(line)
            log.flush()
            text = line.decode("utf-8", "replace").rstrip()
            print(
                f"{name:9} | {text if len(text) <= _WIDEST else text[:_WIDEST] + ' …'}", flush=True
            )
