"""JSON observations: what is right is kept, what is wrong is named, nothing else ever happens."""

import json
import math
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.catalogue import METRICS
from sensors.decoders.decoded import Decoded
from sensors.decoders.observations import MAX_READINGS, decode
from sensors.reading import BadPayload, Observation, Origin, Quality

KNOWN = sorted(METRICS)
NUMBERS = (
    st.none() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
)
EAST = timezone(timedelta(hours=8))
TIMES = st.integers(2 * 10**8, 4 * 10**9).map(lambda s: datetime.fromtimestamp(s, EAST))
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from("vqto"), inner),
)


def one(body: str, station: str = "R-01") -> Observation:
    decoded = decode(body.encode(), station)
    assert decoded.problems == ()
    return decoded.observations[0]


def outcome(payload: bytes, station: str = "R-01") -> Decoded:
    """What becomes of a message; one of which nothing can be used has no observations."""
    try:
        return decode(payload, station)
    except BadPayload as error:
        return Decoded((), (error,))


def problem(body: str | bytes, station: str = "R-01") -> BadPayload:
    """The one thing that is wrong with a message of which nothing, or only the rest, is kept."""
    problems = outcome(body if isinstance(body, bytes) else body.encode(), station).problems
    assert len(problems) == 1
    return problems[0]


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()), st.text())
def test_whatever_comes_the_answer_is_observations_or_a_short_reason(payload, station):
    decoded = outcome(payload, station)
    assert decoded.observations or decoded.problems
    for observation in decoded.observations:
        assert observation.value is None or math.isfinite(observation.value)
        assert (observation.value is None) == bool(observation.quality & Quality.MISSING)
    assert len(decoded.reason) < 4000
    assert decoded.reason.isprintable()


@given(
    st.dictionaries(
        st.sampled_from(["v", "q", "t", "o", "t0"]),
        JSON | st.dictionaries(st.sampled_from(KNOWN), JSON) | st.text(),
    )
)
def test_wrong_fields_of_the_right_name_are_reasons_too(message):
    for one in outcome(json.dumps(message).encode()).problems:
        assert str(one).startswith(("R-01: ", "and "))


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(KNOWN), NUMBERS, min_size=1),
            st.none() | TIMES,
        ),
        min_size=1,
    )
)
def test_every_number_sent_is_observed_once_at_its_time(messages):
    body = [{"v": values, **({"t": at.isoformat()} if at else {})} for values, at in messages]
    decoded = decode(json.dumps(body).encode(), "R-01")
    assert decoded.problems == ()
    assert [(o.metric, o.observed_at, o.value) for o in decoded.observations] == [
        (metric, at, None if value is None else float(value))
        for values, at in messages
        for metric, value in values.items()
    ]


@given(st.dictionaries(st.sampled_from(KNOWN), NUMBERS, min_size=1), st.sampled_from(KNOWN))
def test_the_slow_reading_of_a_partly_wrong_message_keeps_what_the_fast_one_would(values, metric):
    good = decode(json.dumps({"v": values}).encode(), "R-01").observations
    mixed = decode(json.dumps([{"v": values}, {"v": {metric: "abc"}}]).encode(), "R-01")
    assert mixed.observations == good
    assert [p.code for p in mixed.problems] == ["not_a_number"]


def test_the_contract_of_one_object():
    decoded = decode(
        b'{"t": "2026-11-22T12:00:00+08:00", "v": {"level_m": 23.86, "rain_mm": null},'
        b' "q": {"level_m": "suspect"}}',
        "R-01",
    )
    at = datetime(2026, 11, 22, 4, tzinfo=UTC)
    assert decoded.problems == ()
    assert decoded.observations == (
        Observation("R-01", "level_m", at, 23.86, Quality.DEVICE),
        Observation("R-01", "rain_mm", at, None, Quality.MISSING),
    )


def test_milliseconds_since_1970_are_a_time():
    assert one('{"t": 1795320000123, "v": {"level_m": 1}}').observed_at == datetime(
        2026, 11, 22, 4, 0, 0, 123000, tzinfo=UTC
    )


def test_without_a_time_the_arrival_decides():
    assert one('{"v": {"level_m": 1}}').observed_at is None
    assert one('{"t": null, "v": {"level_m": 1}}').observed_at is None


def test_missing_takes_the_value_away():
    seen = one('{"v": {"level_m": 23.9}, "q": {"level_m": "missing"}}')
    assert (seen.value, seen.quality) == (None, Quality.MISSING)


def test_recorded_readings_say_so_and_when_they_were_taken():
    seen = one('{"v": {"level_m": 1}, "o": "recorded", "t0": "2018-06-01T00:00:00Z"}')
    assert (seen.origin, seen.original_at) == (Origin.RECORDED, datetime(2018, 6, 1, tzinfo=UTC))


def test_a_key_sent_twice_counts_once():
    assert one('{"v": {"level_m": 1, "level_m": 2}}').value == 2


def test_a_byte_order_mark_is_not_a_mistake():
    assert one("\ufeff" + '{"v": {"level_m": 1}}').value == 1


def test_fields_of_tomorrow_are_ignored():
    assert one('{"v": {"level_m": 1}, "firmware": {"major": 3}}').value == 1


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_nan_is_refused_by_name_and_the_other_values_stay(word):
    decoded = decode(f'{{"v": {{"rain_mm": 0.5, "level_m": {word}}}}}'.encode(), "R-01")
    assert [(o.metric, o.value) for o in decoded.observations] == [("rain_mm", 0.5)]
    assert [p.code for p in decoded.problems] == ["not_finite"]
    assert decoded.reason == (
        f"R-01: level_m is {word}, which JSON does not have; send null for a missing value"
    )


def test_an_unknown_metric_does_not_cost_the_known_one():
    decoded = decode(b'{"v": {"levle_m": 1, "rain_mm": 2}}', "R-01")
    assert [o.metric for o in decoded.observations] == ["rain_mm"]
    assert decoded.reason == "R-01: unknown metric 'levle_m'; did you mean level_m?"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"abc"', "R-01: level_m is not a number: 'abc'"),
        ("true", "R-01: level_m is not a number: true"),
        ("[1, 2]", "R-01: level_m is not a number: a list of 2"),
        ("{}", "R-01: level_m is not a number: an object"),
        ("1e999", "R-01: level_m is too large for a number"),
    ],
)
def test_a_value_that_is_no_number_is_named(value, said):
    found = problem(f'{{"v": {{"level_m": {value}}}}}')
    assert str(found) == said


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{}", "wrong_shape"),
        (b"[]", "empty"),
        (b'{"v": {}}', "empty"),
        (b"5", "wrong_shape"),
        (b'"x"', "wrong_shape"),
        (b'{"v": [1]}', "wrong_shape"),
        (b"[5]", "wrong_shape"),
        (b"level=23.86", "not_json"),
        (b'{"v": {"level_m": 1}', "not_json"),
        (b"\xff\xd8\xff\xe0", "not_json"),
        (b"[" * 200_000, "too_deep"),
        (b'{"v": {"level_m": 1}, "x": ' + b"[" * 200_000, "too_deep"),
        (b'{"t": "2026-11-22 12:00:00", "v": {"level_m": 1}}', "no_zone"),
        (b'{"t": "yesterday", "v": {"level_m": 1}}', "bad_time"),
        (b'{"t": "2026-02-30T00:00:00Z", "v": {"level_m": 1}}', "bad_time"),
        (b'{"t": true, "v": {"level_m": 1}}', "bad_time"),
        (b'{"t": NaN, "v": {"level_m": 1}}', "bad_time"),
        (b'{"t": 1795320000, "v": {"level_m": 1}}', "bad_time"),
        (b'{"t": 1e300, "v": {"level_m": 1}}', "bad_time"),
        (b'{"t": "0001-01-01T00:00:00+08:00", "v": {"level_m": 1}}', "bad_time"),
        (b'{"t0": "2018-06-01T00:00:00", "v": {"level_m": 1}}', "no_zone"),
        (b'{"o": "real", "v": {"level_m": 1}}', "bad_origin"),
    ],
)
def test_a_message_of_which_nothing_can_be_used_says_why(body, code):
    assert problem(body).code == code


def test_a_wrong_time_costs_its_own_entry_only():
    decoded = decode(
        b'[{"t": "noon", "v": {"level_m": 1}}, {"t": 1795320000000, "v": {"level_m": 2}}]', "R-01"
    )
    assert [o.value for o in decoded.observations] == [2]
    assert [p.code for p in decoded.problems] == ["bad_time"]


@pytest.mark.parametrize("quality", ['{"level_m": "broken"}', '{"level_m": 3}', '"bad"'])
def test_a_quality_that_is_not_understood_is_suspect_not_good(quality):
    decoded = decode(f'{{"v": {{"level_m": 1}}, "q": {quality}}}'.encode(), "R-01")
    assert [(o.value, o.quality) for o in decoded.observations] == [(1, Quality.DEVICE)]
    assert [p.code for p in decoded.problems] == ["bad_quality"]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"v": {"level_m": "x" * 1_000_000}}),
        json.dumps({"v": {"x" * 1_000_000: 1}}),
        json.dumps({"t": "x" * 1_000_000, "v": {"level_m": 1}}),
        json.dumps({"v": {f"m{i}": 1 for i in range(9_000)}}),
        '{"v": {"level_m": ' + "9" * 1_000_000 + "}}",
        "[" + "{}," * 300_000 + "{}]",
        '{"v": {"level_m": "' + "\\u0000" * 100_000 + '"}}',
        '{"v": {"level_m": "\\ud800"}}',
        '{"v": {"<script>alert(1)</script>": 1}}',
    ],
    ids=["value", "metric", "time", "metrics", "digits", "entries", "nuls", "surrogate", "html"],
)
def test_a_monstrous_message_gets_a_short_sentence_soon(body):
    started = time.monotonic()
    reason = outcome(body.encode()).reason
    assert reason.startswith("R-01: ")
    assert len(reason) < 2000
    assert reason.isprintable()
    assert time.monotonic() - started < 5


def test_more_readings_than_a_message_may_hold_are_refused():
    body = [{"v": {"level_m": i, "rain_mm": i}} for i in range(MAX_READINGS // 2)]
    assert len(decode(json.dumps(body).encode(), "R-01").observations) == MAX_READINGS
    body.append({"v": {"level_m": 1}})
    with pytest.raises(BadPayload, match="10001 readings; a message has 10000 at most"):
        decode(json.dumps(body).encode(), "R-01")


def test_a_station_name_full_of_html_is_quoted_and_cut():
    said = str(problem("x", station="<b>" * 1000 + "\n"))
    assert len(said) < 200
    assert said.isprintable()
