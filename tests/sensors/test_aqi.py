"""AQI by HJ 633: every published vector, every trap of binary fractions, and the rules about NA."""

import csv
import json
import math
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.air.advice import SENSITIVE, advice, effect, sensitive
from sensors.air.aqi import Aqi, category_of, daily, iaqi, realtime
from sensors.air.aqi_tables import BREAKPOINTS, CATEGORIES, HJ633_2012, HJ633_2026, IAQI
from sensors.catalogue import AIR_METRICS

DATA = Path(__file__).parent / "data"
VECTORS = json.loads((DATA / "cn_aqi.json").read_text("utf-8"))
RULES = json.loads((DATA / "cn_aqi_rules.json").read_text("utf-8"))
CODES = dict(zip(("SO2", "NO2", "CO", "O3", "PM10", "PM25"), AIR_METRICS, strict=True))
ITEMS = sorted({*BREAKPOINTS[HJ633_2026], "PM10_1H", "PM25_1H"})
CLEAN = dict.fromkeys(AIR_METRICS, 1.0)


def known(vector) -> str:
    return f"{vector['item']}-{vector['concentration']}"


@pytest.mark.parametrize("vector", VECTORS["iaqi"] + VECTORS["float_traps"], ids=known)
def test_the_published_indices_of_2026(vector):
    assert iaqi(vector["item"], vector["concentration"]) == vector["expected"]


@pytest.mark.parametrize("vector", VECTORS["hj633_2012"], ids=known)
def test_the_published_indices_of_2012(vector):
    assert iaqi(vector["item"], vector["concentration"], HJ633_2012) == vector["expected"]


@pytest.mark.parametrize("vector", VECTORS["aggregate"])
def test_the_published_indices_of_six_pollutants(vector):
    index = {"realtime": realtime, "daily": daily}[vector["type"]]
    found = index({CODES[name]: value for name, value in vector["input"].items()})
    assert found.value == vector["aqi"]
    assert found.primary == tuple(CODES[name.replace(".", "")] for name in vector["primary"])
    assert found.iaqi == {CODES[name]: value for name, value in vector["iaqi"].items()}
    assert found.missing == ()
    if "level" in vector:
        category = category_of(found.value)
        assert category is not None
        assert (category.number, category.level[0]) == (found.category, vector["level"])


def test_the_breakpoints_are_those_of_the_standards():
    text = (DATA / "cn_iaqi_breakpoints.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    published = {
        (row["standard"], row["item"], int(row["iaqi"])): int(row["concentration"])
        for row in csv.DictReader(lines)
    }
    assert published == {
        (standard, item, index): concentration
        for standard, items in BREAKPOINTS.items()
        for item, points in items.items()
        for index, concentration in zip(IAQI, points, strict=False)
    }


def test_the_categories_are_those_of_the_standard():
    for ours, theirs in zip(CATEGORIES, RULES["categories"], strict=True):
        assert (ours.to, ours.level[0], ours.name[0]) == (
            theirs["hi"],
            theirs["level"],
            theirs["cls"],
        )
        assert list(ours.rgb) == theirs["rgb"]
        assert [
            effect(ours.number, "zh"),
            advice(ours.number, "zh"),
        ] == RULES["health_text_2026"][ours.level[0]]


def test_every_category_speaks_english_too():
    for category in CATEGORIES:
        said = (effect(category.number, "en"), advice(category.number, "en"))
        for text in (category.level[1], category.name[1], *said):
            assert text.isascii()
            assert len(text) > 3


def test_the_sensitive_groups_are_those_of_the_standard():
    published = RULES["sensitive_groups_table2"]
    both = dict.fromkeys(("PM10", "PM25"), published.pop("PM10/PM2.5"))
    for name, group in (published | both).items():
        assert sensitive(3, [CODES[name]], "zh") == group
        assert sensitive(3, [CODES[name]], "en").isascii()


def test_the_sensitive_are_named_from_light_pollution_on_and_each_group_once():
    assert sensitive(None, ["co_mgm3"], "zh") is sensitive(2, ["co_mgm3"], "zh") is None
    assert sensitive(3, ["pm25_ugm3", "pm10_ugm3"], "en") == SENSITIVE["pm10_ugm3"][1]
    assert effect(None, "zh") is advice(None, "en") is None


@given(st.sampled_from(ITEMS), st.floats(0, 5000), st.floats(0, 5000))
def test_more_pollution_never_gives_a_lower_index(item, one, other):
    low, high = sorted([one, other])
    less, more = iaqi(item, low), iaqi(item, high)
    assert less is not None
    assert more is not None
    assert less <= more


@given(st.sampled_from(ITEMS), st.integers(0, 60_000).map(lambda n: Decimal(n) / 10))
def test_a_float_gives_what_its_decimal_gives(item, concentration):
    assert iaqi(item, float(concentration)) == iaqi(item, concentration)


@given(st.sampled_from(ITEMS), st.floats(0, 1e300))
def test_the_index_is_a_whole_number_from_0_to_500(item, concentration):
    index = iaqi(item, concentration)
    assert isinstance(index, int)
    assert 0 <= index <= 500


@pytest.mark.parametrize("standard", [HJ633_2026, HJ633_2012])
def test_at_each_breakpoint_the_index_is_the_tables(standard):
    for item, points in BREAKPOINTS[standard].items():
        assert [iaqi(item, c, standard) for c in points] == list(IAQI[: len(points)])


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, -1, -0.1])
def test_what_is_no_concentration_has_no_index(value):
    assert [iaqi(item, value) for item in ITEMS] == [None] * len(ITEMS)


@pytest.mark.parametrize(
    ("concentration", "index"), [(35.5, 52), (36.5, 52), (34.5, 49), (35.4999, 50)]
)
def test_halves_are_rounded_to_the_even_neighbour_first(concentration, index):
    """GB/T 8170: 35.5 and 36.5 are both 36, 34.5 is 34."""
    assert iaqi("PM25_24H", concentration) == index


@pytest.mark.parametrize("item", ["SO2_1H", "O3_8H"])
def test_the_edition_of_2012_leaves_two_high_values_to_another_average(item):
    assert iaqi(item, 800, HJ633_2012) is not None
    assert iaqi(item, 801, HJ633_2012) is None


def test_the_edition_of_2012_has_no_hourly_index_of_particles():
    with pytest.raises(KeyError):
        iaqi("PM25_1H", 10, HJ633_2012)


def test_ties_are_all_primary():
    found = realtime(CLEAN | {"pm25_ugm3": 60.0, "o3_ugm3": 200.0})
    assert (found.value, set(found.primary)) == (100, {"pm25_ugm3", "o3_ugm3"})


def test_up_to_50_nothing_is_primary():
    assert realtime(CLEAN | {"pm25_ugm3": 35.0}).primary == ()
    assert realtime(CLEAN | {"pm25_ugm3": 36.0}).primary == ("pm25_ugm3",)


@pytest.mark.parametrize("unknown", [None, math.nan, -1.0])
def test_with_one_missing_a_clean_index_is_not_published(unknown):
    found = realtime(CLEAN | {"pm25_ugm3": unknown})
    assert (found.value, found.category, found.primary) == (None, None, ())
    assert found.missing == ("pm25_ugm3",)
    assert found.iaqi.keys() == CLEAN.keys() - {"pm25_ugm3"}


def test_with_one_missing_a_high_index_is_published():
    found = realtime({m: v for m, v in CLEAN.items() if m != "no2_ugm3"} | {"pm25_ugm3": 61.0})
    assert (found.value, found.category, found.primary) == (101, 3, ("pm25_ugm3",))
    assert found.missing == ("no2_ugm3",)
    assert realtime({"pm25_ugm3": 60.0}).value is None


def test_of_nothing_nothing_follows():
    assert realtime({}) == Aqi(None, (), {}, None, AIR_METRICS)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *[(0, 1), (50, 1), (51, 2), (100, 2), (101, 3), (150, 3)],
        *[(151, 4), (200, 4), (201, 5), (300, 5), (301, 6), (500, 6)],
    ],
)
def test_the_categories_meet_without_a_gap(value, number):
    assert category_of(value).number == number


def test_the_unknown_has_no_category():
    assert category_of(None) is None
