"""The thresholds for all who ask: computed one at a time, and kept for a little.

Rules are laid upon the series anew only when they changed; sums over the last day, a scan of all
readings on a plain server, are kept for twenty times as long as they took, five minutes at most.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from alerts.rule import Place
from alerts.rulebook import edition
from dashboard.environment import hour_quality
from dashboard.environment import thresholds_store as store
from dashboard.environment.exceedance_calendar import Calendar
from dashboard.environment.thresholds import Row, table
from dashboard.store import stations as stations_of
from database import query
from database.pool import Connection, Pool

_GOOD_FOR_S = 2.0  # one answer for all who ask at about the same time
_DAY_GOOD_FOR_S, _SIDE_GOOD_FOR_S = 30.0, 15.0
_REST, _LONGEST_REST_S = 20, 300.0  # five minutes are a three-hundredth of the day that they sum
_MOST_SIDES = 200
_LONGEST_S = 10.0  # that one request may ask of the database


@dataclass(frozen=True, slots=True)
class Side:
    """at: when it was read. quality: of the series itself first, then of its peers."""

    at: datetime
    calendar: Calendar
    quality: list[tuple[Place, hour_quality.Day]]


class Remembered:
    """The table for all who ask, computed one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: tuple[list[Row], datetime] | None = None
        self._good_until = 0.0
        self._ground: store.Ground | None = None
        self._day: store.Sums = {}
        self._day_good_until = 0.0
        self._places: dict[tuple[str, str], Place] = {}
        self._sides: dict[tuple[str, str], tuple[float, Side]] = {}
        self.names: dict[str, tuple[str, str]] = {}

    def rows(self, pool: Pool, now: datetime) -> tuple[list[Row], datetime]:
        """(rows in the order of the screen, when they were read)."""
        with self._lock:
            if self._rows is None or time.monotonic() >= self._good_until:
                with pool.transaction() as conn:
                    self._rows = self._read(conn, now), now
                self._good_until = time.monotonic() + _GOOD_FOR_S
            return self._rows

    def side(self, pool: Pool, row: Row, place: Place, now: datetime, most: int) -> Side:
        """What the right side shows of a row and its series, with at most so many peers."""
        key = (row.series.station, row.series.metric)
        until, known = self._sides.get(key, (0.0, None))
        if known is not None and time.monotonic() < until:
            return known
        began = time.monotonic()
        with pool.transaction() as conn:
            ground = self.ground(conn)
            query.within(conn, began + _LONGEST_S)
            some = [place, *store.peers(ground.places, place, most)]
            days = store.quality(conn, some, now)
            query.within(conn, began + _LONGEST_S)
            found = Side(
                now,
                store.calendar(conn, ground, place, row.limit, now),
                [(p, days[p.series_id]) for p in some],
            )
        if len(self._sides) >= _MOST_SIDES:
            self._sides.clear()
        self._sides[key] = (time.monotonic() + _rest(_SIDE_GOOD_FOR_S, began), found)
        return found

    def place(self, station: str, metric: str) -> Place | None:
        """Of the last table; None where there is no such series."""
        return self._places.get((station, metric))

    def peers(self, place: Place, most: int) -> list[Place]:
        """Others of its kind that measure the same, the nearest first."""
        return store.peers(self._places.values(), place, most)

    def ground(self, conn: Connection) -> store.Ground:
        """The limits as they are now."""
        of = edition(conn)
        if self._ground is None or self._ground.edition != of:
            self._ground = store.load_ground(conn, of)
        return self._ground

    def _read(self, conn: Connection, now: datetime) -> list[Row]:
        ground = self.ground(conn)
        if time.monotonic() >= self._day_good_until:
            began = time.monotonic()
            self._day = store.day_sums(conn, now)
            self._day_good_until = time.monotonic() + _rest(_DAY_GOOD_FOR_S, began)
        said = {place.series_id: ground.said(place, now) for place in ground.places}
        found = [p for p in ground.places if said[p.series_id].bounds or said[p.series_id].beside]
        means = store.means_of(conn, found, said, self._day, now)
        stations = stations_of(conn)
        self.names = {one.code: (one.name_zh, one.name_en) for one in stations}
        self._places = {(one.station, one.metric): one for one in ground.places}
        return table(store.series_of(conn, stations, found, said, means, self._day, now))


def _rest(least_s: float, began: float) -> float:
    """For how many seconds what was begun then may be kept: the server shall rest between looks."""
    return min(max(least_s, _REST * (time.monotonic() - began)), _LONGEST_REST_S)
