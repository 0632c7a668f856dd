"""How much time a chunk holds: by the rate, within an hour and a week."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from database import chunks
from database.check import findings
from database.settings import DatabaseSettings

NOW = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
GIB = 2**30


@given(some.floats(0, 1e12), some.integers(2**20, 2**40))
def test_a_chunk_fits_or_is_an_hour(rate, quarter):
    found = chunks.recommended(rate, quarter)
    assert HOUR <= found <= WEEK
    if found > HOUR:
        assert rate * (found / HOUR) * chunks.BYTES_A_READING <= quarter


@pytest.mark.parametrize(
    ("per_hour", "expected"),
    [(0, WEEK), (60_000, WEEK), (72_000_000, HOUR), (360_000, timedelta(days=1)), (1e12, HOUR)],
)
def test_faster_is_shorter(per_hour, expected):
    assert chunks.recommended(per_hour, GIB) == expected


def test_chunks_that_do_not_fit_are_told_and_set(timescale_owner):
    conn = timescale_owner
    assert chunks.misfit(conn, NOW) is None  # nothing came: nothing is known
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into ledger (feed, hour, readings) values ('obs', %s, 24 * 1000000000::bigint)",
            (NOW - 2 * HOUR,),
        )
    assert chunks.misfit(conn, NOW) == (WEEK, HOUR)
    told = [one.text for one in findings(conn, DatabaseSettings(), NOW)]
    assert [text for text in told if "holds 7 days, 0:00:00" in text and "1:00:00 is right" in text]
    assert chunks.settle(conn, NOW) == HOUR
    assert chunks.misfit(conn, NOW) is None
    assert chunks.settle(conn, NOW) is None
    conn.rollback()


def test_plain_postgresql_has_no_chunks(plain_owner):
    assert chunks.misfit(plain_owner, NOW) is None
    assert chunks.settle(plain_owner, NOW) is None
