"""Rows of a history become columns of readings; what cannot be one is refused with its reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import isfinite, isnan
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from config import did_you_mean
from ingest.columns import Columns, us
from ingest.imports.history import Chunk, Refused
from ingest.imports.mapping import HistoryMapping, Measured
from sensors.decoders.observations import QUALITY
from sensors.directory import Directory
from sensors.reading import Origin, Quality
from sensors.settings import ClockSettings
from sensors.vetting import DAY_US, NEVER

# Older than any telemetry: a spreadsheet's idea of an empty date (1899-12-30, 0001-01-01).
OLDEST = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass
class Parsed:
    """columns: not vetted; their `letter` is the row of the file. cells: all that hold a value by
    the mapping; left_out: those that are empty, or that it leaves out on purpose."""

    columns: Columns
    refused: list[Refused] = field(default_factory=list)
    left_out: int = 0
    cells: int = 0

    @property
    def read(self) -> int:
        return self.cells - self.left_out


@dataclass(frozen=True)
class Parser:
    """now: the arrival time of all that is read, and what no reading may be ahead of."""

    mapping: HistoryMapping
    directory: Directory
    clock: ClockSettings
    now: datetime

    @cached_property
    def _rows(self) -> Mapping[str, Mapping[str, int]]:
        return self.directory.instruments.row

    @cached_property
    def _derived(self) -> list[bool]:
        found: list[bool] = self.directory.instruments.derived.tolist()
        return found

    def parse(self, chunk: Chunk) -> Parsed:
        found = Parsed(_none(), list(chunk.refused))
        found.cells = len(chunk.rows) * self.mapping.readings_a_row
        found.cells += sum(one.readings for one in chunk.refused)
        times = self._times(chunk, found)
        stations = self._stations(chunk)
        parts = [
            self._column(_Column(chunk, times, stations, *one), found)
            for one in self._columns(chunk)
        ]
        found.columns = _joined(parts)
        return found

    def _columns(self, chunk: Chunk) -> Iterator[tuple[str, str | None, Sequence[Measured | str]]]:
        """Each column of values: its name, that of its quality, and what each row measures."""
        mapping, rows = self.mapping, len(chunk.rows)
        for name, one in mapping.columns.items():
            yield name, one.quality, [one] * rows
        if mapping.long:
            names = {str(name) for name in chunk.cells[mapping.long.metric]}
            known = {name: self._measured(name.strip()) for name in names}
            measured = [known[str(name)] for name in chunk.cells[mapping.long.metric]]
            yield mapping.long.value, mapping.long.quality, measured

    def _measured(self, name: str) -> Measured | str:
        """What a name in a long file means; "" where it is left out, else why it means nothing."""
        metrics = self.mapping.long.metrics if self.mapping.long else {}
        if name in metrics:
            return metrics[name] or ""
        if metrics:
            return f"the mapping has no metric {name!r}; {did_you_mean(name, metrics)}"
        try:
            return Measured(metric=name)
        except ValueError:
            return f"no metric {name!r}; say under `long: metrics:` what it means"

    def _stations(self, chunk: Chunk) -> list[str]:
        """The station code of each row; "" where the mapping leaves it out."""
        mapping = self.mapping
        if mapping.station_column is None:
            return [mapping.station or ""] * len(chunk.rows)
        names = [str(name).strip() for name in chunk.cells[mapping.station_column]]
        if not mapping.stations:
            return [name or "(none)" for name in names]
        known = mapping.stations
        return [(known[name] or "") if name in known else name for name in names]

    def _times(self, chunk: Chunk, found: Parsed) -> NDArray[np.int64]:
        """When each row was measured; NEVER for one that is refused."""
        columns = [chunk.cells[name] for name in self.mapping.time]
        known: dict[Any, int | str] = {}
        times = np.empty(len(chunk.rows), np.int64)
        for place, parts in enumerate(zip(*columns, strict=True)):
            if parts not in known:
                known[parts] = self._time(parts)
            at = known[parts]
            if isinstance(at, str):
                code, _, reason = at.partition(": ")
                found.refused.append(
                    Refused(
                        chunk.rows[place],
                        code,
                        f"row {chunk.rows[place]}: {reason}",
                        chunk.content(place),
                        self.mapping.readings_a_row,
                    )
                )
            times[place] = NEVER if isinstance(at, str) else at
        return times

    def _time(self, parts: tuple[Any, ...]) -> int | str:
        """Microseconds since 1970, or code and reason."""
        try:
            at = _moment(parts, self.mapping)
            at += timedelta(days=self.mapping.shift_days)
        except (ValueError, OverflowError) as error:
            return f"bad_time: {error}"
        if at < OLDEST:
            return f"bad_time: {at.isoformat()} is before {OLDEST.year}; is it an empty date?"
        if at - self.now > timedelta(seconds=self.clock.ahead_s):
            return f"clock_ahead: {at.isoformat()} is in the future; is `time_zone` right?"
        return us(at)

    def _column(self, column: "_Column", found: Parsed) -> Columns:
        rows = _Rows([], [], [], [])
        for place, (cell, measured, station) in enumerate(
            zip(column.values, column.measured, column.stations, strict=True)
        ):
            if column.times[place] == NEVER:
                continue  # its row is refused
            if not measured or not station or _is_empty(cell):
                found.left_out += 1
                continue
            try:
                rows.add(place, *self._reading(cell, measured, station, column.quality(place)))
            except _Bad as bad:
                number = column.chunk.rows[place]
                reason = f"row {number}, {column.name}: {bad.reason}"
                content = column.chunk.content(place)
                found.refused.append(Refused(number, bad.code, reason, content))
        return self._taken(rows, column)

    def _reading(
        self, cell: Any, measured: Measured | str, station: str, word: Any
    ) -> tuple[int, float, int]:
        """Row of `Instruments`, value, bits."""
        if isinstance(measured, str):
            raise _Bad("unknown_metric", measured)
        row = self._rows.get(station, {}).get(measured.metric)
        if row is None or self._derived[row]:
            raise self._not_taken(station, measured.metric)
        return row, self._value(cell, measured), self._bits(word)

    def _value(self, cell: Any, measured: Measured) -> float:
        """In the catalogue's unit; NaN for one that is missing."""
        if isinstance(cell, str):
            text = cell.strip()
            if text in self.mapping.missing:
                return float("nan")
            if self.mapping.decimal == ",":
                text = text.replace(".", "").replace(",", ".")
            if "_" in text:  # Python's own way to write numbers
                raise _Bad("not_a_number", f"{cell[:50]!r} is not a number")
        else:
            text = cell
        try:
            value = float(text)
        except (ValueError, TypeError):
            raise _Bad("not_a_number", f"{str(cell)[:50]!r} is not a number") from None
        if isinstance(cell, float) and str(cell) in self.mapping.missing:
            return float("nan")
        factor, offset = measured.conversion
        value = value * factor + offset
        if not isfinite(value):
            raise _Bad("not_finite", f"{str(cell)[:50]!r} is no number that can be measured")
        return value

    def _bits(self, word: Any) -> int:
        if word is None:
            return 0
        meant = self.mapping.qualities.get(str(word).strip())
        if meant is None:
            known = did_you_mean(str(word)[:50], self.mapping.qualities)
            raise _Bad("bad_quality", f"quality {str(word)[:50]!r} means nothing here; {known}")
        return int(QUALITY[meant])

    def _not_taken(self, station: str, metric: str) -> "_Bad":
        if station not in self.directory.stations:
            near = did_you_mean(station, self.directory.stations)
            return _Bad("unknown_station", f"unknown station {station[:50]!r}; {near}")
        if (station, metric) in self.directory.series:
            return _Bad("derived_metric", f"{station}: {metric} is computed here")
        known = [m for s, m in self.directory.series if s == station]
        return _Bad(
            "not_measured_here", f"{station} has no {metric}; {did_you_mean(metric, known)}"
        )

    def _taken(self, rows: "_Rows", column: "_Column") -> Columns:
        mapping = self.mapping
        place = np.array(rows.place, np.intp)
        row = np.array(rows.row, np.intp)
        value = np.array(rows.value, np.float64)
        bits = np.array(rows.bits, np.int16)
        bits[np.isnan(value)] |= int(Quality.MISSING)
        at = column.times[place]
        original = np.full(len(place), NEVER)
        if mapping.keep_time or mapping.shift_days:
            original = at - round(mapping.shift_days * DAY_US)
        return Columns(
            np.array(column.chunk.rows, np.int64)[place],
            row,
            self.directory.instruments.series[row],
            at,
            np.full(len(place), us(self.now)),
            value,
            bits,
            np.full(len(place), int(Origin[mapping.origin.upper()]), np.int16),
            original,
        )


class _Bad(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class _Rows:
    """What was taken of a column, field by field."""

    place: list[int]
    row: list[int]
    value: list[float]
    bits: list[int]

    def add(self, place: int, row: int, value: float, bits: int) -> None:
        self.place.append(place)
        self.row.append(row)
        self.value.append(value)
        self.bits.append(bits)


@dataclass(frozen=True)
class _Column:
    chunk: Chunk
    times: NDArray[np.int64]
    stations: Sequence[str]
    name: str
    quality_name: str | None
    measured: Sequence[Measured | str]

    @property
    def values(self) -> Sequence[Any]:
        return self.chunk.cells[self.name]

    def quality(self, place: int) -> Any:
        return self.chunk.cells[self.quality_name][place] if self.quality_name else None


def _moment(parts: tuple[Any, ...], mapping: HistoryMapping) -> datetime:
    """Aware, UTC. Raises ValueError with what is wrong."""
    if len(parts) == 1 and isinstance(parts[0], datetime):
        return _aware(parts[0], mapping.zone)
    text = " ".join(str(part).strip() for part in parts)
    form = mapping.time_format
    if form in ("unix_s", "unix_ms"):
        seconds = float(text) / (1000 if form == "unix_ms" else 1)
        if not isfinite(seconds):
            raise ValueError(f"{text!r} is no time")
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    try:
        at = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
    except ValueError:
        wanted = "an ISO 8601 time" if form == "iso" else f"a time as {form}"
        raise ValueError(f"{text[:60]!r} is not {wanted}; see `time_format`") from None
    return _aware(at, mapping.zone)


def _aware(at: datetime, zone: ZoneInfo | None) -> datetime:
    if at.tzinfo is None:
        if zone is None:
            raise ValueError(f"{at.isoformat()} names no time zone; say `time_zone`")
        at = at.replace(tzinfo=zone)
        if at.utcoffset() != at.replace(fold=1).utcoffset():
            raise ValueError(
                f"{at.replace(tzinfo=None).isoformat()} comes twice or not at all in {zone.key} "
                "(summer time); only UTC, or times with their offset, can say when it was"
            )
    return at.astimezone(UTC)


def _is_empty(cell: Any) -> bool:
    """Nothing; in Parquet a NaN too, as which some programs write nothing."""
    return cell is None or cell == "" or (isinstance(cell, float) and isnan(cell))


def _none() -> Columns:
    return Columns.of_readings(())


def _joined(parts: Sequence[Columns]) -> Columns:
    found = _none()
    for part in parts:
        found = found.with_(part)
    return found
