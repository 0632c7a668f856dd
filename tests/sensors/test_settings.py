"""What a station's entry in config.yaml may not say."""

import pytest
from pydantic import ValidationError

from sensors.protocols import Hj212, Sl651
from sensors.settings import ClockSettings, Curve, Limit, Sensor, SensorsSettings, Station

RESERVOIR = {
    "code": "R-1",
    "kind": "reservoir",
    "zh": "甲",
    "en": "A",
    "lon": 121.8,
    "lat": 29.9,
    "department": "water",
    "interval_s": 60,
    "metrics": ["level_m", "rain_mm"],
}
CURVE = {"points": [[10, 0], [20, 1e6]], "source": "survey 2020"}
LIMIT = {
    "metric": "level_m",
    "name": "flood_limit",
    "value": 18,
    "unit": "m",
    "zh": "汛限水位",
    "en": "Flood limit",
    "source": "plan 2026",
}


def station(**changes) -> Station:
    return Station.model_validate(RESERVOIR | changes)


def problem(model, **entry) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(entry)
    return "; ".join(str(error["msg"]) for error in caught.value.errors())


def season(first: str, last: str, **changes) -> dict[str, object]:
    return LIMIT | {"season_from": first, "season_to": last} | changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": ["level_m", "level_m"]}, "level_m stands twice"),
        ({"metrics": ["rain_mm"], "curve": CURVE}, "a curve needs level_m"),
        ({"metrics": ["level_m", "storage_m3"], "curve": CURVE}, "storage_m3 is computed here"),
        ({"kind": "air", "metrics": ["aqi", "pm25_ugm3"]}, "aqi is computed here"),
        ({"limits": [LIMIT | {"metric": "ph", "unit": "pH"}]}, "is on ph, which is not measured"),
        ({"limits": [LIMIT, LIMIT]}, "two limits flood_limit on level_m"),
        (
            {"limits": [season("04-15", "07-15"), season("07-15", "10-15")]},
            "two limits flood_limit on level_m would hold on the same day",
        ),
        ({"limits": [season("11-01", "02-01"), season("01-01", "03-01")]}, "on the same day"),
        ({"valid_from": "2026-01-01T00:00:00"}, "timezone"),
        ({"lon": float("nan")}, "finite"),
        ({"code": "a/b"}, "match pattern"),
    ],
)
def test_a_contradiction_is_refused_with_its_reason(changes, said):
    assert said in problem(Station, **(RESERVOIR | changes))


@pytest.mark.parametrize(
    ("model", "entry", "said"),
    [
        (Limit, season("04-31", "07-15"), "'04-31' is no day; expected MM-DD"),
        (Limit, season("4-1", "07-15"), "is no day"),
        (Limit, LIMIT | {"season_from": "04-15"}, "needs both"),
        (Limit, LIMIT | {"value": float("inf")}, "finite"),
        (Curve, {"points": [[10, 5], [9, 6]], "source": "x"}, "the curve must rise"),
        (Curve, {"points": [[10, 5], [11, 4]], "source": "x"}, "the curve must rise"),
        (Sensor, {"metric": "ph", "low": 8, "high": 7}, "the range of ph is empty"),
        (Sensor, {"metric": "ph", "low": 14}, "the range of ph is empty"),
        (ClockSettings, {"ahead_s": 5, "suspect_ahead_s": 6}, "must not be more than ahead_s"),
        (Hj212, {"mn": "A;B"}, "match pattern"),
        (Hj212, {"mn": 41050022000017}, "valid string"),
        (Hj212, {"mn": "A", "crc": "none"}, "modbus"),
        (Hj212, {"mn": "A", "units": {"a34044": "ug/m3"}}, "did you mean 'a34004'?"),
        (Hj212, {"mn": "A", "units": {"a34004": "µg/m³"}}, "one of g/m3, mg/m3, ug/m3, ng/m3"),
        (Hj212, {"mn": "A", "units": {"w01018": "ug/m3"}}, "one of g/L, mg/L, ug/L, ng/L"),
        (Sl651, {"address": "12345678"}, "match pattern"),
        (Sl651, {"address": "0012345678", "rain": "26"}, "'1A' or 'F4'"),
    ],
)
def test_a_detail_that_cannot_be_is_refused_with_its_reason(model, entry, said):
    assert said in problem(model, **entry)


def test_the_stages_of_a_flood_season_may_stand_side_by_side():
    stages = [season("04-15", "07-15"), season("07-16", "10-15"), LIMIT]
    assert len(station(limits=stages, curve=CURVE).limits) == 3


def test_a_limit_may_be_on_what_is_derived():
    full = LIMIT | {"metric": "storage_m3", "unit": "m³", "name": "full"}
    assert station(limits=[full], curve=CURVE).limits[0].name == "full"


@pytest.mark.parametrize(
    ("changes", "derived"),
    [
        ({}, ()),
        ({"curve": CURVE}, ("storage_m3", "inflow_m3s")),
        ({"curve": CURVE, "metrics": ["level_m", "inflow_m3s"]}, ("storage_m3",)),
        ({"limits": [LIMIT]}, ("to_limit_h",)),
        ({"limits": [LIMIT | {"name": "dead"}]}, ()),
        ({"kind": "air", "metrics": ["pm25_ugm3", "temp_c"]}, ("aqi",)),
        ({"kind": "air", "metrics": ["temp_c"]}, ()),
        ({"kind": "plant", "metrics": ["so2_ugm3"]}, ()),
    ],
)
def test_what_is_derived_follows_from_what_is_there(changes, derived):
    assert station(**changes).derived_metrics == derived


def test_every_field_says_what_it_means():
    def fields(model):
        for name, field in model.model_fields.items():
            yield f"{model.__name__}.{name}", field.description

    for model in (SensorsSettings, Station, Sensor, Limit, Curve, ClockSettings, Hj212, Sl651):
        for name, description in fields(model):
            assert description, name
