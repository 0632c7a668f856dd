"""Bytes over TCP and cells of a history: whatever comes is taken or refused, at a fair price."""

import itertools
import math
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.door.framing import Hj212Splitter, Sl651Splitter, Splitter
from ingest.imports.cells import Parser
from ingest.imports.history import LONGEST_CELL, Chunk
from ingest.imports.mapping import HistoryMapping
from tests.growth import Make, grows_in_proportion, memory_is_bounded
from tests.ingest.conftest import NOW
from tests.ingest.histories import settled
from tests.sensors.test_decoders_fuzz import HJ212, SL651
from tests.sensors.test_decoders_growth import PIECES, SHAPES

READ_AT_ONCE = 4096  # by the sockets


def split_up(kind: type[Splitter]):
    def work(data: bytes) -> None:
        splitter = kind()
        for at in range(0, len(data), READ_AT_ONCE):
            splitter.feed(data[at : at + READ_AT_ONCE])
        splitter.flush()

    return work


SPLITTERS = {"hj212": split_up(Hj212Splitter), "sl651": split_up(Sl651Splitter)}
CASES = [
    pytest.param(SPLITTERS[feed], shape.make, id=f"{feed}: {shape.name}")
    for shape in SHAPES
    for feed in shape.decoders
    if feed in SPLITTERS
]


@pytest.mark.parametrize(("work", "make"), CASES)
def test_cutting_frames_out_takes_time_and_memory_in_proportion(work, make):
    grows_in_proportion(work, make)
    memory_is_bounded(work, make)


@st.composite
def pumped(draw: st.DrawFn, feed: str) -> Make:
    pieces = st.sampled_from(PIECES[feed] + tuple({"hj212": HJ212, "sl651": SL651}[feed]))
    begin, end = (draw(st.lists(pieces, max_size=2).map(b"".join)) for _ in range(2))
    piece = draw(st.lists(pieces, min_size=1, max_size=3).map(b"".join))
    return lambda size: begin + piece * (size // len(piece)) + end


@pytest.mark.parametrize("feed", SPLITTERS)
@settings(max_examples=20, deadline=None)
@given(st.data())
def test_whatever_is_pumped_up_is_cut_in_proportion(feed, data):
    make = data.draw(pumped(feed))
    grows_in_proportion(SPLITTERS[feed], make, (2**13, 2**14, 2**15, 2**16, 2**17))
    memory_is_bounded(SPLITTERS[feed], make)


# ---- the cells of a history

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        *("2018-06-02T00:00Z", "2018-06-02T00:00", "0001-01-01T00:00+14:00", "1527897600", "1e308"),
        *("nan", "-inf", "1_0", "1,5", "1.5", "", " ", "9" * 400, "1e999", "NA", "good", "suspect"),
        *("R-01", "A-01", "level", "level_m", "pm25_ugm3", "2021-10-31 02:30", "2018153", "\0"),
    ]
)
# What Parquet can hold besides.
CELLS = TEXTS | st.one_of(
    *(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats()),
    *(st.datetimes(), st.datetimes(timezones=st.just(UTC)), st.dates(), st.times()),
    *(st.timedeltas(), st.binary(max_size=4), st.decimals(allow_nan=False, allow_infinity=False)),
)
TIMES: tuple[dict[str, Any], ...] = (
    *({"time_format": form} for form in ("unix_s", "unix_ms", "%Y%j", "iso")),
    {"time_zone": "Asia/Shanghai"},
    {"time_zone": "Europe/Berlin", "shift_days": 3000},
    {"shift_days": -36_500},
)
LEVEL: dict[str, Any] = {"columns": {"v": {"metric": "level_m", "quality": "q", "unit": "ft"}}}
MAPPINGS = [
    HistoryMapping.model_validate({**shape, **time, "missing": ["NA", "-999.0"]})
    for time in TIMES
    for shape in (
        {"station": "R-01", "time": "t", **LEVEL, "decimal": ","},
        {"station_column": "s", "time": ["t", "u"], **LEVEL},
        {
            "station_column": "s",
            "stations": {"a": "R-01", "b": None},
            "time": "t",
            "long": {"metric": "m", "value": "v", "quality": "q"},
        },
        {
            "station": "R-01",
            "time": "t",
            "long": {"metric": "m", "value": "v", "metrics": {"level": "level_m", "x": None}},
        },
    )
]


@pytest.fixture
def parsers(owner):
    place = settled(owner)
    return [Parser(mapping, place.directory, place.clock, NOW) for mapping in MAPPINGS]


def test_any_cells_are_readings_or_refused_with_a_reason(parsers):
    rows_of_cells = st.lists(
        st.fixed_dictionaries(dict.fromkeys("tusmvq", CELLS)), min_size=1, max_size=4
    )

    @settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(parsers) - 1), rows_of_cells)
    def holds(number, rows):
        parser = parsers[number]
        cells = {name: [row[name] for row in rows] for name in parser.mapping.read}
        found = parser.parse(Chunk(range(1, len(rows) + 1), cells, len(rows), 1.0))
        taken = len(found.columns.value)
        assert taken + sum(one.readings for one in found.refused) == found.read
        assert all(one.code and one.reason for one in found.refused)
        assert all(len(one.reason) < 1000 and len(one.content) <= 2000 for one in found.refused)
        assert not any(math.isinf(value) for value in found.columns.value)

    holds()


LONG = ("1", " ", "x", "1_", "1,", "e", "水", "2018-")


def test_a_long_cell_costs_in_proportion(parsers):
    """None is longer than LONGEST_CELL: the file is refused there."""
    usual = {"t": "2018-06-02T00:00Z", "u": "", "s": "R-01", "m": "level", "v": "1", "q": "good"}
    sizes = tuple(LONGEST_CELL // 2**n for n in range(6, -1, -1))
    for column, text in itertools.product("tusmvq", LONG):

        def work(data: bytes, column: str = column) -> None:
            row = {**usual, column: data.decode()}
            for parser in parsers[::5]:
                cells = {name: [row[name]] for name in parser.mapping.read}
                parser.parse(Chunk([1], cells, 1, 1.0))

        def make(size: int, text: str = text) -> bytes:
            return (text * size)[:size].encode()

        grows_in_proportion(work, make, sizes)
        memory_is_bounded(work, make)
