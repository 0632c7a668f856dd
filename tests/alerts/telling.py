"""What the tests of telling share: steps to be told, messages as they lie, a mail server."""

import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from database.pool import Connection


class Mailbox:
    """An SMTP server of the suite. refuse: answers so many messages with this first."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refuse: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        if self.refuse:
            return self.refuse.pop(0)
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.letters.append(parsed)
        return "250 OK"

    def text(self, number: int = 0) -> str:
        body = self.letters[number].get_body(("plain",))
        assert body is not None
        return str(body.get_content())


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    """The mailbox and its apprise URL, without a password."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=30)
    controller.start()
    try:
        yield box, f"mailto://127.0.0.1:{port}/?from=dongtai@example.com&to=duty@example.com"
    finally:
        controller.stop()


def messages(conn: Connection) -> list[tuple[Any, ...]]:
    """(transition, receiver, way, attempts, delivered, given up, error), in order."""
    return query(
        conn,
        "select transition_id, receiver, way, attempts, delivered_at is not null,"
        " given_up_at is not null, error from message order by transition_id, id",
    )


def due_now(conn: Connection) -> None:
    run(conn, "update message set next_try_at = clock_timestamp() - interval '1 s'")


def over(conn: Connection) -> None:
    """All alerts are over and seen; what tells of one that stands is never given up."""
    run(conn, "update alert set state = 'ended', ended_at = now()")


def query(conn: Connection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall()
    conn.commit()
    return found


def run(conn: Connection, statement: str, *values: Any) -> None:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
    conn.commit()
