"""Which sensors speak of a leak, and which of the same one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.leaks import GasNow, Leak, leaks

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NORTH = GasNow("G-31", "P-07", "nh3_ppm", 186.0, NOW, 5, usable=True, limit=30.0)
EAST = replace(NORTH, station="G-32", value=40.0)
QUIET = replace(NORTH, station="G-34", value=0.4)


def test_sensors_of_one_plant_and_gas_are_one_leak():
    assert leaks([EAST, QUIET, NORTH], NOW) == (Leak("P-07", "nh3_ppm", ("G-31", "G-32"), 2),)


def test_another_gas_and_another_plant_are_leaks_of_their_own():
    chlorine = replace(NORTH, station="G-40", metric="cl2_ppm", value=25.0, limit=0.5)
    elsewhere = replace(NORTH, station="G-50", plant="P-08")
    alone = replace(NORTH, station="G-60", plant=None)
    found = leaks([NORTH, chlorine, elsewhere, alone], NOW)
    keys = [(leak.place, leak.metric, leak.level) for leak in found]
    assert keys == [
        ("P-07", "cl2_ppm", 3),
        ("G-60", "nh3_ppm", 2),
        ("P-07", "nh3_ppm", 2),
        ("P-08", "nh3_ppm", 2),
    ]


@pytest.mark.parametrize(
    "silent",
    [
        replace(NORTH, value=30.0),  # at its limit, not above
        replace(NORTH, value=None),
        replace(NORTH, value=float("nan")),
        replace(NORTH, usable=False),
        replace(NORTH, at=NOW - timedelta(seconds=26)),
        replace(NORTH, at=None, value=None),
        replace(NORTH, metric="voc_ppm", limit=None),  # nobody says from where on
    ],
)
def test_what_is_not_known_to_be_over_its_limit_is_no_leak(silent):
    assert leaks([silent], NOW) == ()


def test_beyond_what_the_instrument_measures_is_over_its_limit():
    off = replace(NORTH, value=20_000.0, usable=False, off_scale=True)
    assert [(leak.worst, leak.level) for leak in leaks([off], NOW)] == [("G-31", 3)]
    assert leaks([replace(off, value=-5.0)], NOW) == ()  # off its scale on the harmless side
    assert leaks([replace(off, off_scale=False)], NOW) == ()  # a person called it invalid


def test_an_open_alert_keeps_its_leak_though_its_sensor_fell_silent():
    silent = replace(NORTH, at=NOW - timedelta(hours=1), alarmed=True)
    assert [leak.place for leak in leaks([silent], NOW)] == ["P-07"]
    dead = replace(NORTH, at=None, value=None, alarmed=True)
    assert [(leak.worst, leak.level) for leak in leaks([dead], NOW)] == [("G-31", 0)]


def test_without_a_limit_of_its_own_a_gas_has_its_first_aegl():
    assert leaks([replace(NORTH, limit=None, value=31.0)], NOW)[0].level == 1
    assert leaks([replace(NORTH, limit=None, value=30.0)], NOW) == ()


LEL = replace(NORTH, metric="lel_pct", value=40.0, limit=25.0)


def test_a_named_gas_hides_no_leak_of_flammable_gas_beside_it():
    found = leaks([NORTH, LEL], NOW)
    assert {(leak.place, leak.metric) for leak in found} == {
        ("P-07", "nh3_ppm"), ("P-07", "lel_pct"),
    }  # fmt: skip


@pytest.mark.parametrize(("pct", "level"), [(26, 2), (59.9, 2), (60, 3), (100, 3)])
def test_flammable_gas_is_as_grave_as_its_share_of_the_explosive_limit(pct, level):
    assert leaks([replace(LEL, value=pct)], NOW)[0].level == level
    assert leaks([replace(LEL, value=9.0, limit=5.0)], NOW)[0].level == 0


def test_the_graver_leak_of_a_plant_comes_first():
    toxic = replace(NORTH, value=31.0)  # AEGL-1
    assert [leak.metric for leak in leaks([toxic, LEL], NOW)] == ["lel_pct", "nh3_ppm"]
    deadly = replace(NORTH, metric="h2s_ppm", value=60.0)  # AEGL-3; by its name before lel_pct
    assert leaks([LEL, toxic, deadly], NOW)[0].metric == "h2s_ppm"


GASES = st.lists(
    st.builds(
        replace,
        st.just(NORTH),
        station=st.sampled_from(["G-1", "G-2", "G-3"]),
        plant=st.sampled_from([None, "P-1", "P-2"]),
        value=st.none() | st.floats(0, 2000),
        alarmed=st.booleans(),
    ),
    max_size=6,
)


@given(GASES, st.randoms(use_true_random=False))
def test_the_order_in_which_sensors_are_read_does_not_matter(gases, random):
    shuffled = [*gases]
    random.shuffle(shuffled)
    one, other = leaks(gases, NOW), leaks(shuffled, NOW)
    assert [(x.place, x.sensors, x.level) for x in one] == [
        (x.place, x.sensors, x.level) for x in other
    ]


@given(GASES)
def test_every_sensor_over_its_limit_is_in_exactly_one_leak_of_its_gas(gases):
    speaking = [g for g in gases if g.alarmed or (g.value is not None and g.value > 30)]
    counted = [name for leak in leaks(gases, NOW) for name in leak.sensors]
    assert sorted(counted) == sorted(g.station for g in speaking)
