"""A program under test or beside it: started with captured output, ended by its own pid."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.servers.waiting import until

ROOT = Path(__file__).parents[2]


def needed(program: str, package: str) -> str:
    """The path of a program; the test fails, never skips, where the machine has none."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        pytest.fail(
            f"{program} is not installed: `apt-get install {package}`, or `make test` as root, "
            "which installs it",
            pytrace=False,
        )
    return path


class Program:
    """One child process. Its output goes to a file, so that it never blocks on a full pipe."""

    def __init__(
        self,
        command: Sequence[str],
        output: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        self.command, self.output = list(command), output
        self._env, self._cwd = {**os.environ, **(env or {})}, cwd
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Program":
        with self.output.open("ab") as sink:
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
            )
        return self

    @property
    def pid(self) -> int:
        assert self._process, "not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def said(self) -> str:
        """Everything it printed so far, over all its starts."""
        return self.output.read_text("utf-8", "replace") if self.output.exists() else ""

    def wait_for(self, text: str, *, seconds: float = 60) -> None:
        """Until it printed `text`; fails with its output when it ends before."""

        def said_or_ended() -> bool:
            return text in self.said or not self.running

        until(
            said_or_ended, f"{self.command} to say {text!r}; it said:\n{self.said}", seconds=seconds
        )
        assert text in self.said, f"{self.command} ended before saying {text!r}:\n{self.said}"

    def signal(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, as the machine would: no farewell."""
        self.signal(signal.SIGKILL)
        self.wait()

    def stop(self, *, seconds: float = 30) -> int:
        """SIGTERM, then SIGKILL where it does not listen; returns the status."""
        if self.running:
            self.signal(signal.SIGTERM)
            try:
                return self.wait(seconds=seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.wait()

    def wait(self, *, seconds: float = 60) -> int:
        assert self._process
        return self._process.wait(seconds)


def python(
    module: str, output: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Program:
    """`python -m module arguments`, not yet started."""
    command = [sys.executable, "-u", "-m", module, *arguments]
    return Program(command, output, env=env)
