"""Costly questions of one account: a few at once, some wait, more are refused.

Who waits holds neither a thread nor a connection, which all others need too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from anyio import Semaphore

from dashboard.door.access import COSTLY
from dashboard.door.accounts import Principal
from dashboard.problems import Problem


@dataclass(slots=True)
class _Queue:
    free: Semaphore
    asked: int = 0


class Turns:
    """Lives on the event loop. at_once: of one account; waiting: how many more may be asked."""

    def __init__(self, at_once: int = 4, waiting: int = 60) -> None:
        self.at_once, self.waiting = at_once, waiting
        self._queues: dict[int, _Queue] = {}

    @asynccontextmanager
    async def turn(self, who: Principal | None, path: str) -> AsyncIterator[None]:
        """Held while the question is answered; raises Problem 429 where too many wait already."""
        if who is None or not path.startswith(COSTLY):
            yield
            return
        queue = self._queues.setdefault(who.account_id, _Queue(Semaphore(self.at_once)))
        if queue.asked >= self.at_once + self.waiting:
            raise Problem(
                429,
                f"{queue.asked} costly questions of {who.name} are being answered or wait; "
                "ask again when some are done",
                {"Retry-After": "10"},
            )
        queue.asked += 1
        try:
            async with queue.free:
                yield
        finally:
            queue.asked -= 1
            if not queue.asked:
                del self._queues[who.account_id]
