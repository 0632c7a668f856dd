"""Toxic limits against the tables of facts/, cell by cell."""

import csv
import re
from pathlib import Path

import pytest

from sensors.chemicals.substances import OF_METRIC, SUBSTANCES, Behaviour, find_substance
from sensors.chemicals.toxic import DURATIONS, aegl, aegls_exceeded, limits_of

DATA = Path(__file__).parent / "data"
# The traps: values that are for ten minutes, or of another level.
TRAPS = [
    ("chlorine", 2, 2.8),
    ("chlorine", 3, 50),
    ("hydrogen sulfide", 2, 41),
    ("methanol", 2, 530),
]


def table(name: str) -> list[dict[str, str]]:
    lines = [x for x in (DATA / name).read_text("utf-8").splitlines() if not x.startswith("#")]
    return list(csv.DictReader(lines))


def substance_of(text: str) -> str:
    found = re.match(r"[A-Za-z0-9,\- ]+", text)
    assert found
    return found.group().strip()


@pytest.mark.parametrize(
    "row", table("aegl_all_durations_ppm.csv"), ids=lambda r: f"{r['substance']} {r['minutes']}"
)
def test_every_duration(row):
    found = [aegl(row["substance"], level, int(row["minutes"])) for level in (1, 2, 3)]
    assert [limit and limit.ppm for limit in found] == [float(row[f"AEGL{n}"]) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    "row",
    [r for r in table("aegl_erpg_idlh_60min_ppm.csv") if r["cas"]],
    ids=lambda r: substance_of(r["substance"]),
)
def test_every_limit_of_an_hour(row):
    code = substance_of(row["substance"])
    assert SUBSTANCES[code].cas == row["cas"]
    assert SUBSTANCES[code].molar_mass_gmol == pytest.approx(float(row["mw"]), abs=0.01)
    known = {
        limit.name: limit.ppm
        for limit in limits_of(code)
        if limit.minutes in (60, 30) and (limit.minutes == 60 or limit.name == "IDLH")
    }
    columns = {"AEGL1": "AEGL-1", "AEGL2": "AEGL-2", "AEGL3": "AEGL-3", "ERPG1": "ERPG-1"}
    columns |= {"ERPG2": "ERPG-2", "ERPG3": "ERPG-3", "IDLH": "IDLH"}
    assert known == {name: float(row[c]) for c, name in columns.items() if row[c]}


@pytest.mark.parametrize(("code", "level", "wrong"), TRAPS)
def test_the_traps_are_not_taken_for_an_hour(code, level, wrong):
    limit = aegl(code, level)
    assert limit is not None
    assert limit.ppm != wrong


def test_what_memory_says_is_not_called_confirmed():
    memory = [
        limit for code in SUBSTANCES for limit in limits_of(code) if "memory" in limit.evidence
    ]
    assert {limit.substance for limit in memory} >= {"toluene", "styrene", "vinyl chloride"}
    assert not any(limit.confirmed for limit in memory)
    two = aegl("ammonia", 2)
    assert two is not None
    assert two.confirmed


@pytest.mark.parametrize("code", ["ammonia", "chlorine", "hydrogen sulfide", "sulfur dioxide"])
def test_a_longer_stay_and_a_lower_level_never_allow_more(code):
    for level in (1, 2, 3):
        found = [aegl(code, level, minutes) for minutes in DURATIONS]
        ppm = [limit.ppm for limit in found if limit]
        assert ppm == sorted(ppm, reverse=True)
    for minutes in DURATIONS:
        found = [aegl(code, level, minutes) for level in (1, 2, 3)]
        ppm = [limit.ppm for limit in found if limit]
        assert ppm == sorted(ppm)


def test_the_gravest_first_and_nothing_for_nobody_knows():
    assert [x.name for x in aegls_exceeded("ammonia", 1500)] == ["AEGL-3", "AEGL-2", "AEGL-1"]
    assert [x.name for x in aegls_exceeded("ammonia", 160)] == ["AEGL-1"]
    assert aegls_exceeded("ammonia", None) == ()
    assert aegls_exceeded("ammonia", float("nan")) == ()
    assert aegls_exceeded("acrylonitrile", 1e6) == ()


def test_substances_are_found_by_any_of_their_names():
    for name in ("ammonia", "氨", "7664-41-7", " Ammonia "):
        assert find_substance(name) is SUBSTANCES["ammonia"]
    assert find_substance("unobtainium") is None
    assert OF_METRIC["nh3_ppm"].code == "ammonia"
    assert SUBSTANCES["chlorine"].behaviour is Behaviour.DENSE
