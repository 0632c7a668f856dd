"""What people are told to do: in what order, where to stay in, where to leave, how soon.

The setup of most: ammonia, a wind of 3 m/s from the west, class D.
"""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.assessment import assess
from gis.assessment_json import to_json
from gis.exposure.count import People
from gis.figures import kilometres, minutes, people, reached, remaining_s, tenths
from gis.plume.wind import Wind
from gis.weather import weather_by_hand
from tests.gis.test_assessment import LIMITS, ground, leak, weather

TO_SCHOOL = 352.0  # a wind that blows onto a school of the sample, 1.1 km away


def said(rate=7.0, speed=3.0, direction=270.0, elapsed_s=None, **wind):
    measured = Wind(speed, direction, speed, speed, spread_deg=10, **wind)
    blowing = weather_by_hand(weather(), measured, cloud_octas=8)
    return assess(leak(rate_kgs=rate), blowing, ground(), LIMITS, elapsed_s)


def sentences(found, language="en"):
    return [getattr(each, language) for each in found.advice]


def about(found, words):
    return [each for each in sentences(found) if words in each]


# ---- stay in, or leave


def test_who_the_gas_comes_to_within_ten_minutes_stays_in_and_only_who_is_farther_leaves():
    """12 kg/s: the orange zone goes on to 2.4 km, but at 200 m the gas is after 67 s."""
    found = said(12)
    (stay,), (leave,) = about(found, "no time to leave"), about(found, "evacuate")
    assert stay.startswith("Within 1.8 km there is no time to leave: indoors")
    assert "upstairs" in stay
    assert leave.startswith("From 1.8 km to 2.4 km evacuate across the wind")
    assert sentences(found).index(stay) < sentences(found).index(leave)


def test_where_the_gas_is_everywhere_within_ten_minutes_nobody_is_sent_out():
    found = said(6)
    assert found.zones[1].zone.reach_m < 1800
    assert about(found, "no time to leave")
    assert about(found, "evacuate") == []


def test_what_the_gas_has_covered_already_is_no_place_to_leave_through():
    """A minute into the leak 180 m more are too late."""
    assert about(said(12, elapsed_s=60), "From 2.0 km to 2.4 km evacuate")
    assert about(said(12, elapsed_s=3600), "evacuate") == []


@pytest.mark.parametrize("wind", [{"speed": 1.0}, {"turning": True}])
def test_in_a_circle_nobody_is_sent_across_a_wind_that_has_no_direction(wind):
    found = said(12, **wind)
    assert found.footprint.shape == "circle"
    assert about(found, "across the wind") == []
    assert about(found, "away from the source")
    assert "横着风向" not in "".join(sentences(found, "zh"))
    assert "to all sides" in found.headline.en


# ---- what comes first


def test_the_larger_of_danger_zone_and_isolation_comes_first():
    found = said(12)
    assert found.isolation.isolate_m == 30
    first, second, *_ = sentences(found)
    assert first.startswith("Within 720 m downwind there is danger to life")
    assert second.startswith("Isolate at least 30 m to the other sides")
    small = said(0.02)
    assert small.zones[0].zone.reach_m < 30
    assert sentences(small)[0].startswith("First isolate 30 m to all sides")


def test_in_a_circle_nothing_less_than_the_danger_zone_is_ordered():
    found = said(12, turning=True)
    assert "to all sides there is danger to life" in sentences(found)[0]
    assert about(found, "olate") == []


def test_the_first_to_call_are_of_the_widest_zone_where_only_that_is_reached():
    """A raised leak: no AEGL-2 at the ground, but a school lies in AEGL-1."""
    blowing = weather_by_hand(weather(), Wind(3, TO_SCHOOL, 3, 3, spread_deg=10), name="C")
    found = assess(leak(rate_kgs=6.0, height_m=60.0), blowing, ground(), LIMITS)
    assert [each.zone.reach_m > 0 for each in found.zones] == [False, False, True]
    assert found.zones[2].exposure.facilities["school"]
    assert about(found, "Call first")


def test_where_a_limit_is_a_share_of_the_explosive_one_nothing_may_spark():
    burning = [
        replace(limit, name=name)
        for limit, name in zip(LIMITS, ("AEGL-1", "LEL 10 %", "LEL 60 %"), strict=True)
    ]
    measured = weather_by_hand(weather(), Wind(3, 270, 3, 3, spread_deg=10), cloud_octas=8)
    found = assess(leak(rate_kgs=12.0), measured, ground(), burning)
    assert about(found, "no engines") == [
        "Within 2.4 km the gas may burn or explode: flames out, no switches, no engines."
    ]
    assert about(said(12), "no engines") == []


# ---- how soon


def test_a_place_that_the_gas_has_reached_reads_so_and_not_its_minutes():
    fresh, later = said(direction=TO_SCHOOL), said(direction=TO_SCHOOL, elapsed_s=3600)
    (one,), (other,) = about(fresh, "Call first"), about(later, "Call first")
    assert "min" in one
    assert "may be there already" in other
    assert " min" not in other
    assert "edge in about" in fresh.headline.en
    assert "it may be at the edge already" in later.headline.en
    assert "可能已到" in later.headline.zh


def test_minutes_count_down_while_the_release_goes_on():
    fresh = said(12)
    arrival = fresh.zones[1].zone.arrival_s
    assert f"**{minutes(arrival)} min**" in fresh.headline.en
    assert f"**{minutes(arrival - 300)} min**" in said(12, elapsed_s=300).headline.en
    assert said(12, elapsed_s=-5).elapsed_s == 0


def test_the_json_says_whether_the_wind_turns():
    assert to_json(said())["weather"]["wind"]["turning"] is False
    document = to_json(said(turning=True))
    assert document["weather"]["wind"]["turning"] is True
    assert (document["shape"], document["wedge"], document["towards_deg"]) == ("circle", None, None)


def test_the_json_says_how_long_the_gas_has_been_out():
    assert to_json(said())["elapsed_s"] is None
    document = to_json(said(elapsed_s=3600.4))
    assert document["elapsed_s"] == 3600
    assert document["zones"][1]["arrival_s"] == to_json(said())["zones"][1]["arrival_s"]


@given(arrival=st.floats(0, 1e5), elapsed=st.floats(0, 1e5))
def test_what_is_reached_has_nothing_remaining(arrival, elapsed):
    assert reached(arrival, elapsed) == (remaining_s(arrival, elapsed) == 0)
    assert not reached(arrival, None)
    assert not reached(None, elapsed)
    assert remaining_s(arrival, None) == arrival
    assert remaining_s(None, elapsed) is None


@given(rate=st.floats(0.01, 1000), speed=st.floats(0, 15), elapsed=st.none() | st.floats(0, 1e5))
def test_it_never_says_not_a_number_nor_leaves_a_language_out(rate, speed, elapsed):
    found = said(rate, speed, elapsed_s=elapsed)
    assert "NaN" not in json.dumps(to_json(found), allow_nan=False)
    for each in (found.headline, *found.advice):
        assert each.zh
        assert each.en
        assert "nan" not in each.en


# ---- how many, and figures


def test_a_grid_that_ends_in_the_zone_says_at_least():
    from gis.advice import headline

    found = said()
    counted = People(1234, 1234, 1234, "grid", "made up", False, 0, 0.3)
    parts = [
        (each.zone, each.grade, replace(each.exposure, people=counted)) for each in found.zones
    ]
    assert "at least **1,200 people**" in headline(found.footprint, parts).en
    whole = replace(counted, confirmed=True, uncovered=0.0)
    parts = [(zone, grade, replace(each, people=whole)) for zone, grade, each in parts]
    assert "about **1,200 people**" in headline(found.footprint, parts).en


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (0.02, "< 1"), (0.96, "1"), (12.5, "13"), (125, "130"), (1949, "1,900")],
)
def test_people_are_said_by_two_digits_and_one_is_never_nobody(count, text):
    assert people(count) == text
    assert people(tenths(count)) == text  # as the card has it, from the JSON


@given(metres=st.floats(0, 12_000), seconds=st.floats(0, 1e5), count=st.floats(0, 1e6))
def test_figures_do_not_change_by_the_rounding_of_the_json(metres, seconds, count):
    assert kilometres(metres) == kilometres(round(metres))
    assert minutes(seconds) == minutes(round(seconds))
    assert people(count) == people(tenths(count))
    assert (people(count) == "0") == (count == 0)
