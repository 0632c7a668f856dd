"""Migrations: once each, in order, under a lock; every disagreement is a sentence."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest

from database.ground import UnfitDatabase, ground_of
from database.lead import Lock
from database.migrate import Applied, Migration, available, migrate, require_current, unapplied
from database.pool import ROLES, connect
from tests.servers.waiting import until


@pytest.fixture
def bare(bare_database):
    conn = connect(bare_database, None, application="test")
    yield conn
    conn.close()


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")


def column(conn, query: str) -> list[object]:
    with conn.cursor() as cursor:
        cursor.execute(query)
        found = [row[0] for row in cursor.fetchall()]
    conn.commit()
    return found


def recorded(conn) -> list[object]:
    return column(conn, "select number from dongtai.schema_migration order by number")


def test_a_second_run_changes_nothing(bare):
    first = migrate(bare)
    assert [m.number for m in first] == recorded(bare)
    assert migrate(bare) == []
    assert [m.number for m in first] == recorded(bare)


def test_two_processes_migrating_at_once_apply_everything_once(bare, bare_database, process):
    both = [process("database", "migrate", DONGTAI_DSN=bare_database.dsn) for _ in range(2)]
    assert [program.wait() for program in both] == [0, 0], [program.said for program in both]
    assert recorded(bare) == [m.number for m in available(ground_of(bare))]
    assert sorted(program.said.count("applied") > 1 for program in both) == [False, True]


def test_a_failed_migration_leaves_no_trace(bare, tmp_path):
    put(tmp_path, "0001_good.sql", "create table one (a int);")
    put(tmp_path, "0002_bad.sql", "create table two (a int); select nonsense;")
    with pytest.raises(psycopg2.Error, match="nonsense"):
        migrate(bare, tmp_path)
    assert recorded(bare) == [1]
    assert column(bare, "select to_regclass('dongtai.two')") == [None]
    put(tmp_path, "0002_bad.sql", "create table two (a int);")
    assert [m.number for m in migrate(bare, tmp_path)] == [2]


def test_a_migration_without_transaction_that_failed_half_way_is_run_again(bare, tmp_path):
    text = (
        "-- transaction: no\n"
        "create table if not exists one (a int);\n"
        "vacuum one;\n"  # refuses a transaction
        "select {};\n"
    )
    put(tmp_path, "0001_steps.sql", text.format("nonsense"))
    with pytest.raises(psycopg2.Error, match="nonsense"):
        migrate(bare, tmp_path)
    assert recorded(bare) == []
    assert column(bare, "select to_regclass('dongtai.one')::text") == ["one"]
    put(tmp_path, "0001_steps.sql", text.format("1"))
    assert [m.number for m in migrate(bare, tmp_path)] == [1]
    assert not bare.autocommit


def test_the_lock_is_free_after_a_failure(bare, bare_database, tmp_path):
    put(tmp_path, "0001_bad.sql", "select nonsense;")
    with pytest.raises(psycopg2.Error, match="nonsense"):
        migrate(bare, tmp_path)
    other = connect(bare_database, None, application="test")
    assert column(other, f"select pg_try_advisory_lock({Lock.MIGRATION})") == [True]
    other.close()


def test_a_lost_connection_is_reported_as_itself(bare, tmp_path):
    put(tmp_path, "0001_cut.sql", "select pg_terminate_backend(pg_backend_pid());")
    with pytest.raises(psycopg2.OperationalError, match="terminat"):
        migrate(bare, tmp_path)


def test_a_migration_that_a_deadlock_ended_is_run_again(bare, bare_database, tmp_path):
    """As with a job of TimescaleDB that refreshes what the migration drops."""
    put(
        tmp_path,
        "0001_two_locks.sql",
        "create table one (a int);"
        "select pg_advisory_xact_lock(1); select pg_advisory_xact_lock(2);",
    )
    job = connect(bare_database, None, application="test")
    column(job, "set deadlock_timeout = '1h'; select pg_advisory_lock(2)")  # the other is ended
    with ThreadPoolExecutor(1) as pool:
        migrated = pool.submit(migrate, bare, tmp_path)
        waits = "select 1 from pg_locks where locktype = 'advisory' and objid = 2 and not granted"
        until(lambda: column(job, waits), "the migration to wait for the job", seconds=30)
        column(job, "select pg_advisory_lock(1)")
        job.close()
        assert [m.number for m in migrated.result(30)] == [1]
    assert recorded(bare) == [1]


def test_every_role_can_ask_whether_the_database_is_current(database):
    for role in ROLES:
        conn = connect(database, role, application="test")
        require_current(conn)
        conn.close()


def test_a_missing_migration_is_refused_with_the_command_to_run(bare):
    with pytest.raises(UnfitDatabase, match=r"0001_places.*python -m database migrate"):
        require_current(bare)


def test_a_changed_file_is_refused(bare, tmp_path):
    put(tmp_path, "0001_one.sql", "create table one (a int);")
    migrate(bare, tmp_path)
    put(tmp_path, "0001_one.sql", "create table one (a bigint);")
    with pytest.raises(UnfitDatabase, match="0001_one was changed after it was applied"):
        migrate(bare, tmp_path)


ONE = Migration(1, "one", None, "select 1")
SAME = Applied("one", ONE.checksum, "any")


@pytest.mark.parametrize(
    ("applied", "sentence"),
    [
        ({1: SAME, 2: Applied("two", "x", "any")}, "0002_two, which this version.*does not know"),
        ({1: Applied("one", ONE.checksum, "plain")}, "migrated as plain and its server is now"),
    ],
)
def test_a_database_of_another_version_or_ground_is_refused(applied, sentence):
    with pytest.raises(UnfitDatabase, match=sentence):
        unapplied([ONE], applied, "timescale")


def test_what_is_applied_is_not_pending():
    two = Migration(2, "two", None, "select 2")
    assert unapplied([ONE, two], {1: SAME}, "plain") == [two]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["1_short.sql"], "1_short.sql: expected NNNN_what"),
        (["0001_a.sql", "0001_b.plain.sql"], "2 migrations for plain have the number 0001"),
    ],
)
def test_a_folder_in_disorder_is_refused(tmp_path, names, sentence):
    for name in names:
        put(tmp_path, name, "select 1;")
    with pytest.raises(UnfitDatabase, match=sentence):
        available("plain", tmp_path)


def test_both_grounds_have_migrations_in_order_without_gaps():
    for ground in ("plain", "timescale"):
        numbers = [m.number for m in available(ground)]
        assert numbers == sorted(numbers)
    both = {m.number for ground in ("plain", "timescale") for m in available(ground)}
    assert both == set(range(1, max(both) + 1))


def test_the_command_says_what_it_did_and_what_is_missing(bare, bare_database, process):
    check = process("database", "check", DONGTAI_DSN=bare_database.dsn)
    assert check.wait() == 1
    assert "missing 0001_places: run `python -m database migrate`" in check.said
    done = process("database", "migrate", DONGTAI_DSN=bare_database.dsn)
    assert done.wait() == 0
    assert f"ground: {ground_of(bare)}" in done.said
    bare.commit()
    again = process("database", "check", DONGTAI_DSN=bare_database.dsn)
    assert again.wait() == 0, again.said


def test_an_unreachable_server_is_a_sentence_not_a_traceback(process):
    program = process("database", "check", DONGTAI_DSN="postgresql://127.0.0.1:1/none")
    assert program.wait() == 1
    assert "Traceback" not in program.said
    assert "127.0.0.1" in program.said
