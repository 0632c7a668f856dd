"""Least rights, on both grounds: the public service can read the city's views and nothing else."""

from typing import Any

import psycopg2
import pytest

from database.pool import Connection
from tests.database.district import Row, add, new_series

# A change here is a change of what the public sees.
ALLOW_LIST = {
    "schema_migration",
    "station",
    "series",
    "latest",
    "reading",
    "limit_value",
    "curve",
    "alert",
    "picture",
    "rollup_5m",
    "rollup_1h",
    "rollup_1d",
    "past_day",
    "retention",
    "warning",
}
RELATIONS = """
select n.nspname, c.relname, c.oid::regclass::text from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'v', 'm', 'p', 'f') and n.nspname !~ '^(pg_|information_schema)'
"""
RIGHTS = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
# Who may delete what; nothing else ever loses a row.
DELETED = {
    "ingest": {"delivery", "picture", "quarantine", "message", "canary", "footprint"},
    "staff": {"session", "idempotency", "picture_masked", "picture_released"},
    "public_reader": set(),
}
WRITTEN_ONCE = {
    *("alert_transition", "alert_evidence", "rule_version"),
    *("audit", "reading_revision", "mark", "warning_step", "journal_seal"),
}


def rows(conn: Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def rights(conn: Connection, role: str) -> set[tuple[str, str, str]]:
    """(schema, relation, right) of every table and view of ours that a role can touch."""
    found = set()
    for schema, name, relation in rows(conn, RELATIONS):
        for right in RIGHTS:
            query = "select has_schema_privilege(%s, %s, 'usage'), has_table_privilege(%s, %s, %s)"
            (both,) = rows(conn, query, role, schema, role, relation, right)
            if all(both):
                found.add((str(schema), str(name), right))
    return found


def become(conn: Connection, role: str, schema: str) -> None:
    with conn.cursor() as cursor:
        cursor.execute(f"set role {role}")
        cursor.execute(f"set search_path = {schema}")


def extension_only(relation: tuple[str, str, str]) -> bool:
    return relation[0].startswith(("_timescaledb", "timescaledb"))


def test_the_public_can_read_the_allow_list_and_touch_nothing_else(ground):
    touched = {r for r in rights(ground, "public_reader") if not extension_only(r)}
    assert touched == {("city", name, "select") for name in ALLOW_LIST}


def test_the_public_cannot_read_readings_by_the_back_door_of_chunks(ground):
    """TimescaleDB keeps the readings in tables of its own schema."""
    series = new_series(ground, public=False)
    add(ground, series, [Row(rows(ground, "select now()")[0][0], 1.0, 0)])
    behind = {name for schema, name, _ in rights(ground, "public_reader") if "internal" in schema}
    assert not [name for name in behind if name.startswith(("_hyper", "_mat", "_partial", "_dir"))]


@pytest.mark.parametrize(
    "function", ["pg_try_advisory_lock(bigint)", "pg_advisory_lock(int, int)", "lo_create(oid)"]
)
def test_the_public_can_take_no_lock_that_leads_and_fill_no_disk(ground, function):
    """Whoever held the lock of `alerts` would keep every alerts process from leading."""
    with ground.cursor() as cursor:
        cursor.execute(
            "select has_function_privilege('public_reader', %s, 'execute'),"
            " has_function_privilege('ingest', %s, 'execute')",
            (function, function),
        )
        assert cursor.fetchone() == (False, True)


@pytest.mark.parametrize("name", sorted(ALLOW_LIST))
def test_every_view_of_the_public_answers(ground, name):
    become(ground, "public_reader", "city")
    rows(ground, f"select * from {name} limit 1")


def test_nobody_but_the_owner_changes_the_schema(ground):
    for role in ("ingest", "staff", "public_reader"):
        query = "select has_schema_privilege(%s, 'dongtai', 'create')"
        assert rows(ground, query, role) == [(False,)]
        changed = {right for _, _, right in rights(ground, role)} & {"truncate", "trigger"}
        assert not changed


def test_ingest_cannot_read_passwords_or_sessions(ground):
    readable = {name for _, name, right in rights(ground, "ingest") if right == "select"}
    assert not readable & {"account", "session", "api_token", "idempotency", "wall"}


@pytest.mark.parametrize("role", list(DELETED))
def test_what_was_written_once_stays(ground, role):
    held = {(name, right) for schema, name, right in rights(ground, role) if schema == "dongtai"}
    assert {name for name, right in held if right == "delete"} == DELETED[role]
    assert not held & {(name, "update") for name in WRITTEN_ONCE}


@pytest.mark.parametrize("view", ["reading", "latest", "rollup_1h"])
def test_a_series_that_is_not_public_is_not_there(ground, view):
    hour_ago = rows(ground, "select now() - interval '1 hour'")[0][0]
    shown, hidden = new_series(ground), new_series(ground, public=False)
    for series in (shown, hidden):
        add(ground, series, [Row(hour_ago, 1.0, 0)])
    codes = dict(
        rows(ground, "select q.id, s.code from series q join station s on s.id=station_id")
    )
    become(ground, "public_reader", "city")
    stations = {row[0] for row in rows(ground, f"select station from {view}")}
    assert codes[shown] in stations
    assert codes[hidden] not in stations


def test_the_public_sees_a_delayed_series_later(ground):
    series = new_series(ground, delay_s=600)
    times = "select now() - interval '11 minutes', now() - interval '9 minutes'"
    old, new = rows(ground, times)[0]
    add(ground, series, [Row(old, 1.0, 0), Row(new, 2.0, 0)])
    become(ground, "public_reader", "city")
    query = "select value from reading where series_id = %s"
    assert rows(ground, query, series) == [(1.0,)]
    query = (
        "select l.value from latest l join series s using (station, metric) where series_id = %s"
    )
    assert rows(ground, query, series) == [(1.0,)]


def test_an_unreleased_picture_is_not_there(ground):
    new_series(ground)
    with ground.cursor() as cursor:
        cursor.execute(
            "insert into picture (station_id, taken_at, time_source, received_at, media_type, "
            "width, height, size, sha256) select max(id), now(), 'topic', now(), 'image/jpeg', 1, "
            "1, 1, 'x' from station returning id"
        )
        picture = cursor.fetchone()[0]
        cursor.execute("insert into picture_original values (%s, 'x', 'x')", (picture,))
        cursor.execute(
            "insert into picture_masked values (%s, 'x', 'x', now(), 'blur')", (picture,)
        )
    become(ground, "public_reader", "city")
    assert rows(ground, "select id from picture") == []
    with ground.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute(
            "insert into dongtai.picture_released values (%s, 'x', 'x', now(), 'duty')", (picture,)
        )
    become(ground, "public_reader", "city")
    assert rows(ground, "select id from picture") == [(picture,)]


@pytest.mark.parametrize("hidden", [{"public": False}, {"delay_s": 86_400}], ids=["all", "day"])
def test_a_condition_that_fails_loudly_does_not_give_hidden_rows_away(ground, hidden):
    """Without security_barrier the error of a division by 0 would tell what a hidden row has.

    The value is one that no reading of the other tests on this server has; without nested loops
    the planner reads the whole table, so that it does come past the hidden row.
    """
    series = new_series(ground, **hidden)
    hour_ago = rows(ground, "select now() - interval '1 hour'")[0][0]
    add(ground, series, [Row(hour_ago, -271828.5, 0)])
    become(ground, "public_reader", "city")
    with ground.cursor() as cursor:
        cursor.execute("set local enable_nestloop = off")
    query = "select series_id from reading where 1 / (value + 271828.5) > 0"
    assert (series,) not in rows(ground, query)


def test_the_public_cannot_write_even_through_a_view_that_could_pass_it_on(ground):
    become(ground, "public_reader", "city")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        rows(ground, "delete from schema_migration returning number")
