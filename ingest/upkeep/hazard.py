"""The hazard grade of each plant by what its tanks hold now, computed beside the flow.

GB 18218-2018 over the live inventory (`sensors/chemicals/inventory.py`): 1 is the gravest, 4 the
mildest, 5 says that it is no major hazard. Each figure stands at the newest level of the plant's
tanks, so the database says how far it came and a restart changes nothing. The legal grade, by
design, is another and does not move.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.judging import Judge, judge_batch
from database.pool import Connection
from ingest import store
from ingest.accounting import account
from ingest.append import append
from ingest.batch import Arrived, advanced_rows, count_hours
from ingest.columns import Columns
from ingest.marked import with_marks
from ingest.states import rows_of, states_of
from sensors.catalogue import HAZARD, TANK_LEVEL
from sensors.chemicals.inventory import Entry, Level, Plant, PlantHazard, hazard_of
from sensors.chemicals.store import entries, levels, plants
from sensors.directory import Directory, SeriesInfo
from sensors.reading import Origin, Quality, Reading

NO_HAZARD = 5.0

NEWEST = """
select s.code, t.observed_at, t.received_at, coalesce(t.origin, 0::smallint)
  from series q join station s on s.id = q.station_id join series_state t on t.series_id = q.id
 where q.metric = %(metric)s and s.code = any(%(stations)s) and t.observed_at is not null
"""
DONE = "select series_id, observed_at from series_state where series_id = any(%(series)s)"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a tank's level was read, when that arrived, and where it comes from."""

    observed_at: datetime
    received_at: datetime
    origin: Origin


def assess_plants(conn: Connection, directory: Directory, judge: Judge, now: datetime) -> int:
    """A figure for each plant whose levels have moved on; commits. Returns how many.

    now: how fresh a figure still is when it is judged, nothing else.
    """
    figures = _figures(conn, computed_of(directory))
    if not figures:
        conn.rollback()
        return 0
    rows = rows_of(store.lock_series(conn, sorted(one.series_id for one in figures)))
    items = [Arrived(one, None) for one in figures]
    news = [item for item in items if rows[item.reading.series_id].is_news(item.reading)]
    _, news = with_marks(conn, Columns.of_readings([]), news)
    readings = [item.reading for item in news]
    judge_batch(conn, judge, readings, now)
    append(conn, Columns.of_readings(readings).in_order(), [], directory)
    store.save_series(conn, states_of(advanced_rows(news, rows, {})))
    hours = count_hours(("derived", reading.received_at) for reading in readings)
    account(conn, [], [], keep_bytes=None, readings=hours)
    conn.commit()
    return len(news)


def grade_of(hazard: PlantHazard) -> float | None:
    """1 to 4, NO_HAZARD, or None where no tank can be counted."""
    if hazard.now is None:
        return None
    return NO_HAZARD if hazard.now.grade is None else float(hazard.now.grade)


def computed_of(directory: Directory) -> dict[str, SeriesInfo]:
    """The series of figures, by plant."""
    return {
        one.station: one
        for one in directory.series.values()
        if one.metric == HAZARD and one.derived
    }


def _figures(conn: Connection, computed: Mapping[str, SeriesInfo]) -> list[Reading]:
    if not computed:
        return []
    known = [one.plant for one in plants(conn) if one.plant.code in computed]
    moments, done = _moments(conn, known), _done(conn, computed.values())
    due = [plant for plant in known if _due(plant, moments, done[computed[plant.code].series_id])]
    if not due:
        return []
    held, entered = levels(conn, due), entries(conn, due)
    return [
        _figure(computed[plant.code], plant, moments, held, entered[plant.code]) for plant in due
    ]


def _figure(
    series: SeriesInfo,
    plant: Plant,
    moments: Mapping[str, Moment],
    held: Mapping[str, Level],
    entered: Sequence[Entry],
) -> Reading:
    """As of the newest level; what a person enters later is for a later figure."""
    of = [moments[station] for station in _measuring(plant) if station in moments]
    at = max(moment.observed_at for moment in of)
    hazard = hazard_of(plant, held, [one for one in entered if one.at <= at], at)
    value = grade_of(hazard)
    quality = Quality.GOOD if value is not None else Quality.MISSING
    if hazard.left_out:
        quality |= Quality.DERIVED_FROM_SUSPECT  # a tank is in no sum: it may be graver
    return Reading(
        series.series_id,
        series.station,
        series.metric,
        at,
        max(moment.received_at for moment in of),
        value,
        quality,
        max(moment.origin for moment in of),
    )


def _due(plant: Plant, moments: Mapping[str, Moment], done: datetime | None) -> bool:
    newest = [moments[station].observed_at for station in _measuring(plant) if station in moments]
    return bool(newest) and (done is None or max(newest) > done)


def _measuring(plant: Plant) -> list[str]:
    return sorted({tank.measured_by for tank in plant.tanks if tank.measured_by})


def _moments(conn: Connection, known: Sequence[Plant]) -> dict[str, Moment]:
    stations = sorted({station for plant in known for station in _measuring(plant)})
    with conn.cursor() as cursor:
        cursor.execute(NEWEST, {"metric": TANK_LEVEL, "stations": stations})
        return {
            code: Moment(observed_at, received_at, Origin(origin))
            for code, observed_at, received_at, origin in cursor.fetchall()
        }


def _done(conn: Connection, computed: Iterable[SeriesInfo]) -> dict[int, datetime | None]:
    numbers = [one.series_id for one in computed]
    with conn.cursor() as cursor:
        cursor.execute(DONE, {"series": numbers})
        return dict(cursor.fetchall())
