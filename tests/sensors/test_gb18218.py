"""GB 18218-2018 against the vectors and tables, then its properties."""

import csv
import json
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.chemicals.gb18218 import (
    Item,
    alpha_of,
    assess,
    factors_of,
    grade_of,
    in_table_1,
)
from sensors.chemicals.gb18218_tables import CLASSES, TABLE_1, TOXIC_GAS_BETA
from sensors.chemicals.substances import SUBSTANCES

DATA = Path(__file__).parent / "data"
GRADES = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}
VECTORS = json.loads((DATA / "gb18218.json").read_text("utf-8"))


def table(name: str) -> list[dict[str, str]]:
    text = (DATA / name).read_text("utf-8")
    return list(csv.DictReader(x for x in text.splitlines() if not x.startswith("#")))


def items(vector):
    return [Item(i["name"], i["q"], i["Q"], i["beta"]) for i in vector["items"]]


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: f"s={v['s']} R={v['R']}")
def test_vectors(vector):
    found = assess(items(vector), vector["population_500m"])
    assert (found.s, found.r) == (Fraction(str(vector["s"])), Fraction(str(vector["R"])))
    assert found.major is vector["major"]
    assert (GRADES[found.grade] if found.grade else None) == vector["level"]


@pytest.mark.parametrize(("people", "alpha"), VECTORS["alpha_boundaries"].items())
def test_alpha(people, alpha):
    assert alpha_of(int(people)) == Fraction(str(alpha))


@pytest.mark.parametrize(("r", "word"), VECTORS["level_boundaries"].items())
def test_grades(r, word):
    assert GRADES[grade_of(Decimal(r))] == word


@pytest.mark.parametrize(
    ("q", "critical", "beta"),
    [
        *((-1, 5, 1), (1, 0, 1), (1, -5, 1), (1, 5, 0), (1, 5, -1)),
        *((math.nan, 5, 1), (1, math.nan, 1), (1, 5, math.nan), (math.inf, 5, 1)),
    ],
)
def test_impossible_items_are_refused(q, critical, beta):
    with pytest.raises(ValueError, match="氯"):
        Item("氯", q, critical, beta)


def test_nothing_and_negative_people_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        assess([], 0)
    with pytest.raises(ValueError, match="-1"):
        assess([Item("氯", 1, 5, 4)], -1)


def test_table_1_is_the_standards():
    rows = table("gb18218_table1_critical_quantities.csv")
    assert len(rows) == len(TABLE_1) == 85
    for row, ours in zip(rows, TABLE_1, strict=True):
        assert (ours.number, ours.zh) == (int(row["no"]), row["name_zh"])
        assert ours.critical_t == Decimal(row["Q_t"])
        assert all(cas in row["cas"] for cas in ours.cas)
        assert bool(ours.cas) == bool(row["cas"])


def test_the_other_tables_are_the_standards():
    rows = table("gb18218_table2_4_category_Q_beta.csv")
    expected = {r["symbol"]: (Decimal(r["Q_t"]), Decimal(r["beta"])) for r in rows}
    assert {s: (c.critical_t, c.beta) for s, c in CLASSES.items()} == expected
    assert CLASSES["J2"].beta == 1  # a public copy says 2
    toxic = table("gb18218_table3_beta_toxic_gas.csv")
    assert {r["cas"]: Decimal(r["beta"]) for r in toxic} == TOXIC_GAS_BETA


def test_every_substance_of_ours_has_its_factors():
    found = {c: factors_of(s.cas, s.category) for c, s in SUBSTANCES.items()}
    assert all(found.values())
    chlorine, propylene = found["chlorine"], found["propylene"]
    assert (chlorine.critical_t, chlorine.beta, chlorine.confirmed) == (5, 4, True)
    assert (propylene.critical_t, propylene.beta) == (10, Decimal("1.5"))
    assert propylene.source == "GB 18218-2018 table 2 W2, table 4 W2"
    assert not propylene.confirmed  # the class is ours
    assert factors_of("115-07-1", "W2", registered=True).confirmed
    assert in_table_1("115-07-1") is None


def test_a_category_of_the_register_goes_before_ours():
    cold, hot = factors_of("67-56-1", "W5.3"), factors_of("67-56-1", "W5.1", registered=True)
    assert cold.critical_t == hot.critical_t == 500  # table 1 names it
    assert (cold.beta, hot.beta) == (1, Decimal("1.5"))
    with pytest.raises(KeyError):
        factors_of("67-56-1", "W99")


@pytest.mark.parametrize("name", ["汽油", "汽油（乙醇汽油、甲醇汽油）", "86290-81-5"])
def test_table_1_is_asked_by_name_before_any_class(name):
    """900 t of petrol are a major hazard by name; by its class alone they were none."""
    found = factors_of(name, "W5.3", registered=True)
    assert (found.critical_t, found.beta) == (200, 1)
    assert found.source == "GB 18218-2018 table 1 no. 66, table 4 W5.3"
    assert factors_of(name, None) is None  # nobody says its class, so no β


def test_aliases_and_toxic_gases_by_name():
    assert factors_of("液氨", None).beta == 2
    assert factors_of("光气", None).critical_t == Decimal("0.3")
    assert in_table_1("天然气").number == 49
    assert factors_of("630-08-0", "W2").critical_t == 20  # coal gas, which names CO


quantity = st.decimals(0, 10_000, places=3)
ITEMS = st.lists(
    st.builds(
        Item,
        st.just("x"),
        quantity,
        st.sampled_from([Decimal(1), Decimal("0.3"), Decimal(5), Decimal(500)]),
        st.sampled_from([Decimal(1), Decimal("1.5"), Decimal(20)]),
    ),
    min_size=1,
    max_size=6,
)


@given(ITEMS, quantity, st.integers(0, 5000))
def test_more_of_anything_never_makes_it_safer(unit, more, people):
    before = assess(unit, people)
    first = unit[0]
    fuller = [Item("x", first.quantity_t + more, first.critical_t, first.beta), *unit[1:]]
    after = assess(fuller, people)
    assert after.s >= before.s
    assert after.r >= before.r
    assert (after.grade or 5) <= (before.grade or 5)
    assert assess(unit, people + 100).r >= before.r


@given(ITEMS, st.integers(0, 200))
def test_a_unit_is_graded_exactly_when_it_is_a_major_hazard(unit, people):
    found = assess(unit, people)
    assert found.major == (found.s >= 1)
    assert assess([*unit[1:], unit[0]], people) == found
