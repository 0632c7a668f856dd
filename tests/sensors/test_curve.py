"""The level-storage curve: linear, monotone, there and back, and silent outside its table."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.water.curve import OffTable, Points, level_at, storage_at

# Shaped like a small reservoir: 12 m to 30 m, up to 11 million m³.
POINTS = ((12.0, 0.0), (18.0, 1.2e6), (24.0, 4.8e6), (30.0, 1.1e7))


@st.composite
def curves(draw, *, flat: bool):
    steps = st.floats(0.01, 50)
    rises = st.floats(0.0 if flat else 1, 1e6)
    level, storage = draw(st.floats(-50, 500)), draw(st.floats(0, 1e6))
    points = [(level, storage)]
    for _ in range(draw(st.integers(1, 12))):
        level, storage = level + draw(steps), storage + draw(rises)
        points.append((level, storage))
    return tuple(points)


def between(points: Points, share: float) -> float:
    return min(points[-1][0], points[0][0] + share * (points[-1][0] - points[0][0]))


@given(curves(flat=False), st.floats(0, 1))
def test_there_and_back_is_the_same_level(points, share):
    level = between(points, share)
    assert level_at(points, storage_at(points, level)) == pytest.approx(level, abs=1e-6)


@given(curves(flat=True), st.floats(0, 1))
def test_back_and_there_is_the_same_storage_even_on_a_flat_part(points, share):
    storage = min(points[-1][1], points[0][1] + share * (points[-1][1] - points[0][1]))
    assert storage_at(points, level_at(points, storage)) == pytest.approx(
        storage, rel=1e-6, abs=1e-3
    )


@given(curves(flat=True), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_level_never_stores_less(points, one, other):
    low, high = sorted([between(points, one), between(points, other)])
    less, more = storage_at(points, low), storage_at(points, high)
    assert isinstance(less, float)
    assert isinstance(more, float)
    assert less <= more


@given(curves(flat=True))
def test_the_surveyed_points_are_met_exactly(points):
    assert [storage_at(points, level) for level, _ in points] == [storage for _, storage in points]


def test_between_two_points_it_is_linear():
    assert storage_at(POINTS, 21.0) == 3.0e6
    assert level_at(POINTS, 3.0e6) == 21.0


def test_outside_the_table_the_answer_is_the_reason():
    assert storage_at(POINTS, 11.99) is OffTable.BELOW
    assert storage_at(POINTS, 30.01) is OffTable.ABOVE
    assert level_at(POINTS, -1) is OffTable.BELOW
    assert level_at(POINTS, 1.2e7) is OffTable.ABOVE


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_an_unknown_level_has_no_storage(unknown):
    assert storage_at(POINTS, unknown) is OffTable.UNKNOWN
