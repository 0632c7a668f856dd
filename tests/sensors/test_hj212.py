"""HJ 212: what loggers in the field send, read as the standard says; whatever else is refused."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.decoders import crc16
from sensors.decoders.decoded import Decoded
from sensors.decoders.frames import MAX_READINGS
from sensors.decoders.hj212 import decode
from sensors.decoders.hj212_frame import check, frames
from sensors.directory import Directory, Hj212Device
from sensors.protocols import Hj212
from sensors.reading import BadPayload, Observation, Quality

DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "hj212_frames.json").read_text("utf-8"))["vectors"]
SAMPLES = [
    line.removesuffix(r"\r\n").encode()
    for line in (DATA / "hj212_samples.txt").read_text("utf-8").splitlines()
    if line.startswith("##")
]
KINDS = ("standard", "modbus", "modbus_swapped")
AT = "DataTime=20260601080000;"
EIGHT = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)  # 08:00 in Beijing


def device(*metrics: str, code: str = "D-01", mn: str = "M1", **settings) -> Directory:
    """A directory with one station that speaks HJ 212."""
    logger = Hj212Device(code, Hj212(mn=mn, **settings), frozenset(metrics))
    return Directory(by_mn={mn: logger})


def frame(area: str, command: str = "2011", mn: str = "M1", sum_=crc16.hj212) -> bytes:
    data = (
        f"QN=20260601080000000;ST=32;CN={command};PW=123456;MN={mn};Flag=4;CP=&&{area}&&".encode()
    )
    return b"##%04d%s%04X\r\n" % (len(data), data, sum_(data))


def outcome(payload: bytes, directory: Directory) -> Decoded:
    try:
        return decode(payload, directory)
    except BadPayload as error:
        return Decoded((), (error,))


def one(payload: bytes, directory: Directory) -> Observation:
    decoded = decode(payload, directory)
    assert decoded.problems == ()
    (observation,) = decoded.observations
    return observation


def problem(payload: bytes, directory: Directory) -> BadPayload:
    (found,) = outcome(payload, directory).problems
    return found


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['klass']}-{v['data_len']}")
def test_every_public_frame_is_accepted_or_refused_as_its_checksum_says(vector):
    found = list(frames(vector["frame"].encode()))
    accepted = []
    for kind in KINDS:
        try:
            assert not isinstance(found[0], BadPayload)
            check(found[0], kind)
            accepted.append(kind)
        except (AssertionError, BadPayload):
            pass
    expected = {"valid": ["standard"], "crc_invalid": [], "length_mismatch": []}
    assert accepted == expected.get(vector["klass"], [vector["klass"]])
    if accepted:
        said = {**found[0].header, "CP": dict(found[0].values)}
        assert said == vector["parsed"]
        assert crc16.hj212(found[0].data) == int(vector["crc_hj212"], 16)
        assert crc16.modbus(found[0].data) == int(vector["crc_modbus"], 16)


def test_the_checksums_of_the_standards_check_string():
    assert crc16.hj212(b"123456789") == 0x2F80
    assert crc16.modbus(b"123456789") == 0x4B37


@pytest.mark.parametrize("payload", SAMPLES, ids=len)
def test_samples_are_read_or_named(payload):
    decoded = outcome(payload, device(mn="Y80110010000010", code="A-01"))
    assert decoded.problems  # no factor of theirs that needs a unit has one; two sums are wrong
    assert {p.code for p in decoded.problems} <= {"bad_crc", "unit_unknown", "unknown_factor"}


def test_values_come_in_the_metrics_units_and_in_utc():
    area = AT + "w01018-Rtd=231.0,w01018-Flag=N;w00000-Rtd=36.91,w00000-Flag=N"
    seen = decode(frame(area), device("cod_mgl", "flow_m3s")).observations
    assert seen == (
        Observation("D-01", "cod_mgl", EIGHT, 231.0),
        Observation("D-01", "flow_m3s", EIGHT, 0.03691),
    )


def test_the_codes_of_2005_mean_the_same():
    assert one(frame(AT + "060-Rtd=1.803"), device("nh3n_mgl")).value == 1.803


def test_fine_dust_is_not_stored_before_its_unit_is_said():
    payload = frame(AT + "a34004-Rtd=35,a34004-Flag=N")
    found = problem(payload, device("pm25_ugm3"))
    assert found.code == "unit_unknown"
    assert "hj212.units" in str(found)
    for unit, value in (("ug/m3", 35), ("ng/m3", 0.035), ("mg/m3", 35_000)):
        assert one(payload, device("pm25_ugm3", units={"a34004": unit})).value == value


def test_sulphur_dioxide_is_of_the_air_or_of_the_stack_as_the_station_measures():
    payload = frame(AT + "a21026-Rtd=0.012")
    assert one(payload, device("stack_so2_mgm3")).value == 0.012
    air = one(payload, device("so2_ugm3", units={"a21026": "mg/m3"}))
    assert (air.metric, air.value) == ("so2_ugm3", 12)


@pytest.mark.parametrize(
    ("mark", "value", "quality"),
    [
        ("N", 5.0, Quality.GOOD),
        ("n", 5.0, Quality.GOOD),
        ("T", 5.0, Quality.DEVICE),
        ("S", 5.0, Quality.DEVICE),
        *((mark, None, Quality.MISSING | Quality.STATUS) for mark in "FMDCB"),
    ],
)
def test_a_mark_decides_whether_a_value_is_good_doubtful_or_missing(mark, value, quality):
    seen = one(frame(f"{AT}w01001-Rtd=5,w01001-Flag={mark}"), device("ph"))
    assert (seen.value, seen.quality) == (value, quality)


def test_a_mark_nobody_knows_makes_the_value_suspect_and_is_named():
    decoded = decode(frame(AT + "w01001-Rtd=5,w01001-Flag=X"), device("ph"))
    assert decoded.observations[0].quality == Quality.DEVICE
    assert [p.code for p in decoded.problems] == ["bad_quality"]


@pytest.mark.parametrize("command", ["2051", "2061", "2031"])
def test_of_a_period_the_mean_is_stored_at_its_beginning(command):
    area = AT + "w01018-Min=1,w01018-Avg=2,w01018-Max=3,w01018-Cou=9,w01018-Flag=N"
    seen = one(frame(area, command), device("cod_mgl", stores=command))
    assert (seen.value, seen.observed_at) == (2.0, EIGHT)


def test_means_do_not_get_among_real_time_values_and_are_kept_or_ignored():
    mean = frame(AT + "w01001-Avg=7", "2061")
    assert problem(mean, device("ph")).code == "not_stored"
    assert decode(mean, device("ph", ignores=["2061"])) == Decoded(())


def test_an_old_sample_sent_again_is_as_old_as_its_sample():
    area = AT + "w01018-SampleTime=20260601040000,w01018-Rtd=20"
    assert one(frame(area), device("cod_mgl")).observed_at == EIGHT.replace(
        month=5, day=31, hour=20
    )


def test_an_unknown_factor_is_named_and_the_others_are_stored():
    payload = frame(AT + "w01001-Rtd=7.1;LA-Rtd=66.8")
    decoded = decode(payload, device("ph"))
    assert [seen.value for seen in decoded.observations] == [7.1]
    assert [p.code for p in decoded.problems] == ["unknown_factor"]
    assert "'LA'" in decoded.reason
    assert one(payload, device("ph", ignores=["LA"])).value == 7.1


def test_two_values_of_one_metric_and_time_are_not_chosen_between():
    decoded = decode(frame(AT + "w01001-Rtd=7.1;w01001-Rtd=8.1"), device("ph"))
    assert decoded.observations == ()
    assert [p.code for p in decoded.problems] == ["contradiction"]
    assert one(frame(AT + "w01001-Rtd=7.1;w01001-Rtd=7.1"), device("ph")).value == 7.1


def test_each_time_in_a_frame_has_its_own_values():
    area = AT + "w01001-Rtd=7;DataTime=20260601080100;w01001-Rtd=8"
    seen = decode(frame(area), device("ph")).observations
    assert [(s.observed_at.minute, s.value) for s in seen] == [(0, 7.0), (1, 8.0)]


def test_a_modbus_sum_is_accepted_only_where_the_device_is_said_to_send_it():
    payload = frame(AT + "w01001-Rtd=7", sum_=crc16.modbus)
    found = problem(payload, device("ph"))
    assert found.code == "bad_crc"
    assert "hj212.crc: modbus" in str(found)
    assert one(payload, device("ph", crc="modbus")).value == 7
    assert problem(payload, device("ph", crc="modbus_swapped")).code == "bad_crc"
    assert problem(frame(AT + "w01001-Rtd=7"), device("ph", crc="modbus")).code == "bad_crc"


def test_frames_joined_in_one_message_are_read_one_by_one():
    both = Directory(
        by_mn={**device("ph", mn="M1").by_mn, **device("ph", mn="M2", code="D-02").by_mn}
    )
    payload = frame(AT + "w01001-Rtd=7") + frame(AT + "w01001-Rtd=8", mn="M2")
    for joined in (payload, payload.replace(b"\r\n", b""), b"\r\n" + payload):
        decoded = decode(joined, both)
        assert [(s.station, s.value) for s in decoded.observations] == [("D-01", 7), ("D-02", 8)]
        assert decoded.problems == ()


GOOD = frame(AT + "w01001-Rtd=7")


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (GOOD[:60], "truncated"),
        (GOOD.replace(b"=7", b"=8"), "bad_crc"),
        (b"##9999" + GOOD[6:], "truncated"),
        (b"##0050" + GOOD[6:], "bad_length"),
        (b"##" + GOOD[6:], "no_frame"),
        (b"hello ", "no_frame"),
        (frame(AT + "w01001-Rtd=7", mn="M9"), "unknown_station"),
        (frame("w01001-Rtd=7"), "no_time"),
        (frame("DataTime=20261301000000;w01001-Rtd=7"), "bad_time"),
        (frame("DataTime=00010101000000;w01001-Rtd=7"), "bad_time"),
        (frame(AT + "w01001-Rtd=7,1"), "bad_frame"),
        (frame(AT + "w01001-Rtd=1e9"), "not_a_number"),
        (frame(AT + "w01001-Rtd=nan"), "not_a_number"),
        (frame(AT + "w01001-Cou=3"), "no_value"),
        (frame("SB1-RS=1", "2021"), "not_stored"),
    ],
)
def test_a_broken_frame_is_named_and_the_good_one_beside_it_is_stored(broken, code):
    for payload in (broken + GOOD, GOOD + broken):
        decoded = decode(payload, device("ph"))
        assert [seen.value for seen in decoded.observations] == [7.0]
        assert decoded.problems[0].code == code
        assert decoded.reason.isprintable()


def test_a_value_left_empty_is_missing_and_never_zero():
    seen = one(frame(AT + "w01001-Rtd="), device("ph"))
    assert (seen.value, seen.quality) == (None, Quality.MISSING)


def test_frames_longer_than_the_standard_allows_lose_nothing():
    area = AT + ";".join(f"w01001-SampleTime=202606010800{s:02},w01001-Rtd={s}" for s in range(60))
    assert len(frame(area)) > 1_100
    assert len(decode(frame(area), device("ph")).observations) == 60


@pytest.mark.parametrize("command", ["9013", "9014", "9015", "1013"])
def test_answers_and_heartbeats_hold_nothing_to_store(command):
    assert decode(frame("QnRtn=1", command), device("ph")) == Decoded(())


@pytest.mark.parametrize("payload", [b"", b"\r\n", b"\0"])
def test_a_message_without_a_frame_is_refused(payload):
    assert problem(payload, device("ph")).code == "empty"


PIECES = st.sampled_from(
    [
        GOOD,
        b"##",
        b"##0101",
        b"&&",
        b"CP=&&",
        b"MN=M1;CN=2011;",
        b"-Rtd=",
        b";",
        b",",
        b"\xff",
        b"#",
    ]
)
AREAS = st.text("w01-RtdFlagNDTime=;,.0&#\u4e00").map(lambda text: frame(AT + text))


@given(st.lists(PIECES | AREAS | st.binary(max_size=20), max_size=12).map(b"".join))
def test_whatever_comes_the_answer_is_observations_or_short_reasons(payload):
    decoded = outcome(payload, device("ph"))
    for seen in decoded.observations:
        assert (seen.value is None) == bool(seen.quality & Quality.MISSING)
    assert len(decoded.problems) <= 11
    assert decoded.reason.isprintable()
    assert len(decoded.reason) < 6_000


@given(st.lists(st.sampled_from([7, 8.25, 6.5]), min_size=1, max_size=8), st.data())
def test_damage_to_one_frame_never_takes_another_with_it(values, data):
    whole = [frame(f"DataTime=202606010800{i:02};w01001-Rtd={v}") for i, v in enumerate(values)]
    broken = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(0, len(whole[broken]) - 7))
    kept = [value for index, value in enumerate(values) if index != broken]
    decoded = outcome(b"".join([*whole[:broken], whole[broken][:cut], *whole[broken + 1 :]]), DEV)
    assert [seen.value for seen in decoded.observations] == kept


DEV = device("ph")


@pytest.mark.parametrize(
    "payload",
    [
        b"#" * 1_000_000,
        b"##9999" * 170_000,
        b"##0000" * 170_000,
        (b"##9999" + b"x" * 9_993) * 100,
        frame(AT + "w01001-Rtd=7") * 8_000,
        frame(AT + ";" * 9_000) * 100,
        b"##9800MN=M1;CN=2011;CP=&&" + b"a-Rtd=1;" * 120_000,
    ],
    ids=["hashes", "heads", "empty", "long", "frames", "separators", "endless"],
)
def test_a_megabyte_of_anything_takes_bounded_time(payload):
    begin = time.process_time()
    decoded = outcome(payload, DEV)
    assert time.process_time() - begin < 10
    assert len(decoded.observations) <= MAX_READINGS + 1_000
    assert len(decoded.problems) <= 11
