"""Foreign topics: checked at start, read by a real ingest, counted, kept, replayed."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import config
from ingest.__main__ import WHOLE, topics_of
from ingest.opening import open_letter
from ingest.pipeline import walk
from ingest.route import feed_of, matches
from ingest.settings import IngestSettings
from ingest.split import overlap
from tests.ingest.conftest import NOW, message
from tests.ingest.running import RunningIngest
from tests.ingest.test_split import TOPICS, filters
from tests.sensors.foreign_examples import BLOCKS, EXAMPLES, RAW, Example
from tests.servers.waiting import until

SAMPLE = yaml.safe_load(config.DEFAULT_PATH.read_text("utf-8"))
LEDGER = (
    "select feed, sum(received)::int, sum(stored)::int, sum(duplicate)::int, sum(quarantined)::int"
    "  from ledger group by 1 order by 1"
)
STORED = """
select t.code, s.metric, r.value, r.observed_at
  from reading r join series s on s.id = r.series_id join station t on t.id = s.station_id
 order by r.observed_at, t.code, s.metric
"""


# The page


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_of_the_page_is_right_with_the_sample_district(block, tmp_path):
    document = {**SAMPLE, "ingest": yaml.safe_load(block)["ingest"]}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    assert config.load(path).section(IngestSettings).foreign


def test_the_examples_of_the_page_stand_beside_each_other(tmp_path):
    assert set(RAW) >= {example.name for example in EXAMPLES}
    assert mistakes(tmp_path, list(RAW.values())) == []


# Mistakes


def mistakes(tmp_path, mappings, **ingest):
    document = {**SAMPLE, "ingest": {"foreign": mappings, **ingest}}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    try:
        config.load(path)
    except config.BadConfig as error:
        return [str(mistake).partition(": ")[2] for mistake in error.mistakes]
    return []


def plain(**changes: Any) -> dict[str, Any]:
    level = {"metric": "level_m", "path": "v", "unit": "m"}
    raw = {"name": "x", "topic": "x/+", "station": {"code": "R-01"}, "values": [level]}
    return {**raw, **changes}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "obs"}, "foreign.0.name = 'obs': this name is taken"),
        ({"name": "replay"}, "foreign.0.name = 'replay': this name is taken"),
        ({"topic": "x/#/y"}, "foreign.0.topic = 'x/#/y': no topic filter"),
        ({"topic": "$share/a/x"}, "foreign.0.topic = '$share/a/x': no topic filter"),
        ({"topic": "dongtai/v1/obs/+"}, "overlaps our own dongtai/v1/#"),
        ({"topic": "#"}, "foreign.0.topic = '#': overlaps our own dongtai/v1/#"),
        ({"topic": "+/v1/#"}, "overlaps our own"),
        ({"station": {"code": "R-1"}}, "station.code = 'R-1': unknown station; did you mean"),
        (
            {"station": {"level": 2, "codes": {"a": "R-99"}}},
            "foreign.0.station.codes.a = 'R-99': unknown station",
        ),
        ({"station": {"level": 3}}, "level = 3: the topic 'x/+' has 2 levels only"),
        ({"station": {"level": 1}}, "level = 1: is 'x' in every topic; those that differ: 2"),
        ({"station": {"code": "W-01"}}, "values.0.metric = 'level_m': W-01 does not measure it"),
        ({"station": {"kode": "R-01"}}, "unknown key; did you mean 'code'?"),
        ({"each": "a..b"}, "foreign.0.each = 'a..b': no path"),
    ],
)
def test_a_mistake_is_named_before_any_socket_opens(tmp_path, changes, told):
    (mistake,) = mistakes(tmp_path, [plain(**changes)])
    assert told in mistake


def test_a_mistake_has_its_line(tmp_path):
    path = tmp_path / "config.yaml"
    lines = ["ingest:", "  foreign:", "    - name: x", "      topic: x/+", "      station:"]
    lines += ["        level: 2", "        codes:", "          a: R-1", "      values:"]
    lines += ["        - metric: level_m", "          path: v", "          unit: K"]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(config.BadConfig) as found:
        config.load(path)
    assert [mistake.line for mistake in found.value.mistakes] == [8, 12]


def test_a_mapping_must_keep_out_of_the_root_that_is_set(tmp_path):
    assert mistakes(tmp_path, [plain(topic="dongtai/v1/+")], root="ours") == []
    (mistake,) = mistakes(tmp_path, [plain(topic="ours/+")], root="ours")
    assert "overlaps our own ours/#" in mistake


def test_two_mappings_must_not_read_the_same_message(tmp_path):
    second = plain(name="y", topic="+/1")
    (mistake,) = mistakes(tmp_path, [plain(), second])
    assert "foreign.1.topic = '+/1': overlaps 'x/+'" in mistake
    (mistake,) = mistakes(tmp_path, [plain(), plain(topic="y/+")])
    assert "foreign.1.name = 'x': this name is taken" in mistake


def test_what_is_optional_or_of_another_station_need_not_be_measured(tmp_path):
    codes = {"level": 2, "codes": {"a": "R-01", "b": "W-01"}}
    level = {"metric": "level_m", "path": "v", "unit": "m"}
    temp = {"metric": "temp_c", "path": "t", "unit": "°C", "optional": True}
    values = [{**level, "only": ["a"]}, temp]
    assert mistakes(tmp_path, [plain(station=codes, values=values)]) == []
    assert len(mistakes(tmp_path, [plain(station=codes, values=[level, temp])])) == 1


@pytest.mark.parametrize("broken", [3, [3], [{}], [{"station": 3, "values": 3, "topic": 3}]])
def test_a_malformed_section_is_named_and_breaks_nothing(tmp_path, broken):
    assert mistakes(tmp_path, broken)


# Topics


def settings(*examples: Example, **more: Any) -> IngestSettings:
    return IngestSettings.model_validate(
        {"foreign": [RAW[example.name] for example in examples], **more}
    )


def test_the_topic_alone_says_which_feed_a_message_is():
    filters = settings(*EXAMPLES).foreign_filters
    feeds = [feed_of(example.topic, "dongtai/v1", filters) for example in EXAMPLES]
    assert feeds == [example.name for example in EXAMPLES]
    assert feed_of("dongtai/v1/obs/R-01", "dongtai/v1", filters) == "obs"
    assert feed_of("v3/a/devices/b/join", "dongtai/v1", filters) == "other"
    assert feed_of("$SYS/x", "dongtai/v1", (("x", "+/x"),)) == "other"


@given(filters, st.sampled_from(TOPICS))
def test_a_topic_is_a_filter_that_only_it_matches(text, topic):
    assert matches(topic, text) == overlap(topic, text)


def test_the_first_worker_reads_all_foreign_topics():
    workers = [{"name": "a", "filters": ["obs/#"]}, {"name": "b", "filters": ["status/#"]}]
    shared = settings(*EXAMPLES, workers=workers)
    foreign = [mapping.topic for mapping in shared.foreign]
    assert topics_of(shared, shared.workers[0]) == ["dongtai/v1/obs/#", *foreign]
    assert topics_of(shared, shared.workers[1]) == ["dongtai/v1/status/#"]
    assert topics_of(settings(*EXAMPLES), WHOLE)[-4:] == foreign


# The walk


@pytest.fixture
def packs(context):
    """A context that reads SenML of R-01's level, in metres, on the topic x/1."""
    values = [{"metric": "level_m", "name": "l", "unit": "m"}]
    mapping = {**plain(), "format": "senml", "values": values}
    return replace(context, settings=IngestSettings.model_validate({"foreign": [mapping]}))


@pytest.fixture
def pack(owner, packs):
    def take(records, **changes):
        sent = message("x", json.dumps(records).encode(), topic="x/1", **changes)
        walk(owner, packs, [sent], NOW)
        return sent

    return take


def test_a_redelivery_with_a_time_relative_to_its_arrival_is_recognised(pack, query):
    records = [{"n": "l", "v": 1, "t": -60}, {"n": "l", "v": 2}]
    first = pack(records)
    pack(records, arrived=30, dup=True, packet_id=first.packet_id, epoch=2)
    levels = [row for row in query(STORED) if row[1] == "level_m"]
    assert [(value, (at - NOW).total_seconds()) for *_, value, at in levels] == [(1, -60), (2, 0)]
    assert query(LEDGER)[-1] == ("x", 2, 1, 1, 0)


def test_a_retained_message_without_a_time_of_its_own_is_refused(pack, query):
    pack([{"n": "l", "v": 1, "t": -5}], retain=True)
    ((code, reason),) = query("select code, reason from quarantine")
    assert code == "retained"
    assert "a retained message without a time of its own may be of any age; say where" in reason
    assert query(STORED) == []
    pack([{"n": "l", "v": 1, "t": int(NOW.timestamp()) - 5}], retain=True)
    assert query(STORED)[0][:3] == ("R-01", "level_m", 1)


def test_a_message_that_is_too_large_is_refused(packs):
    sent = message("x", b" " * (packs.settings.limits.obs_bytes + 1), topic="x/1")
    assert [problem.code for problem in open_letter(sent, packs).problems] == ["too_large"]


def test_the_clock_of_a_foreign_device_is_checked_like_any_other(pack, query):
    pack([{"n": "l", "v": 1, "t": int(NOW.timestamp()) + 3600}])
    assert query("select code from quarantine") == [("clock_ahead",)]


# On real servers


@pytest.fixture
def ingest(database, mosquitto, process, tmp_path):
    mappings = [RAW[example.name] for example in EXAMPLES]
    codes = {**mappings[0]["station"]["codes"]}
    del codes["radar-baifeng"]
    forgetful = {**mappings[0], "station": {"level": 4, "codes": codes}}
    running = RunningIngest(
        tmp_path,
        database,
        mosquitto,
        process,
        sensors={key: SAMPLE["sensors"][key] for key in ("departments", "stations")},
        foreign=[forgetful, *mappings[1:]],
    )
    yield running
    running.close()


def test_all_four_come_through_the_broker_into_the_database(ingest, mosquitto, process, tmp_path):
    for example in EXAMPLES:
        mosquitto.publish(example.topic, example.payload)
    mosquitto.publish("v3/water-levels@ttn/devices/radar-baifeng/up", EXAMPLES[0].payload)
    mosquitto.publish(EXAMPLES[1].topic, EXAMPLES[1].payload)
    until(lambda: ingest.ask("select 1 from ledger where quarantined > 0"), "the bad one")
    until(lambda: ingest.ledger("chirpstack")["received"] == 2, "the repeated one")
    measured = [row for row in ingest.ask(STORED) if row[1] != "storage_m3"]
    assert Counter(row[0] for row in measured) == {"R-01": 2, "W-03": 5, "W-02": 4, "D-01": 1}
    at = datetime(2025, 6, 1, 0, 0, 2, 209114, tzinfo=UTC)
    assert ("R-01", "level_m", 31.83, at) in measured
    rows = {row[0]: row[1:] for row in ingest.ask(LEDGER) if row[0] in RAW}
    assert rows == {
        "ttn": (2, 1, 0, 1),
        "chirpstack": (2, 1, 1, 0),
        "senml": (1, 1, 0, 0),
        "sensorthings": (1, 1, 0, 0),
    }
    ((feed, code, reason),) = ingest.ask("select feed, code, reason from quarantine")
    assert (feed, code) == ("ttn", "unknown_station")
    assert "unknown name 'radar-baifeng'; add it to station.codes of the mapping" in reason
    fix_and_replay(ingest, process, tmp_path)
    assert ("R-04", "level_m", 31.83, at) in ingest.ask(STORED)
    assert ingest.ask("select outcome from quarantine") == [("stored",)]


def fix_and_replay(ingest, process, tmp_path):
    """The forgotten name is added to the mapping; the message walks again."""
    path = tmp_path / "config.yaml"
    document = yaml.safe_load(path.read_text("utf-8"))
    document["ingest"]["foreign"][0] = RAW["ttn"]
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    ingest.program.stop()
    process("ingest", "replay", "--code", "unknown_station", "--config", str(path)).wait_for(
        "1 stored"
    )
