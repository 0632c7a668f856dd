"""However TCP splits and joins what a device sends, the same frames come out."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.door.framing import Hj212Splitter, Sl651Splitter, Splitter
from sensors.decoders import crc16, hj212_frame, sl651_frame
from sensors.reading import BadPayload

DATA = Path(__file__).parents[1] / "sensors" / "data"
HJ212 = [
    v["frame"].encode() for v in json.loads((DATA / "hj212_frames.json").read_text())["vectors"]
]
SL651 = [
    bytes.fromhex(v["hex"]) for v in json.loads((DATA / "sl651_frames.json").read_text())["vectors"]
]
MOST = 4096 + 16 + 9999 + 1024 + 16  # a run or a frame, and what is fed at once below


def ascii_frame(body: bytes = b"0034170718110016Z 10.49 ", start: int = 2, end: int = 3) -> bytes:
    data = b"\x01" + b"0500112233441234" + b"32" + b"0%03X" % len(body)
    data += bytes([start]) + body + bytes([end])
    return data + b"%04X" % crc16.modbus(data)


@st.composite
def split(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    edges = [0, *cuts, len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def pieces(splitter: Splitter, parts: list[bytes]) -> list[bytes]:
    found = [piece for part in parts for piece in splitter.feed(part)]
    return found + splitter.flush()


@st.composite
def conversation(draw: st.DrawFn, whole: list[bytes], noise: st.SearchStrategy[bytes]):
    """Real frames with noise between them, the frames, and the whole split somehow."""
    frames = draw(st.lists(st.sampled_from(whole), max_size=4))
    data = draw(noise)
    for one in frames:
        data += one + draw(noise)
    return frames, data, draw(split(data))


LINE_NOISE = st.one_of(st.sampled_from([b"", b"\r\n", b"\r\n\0"]), st.binary(max_size=30))
NO_HASH = LINE_NOISE.map(lambda data: data.replace(b"#", b"-"))
NO_MARK = LINE_NOISE.map(lambda data: data.replace(b"\x7e", b"-").replace(b"\x01", b"-"))
# Their length or marks are wrong: they go on to the end of their line.
REGULAR = [one for one in HJ212 if re.fullmatch(rb"##.*&&[0-9A-Fa-f]{4}", one, re.DOTALL)]


def unbroken(frame: bytes) -> bool:
    return int(frame[2:6]) == len(frame) - 10


@given(conversation([one for one in REGULAR if unbroken(one)], NO_HASH))
def test_hj212_frames_come_out_whatever_lies_between_and_however_they_are_split(talk):
    frames, _, parts = talk
    assert pieces(Hj212Splitter(), parts) == frames


@given(conversation([*SL651, ascii_frame(), ascii_frame(b"001001" + b"12" * 99, 22)], NO_MARK))
def test_sl651_frames_come_out_whatever_lies_between_and_however_they_are_split(talk):
    frames, _, parts = talk
    assert pieces(Sl651Splitter(), parts) == frames


ANY_HJ212 = st.one_of(
    LINE_NOISE, st.sampled_from([b"##", b"##0101", b"##00", b"#", b"&&", b"##9999QN=1", b"&&1C80"])
)
ANY_SL651 = st.one_of(
    LINE_NOISE,
    st.sampled_from(
        [b"\x7e", b"\x7e\x7e", b"\x01", SL651[1][:30], ascii_frame()[:25], b"\x7e" * 9]
    ),
)


@given(conversation(HJ212, ANY_HJ212))
@example(([], b"##0000####0101", [b"##0000#", b"###0101"]))
def test_where_an_hj212_piece_ends_does_not_depend_on_how_it_was_split(talk):
    _, data, parts = talk
    one, other = Hj212Splitter(), Hj212Splitter()
    assert pieces(one, parts) == pieces(other, [data])
    assert one.skipped == other.skipped


@given(conversation([*SL651, ascii_frame()], ANY_SL651))
def test_where_an_sl651_piece_ends_does_not_depend_on_how_it_was_split(talk):
    _, data, parts = talk
    one, other = Sl651Splitter(), Sl651Splitter()
    assert pieces(one, parts) == pieces(other, [data])
    assert one.skipped == other.skipped


@pytest.mark.parametrize("splitter", [Hj212Splitter, Sl651Splitter])
@given(data=st.data())
def test_every_byte_is_in_a_piece_or_counted(splitter, data):
    noise, whole = (ANY_HJ212, HJ212) if splitter is Hj212Splitter else (ANY_SL651, SL651)
    _, sent, parts = data.draw(conversation(whole, noise))
    cutter = splitter()
    found = pieces(cutter, parts)
    assert weight(b"".join(found)) + cutter.skipped == weight(sent)


def weight(data: bytes) -> int:
    return len(data.translate(None, hj212_frame.BETWEEN))


@given(conversation(HJ212, ANY_HJ212))
def test_the_decoder_finds_the_same_hj212_frames_in_the_pieces_as_in_the_whole(talk):
    _, data, parts = talk
    cut = [found for piece in pieces(Hj212Splitter(), parts) for found in good_hj212(piece)]
    assert cut == good_hj212(data)


def good_hj212(data: bytes) -> list[hj212_frame.Frame]:
    return [one for one in hj212_frame.frames(data) if not isinstance(one, BadPayload)]


@given(conversation(SL651, ANY_SL651.map(lambda data: data.replace(b"\x01", b"-"))))
def test_the_decoder_finds_the_same_sl651_frames_in_the_pieces_as_in_the_whole(talk):
    _, data, parts = talk
    cut = [found for piece in pieces(Sl651Splitter(), parts) for found in good_sl651(piece)]
    assert cut == good_sl651(data)


def good_sl651(data: bytes) -> list[sl651_frame.Frame]:
    return [one for one in sl651_frame.frames(data) if not isinstance(one, BadPayload)]


def test_a_good_frame_is_out_with_its_last_byte():
    splitter = Hj212Splitter()
    assert splitter.feed(HJ212[0][:-1]) == []
    assert splitter.feed(HJ212[0][-1:]) == [HJ212[0]]
    cutter = Sl651Splitter()
    assert cutter.feed(SL651[1][:-1]) == []
    assert cutter.feed(SL651[1][-1:]) == [SL651[1]]


def test_a_frame_cut_short_does_not_take_the_next_with_it():
    assert Hj212Splitter().feed(HJ212[2][:300] + HJ212[0]) == [HJ212[2][:300], HJ212[0]]
    cutter = Sl651Splitter()
    assert cutter.feed(SL651[1][:20] + SL651[2]) + cutter.flush() == [SL651[1][:20], SL651[2]]


def test_a_frame_with_a_length_too_small_stays_whole_to_be_looked_at():
    wrong = HJ212[0].replace(b"##0101", b"##0090")
    assert Hj212Splitter().feed(wrong + b"\r\n" + HJ212[0]) == [wrong + b"\r\n", HJ212[0]]


def test_the_largest_frames_pass():
    area = b"QN=1;ST=22;CN=2011;PW=1;MN=M1;CP=&&" + b"a34004-Rtd=1;" * 900
    data = area[: 9999 - 2] + b"&&"
    largest = hj212_frame.framed(data, "standard").removesuffix(b"\r\n")
    assert len(largest) == 6 + 9999 + 4
    assert Hj212Splitter().feed(largest) == [largest]
    body = SL651[1][:11] + bytes.fromhex("0FFF02") + b"\x7e" * 4095 + b"\x03"
    whole = body + crc16.modbus(body).to_bytes(2)
    assert Sl651Splitter().feed(whole) == [whole]


@pytest.mark.parametrize("splitter", [Hj212Splitter, Sl651Splitter])
@pytest.mark.parametrize(
    "endless",
    [b"\0", b"#", b"##9999", b"##0000", b"7E7E", b"\x7e", b"\x01", b"\x01" + b"0" * 22, b"a"],
)
def test_endless_bytes_take_bounded_memory(splitter, endless):
    cutter = splitter()
    chunk = endless * (4096 // len(endless))
    for _ in range(64):
        found = cutter.feed(chunk)
        assert all(len(piece) <= MOST for piece in found)
        assert len(cutter._buffer) <= MOST + len(chunk)
