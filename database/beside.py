"""Work beside the live flow, on a connection of its own: no reading waits for it.

Nor does it end the process: a defect in it, met anew at each start, would stop the flow for good.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import closing

import psycopg2

from database.pool import Connection

log = logging.getLogger(__name__)

_AGAIN_S = 2.0
_DEFECT_S = 60.0


def work_beside(
    name: str,
    connect: Callable[[], Connection],
    work: Callable[[Connection], None],
    stop: threading.Event,
) -> None:
    """Work until `stop` is set; with a new connection whenever `work` has ended or failed."""
    while not stop.is_set():
        wait_s = _AGAIN_S
        try:
            with closing(connect()) as conn:
                work(conn)
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            log.warning("%s: database: %s", name, str(error).strip())
        except Exception:
            log.exception("%s: a defect of ours, tried again in %d s", name, _DEFECT_S)
            wait_s = _DEFECT_S
        stop.wait(wait_s)
