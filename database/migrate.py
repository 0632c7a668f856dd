"""Numbered SQL files, applied once each, in order, under a lock; refusal in clear sentences."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from database.pool import Connection

FOLDER = Path(__file__).parent / "migrations"
_NAME = re.compile(r"^(\d{4})_([a-z_0-9]+?)(?:\.(timescale|plain))?\.sql$")
_LOCK = 7_302_511  # any fixed number: two migrating processes wait for each other

# ON CONFLICT DO NOTHING into a compressed chunk lost rows before 2.18.1 (timescaledb issue 7672);
# 2.22 is the oldest version that the design was measured on.
MIN_POSTGRES, MIN_TIMESCALE = 150000, (2, 22)


class UnfitDatabase(Exception):
    """The server cannot carry Dongtai; the message says why and what would be right."""


@dataclass(frozen=True)
class Migration:
    number: int
    name: str
    ground: str | None
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return "-- transaction: no" not in self.text

    def statements(self) -> list[str]:
        """The single statements of a file that must not run in one transaction."""
        return [part.strip() for part in self.text.split(";\n") if _without_comments(part)]


def ground_of(conn: Connection) -> str:
    """`timescale` or `plain`; raises UnfitDatabase where the server is too old or half-built."""
    with conn.cursor() as cursor:
        if conn.server_version < MIN_POSTGRES:
            raise UnfitDatabase(
                f"PostgreSQL {conn.server_version // 10000} is too old: Dongtai needs "
                f"{MIN_POSTGRES // 10000} or newer"
            )
        cursor.execute("select extversion from pg_extension where extname = 'timescaledb'")
        row = cursor.fetchone()
        if row is None:
            return "plain"
        _check_timescale(row[0])
        cursor.execute("select current_setting('timescaledb.license', true)")
        license_row = cursor.fetchone()
    if license_row and license_row[0] == "apache":
        raise UnfitDatabase(
            "this TimescaleDB is the Apache build (timescaledb.license = apache): continuous "
            "aggregates and compression are missing; install the TSL build, "
            "or drop the extension to run on plain PostgreSQL"
        )
    return "timescale"


def _check_timescale(version: str) -> None:
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < MIN_TIMESCALE:
        raise UnfitDatabase(
            f"TimescaleDB {version} is too old: Dongtai needs "
            f"{'.'.join(map(str, MIN_TIMESCALE))} or newer (before 2.18.1 a late reading could be "
            "lost: timescaledb issue 7672)"
        )


def available(ground: str, folder: Path = FOLDER) -> list[Migration]:
    """The migrations for a ground, in order."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise UnfitDatabase(f"{path.name}: expected NNNN_what[.timescale|.plain].sql")
        migration = Migration(int(match[1]), match[2], match[3], path.read_text("utf-8"))
        if migration.ground in (None, ground):
            found.append(migration)
    return found


def pending(conn: Connection) -> list[Migration]:
    """What is still to be applied; raises UnfitDatabase when an applied file was changed."""
    ground = ground_of(conn)
    applied = _applied(conn)
    todo = []
    for migration in available(ground):
        known = applied.get(migration.number)
        if known is None:
            todo.append(migration)
        elif known != migration.checksum:
            raise UnfitDatabase(
                f"migration {migration.number:04d}_{migration.name} was changed after it was "
                "applied here; restore the file and put the change into a new migration"
            )
    return todo


def migrate(conn: Connection) -> list[Migration]:
    """Apply what is pending, as the owner, and return it. Safe to run by several at once."""
    with conn.cursor() as cursor:
        cursor.execute("create schema if not exists dongtai")
        cursor.execute("select pg_advisory_lock(%s)", (_LOCK,))
        cursor.execute(
            "create table if not exists dongtai.schema_migration (number integer primary key, "
            "name text not null, checksum text not null, ground text not null, "
            "applied_at timestamptz not null default now())"
        )
    conn.commit()
    try:
        done = pending(conn)
        for migration in done:
            _apply(conn, migration)
    finally:
        conn.rollback()
        with conn.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", (_LOCK,))
        conn.commit()
    return done


def require_current(conn: Connection) -> None:
    """Refuse a database on which a migration is missing."""
    missing = pending(conn)
    conn.rollback()
    if missing:
        names = ", ".join(f"{m.number:04d}_{m.name}" for m in missing)
        raise UnfitDatabase(
            f"the database lacks {len(missing)} migrations ({names}): "
            "run `python -m database migrate` first"
        )


def _applied(conn: Connection) -> dict[int, str]:
    with conn.cursor() as cursor:
        cursor.execute("select to_regclass('dongtai.schema_migration') is not null")
        row = cursor.fetchone()
        if not (row and row[0]):
            return {}
        cursor.execute("select number, checksum from dongtai.schema_migration")
        return dict(cursor.fetchall())


def _apply(conn: Connection, migration: Migration) -> None:
    conn.rollback()
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
            conn.autocommit = False
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into dongtai.schema_migration (number, name, checksum, ground) "
            "values (%s, %s, %s, %s)",
            (migration.number, migration.name, migration.checksum, migration.ground or "any"),
        )
    conn.commit()


def _without_comments(part: str) -> str:
    return re.sub(r"--[^\n]*", "", part).strip(" \n;")
