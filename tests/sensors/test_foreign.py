"""Messages of a foreign shape, read by a mapping alone."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sensors.decoders import json_path
from sensors.decoders.decoded import Decoded
from sensors.decoders.foreign import decode
from sensors.foreign import Foreign
from sensors.reading import BadPayload, Origin, Quality
from sensors.units import conversion, convertible
from tests.sensors.foreign_examples import BY_NAME, EXAMPLES, STATIONS

MIDNIGHT = datetime(2025, 6, 1, tzinfo=UTC)
EXPECTED = {
    "ttn": [
        ("R-01", "level_m", 2.209114, 31.83),
        ("R-01", "rain_mm", 2.209114, 0.0),
    ],
    "chirpstack": [
        ("W-03", "temp_c", 5.775023, 23.5),
        ("W-03", "pressure_hpa", 5.775023, 1009.4),
        ("W-03", "wind_speed_ms", 5.775023, 5.0),
        ("W-03", "wind_dir_deg", 5.775023, None),
        ("W-03", "rain_mm", 5.775023, 0.2),
    ],
    "senml": [
        ("W-02", "temp_c", 0, 23.1),
        ("W-02", "pressure_hpa", 0, 1013.25),
        ("W-02", "wind_speed_ms", -60, 3.2),
        ("W-02", "wind_speed_ms", 0, 3.4),
    ],
    "sensorthings": [("D-01", "cod_mgl", 0, 38.6)],
}


def seconds(at):
    return (at - MIDNIGHT).total_seconds()


@pytest.mark.parametrize("name", list(EXPECTED))
def test_each_documented_message_is_read_by_the_mapping_the_page_shows(name):
    example = BY_NAME[name]
    decoded = decode(example.payload, example.topic, example.mapping, STATIONS)
    assert decoded.problems == ()
    assert [
        (seen.station, seen.metric, seconds(seen.observed_at), seen.value)
        for seen in decoded.observations
    ] == EXPECTED[name]
    assert {seen.origin for seen in decoded.observations} == {Origin.LIVE}


def mapping(value=None, **changes):
    """A mapping of R-01's level at `v`, changed so."""
    level = {"metric": "level_m", "path": "v", "unit": "m", **(value or {})}
    raw = {"name": "x", "topic": "x/+", "station": {"code": "R-01"}, "values": [level]}
    return Foreign.model_validate({**raw, **changes})


def read(found, value=None, topic="x/1", **changes):
    """What comes of a message that is this JSON."""
    payload = found if isinstance(found, bytes) else json.dumps(found).encode()
    return decode(payload, topic, mapping(value, **changes), STATIONS)


def values(decoded):
    return [seen.value for seen in decoded.observations]


def refused(found, value=None, **changes):
    """The one problem of a message: code and sentence."""
    try:
        (problem,) = read(found, value, **changes).problems
    except BadPayload as error:
        problem = error
    return problem.code, str(problem)


# Numbers


@pytest.mark.parametrize(
    ("sent", "code", "told"),
    [
        (b'{"v": NaN}', "not_finite", "x: v is NaN, which JSON does not have"),
        (b'{"v": -Infinity}', "not_finite", "-Infinity"),
        (b'{"v": 1e999}', "not_finite", "too large"),
        ({"v": True}, "not_a_number", "x: v is not a number: true"),
        ({"v": "3.5"}, "not_a_number", "`text: true` in the mapping would read it"),
        ({"v": "high"}, "not_a_number", "'high'"),
        ({"v": [3]}, "not_a_number", "a list of 1"),
        ({"v": {}}, "not_a_number", "an object"),
        ({"w": 3}, "absent", "x: the message has no v; it has w"),
        ({}, "absent", "it is empty"),
        ([3], "wrong_shape", "a list of 1, expected an object"),
        (b"", "empty", "empty"),
        (b"level=3", "not_json", "not JSON"),
        (b"\xff", "not_json", "not UTF-8"),
        (b"[" * 100_000, "too_deep", "nested too deeply"),
    ],
)
def test_what_is_no_number_is_named_with_where_it_lies(sent, code, told):
    found, sentence = refused(sent)
    assert (found, told in sentence) == (code, True), sentence


def test_a_text_is_a_number_only_where_the_mapping_says_so():
    assert values(read({"v": " 21.50 "}, {"text": True})) == [21.5]
    assert values(read({"v": "-1e1"}, {"text": True})) == [-10]
    for text in ("", "0x10", "1_000", "1,5", "nan", "inf", "१२", "1e400"):
        assert refused({"v": text}, {"text": True})[0] in ("not_a_number", "not_finite"), text


def test_null_and_what_stands_for_none_is_a_missing_value():
    sent = {"missing": [-9999, "n/a"]}
    for none in (None, -9999, -9999.0, "n/a"):
        (seen,) = read({"v": none}, sent).observations
        assert (seen.value, seen.quality) == (None, Quality.MISSING)
    assert refused({"v": "-9999"}, sent)[0] == "not_a_number"
    assert values(read(b'{"v": NaN}', {"missing": ["NaN"]})) == [None]


def test_words_become_numbers_and_yaml_has_one_word_for_on_and_true():
    words = {"words": {"dry": 0, True: 2, False: 1}}
    found = [values(read({"v": word}, words)) for word in ("dry", True, "on", "Yes", False, "off")]
    assert found == [[0], [2], [2], [2], [1], [1]]
    assert "words are dry, True, False" in refused({"v": "dri"}, words)[1]


def test_an_optional_value_may_be_absent_but_not_all_of_them():
    two = [
        {"metric": "level_m", "path": "a.b", "unit": "m", "optional": True},
        {"metric": "rain_mm", "path": "c", "unit": "mm", "optional": True},
    ]
    assert values(read({"c": 1}, values=two)) == [1]
    assert values(read({"a": None, "c": 1}, values=two)) == [1]
    assert refused({"d": 1}, values=two)[0] == "empty"
    assert refused({"a": 3, "c": 1}, values=two)[0] == "wrong_shape"


def test_the_good_values_of_a_message_are_kept_beside_the_bad_one():
    two = [
        {"metric": "level_m", "path": "a", "unit": "m"},
        {"metric": "rain_mm", "path": "b", "unit": "mm"},
    ]
    decoded = read({"a": "?", "b": 1}, values=two)
    assert values(decoded) == [1]
    assert [problem.code for problem in decoded.problems] == ["not_a_number"]


# Units


@pytest.mark.parametrize(
    ("metric", "unit", "sent", "stored"),
    [
        ("level_m", "cm", 2385, 23.85),
        ("level_m", "mm", 57, 0.057),
        ("level_m", "ft", 100, 30.48),
        ("temp_c", "°F", 212, 100.0),
        ("temp_c", "degF", -40, -40.0),
        ("temp_c", "K", 273.15, 0.0),
        ("pm25_ugm3", "mg/m³", 0.035, 35.0),
        ("co_mgm3", "ug/m3", 1200, 1.2),
        ("pressure_hpa", "kPa", 101.325, 1013.25),
        ("wind_speed_ms", "km/h", 36, 10.0),
        ("flow_m3s", "m³/h", 3600, 1.0),
        ("humidity_pct", "/", 0.57, 57.0),
        ("conductivity_uscm", "mS/cm", 1.4, 1400.0),
        ("battery_v", "mV", 3612, 3.612),
        ("nh3_ppm", "ppb", 30, 0.03),
    ],
)
def test_units_are_converted_exactly(metric, unit, sent, stored):
    assert values(read({"v": sent}, {"metric": metric, "unit": unit})) == [stored]


def test_scale_and_offset_come_before_the_unit():
    distance = {"unit": "cm", "scale": -1, "offset": 3800}
    assert values(read({"v": 617}, distance)) == [31.83]


@given(st.floats(-1e9, 1e9), st.data())
@settings(max_examples=500)
def test_there_and_back_is_the_same_number(value, data):
    into = data.draw(st.sampled_from(["m", "°C", "µg/m³", "hPa", "m/s", "m³/s", "ppm", "V"]))
    unit = data.draw(st.sampled_from(convertible(into)))
    there, back = conversion(into, unit), conversion(unit, into)
    assert there is not None
    assert back is not None
    assert there.then(back).scale == 1
    assert there.then(back).offset == 0
    assert back(there(value)) == pytest.approx(value, rel=1e-12, abs=1e-9)


def test_what_needs_the_gas_is_not_converted():
    assert conversion("ppm", "µg/m³") is None
    assert conversion("F", "°C") is None


# Times

AT = 1_748_736_000


@pytest.mark.parametrize(
    ("sent", "how", "after"),
    [
        ("2025-06-01T08:00:01.5+08:00", {}, 1.5),
        ("2025-06-01T00:00:00.123456789Z", {}, 0.123457),
        ("2025-06-01 08:00:00", {"zone": "+08:00"}, 0),
        ("2025-06-01T00:00:00Z", {"zone": "+08:00"}, 0),
        ("2025-05-31T20:30:00", {"zone": "-03:30"}, 0),
        ("2025-06-01T00:00:00Z/2025-06-01T01:00:00Z", {"interval": "begin"}, 0),
        ("2025-05-31T23:00:00Z/2025-06-01T00:00:00Z", {"interval": "end"}, 0),
        ("2025-06-01T00:00:00Z", {"interval": "end"}, 0),
        (AT, {"format": "s"}, 0),
        (AT + 0.25, {"format": "s"}, 0.25),
        (AT * 1_000 + 1, {"format": "ms"}, 0.001),
        (AT * 1_000_000 + 7, {"format": "us"}, 0.000007),
        (AT * 1_000_000_000 + 123_456_500, {"format": "ns"}, 0.123456),
    ],
)
def test_times_are_read_as_the_mapping_says(sent, how, after):
    (seen,) = read({"t": sent, "v": 1}, time={"path": "t", **how}).observations
    assert seconds(seen.observed_at) == after


@pytest.mark.parametrize(
    ("sent", "how", "code", "told"),
    [
        ("2025-06-01 08:00:00", {}, "no_zone", "`zone: '+08:00'`"),
        ("2025-05-31T23:00:00Z/2025-06-01T00:00:00Z", {}, "bad_time", "`interval: begin`"),
        ("2025-05-31T23:00:00Z/..", {"interval": "end"}, "bad_time", "expected 2026-03-01T"),
        ("yesterday", {}, "bad_time", "'yesterday'"),
        (AT, {}, "bad_time", "expected text"),
        ("0001-01-01T00:00:00+14:00", {}, "bad_time", "no date"),
        (str(AT), {"format": "s"}, "bad_time", "expected a number, s since 1970"),
        (True, {"format": "s"}, "bad_time", "true"),
        (None, {"format": "s"}, "bad_time", "null"),
        (AT * 1000, {"format": "s"}, "bad_time", "no date"),
        (AT, {"format": "ms"}, "bad_time", "in ms the year 1970; it looks like s"),
        (0, {"format": "s"}, "bad_time", "a clock that was reset"),
        (1e300, {"format": "ns"}, "bad_time", "no date"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_a_remedy(sent, how, code, told):
    found, sentence = refused({"t": sent, "v": 1}, time={"path": "t", **how})
    assert (found, told in sentence) == (code, True), sentence


def test_without_a_time_the_arrival_counts():
    (seen,) = read({"v": 1}).observations
    assert seen.observed_at is None
    assert refused({"v": 1}, time={"path": "t"})[0] == "absent"


# Whose it is


def test_a_station_is_named_by_a_level_of_the_topic():
    by_level = {"level": 2, "codes": {"eui-1": "R-01"}}
    (seen,) = read({"v": 1}, topic="x/eui-1", station=by_level).observations
    assert seen.station == "R-01"
    (seen,) = read({"v": 1}, topic="x/R-04", station={"level": 2}).observations
    assert seen.station == "R-04"
    assert refused({"v": 1}, topic="x/eui-2", station=by_level) == (
        "unknown_station",
        "x: unknown name 'eui-2'; add it to station.codes of the mapping, then replay",
    )
    assert refused({"v": 1}, topic="x/R-99", station={"level": 2})[0] == "unknown_station"
    assert refused({"v": 1}, topic="x", station={"level": 2})[0] == "topic"


def test_a_station_is_named_in_the_message():
    by_path = {"path": "d.id", "codes": {"17": "R-01"}}
    for name in ("17", 17):
        (seen,) = read({"d": {"id": name}, "v": 1}, station=by_path).observations
        assert seen.station == "R-01"
    for wrong in (None, True, 17.5, ["17"], "18"):
        assert refused({"d": {"id": wrong}, "v": 1}, station=by_path)[0] == "unknown_station"


def test_only_says_of_which_name_a_value_is():
    two = [
        {"metric": "level_m", "path": "v", "unit": "m", "only": ["a"]},
        {"metric": "rain_mm", "path": "v", "unit": "mm", "only": ["b"]},
    ]
    station = {"level": 2, "codes": {"a": "R-01", "b": "R-01"}}
    found = [
        read({"v": 1}, topic=f"x/{name}", station=station, values=two).observations[0].metric
        for name in ("a", "b")
    ]
    assert found == ["level_m", "rain_mm"]


def test_each_element_of_a_list_is_read_and_the_sentence_says_which_is_wrong():
    station = {"path": "id"}
    time = {"path": "t", "format": "s"}
    sent = {
        "site": {"rain": 2},
        "list": [
            {"id": "R-01", "t": AT, "v": 1},
            {"id": "R-04", "t": AT, "v": "?"},
            {"id": "R-09", "t": AT, "v": 3},
            {"id": "R-04", "v": 4},
        ],
    }
    decoded = read(sent, each="list", station=station, time=time)
    assert [(seen.station, seen.value) for seen in decoded.observations] == [("R-01", 1)]
    assert [problem.code for problem in decoded.problems] == [
        "not_a_number",
        "unknown_station",
        "absent",
    ]
    assert "x: list[1]: v is not a number" in decoded.reason
    assert refused({"list": {}}, each="list")[0] == "wrong_shape"
    assert refused({"list": [{}] * 10_001}, each="list")[0] == "too_many"


def test_paths_that_begin_with_the_root_leave_the_element():
    value = {"path": "$.rain", "metric": "rain_mm", "unit": "mm"}
    assert values(read({"rain": 2, "list": [{}]}, value, each="list")) == [2]


@pytest.mark.timeout(20)
def test_a_long_list_is_not_searched_once_for_each_of_its_elements():
    found = {"list": [{"id": "R-01", "k": n} for n in range(10_000)]}
    value = {"path": "$.list[k=10000].v"}
    decoded = read(found, value, each="list", station={"path": "id"})
    assert decoded.problems[-1].code == "absent"


def test_two_values_for_the_same_time_are_a_contradiction_and_neither_is_taken():
    decoded = read({"list": [{"v": 1}, {"v": 2}]}, each="list")
    assert (decoded.observations, decoded.problems[0].code) == ((), "contradiction")


def test_the_same_value_twice_in_a_message_is_one():
    assert values(read({"list": [{"v": 1}, {"v": 1}]}, each="list")) == [1]


def test_a_message_that_is_not_meant_holds_nothing():
    when = {"path": "port", "values": [2, None]}
    assert values(read({"port": 2, "v": 1}, when=when)) == [1]
    assert values(read({"v": 1}, when=when)) == [1]
    for port in (3, "2", False):
        decoded = read({"port": port}, when=when)
        assert (decoded.observations, decoded.problems) == ((), ())


def test_what_is_simulated_says_so():
    found = [
        read({"v": 1, **flag}, simulated="sim").observations[0].origin
        for flag in ({}, {"sim": None}, {"sim": False}, {"sim": True})
    ]
    assert found == [Origin.LIVE, Origin.LIVE, Origin.LIVE, Origin.SIMULATED]
    assert refused({"v": 1, "sim": "yes"}, simulated="sim")[0] == "bad_origin"


# Paths


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1),
        ("['a']['b']", 1),
        ("['@iot.id']", 2),
        ("l[0].v", 3),
        ("l[-1].v", 4),
        ("l[id='T2'].v", 4),
        ("l[ch=1].v", 3),
        ("水位.x-1", 5),
        ("$.a.b", 1),
    ],
)
def test_a_path_leads_to_its_value(path, found):
    list_ = [{"id": "T1", "ch": 1, "v": 3}, {"id": "T2", "ch": 2, "v": 4}]
    root = {"a": {"b": 1}, "@iot.id": 2, "l": list_, "水位": {"x-1": 5}}
    start = {} if path.startswith("$") else root
    assert json_path.parse(path).find(root, start) == found


@pytest.mark.parametrize("text", ["", "a..b", ".a", "a.", "a b", "a[", "a[x]", "a['b]", "a]b", "*"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(ValueError, match="no path"):
        json_path.parse(text)


def test_an_element_must_be_the_only_one():
    path = json_path.parse("l[id='a']")
    with pytest.raises(BadPayload, match="2 elements"):
        path.find(None, {"l": [{"id": "a"}, {"id": "a"}]})
    with pytest.raises(json_path.Absent, match="no element with id 'a'"):
        path.find(None, {"l": [{"id": True}, 3]})


# The mapping itself


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"station": {}}, "expected one of code, level, path, prefixes"),
        ({"station": {"code": "R-01", "level": 2}}, "expected one of"),
        ({"station": {"code": "R-01", "codes": {"a": "R-01"}}}, "codes needs level or path"),
        ({"station": {"level": 2, "codes": {15: "R-01"}}}, "put quotes around it"),
        ({"station": {"prefixes": {"a": "R-01"}}}, "prefixes is for senml"),
        ({"station": {"path": "a..b"}}, "no path"),
        ({"time": {"path": "t", "format": "s", "zone": "+08:00"}}, "are for texts"),
        ({"time": {"path": "t", "zone": "Asia/Shanghai"}}, "pattern"),
        ({"time": {"path": "t", "zone": 600}}, "put quotes around it"),
        ({"values": []}, "values is empty"),
        ({"values": [{"metric": "levle_m", "path": "v"}]}, "did you mean 'level_m'"),
        ({"values": [{"metric": "level_m", "path": "v"}]}, "level_m needs unit"),
        ({"values": [{"metric": "level_m", "name": "v", "unit": "m"}]}, "json needs path"),
        ({"values": [{"metric": "level_m", "path": "v", "unit": "K"}]}, "not turned into 'm'"),
        ({"values": [{"metric": "level_m", "path": "v", "unit": "m", "scale": 0}]}, "the same"),
        ({"values": [{"metric": "aqi", "path": "v", "unit": ""}]}, "aqi is computed here"),
        ({"format": "senml"}, "senml needs name"),
        ({"ignores": ["a"]}, "ignores is for senml"),
        ({"name": "Obs"}, "pattern"),
        ({"when": {"path": "a", "values": []}}, "at least 1"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(changes, told):
    with pytest.raises(ValidationError, match=told):
        mapping(**changes)


def test_only_must_name_what_there_is():
    value = {"metric": "level_m", "path": "v", "unit": "m", "only": ["b"]}
    station = {"level": 2, "codes": {"bb": "R-01"}}
    with pytest.raises(ValidationError, match="only names 'b'; did you mean 'bb'"):
        mapping(values=[value], station=station)


@given(st.text(alphabet="ab.$[]'\"=-0@ 水", max_size=12), st.data())
@settings(max_examples=500)
def test_any_text_is_a_path_or_is_refused(text, data):
    try:
        path = json_path.parse(text)
    except ValueError as error:
        assert "no path" in str(error)  # noqa: PT017  most texts are none
        return
    leaf = data.draw(st.sampled_from([1, None, {}, []]))
    for root in (leaf, [leaf], {"a": leaf, "b": {"a": leaf}}):
        try:
            path.find(root, root)
        except BadPayload:
            continue


# Whatever arrives

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["R-01", "urn:dev:ow:10e2073a01080063:temp", "2025-06-01T00:00:00Z", AT]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["n", "bn", "u", "bu", "v", "vs", "vb", "bv", "t", "bt", "bver", "v_"])
            | st.sampled_from(
                ["uplink_message", "decoded_payload", "received_at", "f_port", "rain"]
            )
            | st.sampled_from(["deviceInfo", "devEui", "object", "time", "TempF", "Rain"])
            | st.sampled_from(["phenomenonTime", "result", "readings", "ch", "name", "value"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
paths = st.sampled_from(["v", "t", "n", "name", "$", "$.v", "[0]", "[-1].v", "ch[name='v'].value"])
times = st.fixed_dictionaries(
    {"path": paths, "format": st.sampled_from(["s", "ms", "us", "ns"])}
) | st.fixed_dictionaries(
    {
        "path": paths,
        "zone": st.sampled_from([None, "+08:00", "-14:59"]),
        "interval": st.sampled_from([None, "begin", "end"]),
    }
)
levels = st.fixed_dictionaries(
    {
        "metric": st.just("level_m"),
        "path": paths,
        "unit": st.sampled_from(convertible("m")),
        "scale": st.sampled_from([1, -1e300, 1e-300, 0.1]),
        "offset": st.sampled_from([0, 1e308, -3]),
        "text": st.booleans(),
        "words": st.sampled_from([{}, {"v": 1, True: 2}]),
        "missing": st.sampled_from([(), (0, "NaN")]),
        "optional": st.booleans(),
    }
)
any_mapping = st.sampled_from([example.mapping for example in EXAMPLES]) | st.builds(
    lambda each, time, simulated, value: mapping(
        each=each, time=time, simulated=simulated, values=[value]
    ),
    st.none() | paths,
    st.none() | times,
    st.none() | paths,
    levels,
)


@st.composite
def changed(draw):
    """A documented message with something else in one place, and its topic."""
    example = draw(st.sampled_from(EXAMPLES))
    root = json.loads(example.payload)
    at = root
    while isinstance(at, dict | list) and at:
        keys = list(at) if isinstance(at, dict) else range(len(at))
        key = draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or draw(st.booleans()):
            at[key] = draw(json_values)
            break
        at = at[key]
    return example, json.dumps(root).encode()


def answers(payload, topic, how):
    """Any exception but BadPayload goes through, and fails the test."""
    try:
        decoded = decode(payload, topic, how, STATIONS)
    except BadPayload as error:
        decoded = Decoded((), (error,))
    for seen in decoded.observations:
        assert seen.station in STATIONS
        assert seen.value is None or isinstance(seen.value, float)
        assert seen.moment(MIDNIGHT).tzinfo is UTC
    for problem in decoded.problems:
        assert str(problem).isprintable()
        assert len(str(problem)) < 1000


@settings(max_examples=1000)
@given(json_values, any_mapping, st.sampled_from([example.topic for example in EXAMPLES]))
def test_any_json_under_any_mapping_gives_readings_or_a_sentence(found, how, topic):
    answers(json.dumps(found).encode(), topic, how)


@settings(max_examples=1000)
@given(changed())
def test_a_message_changed_in_one_place_gives_readings_or_a_sentence(case):
    example, payload = case
    answers(payload, example.topic, example.mapping)


@settings(max_examples=500)
@given(st.binary(max_size=60), any_mapping)
def test_any_bytes_give_readings_or_a_sentence(payload, how):
    answers(payload, "v3/a/devices/b/up", how)
