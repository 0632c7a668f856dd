"""Bytes of a connection → frames, however TCP has split or joined them. Pure, of bounded memory.

Where a frame ends depends on what was sent, never on how it was split. Every byte is in a piece,
or counted as skipped. A piece is a frame as far as its form says; the decoders judge it.
"""

import re
from typing import Protocol

from sensors.decoders import sl651_ascii, sl651_frame
from sensors.decoders.hj212_frame import BETWEEN, HEAD

# Of a frame whose length is wrong, so much is kept after where it says that it ends.
_OVERRUN = 1024
_HEAD_BYTES = 6
_CLOSED = re.compile(rb"&&[0-9A-Fa-f]{4}")
# Bytes among which no frame begins, kept together in case they are a damaged one.
_RUN = 4096


class Splitter(Protocol):
    """skipped: bytes that belong to no frame, without blanks and line ends."""

    skipped: int

    def feed(self, data: bytes) -> list[bytes]:
        """The frames, or what is left of them, that are complete with these bytes."""

    def flush(self) -> list[bytes]:
        """What is in hand, now that nothing more will come."""


class Hj212Splitter:
    """As `hj212_frame.frames` does it: a frame ends where the next begins, if not before."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped = 0

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        return self._cut(final=False)

    def flush(self) -> list[bytes]:
        return self._cut(final=True)

    def _cut(self, *, final: bool) -> list[bytes]:
        pieces: list[bytes] = []
        while head := HEAD.search(self._buffer):
            self._skip(head.start())
            end = _hj212_end(self._buffer, final=final)
            if end is None:
                return pieces
            pieces.append(_take(self._buffer, end))
        begun = 0 if final else _HEAD_BYTES - 1  # may be the beginning of a head
        self._skip(max(0, len(self._buffer) - begun))
        return pieces

    def _skip(self, count: int) -> None:
        self.skipped += _weight(_take(self._buffer, count))


def _hj212_end(buffer: bytearray, *, final: bool) -> int | None:
    """Where the frame at the beginning ends; None while too little has come to tell."""
    says = _HEAD_BYTES + int(buffer[2:_HEAD_BYTES]) + 4
    following = HEAD.search(buffer, 1)
    limit = following.start() if following else None
    if limit is not None and limit < says:
        return limit
    if len(buffer) >= says and _CLOSED.fullmatch(buffer, says - 6, says):
        return says
    # Its length is wrong, or it is cut short: all of it goes together, to be looked at.
    most = says + _OVERRUN
    line = buffer.find(b"\r\n", says - 4, most)
    ends = [at for at in (limit, line + 2 if line >= 0 else None) if at is not None and at <= most]
    if ends:
        return min(ends)
    if len(buffer) >= most + _HEAD_BYTES:  # a head that begins before would be whole
        return most
    return min(len(buffer), most) if final else None


class Sl651Splitter:
    """As `sl651_frame.frames` does it, for both codings: what has a frame's form is passed over
    whole; what begins like one and is none goes together with what surrounds it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._at = 0  # no frame begins before
        self.skipped = 0

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        return self._cut(final=False)

    def flush(self) -> list[bytes]:
        pieces = self._cut(final=True)
        return pieces + self._leave(len(self._buffer))

    def _cut(self, *, final: bool) -> list[bytes]:
        pieces = []
        while (begin := self._begin()) is not None:
            end = _sl651_end(self._buffer, begin)
            if end is not None and end > len(self._buffer) and not final:
                break
            if (
                end is None
                or end > len(self._buffer)
                or not _sl651_closed(self._buffer, begin, end)
            ):
                self._at = begin + 1
            else:
                pieces += self._leave(begin)
                pieces.append(_take(self._buffer, end - begin))
            pieces += self._long_run()
        return pieces + self._long_run()

    def _begin(self) -> int | None:
        """Where a frame may begin, remembered: what lies before is not searched again."""
        found = [
            at
            for mark in (sl651_frame.BEGIN, sl651_ascii.BEGIN)
            if (at := self._buffer.find(mark, self._at)) >= 0
        ]
        # Half a mark may stand at the end.
        self._at = min(found, default=max(self._at, len(self._buffer) - 1))
        return self._at if found else None

    def _long_run(self) -> list[bytes]:
        pieces = []
        while self._at >= _RUN:
            at = self._at - _RUN
            pieces += self._leave(_RUN)
            self._at = at
        return pieces

    def _leave(self, count: int) -> list[bytes]:
        """Bytes that are no frame: a piece if something of one is in them, else skipped."""
        run, self._at = _take(self._buffer, count), 0
        if sl651_frame.BEGIN in run or sl651_ascii.HEAD.search(run):
            return [run]
        self.skipped += _weight(run)
        return []


def _in_ascii(buffer: bytearray, begin: int) -> bool:
    return buffer[begin] == sl651_ascii.BEGIN[0]


def _sl651_end(buffer: bytearray, begin: int) -> int | None:
    if _in_ascii(buffer, begin):
        return sl651_ascii.says_end(buffer, begin)
    return sl651_frame.says_end(buffer, begin)


def _sl651_closed(buffer: bytearray, begin: int, end: int) -> bool:
    if _in_ascii(buffer, begin):
        return sl651_ascii.closed(buffer, end)
    return sl651_frame.closed(buffer, end)


def _take(buffer: bytearray, count: int) -> bytes:
    taken = bytes(buffer[:count])
    del buffer[:count]
    return taken


def _weight(data: bytes) -> int:
    return len(data.translate(None, BETWEEN))
