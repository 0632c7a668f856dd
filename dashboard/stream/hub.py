"""Many viewers, one stream: events are made once and handed to a bounded queue for each."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.stream.packing import HEAD, packed, takes_packed

QUEUE = 64  # events a viewer may lag behind: about half a minute
SEND_WITHIN_S = 30.0
ASK_AGAIN_S = 1.5  # a beat comes every two seconds
# The browser comes back by itself after this many ms, and then hears `hello`.
OPENING = b"retry: 2000\n\n"
RESYNC = b"event: resync\ndata: {}\n\n"
Item = tuple[int, bytes]


class Viewer:
    """One open stream. None in the queue ends it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Item | None] = asyncio.Queue(QUEUE)

    def give(self, item: Item) -> bool:
        """False where the viewer is too slow: it is told to begin anew, and its stream ends."""
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            self.end(RESYNC)
            return False
        return True

    def end(self, last: bytes | None = None) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        if last is not None:
            self.queue.put_nowait((1 << 62, last))
        self.queue.put_nowait(None)


class Hub:
    """All viewers of a process; lives on the event loop."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.dropped = 0
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def publish_from_thread(self, number: int, content: bytes) -> None:
        """From another thread; nothing happens once the loop is gone."""
        if self.viewers:
            packed(content)  # here, and not while all wait on the loop
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.publish, (number, content))

    def publish(self, item: Item) -> None:
        slow = [viewer for viewer in self.viewers if not viewer.give(item)]
        self.viewers.difference_update(slow)
        self.dropped += len(slow)

    def join(self) -> Viewer:
        viewer = Viewer()
        if self.closed:
            viewer.end()
        else:
            self.viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)

    def close(self) -> None:
        """End every stream, so that stopping does not wait for people to leave."""
        self.closed = True
        for viewer in self.viewers:
            viewer.end()
        self.viewers.clear()


class EventStream(Response):
    """A viewer's stream: first `hello`, then every event younger than that.

    still: asked every other second whether this viewer may go on (signed out, session over).
    around: entered while the stream is open.
    """

    def __init__(
        self,
        hub: Hub,
        hello: Callable[[], Item | None],
        still: Callable[[], Awaitable[bool]] | None = None,
        around: AbstractContextManager[None] | None = None,
    ) -> None:
        super().__init__(
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        del self.headers["content-length"]
        self.headers["Vary"] = "Accept-Encoding"
        self.hub, self.hello, self.still = hub, hello, still
        self.around = around or nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pack = takes_packed(scope.get("headers", ()))
        if pack:
            self.headers["Content-Encoding"] = "gzip"
        with self.around:
            await self._serve(receive, send, pack=pack)

    async def _serve(self, receive: Receive, send: Send, *, pack: bool) -> None:
        viewer = self.hub.join()
        try:
            start = {
                "type": "http.response.start",
                "status": 200,
                "headers": self.raw_headers,
            }
            await send(start)
            async with anyio.create_task_group() as group:
                group.start_soon(_until_gone, receive, group.cancel_scope)
                with suppress(TimeoutError, OSError):
                    await self._pump(viewer, send, packed if pack else bytes)
                group.cancel_scope.cancel()
        finally:
            self.hub.leave(viewer)

    async def _pump(self, viewer: Viewer, send: Send, form: Callable[[bytes], bytes]) -> None:
        opening = form(OPENING)
        await _send(send, HEAD + opening if form is packed else opening)
        first = await anyio.to_thread.run_sync(self.hello)
        number = 0
        if first is not None:
            number = first[0]
            await _send(send, form(first[1]))
        asked = time.monotonic()
        while (item := await viewer.queue.get()) is not None:
            if item[0] > number:
                await _send(send, form(item[1]))
            if self.still is not None and time.monotonic() - asked > ASK_AGAIN_S:
                if not await self.still():
                    break
                asked = time.monotonic()
        await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, content: bytes) -> None:
    with anyio.fail_after(SEND_WITHIN_S):
        await send({"type": "http.response.body", "body": content, "more_body": True})


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
