"""One entry from release to advice; from a gas alert to a release; the weather of a place."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, shape

from gis.assessment import Ground, assess, grade_of, limits_for
from gis.assessment_json import to_json
from gis.exposure.count import Plant
from gis.exposure.surroundings import open_surroundings
from gis.figures import kilometres
from gis.incident import Assumed, GasPlace, Sensor, incident
from gis.plume.honesty import Doubt
from gis.plume.release import Fit, Known, NoFit, Release
from gis.plume.stability import Stability, sky_at
from gis.plume.wind import WindReading, wind_by_hand
from gis.settings import GisSettings
from gis.weather import Weather, WindStation, weather_by_hand, weather_of
from sensors.chemicals.substances import SUBSTANCES
from sensors.chemicals.toxic import ToxicLimit
from tests.gis.test_exposure import DISTRICT, SAMPLE
from tests.servers.program import ROOT

AMMONIA = SUBSTANCES["ammonia"]
NOW = datetime(2026, 11, 21, 19, 14, tzinfo=UTC)
PLACE = (121.8895, 29.9095)
PLANT = GasPlace("P-07", "plant", "7 号厂", "Plant 7", *PLACE, None, ("ammonia",))
NORTH = GasPlace("G-31", "gas", "7 号厂北", "Plant 7 N", 121.896, 29.913, "P-07")
SOUTH = GasPlace("G-34", "gas", "7 号厂南", "Plant 7 S", 121.8885, 29.9062, "P-07")
ASSUMED = Assumed(7.0, "configuration")
LIMITS = limits_for(AMMONIA, 60)


@cache
def ground(**exposure):
    settings = GisSettings.model_validate({"exposure": SAMPLE | {"district": DISTRICT}})
    plants = (Plant("P-08", "8 号厂", "Plant 8", 121.88822, 29.90608),)
    return Ground(open_surroundings(settings, ROOT), settings.plume, plants)


def weather(speed=3.2, direction=18.0, at=NOW):
    sky = sky_at(*PLACE, at)
    calm = Weather(at, None, sky, Stability(()))
    return weather_by_hand(calm, wind_by_hand(speed, direction), cloud_octas=8)


def leak(**others):
    return Release(AMMONIA, *PLACE, **({"rate_kgs": 7.0} | others))


def test_a_leak_is_assessed_whole():
    found = assess(leak(), weather(), ground(), LIMITS)
    assert [(each.zone.limit.name, each.grade) for each in found.zones] == [
        ("AEGL-3", "red"), ("AEGL-2", "orange"), ("AEGL-1", "yellow"),
    ]  # fmt: skip
    people = [each.exposure.people.count for each in found.zones]
    assert people == sorted(people)
    assert "1.6 km" in found.headline.en
    assert "8 min" in found.headline.en
    assert "people" in found.headline.en
    assert "**" in found.headline.zh
    assert any("upwind, the north" in each.en for each in found.advice)
    assert any("Plant 8" in each.en for each in found.advice)


def test_the_json_is_plain_and_its_shapes_lie_within_each_other():
    document = json.loads(json.dumps(to_json(assess(leak(), weather(), ground(), LIMITS))))
    inner, middle, outer = (shape(zone["geometry"]) for zone in document["zones"])
    assert outer.buffer(3e-6).contains(middle)
    assert middle.buffer(3e-6).contains(inner)
    assert Polygon(outer).exterior.is_ccw
    assert document["weather"]["stability"]["classes"] == ["D"]
    assert document["zones"][1]["limit"]["confirmed"] is True
    inside = document["zones"][-1]["exposure"]["facilities"]["school"]["count"]
    assert document["wedge_exposure"]["facilities"]["school"]["count"] >= inside
    assert document["zones"][1]["exposure"]["people"]["assumption"] is True
    assert document["zones"][1]["exposure"]["roads"] is None


def test_without_wind_only_the_isolation_circle():
    calm = Weather(NOW, None, sky_at(*PLACE, NOW), Stability(()))
    found = assess(leak(), calm, ground(), LIMITS)
    assert found.zones == ()
    assert found.isolation is not None
    assert len(found.isolation_ring) > 60
    assert Doubt.NO_WIND in {each.doubt for each in found.caveats}
    assert "no zone can be drawn" in found.headline.en
    document = to_json(found)
    assert (document["zones"], document["wedge"]) == ([], None)
    assert document["weather"]["wind"] is None
    assert document["isolation"]["confirmed"] is False


def test_a_substance_without_limits_has_no_zones():
    release = Release(SUBSTANCES["phosgene"], *PLACE, rate_kgs=7)
    limits = limits_for(release.substance, 240)  # known for an hour only
    found = assess(release, weather(), ground(), limits)
    assert (limits, found.zones) == ((), ())
    assert Doubt.NO_LIMIT in {each.doubt for each in found.caveats if each.grave}
    assert Doubt.NO_LIMIT not in {
        each.doubt for each in assess(leak(), weather(), ground(), LIMITS).caveats
    }
    assert "no zone can be drawn" in found.headline.en


@given(speed=st.floats(0, 20), direction=st.floats(0, 360), rate=st.floats(0.001, 1000))
def test_it_always_speaks_both_languages_and_never_says_not_a_number(speed, direction, rate):
    found = assess(leak(rate_kgs=rate), weather(speed, direction), ground(), LIMITS)
    text = json.dumps(to_json(found), allow_nan=False)
    assert "NaN" not in text
    assert all(each.zh and each.en for each in (found.headline, *found.advice))


def test_grades_by_level_else_by_place():
    erpg = ToxicLimit("ammonia", "ERPG-2", 60, 150, "", True)
    named = ToxicLimit("ammonia", "ours", 60, 150, "", False)
    assert grade_of(erpg, 0) == "orange"
    assert [grade_of(named, index) for index in range(4)] == ["red", "orange", "yellow", "yellow"]


@pytest.mark.parametrize(
    ("metres", "more", "text"),
    [
        (99, False, "< 100 m"), (344, False, "340 m"), (996, False, "1.0 km"),
        (1640, False, "1.6 km"), (10_000, True, "> 10.0 km"),
    ],
)  # fmt: skip
def test_distances_are_rounded_as_they_deserve(metres, more, text):
    assert kilometres(metres, more=more) == text


# ---- from an alert to a release


def release_of(sensor, plant, sensors, sky=None):
    return incident(AMMONIA, sensor, plant, sensors, sky or weather(), "rural", ASSUMED)


def read(place, ppm, high=None):
    return Sensor(place.code, place.lon, place.lat, ppm, high)


def test_a_sensor_downwind_tells_the_rate():
    found = release_of(SOUTH, PLANT, [read(SOUTH, 700)])
    assert isinstance(found.fit, Fit)
    assert found.release.known == Known.FITTED
    assert (found.release.lon, found.release.lat) == PLACE
    assert found.release.low < 1 < found.release.high
    assert found.release.sensors == ("G-34",)


def test_an_alarmed_sensor_upwind_of_the_plant_stands_for_the_source():
    found = release_of(NORTH, PLANT, [read(NORTH, 186)])
    assert found.fit is NoFit.UPWIND
    assert found.place is NORTH
    assert (found.release.known, found.release.rate_kgs) == (Known.ASSUMED, 7.0)


def test_another_sensor_downwind_speaks_for_the_plant_all_the_same():
    found = release_of(NORTH, PLANT, [read(NORTH, 186), read(SOUTH, 700)])
    assert found.place is PLANT
    assert found.release.known == Known.FITTED


def test_the_background_of_a_sensor_downwind_does_not_explain_a_leak_away():
    found = release_of(NORTH, PLANT, [read(NORTH, 186), read(SOUTH, 0.4)])
    assert (found.release.known, found.place) == (Known.ASSUMED, NORTH)
    found = release_of(SOUTH, PLANT, [read(SOUTH, 20)])  # below AEGL-1
    assert (found.release.known, found.place) == (Known.ASSUMED, PLANT)


def test_a_sensor_at_its_end_tells_no_rate():
    found = release_of(SOUTH, PLANT, [read(SOUTH, 700, high=700)])
    assert found.release.known == Known.ASSUMED
    assert found.place is PLANT


def test_without_a_plant_or_wind_the_amount_is_assumed():
    assert release_of(NORTH, None, [read(NORTH, 186)]).place is NORTH
    still = Weather(NOW, None, sky_at(*PLACE, NOW), Stability(()))
    found = release_of(SOUTH, PLANT, [read(SOUTH, 186)], still)
    assert (found.fit, found.place, found.release.known) == (None, PLANT, Known.ASSUMED)


# ---- the weather of a place


def station(code, metres):
    return WindStation(code, metres, 1, 2)


def blowing(age=timedelta(seconds=40), speed=3.0):
    return [WindReading(NOW - age - timedelta(seconds=20 * i), speed, 18) for i in range(30)]


def test_the_nearest_station_with_usable_wind_is_taken():
    kept = {
        "W-1": blowing(timedelta(minutes=20)), "W-2": blowing(speed=4.0), "W-3": blowing(speed=9.0),
    }  # fmt: skip
    stations = [station("W-3", 9000), station("W-1", 1000), station("W-2", 3000)]
    asked = []

    def readings(each):
        asked.append(each.code)
        return kept[each.code]

    found = weather_of(stations, readings, *PLACE, NOW)
    assert found.wind.station == "W-2"
    assert found.wind_age_s == 40
    assert asked == ["W-1", "W-2"]


def test_no_station_no_wind_no_class():
    found = weather_of([], lambda _: [], *PLACE, NOW)
    assert (found.wind, found.stability.classes, found.wind_age_s) == (None, (), None)


def test_by_hand_goes_before_what_was_measured():
    measured = weather_of([station("W-1", 10)], lambda _: blowing(), *PLACE, NOW)
    assert weather_by_hand(measured, name="B").stability.classes == ("B",)
    assert weather_by_hand(measured, cloud_octas=2).stability.classes == ("E",)
    turned = weather_by_hand(measured, wind_by_hand(5, 90))
    assert (turned.wind.from_deg, turned.wind_age_s) == (90, None)
    with pytest.raises(ValueError, match="no stability class"):
        weather_by_hand(measured, name="G")
