"""Every answer of the API about readings is the same on both grounds, over all the recordings."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from psycopg2.extras import execute_values

from dashboard import store
from dashboard.public import store as city
from database.pool import Connection
from demo.recordings import RECORDINGS, Recording
from tests.database.district import new_series, refresh

READINGS = "insert into reading (series_id, observed_at, value, quality, received_at) values %s"
STATE = """
insert into series_state (series_id, observed_at, value, quality, origin, received_at)
select distinct on (series_id) series_id, observed_at, value, quality, origin, received_at
  from reading where series_id = any(%s) order by series_id, observed_at desc"""
ROLLUP = """
select bucket, total, count, good, sum, min, max, last, last_at, sum_sin, sum_cos
  from {} where series_id = %s order by bucket"""
VIEWS = ("reading_1m", "reading_5m", "reading_1h", "reading_1d", "reading_1d_hydro")
START = datetime(2020, 1, 1, tzinfo=UTC)  # of recordings that have no time: a line an hour
_CALENDAR = {"No", "year", "month", "day", "hour"}

Line = tuple[datetime, float | None]


@dataclass(frozen=True)
class Series:
    """A column of a recording in both databases: its number in each, first and last time."""

    plain: store.SeriesRow
    timescale: store.SeriesRow
    first: datetime
    last: datetime


def columns(recording: Recording) -> Iterator[list[Line]]:
    """The first and the last column of numbers; a time that comes twice counts once."""
    rows = recording.rows()
    names = [
        name
        for name in rows[0].values
        if name not in _CALENDAR and any(isinstance(row.values[name], float) for row in rows[:99])
    ]
    for name in {names[0], names[-1]}:
        lines: dict[datetime, float | None] = {}
        for number, row in enumerate(rows):
            value = row.values.get(name)
            at = (row.at or START + timedelta(hours=number)).astimezone(UTC)
            lines[at] = value if isinstance(value, float) else None
        yield list(lines.items())


def load(conn: Connection, lines: list[Line], metric: str) -> store.SeriesRow:
    """Missing ones as missing; one in seven suspect, one in eleven marked invalid."""
    number = new_series(conn)
    rows = [
        (number, at, value, 1 if value is None else 4 * (n % 7 == 0) + 2048 * (n % 11 == 0), at)
        for n, (at, value) in enumerate(lines)
    ]
    with conn.cursor() as cursor:
        cursor.execute("update series set metric = %s where id = %s", (metric, number))
        execute_values(cursor, READINGS, rows, page_size=500)
        cursor.execute(STATE, ([number],))
    return store.SeriesRow(number, metric, 300)


@pytest.fixture(scope="module")
def recorded(plain_owner: Connection, timescale_owner: Connection) -> list[Series]:
    """All recordings, rolled up; some as directions, whose means are another kind."""
    found: list[Series] = []
    for recording in RECORDINGS.values():
        for lines in columns(recording):
            metric = ("level_m", "rain_mm", "wind_dir_deg")[len(found) % 3]
            plain, timescale = (load(c, lines, metric) for c in (plain_owner, timescale_owner))
            times = [at for at, _ in lines]
            found.append(Series(plain, timescale, min(times), max(times)))
    plain_owner.commit()
    refresh(timescale_owner)
    return found


def same(one: Any, other: Any) -> bool:
    """Sums of floats may differ in the last digits by the order of adding."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-9, abs=1e-6)
    return bool(one == other)


def test_there_are_recordings_to_compare(recorded):
    assert len(recorded) > 20
    assert {series.plain.circular for series in recorded} == {True, False}


@settings(max_examples=150, deadline=None)
@given(data=some.data())
def test_a_history_of_any_range_and_fineness_is_the_same(
    plain_owner, timescale_owner, recorded, data
):
    series = data.draw(some.sampled_from(recorded))
    span_s = int((series.last - series.first).total_seconds())
    since = series.first + timedelta(seconds=data.draw(some.integers(-90_000, span_s)))
    length = data.draw(some.sampled_from([60, 3600, 21_600, 86_400, 604_800, 3 * 10**6, 4 * 10**7]))
    until = since + timedelta(seconds=length)
    points = data.draw(some.sampled_from([1, 3, 30, 300, 2000, 100_000]))
    left = store.history(plain_owner, series.plain, since, until, points)
    right = store.history(timescale_owner, series.timescale, since, until, points)
    assert left[0] == right[0]
    assert same(left[1], right[1])


def test_histories_of_every_resolution_were_compared(plain_owner, recorded):
    """The property above cannot pass by asking for one of them only."""
    asked = {
        store.history(plain_owner, one.plain, one.first, one.first + span, points)[0]
        for one in recorded[:3]
        for span in (timedelta(hours=1), timedelta(days=1), timedelta(days=300))
        for points in (5, 30, 300, 2000)
    }
    assert asked >= {"raw", "1h", "1d"}


def test_the_latest_of_every_series_is_the_same(plain_owner, timescale_owner, recorded):
    def newest(conn: Connection, number: int) -> Any:
        with conn.cursor() as cursor:
            cursor.execute(
                "select s.code from station s join series q on q.station_id = s.id where q.id = %s",
                (number,),
            )
            ((code,),) = cursor.fetchall()
        (row,) = [row for row in store.latest(conn) if row.station == code]
        return astuple(replace(row, station=""))

    for series in recorded[::5]:
        left = newest(plain_owner, series.plain.series_id)
        assert same(left, newest(timescale_owner, series.timescale.series_id))


def test_every_rollup_is_the_same_in_every_column(plain_owner, timescale_owner, recorded):
    for series in recorded[::3]:
        for view in VIEWS:
            found = []
            for conn, row in ((plain_owner, series.plain), (timescale_owner, series.timescale)):
                with conn.cursor() as cursor:
                    cursor.execute(ROLLUP.format(view), (row.series_id,))
                    found.append(cursor.fetchall())
            assert found[0]
            assert same(*found), (series, view)


def test_every_export_is_the_same(plain_owner, timescale_owner, recorded):
    for series in recorded:
        until = series.last + timedelta(seconds=1)
        left = store.export(plain_owner, series.plain, series.first, until, 10**6)
        assert left
        assert left == store.export(timescale_owner, series.timescale, series.first, until, 10**6)


def test_the_public_page_answers_the_same(plain_owner, timescale_owner, recorded):
    for series in recorded[::6]:
        answers = []
        for conn, row in ((plain_owner, series.plain), (timescale_owner, series.timescale)):
            with conn.cursor() as cursor:
                cursor.execute("set local search_path = city")
                cursor.execute("select station from series where series_id = %s", (row.series_id,))
                (code,) = cursor.fetchone()
            ask = (conn, code, row.metric, series.first, series.last)
            answers.append(
                [city.history(*ask, interval_s=300, max_points=n) for n in (10, 300, 100_000)]
            )
            conn.rollback()
        assert same(*answers)
