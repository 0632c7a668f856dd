"""Keeps the snapshot young: one thread reads the database, one makes the documents.

They are apart so that a database that hangs (and does not merely refuse) still lets the page grow
old in time and say so.
"""

import logging
import select
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg2

from dashboard.public import store
from dashboard.public.bars import Past, past
from dashboard.public.snapshot import Setting, Snapshot, begin, finish
from dashboard.public.store import City
from dashboard.public.usual import METRICS, Key, Usual, usual
from database.pool import Connection
from sensors.catalogue import AIR_METRICS

log = logging.getLogger(__name__)

LEAST_S, MOST_S = 0.4, 5.0  # between two looks: with and without a NOTIFY
RETRY_S = 1.0
DOCUMENTS_EVERY_S = 1.0  # open screens hear of each look at once, documents take their time
LOST_AFTER_S = 12.0  # a look that old means that the database does not answer
PAST_EVERY = timedelta(minutes=10)
USUAL_TIMEOUT_MS = 4_000  # the years behind must not hold up what is now
HISTORY = timedelta(days=7)
STATEMENT_TIMEOUT_MS = 10_000


class Keeper:
    """`snapshot` is replaced whole; whoever serves takes it once and keeps it for the request."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        setting: Setting,
        publish: Callable[[Snapshot | None, Snapshot], None] = lambda _before, _after: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connect, self._setting, self._publish, self._clock = connect, setting, publish, clock
        self._stopped, self._wake = threading.Event(), threading.Event()
        self._city: City | None = None
        self._past = Past()
        self._past_at: datetime | None = None
        self._usual_at: datetime | None = None
        self._failed_since: datetime | None = None
        self._pictures: dict[str, tuple[int, bytes, bytes]] = {}
        self._unshown: set[int] = set()  # released, but not to be made bare
        self.builds = 0
        self._started = clock()
        self.snapshot = self._begin()
        finish(self.snapshot)
        self._threads = [
            threading.Thread(target=self._read_for_ever, name="city reader", daemon=True),
            threading.Thread(target=self._build_for_ever, name="city builder", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout=MOST_S)

    def picture(self, camera: str) -> tuple[int, bytes, bytes] | None:
        """(id, picture, thumbnail): the newest released one, from memory."""
        return self._pictures.get(camera)

    @property
    def picture_bytes(self) -> int:
        return sum(len(full) + len(small) for _, full, small in self._pictures.values())

    # The reader

    def _read_for_ever(self) -> None:
        while not self._stopped.is_set():
            try:
                self._read_while_connected()
            except psycopg2.Error as error:
                log.warning("the database does not answer: %s", str(error).strip())
                self._pause()
            except Exception:
                # One odd row must not end the reading for good: say so, and begin anew.
                log.exception("the city could not be read; the reader starts again")
                self._pause()

    def _pause(self) -> None:
        """Let the page say since when nothing is read, and wait before the next try."""
        self._failed_since = self._failed_since or self._clock()
        self._wake.set()
        self._stopped.wait(RETRY_S)

    def _read_while_connected(self) -> None:
        conn = self._connect()
        try:
            _prepare(conn)
            while not self._stopped.is_set():
                self._read(conn)
                self._wake.set()
                self._stopped.wait(LEAST_S)
                _wait_for_change(conn, MOST_S - LEAST_S, self._stopped)
        finally:
            conn.close()

    def _read(self, conn: Connection) -> None:
        now = self._clock()
        city = store.city(conn, now)
        self._read_pictures(conn, city)
        shown = tuple(picture for picture in city.pictures if picture.camera in self._pictures)
        city = replace(city, pictures=shown)  # one that cannot be made bare is as if not released
        intervals = {(row.station, row.metric): row.interval_s for row in city.latest}
        if self._past_at is None or _old(self._past_at, now):
            means = store.hour_means(conn, list(AIR_METRICS), now - HISTORY)
            known = past(means, intervals)
            self._past, self._past_at = replace(known, usual=self._past.usual), now
        conn.commit()
        self._city, self._failed_since = city, None
        if self._usual_at is None or _hour(self._usual_at) != _hour(now):
            self._usual_at = now
            self._wake.set()
            self._read_usual(conn, intervals)

    def _read_usual(self, conn: Connection, intervals: dict[tuple[str, str], int]) -> None:
        """Once an hour. Where that is too much for the database, nothing is said of it."""
        found: Mapping[Key, Usual] | None = None
        try:
            with conn.cursor() as cursor:
                cursor.execute("set local statement_timeout = %s", (USUAL_TIMEOUT_MS,))
            found = usual(store.past_days(conn, list(METRICS)), intervals)
            conn.commit()
        except psycopg2.errors.QueryCanceled as error:
            log.warning("what is usual could not be read in time: %s", str(error).strip())
            conn.rollback()
        self._past = replace(self._past, usual=found)

    def _read_pictures(self, conn: Connection, city: City) -> None:
        kept: dict[str, tuple[int, bytes, bytes]] = {}
        for picture in city.pictures:
            known = self._pictures.get(picture.camera)
            if known and known[0] == picture.id:
                kept[picture.camera] = known
            elif picture.id in self._unshown:
                continue
            elif found := store.picture_bytes(conn, picture.id):
                kept[picture.camera] = (picture.id, *found)
            else:
                self._unshown.add(picture.id)
        self._pictures = kept
        self._unshown &= {picture.id for picture in city.pictures}

    # The builder

    def _build_for_ever(self) -> None:
        told, due, behind = self.snapshot, time.monotonic(), False
        while not self._stopped.is_set():
            self._wake.wait(max(0.0, due - time.monotonic()) if behind else MOST_S)
            self._wake.clear()
            try:
                after = self._begin()
                self._publish(told, after)
                told = after
                behind = time.monotonic() < due
                if not behind:
                    due = time.monotonic() + DOCUMENTS_EVERY_S
                    finish(after)
                    self.snapshot = after
            except Exception:
                # One document that cannot be made must not freeze the page for ever in silence:
                # the old one goes on, /readyz says how old it is, and the next change tries again.
                behind = False
                log.exception("the snapshot could not be made and told")

    def _begin(self) -> Snapshot:
        now, city = self._clock(), self._city
        self.builds += 1
        if city is None:
            return begin(
                self._setting,
                City(self._started),
                Past(),
                now,
                down_since=self._started,
                ready=False,
            )
        return begin(self._setting, city, self._past, now, down_since=self._down_since(city, now))

    def _down_since(self, city: City, now: datetime) -> datetime | None:
        """Since when nothing new was read: told by an error, or by the age of the last look."""
        lost = (now - city.read_at).total_seconds() > LOST_AFTER_S
        return city.read_at if lost or self._failed_since else None


def _old(read_at: datetime, now: datetime) -> bool:
    """Closed hours are read anew when an hour closes, and in between for what came late."""
    return now - read_at > PAST_EVERY or _hour(now) != _hour(read_at)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _prepare(conn: Connection) -> None:
    conn.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with conn.cursor() as cursor:
        cursor.execute("set statement_timeout = %s", (STATEMENT_TIMEOUT_MS,))
        cursor.execute("listen dongtai")
    conn.commit()


def _wait_for_change(conn: Connection, seconds: float, stopped: threading.Event) -> None:
    """Until NOTIFY dongtai or the time is over. Raises when the server has gone."""
    conn.poll()
    waited = 0.0
    while not conn.notifies and waited < seconds and not stopped.is_set():
        if select.select([conn], [], [], 0.25)[0]:
            conn.poll()
        waited += 0.25
    conn.notifies.clear()
