"""A first draft of an alert: what it says, of what kind it is, where it reaches."""

from dataclasses import replace
from datetime import UTC, datetime
from math import cos, pi, sin
from typing import Any

import pytest
from pydantic import ValidationError
from shapely.geometry import Polygon, shape

from alerts.alert import Alert, Names
from alerts.reason import Reason
from alerts.warnings.content import MOST_TOGETHER, read
from alerts.warnings.prefill import MOST_POINTS, Spot, blank, of_alert
from alerts.warnings.settings import WarningSettings
from tests.alerts.warned import SETTINGS

NOW = datetime(2026, 11, 22, 3, 14, 7, tzinfo=UTC)
SPOT = Spot(121.85, 29.9, Names("关窗。", "Close windows."))
GAS = Alert(
    id="a", version=1, rule="GAS-NH3", rule_version=1, station="G-31",
    station_names=Names("七号厂北（示例）", "Plant 7 N (sample)"), metric="nh3_ppm", subject="G-31",
    label=Names("氨泄漏", "Ammonia leak"), grade="red", peak_grade="red", state="active",
    began_at=NOW, raised_at=NOW, ended_at=None, announced_at=NOW, found_afterwards=False,
    origin="live", value=186.0, limit=160.0, peak_value=186.0, quality="good", owner="duty",
    acknowledged_at=NOW, note="secret", reason=Reason(
        "above", {"metric": "nh3_ppm", "value": 186.0, "limit": 160.0, "held_s": 60}),
    action=None, cause=None, consequence=Names("下风向有危险。", "People downwind are in danger."),
    public=True, department=None, changed_at=NOW,
)  # fmt: skip


def square(lon: float, lat: float, side: float) -> dict[str, Any]:
    ring = [(lon, lat), (lon + side, lat), (lon + side, lat + side), (lon, lat + side), (lon, lat)]
    return {"type": "Polygon", "coordinates": [ring]}


def round_ring(radius: float) -> dict[str, Any]:
    turns = [2 * pi * step / 720 for step in range(720)]
    ring = [(121.85 + radius * cos(turn), 29.9 + radius * sin(turn)) for turn in turns]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def footprint(**more: object) -> dict[str, Any]:
    zones = [
        {"grade": "red", "geometry": square(121.85, 29.89, 0.005), "reach_m": 800},
        {"grade": "orange", "geometry": square(121.85, 29.88, 0.01), "reach_m": 2000,
         "reach_high_m": 2600},
        {"grade": "yellow", "geometry": square(121.85, 29.8, 0.05), "reach_m": 10000},
    ]  # fmt: skip
    source = {"lon": 121.85, "lat": 29.9}
    return {"shape": "plume", "zones": zones, "source": source, "towards_deg": 180.0,
            "spread_deg": 10.0, "isolation": None} | more  # fmt: skip


def test_it_has_the_alerts_words_and_nothing_of_whose_it_is():
    said = of_alert(GAS, SPOT, [], SETTINGS, NOW)
    assert said.headline.zh == "七号厂北：氨泄漏"
    assert said.headline.en == "Plant 7 N: ammonia leak"
    assert said.instruction.en == "Close windows."
    assert said.description.en.startswith("People downwind are in danger. NH₃ 186.0 ppm above")
    assert (said.grade, said.severity) == ("red", "Extreme")
    assert (said.urgency, said.certainty) == ("Immediate", "Observed")
    assert said.category == ("CBRNE", "Env")
    assert said.expires == datetime(2026, 11, 22, 9, 10, tzinfo=UTC)
    for private in ("duty", "secret"):
        assert private not in said.model_dump_json()


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({"origin": "simulated"}, "status", "Exercise"),
        ({"origin": "recorded"}, "status", "Exercise"),
        ({"origin": "live"}, "status", "Actual"),
        ({"quality": "suspect"}, "certainty", "Likely"),
        ({"value": None}, "certainty", "Unknown"),
        ({"metric": "to_limit_h"}, "urgency", "Expected"),
        ({"grade": "blue"}, "urgency", "Future"),
        ({"metric": "level_m"}, "category", ("Met", "Safety")),
        ({"metric": "pm25_ugm3"}, "category", ("Env", "Health")),
    ],
)
def test_what_it_is_follows_from_the_alert(changed, field, value):
    earnest = WarningSettings(status="Actual")
    assert getattr(of_alert(replace(GAS, **changed), SPOT, [], earnest, NOW), field) == value


def test_a_gas_reaches_as_far_as_people_must_be_protected_wherever_the_wind_may_turn():
    document = footprint()
    area = of_alert(GAS, SPOT, [document], SETTINGS, NOW).area
    [ring] = area.polygons
    assert ring[0] == ring[-1]
    assert len(ring) <= MOST_POINTS
    drawn = Polygon(ring).buffer(2e-5)
    zones = {zone["grade"]: shape(zone["geometry"]) for zone in document["zones"]}
    assert drawn.covers(zones["orange"])
    assert drawn.covers(zones["red"])
    assert not drawn.covers(zones["yellow"])
    assert area.names.en == "Downwind of Plant 7 N, about 2.6 km"


def test_the_rings_of_many_sources_fit_into_one_warning():
    document = footprint(isolation={"geometry": round_ring(0.03), "isolate_m": 3000})
    area = of_alert(GAS, SPOT, [document] * 9, SETTINGS, NOW).area
    assert len(area.polygons) == 9
    assert sum(map(len, area.polygons)) <= MOST_TOGETHER


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"web": "https://city.example/a|b"}, "web"),
        ({"web": "https://[::1]/"}, "web"),
        ({"contact": " "}, "contact"),
        ({"contact": "call <b>12345</b>"}, "contact"),
        ({"sender_name": {"zh": "北仑", "en": "\x07"}}, "sender_name"),
    ],
)
def test_settings_that_no_message_could_carry_are_refused_at_the_start(changed, named):
    with pytest.raises(ValidationError, match=named):
        WarningSettings.model_validate(changed)


@pytest.mark.parametrize(
    ("isolation", "radius_km"),
    [
        (None, 1.0),
        ({"isolate_m": 30, "protect_m": 300}, 1.0),
        ({"isolate_m": 300, "protect_m": 1510}, 1.6),
        ({"isolate_m": 1200, "protect_m": None}, 1.2),
    ],
)
def test_without_wind_no_side_is_safe_it_is_a_circle_as_wide_as_anybody_is_protected(
    isolation, radius_km
):
    if isolation:
        isolation |= {"geometry": square(121.84, 29.89, 0.02)}
    document = footprint(zones=[], isolation=isolation)
    area = of_alert(GAS, SPOT, [document], SETTINGS, NOW).area
    assert area.polygons == ()
    assert [(one.lon, one.lat, one.radius_km) for one in area.circles] == [
        (121.85, 29.9, radius_km)
    ]
    assert area.names.en == f"Within {radius_km:g} km of Plant 7 N"


@pytest.mark.parametrize(
    ("reach_m", "en"), [(12, "50 m"), (730, "750 m"), (980, "1.0 km"), (2310, "2.4 km")]
)
def test_how_far_it_reaches_is_rounded_up(reach_m, en):
    (zone,) = [each for each in footprint()["zones"] if each["grade"] == "orange"]
    document = footprint(zones=[zone | {"reach_m": reach_m, "reach_high_m": None}])
    area = of_alert(GAS, SPOT, [document], SETTINGS, NOW).area
    assert area.names.en == f"Downwind of Plant 7 N, about {en}"


def test_what_nobody_computed_is_a_circle_and_what_has_no_place_is_left_open():
    area = of_alert(replace(GAS, metric="level_m"), SPOT, [], SETTINGS, NOW).area
    assert [(one.lon, one.lat, one.radius_km) for one in area.circles] == [(121.85, 29.9, 3.0)]
    assert area.names.zh == "七号厂北周边 3 公里"
    empty = of_alert(GAS, None, [footprint(zones=[])], SETTINGS, NOW).area
    assert (empty.polygons, empty.circles) == ((), ())


def test_by_hand_it_says_nothing_and_is_an_exercise_until_the_site_says_else():
    assert blank(SETTINGS, NOW).status == "Exercise"
    assert blank(WarningSettings(status="Actual"), NOW).status == "Actual"
    assert blank(SETTINGS, NOW).headline.zh == ""


# As the database has them for ever: a later version may add fields with defaults, and take none
# away. A warning in force that could not be read would be missing from the page of the city.
KEPT: dict[str, Any] = {
    "status": "Actual",
    "grade": "orange",
    "category": ["CBRNE", "Env"],
    "urgency": "Expected",
    "certainty": "Likely",
    "response": ["Shelter", "Monitor"],
    "event": {"zh": "氨泄漏", "en": "Ammonia leak"},
    "headline": {"zh": "请留在室内", "en": "Stay indoors"},
    "description": {"zh": "附近工厂氨泄漏。\n风向东北。", "en": "Ammonia leaks."},
    "instruction": {"zh": "关好门窗。", "en": "Close windows."},
    "area": {
        "names": {"zh": "霞浦", "en": "Xiapu"},
        "polygons": [[[121.8, 29.86], [121.9, 29.86], [121.9, 29.9], [121.8, 29.86]]],
        "circles": [{"lon": 121.85, "lat": 29.9, "radius_km": 2.5}],
    },
    "onset": "2026-11-22T03:14:07Z",
    "expires": "2026-11-22T09:14:07Z",
}


def test_what_the_database_kept_is_read_by_every_later_version():
    assert read(KEPT).model_dump(mode="json").items() >= KEPT.items()
