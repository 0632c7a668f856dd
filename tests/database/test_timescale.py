"""One schema, two grounds: TimescaleDB takes every migration and every query of the program."""

from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from database.ground import ground_of
from database.migrate import available, migrate, pending
from database.pool import Connection
from database.touched import ROLLUPS
from ingest import store
from sensors.reading import Origin, Quality, Reading
from tests.database.district import PIECES, Row, add, new_series
from tests.database.statements import Statement, all_statements, refusal

NAMES = """
select table_schema, table_name, column_name, udt_name, column_default is not null
  from information_schema.columns where table_schema in ('dongtai', 'city')
"""
# A view has no constraints and a continuous aggregate neither: only tables are compared.
RULES = """
select conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) from pg_constraint
 where connamespace = 'dongtai'::regnamespace and contype in ('p', 'u', 'c', 'f')
"""


def found(conn: Connection, query: str) -> set[tuple[object, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(query)
        rows = set(cursor.fetchall())
    conn.rollback()
    return rows


def test_every_migration_runs_on_timescaledb(timescale_owner):
    assert ground_of(timescale_owner) == "timescale"
    assert pending(timescale_owner) == []
    numbers = found(timescale_owner, "select number from schema_migration")
    assert numbers == {(m.number,) for m in available("timescale")}
    assert migrate(timescale_owner) == []


def test_both_grounds_have_the_same_names_and_types(plain_owner, timescale_owner):
    assert found(plain_owner, NAMES) == found(timescale_owner, NAMES)


def test_both_grounds_keep_the_same_rules(plain_owner, timescale_owner):
    assert found(plain_owner, RULES) == found(timescale_owner, RULES)


def test_the_readings_are_a_compressed_hypertable_under_continuous_aggregates(timescale_owner):
    hypertables = found(
        timescale_owner,
        "select hypertable_name, compression_enabled from timescaledb_information.hypertables "
        "where hypertable_schema = 'dongtai'",
    )
    assert hypertables == {("reading", True)}
    views = found(
        timescale_owner,
        "select view_name, materialized_only from timescaledb_information.continuous_aggregates",
    )
    names = ("reading_1m", "reading_5m", "reading_1h", "reading_1d", "reading_1d_hydro")
    assert views == {(name, False) for name in names}
    refreshed = found(
        timescale_owner,
        "select hypertable_name from timescaledb_information.jobs "
        "where proc_name = 'policy_refresh_continuous_aggregate'",
    )
    assert refreshed == {(name,) for name in names}
    ordered = found(
        timescale_owner,
        "select hypertable_name from timescaledb_information.jobs "
        "where proc_name = 'policy_reorder'",
    )
    assert ordered == {("reading_1m",), ("reading_5m",)}


def test_a_refresh_job_goes_by_pieces_of_a_day_at_least(timescale_owner):
    """By single buckets it counts up every minute since the first reading, each minute."""
    pieces = {str(view): int(str(count)) for view, count in found(timescale_owner, PIECES)}
    for rollup in ROLLUPS:
        assert pieces[rollup.view] * rollup.width >= timedelta(days=1)


START = datetime(2024, 1, 1, tzinfo=UTC)
COMPRESS = """
select public.compress_chunk(c, true) from public.show_chunks('dongtai.reading',
       older_than => timestamptz '2025-01-01') c
"""


def reading(series: int, minute: int, value: float) -> Reading:
    at = START + timedelta(minutes=minute)
    return Reading(series, "S", "level_m", at, START, value, Quality.GOOD, Origin.LIVE)


def compressed(conn: Connection, series: int, minutes: range) -> None:
    """Readings of the series in a compressed chunk, value = minute."""
    add(conn, series, [Row(START + timedelta(minutes=m), m, 0) for m in minutes])
    with conn.cursor() as cursor:
        cursor.execute(COMPRESS)
        assert cursor.fetchall()
    conn.commit()


@pytest.mark.parametrize("role", ["ingest", None])
def test_late_readings_into_a_compressed_chunk_are_neither_lost_nor_doubled(timescale_owner, role):
    """ON CONFLICT DO NOTHING lost rows there before 2.18.1: timescaledb issue 7672."""
    series = new_series(timescale_owner)
    compressed(timescale_owner, series, range(0, 60, 2))
    with timescale_owner.cursor() as cursor:
        cursor.execute(f"set role {role or 'none'}")
        for minute in range(60):
            cursor.execute(
                "insert into reading (series_id, observed_at, value, quality, received_at) "
                "values (%s, %s, %s, 0, %s) on conflict do nothing",
                (series, START + timedelta(minutes=minute), minute, START),
            )
        cursor.execute("select count(*), sum(value) from reading where series_id = %s", (series,))
        assert cursor.fetchone() == (60, sum(range(60)))
        cursor.execute("reset role")
    timescale_owner.commit()


def test_a_repeat_into_a_compressed_chunk_is_refused_as_a_whole(timescale_owner):
    """So that two writers at once never make two of one reading."""
    series = new_series(timescale_owner)
    compressed(timescale_owner, series, range(0, 60, 2))
    with pytest.raises(psycopg2.errors.UniqueViolation):
        add(timescale_owner, series, [Row(START + timedelta(minutes=2), 9.0, 0)])
    timescale_owner.rollback()


@pytest.mark.parametrize("late", [range(0), range(1, 60, 2)], ids=["alone", "beside late ones"])
def test_a_correction_of_a_compressed_reading_is_never_lost(
    timescale_owner, timescale_ingest, late
):
    """Whatever plan the server would like: by a bitmap scan 2.22.1 looks past the row."""
    conn = timescale_ingest
    conn.cursor().execute("reset role")
    series = new_series(conn)
    compressed(conn, series, range(0, 60, 2))
    conn.cursor().execute("set role ingest")
    add(conn, series, [Row(START + timedelta(minutes=m), m, 0) for m in late])
    with conn.cursor() as cursor:
        cursor.execute("set local seq_page_cost = 1000000")
        cursor.execute("set local enable_indexscan = off")
        store.replace_reading(conn, reading(series, 2, 1000.0))
        cursor.execute(
            "select value, revision from reading where series_id = %s and observed_at = %s",
            (series, START + timedelta(minutes=2)),
        )
        assert cursor.fetchall() == [(1000.0, 1)]


def test_a_correction_that_changes_nothing_is_an_error_and_not_silence(plain_owner):
    with pytest.raises(LookupError, match=r"S level_m at 2024-01-01T00:02.*0 readings, not one"):
        store.replace_reading(plain_owner, reading(new_series(plain_owner), 2, 1.0))
    plain_owner.rollback()


def test_one_batch_may_correct_any_number_of_compressed_readings(timescale_ingest):
    """Each unpacks up to a thousand rows; the server's own limit is 100,000 a transaction."""
    conn = timescale_ingest
    with conn.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute(
            "insert into reading (series_id, observed_at, value, quality, received_at) "
            "select s, %(start)s + make_interval(mins => m), m, 0, %(start)s "
            "from generate_series(100001, 100101) s, generate_series(0, 999) m",
            {"start": START},
        )
        cursor.execute(COMPRESS)
        conn.commit()
        cursor.execute("set role ingest")
        for series in range(100_001, 100_102):
            store.replace_reading(conn, reading(series, 2, 1000.0))
        cursor.execute("select count(*) from reading where series_id > 100000 and revision = 1")
        assert cursor.fetchone() == (101,)


@pytest.mark.parametrize("statement", all_statements(), ids=str)
def test_every_statement_of_the_program_runs(ground: Connection, statement: Statement):
    refused = refusal(ground, statement)
    if ground_of(ground) == "plain" and "timescaledb_information" in statement.text:
        assert refused is not None  # the program asks it of TimescaleDB only
    else:
        assert refused is None


def test_a_broken_statement_is_noticed(ground):
    """The test above cannot pass by looking away."""
    for text in (
        "select nonsense from reading",
        "insert into reading (series_id, level) values %s",
        "select date_bni('1 day', %(t)s, %(t)s)",
        "lock table nonsense",
    ):
        assert refusal(ground, Statement("example", "X", text)), text


def test_sound_statements_of_every_style_pass(ground):
    for text in (
        "select %(a)s is null or metric = %(a)s from series where id = any(%(ids)s)",
        "insert into department (code, name_zh, name_en) values %s on conflict do nothing",
        "select id from series where (station_id, metric) in %s limit %s",
        "select 100 %% 7, metric like '%%m' from series",
        "update series set metric = v.m from (values %s) as v (i, m) where id = v.i::int",
        "select * from unnest(%s::int[], %s::text[]) as v (a, b)",
        "notify dongtai",
        "select pg_advisory_xact_lock(%s)",
    ):
        assert refusal(ground, Statement("example", "X", text)) is None
