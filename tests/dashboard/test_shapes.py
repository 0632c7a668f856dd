"""Ages, severities and features: unknown stays unknown, and nothing old looks new."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.shapes import (
    GRADES,
    STATES,
    LatestRow,
    OpenAlert,
    StationRow,
    age_state,
    feature,
    flags,
    iso,
    severity,
)
from sensors.reading import Quality

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)


def station(code, **more):
    values = {
        "code": code, "kind": "reservoir", "name_zh": "甲", "name_en": "A", "lon": 121.8,
        "lat": 29.9, "interval_s": 60, "department": "water", "device": "GW",
    } | more  # fmt: skip
    return StationRow(**values)


def latest(code, metric="level_m", age_s=10.0, value=1.0, **more):
    at = NOW - timedelta(seconds=age_s)
    values = {
        "observed_at": at,
        "value": value,
        "quality": 0,
        "origin": 0,
        "received_at": at,
    } | more
    return LatestRow(code, metric, 60, **values)


def alert(id_, code, grade, state, acknowledged_at=None):
    return {
        "id": id_, "station": code, "grade": grade, "state": state, "began_at": iso(NOW),
        "acknowledged_at": acknowledged_at,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("age_s", "state"),
    [
        (0, "fresh"),
        (120, "fresh"),
        (120.1, "late"),
        (300, "late"),
        (300.1, "stale"),
        (None, "unknown"),
    ],
)
def test_age_is_counted_in_reporting_intervals(age_s, state):
    assert age_state(age_s, 60) == state


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.integers(1, 100_000))
def test_a_value_only_grows_older(age_s, later_s, interval_s):
    before, after = age_state(age_s, interval_s), age_state(age_s + later_s, interval_s)
    assert STATES.index(before) <= STATES.index(after)


@given(st.lists(st.sampled_from(GRADES)), st.lists(st.sampled_from(STATES)))
def test_normal_needs_no_alert_and_every_value_alive(grades, states):
    found = severity(grades, states)
    assert (found == "normal") == (
        not grades and bool(states) and {"stale", "unknown"}.isdisjoint(states)
    )
    assert not grades or found == min(grades, key=GRADES.index)


def test_one_dead_value_of_a_living_station_is_not_normal():
    found = feature(station("R-1"), [latest("R-1"), latest("R-1", "rain_mm", age_s=4000)], [], NOW)[
        "properties"
    ]
    assert found["state"] == "fresh"
    assert found["severity"] == "unknown"
    assert found["latest"]["rain_mm"]["state"] == "stale"


def test_a_station_that_never_spoke_is_unknown_with_dashes_not_zeros():
    row = LatestRow("R-1", "level_m", 60)
    found = feature(station("R-1"), [row], [], NOW)["properties"]
    assert (found["state"], found["severity"], found["newest"], found["age_s"]) == (
        "unknown", "unknown", None, None,
    )  # fmt: skip
    assert found["latest"]["level_m"]["value"] is None
    assert found["latest"]["level_m"]["quality"] == "missing"


def test_a_device_clock_ahead_of_ours_is_age_zero():
    found = feature(station("R-1"), [latest("R-1", age_s=-8)], [], NOW)["properties"]
    assert found["age_s"] == 0


def test_a_device_that_is_offline_makes_values_unknown_until_something_comes():
    down = station("R-1", device_down_since=NOW - timedelta(seconds=5))
    found = feature(down, [latest("R-1", age_s=10)], [], NOW)["properties"]
    assert found["state"] == found["latest"]["level_m"]["state"] == "unknown"
    assert found["latest"]["level_m"]["value"] == 1.0
    spoke = feature(down, [latest("R-1", age_s=1)], [], NOW)["properties"]
    assert spoke["state"] == "fresh"


def test_acknowledged_means_that_somebody_has_every_alert_of_the_worst_grade():
    def found(*alerts):
        opened = [OpenAlert("R-1", *a) for a in alerts]
        properties = feature(station("R-1"), [latest("R-1")], opened, NOW)["properties"]
        return properties["severity"], properties["acknowledged"]

    assert found() == ("normal", False)
    assert found(("red", True), ("blue", False)) == ("red", True)
    assert found(("red", True), ("red", False)) == ("red", False)


def test_one_simulated_value_makes_the_station_say_so():
    rows = [latest("R-1"), latest("R-1", "rain_mm", origin=2)]
    assert feature(station("R-1"), rows, [], NOW)["properties"]["origin"] == "simulated"


def test_a_trend_is_not_told_of_an_old_value():
    rows = [latest("R-1", trend_per_h=0.4), latest("R-1", "rain_mm", age_s=4000, trend_per_h=0.4)]
    shown = feature(station("R-1"), rows, [], NOW)["properties"]["latest"]
    assert (shown["level_m"]["trend_per_h"], shown["rain_mm"]["trend_per_h"]) == (0.4, None)


def test_the_public_shape_has_nothing_that_only_staff_may_see():
    found = feature(station("R-1"), [latest("R-1")], [], NOW, staff=False)["properties"]
    assert {"department", "public", "device"}.isdisjoint(found)


@given(st.integers(0, 127))
def test_flags_name_every_bit(bits):
    assert sum(Quality[name.upper()] for name in flags(bits)) == bits


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_read_back_as_they_were(at):
    assert datetime.fromisoformat(iso(at)) == at
