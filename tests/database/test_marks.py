"""A mark is a new fact: bits of marks follow it, values and bits of tests never do."""

from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from database.pool import Connection
from sensors.marks import Touched, add, apply_marks, show_marks, withdraw
from sensors.reading import Quality
from tests.database.district import Row, new_series
from tests.database.district import add as add_readings

START = datetime(2026, 11, 22, 4, tzinfo=UTC)
INVALID, VALID = int(Quality.MARKED_INVALID), int(Quality.MARKED_VALID)
RATE, IMPOSSIBLE = int(Quality.RATE), int(Quality.IMPOSSIBLE)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


@pytest.fixture
def series(ground: Connection) -> int:
    """Five readings, a minute apart: good, fast, impossible, missing, good."""
    number = new_series(ground)
    found = [(20.0, 0), (25.0, RATE), (-99.0, IMPOSSIBLE), (None, 1), (20.5, 0)]
    add_readings(ground, number, [Row(at(i), *one) for i, one in enumerate(found)])
    with ground.cursor() as cursor:
        cursor.execute(
            "insert into dongtai.series_state (series_id, observed_at, value, quality) "
            "values (%s, %s, 20.5, 0)",
            (number, at(4)),
        )
    return number


def stored(conn: Connection, series: int) -> list[tuple[float | None, int]]:
    with conn.cursor() as cursor:
        query = "select value, quality from reading where series_id = %s order by observed_at"
        cursor.execute(query, (series,))
        return cursor.fetchall()


def state(conn: Connection, series: int) -> int:
    with conn.cursor() as cursor:
        cursor.execute("select quality from series_state where series_id = %s", (series,))
        return int(cursor.fetchone()[0])


def mark(conn, series, since, until, verdict="invalid") -> int:
    return add(conn, series, since, until, verdict, reason="calibration", who="li")


def test_an_invalid_stretch_keeps_values_and_bits_of_tests(ground, series):
    before = stored(ground, series)
    mark(ground, series, at(0), at(3))
    assert stored(ground, series) == before
    assert apply_marks(ground, 10) == [Touched(series, at(0), at(2))]
    after = stored(ground, series)
    assert [value for value, _ in after] == [value for value, _ in before]
    assert [bits for _, bits in after] == [INVALID, RATE | INVALID, IMPOSSIBLE | INVALID, 1, 0]
    assert state(ground, series) == 0


def test_applied_marks_change_nothing_again(ground, series):
    mark(ground, series, at(0), None)
    apply_marks(ground, 10)
    assert apply_marks(ground, 10) == []


def test_a_later_mark_takes_the_place_of_an_earlier_one(ground, series):
    mark(ground, series, at(0), at(3))
    mark(ground, series, at(2), at(5), "valid")
    apply_marks(ground, 10)
    bits = [one for _, one in stored(ground, series)]
    assert bits == [INVALID, RATE | INVALID, IMPOSSIBLE | VALID, 1, VALID]


def test_a_withdrawn_mark_leaves_no_trace_in_the_readings(ground, series):
    before = stored(ground, series)
    number = mark(ground, series, at(0), None)
    apply_marks(ground, 10)
    assert state(ground, series) == INVALID
    assert withdraw(ground, number, reason="wrong station", who="li") is not None
    apply_marks(ground, 10)
    assert stored(ground, series) == before
    assert state(ground, series) == 0


def test_a_correction_of_the_live_end_shows_its_mark_there_too(ground, series):
    mark(ground, series, at(0), at(5))
    apply_marks(ground, 10)
    with ground.cursor() as cursor:  # as a correction leaves both
        cursor.execute("update reading set quality = 0 where observed_at = %s", (at(4),))
        cursor.execute("update series_state set quality = 0 where series_id = %s", (series,))
    show_marks(ground, [(series, at(4))])
    assert state(ground, series) == INVALID


def test_storage_from_an_invalid_level_is_invalid_until_it_is_withdrawn(ground, series):
    with ground.cursor() as cursor:
        cursor.execute(
            "insert into series (station_id, metric) select station_id, 'storage_m3' from series "
            "where id = %s returning id",
            (series,),
        )
        storage = cursor.fetchone()[0]
        cursor.execute("insert into series_state (series_id) values (%s)", (storage,))
    add_readings(ground, storage, [Row(at(0), 9e6, 0)])
    number = mark(ground, series, at(0), at(3))
    mark(ground, storage, at(0), at(3), "valid")
    apply_marks(ground, 10)
    assert stored(ground, storage) == [(9e6, INVALID)]
    withdraw(ground, number, reason="was right", who="li")
    apply_marks(ground, 10)
    assert stored(ground, storage) == [(9e6, VALID)]


@pytest.mark.parametrize("role", ["staff", "ingest"])
@pytest.mark.parametrize("change", ["update mark set reason = 'x'", "delete from mark"])
def test_nobody_changes_a_mark(ground, series, role, change):
    mark(ground, series, at(0), None)
    with ground.cursor() as cursor:
        cursor.execute(f"set local role {role}")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(change)


def test_staff_marks_and_ingest_applies(ground, series):
    with ground.cursor() as cursor:
        cursor.execute("set local role staff")
        mark(ground, series, at(0), None)
        cursor.execute("set local role ingest")
    assert apply_marks(ground, 10) == [Touched(series, at(0), at(4))]


def test_a_mark_needs_a_reason(ground, series):
    with pytest.raises(psycopg2.errors.CheckViolation):
        add(ground, series, at(0), None, "invalid", reason=" ", who="li")


def test_an_open_mark_shows_on_what_came_since_and_looks_at_nothing_else(ground, series):
    """Bits taken off by hand stay off: the run after has no business with them."""
    mark(ground, series, at(0), None)
    apply_marks(ground, 10)
    with ground.cursor() as cursor:
        cursor.execute("update reading set quality = 0 where observed_at = %s", (at(0),))
        add_readings(ground, series, [Row(at(9), 21.0, 0)])
        cursor.execute("update series_state set observed_at = %s, quality = 0", (at(9),))
    assert apply_marks(ground, 10) == [Touched(series, at(9), at(9))]
    assert apply_marks(ground, 10) == []
    assert state(ground, series) & INVALID


def test_more_open_marks_than_one_run_takes_have_their_turn(ground, series):
    numbers = [mark(ground, series, at(n), None) for n in range(3)]
    for _ in numbers:
        apply_marks(ground, 1)
    with ground.cursor() as cursor:
        cursor.execute("select mark_id from mark_applied order by 1")
        assert [row[0] for row in cursor.fetchall()] == numbers
