"""What ingest does beside the flow: replays that somebody asked for, and deleting what is over.

Of several processes one works at a time.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from database.beside import work_beside
from database.pool import Connection
from ingest import canary
from ingest.settings import KeepSettings
from ingest.upkeep import kept, replay

log = logging.getLogger(__name__)

_LOOK_S = 1.0
_PRUNE_EVERY = timedelta(hours=1)
_BATCH = 500


class Housekeeper:
    def __init__(
        self,
        connect: Callable[[], Connection],
        load: Callable[[Connection], replay.Contexts],
        keep: KeepSettings,
        stop: threading.Event,
    ) -> None:
        self._connect, self._load, self._keep, self._stop = connect, load, keep, stop
        self._pruned_at: float | None = None

    def run(self) -> None:
        """Until `stop` is set."""
        work_beside("housekeeping", self._connect, self._work_on, self._stop)

    def _work_on(self, conn: Connection) -> None:
        while not self._stop.is_set():
            if self._pruned_at is None or _since(self._pruned_at) > _PRUNE_EVERY:
                self._pruned_at = time.monotonic()
                prune(conn, self._keep, self._stop)
            if not replay.perform_next(conn, self._load, self._stop):
                self._stop.wait(_LOOK_S)


def prune(conn: Connection, keep: KeepSettings, stop: threading.Event) -> int:
    """Delete what is over, in small batches; commits each. Returns how many messages."""
    if not replay.take(conn):
        return 0
    gone = 0
    try:
        canary.forget(conn, keep.canary_days)
        conn.commit()
        while not stop.is_set() and (found := kept.prune(conn, keep.quarantine_days, _BATCH)):
            conn.commit()
            gone += found
    finally:
        replay.release(conn)
    if gone:
        log.info("%d quarantined messages were older than %d days", gone, keep.quarantine_days)
    return gone


def _since(moment: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - moment)
