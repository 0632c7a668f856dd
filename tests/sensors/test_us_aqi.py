"""The US index and NowCast against the vectors, then their properties."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.air.us_aqi import NowCast, nowcast, nowcast_of, us_aqi

DATA = Path(__file__).parent / "data"
INDEX = json.loads((DATA / "us_aqi.json").read_text("utf-8"))
CAST = json.loads((DATA / "nowcast_pm.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", INDEX, ids=lambda v: f"{v['item']} {v['concentration']}")
def test_every_vector(vector):
    assert us_aqi(vector["item"], Decimal(vector["concentration"])) == vector["expected"]
    assert us_aqi(vector["item"], float(vector["concentration"])) == vector["expected"]


def newest_first(vector):
    oldest = vector.get("hours_oldest_first")
    return oldest[::-1] if oldest else vector["hours_newest_first"]


@pytest.mark.parametrize("vector", CAST, ids=lambda v: v["source"][:30])
def test_every_nowcast(vector):
    found = nowcast(newest_first(vector))
    expected = vector.get("recomputed", vector.get("nowcast"))
    assert found == (None if expected is None else pytest.approx(expected, abs=0.0051))


@pytest.mark.parametrize("vector", [v for v in CAST if "kind" in v], ids=lambda v: v["kind"])
def test_its_index_is_of_the_truncated_value(vector):
    metric = "pm10_ugm3" if vector["kind"] == "PM10" else "pm25_ugm3"
    found = nowcast_of(metric, newest_first(vector))
    assert (found.aqi if found else None) == vector["aqi_2024"]


def test_what_is_not_known_has_no_index():
    for value in (None, float("nan"), float("inf"), -1.0):
        assert us_aqi("PM25_24H", value) is None
    assert us_aqi("O3_1H", 0.124) is None
    assert us_aqi("O3_8H", 0.201) is None
    assert us_aqi("O3_8H", 0.2009) == 300  # truncated first
    with pytest.raises(KeyError):
        us_aqi("PM25_1H", 1)
    assert nowcast([5.0, float("nan"), None, 4.0]) is None
    assert nowcast([0.0] * 12) == 0.0


def test_above_500_the_last_segment_goes_on():
    assert us_aqi("PM25_24H", 325.4) == 500
    assert us_aqi("PM25_24H", 425.3) == 699
    assert nowcast_of("pm10_ugm3", [604.9, 604.9, None]) == NowCast(604.0, 500)


HOURS = st.lists(st.none() | st.floats(0, 900), min_size=3, max_size=12)


@given(HOURS)
def test_nowcast_lies_among_its_hours(hours):
    found = nowcast(hours)
    known = [c for c in hours if c is not None]
    assert found is None or min(known) - 1e-9 <= found <= max(known) + 1e-9


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_more_is_never_better(one, other):
    low, high = sorted((one, other))
    less, more = us_aqi("PM25_24H", low), us_aqi("PM25_24H", high)
    assert less is not None
    assert more is not None
    assert less <= more
