"""A running staff service on a database with the sample district, and people to use it."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from alerts.settings import AlertsSettings
from dashboard.__main__ import Server
from dashboard.app import Staff
from dashboard.door.accounts import ROLES, create_account, create_token
from dashboard.settings import DashboardSettings
from dashboard.stream.live import utc_now
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from demo.postgres import with_database
from gis.settings import GisSettings
from gis.site import open_map
from tests import sample
from tests.conftest import execute, fresh_database, sealed
from tests.servers.program import ROOT

PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class Desk:
    """url: of the service. tokens: role -> API token. Accounts are named as their roles."""

    url: str
    database: DatabaseSettings
    tokens: dict[str, str]
    staff: Staff

    def client(self, role: str | None = None) -> httpx.Client:
        """A program with a role's token, or nobody."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    @contextmanager
    def browser(self, role: str) -> Iterator[httpx.Client]:
        """A browser that has signed in."""
        with self.client() as client:
            answer = client.post("/sign-in", data={"name": role, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield client

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement says, as the owner."""
        conn = connect(self.database, None, application="test")
        with conn.cursor() as cursor:
            cursor.execute(statement)
            found = cursor.fetchall()
        conn.close()
        return found

    def cut_off(self) -> None:
        """No connection lives and none can be made: the database is away."""
        self._server(f"alter database {self.name} with allow_connections false")
        self._server(
            f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{self.name}'"
        )

    def let_in(self) -> None:
        self._server(f"alter database {self.name} with allow_connections true")

    @property
    def name(self) -> str:
        return name_of(self.database)

    def _server(self, statement: str) -> None:
        execute(with_database(self.database.dsn, "postgres"), statement)

    def write(self, act: Callable[[Connection], object]) -> None:
        conn = connect(self.database, None, application="test")
        act(conn)
        conn.commit()
        conn.close()


@pytest.fixture(scope="module")
def sample_template(server_dsn: str, template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A database with the sample district and an account of every role; and their tokens.

    Made anew for each module: it shows the present, and that of half an hour ago is stale.
    """
    now = datetime.now(UTC)
    with filled(server_dsn, template, lambda conn: sample.fill(conn, now), ROLES) as made:
        yield made


@pytest.fixture(scope="module")
def shared_desk(server_dsn, sample_template) -> Iterator[Desk]:
    """For tests that only read."""
    with served(server_dsn, *sample_template) as desk:
        yield desk


@pytest.fixture
def desk(server_dsn, sample_template) -> Iterator[Desk]:
    """For tests that write."""
    with served(server_dsn, *sample_template) as desk:
        yield desk


@contextmanager
def filled(
    server_dsn: str,
    template: str,
    fill: Callable[[Connection], object],
    roles: Iterable[str] = (),
) -> Iterator[tuple[str, dict[str, str]]]:
    """A database to copy: its name, and the tokens of an account of each role."""
    with fresh_database(server_dsn, template) as database:
        conn = connect(database, None, application="test")
        fill(conn)
        tokens = {}
        for role in roles:
            create_account(conn, role, role, PASSWORD)
            tokens[role] = create_token(conn, role, "tests")
        conn.commit()
        conn.close()
        name = name_of(database)
        sealed(server_dsn, name)
        yield name, tokens


def name_of(database: DatabaseSettings) -> str:
    return database.dsn.partition("?")[0].rpartition("/")[2]


@contextmanager
def served(
    server_dsn: str,
    template: str,
    tokens: dict[str, str],
    clock: Callable[[], datetime] = utc_now,
    gis: GisSettings | None = None,
    alerts: AlertsSettings | None = None,
    walls: Mapping[str, object] | None = None,
) -> Iterator[Desk]:
    """A staff service on a copy of the database `template`; gis: with paths from the root."""
    said = {"staff": {"port": 0, "attempts_per_minute": 100}, "walls": walls or {}}
    settings = DashboardSettings.model_validate(said)
    site = open_map(gis or GisSettings(), ROOT, public=False)
    with fresh_database(server_dsn, template) as database:
        staff = Staff(database, settings, site, clock, alerts)
        with running(Server(staff, settings.staff)) as url:
            yield Desk(url, database, tokens, staff)


@contextmanager
def running(server: Server) -> Iterator[str]:
    """A server in a thread of this process."""
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    assert server.started, "the server did not start"
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not stop"


def until(done: Callable[[], object], within_s: float = 60) -> None:
    """Wait for something that must come true."""
    end = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)
