"""How often something may be tried: a sliding minute."""

import threading
import time
from collections import deque
from collections.abc import Callable
from math import ceil


class Attempts:
    """How often each address or account may try: `most` in a minute, counted in this process."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.clock = most, clock
        self._tried: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def allow(self, address: str) -> bool:
        now = self.clock()
        with self._lock:
            if len(self._tried) > 10_000:
                self._tried = {a: t for a, t in self._tried.items() if t and now - t[-1] < 60}
            tried = self._tried.setdefault(address, deque())
            while tried and now - tried[0] >= 60:
                tried.popleft()
            if len(tried) >= self.most:
                return False
            tried.append(now)
            return True

    def wait_s(self, address: str) -> int:
        """Whole seconds until it may try again."""
        with self._lock:
            tried = self._tried.get(address)
            return max(1, ceil(tried[0] + 60 - self.clock())) if tried else 1
