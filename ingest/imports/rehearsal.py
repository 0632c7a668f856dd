"""What an import would do, without doing it (`--dry-run`)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from database.pool import Connection
from ingest import store
from ingest.columns import moment_of
from ingest.imports import backfill
from ingest.imports.backfill import Plan
from ingest.imports.cells import Parsed
from ingest.imports.derived_history import Memories
from ingest.imports.history import Chunk, Refused
from ingest.imports.run import Job
from sensors.directory import Directory
from sensors.reading import Quality


@dataclass
class Rehearsal:
    """ends: first and last time of each series; marks: how many readings each test would mark."""

    rows: int = 0
    read: int = 0
    left_out: int = 0
    new: int = 0
    duplicates: int = 0
    others: int = 0
    out_of_order: int = 0
    readings: Counter[int] = field(default_factory=Counter)
    ends: dict[int, tuple[int, int]] = field(default_factory=dict)
    marks: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    first_refused: dict[str, Refused] = field(default_factory=dict)

    def add(self, chunk: Chunk, parsed: Parsed, planned: Plan) -> None:
        self.rows = chunk.until
        self.read += parsed.read
        self.left_out += parsed.left_out
        self.new += len(planned.new)
        self.duplicates += planned.duplicates
        self.others += len(planned.others)
        self.out_of_order += planned.out_of_order
        for one in (*parsed.refused, *planned.refused):
            self.refused[one.code] += one.readings
            self.first_refused.setdefault(one.code, one)
        vetted = planned.vetted
        for since, until in zip(vetted.starts().tolist(), vetted.ends().tolist(), strict=True):
            number = int(vetted.series[since])
            first, last = int(vetted.at[since]), int(vetted.at[until])
            before = self.ends.get(number, (first, last))
            self.ends[number] = (min(before[0], first), max(before[1], last))
            self.readings[number] += until - since + 1
        for flag in Quality:
            count = int(np.count_nonzero(vetted.bits & int(flag)))
            if count:
                self.marks[str(flag.name).lower()] += count

    def told(self, directory: Directory) -> Iterator[str]:
        yield f"{self.rows:,} rows, {self.read:,} readings of {len(self.ends)} series"
        for number, count in sorted(self.readings.items()):
            info = directory.by_id[number]
            since, until = (moment_of(at).isoformat() for at in self.ends[number])
            yield f"  {info.station} {info.metric}: {count:,} readings, {since} … {until}"
        yield f"new {self.new:,}, already stored {self.duplicates:,}"
        if self.others:
            yield f"times that come again, or are stored with another value: {self.others:,}"
        if self.left_out:
            yield f"empty cells, or left out by the mapping: {self.left_out:,}"
        if self.out_of_order:
            yield (
                f"older than a reading before them by more than a batch: {self.out_of_order:,}; "
                "these are vetted by range alone. Sort the file by time"
            )
        if self.marks:
            found = ", ".join(f"{name} {count:,}" for name, count in sorted(self.marks.items()))
            yield f"vetting would mark: {found}"
        for code, count in self.refused.most_common():
            yield f"would be refused: {count:,} {code} ({self.first_refused[code].reason})"


def rehearse(conn: Connection, job: Job) -> Rehearsal:
    """Read, vet and compare all; locks are held for a look only, and nothing is written."""
    found, memories = Rehearsal(), Memories()
    for chunk in job.table.chunks(0, job.rows_a_batch):
        if job.stop.is_set():
            break
        parsed = job.parse(chunk)
        states = store.lock_series(conn, backfill.locked(parsed, job.place.directory))
        planned = backfill.plan(conn, parsed, states, memories, job.place)
        conn.rollback()
        memories = planned.memories
        found.add(chunk, parsed, planned)
    return found
