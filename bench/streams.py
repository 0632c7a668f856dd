"""Many event-stream clients in one process at the least cost, and a bare server to know its own.

`python -m bench.streams watch PLAN`: opens the streams of a plan (pickle: host, port, path, count,
headers of each, out), prints `open` once each has heard something, and writes at SIGTERM what came.
`python -m bench.streams serve PLAN`: sends the chunks of a plan (count, chunks, out) to each of so
many connections once all have come, at the times they once had. Times are of time.time().
"""

import asyncio
import pickle
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

SAMPLE = 128  # bytes of its beginning and of its end that tell one chunk from another
OPENED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
Key = tuple[int, bytes, bytes]  # a chunk: its length, its beginning and its end


@dataclass
class Watching:
    """The plan of `watch`. headers: of each request, one block a stream."""

    host: str
    port: int
    path: str
    headers: list[str]
    out: Path


@dataclass
class Heard:
    """What came. first: of the first stream all chunks whole; lost: streams that ended."""

    times: dict[Key, list[float]] = field(default_factory=dict)
    first: list[tuple[float, bytes]] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    lost: int = 0
    begun: int = 0


@dataclass
class Serving:
    """The plan of `serve`: (seconds since the first, chunk)."""

    port: int
    count: int
    chunks: list[tuple[float, bytes]]
    out: Path


_shared = bytearray(1 << 18)  # every stream reads into the same: what is kept is copied


class Stream(asyncio.BufferedProtocol):
    """Follows the chunks of one answer without keeping them, the first stream's apart."""

    def __init__(
        self, request: bytes, heard: Heard, begun: Callable[[], None], *, keep: bool
    ) -> None:
        self._request, self._heard, self._keep = request, heard, keep
        self._begun: Callable[[], None] | None = begun
        self._line, self._left, self._size = bytearray(), 0, 0
        self._head, self._tail, self._whole = bytearray(), bytearray(), bytearray()
        self._step = self._header

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def connection_lost(self, _: Exception | None) -> None:
        self._heard.lost += 1

    def get_buffer(self, _: int) -> bytearray:
        return _shared

    def buffer_updated(self, count: int) -> None:
        at = 0
        while at < count:
            at = self._step(at, count)

    def _until(self, mark: bytes, at: int, count: int) -> tuple[int, bytes | None]:
        """Gather what precedes a mark: (place behind, the whole), or None while it has not come."""
        before = len(self._line)
        self._line += _shared[at:count]
        place = self._line.find(mark, max(0, before - len(mark)))
        if place < 0:
            return count, None
        found, behind = bytes(self._line[:place]), at + place + len(mark) - before
        self._line.clear()
        return behind, found

    def _header(self, at: int, count: int) -> int:
        behind, head = self._until(b"\r\n\r\n", at, min(count, at + 4096))
        if head is not None:
            self._heard.heads.append(head)
            self._step = self._length
        return behind

    def _length(self, at: int, count: int) -> int:
        behind, line = self._until(b"\r\n", at, min(count, at + 16))
        if line is not None:
            self._size = self._left = int(line, 16)
            self._step = self._body if self._size else self._end
        return behind

    def _body(self, at: int, count: int) -> int:
        took = min(self._left, count - at)
        if len(self._head) < SAMPLE:
            self._head += _shared[at : at + min(took, SAMPLE - len(self._head))]
        self._tail = (self._tail + _shared[max(at, at + took - SAMPLE) : at + took])[-SAMPLE:]
        if self._keep:
            self._whole += _shared[at : at + took]
        self._left -= took
        if not self._left:
            self._note(time.time())
            self._step = self._end
        return at + took

    def _note(self, now: float) -> None:
        key = (self._size, bytes(self._head), bytes(self._tail))
        self._heard.times.setdefault(key, []).append(now)
        if self._keep:
            self._heard.first.append((now, bytes(self._whole)))
            self._whole.clear()
        self._head.clear()
        self._tail.clear()
        if self._begun:
            self._begun()
            self._begun = None

    def _end(self, at: int, count: int) -> int:
        behind, line = self._until(b"\r\n", at, min(count, at + 2))
        if line is not None:
            self._step = self._length
        return behind


def key_of(chunk: bytes) -> Key:
    return len(chunk), chunk[:SAMPLE], chunk[-SAMPLE:]


async def watch(plan: Watching) -> None:
    loop, heard = asyncio.get_running_loop(), Heard()
    over, all_begun = asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)

    def begun() -> None:
        heard.begun += 1
        if heard.begun == len(plan.headers):
            all_begun.set()

    for number, more in enumerate(plan.headers):
        request = f"GET {plan.path} HTTP/1.1\r\nHost: {plan.host}:{plan.port}\r\n{more}\r\n"
        stream = partial(Stream, request.encode(), heard, begun, keep=number == 0)
        await loop.create_connection(stream, plan.host, plan.port)
    await all_begun.wait()
    print("open", flush=True)
    await over.wait()
    plan.out.write_bytes(pickle.dumps(vars(heard)))


async def serve(plan: Serving) -> None:
    """out: when each chunk was handed out, by its key."""
    loop, everybody = asyncio.get_running_loop(), asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OPENED + b"6\r\nretry\n\r\n")
        writers.append(writer)
        if len(writers) == plan.count:
            everybody.set()

    server = await asyncio.start_server(come, "127.0.0.1", plan.port)
    print("serving", flush=True)
    await everybody.wait()
    sent: dict[Key, float] = {}
    begun = loop.time() + 1
    for after, chunk in plan.chunks:
        await asyncio.sleep(max(0.0, begun + after - loop.time()))
        sent[key_of(chunk)] = time.time()
        framed = b"%x\r\n%b\r\n" % (len(chunk), chunk)
        for writer in writers:
            writer.write(framed)
    await asyncio.gather(*(writer.drain() for writer in writers), return_exceptions=True)
    plan.out.write_bytes(pickle.dumps(sent))
    print("sent", flush=True)
    await asyncio.Event().wait()
    server.close()


def main() -> None:
    what, plan = sys.argv[1], pickle.loads(Path(sys.argv[2]).read_bytes())
    uvloop.run(watch(plan) if what == "watch" else serve(plan))


if __name__ == "__main__":
    main()
