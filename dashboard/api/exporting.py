"""A series' raw readings as a file, made block by block: CSV, or Parquet a row group a block.

Each block is a question of its own: a reader who is slow, or gone, holds neither a connection of
the pool nor an old snapshot, and memory does not grow with the file.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from dashboard import store
from dashboard.shapes import iso
from database.pool import Pool
from sensors.reading import Origin, Quality

Format = Literal["csv", "parquet"]
Row = tuple[Any, ...]

_COLUMNS = ("t", "value", "quality", "quality_bits", "revision", "origin", "received_at")
_MOMENT = timedelta(microseconds=1)
# A row group is compressed by itself: a few thousand rows would waste its head.
_CSV_BLOCK, _PARQUET_BLOCK = 10_000, 50_000
_UTC = pa.timestamp("us", tz="UTC")
_WORD = pa.dictionary(pa.int8(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("t", _UTC, nullable=False),
        pa.field("value", pa.float64()),
        pa.field("quality", _WORD, nullable=False),
        pa.field("quality_bits", pa.int16(), nullable=False),
        pa.field("revision", pa.int16(), nullable=False),
        pa.field("origin", _WORD, nullable=False),
        pa.field("received_at", _UTC, nullable=False),
    ]
)


def csv_blocks(
    pool: Pool, series: store.SeriesRow, since: datetime, until: datetime
) -> Iterator[str]:
    """RFC 4180; times in ISO 8601, what is unknown is an empty cell."""
    yield _lines([_COLUMNS])
    for rows in _blocks(pool, series, since, until, _CSV_BLOCK):
        yield _lines((iso(row[0]), *row[1:6], iso(row[6])) for row in rows)


def parquet_blocks(
    pool: Pool, series: store.SeriesRow, since: datetime, until: datetime
) -> Iterator[bytes]:
    """A row group at a time; the last bytes are the foot, which makes it a whole file."""
    out = _Outlet()
    schema = SCHEMA.with_metadata({"metric": series.metric, "unit": series.unit})
    with pq.ParquetWriter(pa.PythonFile(out, mode="w"), schema, compression="zstd") as writer:
        for rows in _blocks(pool, series, since, until, _PARQUET_BLOCK):
            writer.write_table(_table(rows, schema))
            yield out.taken()
    yield out.taken()


def _table(rows: Iterable[Row], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


@dataclass(frozen=True, slots=True)
class Kind:
    blocks: Callable[[Pool, store.SeriesRow, datetime, datetime], Iterator[str] | Iterator[bytes]]
    media_type: str


KINDS: dict[Format, Kind] = {
    "csv": Kind(csv_blocks, "text/csv; charset=utf-8"),
    "parquet": Kind(parquet_blocks, "application/vnd.apache.parquet"),
}


class _Outlet(io.RawIOBase):
    """A file that is handed on as it is written; it knows how long it is."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        part = bytes(content)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        return self._length

    def taken(self) -> bytes:
        """What was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


def _blocks(
    pool: Pool, series: store.SeriesRow, since: datetime, until: datetime, size: int
) -> Iterator[list[Row]]:
    """Rows as `_COLUMNS` has them, so many at a time."""
    while True:
        with pool.transaction() as conn:
            rows = store.export(conn, series, since, until, size)
        if rows:
            yield [_row(*row) for row in rows]
            since = rows[-1][0] + _MOMENT
        if len(rows) < size:
            return


def _row(
    at: datetime, value: float | None, quality: int, revision: int, origin: int, came: datetime
) -> Row:
    return at, value, Quality(quality).word, quality, revision, Origin(origin).word, came


def _lines(rows: Iterable[Row]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
