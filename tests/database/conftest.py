"""The two grounds side by side."""

from collections.abc import Iterator

import pytest

from database import pool
from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from tests.conftest import fresh_database, migrated


@pytest.fixture(scope="module")
def timescale_owner(timescale: str) -> Iterator[Connection]:
    """The only connection to the migrated TimescaleDB; tests use series of their own."""
    conn = connect(DatabaseSettings(dsn=timescale), None, application="test")
    migrate(conn)
    yield conn
    conn.close()


@pytest.fixture
def timescale_ingest(timescale_owner: Connection) -> Iterator[Connection]:
    """The same connection with all that the program sets on one of role ingest."""
    pool._prepare(timescale_owner, "ingest")
    yield timescale_owner
    timescale_owner.rollback()
    with timescale_owner.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute("reset all")
    pool._prepare(timescale_owner, None)


@pytest.fixture(scope="module")
def plain_owner(embedded_dsn: str) -> Iterator[Connection]:
    """The plain half of the comparison: the embedded server, whatever TEST_DSN is."""
    with fresh_database(embedded_dsn) as settings:
        migrated(settings)
        conn = connect(settings, None, application="test")
        yield conn
        conn.close()


@pytest.fixture(params=["plain", "timescale"])
def ground(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """An owner's connection on each ground in turn; what the test did is rolled back."""
    name = "plain_owner" if request.param == "plain" else "timescale_owner"
    conn: Connection = request.getfixturevalue(name)
    yield conn
    conn.rollback()
    with conn.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute("set search_path = dongtai")
    conn.commit()
