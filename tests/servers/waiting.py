"""Waiting for something to become true, with a deadline and a sentence when it does not."""

import random
import socket
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

_CHANCE = random.SystemRandom()  # two suites on one machine draw different ports
_given: set[int] = set()


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
    """A port of 127.0.0.1 that nobody listens on now, and that no connection takes meanwhile.

    The kernel gives outgoing connections ports of its own range (Linux: from 32768); one of those
    may be taken between this answer and the server's start, and was.
    """
    while True:
        port = _CHANCE.randrange(15_000, 32_000)
        with socket.socket() as probe:
            if port not in _given and probe.connect_ex(("127.0.0.1", port)) != 0:
                _given.add(port)
                return port


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
