"""Raw readings go when their time is over, by metric; roll-ups stay, and stay right."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from database import retention, touched
from database.__main__ import _keep
from database.check import findings
from database.ground import UnfitDatabase
from database.pool import Connection
from database.retention import Kept
from database.settings import DatabaseSettings
from tests.database.district import PIECES, VIEWS, Row, add, new_series, refresh

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# In one chunk, which is over long before NOW; and in one that is kept by every setting here.
LONG_AGO, LATELY = datetime(2024, 3, 5, 3, tzinfo=UTC), NOW - 6 * DAY
EVER = DatabaseSettings()


def settings(rest: int | None, **days: int | None) -> DatabaseSettings:
    classes = [{"metrics": [metric], "days": number} for metric, number in days.items()]
    return DatabaseSettings.model_validate({"retention": {"rest_days": rest, "classes": classes}})


@pytest.fixture
def conn(timescale_owner: Connection) -> Iterator[Connection]:
    """TimescaleDB without a reading, a series or a floor, in autocommit."""
    timescale_owner.rollback()
    with timescale_owner.cursor() as cursor:
        cursor.execute("truncate reading, reading_old, series, retention cascade")
        timescale_owner.commit()
        refresh(timescale_owner)
        timescale_owner.autocommit = True
        yield timescale_owner
        cursor.execute("truncate reading, reading_old, series, retention cascade")
        retention.tend(timescale_owner, EVER, NOW)
    timescale_owner.autocommit = False
    refresh(timescale_owner)


def series(conn: Connection, metric: str) -> int:
    number = new_series(conn)
    conn.cursor().execute("update series set metric = %s where id = %s", (metric, number))
    return number


def filled(conn: Connection, number: int, start: datetime) -> None:
    """An hour of readings a minute apart, rolled up."""
    add(conn, number, [Row(start + timedelta(minutes=m), m, 0) for m in range(60)])
    conn.autocommit = False
    refresh(conn)
    conn.autocommit = True


def compress(conn: Connection) -> None:
    conn.cursor().execute(
        "select public.compress_chunk(c, true) from public.show_chunks('dongtai.reading') c"
    )


def raw(conn: Connection, number: int) -> int:
    return int(one(conn, "select count(*) from reading where series_id = %s", number))


def totals(conn: Connection, number: int) -> list[int]:
    statement = "select coalesce(sum(total), 0) from {} where series_id = %s"
    return [int(one(conn, statement.format(view), number)) for view in VIEWS]


def one(conn: Connection, statement: str, *values: object) -> int:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


def tend(conn: Connection, wanted: DatabaseSettings, now: datetime = NOW) -> int:
    """The first time bounds the policies, the second lets go."""
    assert retention.tend(conn, wanted, now) == 0
    return retention.tend(conn, wanted, now)


def test_by_default_everything_is_kept_for_ever(conn):
    level = series(conn, "level_m")
    filled(conn, level, LONG_AGO)
    assert retention.tend(conn, EVER, NOW) == retention.tend(conn, EVER, NOW) == 0
    assert raw(conn, level) == 60
    assert bounds(conn) == {None}


@pytest.mark.parametrize("compressed", [False, True])
def test_a_class_goes_and_the_rest_and_all_rollups_stay(conn, compressed):
    level, battery = series(conn, "level_m"), series(conn, "battery_v")
    for number in (level, battery):
        filled(conn, number, LONG_AGO)
        filled(conn, number, LATELY)
    if compressed:
        compress(conn)
    before = pieces(conn)
    assert tend(conn, settings(None, battery_v=90)) == 1
    assert (raw(conn, level), raw(conn, battery)) == (120, 60)
    assert totals(conn, level) == totals(conn, battery) == [120] * 5
    assert bounds(conn) == {timedelta(days=91)}
    assert pieces(conn) == before
    assert retention.tend(conn, settings(None, battery_v=90), NOW) == 0


def test_a_chunk_that_nobody_needs_any_more_is_dropped(conn):
    level = series(conn, "level_m")
    filled(conn, level, LONG_AGO)
    filled(conn, level, LATELY)
    chunks = "select count(*) from public.show_chunks('dongtai.reading')"
    before = one(conn, chunks)
    tend(conn, settings(90))
    assert one(conn, chunks) == before - 1
    assert (raw(conn, level), totals(conn, level)) == (60, [120] * 5)


def test_a_late_reading_of_what_is_kept_comes_into_the_rollups_and_empties_nobodys(conn):
    """A refresh of the whole stretch took the hour of the other from 60 to 0."""
    level, battery = series(conn, "level_m"), series(conn, "battery_v")
    for number in (level, battery):
        filled(conn, number, LONG_AGO)
    tend(conn, settings(None, battery_v=90))
    late = LONG_AGO + timedelta(seconds=30)
    add(conn, level, [Row(late, 7.0, 0)])
    touched.touch(conn, [(late, late)])
    assert touched.keep(conn, NOW) == 1
    assert totals(conn, level) == [61] * 5
    assert totals(conn, battery) == [60] * 5


def test_a_policy_that_runs_after_the_purge_empties_nothing(conn):
    battery = series(conn, "battery_v")
    filled(conn, battery, LONG_AGO)
    series(conn, "level_m")
    tend(conn, settings(None, battery_v=90))
    with conn.cursor() as cursor:
        cursor.execute(
            "select job_id from timescaledb_information.jobs "
            "where proc_name = 'policy_refresh_continuous_aggregate' order by job_id"
        )
        for (job,) in cursor.fetchall():
            cursor.execute("call public.run_job(%s)", (job,))
    assert totals(conn, battery) == [60] * 5


def test_a_longer_retention_later_does_not_open_what_is_gone(conn):
    battery = series(conn, "battery_v")
    filled(conn, battery, LONG_AGO)
    tend(conn, settings(90))
    tend(conn, EVER)
    touched.touch(conn, [(LONG_AGO, LONG_AGO)])
    touched.keep(conn, NOW)
    assert totals(conn, battery) == [60] * 5
    (start,) = bounds(conn)
    assert start is not None
    (floor,) = retention.floors(retention.in_force(conn)).values()
    assert NOW - start >= floor


def test_a_purge_that_died_half_way_goes_on(conn, monkeypatch):
    battery, level = series(conn, "battery_v"), series(conn, "level_m")
    for number in (battery, level):
        filled(conn, number, LONG_AGO)
    wanted = settings(None, battery_v=90)
    retention.tend(conn, wanted, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(retention, "DELETE", "select 1 / 0, %s, %s, %s")
        with pytest.raises(Exception, match="division by zero"):
            retention.tend(conn, wanted, NOW)
    assert retention.floors(retention.in_force(conn)) != {}  # what may go is said before it goes
    assert retention.tend(conn, wanted, NOW) == 1
    assert (raw(conn, battery), raw(conn, level)) == (0, 60)


def bounds(conn: Connection) -> set[timedelta | None]:
    with conn.cursor() as cursor:
        cursor.execute(
            "select distinct (config ->> 'start_offset')::interval from "
            "timescaledb_information.jobs where proc_name = 'policy_refresh_continuous_aggregate'"
        )
        return {row[0] for row in cursor.fetchall()}


def pieces(conn: Connection) -> dict[str, int]:
    with conn.cursor() as cursor:
        cursor.execute(PIECES)
        return dict(cursor.fetchall())


def test_plain_postgresql_deletes_nothing_and_says_so(plain_owner):
    plain_owner.autocommit = True
    level = new_series(plain_owner)
    add(plain_owner, level, [Row(LONG_AGO, 1.0, 0)])
    assert retention.tend(plain_owner, settings(90), NOW) == 0
    assert raw(plain_owner, level) == 1
    plain_owner.autocommit = False
    with pytest.raises(UnfitDatabase, match="needs TimescaleDB"):
        _keep(plain_owner, settings(90), once=True)
    told = [found.text for found in findings(plain_owner, settings(90))]
    assert [text for text in told if "on plain PostgreSQL nothing is deleted" in text]
    told = [found.text for found in findings(plain_owner, EVER)]
    assert not [text for text in told if "retention" in text]


days = some.integers(0, 2000).map(lambda n: NOW - n * DAY)
floors = some.dictionaries(some.sampled_from(["level_m", "battery_v", "canary", "ph"]), days)


@given(days, days, floors)
def test_pieces_cover_the_window_and_leave_out_just_what_is_gone(a, b, floor_of):
    since, until = min(a, b), max(a, b) + DAY
    found = list(retention.pieces(since, until, floor_of))
    assert found[0][0] == since
    assert found[-1][1] == until
    assert all(one[1] == following[0] for one, following in pairwise(found))
    for start, _, gone in found:
        assert (gone or set()) == {metric for metric, floor in floor_of.items() if floor > start}


@given(
    some.lists(
        some.builds(Kept, some.just("x"), some.none() | some.integers(7, 900), some.none() | days)
    )
)
def test_no_policy_reaches_below_a_floor(kept):
    offset = retention.offset_days(kept, NOW)
    for one in kept:
        if one.purged_to is not None:
            assert offset is not None
            assert NOW - offset * DAY >= one.purged_to
        if one.days is not None:
            assert offset is not None
            assert offset <= one.days + 1


def test_nothing_goes_before_its_time():
    kept = Kept("level_m", 90)
    assert not kept.due(NOW - 91 * DAY, NOW)
    assert kept.due(NOW - 92 * DAY, NOW)
    assert not Kept("level_m", None).due(NOW - 10_000 * DAY, NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rest_days": 6},
        {"classes": [{"metrics": ["ph"], "days": 3}]},
        {"classes": [{"metrics": [], "days": 30}]},
        {"classes": [{"metrics": ["ph"], "days": 30}, {"metrics": ["ph"], "days": 60}]},
    ],
)
def test_a_retention_that_cannot_be_meant_is_refused(wrong):
    with pytest.raises(ValidationError):
        DatabaseSettings.model_validate({"retention": wrong})
