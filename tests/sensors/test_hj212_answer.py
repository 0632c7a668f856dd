"""What a device hears when its frame has arrived: the answers of HJ 212."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.decoders.hj212_answer import answer
from sensors.decoders.hj212_frame import Frame, check, framed, frames

DATA = Path(__file__).parent / "data"
VECTORS = [v["frame"] for v in json.loads((DATA / "hj212_frames.json").read_text())["vectors"]]
REAL_TIME = next(v for v in VECTORS if "QN=20231008123340461" in v)


def only(data: bytes) -> Frame:
    (frame,) = frames(data)
    assert isinstance(frame, Frame)
    return frame


def device_says(head: str, area: str = "DataTime=20260601080000;w01001-Rtd=7.1") -> Frame:
    return only(framed(f"{head};CP=&&{area}&&".encode(), "standard"))


def text(frame: Frame, crc="standard") -> str | None:
    said = answer(frame, crc)
    if said is None:
        return None
    check(only(said), crc)
    return said.decode()[6:-6]


def test_data_is_answered_by_9014_with_the_same_qn_password_and_mn():
    assert text(only(REAL_TIME.encode())) == (
        "QN=20231008123340461;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&"
    )


def test_the_answer_to_a_known_question_is_the_frame_seen_in_the_field():
    asked = device_says("QN=20260706103512345;ST=21;CN=2061;PW=123456;MN=A110000_0001;Flag=9")
    body = b"QN=20260706103512345;ST=91;CN=9014;PW=123456;MN=A110000_0001;Flag=8;CP=&&&&"
    assert answer(asked, "standard") == b"##0075" + body + b"0140\r\n"


@pytest.mark.parametrize("command", ["1013", "2012", "2022", "9015"])
def test_a_notice_is_answered_by_9013(command):
    asked = device_says(f"QN=20260601080000000;ST=32;CN={command};PW=1;MN=M1;Flag=5", "")
    assert text(asked) == "QN=20260601080000000;ST=91;CN=9013;PW=1;MN=M1;Flag=4;CP=&&&&"


def test_the_version_of_2005_has_the_qn_in_the_data_area():
    asked = device_says("QN=20260601080000000;ST=32;CN=2011;PW=1;MN=M1;Flag=1")
    assert text(asked) == "ST=91;CN=9014;PW=1;MN=M1;Flag=0;CP=&&QN=20260601080000000&&"


def test_a_packet_is_answered_with_its_number():
    head = "QN=20260601080000000;ST=32;CN=2051;PW=1;MN=M1;Flag=7;PNUM=3;PNO=2"
    assert text(device_says(head)) == (
        "QN=20260601080000000;ST=91;CN=9014;PW=1;MN=M1;Flag=6;PNUM=3;PNO=2;CP=&&&&"
    )


@pytest.mark.parametrize("flag", ["", ";Flag=4", ";Flag=8", ";Flag=0", ";Flag=6", ";Flag=x"])
def test_who_wants_no_answer_gets_none(flag):
    assert text(device_says(f"QN=1;ST=32;CN=2011;PW=1;MN=M1{flag}")) is None


@pytest.mark.parametrize("command", ["9011", "9012", "9013", "9014"])
def test_an_answer_is_not_answered(command):
    assert text(device_says(f"QN=1;ST=91;CN={command};PW=1;MN=M1;Flag=5", "")) is None


@pytest.mark.parametrize("crc", ["standard", "modbus", "modbus_swapped"])
def test_the_checksum_is_of_the_devices_own_kind(crc):
    asked = device_says("QN=1;ST=32;CN=2011;PW=1;MN=M1;Flag=5")
    assert text(asked, crc) == "QN=1;ST=91;CN=9014;PW=1;MN=M1;Flag=4;CP=&&&&"


@given(st.text(st.characters(codec="utf-8", exclude_characters=";"), max_size=90))
def test_nothing_that_could_forge_a_frame_is_sent_back(mn):
    (frame,) = frames(framed(f"QN=1;CN=2011;PW=1;MN={mn};Flag=5;CP=&&&&".encode(), "standard"))
    said = answer(frame, "standard") if isinstance(frame, Frame) else None
    if said is not None:
        assert only(said).mn == frame.mn
        assert len(said) < 200
