"""What is done to stored readings afterwards: marks of people, and the second look of quality.

Of several processes one at a time does it. A run that fails is tried again: each is a transaction.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from database import lead
from database.beside import work_beside
from database.heartbeat import wake
from database.pool import Connection
from database.touched import touch
from ingest.upkeep.review import review, watched
from sensors.directory import Directory
from sensors.marks import Touched, apply_marks
from sensors.store import load_directory

# A mark shows within five seconds, the time that the work takes included.
_MARKS_S, _REVIEW_S = 2.0, 60.0
_MARKS_AT_ONCE = 100
_SERIES_AT_ONCE = 50
_HUNG_S = 60.0  # a review computes for seconds without a word to the database
# The first look after a start goes back as far as an outage of ours may have lasted.
_FIRST_LOOK_BACK, _LOOK_BACK = timedelta(days=1), timedelta(minutes=30)


class Upkeep:
    def __init__(self, connect: Callable[[], Connection], stop: threading.Event) -> None:
        self._connect, self._stop = connect, stop
        self._look_back = _FIRST_LOOK_BACK

    def run(self) -> None:
        """Until `stop` is set."""
        work_beside("upkeep", self._connect, self._work_on, self._stop)

    def _work_on(self, conn: Connection) -> None:
        if not lead.claim(conn, lead.Lock.UPKEEP, "upkeep", _HUNG_S):
            return
        directory = load_directory(conn)
        conn.commit()
        near = watched(conn, directory)
        conn.commit()
        reviewed = -_REVIEW_S
        while not self._stop.is_set():
            follow_marks(conn)
            if time.monotonic() - reviewed >= _REVIEW_S:
                reviewed = time.monotonic()
                look_again(conn, directory, near, datetime.now(UTC) - self._look_back)
                self._look_back = _LOOK_BACK
            self._stop.wait(_MARKS_S)


def follow_marks(conn: Connection) -> list[Touched]:
    """Make stored readings show what people marked; commits."""
    return _finish(conn, apply_marks(conn, _MARKS_AT_ONCE))


def look_again(
    conn: Connection, directory: Directory, near: Mapping[int, list[int]], since: datetime
) -> list[Touched]:
    """Spikes and neighbours from `since` on, a few series at a time; commits each time."""
    found, numbers = [], sorted(near)
    for start in range(0, len(numbers), _SERIES_AT_ONCE):
        some = {number: near[number] for number in numbers[start : start + _SERIES_AT_ONCE]}
        found += _finish(conn, review(conn, directory, some, since))
    return found


def _finish(conn: Connection, changed: Iterable[Touched]) -> list[Touched]:
    found = list(changed)
    if found:
        touch(conn, [(one.first, one.last) for one in found])
        wake(conn)
    conn.commit()
    return found
