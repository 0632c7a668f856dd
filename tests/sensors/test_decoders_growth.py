"""A larger message costs a decoder in proportion: nobody stops the ingest by one clever message.

Each decoder is fed shapes that are known to hurt parsers, and then ones that hypothesis pumps up:
some beginning, a piece again and again, some end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensors import exif
from sensors.decoders import foreign, hj212, observations, senml, sl651, status
from sensors.foreign import Foreign
from sensors.picture_format import read_header
from sensors.reading import BadPayload
from tests.growth import Make, Work, cpu_s, grows_in_proportion, memory_is_bounded
from tests.sensors.foreign_examples import EXAMPLES, STATIONS
from tests.sensors.test_decoders_fuzz import ADDRESS, DIRECTORY, hj212_frame, sl651_frame

LOGGER = Foreign.model_validate(
    {
        "name": "logger",
        "topic": "loggers/+/data",
        "station": {"level": 2, "codes": {"17": "R-01"}},
        "each": "readings",
        "time": {"path": "t", "format": "s"},
        "values": [
            {"metric": "level_m", "path": "ch[name='level'].value", "unit": "m", "text": True},
            {"metric": "rain_mm", "path": "$.readings[-1].rain", "unit": "mm", "optional": True},
        ],
    }
)
FOREIGN = {example.name: (example.topic, example.mapping) for example in EXAMPLES}
FOREIGN["logger"] = ("loggers/17/data", LOGGER)


def answering(decode: Callable[[bytes], object]) -> Work:
    """Any exception but BadPayload goes through, and fails the test."""

    def work(payload: bytes) -> None:
        try:
            decode(payload)
        except BadPayload:
            return

    return work


def of_foreign(topic: str, mapping: Foreign) -> Work:
    return answering(lambda payload: foreign.decode(payload, topic, mapping, STATIONS))


DECODERS: dict[str, Work] = {
    "hj212": answering(lambda payload: hj212.decode(payload, DIRECTORY)),
    "sl651": answering(lambda payload: sl651.decode(payload, DIRECTORY)),
    "obs": answering(lambda payload: observations.decode(payload, "D-01")),
    "status": answering(status.decode),
    "picture": answering(read_header),
    "exif": answering(exif.read),
    **{name: of_foreign(*how) for name, how in FOREIGN.items()},
}
JSON = ("obs", *FOREIGN)
JPEG = bytes.fromhex("FFD8FFC00008080010001001FFDA0002")
PNG = b"\x89PNG\r\n\x1a\n"
TIFF = b"II*\0\x08\0\0\0"


@dataclass(frozen=True)
class Shape:
    """`<n>` of a piece is its number: names that are all different."""

    name: str
    decoders: tuple[str, ...]
    begin: bytes
    piece: bytes
    end: bytes = b""
    most: int | None = None  # pieces: what is more would be refused unread

    def make(self, size: int) -> bytes:
        """About so many bytes."""
        count = size // len(self.piece)
        if self.most is not None:
            count = min(count, self.most)
        if b"<n>" not in self.piece:
            return self.begin + self.piece * count + self.end
        before, after = self.piece.split(b"<n>")
        pieces = (b"%b%d%b" % (before, number, after) for number in range(count))
        return self.begin + b"".join(pieces) + self.end


def _record(value: bytes) -> bytes:
    return b'{"n":"urn:dev:ow:10e2073a01080063:temp","u":"Cel","v":' + value + b"},"


AREA = b"a34004-Rtd=12.5,a34004-Flag=N;"
UPLOAD = b"QN=20260601080000000;ST=22;CN=2011;"
FULL = hj212_frame(UPLOAD, b"DataTime=20260601080000;" + AREA * 300)
GROUPS = hj212_frame(UPLOAD, b"DataTime=20260601080000;a34004-Rtd=1;" * 250)
FIELDS = hj212_frame(
    UPLOAD, b"a34004-" + b"x=1;a34004-".join(b"%d" % n for n in range(600)) + b"=1"
)
BODY = bytes.fromhex(f"0034170718110016F1F1{ADDRESS}48F0F01707181100")
RAIN = sl651_frame(BODY + bytes.fromhex("220801") * 1300, 0x32, 0x02, 0x03)
SPREAD = sl651_frame(BODY + b"\xf4\xf4" + b"\x01" * 4000, 0x32, 0x02, 0x03)
SHAPES = (
    *(
        Shape(name, ("hj212",), begin, piece, end)
        for name, begin, piece, end in (
            ("heads alone", b"", b"##0000", b""),
            ("declared longer than it is", b"", b"##9999", b""),
            ("declared shorter than it is", b"##0010", b"a34004-Rtd=1;", b"&&0000\r\n"),
            ("hashes", b"", b"#", b""),
            ("blanks", b"##0010", b" ", b""),
            ("delimiters", b"##9999CP=&&", b";", b"&&"),
            ("ends of areas", b"##9999CP=&&", b"&&", b""),
            ("whole frames", b"", FULL, b""),
            ("frames of many moments", b"", GROUPS, b""),
            ("frames of many fields", b"", FIELDS, b""),
            ("a wrong checksum", b"", FULL[:-6] + b"0000\r\n", b""),
        )
    ),
    *(
        Shape(name, ("sl651",), begin, piece, end)
        for name, begin, piece, end in (
            ("marks alone", b"", b"\x7e", b""),
            ("declared longer than it is", b"", RAIN[:11] + b"\x0f\xff\x02", b""),
            ("heads in heads", b"", RAIN[:11] + b"\x00\x10\x02\x03", b""),
            ("hex as text", b"", RAIN.hex().encode(), b""),
            ("hex as text, in blanks", b"", b"7E ", b""),
            ("hex that is none in the end", b"", b"7E", b"x"),
            ("frames of many elements", b"", RAIN, b""),
            ("frames of many values", b"", SPREAD, b""),
            ("a wrong checksum", b"", RAIN[:-1] + b"\x00", b""),
        )
    ),
    *(
        Shape(name, JSON, begin, piece, end)
        for name, begin, piece, end in (
            ("lists in lists", b"", b"[", b""),
            ("objects in objects", b"", b'{"v":', b""),
            ("lists in lists, whole", b"[" * 800, b"[],", b"1" + b"]" * 800),
            ("empty lists", b"[", b"[],", b"1]"),
            ("empty objects", b"[", b"{},", b"1]"),
            ("digits", b'{"v":{"level_m":', b"1", b"}}"),
            ("digits behind the point", b'{"v":{"level_m":0.', b"1", b"}}"),
            ("digits of an exponent", b'{"v":{"level_m":1e', b"1", b"}}"),
            ("long numbers", b"[", b"1" * 4000 + b",", b"1]"),
            ("digits of a time", b'{"v":{"level_m":1},"t":', b"1", b"}"),
            (
                "digits of a text time",
                b'{"v":{"level_m":1},"t":"2026-06-01T08:00:00.',
                b"1",
                b'Z"}',
            ),
            ("a long text", b'{"v":{"level_m":"', b"x", b'"}}'),
            ("blanks in a text", b'{"v":{"level_m":"', b" ", b'x"}}'),
            ("an open text", b'{"v":"', b"x", b""),
            ("escapes", b'{"v":{"', b"\\u6c34", b'":1}}'),
            ("backslashes", b'{"v":{"', b"\\\\", b'":1}}'),
            ("blanks", b"", b" ", b"{}"),
            ("line ends before a mistake", b"[", b"\n", b"x"),
            ("unknown names", b'{"v":{', b'"m<n>":1,', b'"level_m":1}}'),
            ("names without numbers", b'{"v":{', b'"m<n>":[],', b'"level_m":1}}'),
            ("the same name", b'{"v":{', b'"level_m":1,', b'"level_m":[]}}'),
            ("qualities", b'{"v":{"level_m":1},"q":{', b'"m<n>":"good",', b'"level_m":"x"}}'),
            ("messages without values", b"[", b'{"v":{}},', b'{"v":{"level_m":1}}]'),
            ("messages that are none", b"[", b'{"v":0},', b"1]"),
            ("messages with a mistake", b"[", b'{"v":{"level_m":"x"}},', b"1]"),
            ("markers", b"[", b"NaN,", b"1]"),
        )
    ),
    Shape("records", ("senml",), b"[", _record(b"1"), b"{}]", most=9000),
    Shape("records with mistakes", ("senml",), b"[", _record(b"[]"), b"{}]", most=9000),
    Shape("base names", ("senml",), b"[", b'{"bn":"u<n>"},', _record(b"1")[:-1] + b"]", most=9000),
    Shape(
        "elements", ("logger",), b'{"readings":[', b'{"t":<n>,"ch":[]},', b'{"rain":1}]}', most=4900
    ),
    Shape(
        "elements to choose from",
        ("logger",),
        b'{"readings":[{"t":1780000000,"ch":[',
        b'{"name":"c<n>","value":1},',
        b'{"name":"level","value":1}]}]}',
    ),
    Shape(
        "a number that is none",
        ("logger",),
        b'{"readings":[{"t":1780000000,"ch":[{"name":"level","value":"1',
        b" ",
        b'x"}]}]}',
    ),
    Shape("blanks", ("status",), b"", b" ", b"online"),
    Shape("a long word", ("status",), b"", b"online"),
    *(
        Shape(name, ("picture",), begin, piece, end)
        for name, begin, piece, end in (
            ("fill bytes in a scan", JPEG, b"\xff", b""),
            ("fill bytes in a scan, no marker", JPEG, b"\xff", b"\0\xff\xd9"),
            ("fill bytes and zeros in a scan", JPEG, b"\xff\xff\0", b"\xff\xd9"),
            ("restarts in a scan", JPEG, b"\xff\xd0", b"\xff\xd9"),
            ("fill bytes before a marker", b"\xff\xd8", b"\xff", b"\xd9"),
            ("scans", JPEG[:12], b"\xff\xda\0\x02\0", b"\xff\xd9"),
            ("empty segments", b"\xff\xd8", b"\xff\xe0\0\x02", b"\xff\xd9"),
            ("EXIF segments", b"\xff\xd8", b"\xff\xe1\0\x08Exif\0\0", b"\xff\xd9"),
            ("bytes behind the end", JPEG + b"\xff\xd9", b"\0", b"x"),
            ("empty chunks", PNG, b"\0\0\0\0eXIf\xe7\xb5\x8dN", b""),
            ("a chunk longer than it is", PNG + b"\xff\xff\xff\xffIHDR", b"\0", b""),
        )
    ),
    Shape("tags", ("exif",), TIFF + b"\xff\xff", b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"),
    Shape("long texts", ("exif",), TIFF + b"\xff\xff", b"\x03\x90\x02\0\xff\xff\xff\xff\0\0\0\0"),
)
CASES = [
    pytest.param(DECODERS[decoder], shape.make, id=f"{decoder}: {shape.name}")
    for shape in SHAPES
    for decoder in shape.decoders
]


@pytest.mark.parametrize(("work", "make"), CASES)
def test_time_and_memory_grow_in_proportion(work: Work, make: Make) -> None:
    grows_in_proportion(work, make)
    memory_is_bounded(work, make)


PIECES: dict[str, tuple[bytes, ...]] = {
    "hj212": (
        *(b"##", b"##0010", b"##9999", b"&&", b"CP=&&", b"a34004-Rtd=1;", b"MN=M1;", b"CN=2011;"),
        *(b";", b"=", b",", b"0", b"\r\n", b"x", b"1234", b"\xff", FULL[:200]),
    ),
    "sl651": (
        *(b"\x7e", b"\x7e\x7e", b"\x01", RAIN[:14], b"\x03", b"\x02", b"0", b"\0", b"7E", b" "),
        *(b"\xf4", b"\x03\0\0", b"\x01" + b"0" * 22 + b"\x02", RAIN[:11] + b"\0\x10\x02\x03"),
    ),
    "json": (
        *(b"[", b"{", b'{"v":', b'"v":{', b'"t":', b'"x', b'"', b"level_m", b":", b"1", b".", b"e"),
        *(b"-", b",", b"}", b"]", b" ", b"\\u", b"\\", b"NaN,", b"{},", b"[],", b'{"v":{}},'),
        *(b'"bn":"', b'"n":"a",', b'{"n":"a","v":1},', b"null", b"\xc3\xa9", b"\xff", b"\n"),
    ),
    "status": (b"online", b" ", b"x", b"\xff"),
    "picture": (
        *(b"\xff", b"\0", b"\xff\xda\0\x02", b"\xff\xd9", b"\xff\xe1\0\x08Exif\0\0", b"\xff\xd0"),
        *(b"a", b"\xff\xc0\0\x08\x08\0\x10\0\x10\x01", PNG, b"\0\0\0\0eXIf\xe7\xb5\x8dN"),
    ),
    "exif": (b"\x69\x87\x04\0\x01\0\0\0", b"\x08\0", b"\0", b"\xff", b"2026:06:01", b"\x03\x90"),
}
BEGINS = {"picture": (b"", JPEG, JPEG[:12], PNG), "exif": (b"", TIFF)}
PUMPED = (2**13, 2**14, 2**15, 2**16, 2**17)


@st.composite
def pumped(draw: st.DrawFn, decoder: str) -> Make:
    pieces = st.sampled_from(PIECES["json" if decoder in JSON else decoder])
    some = st.lists(pieces, max_size=3).map(b"".join)
    begin = draw(st.sampled_from(BEGINS.get(decoder, (b"",)))) + draw(some)
    piece = draw(st.lists(pieces, min_size=1, max_size=3).map(b"".join))
    end = draw(some)
    return lambda size: begin + piece * (size // len(piece)) + end


@pytest.mark.parametrize("decoder", DECODERS)
@settings(max_examples=40)
@given(st.data())
def test_whatever_is_pumped_up_grows_in_proportion(decoder: str, data: st.DataObject) -> None:
    make = data.draw(pumped(decoder))
    grows_in_proportion(DECODERS[decoder], make, PUMPED)
    memory_is_bounded(DECODERS[decoder], make)


@pytest.mark.parametrize("format_", ["json", "senml"])
def test_a_long_topic_is_not_gone_through_once_for_each_element(format_: str) -> None:
    """A topic may have 65,535 bytes, a message thousands of elements whose station it names."""
    whose = {"name": "long", "topic": "long/#", "station": {"level": 2, "codes": {"17": "R-01"}}}
    value = {"metric": "level_m", "unit": "m"}
    if format_ == "json":
        mapping = Foreign.model_validate({**whose, "each": "$", "values": [{**value, "path": "v"}]})
    else:
        named = {**value, "name": "*:level"}
        mapping = Foreign.model_validate({**whose, "format": "senml", "values": [named]})
    payload = b"[" + b'{"n":"a:level","v":1},' * 5000 + b'{"n":"a:level","v":1}]'

    def work(topic: bytes) -> None:
        foreign.decode(payload, topic.decode(), mapping, STATIONS)

    short = min(cpu_s(work, b"long/17") for _ in range(3))
    long = min(cpu_s(work, b"long/17" + b"/" * 65_000) for _ in range(3))
    assert long < 6 * short


def test_a_long_base_name_is_not_repeated_in_each_record() -> None:
    record = _record(b"1").replace(b"urn:dev:ow:10e2073a01080063:", b"")
    pack = b'[{"bn":"' + b"u" * senml.LONGEST_NAME + b'"},' + record + record[:-1] + b"]"
    decoded = foreign.decode(pack, *FOREIGN["senml"], STATIONS)
    assert decoded.observations == ()
    assert [str(problem) for problem in decoded.problems] == [
        f"senml: record {n} has a name of 1,004 characters; at most 1,000 are read" for n in (1, 2)
    ]
