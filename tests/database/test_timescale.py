"""One schema, two grounds: TimescaleDB takes every migration and every query of the program."""

from datetime import UTC, datetime, timedelta

import pytest

from database.ground import ground_of
from database.migrate import available, migrate, pending
from database.pool import Connection
from tests.database.district import Row, add, new_series
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


def test_both_grounds_have_the_same_names_and_types(owner, timescale_owner):
    assert found(owner, NAMES) == found(timescale_owner, NAMES)


def test_both_grounds_keep_the_same_rules(owner, timescale_owner):
    assert found(owner, RULES) == found(timescale_owner, RULES)


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


@pytest.mark.parametrize("role", ["ingest", None])
def test_late_readings_into_a_compressed_chunk_are_neither_lost_nor_doubled(timescale_owner, role):
    """ON CONFLICT DO NOTHING lost rows there before 2.18.1: timescaledb issue 7672."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    series = new_series(timescale_owner)
    add(timescale_owner, series, [Row(start + timedelta(minutes=m), m, 0) for m in range(0, 60, 2)])
    timescale_owner.commit()
    with timescale_owner.cursor() as cursor:
        cursor.execute(
            "select public.compress_chunk(c, true) from public.show_chunks('reading', "
            "older_than => timestamptz '2025-01-01') c"
        )
        assert cursor.fetchall()
        cursor.execute(f"set role {role or 'none'}")
        values = [(series, start + timedelta(minutes=m), m, start) for m in range(60)]
        for value in values:
            cursor.execute(
                "insert into reading (series_id, observed_at, value, quality, received_at) "
                "values (%s, %s, %s, 0, %s) on conflict do nothing",
                value,
            )
        cursor.execute("select count(*), sum(value) from reading where series_id = %s", (series,))
        assert cursor.fetchone() == (60, sum(range(60)))
        cursor.execute(
            "update reading set value = 1000, revision = 1 where series_id = %s and value = 2",
            (series,),
        )
        assert cursor.rowcount == 1
        cursor.execute("reset role")
    timescale_owner.commit()


@pytest.mark.parametrize("statement", all_statements(), ids=str)
def test_every_statement_of_the_program_runs(ground: Connection, statement: Statement):
    assert refusal(ground, statement) is None


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
