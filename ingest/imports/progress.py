"""How far a long command has come: a bar on a terminal, else a line now and then."""

import sys
import time
from typing import TextIO

_EVERY_S = {True: 0.2, False: 10.0}
_WIDTH = 30


class Progress:
    def __init__(self, name: str, share: float, out: TextIO | None = None) -> None:
        self._name, self._first_share = name, share
        self._out = out or sys.stderr
        self._terminal = self._out.isatty()
        self._began = self._shown = time.monotonic()

    def show(self, share: float, readings: int, *, last: bool = False) -> None:
        """share: of the whole, 0 to 1; readings: since the beginning of this command."""
        now = time.monotonic()
        if not last and now - self._shown < _EVERY_S[self._terminal]:
            return
        self._shown = now
        line = told(share, share - self._first_share, readings, now - self._began)
        if not self._terminal:
            print(f"{self._name}: {line}", file=self._out, flush=True)
            return
        full = round(share * _WIDTH)
        bar = "█" * full + "░" * (_WIDTH - full)
        print(f"\r{bar} {line}\033[K", end="\n" if last else "", file=self._out, flush=True)


def told(share: float, gone: float, readings: int, seconds: float) -> str:
    """gone: the share that these seconds took."""
    line = f"{share:4.0%}  {readings:,} readings, {readings / max(seconds, 0.001):,.0f}/s"
    if gone > 0 and share < 1:
        left = round(seconds * (1 - share) / gone)
        line += f", {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
    return line
