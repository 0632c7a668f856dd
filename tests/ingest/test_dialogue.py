"""Whatever a stranger sends, a piece becomes a message and perhaps an answer, and nothing else."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.door.dialogue import DAMAGED, Hj212Dialogue, Sl651Dialogue
from ingest.route import route
from sensors.decoders import hj212_frame, sl651_ascii
from sensors.decoders.crc16 import modbus
from sensors.reading import BadPayload

DATA = Path(__file__).parents[1] / "sensors" / "data"
HJ212 = [
    v["frame"].encode() for v in json.loads((DATA / "hj212_frames.json").read_text())["vectors"]
]
SL651 = [
    bytes.fromhex(v["hex"]) for v in json.loads((DATA / "sl651_frames.json").read_text())["vectors"]
]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ASCII_DATA = b"\x0105001122334403E832010\x020034170718110016\x03"
ASCII = ASCII_DATA.replace(b"32010", b"320010") + b"%04X" % modbus(
    ASCII_DATA.replace(b"32010", b"320010")
)


@st.composite
def damaged(draw: st.DrawFn, whole: list[bytes]) -> bytes:
    """Real frames, with a piece taken out and another put in."""
    data = b"".join(draw(st.lists(st.sampled_from(whole), min_size=1, max_size=2)))
    begin = draw(st.integers(0, len(data)))
    end = draw(st.integers(begin, min(len(data), begin + 8)))
    return data[:begin] + draw(st.binary(max_size=8)) + data[end:]


def talk(dialogue, data: bytes) -> list[tuple[str, bool, bytes | None]]:
    """What becomes of the bytes: topic, whether it is good, answer."""
    said = []
    for piece in dialogue.splitter.feed(data) + dialogue.splitter.flush():
        read = dialogue.read(piece)
        said.append((read.sender, read.good, read.answer(NOW)))
    return said


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=300), damaged(HJ212)))
@example(b"##0000")
@example(hj212_frame.framed(b"CN=2011;MN=a/b/#;Flag=5;CP=&&&&", "standard"))
@example(hj212_frame.framed("CN=2011;MN=监;Flag=5;CP=&&&&".encode(), "standard"))
def test_hj212_bytes_become_topics_and_answers(data):
    for sender, good, answer in talk(Hj212Dialogue({}), data):
        assert route(f"dongtai/v1/hj212/{sender}", "dongtai/v1").rest == ()
        assert good or (sender, answer) == (DAMAGED, None)
        assert set(sender).isdisjoint("+#")


@settings(max_examples=500)
@given(st.one_of(st.binary(max_size=300), damaged([*SL651, ASCII])))
@example(b"\r\n\x01\x7e\x7e")
def test_sl651_bytes_become_topics_and_answers(data):
    for sender, good, answer in talk(Sl651Dialogue(stay=False), data):
        assert route(f"dongtai/v1/sl651/{sender}", "dongtai/v1").rest == ()
        assert good or (sender, answer) == (DAMAGED, None)


def test_a_report_in_ascii_coding_is_good_and_confirmed():
    assert not isinstance(sl651_ascii.frame(ASCII), BadPayload)
    ((sender, good, answer),) = talk(Sl651Dialogue(stay=False), ASCII)
    assert (sender, good) == ("0011223344", True)
    assert answer is not None
    assert answer.startswith(b"\x0100112233440503E8328010\x020034260601080000\x04")


@pytest.mark.parametrize("frame", SL651, ids=lambda frame: frame[:13].hex())
def test_every_recorded_sl651_frame_is_good(frame):
    ((sender, good, _),) = talk(Sl651Dialogue(stay=False), frame)
    assert (sender, good) == (frame[3:8].hex().upper(), True)


def test_the_recorded_picture_is_asked_for_as_far_as_it_is_missing():
    """Its packets 2, 4, 6 … of 13 are on record, none of them the last: nothing to say yet."""
    dialogue = Sl651Dialogue(stay=False)
    pictures = [frame for frame in SL651 if frame[10] == 0x36]
    assert [answer for frame in pictures for _, _, answer in talk(dialogue, frame)] == [None] * 6
