"""The public stream: each event is written once and handed to every viewer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import orjson

from dashboard.public.snapshot import Json, Snapshot, changes, hello
from dashboard.shapes import iso
from dashboard.stream.packing import HEAD, packed

BEAT_S = 2.0
WAITING = 32  # events a viewer may lag behind; then it is sent away and comes back to a new hello


def event(name: str, data: Json) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


class Hub:
    """Viewers of one process. `publish` may be called from any thread, all else on the loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._viewers: set[asyncio.Queue[bytes | None]] = set()
        self._hello: tuple[Snapshot, bytes] | None = None
        self._told: Snapshot | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def close(self) -> None:
        """Every stream ends, so that the process can."""
        self._loop = None
        for queue in tuple(self._viewers):
            _end(queue)

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def publish(self, before: Snapshot | None, after: Snapshot) -> None:
        loop = self._loop
        changed = changes(before, after)
        if loop and changed and not loop.is_closed():
            data = event("change", changed)
            packed(data)  # here, and not while all wait on the loop
            loop.call_soon_threadsafe(self._change, after, data)

    def _change(self, after: Snapshot, data: bytes) -> None:
        """Who joins now begins with what the others have just heard, though its documents may not
        be made yet."""
        self._told = after
        self._hand_out(data)

    async def beat(self, snapshot: Snapshot) -> None:
        self._hand_out(beat(snapshot, datetime.now(UTC)))

    async def stream(self, snapshot: Snapshot, *, pack: bool = False) -> AsyncIterator[bytes]:
        """hello, then whatever is published, until the viewer leaves or lags too far behind."""
        form: Callable[[bytes], bytes] = packed if pack else bytes
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING)
        self._viewers.add(queue)
        try:
            greeting = form(self._greeting(self._newest(snapshot)))
            yield HEAD + greeting if pack else greeting
            while (data := await queue.get()) is not None:
                yield form(data)
        finally:
            self._viewers.discard(queue)

    def _newest(self, snapshot: Snapshot) -> Snapshot:
        told = self._told
        return told if told is not None and told.look.now > snapshot.look.now else snapshot

    def _greeting(self, snapshot: Snapshot) -> bytes:
        if self._hello is None or self._hello[0] is not snapshot:
            self._hello = snapshot, event("hello", hello(snapshot))
        return self._hello[1]

    def _hand_out(self, data: bytes) -> None:
        for queue in tuple(self._viewers):
            try:
                queue.put_nowait(data)
            except asyncio.QueueFull:
                self._viewers.discard(queue)
                _end(queue)


def beat(snapshot: Snapshot, now: datetime) -> bytes:
    return event(
        "beat",
        {
            "now": iso(now),
            "newest": iso(snapshot.look.newest),
            "screen_p95_s": None,
            "down_since": iso(snapshot.down_since),
        },
    )


def _end(queue: asyncio.Queue[bytes | None]) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)
