"""What the leading process does on a thread of its own: evidence. Who is told waits for none."""

import threading
from collections.abc import Callable

from alerts.evidence_store import keep_evidence
from database.beside import work_beside
from database.pool import Connection

_EVERY_S = 5.0


class EvidenceKeeping:
    """Keeps and seals evidence until `stop`."""

    def __init__(self, connect: Callable[[], Connection], stop: threading.Event) -> None:
        self._stop = stop
        work = ("evidence", connect, self._work, stop)
        self._thread = threading.Thread(target=work_beside, args=work, name=work[0], daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """It looks by itself, every few seconds; `stop` ends the wait."""

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _work(self, conn: Connection) -> None:
        while not self._stop.is_set():
            written = keep_evidence(conn)
            conn.commit()
            if not written:
                self._stop.wait(_EVERY_S)
