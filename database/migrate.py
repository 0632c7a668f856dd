"""Numbered SQL files, applied once each, in order, under a lock; refusal in clear sentences."""

import contextlib
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

from database.ground import UnfitDatabase, extension_schema, ground_of
from database.lead import Lock
from database.pool import Connection

__all__ = ["Migration", "UnfitDatabase", "available", "migrate", "pending", "require_current"]

FOLDER = Path(__file__).parent / "migrations"
_NAME = re.compile(r"^(\d{4})_([a-z_0-9]+?)(?:\.(timescale|plain))?\.sql$")
_TRIES = 5

# Unqualified: the public service finds the view of that name in its own schema.
_HAS_RECORD = "select to_regclass('schema_migration') is not null"
_RECORDED = "select number, name, checksum, ground from schema_migration"
_RECORD = (
    "insert into dongtai.schema_migration (number, name, checksum, ground) values (%s, %s, %s, %s)"
)
_PREPARE = """
create schema if not exists dongtai;
create table if not exists dongtai.schema_migration (
    number integer primary key, name text not null, checksum text not null,
    ground text not null, applied_at timestamptz not null default now())
"""


@dataclass(frozen=True)
class Migration:
    """One file. ground: the only ground it is for, or None for both."""

    number: int
    name: str
    ground: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.number:04d}_{self.name}"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        """False for a file marked `-- transaction: no`: some statements refuse a transaction.

        Such a file may fail half-way and is then run again from its start: each of its statements
        must bear that (`if not exists`).
        """
        return "-- transaction: no" not in self.text

    def statements(self) -> list[str]:
        """The single statements of such a file; each ends with `;` at the end of a line."""
        return [part.strip() for part in self.text.split(";\n") if _without_comments(part)]


@dataclass(frozen=True)
class Applied:
    """What the database says about a migration that it has."""

    name: str
    checksum: str
    ground: str


def available(ground: str, folder: Path = FOLDER) -> list[Migration]:
    """The migrations for a ground, in order; raises UnfitDatabase on a folder in disorder."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise UnfitDatabase(f"{path.name}: expected NNNN_what[.timescale|.plain].sql")
        migration = Migration(int(match[1]), match[2], match[3], path.read_text("utf-8"))
        if migration.ground in (None, ground):
            found.append(migration)
    for number, times in Counter(migration.number for migration in found).items():
        if times > 1:
            raise UnfitDatabase(f"{times} migrations for {ground} have the number {number:04d}")
    return found


def pending(conn: Connection, folder: Path = FOLDER) -> list[Migration]:
    """What is still to be applied. Raises UnfitDatabase where program and database disagree."""
    ground = ground_of(conn)
    return unapplied(available(ground, folder), _applied(conn), ground)


def unapplied(
    files: list[Migration], applied: Mapping[int, Applied], ground: str
) -> list[Migration]:
    """The files that the database lacks; raises UnfitDatabase on any other difference."""
    for number, known in sorted(applied.items()):
        if known.ground not in ("any", ground):
            raise UnfitDatabase(
                f"this database was migrated as {known.ground} and its server is now {ground}: "
                "a database keeps its ground; dump the data and load them into a new database"
            )
        if number not in {migration.number for migration in files}:
            raise UnfitDatabase(
                f"the database has migration {number:04d}_{known.name}, which this version of the "
                "program does not know: install the version that applied it, or a newer one"
            )
    todo = []
    for migration in files:
        if migration.number not in applied:
            todo.append(migration)
        elif applied[migration.number].checksum != migration.checksum:
            raise UnfitDatabase(
                f"migration {migration} was changed after it was applied here; "
                "restore the file and put the change into a new migration"
            )
    return todo


def migrate(conn: Connection, folder: Path = FOLDER) -> list[Migration]:
    """Apply what is pending, as the owner, and return it. Safe to run by several at once."""
    with _alone(conn):
        ground_of(conn)  # refuses before anything is written
        with conn.cursor() as cursor:
            cursor.execute(_PREPARE)
        conn.commit()
        done = pending(conn, folder)
        conn.rollback()
        for migration in done:
            _apply(conn, migration)
    return done


def require_current(conn: Connection) -> None:
    """Refuse a database on which a migration is missing."""
    missing = pending(conn)
    conn.rollback()
    if missing:
        raise UnfitDatabase(
            f"the database lacks {len(missing)} migrations ({', '.join(map(str, missing))}): "
            "run `python -m database migrate` first"
        )


@contextlib.contextmanager
def _alone(conn: Connection) -> Iterator[None]:
    """Hold the migration lock of this database; a second process waits here for the first."""
    with conn.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (Lock.MIGRATION,))
        _reach_extension(conn)
    conn.commit()
    try:
        yield
    finally:
        # Where the connection is gone the server has released the lock, and the first error counts.
        with contextlib.suppress(psycopg2.Error):
            conn.rollback()
            with conn.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", (Lock.MIGRATION,))
            conn.commit()


def _reach_extension(conn: Connection) -> None:
    """Migrations name TimescaleDB's functions plainly, whatever schema it was installed in."""
    path = ["dongtai", *filter(None, [extension_schema(conn)])]
    with conn.cursor() as cursor:
        names = sql.SQL(", ").join(map(sql.Identifier, path))
        cursor.execute(sql.SQL("set search_path = {}").format(names))


def _applied(conn: Connection) -> dict[int, Applied]:
    with conn.cursor() as cursor:
        cursor.execute(_HAS_RECORD)
        row = cursor.fetchone()
        if not (row and row[0]):
            return {}
        cursor.execute(_RECORDED)
        return {number: Applied(*rest) for number, *rest in cursor.fetchall()}


def _apply(conn: Connection, migration: Migration) -> None:
    """Run one file, again where a deadlock ended it and left nothing of it.

    TimescaleDB's jobs run meanwhile: one that refreshes a roll-up while a migration drops it waits
    for the migration, which waits for the job, and the server ends either.
    """
    for left in reversed(range(_TRIES)):
        try:
            _run(conn, migration)
        except psycopg2.errors.DeadlockDetected:
            if not left:
                raise
            conn.rollback()
        else:
            break


def _run(conn: Connection, migration: Migration) -> None:
    """One file and its record: in one transaction, or statement by statement where it must be."""
    if migration.in_transaction:
        with conn.cursor() as cursor:
            cursor.execute(migration.text)
    else:
        conn.autocommit = True
        try:
            with conn.cursor() as cursor:
                for statement in migration.statements():
                    cursor.execute(statement)
        finally:
            with contextlib.suppress(psycopg2.Error):
                conn.autocommit = False
    with conn.cursor() as cursor:
        record = (migration.number, migration.name, migration.checksum, migration.ground or "any")
        cursor.execute(_RECORD, record)
    conn.commit()


def _without_comments(part: str) -> str:
    return re.sub(r"--[^\n]*", "", part).strip(" \n;")
