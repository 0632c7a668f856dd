"""The files of a history, CSV or Parquet, chunk by chunk in constant memory."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import parquet

from ingest.imports.mapping import HistoryMapping

# An unclosed quote makes the rest of a file one cell: this says so instead of reading on.
LONGEST_CELL = 100_000
_PARQUET = b"PAR1"
_KEEP = 2000


class BadFile(Exception):
    """A file that cannot be read (further)."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Readings of one row that are not taken. row: 1 is the first after the header."""

    row: int
    code: str
    reason: str
    content: str
    readings: int = 1


@dataclass(frozen=True)
class Chunk:
    """Rows of a file. rows: their numbers; cells: by column, None where there is nothing.

    until: the number of the chunk's last row, whether it could be read or not; share: how much of
    the file is behind it, 0 to 1.
    """

    rows: Sequence[int]
    cells: Mapping[str, Sequence[Any]]
    until: int
    share: float
    refused: list[Refused] = field(default_factory=list)

    def content(self, place: int) -> str:
        """A row as the file has it, of what is read."""
        return ",".join(str(column[place]) for column in self.cells.values())[:_KEEP]


class Table(Protocol):
    header: list[str]

    def chunks(self, done: int, size: int) -> Iterator[Chunk]:
        """What follows the first `done` rows, so many rows at a time. Raises BadFile."""


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def table_of(path: Path, mapping: HistoryMapping) -> Table:
    """Parquet by its first bytes, anything else is text."""
    with path.open("rb") as file:
        is_parquet = file.read(4) == _PARQUET
    return ParquetTable(path, mapping) if is_parquet else CsvTable(path, mapping)


class CsvTable:
    def __init__(self, path: Path, mapping: HistoryMapping) -> None:
        self._path, self._mapping = path, mapping
        if mapping.header is not None:
            self.header = list(mapping.header)
        else:
            self.header = [name.strip() for name in next(self._lines(), ([], 0.0))[0]]
        if not self.header:
            raise BadFile(f"{path} is empty: the first line must name the columns")
        if twice := {name for name in mapping.read if self.header.count(name) > 1}:
            raise BadFile(f"{path} has two columns {min(twice)!r}; rename one of them")

    def chunks(self, done: int, size: int) -> Iterator[Chunk]:
        lines = self._lines()
        start = done + (self._mapping.header is None)
        remaining = enumerate(islice(lines, start, None), start=done + 1)
        while taken := list(islice(remaining, size)):
            yield self._chunk(taken)

    def _chunk(self, taken: list[tuple[int, tuple[list[str], float]]]) -> Chunk:
        width = len(self.header)
        whole = [(row, cells) for row, (cells, _) in taken if len(cells) == width]
        refused = [
            self._ragged(row, cells) for row, (cells, _) in taken if cells and len(cells) != width
        ]
        columns = list(zip(*(cells for _, cells in whole), strict=True)) or [()] * width
        read = {name: columns[self.header.index(name)] for name in self._mapping.read}
        until, (_, share) = taken[-1]
        return Chunk([row for row, _ in whole], read, until, share, refused)

    def _ragged(self, row: int, cells: list[str]) -> Refused:
        reason = f"row {row} has {len(cells)} cells, the header {len(self.header)}"
        content = self._mapping.delimiter.join(cells)[:_KEEP]
        return Refused(row, "ragged", reason, content, self._mapping.readings_a_row)

    def _lines(self) -> Iterator[tuple[list[str], float]]:
        """Each row, and how much of the file is behind it; a blank line is a row without cells."""
        csv.field_size_limit(LONGEST_CELL)
        size = max(1, self._path.stat().st_size)
        encoding = self._mapping.encoding
        with self._path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self._mapping.delimiter)
            try:
                for cells in reader:
                    yield cells, file.buffer.raw.tell() / size  # type: ignore[attr-defined]  # a BufferedReader
            except UnicodeDecodeError as error:
                raise BadFile(
                    f"{self._path}, after line {reader.line_num}: not {encoding}; "
                    "say `encoding`, for example gb18030"
                ) from error
            except csv.Error as error:
                raise BadFile(
                    f"{self._path}, line {reader.line_num}: {error}; is a quote not closed?"
                ) from error


class ParquetTable:
    def __init__(self, path: Path, mapping: HistoryMapping) -> None:
        self._path, self._mapping = path, mapping
        with self._open() as file:
            self.header = list(file.schema_arrow.names)

    def chunks(self, done: int, size: int) -> Iterator[Chunk]:
        with self._open() as file:
            metadata = file.metadata
            groups, behind = 0, 0
            while groups < metadata.num_row_groups:
                rows = metadata.row_group(groups).num_rows
                if behind + rows > done:
                    break
                groups, behind = groups + 1, behind + rows
            for batch in self._batches(file, groups, size):
                first = max(0, done - behind)
                behind += batch.num_rows
                if behind > done:
                    yield self._chunk(batch.slice(first), behind, metadata.num_rows)

    def _chunk(self, batch: pa.RecordBatch, behind: int, total: int) -> Chunk:
        rows = range(behind - batch.num_rows + 1, behind + 1)
        cells = {name: _cells(batch.column(name)) for name in self._mapping.read}
        return Chunk(rows, cells, behind, behind / total)

    def _batches(
        self, file: parquet.ParquetFile, first: int, size: int
    ) -> Iterator[pa.RecordBatch]:
        groups = list(range(first, file.metadata.num_row_groups))
        try:
            yield from file.iter_batches(size, row_groups=groups, columns=self._mapping.read)
        except (pa.ArrowException, OSError) as error:
            raise BadFile(f"{self._path} is damaged: {error}") from error

    def _open(self) -> parquet.ParquetFile:
        try:
            # pre_buffer would hold all row groups that are asked for.
            return parquet.ParquetFile(self._path, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise BadFile(f"{self._path} is no Parquet file that can be read: {error}") from error


def _cells(column: pa.Array) -> list[Any]:
    """As values of Python. Lists and structs, and times that Python does not reach, as text: they
    are refused with their row, where an error would end the import."""
    if pa.types.is_nested(column.type):
        return [None if cell is None else str(cell) for cell in column.to_pylist()]
    try:
        found: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        return [_cell(scalar) for scalar in column]
    return found


def _cell(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return f"{scalar.value} ({scalar.type})"
