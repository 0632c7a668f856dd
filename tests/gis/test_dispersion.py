"""Dispersion against print and published programs, then conservation of mass and symmetry."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.plume import tables
from gis.plume.dispersion import (
    briggs_sigmas,
    buoyancy_flux,
    isc_sigma_y,
    isc_sigma_z,
    passing_share,
    plume_kgm3,
    plume_rise_m,
    puff_kgm3,
    to_kgm3,
    to_ppm,
    wind_at,
)
from gis.plume.tables import CLASSES

DATA = json.loads((Path(__file__).parent / "data" / "gaussian_plume.json").read_text("utf-8"))
VECTORS = DATA["vectors"]


def of(fn):
    found = [vector for vector in VECTORS if vector["fn"] == fn]
    assert found, f"no vector of {fn}"
    return found


def test_every_vector_is_asked():
    asked = {
        *("pg_sigma_y", "pg_sigma_z", "wind_profile", "upwind", "briggs_rural_conc"),
        *("plume_rise_briggs", "briggs_urban_D_coefs", "conc_to_ppm"),
    }
    assert {vector["fn"] for vector in VECTORS} == asked


@pytest.mark.parametrize("vector", of("pg_sigma_y"))
def test_published_isc_sigma_y(vector):
    assert isc_sigma_y(vector["x_km"], vector["stab"]) == pytest.approx(vector["expected"], 1e-9)


@pytest.mark.parametrize("vector", of("pg_sigma_z"))
def test_published_isc_sigma_z(vector):
    assert isc_sigma_z(vector["x_km"], vector["stab"]) == pytest.approx(vector["expected"], 1e-9)


def test_published_wind_profile():
    (vector,) = of("wind_profile")
    found = wind_at(vector["uref"], vector["z"], vector["stab"], vector["rough"])
    assert found == pytest.approx(vector["expected"], 1e-9)


def test_published_concentration():
    (vector,) = of("briggs_rural_conc")
    found = plume_kgm3(
        vector["Q_g_s"] / 1000, vector["u"], vector["x_m"], vector["y"], 0,
        height_m=vector["H"], name=vector["stab"], roughness="rural",
    )  # fmt: skip
    assert float(found) * 1e9 == pytest.approx(vector["expected_ug_m3"], abs=vector["tol"])


def test_nothing_lies_upwind():
    (vector,) = of("upwind")
    found = plume_kgm3(1, 3, [-1000, -1, 0], 0, 0, height_m=0, name="D", roughness="rural")
    assert list(found) == [vector["expected"]] * 3


def test_published_plume_rise():
    (vector,) = of("plume_rise_briggs")
    flux = buoyancy_flux(vector["Q_m3_s"], vector["rho_a"], vector["rho_s"])
    assert flux == pytest.approx(vector["expected_Fb"], abs=1e-3)
    rise = plume_rise_m(flux, vector["u"], vector["x"])
    assert rise == pytest.approx(vector["expected_dh_m"], abs=0.05)


def test_published_urban_coefficients():
    (vector,) = of("briggs_urban_D_coefs")
    assert [list(each) for each in tables.BRIGGS["urban"]["D"]] == vector["expected"]


def test_the_urban_trap():
    """The printed table has 0.0015 for E and F, a public program 0.0003."""
    assert tables.BRIGGS["urban"]["E"][1][1] == tables.BRIGGS["urban"]["F"][1][1] == 0.0015


def test_published_conversion():
    (vector,) = of("conc_to_ppm")
    found = to_ppm(vector["C_kg_m3"], vector["M"], vector["T_K"], vector["p_Pa"])
    assert found == pytest.approx(vector["expected_ppm"], abs=vector["tol"])


def test_ppm_at_25_degrees():
    """1 mg/m3 of ammonia is 24.45 / 17.03 ppm, as the rule of thumb rounds it."""
    assert to_ppm(1e-6, 17.03) == pytest.approx(24.45 / 17.03, rel=1e-3)


names = st.sampled_from([*CLASSES, "A-B", "B-C", "C-D"])
roughnesses = st.sampled_from(["rural", "urban"])
metres = st.floats(100, 10_000)


@given(
    x=metres, name=names, roughness=roughnesses, height=st.floats(0, 150), speed=st.floats(1, 20)
)
def test_the_flux_through_a_cross_section_is_the_rate(x, name, roughness, height, speed):
    across, upward = (float(each) for each in briggs_sigmas(x, name, roughness))
    y = np.linspace(-6 * across, 6 * across, 241)
    z = np.linspace(0, height + 6 * upward, 801)
    grid = plume_kgm3(
        5, speed, x, y[:, None], z[None, :], height_m=height, name=name, roughness=roughness
    )
    flux = speed * np.trapezoid(np.trapezoid(grid, z, axis=1), y)
    assert flux == pytest.approx(5, rel=2e-3)


@given(centre=metres, name=names, roughness=roughnesses, height=st.floats(0, 150))
def test_the_puff_keeps_its_mass(centre, name, roughness, height):
    across, upward = (float(each) for each in briggs_sigmas(centre, name, roughness))
    side = np.linspace(-6 * across, 6 * across, 61)
    z = np.linspace(0, height + 6 * upward, 301)
    grid = puff_kgm3(
        80, centre, centre + side[:, None, None], side[None, :, None], z[None, None, :],
        height_m=height, name=name, roughness=roughness,
    )  # fmt: skip
    mass = np.trapezoid(np.trapezoid(np.trapezoid(grid, z, axis=2), side, axis=1), side)
    assert mass == pytest.approx(80, rel=5e-3)


@given(x=metres, y=st.floats(-2000, 2000), name=names, roughness=roughnesses)
def test_both_sides_are_alike(x, y, name, roughness):
    found = plume_kgm3(1, 3, x, [y, -y], 0, height_m=10, name=name, roughness=roughness)
    assert found[0] == found[1]


@given(name=names, roughness=roughnesses, height=st.floats(0, 100))
def test_beyond_its_maximum_it_only_falls(name, roughness, height):
    x = np.geomspace(10, 10_000, 400)
    line = plume_kgm3(1, 3, x, 0, 0, height_m=height, name=name, roughness=roughness)
    after = line[int(np.argmax(line)) :]
    assert np.all(np.diff(after) <= 0)


@given(length=st.floats(1, 1e5), x=metres)
def test_a_longer_cloud_passes_more_and_never_more_than_a_steady_one(length, x):
    across = briggs_sigmas(x, "D", "rural")[0]
    share, more, all_ = (
        float(passing_share(each, across)) for each in (length, 2 * length, math.inf)
    )
    assert 0 < share <= more <= all_ == 1


def test_a_short_release_is_a_puff():
    """u T -> 0: the steady concentration times the share is the puff's of mass Q T."""
    x, speed, seconds = 1000.0, 4.0, 0.01
    across = briggs_sigmas(x, "D", "rural")[0]
    steady = plume_kgm3(9, speed, x, 0, 0, height_m=0, name="D", roughness="rural")
    puff = puff_kgm3(9 * seconds, x, x, 0, 0, height_m=0, name="D", roughness="rural")
    assert float(steady * passing_share(speed * seconds, across)) == pytest.approx(float(puff))


@given(ppm=st.floats(1e-3, 1e5), kelvin=st.floats(250, 320), pascal=st.floats(9e4, 1.05e5))
def test_units_go_there_and_back(ppm, kelvin, pascal):
    assert to_ppm(to_kgm3(ppm, 34.08, kelvin, pascal), 34.08, kelvin, pascal) == pytest.approx(ppm)


@pytest.mark.parametrize("place", range(3))
def test_not_a_number_stays_one(place):
    given_ = [2.0, 3.0, 500.0]
    given_[place] = math.nan
    rate, speed, x = given_
    found = plume_kgm3(rate, speed, x, 0, 0, height_m=0, name="D", roughness="rural")
    assert math.isnan(float(found))


def test_a_gas_heavier_than_air_does_not_rise():
    assert plume_rise_m(buoyancy_flux(20, 1.2, 3.2), 3, 1000) == 0


def test_stable_air_holds_a_plume_down():
    assert plume_rise_m(12.5, 3, 5000, "F") < plume_rise_m(12.5, 3, 5000, "D")
