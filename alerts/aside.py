"""What the leading process does on a thread of its own: footprints.

Nobody who is told waits for it, nor for what it needs to be loaded: geopandas and the layers.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from database.beside import work_beside
from database.pool import Connection
from gis.settings import GisSettings


class Footprints:
    """Works until `stop`. folder: the configuration file's, from which its paths are read."""

    def __init__(
        self,
        settings: GisSettings,
        folder: Path,
        connect: Callable[[], Connection],
        stop: threading.Event,
        tick_s: float,
        keep_days: int,
    ) -> None:
        self._settings, self._folder, self._keep_days = settings, folder, keep_days
        self._stop, self._tick_s = stop, tick_s
        self._woken = threading.Event()
        work = ("footprints", connect, self._work, stop)
        self._thread = threading.Thread(target=work_beside, args=work, name=work[0], daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There may be new readings."""
        self._woken.set()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _work(self, conn: Connection) -> None:
        from alerts.footprints import keep_up  # noqa: PLC0415 - paging waits for no geopandas

        keep_up(conn, self._settings, self._folder, self._keep_days, self._wait)

    def _wait(self) -> bool:
        self._woken.wait(self._tick_s)
        self._woken.clear()
        return self._stop.is_set()
