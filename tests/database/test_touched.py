"""What late readings and marks touched is computed again: just that, surely, and after a kill."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as some

from database import touched
from database.pool import Connection
from tests.database.district import VIEWS, Row, add, new_series, refresh

DAY = datetime(2023, 5, 1, 3, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
moments = some.builds(
    lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s), some.integers(0, 150_000_000)
)
ranges = some.lists(
    some.builds(lambda at, s: (at, at + timedelta(seconds=s)), moments, some.integers(0, 9_000))
)


def totals(conn: Connection, series: int) -> list[int]:
    found = []
    with conn.cursor() as cursor:
        for view in VIEWS:
            cursor.execute(f"select sum(total) from {view} where series_id = %s", (series,))
            found.append(int(cursor.fetchone()[0]))
    return found


def keep(conn: Connection, now: datetime = NOW) -> int:
    conn.commit()
    conn.autocommit = True
    try:
        return touched.keep(conn, now)
    finally:
        conn.autocommit = False


@given(ranges)
def test_merging_loses_no_moment_and_keeps_them_apart(found):
    merged = touched.merged(found)
    assert all(any(s <= a and b <= e for s, e in merged) for a, b in found)
    assert all(b[0] - a[1] >= timedelta(hours=1) for a, b in pairwise(merged))


@given(ranges, moments)
def test_no_refresh_reaches_the_real_time_end(found, now):
    lags = {rollup.view: rollup.lag for rollup in touched.ROLLUPS}
    assert all(end <= now - lags[view] for view, _, end in touched.windows(found, now))


@given(moments)
def test_each_bucket_of_a_touched_moment_is_inside_its_window(at):
    found = {view: (start, end) for view, start, end in touched.windows([(at, at)], NOW)}
    for rollup in touched.ROLLUPS:
        start, end = found[rollup.view]
        assert start <= at - rollup.width
        assert end >= at + rollup.width


def bucket(view: str, at: datetime) -> datetime:
    """Where the bucket of a moment begins."""
    local = at.astimezone(ZoneInfo("Asia/Shanghai")) if view == "reading_1d" else at
    start = local.replace(second=0, microsecond=0)
    if view == "reading_1m":
        return start
    if view == "reading_5m":
        return start.replace(minute=at.minute // 5 * 5)
    return start.replace(minute=0) if view == "reading_1h" else start.replace(minute=0, hour=0)


@given(moments, some.timedeltas(timedelta(), timedelta(days=4)))
def test_a_window_has_a_whole_bucket_or_there_is_none(at, later):
    now = at + later
    found = {view: (start, end) for view, start, end in touched.windows([(at, at)], now)}
    for rollup in touched.ROLLUPS:
        start, end = found.get(rollup.view, (at - rollup.width, now - rollup.lag))
        first = bucket(rollup.view, start + rollup.width - timedelta(microseconds=1))
        assert (first + rollup.width <= end) == (rollup.view in found)


@pytest.mark.parametrize("minutes", range(0, 60, 7))
def test_a_range_near_the_real_time_end_is_kept_at_any_time_of_the_hour(timescale_owner, minutes):
    """A window as long as a bucket need not hold one, and the server refuses to refresh none."""
    late = DAY + timedelta(minutes=minutes, seconds=8)
    for wait in range(0, 4 * 60, 10):
        touched.touch(timescale_owner, [(late, late)])
        assert keep(timescale_owner, late + timedelta(minutes=wait)) == 1


def test_a_late_reading_is_in_every_rollup_after_the_keeper_ran(timescale_owner):
    conn = timescale_owner
    series = new_series(conn)
    add(conn, series, [Row(DAY, 1.0, 0)])
    refresh(conn)
    late = DAY + timedelta(seconds=30)
    add(conn, series, [Row(late, 2.0, 0)])
    touched.touch(conn, [(late, late)])
    assert totals(conn, series) == [1] * 5
    assert keep(conn) == 1
    assert totals(conn, series) == [2] * 5
    assert touched.waiting(conn) == (0, None)
    assert keep(conn) == 0


def test_what_was_not_touched_is_left_alone(timescale_owner):
    """The other year's late reading waits for its own refresh."""
    conn = timescale_owner
    series, other = new_series(conn), DAY - timedelta(days=400)
    add(conn, series, [Row(DAY, 1.0, 0), Row(other, 1.0, 0)])
    refresh(conn)
    late = [DAY + timedelta(seconds=9), other + timedelta(seconds=9)]
    add(conn, series, [Row(at, 2.0, 0) for at in late])
    touched.touch(conn, [(late[0], late[0])])
    keep(conn)
    assert totals(conn, series) == [3] * 5
    refresh(conn)
    assert totals(conn, series) == [4] * 5


def test_a_keeper_that_died_half_way_is_made_good_by_the_next(timescale_owner, monkeypatch):
    conn = timescale_owner
    series = new_series(conn)
    add(conn, series, [Row(DAY, 1.0, 0)])
    refresh(conn)
    add(conn, series, [Row(DAY + timedelta(seconds=1), 2.0, 0)])
    touched.touch(conn, [(DAY, DAY + timedelta(seconds=1))])
    with monkeypatch.context() as patch:
        patch.setattr(touched, "FORGET", "select 1 / 0, %s")
        with pytest.raises(psycopg2.Error):
            keep(conn)
    assert touched.waiting(conn)[0] == 1
    assert keep(conn) == 1
    assert totals(conn, series) == [2] * 5


def test_plain_postgresql_remembers_nothing_because_its_views_are_true(plain_owner):
    touched.touch(plain_owner, [(DAY, DAY)])
    assert touched.waiting(plain_owner) == (0, None)
    assert keep(plain_owner) == 0


def test_a_touch_is_undone_with_its_transaction(timescale_owner):
    touched.touch(timescale_owner, [(DAY, DAY)])
    timescale_owner.rollback()
    assert touched.waiting(timescale_owner)[0] == 0


@pytest.mark.parametrize(
    ("quality", "usable"),
    [(0, 1), (2, 0), (4, 1), (2048, 0), (2050, 0), (4098, 1), (4096, 1), (6144, 1), (2176, 0)],
)
def test_marks_decide_what_is_averaged(ground, quality, usable):
    series = new_series(ground)
    add(ground, series, [Row(DAY, 7.0, quality)])
    refresh(ground)
    with ground.cursor() as cursor:
        for view in VIEWS:
            cursor.execute(f"select total, count from {view} where series_id = %s", (series,))
            assert cursor.fetchall() == [(1, usable)]
