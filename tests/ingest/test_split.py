"""Several workers share the topics: disjoint, complete, and with every promise of a single one."""

import random
from itertools import product

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import config
from ingest.split import is_filter, overlap
from tests.ingest.running import RunningIngest, observation
from tests.servers.waiting import until

WORDS = ("a", "b", "c")
TOPICS = ["/".join(levels) for n in (1, 2, 3, 4) for levels in product(WORDS, repeat=n)]
filters = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]),
    st.lists(st.sampled_from(("a", "b", "+")), min_size=1, max_size=3),
    st.sampled_from(([], ["#"])),
)


def matches(topic: str, text: str) -> bool:
    """The standard's own rule, by levels: `a/#` matches `a` too."""
    levels, wanted = topic.split("/"), text.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(levels) == len(wanted) and all(
        w in ("+", level) for level, w in zip(levels, wanted, strict=True)
    )


@given(filters, filters)
def test_filters_overlap_if_and_only_if_some_topic_matches_both(one, other):
    both = any(matches(topic, one) and matches(topic, other) for topic in TOPICS)
    assert overlap(one, other) == both == overlap(other, one)


@pytest.mark.parametrize("text", ["", "a/#/b", "obs/R#", "obs/+x", "#/a"])
def test_what_is_no_filter_is_refused(text):
    assert not is_filter(text)


def mistakes(tmp_path, workers, stations=("R-01", "R-02")):
    document = {
        "sensors": {"stations": [{"code": code} for code in stations]},
        "ingest": {"workers": workers},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    with pytest.raises(config.BadConfig) as found:
        config.load(path)
    return [str(one) for one in found.value.mistakes if "workers" in str(one)]


REST = ["hj212/#", "sl651/#", "status/#"]


def test_workers_that_overlap_are_refused_with_the_line(tmp_path):
    workers = [{"name": "one", "filters": ["obs/#", *REST]}, {"name": "two", "filters": ["obs/+"]}]
    (mistake,) = mistakes(tmp_path, workers)
    assert "ingest.workers.1.filters.0 = 'obs/+': overlaps 'obs/#'" in mistake


@pytest.mark.parametrize("name", ["one", "pictures"])
def test_a_name_that_is_taken_is_refused(tmp_path, name):
    workers = [{"name": "one", "filters": ["obs/#"]}, {"name": name, "filters": REST}]
    (mistake,) = mistakes(tmp_path, workers)
    assert f"ingest.workers.1.name = '{name}': this name is taken" in mistake


def test_a_feed_that_no_worker_reads_is_named(tmp_path):
    (mistake,) = mistakes(tmp_path, [{"name": "one", "filters": ["obs/#", *REST[:-1]]}])
    assert "no worker reads status/#" in mistake


def test_a_station_that_no_worker_reads_is_named(tmp_path):
    (mistake,) = mistakes(tmp_path, [{"name": "one", "filters": ["obs/R-01", *REST]}])
    assert "no worker reads obs/R-02" in mistake


SHARED = [
    {"name": "one", "filters": ["obs/R-01", *REST]},
    {"name": "two", "filters": ["obs/R-02"]},
]
COUNT = 3_000


@pytest.fixture
def workers(database, mosquitto, process, tmp_path):
    """Two processes that share the topics: `one` with the frames and R-01, `two` with R-02."""

    def start(module, *arguments, **env):
        return process(module, *arguments, "--worker", "one", **env)

    ingest = RunningIngest(tmp_path, database, mosquitto, start, workers=SHARED)
    second = process("ingest", "--config", str(tmp_path / "config.yaml"), "--worker", "two")
    second.wait_for("connected as dongtai-ingest-two")
    yield ingest, second
    ingest.close()


def test_workers_that_share_the_topics_lose_nothing_and_double_nothing_when_killed(
    workers, mosquitto, tmp_path
):
    ingest, second = workers
    publishing = []
    for code in ("R-01", "R-02"):
        lines = tmp_path / code
        lines.write_bytes(
            b"".join(observation(n / 100, 1.7e12 + n * 1000) + b"\n" for n in range(COUNT))
        )
        publishing.append(mosquitto.publish_lines(f"dongtai/v1/obs/{code}", lines))
    chosen = random.Random(7)
    for _ in range(4):
        ingest.until_stored(ingest.stored() + 50)
        victim = chosen.choice([ingest.program, second])
        victim.kill()
        victim.start()
    assert [one.wait(60) for one in publishing] == [0, 0]
    ingest.until_stored(2 * COUNT)
    assert ingest.ask(
        "select s.code, count(*), count(distinct observed_at) from reading r"
        " join series q on q.id = r.series_id join station s on s.id = q.station_id"
        " group by 1 order by 1"
    ) == [("R-01", COUNT, COUNT), ("R-02", COUNT, COUNT)]
    ledger = ingest.ledger("obs")
    assert ledger["received"] == sum(n for name, n in ledger.items() if name != "received")
    assert ledger["stored"] == 2 * COUNT


def test_each_worker_beats_and_names_the_whole_team(workers):
    ingest, _ = workers
    beats = "select process, detail -> 'team' from heartbeat order by 1"
    team = ["ingest-one", "ingest-two"]
    until(
        lambda: ingest.ask(beats) == [("ingest-one", team), ("ingest-two", team)],
        "both to beat",
    )
