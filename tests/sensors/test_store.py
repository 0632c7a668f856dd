"""config.yaml reaches the database once, with its history, and comes back as ingest needs it."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import config
from database.pool import connect
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from sensors.versions import BEGINNING

Row = tuple[Any, ...]
Entry = dict[str, Any]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
WATER = {"code": "water", "zh": "水利局", "en": "Water Bureau"}
RESERVOIR: Entry = {
    "code": "R-1",
    "kind": "reservoir",
    "zh": "甲",
    "en": "A",
    "lon": 121.8,
    "lat": 29.9,
    "department": "water",
    "interval_s": 60,
    "metrics": [{"metric": "level_m", "low": 5, "max_step": 0.5, "stuck_after_s": 7200}, "rain_mm"],
    "public": True,
    "device": "rtu-1",
    "town": {"zh": "大碶", "en": "Daqi"},
    "curve": {"points": [[10, 0], [20, 1e6]], "source": "survey 2020"},
    "limits": [
        {
            "metric": "level_m",
            "name": "flood_limit",
            "value": value,
            "unit": "m",
            "zh": "汛限水位",
            "en": "Flood limit",
            "source": "plan 2026",
            **season,
        }
        for value, season in (
            (18, {"season_from": "04-15", "season_to": "07-15"}),
            (17, {"season_from": "07-16", "season_to": "10-15"}),
            (19, {}),
        )
    ],
}
AIR = RESERVOIR | {
    "code": "A-1",
    "kind": "air",
    "metrics": ["pm25_ugm3", {"metric": "o3_ugm3", "interval_s": 3600}],
    "device": None,
    "curve": None,
    "limits": [],
}
TABLES = ("station", "station_version", "series", "sensor", "curve", "limit_value", "department")


def settings(*stations, departments=(WATER,)) -> SensorsSettings:
    return SensorsSettings.model_validate({"departments": departments, "stations": stations})


def rows(conn, statement: str, *values) -> list[Row]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def contents(conn) -> dict[str, list[Row]]:
    """Everything in the tables, with the place of each row on disk: a rewritten row is another."""
    return {table: rows(conn, f"select ctid, * from {table} order by 1") for table in TABLES}


def versions(conn, code: str) -> list[Row]:
    return rows(
        conn,
        "select valid_from, valid_to, name_zh, lon from station_version v "
        "join station s on s.id = v.station_id where code = %s order by 1",
        code,
    )


def test_the_shipped_configuration_is_stored_and_found_again(owner):
    shipped = config.load().section(SensorsSettings)
    sync(owner, shipped, NOW)
    directory = load_directory(owner)
    assert directory.stations.keys() == {s.code for s in shipped.stations}
    assert directory.series.keys() == {
        (s.code, metric)
        for s in shipped.stations
        for metric in (*(sensor.metric for sensor in s.sensors), *s.derived_metrics)
    }


def test_every_series_has_its_lock_before_anybody_can_know_it(owner):
    sync(owner, settings(RESERVOIR, AIR), NOW)
    unlocked = "select id from series except select series_id from series_state"
    assert rows(owner, unlocked) == []
    assert (
        len(rows(owner, "select from series_state")) == len(rows(owner, "select from series")) > 0
    )


def test_what_is_unchanged_is_not_written_again(owner):
    assert sync(owner, settings(RESERVOIR, AIR), NOW).opened
    before = contents(owner)
    written = sync(owner, settings(AIR, RESERVOIR), LATER)
    assert (written.opened, written.closed) == ((), ())
    assert contents(owner) == before


def test_ingest_finds_what_it_needs(owner):
    sync(owner, settings(RESERVOIR, AIR), NOW)
    directory = load_directory(owner)
    station = directory.stations["R-1"]
    assert (station.kind, station.interval_s, station.device) == ("reservoir", 60, "rtu-1")
    level = directory.series["R-1", "level_m"]
    assert (level.low, level.high, level.max_step, level.stuck_after_s) == (5, None, 0.5, 7200)
    assert directory.series["A-1", "o3_ugm3"].interval_s == 3600
    assert directory.curves == {"R-1": ((10, 0), (20, 1e6))}
    derived = {key for key, series in directory.series.items() if series.derived}
    foreseen = {("R-1", "inflow_m3s"), ("R-1", "to_limit_h")}
    assert derived == {("R-1", "storage_m3"), ("A-1", "aqi"), *foreseen}


def test_the_first_version_holds_for_recordings_of_the_past(owner):
    since = "2020-01-01T00:00:00+08:00"
    sync(owner, settings(RESERVOIR, AIR | {"valid_from": since}), NOW)
    assert versions(owner, "R-1") == [(BEGINNING, None, "甲", 121.8)]
    assert versions(owner, "A-1")[0][0] == datetime.fromisoformat(since)


def test_a_change_ends_the_old_version_where_the_new_one_begins(owner):
    sync(owner, settings(RESERVOIR), NOW)
    written = sync(owner, settings(RESERVOIR | {"lon": 121.9}), LATER)
    assert (written.opened, written.closed) == (("station R-1",), ("station R-1",))
    assert versions(owner, "R-1") == [
        (BEGINNING, LATER, "甲", 121.8),
        (LATER, None, "甲", 121.9),
    ]


def test_a_change_may_say_since_when_it_holds(owner):
    sync(owner, settings(RESERVOIR), NOW)
    moved = RESERVOIR | {"lon": 121.9, "valid_from": "2026-10-01T00:00:00+08:00"}
    sync(owner, settings(moved), LATER)
    (_, ended, *_), (began, *_) = versions(owner, "R-1")
    assert ended == began == datetime(2026, 9, 30, 16, tzinfo=UTC)


def test_nothing_begins_in_the_future(owner):
    sync(owner, settings(RESERVOIR | {"valid_from": "2030-01-01T00:00:00Z"}), NOW)
    assert versions(owner, "R-1")[0][0] == NOW


@pytest.mark.parametrize("now", [NOW, NOW - timedelta(days=1)])
def test_a_clock_that_stands_still_or_goes_back_makes_no_empty_version(owner, now):
    sync(owner, settings(RESERVOIR), NOW)
    sync(owner, settings(RESERVOIR | {"zh": "乙"}), NOW)
    sync(owner, settings(RESERVOIR | {"zh": "丙"}), now)
    found = versions(owner, "R-1")
    assert [name for *_, name, _ in found] == ["甲", "乙", "丙"]
    assert [end for _, end, *_ in found[:-1]] == [begin for begin, *_ in found[1:]]


def test_a_station_gone_from_the_file_ends_and_stays_known(owner):
    sync(owner, settings(RESERVOIR, AIR), NOW)
    ids = load_directory(owner).series
    written = sync(owner, settings(AIR), LATER)
    assert len(written.closed) == 1 + 5 + 1 + 3  # station, sensors, curve, limits
    assert versions(owner, "R-1") == [(BEGINNING, LATER, "甲", 121.8)]
    assert load_directory(owner).stations.keys() == {"A-1"}
    back = LATER + timedelta(days=1)
    sync(owner, settings(RESERVOIR, AIR), back)
    assert [begin for begin, *_ in versions(owner, "R-1")] == [BEGINNING, back]
    assert load_directory(owner).series == ids


def test_a_station_that_returns_does_not_begin_before_it_ended(owner):
    sync(owner, settings(RESERVOIR, AIR), NOW)
    sync(owner, settings(AIR), LATER)
    since = {"valid_from": "2026-10-01T00:00:00Z"}
    sync(owner, settings(RESERVOIR | since, AIR), LATER + timedelta(days=1))
    assert [begin for begin, *_ in versions(owner, "R-1")] == [BEGINNING, LATER]


def test_a_station_that_measures_its_own_aqi_may_send_it(owner):
    sync(owner, settings(AIR | {"metrics": ["aqi", "temp_c"]}), NOW)
    assert not load_directory(owner).series["A-1", "aqi"].derived


def test_a_metric_taken_off_a_station_is_unknown_from_then_on(owner):
    sync(owner, settings(RESERVOIR), NOW)
    sync(owner, settings(RESERVOIR | {"metrics": ["level_m"]}), LATER)
    left = {metric for _, metric in load_directory(owner).series}
    assert left == {"level_m", "storage_m3", "inflow_m3s", "to_limit_h"}


def test_the_limits_of_a_name_stand_side_by_side_by_season(owner):
    sync(owner, settings(RESERVOIR), NOW)
    lower = [RESERVOIR["limits"][0] | {"value": 17.5}, *RESERVOIR["limits"][1:]]
    written = sync(owner, settings(RESERVOIR | {"limits": lower}), LATER)
    assert written.opened == ("limit R-1 level_m flood_limit",)
    found = rows(
        owner, "select season_from, value, valid_to from limit_value order by valid_from, value"
    )
    assert found == [
        ("07-16", 17, None),
        ("04-15", 18, LATER),
        (None, 19, None),
        ("04-15", 17.5, None),
    ]


def test_a_limit_says_over_which_mean_it_holds_and_which_side_it_bounds(owner):
    sync(owner, settings(RESERVOIR), NOW)
    assert set(rows(owner, "select mean_over_s, side from limit_value")) == {(None, "upper")}
    told = RESERVOIR["limits"][0] | {"mean_over_s": 3600, "side": "lower"}
    written = sync(owner, settings(RESERVOIR | {"limits": [told]}), LATER)
    assert "limit R-1 level_m flood_limit" in written.opened
    found = rows(owner, "select mean_over_s, side from limit_value where valid_to is null")
    assert found == [(3600, "lower")]
    owner.cursor().execute("update limit_value set public = true where valid_to is null")
    assert rows(owner, "select mean_over_s, side from city.limit_value") == [(3600, "lower")]


def test_a_corrected_kind_and_a_renamed_department_are_taken_over(owner):
    sync(owner, settings(RESERVOIR), NOW)
    renamed = [WATER | {"en": "Water Office"}]
    sync(owner, settings(RESERVOIR | {"kind": "weather"}, departments=renamed), LATER)
    assert load_directory(owner).stations["R-1"].kind == "weather"
    assert rows(owner, "select name_en from department") == [("Water Office",)]


@pytest.mark.parametrize(
    ("changes", "hidden"),
    [
        ({}, set()),
        ({"public": False}, {"level_m", "rain_mm", "storage_m3"}),
        (
            {"metrics": [{"metric": "level_m", "public": False}, "rain_mm"]},
            {"level_m", "storage_m3"},
        ),
        ({"curve": RESERVOIR["curve"] | {"public": False}}, {"storage_m3"}),
    ],
)
def test_what_follows_from_something_private_is_private(owner, changes, hidden):
    sync(owner, settings(RESERVOIR | changes), NOW)
    found = rows(
        owner, "select metric from sensor n join series q on q.id = n.series_id where not n.public"
    )
    assert {metric for (metric,) in found} == {*hidden, "inflow_m3s", "to_limit_h"}


def test_a_measured_inflow_is_taken_from_the_device(owner):
    sync(owner, settings(RESERVOIR | {"metrics": ["level_m", "inflow_m3s"]}), NOW)
    found = load_directory(owner).series
    assert not found["R-1", "inflow_m3s"].derived
    assert found["R-1", "to_limit_h"].derived


def test_the_town_is_where_the_public_view_looks_for_it(owner):
    sync(owner, settings(RESERVOIR), NOW)
    assert rows(owner, "select town from city.station") == [({"zh": "大碶", "en": "Daqi"},)]


def test_the_ingest_role_may_do_all_of_it(database):
    conn = connect(database, "ingest", application="test")
    sync(conn, settings(RESERVOIR, AIR), NOW)
    sync(conn, settings(AIR | {"zh": "乙"}), LATER)
    assert load_directory(conn).stations.keys() == {"A-1"}
    conn.close()


def _polled(conn, other: threading.Thread, statement: str) -> bool:
    other.join(0.005)
    conn.rollback()
    return bool(rows(conn, statement))


def test_two_processes_at_once_write_it_once(database, owner):
    """The second waits for the first's commit and then finds nothing left to do."""
    first = connect(database, "ingest", application="first")
    second = connect(database, "ingest", application="second")
    sync(first, settings(RESERVOIR, AIR), NOW)
    written = []

    def run() -> None:
        written.append(sync(second, settings(RESERVOIR, AIR), NOW))
        second.commit()

    other = threading.Thread(target=run)
    other.start()
    waits = "select 1 from pg_locks where locktype = 'advisory' and not granted"
    waited = any(_polled(owner, other, waits) for _ in range(2000))
    first.commit()
    other.join()
    assert waited
    assert [(w.opened, w.closed) for w in written] == [((), ())]
    assert rows(owner, "select count(*) from station") == [(2,)]
    first.close()
    second.close()
