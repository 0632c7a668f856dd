"""Raw frames of HJ 212 and SL 651, from the message to the rows of a real database."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.pipeline import walk, walk_again
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from tests.ingest.conftest import DISTRICT, message

DATA = Path(__file__).parents[1] / "sensors" / "data"
HJ212 = [v["frame"] for v in json.loads((DATA / "hj212_frames.json").read_text("utf-8"))["vectors"]]
SL651 = [v["hex"] for v in json.loads((DATA / "sl651_frames.json").read_text("utf-8"))["vectors"]]
STACK = next(f for f in HJ212 if "MN=8888888000114W" in f)
DUST = next(f for f in HJ212 if "MN=ZX00001" in f)
TIMED = SL651[1]
STATIONS: dict[str, dict[str, Any]] = {
    "stack": {"code": "S-01", "kind": "stack", "metrics": ["stack_so2_mgm3", "stack_o2_pct"]},
    "air": {"code": "A-01", "kind": "air", "metrics": ["pm25_ugm3", "pm10_ugm3", "temp_c"]},
    "river": {"code": "H-01", "kind": "reservoir", "metrics": ["level_m", "battery_v"]},
}
VALUES = """
select st.code, s.metric, r.value, r.quality, r.observed_at
  from reading r join series s on s.id = r.series_id join station st on st.id = s.station_id
 where s.metric <> 'aqi' order by st.code, s.metric
"""
KEPT = "select feed, code, reason from quarantine order by id"
LEDGER = "select received, stored, duplicate, revised, quarantined from ledger where feed = %s"


def with_stations(**protocols: dict[str, Any]) -> SensorsSettings:
    """The district, and stations that speak the protocols so."""
    common = {"zh": "站（示例）", "en": "Sample", "lon": 121.8, "lat": 29.9, "interval_s": 60}
    raw = DISTRICT.model_dump()
    raw["stations"] = [
        {**common, **STATIONS[name], "department": "water", **how}
        for name, how in protocols.items()
    ]
    return SensorsSettings.model_validate(raw)


@pytest.fixture
def take(owner, context):
    """Walk a payload of a feed, arrived at a Beijing time, through stations that speak so."""

    def walk_frames(feed, payload, at, **protocols):
        now = datetime.fromisoformat(f"{at}+08:00").astimezone(UTC)
        if protocols:
            sync(owner, with_stations(**protocols), now)
            owner.commit()
        body = payload.encode() if isinstance(payload, str) else payload
        sent = message("x", body, topic=f"dongtai/v1/{feed}/any", received_at=now)
        walk(owner, replace(context, directory=load_directory(owner)), [sent], now)
        return sent

    return walk_frames


AIR = {
    "hj212": {
        "mn": "ZX00001",
        "units": {"a34004": "ug/m3", "a34002": "ug/m3"},
        "ignores": ["a01002", "a01007", "a01008", "a34001", "LA"],
    }
}
RIVER = {"sl651": {"address": "0011223344", "rain": "22"}}


def test_a_frame_of_a_dust_monitor_is_stored_in_our_units_and_utc(take, query):
    take("hj212", DUST, "2019-10-18 10:49:55", air=AIR)
    at = datetime(2019, 10, 18, 2, 49, tzinfo=UTC)
    assert query(VALUES) == [
        ("A-01", "pm10_ugm3", 30.0, 0, at),
        ("A-01", "pm25_ugm3", 25.0, 0, at),
        ("A-01", "temp_c", 13.5, 0, at),
    ]
    assert query(KEPT) == []
    assert query(LEDGER, "hj212") == [(1, 1, 0, 0, 0)]


def test_the_same_frame_again_is_a_duplicate(take, query):
    for second in (55, 56):
        take("hj212", DUST, f"2019-10-18 10:49:{second}", air=AIR)
    assert query(LEDGER, "hj212") == [(2, 1, 1, 0, 0)]


def test_a_zero_marked_as_a_fault_is_missing(take, query):
    take("hj212", STACK, "2018-03-03 11:09:07", stack={"hj212": {"mn": "8888888000114W"}})
    assert [row[1:4] for row in query(VALUES)] == [
        ("stack_o2_pct", None, 1025),
        ("stack_so2_mgm3", None, 1025),
    ]


def test_a_wrong_checksum_is_kept_with_a_sentence_and_nothing_is_stored(take, query):
    take("hj212", DUST.replace("a34004-Rtd=25", "a34004-Rtd=75"), "2019-10-18 10:49:55", air=AIR)
    ((feed, code, reason),) = query(KEPT)
    assert (feed, code) == ("hj212", "bad_crc")
    assert reason.startswith("a frame of MN 'ZX00001', CN '2011': the checksum is AF01, ")
    assert query(VALUES) == []
    assert query(LEDGER, "hj212") == [(1, 0, 0, 0, 1)]


def test_of_two_frames_the_good_one_is_stored_and_the_message_is_kept(take, query):
    broken = DUST.replace("=ZX00001;", "=ZX00002;")
    sent = take("hj212", f"{broken}\r\n{DUST}\r\n", "2019-10-18 10:49:55", air=AIR)
    assert len(query(VALUES)) == 3
    ((_, code, _),) = query(KEPT)
    assert code == "bad_crc"
    assert bytes(query("select payload from quarantine")[0][0]) == sent.payload
    assert query(LEDGER, "hj212") == [(1, 0, 0, 0, 1)]


def test_an_unknown_device_waits_in_quarantine_and_is_stored_once_it_is_known(
    take, query, owner, context
):
    sent = take("hj212", DUST, "2019-10-18 10:49:55")
    assert [(feed, code) for feed, code, _ in query(KEPT)] == [("hj212", "unknown_station")]
    assert "hj212.mn" in query(KEPT)[0][2]
    sync(owner, with_stations(air=AIR), sent.received_at)
    known = replace(context, directory=load_directory(owner), replaying=True)
    letter = walk_again(owner, known, sent, sent.received_at + timedelta(minutes=1))
    assert letter.problems == []
    assert len(query(VALUES)) == 3


@pytest.mark.parametrize("form", [bytes.fromhex, str], ids=["bytes", "hex"])
def test_a_timed_report_of_a_river_station_is_stored(take, query, form):
    take("sl651", form(TIMED), "2017-07-18 11:00:17", river=RIVER)
    at = datetime(2017, 7, 18, 3, 0, tzinfo=UTC)
    assert query(VALUES) == [
        ("H-01", "battery_v", 10.99, 0, at),
        ("H-01", "level_m", 10.49, 0, at),
    ]
    assert query(LEDGER, "sl651") == [(1, 1, 0, 0, 0)]


def test_an_unknown_address_waits_in_quarantine(take, query):
    take("sl651", TIMED, "2017-07-18 11:00:17")
    ((feed, code, reason),) = query(KEPT)
    assert (feed, code) == ("sl651", "unknown_station")
    assert "0011223344" in reason


def test_a_heartbeat_is_counted_and_changes_nothing(take, query):
    address = {"sl651": {"address": "9876543210"}}
    take("sl651", SL651[-1], "2022-10-11 10:07:48", river=address)
    assert query(VALUES) == []
    assert query(LEDGER, "sl651") == [(1, 0, 1, 0, 0)]


def test_stations_that_speak_no_frames_keep_the_version_they_had(context, query):
    assert query("select count(*) from station_version where details ?| '{hj212,sl651}'") == [(0,)]
