"""What a station hears when its report has arrived: the confirmations of SL 651."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sensors.decoders import sl651_ascii
from sensors.decoders.crc16 import modbus
from sensors.decoders.sl651_answer import Confirmations
from sensors.decoders.sl651_frame import Frame, frames
from sensors.reading import BadPayload

DATA = Path(__file__).parent / "data"
VECTORS = [
    bytes.fromhex(v["hex"]) for v in json.loads((DATA / "sl651_frames.json").read_text())["vectors"]
]
NOW = datetime(2026, 6, 1, 0, 0, 5, tzinfo=UTC)  # 08:00:05 in Beijing
TIMED = VECTORS[1]
# Station, centre, password, function; the time of the answer.
HEAD, TIME = "00112233440503E832", "260601080005"


def only(data: bytes) -> Frame:
    (frame,) = frames(data)
    assert isinstance(frame, Frame)
    return frame


def summed(text: str) -> bytes:
    data = bytes.fromhex(text)
    return data + modbus(data).to_bytes(2)


def test_a_report_is_confirmed_by_its_serial_number_and_the_station_may_leave():
    assert Confirmations().held(only(TIMED), NOW) == summed(f"7E7E{HEAD}8008020034{TIME}04")


def test_a_station_that_is_to_stay_hears_esc():
    said = Confirmations(stay=True).held(only(TIMED), NOW)
    assert said == summed(f"7E7E{HEAD}8008020034{TIME}1B")


def test_a_station_with_more_to_say_hears_ack():
    said = Confirmations().held(replace(only(TIMED), end=0x17), NOW)
    assert said == summed(f"7E7E{HEAD}8008020034{TIME}06")


def test_keep_alive_has_no_answer():
    assert Confirmations().held(only(VECTORS[0]), NOW) is None


@pytest.mark.parametrize("end", [0x04, 0x05, 0x06, 0x15, 0x1B])
def test_what_does_not_end_as_a_stations_frame_has_no_answer(end):
    assert Confirmations().held(replace(only(TIMED), end=end), NOW) is None


def test_a_report_without_a_serial_number_has_no_answer():
    assert Confirmations().held(replace(only(TIMED), body=b""), NOW) is None


def packet(number: int, total: int = 3, serial: str = "0102", end: int = 0x17) -> Frame:
    body = bytes.fromhex(serial) if number == 1 else b""
    return Frame(5, "0011223344", "03E8", "36", body + b"%d" % number, end, (total, number))


def confirmed(total: int = 3, number: int = 3, serial: str = "0102", end: str = "04") -> bytes:
    head = HEAD[:-2] + "36"
    return summed(f"7E7E{head}800B16{total:03X}{number:03X}{serial}{TIME}{end}")


def test_a_divided_report_is_confirmed_once_when_all_of_it_is_held():
    talk = Confirmations()
    said = [talk.held(packet(n, end=0x03 if n == 3 else 0x17), NOW) for n in (1, 2, 3)]
    assert said == [None, None, confirmed()]


def test_packets_may_be_held_in_any_order():
    talk = Confirmations()
    said = [talk.held(packet(n), NOW) for n in (2, 1, 3)]
    assert said == [None, None, confirmed()]


def test_a_missing_packet_is_asked_for_and_then_all_is_confirmed():
    talk = Confirmations()
    assert talk.held(packet(1), NOW) is None
    assert talk.held(packet(3, end=0x03), NOW) == confirmed(number=2, end="15")
    assert talk.held(packet(2, end=0x03), NOW) == confirmed()


def test_the_next_report_does_not_borrow_packets_of_one_that_broke_off():
    talk = Confirmations()
    talk.held(packet(1), NOW)
    talk.held(packet(2), NOW)
    assert talk.held(packet(1, serial="0103"), NOW) is None
    said = talk.held(packet(3, end=0x03), NOW)
    assert said == confirmed(number=2, serial="0103", end="15")


def test_a_report_that_is_sent_again_is_confirmed_again():
    talk = Confirmations()
    for _ in range(2):
        assert [talk.held(packet(n), NOW) for n in (1, 2, 3)][-1] == confirmed()


def test_what_was_begun_and_never_finished_does_not_pile_up():
    talk = Confirmations()
    for number in range(1000):
        talk.held(replace(packet(1), station=f"{number:010d}"), NOW)
    assert len(talk._reports) < 10


def ascii_frame(body: bytes, start: str = "02", end: str = "03", direction: str = "0") -> bytes:
    data = b"\x01" + f"05001122334403E832{direction}{len(body):03X}".encode()
    data += bytes.fromhex(start) + body + bytes.fromhex(end)
    return data + b"%04X" % modbus(data)


def test_ascii_coding_is_confirmed_in_ascii_coding():
    frame = sl651_ascii.frame(ascii_frame(b"0034170718110016ST 0011223344 H TT 1707181100 "))
    assert isinstance(frame, Frame)
    said = Confirmations().held(frame, NOW, ascii_coding=True)
    data = f"\x01{HEAD}8010\x020034{TIME}\x04".encode()
    assert said == data + b"%04X" % modbus(data)


def test_a_packet_in_ascii_coding_is_known_by_its_number():
    frame = sl651_ascii.frame(ascii_frame(b"0010010034170718110016ST ", start="16"))
    assert isinstance(frame, Frame)
    assert (frame.packet, frame.body[:2].hex()) == ((1, 1), "0034")
    said = Confirmations().held(frame, NOW, ascii_coding=True)
    assert said is not None
    assert f"\x160010010034{TIME}\x04".encode() in said


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (ascii_frame(b"0034170718110016").replace(b"0034", b"0035"), "bad_crc"),
        (ascii_frame(b"0034170718110016", direction="8"), "downlink"),
        (ascii_frame(b"00100", start="16"), "bad_frame"),
        (ascii_frame(b"0034170718110016")[:-1] + b"x", "bad_frame"),
        (b"\x01", "bad_frame"),
    ],
)
def test_what_is_no_good_frame_in_ascii_coding_is_named(frame, code):
    found = sl651_ascii.frame(frame)
    assert isinstance(found, BadPayload)
    assert found.code == code
