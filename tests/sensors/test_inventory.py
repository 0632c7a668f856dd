"""A plant's hazard follows what its tanks hold, and never looks safer for what is not known."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.chemicals.inventory import Basis, Entry, Level, Plant, Tank, hazard_of, held

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHLORINE = Tank("T-1", "chlorine", 50, measured_by="P-1")
AMMONIA = Tank("T-2", "氨", 100)


def level(percent, *, age_s=0.0, usable=True):
    return Level("P-1", percent, NOW - timedelta(seconds=age_s), 10, usable)


def entry(tank, tonnes, *, age_s=0.0):
    at = NOW - timedelta(seconds=age_s)
    return Entry(tank, tonnes, at, at, "duty")


def now_of(plant, *, levels=None, entries=()):
    return hazard_of(plant, levels or {}, entries, NOW)


def test_a_level_that_is_current_says_what_is_there():
    found = held(CHLORINE, level(40), entry("T-1", 1), NOW)
    assert (found.basis, float(found.quantity_t)) == (Basis.MEASURED, 28.2)


@pytest.mark.parametrize(
    "stale",
    [
        level(40, age_s=51),
        level(40, usable=False),
        level(None),
        level(float("nan")),
        level(-1),
        None,
    ],
)
def test_without_a_current_level_a_persons_word_counts_and_without_it_the_tank_is_full(stale):
    assert held(CHLORINE, stale, entry("T-1", 12.5), NOW).basis is Basis.ENTERED
    full = held(CHLORINE, stale, None, NOW)
    assert (full.basis, full.quantity_t) == (Basis.ASSUMED_FULL, full.design_t)


@pytest.mark.parametrize(
    ("entered_s", "measured_s", "basis"),
    [
        (600, 3600, Basis.ENTERED),
        (3600, 600, Basis.ASSUMED_FULL),  # a level since then: the tank has changed
        (86_400, 90_000, Basis.ENTERED),
        (86_401, 90_000, Basis.ASSUMED_FULL),
    ],
)
def test_a_persons_word_is_overtaken_by_a_later_level_and_by_a_day(entered_s, measured_s, basis):
    stale = level(90, age_s=measured_s)
    assert held(CHLORINE, stale, entry("T-1", 0, age_s=entered_s), NOW).basis is basis


def test_the_newest_word_counts_by_the_time_it_is_for():
    found = now_of(Plant("P", (AMMONIA,), 0), entries=[entry("T-2", 5), entry("T-2", 50, age_s=60)])
    assert found.holdings[0].quantity_t == 5


def test_a_tank_that_fills_raises_the_grade_of_its_plant():
    plant = Plant("P", (CHLORINE,), 0, "counted")
    grades = [now_of(plant, levels={"P-1": level(p)}).now.grade for p in (5, 20, 75, 100)]
    assert grades == [None, 4, 3, 3]
    crowded = Plant("P", (CHLORINE,), 120, "counted")
    grades = [now_of(crowded, levels={"P-1": level(p)}).now.grade for p in (5, 10, 50, 100)]
    assert grades == [None, 3, 2, 1]


def test_the_legal_figure_is_that_of_the_design():
    found = now_of(
        Plant("P", (CHLORINE, AMMONIA), 40), levels={"P-1": level(0)}, entries=[entry("T-2", 0)]
    )
    assert (found.now.s, found.now.grade) == (0, None)
    assert found.design.s == Fraction("70.5") / 5 + Fraction(61) / 10
    assert found.design.grade == 2


def test_nobody_counted_the_people_then_the_greatest_factor_is_taken():
    found = now_of(Plant("P", (AMMONIA,)))
    assert found.people_assumed
    assert found.design.alpha == 2


def test_a_tank_that_cannot_be_counted_is_named_not_dropped():
    odd = Tank("T-3", "something else", 100)
    found = now_of(Plant("P", (AMMONIA, odd), 0))
    assert found.left_out == ("T-3",)
    assert found.design == now_of(Plant("P", (AMMONIA,), 0)).design
    alone = now_of(Plant("P", (odd,), 0))
    assert (alone.design, alone.now) == (None, None)
    petrol = Tank("T-3", "汽油", 1200, density_tm3=0.75, category="W5.3")
    assert now_of(Plant("P", (petrol,), 0)).design.s == Fraction(900, 200)
    known = Tank("T-3", "something else", 100, density_tm3=1.2, category="W9.2")
    assert now_of(Plant("P", (known,), 0)).design.s == Fraction(120, 200)


@given(st.floats(0, 100), st.floats(0, 100))
def test_fuller_is_never_safer(one, other):
    plant = Plant("P", (CHLORINE, AMMONIA), 60)
    low, high = sorted((one, other))
    less, more = (now_of(plant, levels={"P-1": level(p)}).now for p in (low, high))
    assert less.r <= more.r
    assert now_of(plant).now.r >= more.r  # unknown is at least as bad
