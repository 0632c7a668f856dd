"""What a client may send before anybody looks at it: bounded in length and in time.

uvicorn on httptools bounds neither: one head without end held up all others and filled the memory.
"""

import socket
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from dashboard.problems import MEDIA_TYPE, Problem

LONGEST_HEAD = 65_536  # address and headers together; ours have about one thousand
WHOLE_WITHIN_S = 60.0  # from a request's first byte, or the connection, to the request's last
TAKES_WITHIN_MS = 60_000  # what is sent; a phone that is gone says no goodbye

_TOO_LONG = Problem(431, f"address and headers are at most {LONGEST_HEAD} bytes together")
_NO_LENGTH = Problem(411, "send the body with its Content-Length")
_TOO_SLOW = Problem(408, "this request did not come whole in time")


class Refused(Exception):
    """A request that the parser need not read on."""


class Bounded(HttpToolsProtocol):
    """One connection. What is refused is answered and closed: its rest is not read."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head: int | None = None  # bytes of a head that is being read, of full reads alone
        self._refusal: Problem | None = None
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        _notice_who_takes_nothing(transport.get_extra_info("socket"))
        self._await_whole()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._await_whole()
        before = self._head
        super().data_received(data)
        if before is not None and self._head is not None:
            self._head = before + len(data)
            if self._head > LONGEST_HEAD and not self.transport.is_closing():
                self._refuse(_TOO_LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        self._head = None
        if len(self.url) + sum(len(name) + len(of) + 4 for name, of in self.headers) > LONGEST_HEAD:
            self._refusal = _TOO_LONG
        elif any(name == b"transfer-encoding" for name, _ in self.headers):
            self._refusal = _NO_LENGTH  # whose end nobody knows, trailers and all
        if self._refusal:
            raise Refused
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser stopped at: a fault of its own, or what we refused."""
        if self._refusal:
            self._refuse(self._refusal)
        else:
            super().send_400_response(msg)

    def _refuse(self, problem: Problem) -> None:
        body = problem.response().body
        lines = (
            b"content-type: " + MEDIA_TYPE.encode(),
            b"content-length: %d" % len(body),
            b"cache-control: no-store",
            b"connection: close",
        )
        head = STATUS_LINE[problem.status] + b"\r\n".join(lines)
        self.transport.write(head + b"\r\n\r\n" + bytes(body))
        self.transport.close()

    def _await_whole(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(WHOLE_WITHIN_S, self._end)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        """Who has begun a request hears why; who has said nothing, or is being answered, does not.

        An application that waits for the rest of a body learns that its client has left.
        """
        self._timer = None
        answering = self.cycle is not None and not self.cycle.response_complete
        if self._head is not None and not answering:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.close()


def _notice_who_takes_nothing(line: socket.socket | None) -> None:
    """The system ends a connection whose other end is gone, or reads no more and stays."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and line is not None and line.family != socket.AF_UNIX:
        line.setsockopt(socket.IPPROTO_TCP, option, TAKES_WITHIN_MS)
