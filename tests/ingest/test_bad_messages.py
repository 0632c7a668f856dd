"""A bad message is kept with a reason that a person understands, and disturbs nothing else."""

import secrets
import time

import pytest

from tests.ingest.running import RunningIngest, observation
from tests.servers.waiting import until

NOW_MS = int(time.time() * 1000) - 60_000
HTML = '<img src=x onerror="alert(1)">'

BAD = [
    ("R-01", b"level is 23.5", "not_json", "JSON"),
    ("R-01", b"\xff\xfe\x00", "not_json", "UTF-8"),
    ("R-99", observation(1.0, NOW_MS), "unknown_station", "R-99"),
    ("R-01", b'{"t": %d, "v": {"level_m": NaN}}' % NOW_MS, "not_", "NaN"),
    ("R-01", observation(1.0, "2099-01-01T00:00:00Z"), "clock_ahead", "2099"),
    ("R-01", b'{"v": {"level_m": "' + b"x" * 5_000_000 + b'"}}', "too_large", "5,0"),
    ("R-01", observation(HTML, NOW_MS), "not_a_number", "level_m is not a number"),
    ("R-01", b'{"v": {"%s": 1}}' % HTML.replace('"', "'").encode(), "unknown_metric", "<img"),
    ("R-01", b"", "empty", "empty"),
]


@pytest.fixture
def ingest(tmp_path, database, mosquitto, process):
    running = RunningIngest(tmp_path, database, mosquitto, process)
    yield running
    running.close()


def test_each_bad_message_is_quarantined_with_its_reason_and_nothing_else_is_disturbed(
    ingest, mosquitto
):
    good = 0
    for station, payload, _, _ in BAD:
        mosquitto.publish(f"dongtai/v1/obs/{station}", payload)
        mosquitto.publish("dongtai/v1/obs/R-02", observation(2.0, NOW_MS + good * 1000))
        good += 1
    until(
        lambda: ingest.stored() == good and len(kept(ingest)) == len(BAD),
        "good readings stored and bad messages kept",
    )
    for (station, payload, code, words), (topic, body, size, kept_as, reason) in zip(
        BAD, kept(ingest), strict=True
    ):
        assert topic == f"dongtai/v1/obs/{station}"
        assert payload.startswith(bytes(body))
        assert size == len(payload)
        assert kept_as.startswith(code), (kept_as, reason)
        assert words in reason
        assert len(reason) < 600
    assert {station for (station,) in ingest.ask(STATIONS_WITH_READINGS)} == {"R-02"}
    ledger = ingest.ledger("obs")
    assert (ledger["stored"], ledger["quarantined"]) == (good, len(BAD))
    assert ledger["received"] == good + len(BAD)
    assert ingest.program.running


def test_a_device_name_longer_than_the_database_can_index_is_quarantined(ingest, mosquitto):
    mosquitto.publish(f"dongtai/v1/status/{secrets.token_hex(15_000)}", b"online")
    mosquitto.publish("dongtai/v1/obs/R-02", observation(2.0, NOW_MS))
    until(lambda: ingest.stored() == 1, "the reading behind it")
    ((_, _, _, code, reason),) = kept(ingest)
    assert code == "topic"
    assert "30,000 characters" in reason
    assert len(reason) < 200


STATIONS_WITH_READINGS = """
select distinct s.code from reading join series q on q.id = series_id join station s
    on s.id = q.station_id
"""


def kept(ingest: RunningIngest) -> list[tuple[str, memoryview, int, str, str]]:
    return ingest.ask("select topic, payload, size, code, reason from quarantine order by id")
