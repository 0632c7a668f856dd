"""Roll-ups: the same answers on both grounds, by the station's calendar, unknown kept unknown."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from database.pool import Connection
from sensors.reading import Quality
from tests.database.district import VIEWS, Row, add, new_series, refresh

COLUMNS = "bucket, total, count, good, sum, min, max, last, last_at, sum_sin, sum_cos"
# 2026-03-01 00:00 in Beijing, and 08:00, where the hydrological day begins.
MIDNIGHT = datetime(2026, 2, 28, 16, tzinfo=UTC)
EIGHT = datetime(2026, 3, 1, 0, tzinfo=UTC)
GOOD, MISSING, IMPOSSIBLE, RATE = (
    int(q) for q in (Quality.GOOD, Quality.MISSING, Quality.IMPOSSIBLE, Quality.RATE)
)

# Times crowd around the borders of buckets and days, where the two grounds could part.
moments = some.builds(
    lambda border, seconds: border + timedelta(seconds=seconds),
    some.sampled_from([MIDNIGHT, EIGHT, EIGHT + timedelta(hours=5)]),
    some.one_of(some.integers(-400, 400), some.integers(-90_000, 90_000)),
)
present = some.tuples(
    some.floats(-50, 400, allow_nan=False), some.sampled_from([GOOD, RATE, IMPOSSIBLE])
)
values = some.one_of(present, some.just((None, MISSING)))
rows = some.lists(
    some.builds(lambda t, v: Row(t, *v), moments, values),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row.observed_at,
)
# Both databases are kept from one example to the next: each example takes a series of its own.
on_real_servers = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def rollup(conn: Connection, view: str, series: int) -> list[tuple[object, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(f"select {COLUMNS} from {view} where series_id = %s order by 1", (series,))
        return cursor.fetchall()


def assert_same(plain: Connection, timescale: Connection, on_plain: int, on_ts: int) -> None:
    for view in VIEWS:
        left, right = rollup(plain, view, on_plain), rollup(timescale, view, on_ts)
        assert len(left) == len(right), view
        for one, other in zip(left, right, strict=True):
            assert [_known(v) for v in one] == [_known(v) for v in other], view


def _known(value: object) -> object:
    """Sums of floats may differ in the last digits by the order of adding."""
    return pytest.approx(value, rel=1e-9, abs=1e-6) if isinstance(value, float) else value


@on_real_servers
@given(rows)
def test_both_grounds_answer_the_same(plain_owner, timescale_owner, found: list[Row]):
    plain, timescale = new_series(plain_owner), new_series(timescale_owner)
    add(plain_owner, plain, found)
    add(timescale_owner, timescale, found)
    refresh(timescale_owner)
    assert_same(plain_owner, timescale_owner, plain, timescale)


@settings(on_real_servers, max_examples=10)
@given(rows, rows)
def test_late_readings_are_repaired_by_the_next_refresh(plain_owner, timescale_owner, first, late):
    known = {row.observed_at for row in first}
    late = [row for row in late if row.observed_at not in known]
    plain, timescale = new_series(plain_owner), new_series(timescale_owner)
    for batch in (first, late):
        add(plain_owner, plain, batch)
        add(timescale_owner, timescale, batch)
        refresh(timescale_owner)
    assert_same(plain_owner, timescale_owner, plain, timescale)


def test_the_live_end_shows_before_any_refresh(plain_owner, timescale_owner):
    live = datetime(2100, 1, 1, tzinfo=UTC)
    found = [Row(live + timedelta(seconds=s), s / 7, GOOD) for s in range(0, 4000, 97)]
    plain, timescale = new_series(plain_owner), new_series(timescale_owner)
    add(plain_owner, plain, found)
    add(timescale_owner, timescale, found)
    assert rollup(timescale_owner, "reading_1m", timescale)
    assert_same(plain_owner, timescale_owner, plain, timescale)
    timescale_owner.rollback()


def only_row(conn: Connection, view: str, found: list[Row]) -> dict[str, object]:
    series = new_series(conn)
    add(conn, series, found)
    refresh(conn)
    (row,) = rollup(conn, view, series)
    return dict(zip(COLUMNS.split(", "), row, strict=True))


def test_a_bucket_without_a_usable_value_is_unknown_not_zero(ground):
    found = [Row(EIGHT, None, MISSING), Row(EIGHT + timedelta(seconds=1), 9999.0, IMPOSSIBLE)]
    row = only_row(ground, "reading_1d", found)
    assert (row["total"], row["count"], row["good"]) == (2, 0, 0)
    for column in ("sum", "min", "max", "last", "last_at", "sum_sin", "sum_cos"):
        assert row[column] is None, column


def test_impossible_values_are_counted_and_never_averaged(ground):
    found = [
        Row(EIGHT, 10.0, GOOD),
        Row(EIGHT + timedelta(seconds=1), 20.0, RATE),
        Row(EIGHT + timedelta(seconds=2), 1e9, IMPOSSIBLE),
    ]
    row = only_row(ground, "reading_1h", found)
    assert (row["total"], row["count"], row["good"]) == (3, 2, 1)
    assert (row["sum"], row["min"], row["max"], row["last"]) == (30.0, 10.0, 20.0, 20.0)


def test_directions_average_across_north(ground):
    found = [Row(EIGHT, 350.0, GOOD), Row(EIGHT + timedelta(minutes=1), 20.0, GOOD)]
    row = only_row(ground, "reading_1d", found)
    mean = math.degrees(math.atan2(row["sum_sin"], row["sum_cos"]))
    assert mean == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("view", "border"), [("reading_1d", MIDNIGHT), ("reading_1d_hydro", EIGHT)]
)
def test_a_day_begins_by_the_calendar_of_the_station(ground, view, border):
    """Air: the Beijing calendar day. Hydrology: from 08:00 Beijing time."""
    series = new_series(ground)
    before, after = border - timedelta(microseconds=1), border
    add(ground, series, [Row(before, 1.0, GOOD), Row(after, 2.0, GOOD)])
    refresh(ground)
    buckets = [row[0] for row in rollup(ground, view, series)]
    assert buckets == [border - timedelta(days=1), border]
