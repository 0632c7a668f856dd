"""Inflow and time to the next limit, computed beside the flow whenever a level has advanced.

Of several processes one does it. Everything it remembers is in the database: the newest figure of a
series says how far it came, so that a restart or a takeover changes nothing. Each level has its
figures, from the readings up to it alone: how readings were batched does not matter.

It reads without locks, computes, then locks the state rows of the computed series only, looks
whether the level still stands as it was read, judges and writes. A level that was corrected, marked
or found suspect since has its figure anew; older ones stay as what was known then.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.judging import Judge, judge_batch
from alerts.times import BEIJING
from database import lead
from database.beside import work_beside
from database.heartbeat import wake
from database.pool import Connection
from database.touched import touch
from ingest import store
from ingest.accounting import account
from ingest.append import append
from ingest.batch import (
    Arrived,
    Key,
    SeriesRow,
    advanced_rows,
    corrected_rows,
    count_hours,
)
from ingest.columns import Columns
from ingest.marked import with_marks
from ingest.states import rows_of, states_of
from ingest.upkeep.hazard import assess_plants, computed_of
from sensors.catalogue import FORESEEN_FROM, INFLOW, LEVEL, OUTFLOW, TO_LIMIT
from sensors.directory import Directory, SeriesInfo
from sensors.limits import in_force
from sensors.marks import show_marks
from sensors.reading import Quality, Reading
from sensors.store import load_directory
from sensors.water import store as water
from sensors.water.balance import Inflow
from sensors.water.curve import Points
from sensors.water.foresee import Foresight, Reservoir, Sample, foresee, reach_back
from sensors.water.outlook import stored_hours

_LOOK_S, _RULES_S, _HUNG_S = 1.0, 10.0, 60.0
# What lies farther back is history: an import has its levels, and no forecast of the past.
_BACK = timedelta(days=1)
_AT_ONCE = 200  # figures of one series in a transaction

DUE = """
select l.series_id, l.observed_at, l.changed_at, d.observed_at
  from unnest(%(levels)s::integer[], %(computed)s::integer[]) p (level, computed)
  join series_state l on l.series_id = p.level
  join series_state d on d.series_id = p.computed
 where l.observed_at is not null
   and (d.observed_at is null or d.observed_at < l.observed_at
        or (d.observed_at = l.observed_at and d.changed_at < l.changed_at))
"""
STANDS = """
select exists (select from series_state where series_id = %(level)s
                  and observed_at >= %(observed_at)s
                  and (observed_at > %(observed_at)s or changed_at = %(changed_at)s))
"""
ARRIVALS = """
select observed_at, received_at from reading
 where series_id = %(series)s and observed_at > %(since)s and observed_at <= %(until)s
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """A level series, what is computed from it, and what else that needs."""

    level: SeriesInfo
    computed: tuple[SeriesInfo, ...]
    outflow: SeriesInfo | None
    points: Points | None


@dataclass(frozen=True, slots=True)
class Due:
    """A level as it was when we looked, and how far its figures have come."""

    plan: Plan
    observed_at: datetime
    changed_at: datetime
    done_to: datetime | None

    @property
    def since(self) -> datetime:
        """The levels after this have no figure yet; at the first start only the newest."""
        just_before = self.observed_at - timedelta(microseconds=1)
        if self.done_to is None:
            return just_before
        return min(just_before, max(self.done_to, self.observed_at - _BACK))


class Lookout:
    """The thread that does it."""

    def __init__(self, connect: Callable[[], Connection], stop: threading.Event) -> None:
        self._connect, self._stop = connect, stop

    def run(self) -> None:
        """Until `stop` is set."""
        work_beside("foresight", self._connect, self._work_on, self._stop)

    def _work_on(self, conn: Connection) -> None:
        directory = load_directory(conn)
        found = plans(directory)
        conn.commit()
        if not found and not computed_of(directory):  # no rules are read for nothing
            self._stop.wait()
            return
        if not lead.claim(conn, lead.Lock.FORESIGHT, "foresight", _HUNG_S):
            return
        judge = Judge.load(conn)
        conn.commit()
        read_at = time.monotonic()
        while not self._stop.is_set():
            if time.monotonic() - read_at > _RULES_S:
                judge, read_at = judge.newest(conn), time.monotonic()
                conn.commit()
            told = look_ahead(conn, directory, found, judge, datetime.now(UTC))
            told += assess_plants(conn, directory, judge, datetime.now(UTC))
            if told:
                wake(conn)
                conn.commit()
            self._stop.wait(_LOOK_S)


def plans(directory: Directory) -> dict[int, Plan]:
    """By level series."""
    found = {}
    for station, some in directory.by_station.items():
        computed = tuple(one for one in some if one.derived and one.metric in FORESEEN_FROM)
        level = directory.series.get((station, LEVEL))
        if computed and level is not None:
            outflow = directory.series.get((station, OUTFLOW))
            ordered = tuple(sorted(computed, key=lambda one: one.series_id))
            found[level.series_id] = Plan(level, ordered, outflow, directory.curves.get(station))
    return found


def look_ahead(
    conn: Connection,
    directory: Directory,
    plans: Mapping[int, Plan],
    judge: Judge,
    now: datetime,
) -> int:
    """Compute what is due, a transaction a level series; commits. Returns how many had news.

    now: how fresh a figure still is when it is judged, nothing else.
    """
    done = 0
    for due in _due(conn, plans):
        done += _write(conn, directory, due, _figures(conn, due), judge, now)
    return done


def _due(conn: Connection, plans: Mapping[int, Plan]) -> list[Due]:
    values = {
        "levels": list(plans),
        "computed": [plan.computed[0].series_id for plan in plans.values()],
    }
    with conn.cursor() as cursor:
        cursor.execute(DUE, values)
        found = [Due(plans[series], *rest) for series, *rest in cursor.fetchall()]
    conn.commit()
    return sorted(found, key=lambda due: due.plan.level.series_id)


def _figures(conn: Connection, due: Due) -> list[Reading]:
    """What follows from each level that is due, in order of time."""
    plan, back = due.plan, reach_back(due.plan.level.interval_s)
    since = due.since - back
    levels = water.samples(conn, plan.level.series_id, since, due.observed_at)
    outflows: list[Sample] = []
    if plan.outflow is not None:
        outflows = water.samples(conn, plan.outflow.series_id, since, due.observed_at)
    limits = water.limits(conn, [plan.level.series_id])
    arrived = _arrivals(conn, plan.level.series_id, due.since, due.observed_at)
    new = [one for one in levels if one.at > due.since][:_AT_ONCE]
    found: list[Reading] = []
    for newest in new:
        inside = [one for one in levels if newest.at - back < one.at <= newest.at]
        day = newest.at.astimezone(BEIJING).date()
        reservoir = Reservoir(
            plan.level.interval_s,
            {name: limit.value for name, limit in in_force(limits, day).items()},
            plan.points,
            plan.outflow is not None,
        )
        out = [one for one in outflows if one.at <= newest.at]
        seen = foresee(inside, out, reservoir, newest.at)
        found += _readings(plan, seen, newest, arrived[newest.at])
    return found


def _arrivals(
    conn: Connection, series: int, since: datetime, until: datetime
) -> dict[datetime, datetime]:
    with conn.cursor() as cursor:
        cursor.execute(ARRIVALS, {"series": series, "since": since, "until": until})
        return dict(cursor.fetchall())


def _readings(
    plan: Plan, seen: Foresight, newest: Sample, received_at: datetime
) -> Iterator[Reading]:
    """A missing figure is stored as missing: an old forecast must not stand beside a new level."""
    values = {
        TO_LIMIT: stored_hours(seen.outlook),
        INFLOW: seen.inflow.inflow_m3s if isinstance(seen.inflow, Inflow) else None,
    }
    for one in plan.computed:
        value = values[one.metric]
        quality = Quality.GOOD if value is not None else Quality.MISSING
        if seen.left_out or not newest.trusted:
            quality |= Quality.DERIVED_FROM_SUSPECT
        yield Reading(
            one.series_id,
            one.station,
            one.metric,
            newest.at,
            received_at,
            value,
            quality,
            max(seen.origin, newest.origin),
            newest.original_at,
        )


def _write(
    conn: Connection,
    directory: Directory,
    due: Due,
    figures: Sequence[Reading],
    judge: Judge,
    now: datetime,
) -> bool:
    """Judge and store in one transaction; nothing where the level has changed meanwhile."""
    computed = [one.series_id for one in due.plan.computed]
    rows = rows_of(store.lock_series(conn, computed))
    if not figures or not _stands(conn, due):
        conn.rollback()
        return False
    items = [Arrived(reading, None) for reading in figures]
    news = [item for item in items if rows[item.reading.series_id].is_news(item.reading)]
    again = [item for item in items if _is_newest(rows[item.reading.series_id], item.reading)]
    _, news = with_marks(conn, Columns.of_readings([]), news)
    readings = [item.reading for item in news]
    judge_batch(conn, judge, readings, now)
    append(conn, Columns.of_readings(readings).in_order(), [], directory)
    store.save_series(conn, states_of(advanced_rows(news, rows, {})))
    _replace(conn, again, rows, judge, now)
    hours = count_hours(("derived", reading.received_at) for reading in readings)
    account(conn, [], [], keep_bytes=None, readings=hours)
    conn.commit()
    return True


def _is_newest(row: SeriesRow, reading: Reading) -> bool:
    return row.observed_at == reading.observed_at


def _replace(
    conn: Connection,
    again: Sequence[Arrived],
    rows: Mapping[int, SeriesRow],
    judge: Judge,
    now: datetime,
) -> None:
    """The figures of a level that is another now: how things stand, so they are judged once more.

    The row is written even where the figure is the same: it says that the level was looked at.
    """
    if not again:
        return
    _, again = with_marks(conn, Columns.of_readings([]), again)
    keys = {(item.reading.series_id, item.reading.observed_at) for item in again}
    stored = store.stored_readings(conn, keys)
    revised = [item for item in again if _differs(item.reading, stored)]
    judge_batch(conn, judge, [item.reading for item in revised], now, corrected=True)
    for item in revised:
        store.replace_reading(conn, item.reading)
    store.save_series(conn, states_of(corrected_rows(revised, rows)))
    other = {item.reading.series_id for item in revised}
    same = [rows[number] for number in sorted({series for series, _ in keys} - other)]
    store.save_series(conn, states_of(same))
    touch(conn, [(at, at) for _, at in keys])
    show_marks(conn, sorted(keys))


def _differs(reading: Reading, stored: Mapping[Key, Reading]) -> bool:
    before = stored.get((reading.series_id, reading.observed_at))
    return before is not None and (before.value, before.quality) != (
        reading.value,
        reading.quality,
    )


def _stands(conn: Connection, due: Due) -> bool:
    """Whether the level is as we read it, or has only moved on."""
    values = {
        "level": due.plan.level.series_id,
        "observed_at": due.observed_at,
        "changed_at": due.changed_at,
    }
    with conn.cursor() as cursor:
        cursor.execute(STANDS, values)
        row = cursor.fetchone()
    return bool(row and row[0])
