"""Which limits hold on a day."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.limits import in_force, in_season


@dataclass(frozen=True)
class Limit:
    name: str
    value: float
    season_from: str | None = None
    season_to: str | None = None


# Two stages of the flood season, as in Zhejiang: plum rain, then typhoons.
FLOOD = (
    Limit("flood_limit", 21.5, "04-15", "07-15"),
    Limit("flood_limit", 20.5, "07-16", "10-15"),
    Limit("flood_limit", 23.0),
    Limit("danger", 26.0),
)
WINTER = Limit("frost", 1.0, "11-15", "02-28")
DAYS = [f"{date(2024, 1, 1) + timedelta(days=n):%m-%d}" for n in range(366)]


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2026, 4, 14), 23.0),
        (date(2026, 4, 15), 21.5),
        (date(2026, 7, 15), 21.5),
        (date(2026, 7, 16), 20.5),
        (date(2026, 10, 15), 20.5),
        (date(2026, 10, 16), 23.0),
    ],
)
def test_each_stage_of_the_year_has_its_limit_from_its_first_to_its_last_day(day, value):
    for order in (FLOOD, FLOOD[::-1]):
        found = in_force(order, day)
        assert (found["flood_limit"].value, found["danger"].value) == (value, 26.0)


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (date(2026, 11, 14), False),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), True),
        (date(2027, 2, 28), True),
        (date(2027, 3, 1), False),
    ],
)
def test_a_season_may_go_over_new_year(day, holds):
    assert ("frost" in in_force([WINTER], day)) is holds


@given(st.sampled_from(DAYS), st.sampled_from(DAYS))
def test_a_season_and_the_days_after_it_cover_the_year_once(first, last):
    inside = [day for day in DAYS if in_season(day, first, last)]
    assert first in inside
    assert last in inside
    assert len(inside) == (DAYS.index(last) - DAYS.index(first)) % 366 + 1
