"""A client that keeps to no rule: it sends what it is given, byte by byte."""

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit


def status(url: str, parts: Iterable[bytes], within_s: float = 10) -> int | None:
    """What the first line of the answer says; None where the server closes without a word."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=within_s) as line:
        try:
            for part in parts:
                line.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered already
        try:
            answer = line.recv(200)
        except ConnectionResetError:
            return None
    return int(answer.split(b" ", 2)[1]) if answer else None
