"""Characteristic levels: order, percent, storages, the next above; inflow; grades."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.reservoirs import check, unusual
from sensors.water.balance import Inflow, NoInflow, Remark, inflow
from sensors.water.curve import OffTable, storage_at
from sensors.water.grading import PROPOSAL, LevelGrade, grade_of_level
from sensors.water.levels import (
    CHARACTERISTIC,
    NoFigure,
    disorders,
    next_above,
    percent_of_capacity,
    reached,
    storages,
)
from tests.sensors.test_curve import POINTS
from tests.sensors.test_rise import line, rate

ORDERED = dict(zip(CHARACTERISTIC, (13.0, 24.0, 26.0, 27.0, 28.0, 29.5), strict=True))
finite = st.floats(-10, 60)


def number(found: object) -> float:
    """A figure, where one is due."""
    assert isinstance(found, int | float), found
    return float(found)


def stored(level_m: float) -> float:
    return number(storage_at(POINTS, level_m))


def test_levels_in_their_order_are_in_order_and_equal_ones_too():
    assert disorders(ORDERED) == []
    assert disorders({**ORDERED, "flood_limit": 26.0}) == []
    assert disorders({}) == []


@pytest.mark.parametrize(
    ("changed", "certain"),
    [
        ({"dead": 24.0}, True),
        ({"design_flood": 29.6}, True),
        ({"flood_limit": 27.5}, True),
        ({"normal_pool": 27.5}, False),
        ({"flood_high": 28.5}, False),
    ],
)
def test_what_contradicts_a_definition_is_certain_what_is_only_unusual_is_not(changed, certain):
    found = disorders({**ORDERED, **changed})
    assert found
    assert any(one.certain for one in found) == certain
    assert all(any(name in (one.lower, one.upper) for name in changed) for one in found)


def document(**levels: float) -> dict[str, Any]:
    limits = [
        {"metric": "level_m", "name": name, "value": value, "season_from": None}
        for name, value in levels.items()
    ]
    return {"sensors": {"stations": [{"code": "R-01", "limits": limits}]}}


def test_the_file_is_refused_with_place_and_remedy_for_the_one_and_warned_of_the_other():
    (mistake,) = check(document(design_flood=30.0, check_flood=29.5))
    assert mistake.where == ("sensors", "stations", 0, "limits", 1, "value")
    assert "design_flood (30 m) must not lie above check_flood (29.5 m)" in mistake.problem
    assert "change one of them" in mistake.problem
    assert unusual(document(design_flood=30.0, check_flood=29.5)) == []
    odd = document(normal_pool=27.5, flood_high=27.0)
    assert check(odd) == []
    assert len(unusual(odd)) == 1
    assert "station R-01" in unusual(odd)[0]


def test_a_season_is_looked_at_on_its_own_days():
    raw = document(flood_limit=24.0, design_flood=26.0)
    season = {"metric": "level_m", "name": "flood_limit", "value": 27.0}
    raw["sensors"]["stations"][0]["limits"].append(
        {**season, "season_from": "05-01", "season_to": "07-31"}
    )
    (mistake,) = check(raw)
    assert "on 05-01" in mistake.problem
    assert check({"sensors": {"stations": [{"limits": [{"metric": "level_m", "name": 7}]}]}}) == []


def test_a_hundred_per_cent_is_the_storage_at_the_normal_pool_with_the_dead_storage():
    assert percent_of_capacity(POINTS, 26.0, ORDERED) == pytest.approx(100)
    assert number(percent_of_capacity(POINTS, 13.0, ORDERED)) > 0
    assert percent_of_capacity(POINTS, 30.5, ORDERED) is OffTable.ABOVE
    assert percent_of_capacity(POINTS, None, ORDERED) is OffTable.UNKNOWN
    assert percent_of_capacity(None, 20.0, ORDERED) is NoFigure.NO_CURVE
    assert percent_of_capacity(POINTS, 20.0, {"dead": 13.0}) is NoFigure.NO_LEVEL
    assert percent_of_capacity(POINTS, 20.0, {"normal_pool": 31.0}) is OffTable.ABOVE
    assert percent_of_capacity(POINTS, 20.0, {"normal_pool": 12.0}) is NoFigure.EMPTY


@given(st.floats(12, 30), st.floats(12, 30))
def test_more_water_is_never_fewer_per_cent(a, b):
    low, high = sorted((a, b))
    less, more = (number(percent_of_capacity(POINTS, level, ORDERED)) for level in (low, high))
    assert less <= more


def test_storages_between_levels_by_the_curve():
    found = storages(POINTS, ORDERED)
    assert found["active"] == pytest.approx(stored(26) - stored(13))
    assert found["routing"] == pytest.approx(stored(29.5) - stored(24))
    assert storages(POINTS, {**ORDERED, "check_flood": 31})["routing"] is OffTable.ABOVE
    assert storages(POINTS, {**ORDERED, "normal_pool": 23})["shared"] == 0
    assert storages(POINTS, {})["flood"] is NoFigure.NO_LEVEL


@given(st.dictionaries(st.sampled_from((*CHARACTERISTIC, "own")), finite), finite)
def test_the_next_limit_is_the_lowest_that_is_not_reached(levels, level_m):
    name = next_above(level_m, levels)
    dangers = set(levels) - {"dead"}
    assert set(reached(level_m, levels)) == {n for n in dangers if levels[n] <= level_m}
    above = {n for n in dangers if levels[n] > level_m}
    assert (name is None) == (not above)
    if name is not None:
        assert levels[name] == min(levels[n] for n in above)


RISE = rate(line(0.36, top_m=23.0))


def test_inflow_is_what_the_storage_gains_and_what_is_let_out():
    area_m2 = 3.6e6 / 6  # of POINTS between 18 and 24 m
    found = inflow(RISE, POINTS, 7.0, outflow_measured=True)
    assert isinstance(found, Inflow)
    assert found.storing_m3s == pytest.approx(area_m2 * 0.36 / 3600)
    assert found.inflow_m3s == pytest.approx(67.0)
    assert found.remarks == ()


def test_a_release_that_is_not_measured_makes_it_net_and_one_that_is_lost_makes_it_unknown():
    found = inflow(RISE, POINTS, None, outflow_measured=False)
    assert isinstance(found, Inflow)
    assert found.inflow_m3s == pytest.approx(60.0)
    assert found.outflow_m3s is None
    assert Remark.NET in found.remarks
    assert inflow(RISE, POINTS, None, outflow_measured=True) is NoInflow.NO_OUTFLOW
    assert inflow(RISE, POINTS, math.nan, outflow_measured=True) is NoInflow.NO_OUTFLOW
    assert inflow(RISE, None, 1.0, outflow_measured=True) is NoInflow.NO_CURVE


def test_no_inflow_beyond_the_curve():
    high = replace(RISE, level_m=30.01)
    assert inflow(high, POINTS, 0.0, outflow_measured=True) is OffTable.ABOVE
    low = rate(line(0.36, top_m=12.01))
    assert inflow(low, POINTS, 0.0, outflow_measured=True) is OffTable.BELOW


def test_a_negative_inflow_is_said_and_kept():
    falling = rate(line(-0.36, top_m=23.0))
    found = inflow(falling, POINTS, 7.0, outflow_measured=True)
    assert isinstance(found, Inflow)
    assert found.inflow_m3s == pytest.approx(-53.0)
    assert found.remarks == (Remark.NEGATIVE,)
    net = inflow(falling, POINTS, None, outflow_measured=False)
    assert isinstance(net, Inflow)
    assert net.remarks == (Remark.NET,), "a reservoir that is drawn down is no artefact"


@given(st.floats(-2, 2), st.floats(14, 29), st.floats(0, 50))
def test_what_flows_in_is_stored_or_let_out(slope, top_m, outflow):
    """Conservation: over its window the balance closes on the curve."""
    rise = rate(line(slope, top_m=top_m))
    found = inflow(rise, POINTS, outflow, outflow_measured=True)
    if isinstance(found, Inflow):
        seconds = rise.window / timedelta(seconds=1)
        start_m = rise.level_m - rise.rate_mh * seconds / 3600
        gained = stored(rise.level_m) - stored(start_m)
        assert (found.inflow_m3s - outflow) * seconds == pytest.approx(gained, abs=1e-3)


def test_the_grade_is_that_of_the_highest_level_passed():
    assert grade_of_level(24.0, ORDERED, PROPOSAL) == LevelGrade(None, None), "at it is not above"
    assert grade_of_level(24.01, ORDERED, PROPOSAL) == LevelGrade("blue", "flood_limit")
    assert grade_of_level(29.6, ORDERED, PROPOSAL) == LevelGrade("red", "check_flood")
    assert grade_of_level(25.0, {}, {"orange": 24.5}) == LevelGrade("orange", "24.5")
    for unknown in (None, math.nan):
        assert grade_of_level(unknown, ORDERED, PROPOSAL) is None
    assert grade_of_level(25.0, {"dead": 1.0}, PROPOSAL) is None, "unknown is not calm"


@given(st.floats(0, 40), st.floats(0, 40))
def test_higher_water_is_never_graded_lower(a, b):
    rank = {None: 0, "blue": 1, "yellow": 2, "orange": 3, "red": 4}
    low, high = (grade_of_level(level, ORDERED, PROPOSAL) for level in sorted((a, b)))
    assert rank[low.grade] <= rank[high.grade]
