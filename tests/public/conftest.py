"""The public service as it runs: its own role, its own wiring, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn

from dashboard.public.__main__ import Server, configuration, wire
from dashboard.settings import DashboardSettings, PublicSettings
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from gis.settings import GisSettings
from gis.site import MapSite, open_map
from tests.conftest import fresh_database
from tests.public import district
from tests.servers.waiting import until


@dataclass(frozen=True)
class Service:
    url: str
    client: httpx.Client
    server: uvicorn.Server

    def ready(self) -> bool:
        return self.client.get("/readyz").status_code == 200

    def page(self, path: str = "/?lang=zh") -> str:
        return self.client.get(path).text


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> MapSite:
    return open_map(GisSettings(), tmp_path_factory.mktemp("map"), public=True)


@pytest.fixture
def city(database: DatabaseSettings, owner: Connection) -> DatabaseSettings:
    """A database with the rich district and all that must stay private."""
    fill(owner)
    return database


@pytest.fixture
def service(city: DatabaseSettings, site: MapSite) -> Iterator[Service]:
    """A service that the test may hurt."""
    with serving(city, site) as found:
        until(found.ready, "the public service has read the database")
        yield found


@pytest.fixture(scope="module")
def common(server_dsn: str, template: str, site: MapSite) -> Iterator[Service]:
    """One service for all tests of a module that only read: what it shows is of the present."""
    with fresh_database(server_dsn, template) as settings:
        conn = connect(settings, None, application="test")
        fill(conn)
        conn.close()
        with serving(settings, site) as found:
            until(found.ready, "the public service has read the database")
            yield found


def fill(conn: Connection) -> None:
    now = datetime.now(UTC)
    district.fill(conn, now)
    district.before(conn, now)
    district.hide(conn, now)
    conn.commit()


class serving:  # noqa: N801 - used like a function, in a with
    def __init__(self, settings: DatabaseSettings, site: MapSite) -> None:
        self._settings, self._site, self._stack = settings, site, ExitStack()

    def __enter__(self) -> Service:
        app, hub = wire(self._settings, DashboardSettings(), self._site, self._stack)
        server = Server(configuration(app, PublicSettings(port=0)), hub)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started, "the public service listens")
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        client = self._stack.enter_context(httpx.Client(base_url=url, timeout=20))
        self._stop = (server, thread)
        return Service(url, client, server)

    def __exit__(self, *_: object) -> None:
        server, thread = self._stop
        server.should_exit = True
        thread.join(timeout=15)
        self._stack.close()


ARTEFACTS = Path(__file__).parents[2] / "artefacts"
SCREENS = ARTEFACTS / "screens"  # those that the documentation shows
