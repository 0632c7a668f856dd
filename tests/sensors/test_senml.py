"""SenML (RFC 8428) in JSON: its own examples, its base fields, and what is wrong with a pack."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from sensors.decoders import senml
from sensors.decoders.foreign import decode
from sensors.decoders.frames import Problems
from sensors.foreign import Foreign
from sensors.reading import BadPayload
from tests.sensors.foreign_examples import DATA, STATIONS

AT = 1_748_736_000
MIDNIGHT = datetime(2025, 6, 1, tzinfo=UTC)
RFC = json.loads((DATA / "senml_rfc8428.json").read_text("utf-8"))["examples"]


@pytest.mark.parametrize("example", RFC, ids=lambda example: example["section"])
def test_the_packs_of_the_standard_resolve_as_it_says(example):
    problems = Problems()
    found = [
        [record.name, record.unit, record.seconds, senml.value_of(record)]
        for record in senml.resolved(example["pack"], "x", problems)
    ]
    assert found == [[n, u, Fraction(t), v] for n, u, t, v in example["resolved"]]
    assert not problems


def pack(records, values=None, **changes):
    """What comes of a pack of R-01's level `l`."""
    level = {"metric": "level_m", "name": "l", "unit": "m"}
    raw = {"name": "x", "topic": "x/+", "format": "senml", "station": {"code": "R-01"}}
    how = Foreign.model_validate({**raw, "values": values or [level], **changes})
    return decode(json.dumps(records).encode(), "x/1", how, STATIONS)


def values(decoded):
    return [seen.value for seen in decoded.observations]


def test_base_values_are_added_until_they_change():
    records = [{"bv": 30.1, "n": "l", "t": AT, "v": 0.2}, {"n": "l", "t": AT + 1, "v": 0.3}]
    records += [{"bv": 0, "n": "l", "t": AT + 2, "v": 0.4}]
    assert values(pack(records)) == [30.3, 30.4, 0.4]


@pytest.mark.parametrize(
    ("time", "observed_at", "after_s"),
    [
        ({}, None, 0),
        ({"t": -30}, None, -30),
        ({"bt": -30, "t": 10.5}, None, -19.5),
        ({"bt": 2**28 - 1}, None, 2**28 - 1),
        ({"bt": 2**28}, datetime(1978, 7, 4, 21, 24, 16, tzinfo=UTC), 0),
        ({"bt": AT, "t": -0.1}, MIDNIGHT - timedelta(seconds=0.1), 0),
    ],
)
def test_small_times_count_from_the_arrival_and_large_ones_since_1970(time, observed_at, after_s):
    (seen,) = pack([{"n": "l", "v": 1, **time}]).observations
    assert seen.observed_at == observed_at
    assert seen.after_arrival == timedelta(seconds=after_s)
    assert seen.moment(MIDNIGHT) == (observed_at or MIDNIGHT + timedelta(seconds=after_s))


@pytest.mark.parametrize(
    ("records", "code", "told"),
    [
        ({}, "wrong_shape", "SenML is a list of records"),
        ([3], "wrong_shape", "record 0 is 3"),
        ([{"n": "l", "v": True}], "not_a_number", "v is true, expected a number"),
        ([{"n": "l", "v": "3"}], "not_a_number", "v is '3', expected a number"),
        ([{"n": "l", "vs": 3}], "not_a_number", "expected text"),
        ([{"n": "l", "vd": "aGkgCg"}], "not_a_number", "has data (vd)"),
        ([{"n": "l", "s": 3}], "wrong_shape", "has no value (v, vs or vb)"),
        ([{"n": "l", "v": 3, "vs": "3"}], "wrong_shape", "has v and vs"),
        ([{"v": 3}], "wrong_shape", "has no name"),
        ([{"n": 3, "v": 3}], "wrong_shape", "n is 3, expected text"),
        ([{"n": "m", "v": 3}], "unknown_metric", "no value has the name 'm'"),
        ([{"n": "l", "v": 3, "u": "Cel"}], "bad_unit", "is in 'Cel'"),
        ([{"n": "l", "v": 3, "t": "now"}], "bad_time", "t is 'now'"),
        ([{"n": "l", "v": 3, "bt": None}], "bad_time", "bt is null"),
        ([{"n": "l", "v": 3, "t": 1e300}], "bad_time", "no date"),
        ([{"n": "l", "v": 3, "t": -1e300}], "bad_time", "cannot be"),
        ([{"n": "l", "v": 3, "bver": 11}], "wrong_shape", "versions up to 10"),
        ([{"n": "l", "v": 3, "x_": 1}], "wrong_shape", "must be understood"),
        ([{"n": "l", "v": 1e308, "bv": 1e308}], "not_finite", "too large"),
        ([{"bn": "l"}], "empty", "holds no value"),
    ],
)
def test_what_is_wrong_with_a_pack_is_said(records, code, told):
    try:
        (problem,) = pack(records).problems
    except BadPayload as error:
        problem = error
    assert (problem.code, told in str(problem)) == (code, True), str(problem)


def test_a_unit_is_the_records_own_before_the_mappings():
    assert values(pack([{"n": "l", "u": "cm", "v": 300}])) == [3]
    assert values(pack([{"bu": "mm", "n": "l", "v": 300}])) == [0.3]
    (problem,) = pack([{"n": "l", "v": 3}], [{"metric": "level_m", "name": "l"}]).problems
    assert problem.code == "unit_unknown"


def test_the_longest_prefix_names_the_station_and_the_rest_the_value():
    station = {"prefixes": {"d:": "R-01", "d:2:": "R-04"}}
    records = [{"bn": "d:", "n": "l", "v": 1}, {"bn": "d:2:", "n": "l", "v": 2}]
    decoded = pack([*records, {"bn": "e:", "n": "l", "v": 3}], station=station)
    assert [(seen.station, seen.value) for seen in decoded.observations] == [
        ("R-01", 1),
        ("R-04", 2),
    ]
    assert [problem.code for problem in decoded.problems] == ["unknown_station"]


def test_a_star_stands_for_any_beginning_and_the_exact_name_comes_first():
    both = [
        {"metric": "rain_mm", "name": "*l", "unit": "mm"},
        {"metric": "level_m", "name": "l", "unit": "m"},
    ]
    decoded = pack([{"n": "l", "v": 1}, {"n": "urn:l", "v": 2}], both)
    assert [seen.metric for seen in decoded.observations] == ["level_m", "rain_mm"]


def test_an_ignored_record_may_hold_anything():
    records = [{"bn": "d:", "n": "l", "v": 1}, {"n": "nfc", "vd": "aGkgCg"}, {"n": "label"}]
    station = {"prefixes": {"d:": "R-01"}}
    decoded = pack(records, station=station, ignores=["nfc", "*:label"])
    assert (values(decoded), decoded.problems) == ([1], ())


def test_good_records_are_kept_beside_bad_ones():
    decoded = pack([{"n": "l", "v": "x"}, {"n": "l", "v": 2}, {"n": 7, "v": 3}])
    assert values(decoded) == [2]
    assert [problem.code for problem in decoded.problems] == ["not_a_number", "wrong_shape"]
