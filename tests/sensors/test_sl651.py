"""SL 651: what telemetry stations send, read as the standard says; whatever else is refused."""

import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.decoders import crc16
from sensors.decoders.decoded import Decoded
from sensors.decoders.frames import MAX_READINGS
from sensors.decoders.sl651 import decode
from sensors.decoders.sl651_frame import Element, elements, frames, number, report
from sensors.directory import Directory, Sl651Device
from sensors.protocols import Sl651
from sensors.reading import BadPayload, Observation, Quality

DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "sl651_frames.json").read_text("utf-8"))["vectors"]
TIMED, HOURLY = (bytes.fromhex(VECTORS[i]["hex"]) for i in (1, 2))
ELEVEN = datetime(2017, 7, 18, 3, 0, tzinfo=UTC)  # 11:00 in Beijing
STATION = "0011223344"


def device(*metrics: str, address: str = STATION, code: str = "H-01", **settings) -> Directory:
    """A directory with one station that speaks SL 651."""
    station = Sl651Device(code, Sl651(address=address, **settings), frozenset(metrics))
    return Directory(by_address={address: station})


def frame(rest: str, function: str = "32", station: str = STATION, start: str = "02") -> bytes:
    """A frame whose elements are given in hex; observed 2017-07-18 11:00."""
    body = bytes.fromhex("0034170718110016F1F1" + station + "48F0F01707181100" + rest)
    return built(body, function, station, start)


def built(body: bytes, function: str = "32", station: str = STATION, start: str = "02") -> bytes:
    head = bytes.fromhex(f"7E7E05{station}03E8{function}{len(body):04X}{start}")
    data = head + body + b"\x03"
    return data + crc16.modbus(data).to_bytes(2)


def outcome(payload: bytes, directory: Directory) -> Decoded:
    try:
        return decode(payload, directory)
    except BadPayload as error:
        return Decoded((), (error,))


def values(payload: bytes, directory: Directory) -> dict[str, float | None]:
    decoded = decode(payload, directory)
    assert decoded.problems == ()
    return {seen.metric: seen.value for seen in decoded.observations}


def problem(payload: bytes, directory: Directory) -> BadPayload:
    (found,) = outcome(payload, directory).problems
    return found


def as_in_vector(found: Iterable[Element]) -> list[dict[str, Any]]:
    """Elements in the words of the vectors, a time before those that it holds for."""
    said: list[dict[str, Any]] = []
    time_ = None
    for element in found:
        if element.time != time_:
            time_ = element.time
            said.append({"id": "F0", "observation_time": time_})
        said.append({"id": element.code, "data": element})
    return said


def matches(expected: dict[str, Any], said: dict[str, Any]) -> bool:
    if "observation_time" in expected:
        return expected == said
    element: Element = said["data"]
    if "text" in expected:
        return bool(element.data.decode() == expected["text"])
    if "rain_5min_mm" in expected:
        rains = [None if b == 255 else b / 10 for b in element.data]
        return bool(rains == expected["rain_5min_mm"])
    if "level_5min_m" in expected:
        pairs = [int.from_bytes(element.data[i : i + 2]) for i in range(0, 24, 2)]
        levels = [None if p == 65535 else p / 100 for p in pairs]
        return bool(levels == expected["level_5min_m"])
    assert (element.code, element.data.hex()) == (expected["id"], expected["raw"].lower())
    return "value" not in expected or number(element) == Decimal(str(expected["value"]))


@pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda v: f"{v['expected']['func']}-{len(v['hex'])}"
)
@pytest.mark.parametrize("form", [bytes.fromhex, str.encode], ids=["bytes", "hex"])
def test_every_public_frame_is_read_as_it_was_by_others(vector, form):
    expected = vector["expected"]
    (found,) = frames(form(vector["hex"]))
    assert expected["crc_ok"]
    assert expected["len_ok"]
    assert (found.centre, found.station) == (expected["centre"], expected["station"])
    assert (found.password, found.function) == (expected["password"], expected["func"])
    assert f"{found.end:02X}" == expected["end"]
    assert len(found.body) == expected["body_len"] - (3 if found.packet else 0)
    if found.packet:
        assert found.packet == (expected["packet_total"], expected["packet_no"])
        return
    said = report(found)
    assert (said.serial, said.sent) == (expected["serial"], expected["send_time"])
    assert said.station == expected.get("body_station")
    assert said.station_class == expected.get("station_class")
    if isinstance(expected["elements"], list):
        read = as_in_vector(elements(found, said.rest))
        assert len(read) == len(expected["elements"])
        assert all(map(matches, expected["elements"], read))


@pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda v: f"{v['expected']['func']}-{len(v['hex'])}"
)
def test_no_public_frame_survives_a_changed_byte(vector):
    data = bytearray.fromhex(vector["hex"])
    data[20] ^= 1
    assert [type(found) for found in frames(bytes(data))] == [BadPayload]


def test_a_timed_report_becomes_readings_in_utc():
    seen = decode(TIMED, device("level_m", "battery_v", rain="22")).observations
    assert seen == (
        Observation("H-01", "level_m", ELEVEN, 10.49),
        Observation("H-01", "battery_v", ELEVEN, 10.99),
    )


def test_a_tide_station_has_a_tide_where_a_river_station_has_a_level():
    assert values(TIMED, device("tide_m", rain="22"))["tide_m"] == 10.49


def test_of_the_rains_only_the_one_that_is_meant_is_stored():
    rest = "2019000040" + "2219000012" + "2619001234"
    assert values(frame(rest), device("rain_mm", rain="22")) == {"rain_mm": 1.2}
    decoded = decode(frame(rest), device("rain_mm"))
    assert decoded.observations == ()
    assert {p.code for p in decoded.problems} == {"rain_unknown"}


def test_an_hourly_report_holds_twelve_rains_and_twelve_levels():
    seen = decode(HOURLY, device("level_m", "rain_mm", rain="F4", base_m=10)).observations
    rains = [s for s in seen if s.metric == "rain_mm"]
    levels = {s.observed_at: s for s in seen if s.metric == "level_m"}
    assert [s.value for s in rains] == [0.5, 0, 0, 0, 2.0, None, None, None, None, None, 0, 0]
    assert [s.observed_at.minute for s in rains] == [*range(5, 60, 5), 0]
    assert rains[5].quality == Quality.MISSING
    assert len(levels) == 12
    assert levels[ELEVEN.replace(hour=2, minute=5)].value == 10.12
    assert levels[ELEVEN].value == 10.49


def test_relative_levels_without_their_base_are_kept_not_guessed():
    decoded = decode(HOURLY, device("level_m", rain="22"))
    assert [p.code for p in decoded.problems] == ["base_unknown"]
    assert [s.value for s in decoded.observations if s.metric == "level_m"] == [10.49]
    assert decode(HOURLY, device("level_m", rain="22", ignores=["F5"])).problems == ()


@pytest.mark.parametrize(
    ("element", "metric", "value"),
    [
        ("0219FF0053", "temp_c", -5.3),
        ("0211FF53", "temp_c", -5.3),
        ("0219FFFFFF", "temp_c", None),
        ("3B2300023860", "level_m", 23.86),
        ("30230000012345", "outflow_m3s", None),
    ],
)
def test_numbers_in_bcd(element, metric, value):
    if element.startswith("3023"):  # five bytes where four are announced: nothing comes out even
        assert problem(frame(element), device(metric)).code == "bad_frame"
        return
    assert values(frame(element), device(metric)) == {metric: value}


def test_two_levels_that_contradict_each_other_are_not_chosen_between():
    payload = frame("3923000104903B2300010500")
    decoded = decode(payload, device("level_m"))
    assert decoded.observations == ()
    assert [p.code for p in decoded.problems] == ["contradiction"]
    assert values(payload, device("level_m", ignores=["39"])) == {"level_m": 10.5}


def test_an_unknown_element_is_named_and_the_others_are_stored():
    payload = frame("3812109970190022003A2300010490")
    decoded = decode(payload, device("battery_v"))
    assert [s.value for s in decoded.observations] == [10.99]
    assert "element 70" in decoded.reason


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (TIMED[:30], "truncated"),
        (TIMED[:-1] + b"\0", "bad_crc"),
        (b"hello", "no_frame"),
        (frame("38121099", station="0099999999"), "unknown_station"),
        (frame("381210"), "bad_frame"),
        (frame("38021099"), "bad_frame"),
        (frame("38121A99"), "not_a_number"),
        (frame("F0F0171318110038121099"), "bad_time"),
        (built(bytes.fromhex("003417071811001638121099")), "no_time"),
        (built(bytes.fromhex("0034170718")), "bad_frame"),
        (built(bytes.fromhex("0034170718110016F1F10000000000")), "bad_frame"),
        (frame("38121099", function="31"), "not_stored"),
        (frame("F3F3FFD8", function="36"), "not_stored"),
        (built(bytes.fromhex("00D002FFFF"), "36", start="16"), "divided"),
    ],
)
def test_a_broken_frame_is_named_and_the_good_one_beside_it_is_stored(broken, code):
    for payload in (broken + TIMED, TIMED + broken):
        decoded = decode(payload, device("level_m", "battery_v", rain="22"))
        assert [s.value for s in decoded.observations] == [10.49, 10.99]
        assert [p.code for p in decoded.problems] == [code]
        assert decoded.reason.isprintable()


def test_hex_text_may_be_broken_into_lines():
    text = TIMED.hex(" ", 8).replace(" ", "\r\n").encode()
    assert values(text, device("level_m", "battery_v", rain="22"))["level_m"] == 10.49


def test_a_keep_alive_holds_nothing_to_store():
    payload = bytes.fromhex(VECTORS[0]["hex"])
    assert decode(payload, device(address="0012345678")) == Decoded(())


def test_ascii_coding_and_frames_to_stations_are_refused_by_name():
    assert problem(b"\x0105001122334403E832", device()).code == "ascii_coding"
    down = bytearray(TIMED[:-2])
    down[11] |= 0x80
    assert problem(bytes(down) + crc16.modbus(down).to_bytes(2), device()).code == "downlink"


@pytest.mark.parametrize("payload", [b"", b"\r\n", b"\0"])
def test_a_message_without_a_frame_is_refused(payload):
    assert problem(payload, device()).code == "empty"


ALL = device("level_m", "battery_v", "rain_mm", "temp_c", rain="F4", base_m=10)
BODIES = st.lists(
    st.sampled_from(["F0F01707181100", "39230001", "0490", "F460", "F5C0", "FF", "0419", "F2F2"])
    | st.binary(max_size=30).map(bytes.hex),
    max_size=8,
).map(lambda parts: frame("".join(parts)))


@given(st.lists(BODIES | st.sampled_from([TIMED, b"\x7e\x7e"]) | st.binary(max_size=30)))
def test_whatever_comes_the_answer_is_observations_or_short_reasons(pieces):
    decoded = outcome(b"".join(pieces), ALL)
    for seen in decoded.observations:
        assert (seen.value is None) == bool(seen.quality & Quality.MISSING)
    assert len(decoded.problems) <= 11
    assert decoded.reason.isprintable()
    assert len(decoded.reason) < 6_000


@given(st.text("0123456789ABCDEFabcdef \r\n7E").map(str.encode))
def test_whatever_hex_comes_it_is_read_or_refused(payload):
    outcome(payload, ALL)


@pytest.mark.parametrize(
    "payload",
    [
        b"\x7e" * 1_000_000,
        bytes.fromhex("7E7E05001122334403E8320FFF02") * 70_000,
        bytes.fromhex("7E7E05001122334403E832000302") * 70_000,
        TIMED * 17_000,
        HOURLY * 8_000,
        TIMED[:-1] * 17_000,
        TIMED.hex().encode() * 8_000,
    ],
    ids=["tildes", "heads", "short", "frames", "hours", "wrong", "hex"],
)
def test_a_megabyte_of_anything_takes_bounded_time(payload):
    begin = time.process_time()
    decoded = outcome(payload, ALL)
    assert time.process_time() - begin < 10
    assert len(decoded.observations) <= MAX_READINGS + 1_000
    assert len(decoded.problems) <= 11
