"""A time by which a request over HTTP is over, whatever the far end does.

httpx counts each read by itself: one that sends a byte now and then would hold a sender for days.
"""

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

WHOLE = 3  # times `timeout_s`, for connecting, sending, answering: what a whole sending may take


class Deadline:
    """`with Deadline(15) as end: client.stream(..., extensions=end.extensions)`: then the line is
    cut, and the request fails as one that the far end dropped."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._lock, self._lines = threading.Lock(), list[socket.socket]()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def extensions(self) -> dict[str, Any]:
        return {"trace": self._trace}

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's word of each step. A copy of the socket is kept: TLS takes the first away."""
        if event != "connection.connect_tcp.complete":
            return
        line = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._lines.append(line.dup())
            passed = self.passed
        if passed:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            for line in self._lines:
                try:
                    line.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it is down already, which is what was wanted
