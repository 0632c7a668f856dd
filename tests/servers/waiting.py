"""Waiting for something to become true, with a deadline and a sentence when it does not."""

import socket
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(
    found: Callable[[], Found], what: str, *, seconds: float = 60, every: float = 0.05
) -> Found:
    """The first true answer of `found`; AssertionError names `what` was waited for."""
    end = time.monotonic() + seconds
    while True:
        if answer := found():
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(every)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
