"""SQL of imports: how far each has come, what was refused. Functions never commit."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from psycopg2.extras import execute_values

from database import lead
from database.pool import Connection
from ingest.columns import Columns
from ingest.imports.history import Refused
from sensors.reading import Quality
from sensors.vetting import Mask

LAST_RUN = """
select id, file_sha256, rows_done, read, stored, duplicate, revised, refused, left_out,
       derived, memory, started_at, finished_at
  from import_run
 where file_sha256 = %(file)s and mapping_sha256 = %(mapping)s
 order by id desc limit 1
"""
OTHER_RUNS = """
select count(*) from import_run
 where file_sha256 = %(file)s and mapping_sha256 <> %(mapping)s and rows_done > 0
"""
BEGIN = """
insert into import_run (file_name, file_sha256, mapping_sha256)
values (%(name)s, %(file)s, %(mapping)s)
returning id, started_at
"""
MOVE = """
update import_run
   set rows_done = %(rows_done)s, read = read + %(read)s, stored = stored + %(stored)s,
       duplicate = duplicate + %(duplicate)s, revised = revised + %(revised)s,
       refused = refused + %(refused)s, left_out = left_out + %(left_out)s,
       derived = derived + %(derived)s, memory = %(memory)s, moved_at = clock_timestamp()
 where id = %(id)s and rows_done = %(from)s
"""
FINISH = """
update import_run set finished_at = clock_timestamp(), memory = '[]' where id = %(id)s
"""
REFUSE = """
insert into import_refused (run_id, row_number, readings, code, reason, content) values %s
"""
REFUSED = """
select id, row_number, readings, code, reason, content from import_refused
 where run_id = %(id)s and id > %(after)s order by id limit 10000
"""
REASONS = """
select code, sum(readings)::bigint, (array_agg(reason order by id))[1] from import_refused
 where run_id = %(id)s group by code order by 2 desc
"""
# The constants around what is looked for let the planner leave out partitions.
STORED_AMONG = """
select k.place, r.value, r.quality
  from unnest(%(series)s::integer[], %(at)s::bigint[]) with ordinality
       as k (series_id, at, place)
  join reading r
    on r.series_id = k.series_id
   and r.observed_at = 'epoch'::timestamptz + k.at * interval '1 microsecond'
   and r.observed_at between 'epoch'::timestamptz + %(first)s * interval '1 microsecond'
                         and 'epoch'::timestamptz + %(last)s * interval '1 microsecond'
"""
_SAID = int(Quality.MISSING | Quality.DEVICE)


@dataclass(frozen=True)
class Run:
    """A run as it stands. rows_done: rows of the file that are in; the rest counts readings."""

    id: int
    file_sha256: str
    rows_done: int
    read: int
    stored: int
    duplicate: int
    revised: int
    refused: int
    left_out: int
    derived: int
    memory: Any
    started_at: datetime
    finished_at: datetime | None

    @property
    def gap(self) -> int:
        """Readings unaccounted for: must be zero."""
        return self.read - self.stored - self.duplicate - self.revised - self.refused


def take(conn: Connection, sha256: str) -> bool:
    """Whether nobody else imports the file."""
    return lead.take(conn, lead.Lock.IMPORT, sha256)


def last_run(conn: Connection, file: str, mapping: str) -> Run | None:
    rows = _rows(conn, LAST_RUN, {"file": file, "mapping": mapping})
    return Run(*rows[0]) if rows else None


def other_runs(conn: Connection, file: str, mapping: str) -> int:
    """How often the file was imported by another mapping."""
    return int(_rows(conn, OTHER_RUNS, {"file": file, "mapping": mapping})[0][0])


def begin(conn: Connection, name: str, file: str, mapping: str) -> Run:
    ((number, started_at),) = _rows(conn, BEGIN, {"name": name, "file": file, "mapping": mapping})
    return Run(number, file, 0, 0, 0, 0, 0, 0, 0, 0, [], started_at, None)


def move(
    conn: Connection, run: Run, rows_done: int, counts: Mapping[str, int], memory: list[Any]
) -> None:
    """Move the run on, from where it is known to be."""
    values = {**counts, "id": run.id, "rows_done": rows_done, "from": run.rows_done}
    with conn.cursor() as cursor:
        cursor.execute(MOVE, {**values, "memory": orjson.dumps(memory).decode()})
        if cursor.rowcount != 1:
            raise LookupError(f"import {run.id} is not at row {run.rows_done} any more")


def finish(conn: Connection, run: Run) -> None:
    with conn.cursor() as cursor:
        cursor.execute(FINISH, {"id": run.id})


def refuse(conn: Connection, run: Run, refused: Iterable[Refused]) -> None:
    rows = [
        (run.id, one.row, one.readings, one.code, _text(one.reason), _text(one.content))
        for one in refused
    ]
    if rows:
        with conn.cursor() as cursor:
            execute_values(cursor, REFUSE, rows, page_size=1000)


def refused_of(conn: Connection, run: Run) -> Iterator[tuple[int, int, str, str, str]]:
    """Row, readings, code, reason, content of all that was refused, in constant memory."""
    after = 0
    while rows := _rows(conn, REFUSED, {"id": run.id, "after": after}):
        yield from (row[1:] for row in rows)
        after = rows[-1][0]


def reasons(conn: Connection, run: Run) -> list[tuple[str, int, str]]:
    """Code, how many readings, the first reason."""
    return _rows(conn, REASONS, {"id": run.id})


def stored_among(conn: Connection, columns: Columns) -> tuple[Mask, Mask]:
    """Which of these are stored already, and of which the stored one says the same."""
    known = np.zeros(len(columns), np.bool_)
    same = known.copy()
    if not len(columns):
        return known, same
    asked = {
        "series": _array(columns.series),
        "at": _array(columns.at),
        "first": int(columns.at.min()),
        "last": int(columns.at.max()),
    }
    for place, value, quality in _rows(conn, STORED_AMONG, asked):
        here = place - 1
        known[here] = True
        own = columns.value[here]
        equal = np.isnan(own) if value is None else own == value
        same[here] = equal and (int(columns.bits[here]) ^ quality) & _SAID == 0
    return known, same


def _rows(conn: Connection, statement: str, values: Mapping[str, Any]) -> list[Any]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _array(values: Any) -> str:
    return "{" + ",".join(map(str, values.tolist())) + "}"


def _text(value: str) -> str:
    """PostgreSQL text holds no NUL character and no lone surrogate."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
