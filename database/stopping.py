"""Being asked to stop, by a signal: waiting that a signal ends at once and can never lock up."""

import os
import select
import signal


class Stopping:
    """Like threading.Event, for signal handlers.

    A handler runs in the main thread between any two steps of it. Event.set() there waits for ever
    if the thread is just then inside Event.wait(), holding the same lock: seen in a killed demo,
    whose PostgreSQL stayed behind. Writing to a pipe takes no lock.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._asked = False

    def listen(self, *numbers: signal.Signals) -> "Stopping":
        """Stop at these signals; SIGINT and SIGTERM where none is named."""
        for number in numbers or (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.set())
        return self

    def set(self) -> None:
        if not self._asked:
            self._asked = True
            os.write(self._write, b"x")

    def is_set(self) -> bool:
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; True when asked to stop."""
        if not self._asked:
            select.select([self._read], [], [], max(0.0, seconds))
        return self._asked
