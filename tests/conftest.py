"""Real servers for every test; one that the machine lacks fails it and says what to install."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import hypothesis
import psycopg2
import pytest
from playwright.sync_api import Browser

from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from demo.postgres import embedded_postgres_server, with_database
from tests.servers.browser import Desk, chromium
from tests.servers.embedded_broker import EmbeddedBroker, embedded_broker_server
from tests.servers.mosquitto import Mosquitto
from tests.servers.program import Program, python
from tests.servers.proxy import Proxy
from tests.servers.timescale import timescale_server
from tests.servers.webhook import Webhook

# Suites share cores: how long an example takes says nothing.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


class FailuresAtOnce:
    """A run that is cut off has said by then which tests failed, and why."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            terminal.write_line(f"\n{report.nodeid}, {report.when}:\n{report.longreprtext}")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that writes, not one that tests
        config.pluginmanager.register(FailuresAtOnce(config))


@pytest.fixture(scope="session")
def embedded_dsn() -> Iterator[str]:
    """The embedded PostgreSQL, which is always a plain one."""
    # Not in pytest's own folder: another run clears old ones away, with the server in them.
    with (
        TemporaryDirectory(prefix="dongtai-test-") as folder,
        embedded_postgres_server(Path(folder) / "postgres") as dsn,
    ):
        yield dsn


@pytest.fixture(scope="session")
def server_dsn(request: pytest.FixtureRequest) -> str:
    """The server: TEST_DSN where it is set, else the embedded PostgreSQL."""
    return os.environ.get("TEST_DSN") or str(request.getfixturevalue("embedded_dsn"))


@pytest.fixture(scope="session")
def template(server_dsn: str) -> Iterator[str]:
    """A migrated database that the tests' databases are copied from."""
    with fresh_database(server_dsn) as settings:
        migrated(settings)
        name = settings.dsn.partition("?")[0].rpartition("/")[2]
        sealed(server_dsn, name)
        yield name


@pytest.fixture
def database(server_dsn: str, template: str) -> Iterator[DatabaseSettings]:
    """Settings of a fresh, migrated, empty database."""
    with fresh_database(server_dsn, template) as settings:
        yield settings


@pytest.fixture
def bare_database(server_dsn: str) -> Iterator[DatabaseSettings]:
    """Settings of a fresh database without any migration."""
    with fresh_database(server_dsn) as settings:
        yield settings


@pytest.fixture
def owner(database: DatabaseSettings) -> Iterator[Connection]:
    """A connection as the owner of the fresh database."""
    conn = connect(database, None, application="test")
    yield conn
    conn.close()


@pytest.fixture(scope="session")
def timescale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of an empty database on a real TimescaleDB; one connection at a time.

    TEST_DSN where that server has TimescaleDB, else TimescaleDB in WebAssembly.
    """
    dsn = os.environ.get("TEST_DSN")
    if dsn and has_timescale(dsn):
        with fresh_database(dsn) as settings:
            yield settings.dsn
    else:
        with timescale_server(tmp_path_factory.mktemp("timescale")) as address:
            yield address


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto with an empty store of its own."""
    broker = Mosquitto(tmp_path / "mosquitto").start()
    yield broker
    broker.stop()


@pytest.fixture
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """The demo's broker, running."""
    with embedded_broker_server() as broker:
        yield broker


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    recorder = Webhook()
    yield recorder
    recorder.close()


@pytest.fixture
def proxy() -> Iterator[Callable[[str, int], Proxy]]:
    """`proxy(host, port)` puts a line that can be cut before a server."""
    with ExitStack() as stack:

        def before(host: str, port: int) -> Proxy:
            line = Proxy((host, port))
            stack.callback(line.close)
            return line

        yield before


class Starter(Protocol):
    def __call__(self, module: str, *arguments: str, **env: str) -> Program: ...


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Starter]:
    """`process("ingest", "--config", path, DONGTAI_DSN=...)` runs `python -m ingest ...`.

    Whatever is still running at the end of the test is killed by its pid.
    """
    started: list[Program] = []

    def start(module: str, *arguments: str, **env: str) -> Program:
        output = tmp_path / f"{module}-{len(started)}.log"
        program = python(module, output, *arguments, env=env).start()
        started.append(program)
        return program

    yield start
    for program in reversed(started):
        program.kill()


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(_chromium: Browser) -> Iterator[Desk]:
    """Chromium. Fails the test in the end if a page asked for anything outside this machine."""
    desk = Desk(_chromium)
    yield desk
    desk.close()
    assert not desk.outside, f"requests to the outside: {desk.outside}"


@contextmanager
def fresh_database(server_dsn: str, template: str | None = None) -> Iterator[DatabaseSettings]:
    """A copy of the template, or an empty database, with TimescaleDB where the server has it.

    Empty is template0: in template1 TimescaleDB's scheduler may sit, and a database in use cannot
    be copied.
    """
    name = f"test_{uuid.uuid4().hex[:8]}"
    execute(server_dsn, f"create database {name} template {template or 'template0'}")
    settings = DatabaseSettings(dsn=with_database(server_dsn, name))
    if template is None and has_timescale(server_dsn):
        execute(settings.dsn, "create extension timescaledb")
    yield settings
    execute(server_dsn, f"drop database {name} with (force)")


def migrated(settings: DatabaseSettings) -> None:
    conn = connect(settings, None, application="test")
    migrate(conn)
    conn.close()


def sealed(server_dsn: str, name: str) -> None:
    """Nobody connects any more, TimescaleDB's scheduler neither: it would keep it in use."""
    execute(server_dsn, f"alter database {name} allow_connections false")
    execute(
        server_dsn,
        f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'",
    )


def has_timescale(dsn: str) -> bool:
    conn = psycopg2.connect(dsn)
    with conn.cursor() as cursor:
        cursor.execute("select from pg_available_extensions where name = 'timescaledb'")
        found = cursor.fetchone() is not None
    conn.close()
    return found


def execute(dsn: str, statement: str) -> None:
    conn = psycopg2.connect(dsn)
    conn.autocommit = True
    conn.cursor().execute(statement)
    conn.close()
