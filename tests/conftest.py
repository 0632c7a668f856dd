"""Real servers for every test: a database of its own, made from a migrated template."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from demo.postgres import embedded_postgres_server, with_database


@pytest.fixture(scope="session")
def server_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server: TEST_DSN where it is set, else the embedded PostgreSQL."""
    if dsn := os.environ.get("TEST_DSN"):
        yield dsn
    else:
        folder = Path(tmp_path_factory.getbasetemp()) / "postgres"
        with embedded_postgres_server(folder) as dsn:
            yield dsn


@pytest.fixture(scope="session")
def template(server_dsn: str) -> str:
    """A migrated database that the tests' databases are copied from."""
    name = f"template_{uuid.uuid4().hex[:8]}"
    execute(server_dsn, f"create database {name}")
    conn = connect(DatabaseSettings(dsn=with_database(server_dsn, name)), None, application="test")
    migrate(conn)
    conn.close()
    return name


@pytest.fixture
def database(server_dsn: str, template: str) -> Iterator[DatabaseSettings]:
    """Settings of a fresh, migrated, empty database."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    execute(server_dsn, f"create database {name} template {template}")
    yield DatabaseSettings(dsn=with_database(server_dsn, name))
    execute(server_dsn, f"drop database {name} with (force)")


@pytest.fixture
def owner(database: DatabaseSettings) -> Iterator[Connection]:
    """A connection as the owner of the fresh database."""
    conn = connect(database, None, application="test")
    yield conn
    conn.close()


def execute(dsn: str, statement: str) -> None:
    conn = psycopg2.connect(dsn)
    conn.autocommit = True
    conn.cursor().execute(statement)
    conn.close()
