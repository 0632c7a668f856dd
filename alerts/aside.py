"""What the leading process does on threads of its own: nobody who is told waits for it."""

import threading
from collections.abc import Callable
from pathlib import Path

from alerts.evidence_store import keep_evidence
from alerts.life.seal import BATCH, Progress, append
from database.beside import work_beside
from database.pool import Connection
from gis.settings import GisSettings

_EVIDENCE_S = 5.0

Connect = Callable[[], Connection]


class Aside:
    """One such work, until `stop`; what fails is begun anew (`work_beside`)."""

    def __init__(
        self,
        name: str,
        work: Callable[[Connection, "Aside"], None],
        every_s: float,
        connect: Connect,
        stop: threading.Event,
    ) -> None:
        self._stop, self._every_s, self._woken = stop, every_s, threading.Event()
        arguments = (name, connect, lambda conn: work(conn, self), stop)
        self._thread = threading.Thread(target=work_beside, args=arguments, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    @property
    def over(self) -> bool:
        return self._stop.is_set()

    def wait(self) -> bool:
        """Until there may be something to do; whether it is over."""
        self._woken.wait(self._every_s)
        self._woken.clear()
        return self.over


def footprints(
    settings: GisSettings,
    folder: Path,
    keep_days: int,
    tick_s: float,
    connect: Connect,
    stop: threading.Event,
) -> Aside:
    """Where gas goes. folder: the configuration file's, from which its paths are read."""

    def work(conn: Connection, aside: Aside) -> None:
        from alerts.footprints import keep_up  # noqa: PLC0415 - paging waits for no geopandas

        keep_up(conn, settings, folder, keep_days, aside.wait)

    return Aside("footprints", work, tick_s, connect, stop)


def sealing(tick_s: float, connect: Connect, stop: threading.Event) -> Aside:
    """The journal's seals."""

    def work(conn: Connection, aside: Aside) -> None:
        progress = Progress()
        while not aside.over:
            made = append(conn, progress)
            conn.commit()
            if made < BATCH:
                aside.wait()

    return Aside("seal", work, tick_s, connect, stop)


def evidence(connect: Connect, stop: threading.Event) -> Aside:
    """What was known at each raise, and what followed."""

    def work(conn: Connection, aside: Aside) -> None:
        while not aside.over:
            written = keep_evidence(conn)
            conn.commit()
            if not written:
                aside.wait()

    return Aside("evidence", work, _EVIDENCE_S, connect, stop)
