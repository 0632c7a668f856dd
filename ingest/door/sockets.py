"""The sockets of the gateway: what comes in is cut into frames, published, and then answered.

A device is told that its frame has arrived only when the broker has confirmed it. Memory is
bounded whatever comes: so many connections, so few bytes of each, so many frames in hand; where
the broker is away nothing more is read, and TCP tells the device so.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingest.door.dialogue import Dialogue
from ingest.door.outlet import Outlet
from ingest.settings import GatewaySettings, ListenSettings

log = logging.getLogger(__name__)

_CHUNK = 4096
_UNDER_WAY = 16  # frames of one connection in hand at once, so that none takes all the room
_DAMAGE_WEIGHS = 1024  # bytes: each damaged frame costs the broker a message and us a quarantine
_UNREAD_ANSWERS = 65_536  # bytes; a device that reads none of its answers is let go
_FAREWELL_S = 30.0  # a device that has said its last word may still wait for its answer


@dataclass(slots=True)
class Counts:
    """Since the last line of the log; each field is a word of it."""

    connections: int = 0
    frames: int = 0
    damaged: int = 0
    published: int = 0
    answered: int = 0
    skipped_bytes: int = 0
    crowded_out: int = 0
    idle: int = 0
    babbling: int = 0

    def __str__(self) -> str:
        return ", ".join(
            f"{getattr(self, name)} {name.replace('_', ' ')}" for name in self.__slots__
        )


@dataclass(slots=True, eq=False)
class _Visitor:
    """One connection. since: loop time of its last whole frame, at first of its arrival."""

    dialogue: Dialogue
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    task: "asyncio.Task[None] | None"
    since: float
    frames: int = 0
    wasted: int = 0
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_UNDER_WAY))
    under_way: int = 0
    quiet: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def worth(self) -> tuple[bool, float]:
        """Who is lowest gives way: first who never sent a frame, then who was longest silent."""
        return self.frames > 0, self.since

    def let_go(self) -> None:
        if self.task is not None:
            self.task.cancel()
        self.writer.transport.abort()


class Door:
    """One listening socket or two, and their visitors."""

    def __init__(self, settings: GatewaySettings, root: str, outlet: Outlet) -> None:
        self._settings, self._root, self._outlet = settings, root, outlet
        self._loop = asyncio.get_running_loop()
        self._visitors: set[_Visitor] = set()
        self._servers: list[asyncio.Server] = []
        self._reading = asyncio.Event()
        self._reading.set()
        self._counts = Counts()

    async def open(self, where: ListenSettings, dialogue: Callable[[], Dialogue]) -> None:
        """Listen. Raises OSError where that cannot be."""

        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._visit(dialogue(), reader, writer)

        self._servers.append(
            await asyncio.start_server(
                visit, where.host, where.port, limit=_CHUNK, backlog=1024, reuse_address=True
            )
        )

    async def close(self, seconds: float) -> None:
        """Take nobody and nothing more in, answer what the broker still confirms, then leave."""
        self._reading.clear()
        for server in self._servers:
            server.close()
        await self._outlet.stop(seconds)
        for visitor in list(self._visitors):
            visitor.writer.close()
            if visitor.task is not None:
                visitor.task.cancel()

    def tally(self) -> str:
        """What happened since the last time, as one line."""
        counts, self._counts = self._counts, Counts()
        refused = f"; the broker says: {self._outlet.refused}" if self._outlet.refused else ""
        return (
            f"{len(self._visitors)} connected, {self._outlet.in_hand} frames in hand; "
            f"since the last line {counts}{refused}"
        )

    async def _visit(
        self, dialogue: Dialogue, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._make_room()
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD_ANSWERS)
        visitor = _Visitor(dialogue, reader, writer, asyncio.current_task(), self._loop.time())
        self._visitors.add(visitor)
        self._counts.connections += 1
        try:
            async for data in self._pieces(visitor):
                await self._take(visitor, data)
            await self._farewell(visitor)
        except (ConnectionError, TimeoutError) as error:
            log.debug("a device went away: %s", error)
        except asyncio.CancelledError:
            log.debug("a device was let go")  # by us; asyncio would print a traceback
        finally:
            self._visitors.discard(visitor)
            # Where it was let go: what was in hand of it goes with it, unconfirmed.
            self._counts.skipped_bytes += sum(map(len, dialogue.splitter.flush()))
            writer.close()

    def _make_room(self) -> None:
        if len(self._visitors) >= self._settings.max_connections:
            victim = min(self._visitors, key=lambda visitor: visitor.worth)
            self._visitors.discard(victim)
            self._counts.crowded_out += 1
            victim.let_go()

    async def _pieces(self, visitor: _Visitor) -> AsyncIterator[bytes]:
        """Frames and what is left of them, until the device or our patience is at its end."""
        splitter = visitor.dialogue.splitter
        while self._welcome(visitor):
            await self._reading.wait()
            try:
                async with asyncio.timeout(self._settings.stall_s):
                    data = await visitor.reader.read(_CHUNK)
            except TimeoutError:
                pieces = splitter.flush()
            else:
                if not data:
                    break
                visitor.wasted += len(data)
                pieces = splitter.feed(data)
            self._counts.skipped_bytes += splitter.skipped
            splitter.skipped = 0
            for piece in pieces:
                if visitor.wasted <= self._settings.wasted_bytes:
                    yield piece
                else:
                    self._counts.skipped_bytes += len(piece)
        for piece in splitter.flush():
            yield piece

    def _welcome(self, visitor: _Visitor) -> bool:
        if visitor.wasted > self._settings.wasted_bytes:
            self._counts.babbling += 1
            return False
        if self._loop.time() - visitor.since > self._settings.idle_s:
            self._counts.idle += 1
            return False
        return True

    async def _take(self, visitor: _Visitor, data: bytes) -> None:
        piece = visitor.dialogue.read(data)
        if piece.good:
            visitor.frames += 1
            visitor.wasted, visitor.since = 0, self._loop.time()
            self._counts.frames += 1
        else:
            visitor.wasted += _DAMAGE_WEIGHS
            self._counts.damaged += 1
        await visitor.room.acquire()
        visitor.under_way += 1
        visitor.quiet.clear()
        topic = f"{self._root}/{visitor.dialogue.feed}/{piece.sender}"
        await self._outlet.publish(topic, data, lambda: self._held(visitor, piece.answer))

    def _held(self, visitor: _Visitor, answer: Callable[[datetime], bytes | None]) -> None:
        """The broker has it: now the device may know."""
        self._counts.published += 1
        said = answer(datetime.now(UTC))
        transport = visitor.writer.transport
        if said is not None and not transport.is_closing():
            visitor.writer.write(said)
            self._counts.answered += 1
            if transport.get_write_buffer_size() > _UNREAD_ANSWERS:
                visitor.let_go()
        visitor.under_way -= 1
        visitor.room.release()
        if not visitor.under_way:
            visitor.quiet.set()

    async def _farewell(self, visitor: _Visitor) -> None:
        """Answer what is under way, as far as it is confirmed soon, and send it off."""
        if visitor.under_way:
            async with asyncio.timeout(_FAREWELL_S):
                await visitor.quiet.wait()
        with contextlib.suppress(ConnectionError):
            await visitor.writer.drain()
