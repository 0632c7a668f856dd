"""The loop around the pipeline: leadership, retries, acknowledgement, heartbeat."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

from database import lead
from database.heartbeat import beat, wake
from database.pool import Connection
from ingest import canary
from ingest.canary import Song
from ingest.message import Committed, Inbox, Message
from ingest.mqtt import Subscriber

log = logging.getLogger(__name__)

_BEAT_S = 1.0
_NOTIFY_S = 0.1
_BACKLOG = timedelta(seconds=2)  # what waits longer is a backlog

_TELL_S = 0.5
_SETTLED_S = 1.0

# Takes one batch into the database, commits, and says whether screens have something new.
Walk = Callable[[Connection, Sequence[Message], datetime, Committed], bool]
# Tells of the alerts that a backlog left untold, commits, and says whether there were any. The
# last: whether nothing waits.
Tell = Callable[[Connection, datetime, bool], bool]
# Writes a message that no walk survives into the quarantine, with the reason.
Bury = Callable[[Connection, Message, Exception], None]


@dataclass(frozen=True, slots=True)
class Work:
    """One session's work: where messages wait, how they are gathered, what is done with them.

    name: under which it beats; team: the names of all who share the topics with it; song: its
    canary, None where it sends none; tell: None where no alert comes of the messages.
    """

    name: str
    subscriber: Subscriber
    inbox: Inbox
    connect: Callable[[], Connection]
    walk: Walk
    bury: Bury
    max_messages: int
    max_wait_s: float
    team: tuple[str, ...] = ()
    song: Song | None = None
    tell: Tell | None = None


class Worker:
    """Runs one `Work` until told to stop; a standby waits for the leader's lock to come free.

    The lock hangs on the database connection. Who loses the connection keeps the batch in hand and
    tries to lead again; who finds another leading lets go of the broker session, and the broker
    delivers to the new leader what was not acknowledged.
    """

    def __init__(self, work: Work, stop: threading.Event) -> None:
        self._work, self._stop = work, stop
        self._in_hand: dict[int, Message] = {}  # by identity: taken from the inbox, not committed
        self._in_order: deque[Message] = deque()  # as they arrived: not acknowledged
        self._up_since = datetime.now(UTC)
        self._caught_up_at: datetime | None = None
        self._beaten = self._notified = 0.0
        self._news_waiting = False
        self._behind_at = self._told_at = 0.0
        self._foreign = 0
        self._sung_at = 0.0
        self._sung_since: datetime | None = None

    def run(self) -> None:
        """Returns when `stop` is set; what a retry can mend never ends it."""
        while not self._stop.is_set():
            conn = None
            try:
                conn = self._work.connect()
                if self._leads(conn):
                    self._work.subscriber.start()
                    self._work_on(conn)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                log.warning("%s: database: %s", self._work.name, str(error).strip())
                self._stop.wait(1)
            finally:
                if conn is not None:
                    conn.close()
        self._work.subscriber.stop()

    def _leads(self, conn: Connection) -> bool:
        """Whether the lead is ours; waits for it as a standby."""
        if lead.take(conn, lead.Lock.INGEST, self._work.subscriber.client_id):
            return True
        log.info("%s: another one leads, standing by", self._work.name)
        self._work.subscriber.stop()
        self._work.inbox.clear()
        self._in_hand = {}
        self._in_order.clear()
        while not self._stop.wait(1):
            if lead.free(conn, lead.Lock.INGEST, self._work.subscriber.client_id):
                log.warning("%s: the leader hangs; its connection was ended", self._work.name)
            if lead.take(conn, lead.Lock.INGEST, self._work.subscriber.client_id):
                return True
        return False

    def _work_on(self, conn: Connection) -> None:
        log.info("%s: leading", self._work.name)
        self._behind_at = time.monotonic()  # what waits has not come yet
        while not self._stop.is_set():
            if not self._in_hand:
                taken = self._work.inbox.take(
                    self._work.max_messages,
                    self._work.max_wait_s,
                    idle_wait_s=_NOTIFY_S if self._news_waiting else 0.5,
                )
                self._in_hand = {id(message): message for message in taken}
                self._in_order.extend(taken)
                if len(taken) == self._work.max_messages or len(self._work.inbox):
                    self._behind_at = time.monotonic()
            if self._in_hand:
                self._finish(conn, list(self._in_hand.values()))
            self._tell(conn)
            self._look_behind()
            self._sing()
            self._notify(conn)
            self._beat(conn)

    def _finish(self, conn: Connection, batch: Sequence[Message]) -> None:
        """Commit a batch; a message that breaks the walk is found and kept."""
        try:
            self._news_waiting |= self._work.walk(conn, batch, datetime.now(UTC), self._let_go)
        except Exception as error:
            if may_pass(error):
                self._news_waiting = True  # what was committed before the line broke may be news
                raise  # what is not committed stays in hand and is tried again
            conn.rollback()
            left = [message for message in batch if id(message) in self._in_hand]
            if len(left) > 1:
                middle = len(left) // 2
                self._finish(conn, left[:middle])
                self._finish(conn, left[middle:])
            elif left:
                log.exception("%s: message on %r breaks the walk", self._work.name, left[0].topic)
                self._work.bury(conn, left[0], error)
                self._let_go(left)

    def _let_go(self, messages: Sequence[Message]) -> None:
        """Hold what is committed no longer: whatever fails afterwards, it is neither counted twice
        nor confirmed twice (its packet id may be another's by then).

        It is acknowledged once all that came before it is committed too: MQTT wants PUBACKs in the
        order of the messages (MQTT-4.6.0-2), and a broker may hang up on one out of turn.
        """
        for message in messages:
            self._in_hand.pop(id(message), None)
        ready = []
        while self._in_order and id(self._in_order[0]) not in self._in_hand:
            ready.append(self._in_order.popleft())
        self._foreign += self._work.subscriber.acknowledge(ready)

    def _tell(self, conn: Connection) -> None:
        """Tell of what a backlog left untold: who led before may have left something as well."""
        tell, now = self._work.tell, time.monotonic()
        if self._work.subscriber.connected_since is None:
            self._behind_at = now
        if tell is None or now - self._told_at < _TELL_S:
            return
        self._told_at = now
        try:
            settled = now - self._behind_at >= _SETTLED_S
            self._news_waiting |= tell(conn, datetime.now(UTC), settled)
        except Exception as error:
            if may_pass(error):
                raise
            # A defect here must not stop what comes in; the next reading tells of its alert.
            conn.rollback()
            log.exception("%s: telling of what was left untold", self._work.name)

    def _look_behind(self) -> None:
        """Note when there was no backlog. Under constant load the inbox is never quite empty;
        while a backlog drains it is as full as the broker's window allows."""
        waiting_since, now = self._work.inbox.oldest, datetime.now(UTC)
        few = len(self._work.inbox) < self._work.max_messages
        if waiting_since is None or (few and now - waiting_since < _BACKLOG):
            self._caught_up_at = now

    def _sing(self) -> None:
        """Send a canary each minute, and at once on each new connection: it ends the alarm."""
        song, subscriber = self._work.song, self._work.subscriber
        since = subscriber.connected_since
        if song is None or since is None:
            return
        due = time.monotonic() - self._sung_at >= song.every_s
        if due or since != self._sung_since:
            subscriber.publish(song.topic, canary.encode(datetime.now(UTC)))
            self._sung_at, self._sung_since = time.monotonic(), since

    def _notify(self, conn: Connection) -> None:
        """Wake the readers, after the commit."""
        if self._news_waiting and time.monotonic() - self._notified >= _NOTIFY_S:
            wake(conn)
            conn.commit()
            self._news_waiting, self._notified = False, time.monotonic()

    def _beat(self, conn: Connection) -> None:
        if time.monotonic() - self._beaten < _BEAT_S:
            return
        beat(conn, self._work.name, self._up_since, self._detail())
        conn.commit()
        self._beaten = time.monotonic()

    def _detail(self) -> dict[str, Any]:
        subscriber = self._work.subscriber
        return {
            "connected_since": _iso(subscriber.connected_since),
            "caught_up_at": _iso(self._caught_up_at),
            "refused": subscriber.refused,
            "waiting": len(self._work.inbox),
            "foreign_acknowledgements": self._foreign,
            "team": self._work.team,
            "canary": self._work.song and self._work.song.name,
        }


def may_pass(error: Exception) -> bool:
    """Whether trying again can mend it: the database is away, full, busy.

    A limit of the server that a message breaks (SQLSTATE class 54, such as too long a key) is
    "operational" to psycopg2 too, but stands as long as the message is tried.
    """
    if isinstance(error, psycopg2.OperationalError):
        return not (error.pgcode or "").startswith("54")
    return isinstance(error, psycopg2.InterfaceError)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
