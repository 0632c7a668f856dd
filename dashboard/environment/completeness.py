"""What each station should have sent, what came and can be used, and how late. Never commits.

Whole hours, so that the running one is not held against a device. What is computed here is not
counted: it is as complete as what it is computed from.
"""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dashboard.environment.hour_quality import LATE_INTERVALS, LATE_LEAST_S
from dashboard.shapes import iso
from database.pool import Connection, Pool
from sensors.catalogue import DERIVED_FROM
from sensors.versions import BEGINNING

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_REST = 20  # times as long as it took
PICTURES = 0  # stands for the series of a camera

SERIES = """
select s.code, s.kind, v.name_zh, v.name_en, v.interval_s, q.id, n.interval_s,
       (select min(valid_from) from sensor where series_id = q.id), s.created_at
  from station s
  join station_version v on v.station_id = s.id and v.valid_to is null
  left join series q on q.station_id = s.id and q.metric <> all(%(derived)s)
  left join sensor n on n.series_id = q.id and n.valid_to is null
 where n.derived is not true
 order by s.code, q.metric"""
# From the readings themselves: a plain server computes its roll-ups anew, seven times slower.
HOURS = """
select series_id, date_bin('1 hour', observed_at, '2000-01-01 00:00:00+00'), count(*)
  from reading
 where observed_at >= %(since)s and observed_at < %(until)s and value is not null
   and (quality & 2051 = 0 or quality & 4097 = 4096)
 group by 1, 2"""
PICTURE_HOURS = """
select s.code, date_trunc('hour', p.taken_at, 'UTC'), count(*)
  from station s join picture p on p.station_id = s.id
 where s.kind = 'camera' and p.taken_at >= %(since)s and p.taken_at < %(until)s
 group by 1, 2"""
# By the device's time: what it was late with.
LATENESS = """
select code, percentile_cont(0.5) within group (order by delay),
       percentile_cont(0.95) within group (order by delay),
       count(*) filter (where delay > greatest(%(least_s)s, %(intervals)s * interval_s)), count(*)
  from (select s.code, n.interval_s,
               greatest(0, extract(epoch from r.received_at - r.observed_at))::float8 as delay
          from station s
          join series q on q.station_id = s.id and q.metric <> all(%(derived)s)
          join sensor n on n.series_id = q.id and n.valid_to is null and not n.derived
          join reading r on r.series_id = q.id
           and r.observed_at >= %(since)s and r.observed_at < %(until)s) x
 group by code"""

_PARAMETERS: Mapping[str, Any] = {"derived": list(DERIVED_FROM)}


class Remembered:
    """The document of /api/v1/completeness, for all who ask: computed one at a time, and never

    for more than a twentieth of the time. `generated_at` says how old it is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, Any] | None = None
        self._good_until = 0.0

    def get(self, pool: Pool, now: datetime) -> dict[str, Any]:
        found = self._found
        if found is not None and time.monotonic() < self._good_until:
            return found
        # While one computes, the others have the last one; the first ones wait for it.
        if not self._lock.acquire(blocking=found is None):
            return found or {}
        try:
            if self._found is None or time.monotonic() >= self._good_until:
                began = time.monotonic()
                with pool.transaction() as conn:
                    self._found = read(conn, now)
                self._good_until = time.monotonic() + _REST * (time.monotonic() - began)
            return self._found
        finally:
            self._lock.release()


@dataclass(slots=True)
class Wanted:
    """One series. interval_s: None where nothing says how often it reports."""

    interval_s: int | None
    since: datetime
    hours: dict[datetime, int] = field(default_factory=dict)
    week: int = 0

    def add(self, hour: datetime, count: int, *, recent: bool) -> None:
        self.week += count
        if recent:
            self.hours[hour] = count

    def expected(self, since: datetime, until: datetime) -> float:
        """How many readings there should be of [since, until); 0 before it existed."""
        length = (until - max(since, self.since)).total_seconds()
        return max(0.0, length) / self.interval_s if self.interval_s else 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """usable: never more than expected, so that what one sends too much hides no gap."""

    expected: int
    usable: int

    def to_json(self) -> dict[str, Any]:
        share = round(self.usable / self.expected, 4) if self.expected else None
        return {"expected": self.expected, "usable": self.usable, "share": share}


def read(conn: Connection, now: datetime) -> dict[str, Any]:
    """The document of /api/v1/completeness."""
    until = now.replace(minute=0, second=0, microsecond=0)
    hours = [until - HOUR * back for back in range(24, 0, -1)]
    stations = _stations(conn)
    _fill(conn, stations, until)
    lateness = _lateness(conn, now)
    return {
        "generated_at": iso(now),
        "until": iso(until),
        "hours": [iso(hour) for hour in hours],
        "stations": [
            {key: value for key, value in one.items() if key != "series"}
            | _measured(list(one["series"].values()), hours, until)
            | {"lateness": lateness.get(one["code"])}
            for one in stations.values()
        ],
    }


def _measured(
    series: Sequence[Wanted], hours: Sequence[datetime], until: datetime
) -> dict[str, Any]:
    known = [one for one in series if one.interval_s]
    return {
        "interval_set": bool(known),
        "day": share((one.expected(hours[0], until), sum(one.hours.values())) for one in known),
        "week": share((one.expected(until - WEEK, until), one.week) for one in known),
        "strip": [_cell(known, hour) for hour in hours],
    }


def share(parts: Iterable[tuple[float, int]]) -> dict[str, Any]:
    """parts: (expected, usable) of each series."""
    pairs = [(int(expected), usable) for expected, usable in parts]
    return Share(
        sum(expected for expected, _ in pairs),
        sum(min(expected, usable) for expected, usable in pairs),
    ).to_json()


def _cell(series: Sequence[Wanted], hour: datetime) -> float | None:
    """The share of one hour; None where less than one reading an hour is expected."""
    pairs = [(one.expected(hour, hour + HOUR), one.hours.get(hour, 0)) for one in series]
    pairs = [(expected, usable) for expected, usable in pairs if expected >= 1]
    if not pairs:
        return None
    whole = sum(expected for expected, _ in pairs)
    return round(sum(min(expected, usable) for expected, usable in pairs) / whole, 3)


def _stations(conn: Connection) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in _rows(conn, SERIES, _PARAMETERS):
        code, kind, zh, en, station_s, series_id, series_s, since, created_at = row
        one = found.setdefault(
            code,
            {
                "code": code,
                "kind": kind,
                "names": {"zh": zh, "en": en},
                "interval_s": station_s,
                "series": {},
            },
        )
        if kind == "camera":
            one["series"][PICTURES] = Wanted(station_s, created_at)
        elif series_id is not None:
            known = since is not None and since > BEGINNING  # else nobody said since when
            one["series"][series_id] = Wanted(series_s, since if known else created_at)
    return found


def _fill(conn: Connection, stations: Mapping[str, dict[str, Any]], until: datetime) -> None:
    week = {"since": until - WEEK, "until": until}
    by_id = {number: one for s in stations.values() for number, one in s["series"].items()}
    for series_id, hour, count in _rows(conn, HOURS, week):
        if series_id in by_id:
            by_id[series_id].add(hour, count, recent=hour >= until - DAY)
    for code, hour, count in _rows(conn, PICTURE_HOURS, week):
        stations[code]["series"][PICTURES].add(hour, count, recent=hour >= until - DAY)


def _lateness(conn: Connection, now: datetime) -> dict[str, dict[str, Any]]:
    values = {
        "since": now - DAY,
        "until": now,
        "least_s": LATE_LEAST_S,
        "intervals": LATE_INTERVALS,
    }
    found: dict[str, dict[str, Any]] = {}
    for code, median_s, p95_s, late, readings in _rows(conn, LATENESS, {**_PARAMETERS, **values}):
        found[code] = {
            "median_s": round(median_s, 2),
            "p95_s": round(p95_s, 2),
            "late": late,
            "readings": readings,
        }
    return found


def _rows(conn: Connection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
