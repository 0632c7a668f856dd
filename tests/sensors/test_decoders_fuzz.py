"""Whatever bytes arrive, a decoder answers with readings or a sentence, and with nothing else."""

import json
import math
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.decoders import crc16, hj212, observations, sl651, status
from sensors.directory import Directory, Hj212Device, Sl651Device
from sensors.hj212_factors import FACTORS, units_of
from sensors.protocols import Hj212, Sl651
from sensors.reading import BadPayload

DATA = Path(__file__).parent / "data"
HJ212 = [
    vector["frame"].encode()
    for vector in json.loads((DATA / "hj212_frames.json").read_text("utf-8"))["vectors"]
]
SL651 = [
    bytes.fromhex(vector["hex"])
    for vector in json.loads((DATA / "sl651_frames.json").read_text("utf-8"))["vectors"]
]
METRICS = frozenset(("pm25_ugm3", "pm10_ugm3", "level_m", "rain_mm"))
ADDRESS = "0011223344"
UNITS = {code: units_of(code)[-1] for code in FACTORS}
DIRECTORY = Directory(
    by_mn={"M1": Hj212Device("D-01", Hj212(mn="M1", units=UNITS), METRICS)},
    by_address={ADDRESS: Sl651Device("H-01", Sl651(address=ADDRESS, rain="22"), METRICS)},
)
EXAMPLES = 1000


def answers(decode: Callable[[], object]) -> None:
    """Any exception but BadPayload goes through, and fails the test."""
    try:
        decode()
    except BadPayload:
        return


def hj212_frame(head: bytes, area: bytes) -> bytes:
    data = head + b"MN=M1;CP=&&" + area + b"&&"
    return b"##%04d%s%04X\r\n" % (len(data), data, crc16.hj212(data))


def sl651_frame(body: bytes, function: int, start: int, end: int) -> bytes:
    head = bytes.fromhex(f"7E7E05{ADDRESS}03E8{function:02X}{len(body):04X}{start:02X}")
    data = head + body + bytes([end])
    return data + crc16.modbus(data).to_bytes(2)


@st.composite
def damaged(draw: st.DrawFn, whole: list[bytes]) -> bytes:
    """One or two real frames with a piece taken out and another put in."""
    data = b"".join(draw(st.lists(st.sampled_from(whole), min_size=1, max_size=2)))
    begin = draw(st.integers(0, len(data)))
    end = draw(st.integers(begin, min(len(data), begin + 8)))
    return data[:begin] + draw(st.binary(max_size=8)) + data[end:]


AREAS = st.lists(
    st.sampled_from(
        (
            *("DataTime=20260601080000;", "a34004-Rtd=", "a34002-Avg=", "-Flag=N"),
            *(f"{code}-Rtd=12.5;" for code in FACTORS),
            *(";", ",", "=", "&&", "1.5", "nan", "1e999", "-0", "\N{ARABIC-INDIC DIGIT THREE}"),
        )
    )
    | st.text(max_size=6),
    max_size=12,
).map(lambda parts: "".join(parts).encode("utf-8", "replace"))
BODIES = st.binary(max_size=60).map(
    lambda rest: bytes.fromhex(f"0034170718110016F1F1{ADDRESS}48F0F01707181100") + rest
)


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=300) | damaged(HJ212))
def test_hj212_answers_to_any_bytes(payload: bytes) -> None:
    answers(lambda: hj212.decode(payload, DIRECTORY))


@settings(max_examples=EXAMPLES)
@given(st.sampled_from(("2011", "2051", "2061", "2031", "9015")), AREAS)
def test_hj212_answers_to_any_data_area_under_a_right_checksum(command: str, area: bytes) -> None:
    payload = hj212_frame(f"QN=20260601080000000;ST=32;CN={command};".encode(), area)
    answers(lambda: hj212.decode(payload, DIRECTORY))


CODES_AND_UNITS = [(code, unit) for code in FACTORS for unit in units_of(code)]
DIGITS = st.text("0123456789", max_size=20)


@settings(max_examples=EXAMPLES)
@given(st.sampled_from(CODES_AND_UNITS), st.sampled_from(("", "-")), DIGITS, DIGITS)
def test_hj212_makes_a_number_of_any_value_in_any_unit(
    sent: tuple[str, str], sign: str, whole: str, fraction: str
) -> None:
    code, unit = sent
    device = Hj212Device("D-01", Hj212(mn="M1", units={code: unit}), METRICS)
    area = f"DataTime=20260601080000;{code}-Rtd={sign}{whole}.{fraction},{code}-Flag=N".encode()
    frame = hj212_frame(b"QN=20260601080000000;ST=32;CN=2011;", area)
    decoded = hj212.decode(frame, Directory(by_mn={"M1": device}))
    if not whole and not fraction:
        assert [problem.code for problem in decoded.problems] == ["not_a_number"]
        return
    assert decoded.problems == ()
    (observation,) = decoded.observations
    assert observation.value is not None
    assert math.isfinite(observation.value)
    number = float(f"{sign}{whole}.{fraction}")
    assert (observation.value > 0) == (number > 0)  # no unit makes nothing of something


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=300) | damaged(SL651))
def test_sl651_answers_to_any_bytes(payload: bytes) -> None:
    answers(lambda: sl651.decode(payload, DIRECTORY))


@settings(max_examples=EXAMPLES)
@given(
    BODIES | st.binary(max_size=60),
    st.integers(0, 255),
    st.sampled_from((0x02, 0x16)),
    st.sampled_from((0x03, 0x17)),
)
def test_sl651_answers_to_any_body_under_a_right_checksum(
    body: bytes, function: int, start: int, end: int
) -> None:
    payload = sl651_frame(body, function, start, end)
    answers(lambda: sl651.decode(payload, DIRECTORY))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(("t", "v", "q", "pm25_ugm3")) | st.text(), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=EXAMPLES)
@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_observations_and_status_answer_to_any_bytes(payload: bytes) -> None:
    answers(lambda: observations.decode(payload, "D-01"))
    answers(lambda: status.decode(payload))
