"""python -m ingest import: a history from a file, vetted, resumable; it pages nobody."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from database.heartbeat import wake
from database.pool import Connection
from database.stopping import Stopping
from ingest import store
from ingest.imports import backfill
from ingest.imports import store as import_store
from ingest.imports.backfill import Counts, Place
from ingest.imports.cells import Parsed, Parser
from ingest.imports.derived_history import Memories
from ingest.imports.history import BadFile, Chunk, Table, sha256_of
from ingest.imports.mapping import HistoryMapping
from ingest.imports.progress import Progress
from ingest.imports.store import Run
from ingest.states import STATE, rows_of, states_of

# A batch holds the locks of its series: about so many readings are a fraction of a second.
BATCH_READINGS = 20_000
_LOCK_WAIT_S = 15


class NotBegun(Exception):
    """An import that must not begin, or not go on."""


@dataclass(frozen=True)
class Job:
    path: Path
    mapping: HistoryMapping
    table: Table
    place: Place
    stop: Stopping
    batch_readings: int = BATCH_READINGS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def rows_a_batch(self) -> int:
        return max(1, self.batch_readings // self.mapping.readings_a_row)

    @property
    def mapping_sha256(self) -> str:
        return hashlib.sha256(self.mapping.model_dump_json().encode()).hexdigest()

    def parse(self, chunk: Chunk) -> Parsed:
        place = self.place
        return Parser(self.mapping, place.directory, place.clock, self.clock()).parse(chunk)


def prepared(conn: Connection, job: Job, *, restart: bool) -> Run:
    """The run to go on with, or a new one; the file is ours until the connection ends. Commits."""
    sha256 = sha256_of(job.path)
    for _ in range(_LOCK_WAIT_S * 2):  # a killed import's connection may take a moment to end
        if import_store.take(conn, sha256):
            break
        if job.stop.wait(0.5):
            raise NotBegun("stopped before it began")
    else:
        raise NotBegun(f"{job.path} is being imported by another process; wait for it")
    run = import_store.last_run(conn, sha256, job.mapping_sha256)
    if run is None or restart:
        run = import_store.begin(conn, job.path.name, sha256, job.mapping_sha256)
    conn.commit()
    return run


def bring_in(conn: Connection, job: Job, run: Run) -> Run:
    """Import what is not in yet, batch by batch, each a transaction; the run as it then stands.

    It is finished unless the job was asked to stop. Raises BadFile, NotBegun.
    """
    size, read_before = job.path.stat(), run.read
    memories = recalled(run.memory)
    progress: Progress | None = None
    share = 0.0
    for chunk in job.table.chunks(run.rows_done, job.rows_a_batch):
        if job.stop.is_set():
            break
        progress = progress or Progress(job.path.name, share)
        counts, memories = take_in(conn, job, run, chunk, memories)
        run, share = _after(run, counts, chunk), chunk.share
        progress.show(share, run.read - read_before)
    else:
        now = job.path.stat()
        if (now.st_size, now.st_mtime_ns) != (size.st_size, size.st_mtime_ns):
            raise BadFile(f"{job.path} was changed while it was read; import it again")
        import_store.finish(conn, run)
        wake(conn)
        conn.commit()
        run = replace(run, finished_at=job.clock())
    if progress:
        progress.show(share, run.read - read_before, last=True)
    return run


def take_in(
    conn: Connection, job: Job, run: Run, chunk: Chunk, memories: Memories
) -> tuple[Counts, Memories]:
    """One batch, one transaction; commits."""
    parsed = job.parse(chunk)
    states = store.lock_series(conn, backfill.locked(parsed, job.place.directory))
    planned = backfill.plan(conn, parsed, states, memories, job.place)
    counts = backfill.write(conn, planned, states, job.place)
    refused = [*parsed.refused, *planned.refused]
    counts.read, counts.left_out = parsed.read, parsed.left_out
    counts.refused = sum(one.readings for one in refused)
    if run.rows_done == 0 and counts.read and counts.refused == counts.read:
        conn.rollback()
        raise NotBegun(
            f"nothing was imported, for not one of the first {counts.read:,} readings can be "
            f"taken: {refused[0].reason}. Is the mapping right? See --dry-run"
        )
    import_store.refuse(conn, run, refused)
    kept = remembered(planned.memories)
    import_store.move(conn, run, chunk.until, asdict(counts), kept)
    conn.commit()
    return counts, planned.memories


def _after(run: Run, counts: Counts, chunk: Chunk) -> Run:
    sums = {name: getattr(run, name) + count for name, count in asdict(counts).items()}
    return replace(run, rows_done=chunk.until, **sums)


def remembered(memories: Memories) -> list[Any]:
    """As JSON: what vetting remembers must outlive a killed import."""
    records = states_of([row for _, row in sorted(memories.items())]).tolist()
    return [[None if one != one else one for one in record] for record in records]  # noqa: PLR0124 - NaN


def recalled(memory: list[Any]) -> Memories:
    filled = [tuple(float("nan") if one is None else one for one in record) for record in memory]
    return rows_of(np.array(filled, STATE))
