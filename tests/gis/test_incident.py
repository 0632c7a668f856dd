"""What the readings say of a leak: which gas, whose sensors, how much, and when only "at least"."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.assessment import assess, limits_for
from gis.incident import GasPlace, Sensor, gases_of, incident, ppm_per_unit
from gis.plume.dispersion import STANDARD_K, STANDARD_PA
from gis.plume.honesty import Doubt
from gis.plume.release import Fit, GasReading, Known, NoFit, Release, fit_rate
from sensors.chemicals.substances import SUBSTANCES
from sensors.chemicals.toxic import aegl
from sensors.reading import Quality
from tests.gis.test_assessment import (
    AMMONIA,
    ASSUMED,
    NORTH,
    PLACE,
    PLANT,
    SOUTH,
    ground,
    read,
    release_of,
    weather,
)


def place(*substances):
    return GasPlace("P-01", "plant", "", "", *PLACE, None, substances)


# ---- which gas


def codes(metric, *places):
    return [each.code for each in gases_of(metric, places)]


def test_the_gas_is_what_the_sensor_measures_else_what_the_plant_holds():
    assert codes("nh3_ppm", None) == ["ammonia"]
    assert codes("lel_pct", NORTH, PLANT) == ["ammonia"]
    assert codes("lel_pct", NORTH, None) == []
    assert codes("voc_ppm", place("tea")) == []
    assert codes("lel_pct", place("chlorine")) == []  # does not burn
    assert codes("lel_pct", replace(NORTH, substances=("LPG",)), PLANT) == ["LPG"]


@pytest.mark.parametrize("name", ["LPG", "LNG", "ethylene", "propylene", "hydrogen", "ethanol"])
def test_a_gas_without_any_aegl_is_known_by_the_register(name):
    assert codes("lel_pct", place(name)) == [name]
    assert codes("voc_ppm", place(name)) == [name]


def test_of_several_the_one_that_burns_at_the_least_mass_is_assumed_and_the_others_are_named():
    assert codes("lel_pct", place("hydrogen sulfide", "chlorine", "LPG")) == [
        "LPG", "hydrogen sulfide",
    ]  # fmt: skip
    assert codes("voc_ppm", place("LPG", "benzene")) == ["benzene", "LPG"]
    others = (SUBSTANCES["hydrogen sulfide"],)
    release = Release(SUBSTANCES["LPG"], *PLACE, rate_kgs=7, others=others)
    found = assess(release, weather(), ground(), limits_for(release.substance, 60))
    (said,) = (each for each in found.caveats if each.doubt == Doubt.GAS)
    assert said.grave
    assert "hydrogen sulfide" in said.text.en
    assert "硫化氢" in said.text.zh
    alone = assess(replace(release, others=()), weather(), ground(), limits_for(AMMONIA, 60))
    assert Doubt.GAS not in {each.doubt for each in alone.caveats}


# ---- its limits


def test_a_flammable_gas_has_zones_at_shares_of_its_explosive_limit():
    limits = limits_for(SUBSTANCES["propylene"], 60)
    assert {(each.name, round(each.ppm), each.confirmed) for each in limits} == {
        ("LEL 60 %", 12_000, False), ("LEL 10 %", 2000, False),
    }  # fmt: skip
    release = Release(SUBSTANCES["propylene"], *PLACE, rate_kgs=7)
    found = assess(release, weather(), ground(), limits)
    assert [(each.zone.limit.name, each.grade) for each in found.zones] == [
        ("LEL 60 %", "red"), ("LEL 10 %", "orange"),
    ]  # fmt: skip
    assert found.zones[0].zone.reach_m < found.zones[1].zone.reach_m
    (open_,) = (each for each in found.caveats if each.doubt == Doubt.LIMITS)
    assert "LEL 10 %" in open_.text.en


@pytest.mark.parametrize("substance", SUBSTANCES.values(), ids=lambda each: each.code)
def test_each_gas_has_limits_of_an_hour_nested_and_never_above_its_aegl(substance):
    limits = limits_for(substance, 60)
    assert limits
    ppm = [each.ppm for each in limits]
    assert ppm == sorted(ppm)
    red = next(each.ppm for each in limits if each.name in ("AEGL-3", "LEL 60 %"))
    toxic, share = aegl(substance.code, 3), substance.lel_pct and 6000 * substance.lel_pct
    assert red == pytest.approx(min(each for each in (toxic and toxic.ppm, share) if each))


def test_a_toxic_gas_keeps_its_aegls_though_it_burns():
    assert [each.name for each in limits_for(AMMONIA, 60)] == ["AEGL-1", "AEGL-2", "AEGL-3"]
    assert limits_for(SUBSTANCES["benzene"], 240) == ()  # AEGLs of an hour only


# ---- how much


def test_per_cent_of_the_explosive_limit_become_ppm_where_only_one_gas_burns():
    assert ppm_per_unit("nh3_ppm", AMMONIA, [PLANT]) == 1
    lpg = SUBSTANCES["LPG"]
    assert ppm_per_unit("lel_pct", lpg, [place("LPG")]) == pytest.approx(8000 / 40)
    assert ppm_per_unit("lel_pct", lpg, [place("LPG", "chlorine")]) == pytest.approx(200)
    assert ppm_per_unit("lel_pct", lpg, [place("LPG", "propylene")]) is None
    assert ppm_per_unit("lel_pct", lpg, [place("LPG", "tea")]) is None  # nobody knows tea
    assert ppm_per_unit("voc_ppm", lpg, [place("LPG")]) is None


def of(substance, sensors, factor, sensor=SOUTH):
    return incident(substance, sensor, PLANT, sensors, weather(), "rural", ASSUMED, factor)


def test_per_cent_are_fitted_as_the_ppm_they_stand_for():
    lpg = SUBSTANCES["LPG"]
    found = of(lpg, [read(SOUTH, 40, high=100)], 200.0)
    same = of(lpg, [read(SOUTH, 8000, high=20_000)], 1.0)
    assert found.release == same.release
    assert found.release.known == Known.FITTED
    assert of(lpg, [read(SOUTH, 100, high=100)], 200.0).fit.trusted is False


def test_what_tells_no_amount_is_not_fitted_but_still_says_where():
    found = of(AMMONIA, [read(SOUTH, 700)], None)
    assert (found.release.known, found.release.rate_kgs) == (Known.ASSUMED, 7.0)
    assert found.place is PLANT
    assert "tell no amount" in found.reason.en
    beside = of(AMMONIA, [read(NORTH, 700)], None, NORTH)
    assert (beside.place, beside.fit) == (NORTH, NoFit.UPWIND)


def test_a_sensor_at_its_end_raises_the_assumed_rate_to_the_least_that_explains_it():
    found = release_of(SOUTH, PLANT, [read(SOUTH, 9000, high=9000)])
    assert isinstance(found.fit, Fit)
    assert not found.fit.trusted
    least = found.fit.rate_kgs * found.fit.low
    assert least > ASSUMED.rate_kgs
    assert found.release.rate_kgs == pytest.approx(least)
    assert found.release.known == Known.ASSUMED
    assert (found.release.low, found.release.sensors) == (1.0, ("G-34",))
    assert found.release.high > 1
    assert found.release.source == "at least, by G-34"
    assert "at least" in found.reason.en
    assert "至少" in found.reason.zh


def test_of_several_sensors_at_their_ends_the_one_that_asks_for_most_counts():
    calm = weather(direction=0)

    def ended(code, metres, ppm):
        return Sensor(code, PLACE[0], PLACE[1] - metres / 110_850, ppm, ppm)

    near, far = ended("G-34", 60, 9000.0), ended("G-99", 600, 9000.0)
    for sensors in ([near, far], [far, near]):
        found = release_of(SOUTH, PLANT, sensors, calm)
        assert found.release.sensors == ("G-99",)
    alone = release_of(SOUTH, PLANT, [near], calm).release
    assert alone.rate_kgs < found.release.rate_kgs


@given(ppm=st.floats(100, 10_000), wind=st.floats(1.5, 15))
def test_a_sensor_at_its_end_never_makes_the_leak_smaller_than_assumed(ppm, wind):
    found = release_of(SOUTH, PLANT, [read(SOUTH, ppm, high=ppm)], weather(speed=wind))
    assert found.release.rate_kgs >= ASSUMED.rate_kgs
    assert found.release.known == Known.ASSUMED


def test_a_sensor_of_another_plant_explains_no_leak():
    loud = read(SOUTH, 700)
    other = replace(loud, code="G-99", plant="P-08")
    assert release_of(NORTH, PLANT, [read(NORTH, 186), other]).place is NORTH
    own = replace(other, plant="P-07")
    assert release_of(NORTH, PLANT, [read(NORTH, 186), own]).release.sensors == ("G-99",)


def test_a_sensor_of_no_plant_speaks_for_one_within_3_km():
    def far(metres):
        return Sensor("G-99", 121.8895, 29.9095 - metres / 110_850, 700.0)

    calm = weather(direction=0)
    near = release_of(SOUTH, PLANT, [far(2900)], calm)
    assert near.release.sensors == ("G-99",)
    assert release_of(SOUTH, PLANT, [far(3100)], calm).release.known == Known.ASSUMED


def test_a_trusted_fit_goes_before_one_of_a_narrower_band():
    wind = weather(direction=0).wind
    trusted = GasReading("far off the axis", PLACE[0] + 0.0004, PLACE[1] - 0.003, 700.0)
    narrow = GasReading("near", PLACE[0], PLACE[1] - 0.0006, 700.0)

    def fit(*readings):
        return fit_rate(readings, *PLACE, AMMONIA, wind, "D", "rural", 0.0, STANDARD_K, STANDARD_PA)

    bands = [fit(each).high / fit(each).low for each in (trusted, narrow)]
    assert bands[1] < bands[0], "else this proves nothing"
    assert (fit(trusted).trusted, fit(narrow).trusted) == (True, False)
    assert fit(narrow, trusted).sensor == "far off the axis"


# ---- what a reading is worth


def test_off_its_scale_is_impossible_and_not_called_invalid():
    assert Quality.IMPOSSIBLE.off_scale
    assert (Quality.IMPOSSIBLE | Quality.STUCK).off_scale
    assert not (Quality.IMPOSSIBLE | Quality.MARKED_INVALID).off_scale
    assert not Quality.MISSING.off_scale
    assert not Quality.STUCK.off_scale
