"""One thread a receiver: takes its messages one by one and sends them, each in a transaction.

The message's row is locked while it is sent. A crash before the commit leaves it waiting, so it is
sent again: at least once, and ordinarily exactly once.
"""

import logging
import threading
from collections.abc import Callable

import psycopg2

from alerts.outbox import Message, delivered, failed, next_message
from alerts.receivers import SEND, NotDelivered
from alerts.settings import ClockSettings, ReceiverSettings
from database.pool import Connection

log = logging.getLogger("alerts")


class Sender(threading.Thread):
    """Runs until told to stop; survives the database's absence and whatever the far end does."""

    def __init__(
        self,
        receiver: ReceiverSettings,
        clock: ClockSettings,
        connect: Callable[[], Connection],
        stop: threading.Event,
    ) -> None:
        super().__init__(name=f"sender {receiver.name}", daemon=True)
        self._receiver, self._clock, self._connect = receiver, clock, connect
        self._stop_event = stop
        self._woken = threading.Event()

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    def run(self) -> None:
        while not self._stop_event.is_set():
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

    def _work(self, conn: Connection) -> None:
        while not self._stop_event.is_set():
            self._woken.clear()
            if not send_next(conn, self._receiver, self._clock):
                self._woken.wait(self._clock.tick_s)


def send_next(conn: Connection, receiver: ReceiverSettings, clock: ClockSettings) -> bool:
    """Send the receiver's next message that is due and commit; False if there is none."""
    message = next_message(conn, receiver.name)
    if message is None:
        conn.rollback()
        return False
    trouble = _send(receiver, message)
    if trouble is None:
        delivered(conn, message)
    else:
        given_up = failed(conn, message, trouble, clock)
        words = "given up" if given_up else "will be tried again"
        log.warning("message %s for %s: %s; %s", message.id, receiver.name, trouble, words)
    conn.commit()
    return True


def _send(receiver: ReceiverSettings, message: Message) -> str | None:
    """What went wrong, if anything. A defect in a sender costs its message, not all the others."""
    try:
        SEND[receiver.type](receiver, message)
    except NotDelivered as error:
        return str(error)
    except Exception as error:
        log.exception("message %s for %s", message.id, receiver.name)
        return f"a defect of ours: {type(error).__name__}: {error}"
    return None
