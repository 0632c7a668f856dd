"""One thread a receiver: takes its messages and sends them, each sending in a transaction.

The messages' rows are locked while they are sent. A crash before the commit leaves them waiting, so
they are sent again: at least once, and ordinarily exactly once. Above the receiver's rate what
waits is gathered into one sending.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable

import psycopg2

from alerts.receivers import SEND, FarEnd, NotDelivered
from alerts.sending import queue
from alerts.sending.parcel import Parcel
from alerts.sending.secrets import without_secrets
from alerts.settings import ClockSettings
from database.pool import Connection

log = logging.getLogger("alerts")

Send = Callable[[FarEnd, Parcel], None]
_IDLE_S = 60.0  # a person's own way keeps no connection for longer than that without a message


class Sender(threading.Thread):
    """Runs until told to stop; survives the database's absence and whatever the far end does."""

    def __init__(
        self,
        end: FarEnd,
        clock: ClockSettings,
        connect: Callable[[], Connection],
        stop: threading.Event,
        send: Send | None = None,
    ) -> None:
        super().__init__(name=f"sender {end.name}", daemon=True)
        self.end = end
        self.finished = False
        self._clock, self._connect = clock, connect
        self._send = send
        self._stop_event, self._ended = stop, threading.Event()
        self._woken = threading.Event()

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    def end_it(self) -> None:
        """It is not needed any more: end after what is being sent."""
        self._ended.set()
        self._woken.set()

    def run(self) -> None:
        while not self._done:
            conn = None
            try:
                conn = self._connect()
                self._work(conn)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                log.warning("%s: database: %s", self.name, str(error).strip())
                self._stop_event.wait(self._clock.tick_s)
            except Exception:
                # Nobody starts a thread that died anew, and its receiver would hear nothing more.
                log.exception("%s: a defect of ours; it begins anew", self.name)
                self._stop_event.wait(self._clock.tick_s)
            finally:
                if conn is not None:
                    conn.close()
        self.finished = True

    @property
    def _done(self) -> bool:
        return self._stop_event.is_set() or self._ended.is_set()

    def _work(self, conn: Connection) -> None:
        busy = time.monotonic()
        while not self._done:
            self._woken.clear()
            if send_next(conn, self.end, self._clock, self._send):
                busy = time.monotonic()
            elif not self.end.own and time.monotonic() - busy > _IDLE_S:
                self._ended.set()
            else:
                self._woken.wait(self._clock.tick_s)


def send_next(
    conn: Connection, end: FarEnd, clock: ClockSettings, send: Send | None = None
) -> bool:
    """Send what is next for the receiver, and commit; False if there is nothing that may go now.

    send: the far end; that of the receiver's type, where nothing is said.
    """
    parcel = _next(conn, end)
    if parcel is None:
        conn.rollback()
        return False
    trouble = _trouble(send or SEND[end.settings.type], end, parcel)
    if trouble is None:
        queue.delivered(conn, end.name, parcel)
    else:
        given_up = queue.failed(
            *(conn, end.name, parcel, trouble, clock),
            fallback=end.fallback,
            fallback_after=end.settings.fallback_after,
        )
        words = "given up" if given_up else "will be tried again"
        log.warning("message %s for %s: %s; %s", parcel.key, end.name, trouble, words)
    conn.commit()
    return True


def _next(conn: Connection, end: FarEnd) -> Parcel | None:
    """One message, or all that wait where the bucket has fewer tokens than there are messages.

    The token is spent in a transaction of its own: no lock on it is held while a far end hangs.
    """
    waiting = queue.due(conn, end.name)
    if not waiting:
        return None
    per_minute = end.settings.rate
    if per_minute is None:
        return queue.next_parcel(conn, end.name)
    left = queue.spend(conn, end.name, queue.Rate(per_minute, end.settings.burst))
    conn.commit()
    if left is None:
        return None
    gathered = queue.next_digest(conn, end.name) if waiting > 1 + int(left) else None
    parcel = gathered or queue.next_parcel(conn, end.name)
    if parcel is None:
        queue.give_back(conn, end.name)
        conn.commit()
    return parcel


def _trouble(send: Send, end: FarEnd, parcel: Parcel) -> str | None:
    """What went wrong, if anything. A defect in a sender costs its message, not all the others."""
    try:
        send(end, parcel)
    except NotDelivered as error:
        return str(error)
    except Exception as error:
        said = f"a defect of ours: {type(error).__name__}: {error}"
        if end.url is None:
            log.exception("message %s for %s", parcel.key, end.name)
            return said
        # A traceback may show the address, which holds secrets: only where it was.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error(  # noqa: TRY400 - without the traceback
            "message %s for %s: in %s:%s", parcel.key, end.name, place.filename, place.lineno
        )
        return without_secrets(said, end.url)
    return None
