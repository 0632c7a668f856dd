"""The two grounds side by side."""

from collections.abc import Iterator

import pytest

from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings


@pytest.fixture(scope="module")
def timescale_owner(timescale: str) -> Iterator[Connection]:
    """The only connection to the migrated TimescaleDB; tests use series of their own."""
    conn = connect(DatabaseSettings(dsn=timescale), None, application="test")
    migrate(conn)
    yield conn
    conn.close()


@pytest.fixture(params=["plain", "timescale"])
def ground(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """An owner's connection on each ground in turn; what the test did is rolled back."""
    name = "owner" if request.param == "plain" else "timescale_owner"
    conn: Connection = request.getfixturevalue(name)
    yield conn
    conn.rollback()
    with conn.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute("set search_path = dongtai")
    conn.commit()
