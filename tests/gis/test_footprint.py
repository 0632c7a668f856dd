"""Footprints: nested, symmetric, downwind, monotone; the amount worked back; what must be said."""

import itertools
import math

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from gis.plume.dispersion import plume_kgm3, to_kgm3, to_ppm, wind_at
from gis.plume.footprint import circle, footprint
from gis.plume.honesty import Doubt, caveats
from gis.plume.isolation import isolation
from gis.plume.release import Fit, GasReading, Known, NoFit, Release, fit_rate
from gis.plume.stability import Sky, Stability, stability
from gis.plume.wind import Wind, wind_by_hand
from sensors.chemicals.substances import SUBSTANCES
from sensors.chemicals.toxic import ToxicLimit, aegl

AMMONIA, CHLORINE, HYDROGEN = (SUBSTANCES[code] for code in ("ammonia", "chlorine", "hydrogen"))
LIMITS = tuple(limit for level in (1, 2, 3) if (limit := aegl("ammonia", level)))
PLACE = (121.8895, 29.9095)
GEOD = pyproj.Geod(ellps="WGS84")
rates, speeds = st.floats(0.01, 100), st.floats(1.5, 15)
names = st.sampled_from(["A", "A-B", "B", "C", "C-D", "D", "E", "F"])
heights = st.sampled_from([0.0, 3.0, 25.0, 60.0])


def leak(rate=7.0, **others):
    return Release(AMMONIA, *PLACE, rate_kgs=rate, **others)


def of(release, speed=3.2, direction=18.0, name=("D",), limits=LIMITS, roughness="rural"):
    return footprint(release, wind_by_hand(speed, direction), name, limits, roughness)


def test_the_sample_of_the_design():
    """7 kg/s of ammonia, D, 3.2 m/s: AEGL-2 reaches 1.6 km in 8 min, AEGL-1 4.9 km."""
    gravest, middle, widest = of(leak()).zones
    assert [zone.limit.name for zone in (gravest, middle, widest)] == ["AEGL-3", "AEGL-2", "AEGL-1"]
    assert middle.reach_m == pytest.approx(1600, abs=60)
    assert widest.reach_m == pytest.approx(4900, abs=120)
    assert middle.arrival_s / 60 == pytest.approx(8, abs=0.5)


@given(rate=rates, speed=speeds, name=names, height=heights)
def test_at_the_far_edge_the_concentration_is_the_limit(rate, speed, name, height):
    for zone in of(leak(rate, height_m=height), speed, name=(name,)).zones:
        if 1 < zone.reach_m < 10_000:
            found = plume_kgm3(
                rate, wind_at(speed, height, name, "rural"), zone.reach_m, 0, 0,
                height_m=height, name=name, roughness="rural",
            )  # fmt: skip
            assert to_ppm(float(found), 17.03) == pytest.approx(zone.limit.ppm, rel=5e-3)


@given(rate=rates, speed=st.floats(0, 15), direction=st.floats(0, 360), name=names, height=heights)
def test_the_graver_zone_lies_within_the_wider(rate, speed, direction, name, height):
    zones = of(leak(rate, height_m=height), speed, direction, (name,)).zones
    shapes = [Polygon(zone.ring) for zone in zones if zone.ring]
    assert [zone.reach_m for zone in zones] == sorted(zone.reach_m for zone in zones)
    for inner, outer in itertools.pairwise(shapes):
        assert inner.is_valid
        # Degrees are rounded to 0.1 m.
        assert outer.buffer(3e-6).contains(inner)


@given(rate=rates, more=st.floats(1.0, 20), speed=speeds, name=names, height=heights)
def test_more_gas_reaches_no_less_far(rate, more, speed, name, height):
    less = of(leak(rate, height_m=height), speed, name=(name,)).zones
    much = of(leak(rate * more, height_m=height), speed, name=(name,)).zones
    for one, other in zip(less, much, strict=True):
        assert other.reach_m >= one.reach_m - 1e-6


@given(rate=rates, direction=st.floats(0, 360), turn=st.floats(0, 360), name=names)
def test_turning_the_wind_turns_the_footprint(rate, direction, turn, name):
    for one, other in zip(
        of(leak(rate), direction=direction, name=(name,)).zones,
        of(leak(rate), direction=direction + turn, name=(name,)).zones,
        strict=True,
    ):
        if one.reach_m > 1:
            turned = turned_back(other.ring, turn)
            assert turned_back(one.ring, 0).hausdorff_distance(turned) < 0.5


def turned_back(ring, by_deg):
    """In metres round the place."""
    angle, distance = polar(ring)
    turned = np.radians(angle - by_deg)
    return Polygon(np.column_stack([distance * np.sin(turned), distance * np.cos(turned)]))


def polar(ring):
    lon, lat = np.array(ring).T
    angle, _, distance = GEOD.inv(
        np.full_like(lon, PLACE[0]), np.full_like(lat, PLACE[1]), lon, lat
    )
    return angle, distance


@given(rate=rates, speed=speeds, direction=st.floats(0, 360), name=names)
def test_nothing_lies_upwind_and_both_sides_are_alike(rate, speed, direction, name):
    for zone in of(leak(rate), speed, direction, (name,)).zones:
        if zone.reach_m < 20:
            continue
        angle, distance = polar(zone.ring)
        off = (angle - direction - 180 + 180) % 360 - 180
        far = distance > 1
        assert np.all(np.abs(off[far]) < 90)
        assert np.max(off[far] * distance[far]) == pytest.approx(
            -np.min(off[far] * distance[far]), abs=60
        )


@given(rate=rates, speed=st.floats(1.5, 15), name=names)
def test_the_band_holds_the_reach(rate, speed, name):
    for zone in of(leak(rate, low=0.5, high=2.0), speed, name=(name,)).zones:
        assert zone.reach_low_m <= zone.reach_m + 1e-6
        assert zone.reach_m <= zone.reach_high_m + 1e-6


def test_of_two_classes_the_farther_one_is_drawn_and_the_band_has_both():
    both, one, other = (of(leak(), name=each) for each in (("D", "E"), ("D",), ("E",)))
    assert both.name == "E"
    assert both.zones[1].reach_m == other.zones[1].reach_m
    assert both.zones[1].reach_low_m == one.zones[1].reach_low_m


def test_a_calm_is_a_circle():
    found = of(leak(), 1.4)
    assert (found.shape, found.wedge, found.towards_deg) == ("circle", (), None)
    _, distance = polar(found.zones[1].ring)
    assert distance == pytest.approx(found.zones[1].reach_m, abs=0.2)
    assert of(leak(), 1.5).shape == "plume"


def test_a_wind_that_turns_is_a_circle_and_says_so():
    turning = Wind(3, 90, 2, 4, spread_deg=60, station="W-01", readings=10, turning=True)
    found = footprint(leak(), turning, ("D",), LIMITS, "rural")
    assert (found.shape, found.wedge, found.towards_deg) == ("circle", (), None)
    _, distance = polar(found.zones[1].ring)
    assert distance == pytest.approx(found.zones[1].reach_m, abs=0.2)
    assert said(leak(), found, turning)[Doubt.TURNING].grave
    assert Doubt.TURNING not in said(leak(), of(leak()))


@pytest.mark.parametrize(("low", "grave"), [(0.8, True), (1.49, True), (1.5, False)])
def test_a_wind_that_may_fall_calm_is_gravely_said(low, grave):
    wind = Wind(1.6, 18, low, 2.4, station="W-01", readings=10)
    found = said(leak(), footprint(leak(), wind, ("D",), LIMITS, "rural"), wind)
    assert (Doubt.NEAR_CALM in found) is grave
    assert not grave or found[Doubt.NEAR_CALM].grave


@pytest.mark.parametrize("wind", [None, Wind(math.nan, 18, 1, 2)])
def test_without_a_wind_nothing_is_drawn(wind):
    found = footprint(leak(), wind, ("D",), LIMITS, "rural")
    assert (found.shape, found.zones) == ("nothing", ())


def test_a_cut_plume_says_so():
    found = of(leak(1e4), 1.6, name=("F",))
    widest = found.zones[-1]
    assert widest.more
    assert widest.reach_m == 10_000
    assert said(leak(1e4), found)[Doubt.FAR].grave


def test_a_limit_that_is_nowhere_reached_has_no_ring():
    zone = of(leak(0.01, height_m=60.0), 8, name=("D",)).zones[0]
    assert (zone.ring, zone.reach_m, zone.arrival_s) == ((), 0, None)


def test_a_raised_release_touches_the_ground_only_from_a_distance():
    zone = of(leak(50, height_m=60.0), name=("D",)).zones[-1]
    assert zone.start_m > 100
    assert polar(zone.ring)[1].min() == pytest.approx(zone.start_m, rel=1e-3)


@given(seconds=st.floats(1, 1e5), longer=st.floats(1, 10))
def test_a_longer_release_reaches_no_less_far(seconds, longer):
    short, long, steady = (
        of(leak(7, duration_s=each)) for each in (seconds, seconds * longer, None)
    )
    for zones in zip(short.zones, long.zones, steady.zones, strict=True):
        reaches = [zone.reach_m for zone in zones]
        assert reaches == sorted(reaches)


def test_a_puff_does_not_depend_on_the_wind_but_its_arrival_does():
    release = Release(AMMONIA, *PLACE, mass_kg=2000)
    slow, fast = of(release, 3, name=("D",)).zones[1], of(release, 6, name=("D",)).zones[1]
    assert slow.reach_m == pytest.approx(fast.reach_m)
    assert slow.arrival_s == pytest.approx(2 * fast.arrival_s)


@pytest.mark.parametrize(
    "amount", [{}, {"rate_kgs": 1, "mass_kg": 1}, {"rate_kgs": 0}, {"mass_kg": math.nan}]
)
def test_a_release_has_one_amount(amount):
    with pytest.raises(ValueError, match="either a rate or a mass"):
        Release(AMMONIA, *PLACE, **amount)


@given(rate=rates, speed=speeds, name=names, height=heights, share=st.floats(-1, 1))
def test_the_wedge_holds_the_plume_however_the_wind_turns_within_its_spread(
    rate, speed, name, height, share
):
    """The whole of it, its width too: who stands beside the axis is counted."""
    wind = Wind(speed, 270, speed, speed, spread_deg=10)
    release = leak(rate, height_m=height)
    found = footprint(release, wind, (name,), LIMITS, "rural")
    if found.zones[-1].reach_m < 1:
        return
    wedge = Polygon(found.wedge)
    assert wedge.is_valid
    other = Wind(speed, 270 + 10 * share, speed, speed, spread_deg=10)
    for zone in footprint(release, other, (name,), LIMITS, "rural").zones:
        if zone.ring:
            outside = Polygon(zone.ring).difference(wedge.buffer(3e-6))
            assert outside.area <= 1e-3 * Polygon(zone.ring).area


def test_the_wedge_goes_no_farther_than_the_plume():
    found = of(leak())
    assert polar(found.wedge)[1].max() == pytest.approx(found.zones[-1].reach_m, abs=0.2)
    assert of(leak(1e-6)).wedge == ()


def test_under_a_raised_release_the_wedge_begins_where_the_gas_touches_the_ground():
    found = of(leak(50, height_m=60.0))
    assert polar(found.wedge)[1].min() == pytest.approx(found.zones[-1].start_m, rel=1e-3)


# ---- worked back from a sensor


def sensor(metres=600.0, off_deg=0.0, rate=7.0, speed=3.2, direction=18.0, name="D"):
    bearing = direction + 180 + off_deg
    lon, lat, _ = GEOD.fwd(*PLACE, bearing, metres)
    x, y = metres * math.cos(math.radians(off_deg)), metres * math.sin(math.radians(off_deg))
    found = plume_kgm3(rate, speed, x, y, 0, height_m=0, name=name, roughness="rural")
    return GasReading("G-1", lon, lat, to_ppm(float(found), 17.03))


def fitted(*readings, speed=3.2, direction=18.0, name="D"):
    return fit_rate(readings, *PLACE, AMMONIA, wind_by_hand(speed, direction), name, "rural")


@given(rate=rates, metres=st.floats(40, 5000), off=st.floats(-3, 3))
def test_the_band_of_a_fit_holds_the_rate_that_was(rate, metres, off):
    found = fitted(sensor(metres, off, rate))
    assert isinstance(found, Fit)
    assert found.rate_kgs * found.low <= rate * (1 + 1e-6)
    assert found.rate_kgs * found.high >= rate * (1 - 1e-6)
    if abs(metres - 100) > 0.1:
        assert found.trusted == (metres > 100)


@given(ppm=st.floats(1, 5000), more=st.floats(1, 10))
def test_a_higher_reading_means_a_higher_rate(ppm, more):
    place = sensor()
    one = fitted(GasReading("G-1", place.lon, place.lat, ppm))
    other = fitted(GasReading("G-1", place.lon, place.lat, ppm * more))
    assert other.rate_kgs == pytest.approx(one.rate_kgs * more)


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (sensor(600, 0), Fit),
        (GasReading("G-1", PLACE[0] + 0.0065, PLACE[1] + 0.0035, 186), NoFit.UPWIND),
        (GasReading("G-1", PLACE[0], PLACE[1] - 0.0001, 186), NoFit.TOO_NEAR),
        (GasReading("G-1", PLACE[0] - 0.03, PLACE[1] - 0.11, 186), NoFit.TOO_FAR),
        (GasReading("G-1", PLACE[0] - 0.02, PLACE[1] - 0.001, 186), NoFit.BESIDE),
        (GasReading("G-1", PLACE[0] - 0.002, PLACE[1] - 0.005, math.nan), NoFit.NO_READING),
        (GasReading("G-1", PLACE[0] - 0.002, PLACE[1] - 0.005, 0), NoFit.NO_READING),
    ],
)
def test_why_a_reading_cannot_be_explained(reading, why):
    found = fitted(reading)
    assert found is why or (why is Fit and isinstance(found, Fit))


def test_no_sensor_no_fit_and_a_saturated_one_is_not_trusted():
    assert fitted() is NoFit.NO_READING
    place = sensor()
    found = fitted(GasReading("G-1", place.lon, place.lat, place.ppm, saturated=True))
    assert not found.trusted


# ---- what must be said


def said(release, found, wind=None, sky=None, age_s=40.0):
    wind = wind or wind_by_hand(3.2, 18)
    classes = stability(wind.speed_ms, sky) if sky else Stability(("D",))
    return {each.doubt: each for each in caveats(release, wind, classes, found, age_s)}


def test_what_is_always_said():
    assert {Doubt.GROUND, Doubt.AVERAGE, Doubt.COLD} <= set(said(leak(), of(leak())))


@pytest.mark.parametrize(
    ("speed", "grave"), [(1.49, True), (1.5, False)],
)  # fmt: skip
def test_calm_is_said_below_one_and_a_half(speed, grave):
    found = said(leak(), of(leak(), speed), wind_by_hand(speed, 18))
    assert (Doubt.CALM in found) is grave


def test_each_doubt_is_said_when_it_holds():
    dense = Release(CHLORINE, *PLACE, rate_kgs=1, known=Known.ASSUMED)
    assert said(dense, of(dense))[Doubt.DENSE].grave
    assert Doubt.RATE_ASSUMED in said(dense, of(dense))
    light = Release(HYDROGEN, *PLACE, rate_kgs=1)
    assert Doubt.LIGHT in said(light, of(light))
    assert said(leak(), of(leak()), age_s=301)[Doubt.OLD_WIND].grave
    assert Doubt.OLD_WIND not in said(leak(), of(leak()), age_s=300)
    assert Doubt.CLOUD in said(leak(), of(leak()), sky=Sky(-40, True))
    assert Doubt.CLOUD not in said(leak(), of(leak()), sky=Sky(-40, True, 8))
    assert Doubt.NEAR in said(leak(0.05), of(leak(0.05)))
    doubted = ToxicLimit("ammonia", "AEGL-2", 60, 160, "from memory", False)
    assert Doubt.LIMITS in said(leak(), of(leak(), limits=(doubted,)))
    assert Doubt.RAISED in said(leak(height_m=30), of(leak(height_m=30)))
    assert Doubt.SHORT in said(leak(duration_s=60), of(leak(duration_s=60)))


def test_without_wind_that_is_said_and_nothing_about_it_is_invented():
    nothing = footprint(leak(), None, (), LIMITS, "rural")
    found = {each.doubt for each in caveats(leak(), None, Stability(()), nothing)}
    assert Doubt.NO_WIND in found
    assert not found & {
        Doubt.CALM,
        Doubt.NEAR_CALM,
        Doubt.TURNING,
        Doubt.SPREAD_ASSUMED,
        Doubt.CLOUD,
    }


def test_grave_ones_come_first_and_all_speak_both_languages():
    found = caveats(leak(), wind_by_hand(1, 18), Stability(("E", "F")), of(leak(), 1), 400)
    assert [each.grave for each in found] == sorted((each.grave for each in found), reverse=True)
    assert all(each.text.zh and each.text.en for each in found)


NIGHT, DAY = Sky(-40, True), Sky(40, False)


@pytest.mark.parametrize(
    ("sky", "speed", "mass", "expected"),
    [
        (DAY, 2.0, None, (150, 1300)),
        (DAY, 4.0, None, (150, 700)),
        (DAY, 6.0, None, (150, 500)),
        (NIGHT, None, None, (150, 2400)),
        (NIGHT, 4.0, 100, (60, 1500)),
    ],
)
def test_isolation_of_chlorine(sky, speed, mass, expected):
    found = isolation("chlorine", sky, speed, mass)
    assert (found.isolate_m, found.protect_m) == pytest.approx(expected)
    assert not found.confirmed


def test_an_unknown_isolation_is_none():
    assert isolation("benzene", NIGHT, 3, None) is None


def test_a_circle_of_nothing_is_nothing():
    assert circle(*PLACE, 0) == ()
    assert polar(circle(*PLACE, 150))[1] == pytest.approx(150, abs=0.2)


def test_limits_are_in_the_air_as_it_is():
    """Colder air holds more gas per ppm: the zone is smaller."""
    cold, warm = (
        footprint(leak(), wind_by_hand(3, 18), ("D",), LIMITS, "rural", kelvin).zones[1].reach_m
        for kelvin in (263.15, 308.15)
    )
    assert cold < warm
    assert to_kgm3(160, 17.03, 263.15) > to_kgm3(160, 17.03, 308.15)
