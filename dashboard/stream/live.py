"""The live stream: one listener a process reads what changed, says it once, and all hear it.

A thread holds a connection of its own: LISTEN wakes it, it reads by an overlap, merges, serialises
once. Beats prove that the database answers; when it does not, they stop and `lost` says so.
"""

import logging
import select
import socket
import threading
import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import orjson
import psycopg2

from dashboard.shapes import iso
from dashboard.stream import crowd
from dashboard.stream.hub import Hub
from dashboard.stream.snapshot import Changed, Difference, Loaded, Snapshot
from dashboard.walls.view import View
from database.heartbeat import listen
from database.pool import Connection

BEAT_S = 2.0
READ_AT_LEAST_EVERY_S = 5.0
RELOAD_EVERY_S = 60.0
TRY_AGAIN_S = 1.0
# Commits overtake each other: what changed this long before the last look is looked at again.
OVERLAP = timedelta(seconds=10)
DELAYS_OVER_S = 300.0
_LINK_TIMEOUT_MS = 8000

log = logging.getLogger(__name__)


class Source(Protocol):
    """Where the stream's facts come from: `store` of the staff or of the public service."""

    def load(self, conn: Connection) -> Loaded: ...

    def changes(self, conn: Connection, since: datetime) -> Changed: ...


@dataclass(frozen=True, slots=True)
class Silent:
    """A process of ours that no longer says that it lives: what it does is not being done."""

    process: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a beat says of our processes. canary: the oldest of them; None: none is sent.

    flood: since when more alerts come than anybody can take in, and how many; None: calm.
    notices: of warnings to the public, as the desks show them.
    """

    silent: list[Silent]
    canary: Mapping[str, object] | None = None
    flood: Mapping[str, object] | None = None
    notices: tuple[Mapping[str, object], ...] = ()


@dataclass(slots=True)
class Counters:
    """What /metrics tells of the stream."""

    pushed: int = 0
    lost: int = 0
    link: bool = False


def utc_now() -> datetime:
    return datetime.now(UTC)


class Live:
    """`start(loop)`, `hello()` for who joins, `stop()`.

    connect: opens a connection of its own; pulse: called with each beat, on that connection, says
    which processes have fallen silent, and how the canary fares.
    clock: the present that ages are counted to; aware.
    walls: a hub whose viewers are given less of the same events, as the view says.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        source: Source,
        hub: Hub,
        *,
        interval_s: float = 1.0,
        staff: bool = True,
        pulse: Callable[[Connection], Pulse] | None = None,
        clock: Callable[[], datetime] = utc_now,
        walls: tuple[Hub, View] | None = None,
    ) -> None:
        self._walls = walls
        self.hub, self.counters = hub, Counters()
        self._connect, self._source, self._interval_s = connect, source, interval_s
        self._pulse, self._clock = pulse, clock
        self._snapshot, self._pending = Snapshot(staff=staff), Difference()
        self._lock = threading.Lock()  # over snapshot, number and hello
        self._number = 0
        self._hello: tuple[float, int, bytes] | None = None
        self._delays: deque[tuple[float, float]] = deque(maxlen=10_000)
        self._loaded = False
        self._lost_since: datetime | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self, loop: AbstractEventLoop) -> None:
        self.hub.bind(loop)
        if self._walls is not None:
            self._walls[0].bind(loop)
        self._wake, self._waker = socket.socketpair()
        self._thread.start()

    def stop(self) -> None:
        """End the listener; call `hub.close()` before, so that the streams end as well."""
        self._stop.set()
        if self._thread.ident is not None:
            self._waker.send(b"x")
            self._thread.join(timeout=5)
            self._wake.close()
            self._waker.close()

    def hello(self) -> tuple[int, bytes] | None:
        """(number, event) for a viewer who comes now; later events have greater numbers.

        None until the first look at the database; `lost` while the database is away.
        """
        now = self._clock()
        with self._lock:
            if self._lost_since is not None:
                return self._number, event("lost", self._lost(now))
            if not self._loaded:
                return None
            if self._hello is None or self._hello[1] != self._number or _older(self._hello[0], 1):
                content = event("hello", self._snapshot.hello(now))
                self._hello = (time.monotonic(), self._number, content)
            return self._number, self._hello[2]

    def wall_hello(self) -> tuple[int, bytes] | None:
        """As `hello`, for a viewer of the walls' hub."""
        assert self._walls is not None, "only where there are walls"  # noqa: S101 - for the type checker
        now = self._clock()
        with self._lock:
            if self._lost_since is not None:
                return self._number, self._for_walls("lost", self._lost(now))
            if not self._loaded:
                return None
            return self._number, self._for_walls("hello", self._snapshot.hello(now))

    def _for_walls(self, name: str, data: Mapping[str, object]) -> bytes:
        assert self._walls is not None, "only where there are walls"  # noqa: S101 - for the type checker
        return event(name, self._walls[1](name, data))

    def now(self) -> datetime:
        """The present that ages are counted to."""
        return self._clock()

    def delay_p95_s(self) -> float | None:
        """From a reading's arrival to its push, 95th percentile of the last five minutes."""
        since = time.monotonic() - DELAYS_OVER_S
        found = sorted(delay for at, delay in list(self._delays) if at >= since)
        return round(found[int(0.95 * (len(found) - 1))], 3) if found else None

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with closing(self._connect()) as conn:
                    self._follow(conn)
            except psycopg2.Error as error:
                self._lose(error)
                self._stop.wait(TRY_AGAIN_S)
            except Exception:
                # One odd row must not end the stream for good: say so, and begin anew.
                log.exception("the live listener failed; it starts again")
                self._lose(None)
                self._stop.wait(TRY_AGAIN_S)

    def _follow(self, conn: Connection) -> None:
        conn.autocommit = True
        _notice_a_dead_link(conn)
        listen(conn)
        looked = self._reload(conn, first=True)
        read = reloaded = pushed = time.monotonic()
        beaten = 0.0
        while not self._stop.is_set():
            woken = self._wait(conn, beaten + BEAT_S)
            # Merge: what changes within the interval goes out together.
            if woken and self._stop.wait(max(0.0, pushed + self._interval_s - time.monotonic())):
                return
            tick = time.monotonic()
            if tick - reloaded >= RELOAD_EVERY_S:
                looked, read, reloaded = self._reload(conn), tick, tick
            elif woken or tick - read >= READ_AT_LEAST_EVERY_S:
                looked, read = self._look(conn, looked), tick
            if self._push():
                pushed = tick
            if tick - beaten >= BEAT_S:
                _server_now(conn)  # a beat is a promise that the database answers
                self._beat(self._pulse(conn) if self._pulse is not None else Pulse([]))
                beaten = tick

    def _wait(self, conn: Connection, beat_at: float) -> bool:
        """Sleep until a notification, a tick or the beat; True where a notification came."""
        timeout = max(0.0, min(self._interval_s, beat_at - time.monotonic()))
        waiting = [conn.fileno(), self._wake.fileno()]
        select.select(waiting, [], [], 0 if conn.notifies else timeout)
        conn.poll()
        woken = bool(conn.notifies)
        conn.notifies.clear()
        return woken

    def _reload(self, conn: Connection, *, first: bool = False) -> datetime:
        looked = _server_now(conn)
        found = self._source.load(conn)
        with self._lock:
            moved = self._snapshot.load(found, self._pending)
            self._snapshot.age(self._clock(), self._pending)
            self._loaded, self._lost_since = True, None
            self.counters.link = True
            if first or moved:
                self._pending = Difference()
                self._publish("hello", self._snapshot.hello(self._clock()))
        return looked

    def _look(self, conn: Connection, looked: datetime) -> datetime:
        now = _server_now(conn)
        found = self._source.changes(conn, looked - OVERLAP)
        with self._lock:
            self._snapshot.apply(found, self._pending)
        return now

    def _push(self) -> bool:
        """Send what is pending, with what has just grown old."""
        now = self._clock()
        with self._lock:
            self._snapshot.age(now, self._pending)
            if not self._pending:
                return False
            difference, self._pending = self._pending, Difference()
            self._publish("change", self._snapshot.change(difference, now))
        self.counters.pushed += 1
        for row in difference.values:
            if row.received_at is not None:
                delay = (self._clock() - row.received_at).total_seconds()
                self._delays.append((time.monotonic(), max(0.0, delay)))
        return True

    def _beat(self, pulse: Pulse) -> None:
        with self._lock:
            beat: dict[str, object] = {
                "now": iso(self._clock()),
                "newest": iso(self._snapshot.newest()),
                "screen_p95_s": self.delay_p95_s(),
            }
            if pulse.silent:
                beat["silent"] = [
                    {"process": one.process, "since": iso(one.since)} for one in pulse.silent
                ]
            if pulse.canary is not None:
                beat["canary"] = pulse.canary
            if pulse.flood is not None:
                beat["flood"] = dict(pulse.flood) | crowd.what_matters(self._snapshot.open_alerts())
            if pulse.notices:
                beat["notices"] = pulse.notices
            self._publish("beat", beat)

    def _lose(self, error: psycopg2.Error | None) -> None:
        now = self._clock()
        with self._lock:
            if self._lost_since is None:
                log.warning("the live link to the database is lost: %s", str(error or "").strip())
                self._lost_since = now
                self.counters.link = False
                self.counters.lost += 1
                self._publish("lost", self._lost(now))

    def _lost(self, now: datetime) -> dict[str, object]:
        return {"now": iso(now), "since": iso(self._lost_since)}

    def _publish(self, name: str, data: Mapping[str, object]) -> None:
        """Under the lock, so that numbers and the snapshot go together."""
        self._number += 1
        self.hub.publish_from_thread(self._number, event(name, data))
        # Who joins later begins with a `hello` that has this in it.
        if self._walls is not None and self._walls[0].viewers:
            self._walls[0].publish_from_thread(self._number, self._for_walls(name, data))


def _older(moment: float, seconds: float) -> bool:
    return time.monotonic() - moment > seconds


def event(name: str, data: object) -> bytes:
    """One server-sent event; JSON has no bare line breaks, so one data line is enough."""
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


def _server_now(conn: Connection) -> datetime:
    with conn.cursor() as cursor:
        cursor.execute("select now()")
        row = cursor.fetchone()
    assert row is not None, "select now() gives a row"  # noqa: S101 - for the type checker
    now: datetime = row[0]
    return now


def _notice_a_dead_link(conn: Connection) -> None:
    """A cut network sends no goodbye: give up after seconds instead of after TCP's 15 minutes."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    with suppress(OSError), socket.socket(fileno=socket.dup(conn.fileno())) as link:
        if option is not None and link.family != socket.AF_UNIX:
            link.setsockopt(socket.IPPROTO_TCP, option, _LINK_TIMEOUT_MS)
