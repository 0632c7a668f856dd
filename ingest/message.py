"""What the network thread hands over: a message as it came, and the bounded box it waits in."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

# A batch ends with the message that fills it: its readings, as objects, weigh fifty times as much.
BATCH_BYTES = 4 * 1024 * 1024


class Message(NamedTuple):
    """One MQTT message. epoch: the connection it came by, to which its acknowledgement belongs."""

    topic: str
    payload: bytes
    received_at: datetime
    packet_id: int
    dup: bool
    epoch: int
    qos: int
    retain: bool = False
    user_time: str | None = None


# Told after each commit which messages are now stored and counted whole.
Committed = Callable[[Sequence[Message]], None]


class Inbox:
    """A queue bounded in messages and bytes; a full one blocks the network thread, so that TCP
    and the broker's in-flight window push back on the broker, which keeps the rest."""

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self._max_messages, self._max_bytes = max_messages, max_bytes
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def oldest(self) -> datetime | None:
        """When the message that waits longest arrived; None if none waits."""
        with self._changed:
            return self._messages[0].received_at if self._messages else None

    def put(self, message: Message) -> None:
        self.put_all([message])

    def put_all(self, messages: Iterable[Message]) -> None:
        """As one after the other, each as there is room."""
        with self._changed:
            for message in messages:
                while self._full() and not self._closed:
                    self._changed.notify_all()
                    self._changed.wait()
                self._messages.append(message)
                self._bytes += len(message.payload)
            self._changed.notify_all()

    def take(self, max_messages: int, max_wait_s: float, idle_wait_s: float) -> list[Message]:
        """What has gathered: waits idle_wait_s for a first message, then max_wait_s for more."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._messages or self._closed, idle_wait_s):
                return []
            deadline = time.monotonic() + max_wait_s
            while len(self._messages) < max_messages and not self._closed and not self._full():
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            taken = self._first(max_messages)
            self._changed.notify_all()
            return taken

    def clear(self) -> None:
        """Forget what waits; the broker still has it, unacknowledged."""
        with self._changed:
            self._messages.clear()
            self._bytes = 0
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any more, neither for room nor for messages."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._closed = False

    def _first(self, max_messages: int) -> list[Message]:
        taken: list[Message] = []
        size = 0
        while self._messages and len(taken) < max_messages and size < BATCH_BYTES:
            taken.append(self._messages.popleft())
            size += len(taken[-1].payload)
        self._bytes -= size
        return taken

    def _full(self) -> bool:
        return len(self._messages) >= self._max_messages or self._bytes >= self._max_bytes
