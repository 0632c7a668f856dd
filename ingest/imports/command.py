"""The command line of an import: what is asked, and what came of it in words."""

import argparse
import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
from pydantic import ValidationError

import config
from alerts.judging import Judge
from config import BadConfig, Document, Mistake
from database.migrate import UnfitDatabase
from database.pool import Connection
from database.stopping import Stopping
from ingest.imports import store as import_store
from ingest.imports.backfill import Place
from ingest.imports.history import BadFile, Table, table_of
from ingest.imports.mapping import HistoryMapping
from ingest.imports.rehearsal import rehearse
from ingest.imports.run import BATCH_READINGS, Job, NotBegun, bring_in, prepared
from ingest.imports.store import Run
from sensors.settings import SensorsSettings
from sensors.store import load_directory

DONE, FAILED, WRONG, SOME_REFUSED, STOPPED = 0, 1, 2, 3, 130
FLAGS = Path("the command line")


def main(arguments: list[str], prepare: Callable[[config.Config], Connection]) -> int:
    """0 all is in; 1 it failed; 2 the mapping is wrong; 3 some were refused; 130 stopped."""
    asked = parser().parse_args(arguments)
    settings = config.load_or_exit(asked.config)
    try:
        document = mapping_of(asked)
        table = table_of(asked.file, document.found)
        conn = prepare(settings)
        directory = load_directory(conn)
        document.refuse(document.found.mistakes(table.header, directory))
        clock = settings.section(SensorsSettings).clock
        place = Place(directory, clock, Judge.load(conn), f"import {asked.file.name}")
        conn.commit()
        job = Job(asked.file, document.found, table, place, Stopping().listen(), asked.batch)
        _tell_unread(table, job)
        return _rehearsed(conn, job) if asked.dry_run else _imported(conn, job, asked)
    except (BadConfig, ValidationError) as error:
        print(f"import: {error}", file=sys.stderr)
        return WRONG
    except (NotBegun, BadFile, OSError, UnfitDatabase) as error:
        print(f"import: {error}", file=sys.stderr)
        return FAILED
    except psycopg2.Error as error:
        print(f"import: {str(error).strip()}\nThe same command goes on.", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m ingest import", description=__doc__)
    found.add_argument("file", type=Path, help="CSV or Parquet")
    found.add_argument("--map", type=Path, help="what its columns mean (YAML; docs/import.md)")
    found.add_argument("--station", help="instead of --map: the station of all rows")
    found.add_argument("--time", help="instead of --map: the column with the time")
    found.add_argument("--time-format", help="iso, unix_s, unix_ms, or such as %%Y-%%m-%%d %%H:%%M")
    found.add_argument("--time-zone", help="of times that name none, such as Asia/Shanghai")
    found.add_argument(
        "--column",
        action="append",
        metavar="NAME=METRIC[:UNIT]",
        help="instead of --map: a column of values, and its unit in the file; may be repeated",
    )
    found.add_argument(
        "--batch",
        type=int,
        default=BATCH_READINGS,
        help=f"readings a transaction, whose series are locked so long ({BATCH_READINGS})",
    )
    found.add_argument(
        "--dry-run", action="store_true", help="say what would happen, change nothing"
    )
    found.add_argument("--restart", action="store_true", help="begin with the first row again")
    found.add_argument("--rejects", type=Path, help="what is refused (FILE.rejects.csv)")
    config.add_argument(found)
    return found


def mapping_of(asked: argparse.Namespace) -> Document[HistoryMapping]:
    """By the file of --map, or by the flags. Raises BadConfig."""
    flags = {
        "station": asked.station,
        "time": asked.time,
        "time_format": asked.time_format,
        "time_zone": asked.time_zone,
        "columns": dict(_column(text) for text in asked.column) if asked.column else None,
    }
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    if asked.map is not None:
        if given:
            problem = "either --map, or the columns by flags, not both"
            raise BadConfig(FLAGS, [Mistake((min(given),), given[min(given)], problem)])
        return config.load_document(asked.map, HistoryMapping)
    try:
        return Document(FLAGS, HistoryMapping.model_validate(given), {})
    except ValidationError as error:
        raise BadConfig(
            FLAGS,
            [
                Mistake(one["loc"], "", one["msg"].removeprefix("Value error, "))
                for one in error.errors()
            ],
        ) from None


def _column(text: str) -> tuple[str, dict[str, str]]:
    name, equals, meaning = text.rpartition("=")
    if not equals:
        problem = "expected NAME=METRIC, such as level=level_m, or NAME=METRIC:UNIT"
        raise BadConfig(FLAGS, [Mistake(("column",), text, problem)])
    metric, _, unit = meaning.partition(":")
    return name, {"metric": metric, "unit": unit} if unit else {"metric": metric}


def _tell_unread(table: Table, job: Job) -> None:
    unread = [name for name in table.header if name not in job.mapping.read]
    if unread:
        print(f"columns that the mapping does not name are not read: {', '.join(unread)}")


def _rehearsed(conn: Connection, job: Job) -> int:
    found = rehearse(conn, job)
    for line in found.told(job.place.directory):
        print(line)
    print("nothing was changed (--dry-run)")
    return SOME_REFUSED if found.refused else DONE


def _imported(conn: Connection, job: Job, asked: argparse.Namespace) -> int:
    run = prepared(conn, job, restart=asked.restart)
    for line in _opening(conn, job, run):
        print(line)
    if run.finished_at is None:
        try:
            run = bring_in(conn, job, run)
        finally:
            conn.rollback()
    for line in told(run):
        print(line)
    if run.refused:
        _write_rejects(conn, run, asked.rejects or Path(f"{job.path}.rejects.csv"))
    if run.finished_at is None:
        print(
            f"stopped after row {run.rows_done:,}; the same command goes on from there",
            file=sys.stderr,
        )
        return STOPPED
    return SOME_REFUSED if run.refused else DONE


def _opening(conn: Connection, job: Job, run: Run) -> Iterator[str]:
    name = job.path.name
    if run.finished_at is not None:
        at = run.finished_at.isoformat(timespec="seconds")
        yield f"{name} was imported already, at {at}; --restart imports it again. Then it was:"
    elif run.rows_done:
        yield f"{name}: going on after row {run.rows_done:,}"
    others = import_store.other_runs(conn, run.file_sha256, job.mapping_sha256)
    if others:
        yield f"{name} was imported {others} times by another mapping"


def told(run: Run) -> Iterator[str]:
    """The sum, which must balance."""
    yield (
        f"read {run.read:,} = {run.stored:,} stored + {run.duplicate:,} duplicate + "
        f"{run.revised:,} revised + {run.refused:,} refused; gap {run.gap:,}"
    )
    yield (
        f"beside: {run.rows_done:,} rows, {run.left_out:,} cells empty or left out, "
        f"{run.derived:,} readings derived"
    )


def _write_rejects(conn: Connection, run: Run, path: Path) -> None:
    for code, count, reason in import_store.reasons(conn, run):
        print(f"refused: {count:,} {code} (the first: {reason})")
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("row", "readings", "code", "reason", "content"))
            rows.writerows(import_store.refused_of(conn, run))
    except OSError as error:
        print(f"{error}: they are in the table import_refused, run {run.id}", file=sys.stderr)
    else:
        print(f"each of them, with its row and reason: {path}")
