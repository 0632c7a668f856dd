"""Readings that come into a stretch which somebody has marked: marked before anything is judged."""

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from ingest.pipeline import walk
from sensors import marks
from sensors.marks import Standing, marked
from tests.alerts.timeline import rule
from tests.ingest.conftest import NOW, level, message

READINGS = """
select s.metric, r.value, r.quality from reading r join series s on s.id = r.series_id
 order by r.observed_at, s.metric
"""
STATES = "select quality from series_state where observed_at is not null order by series_id"
INVALID, VALID = 2048, 4096


@pytest.fixture
def take(owner, context):
    seed(owner, AlertsSettings(rules=(rule(grades={"red": 25}),)), NOW)
    owner.commit()
    judge = Judge.load(owner)

    def take(*readings, **changes):
        letters = [
            message("R-01", level(value, at, **changes), arrived=at) for at, value in readings
        ]
        walk(owner, replace(context, judge=judge), letters, NOW)

    return take


@pytest.fixture
def mark(owner, query):
    def mark(verdict, since, until=None):
        ((series,),) = query(
            "select q.id from series q join station s on s.id = q.station_id"
            " where s.code = 'R-01' and q.metric = 'level_m'"
        )
        end = None if until is None else NOW + timedelta(seconds=until)
        begin = NOW + timedelta(seconds=since)
        number = marks.add(owner, series, begin, end, verdict, reason="校准", who="environment")
        owner.commit()
        return number

    return mark


@pytest.mark.parametrize("changes", [{}, {"o": "recorded"}])
def test_what_comes_into_an_invalid_stretch_pages_nobody(take, mark, query, changes):
    mark("invalid", -10)
    take((0, 30.0), (60, 31.0), **changes)
    assert query("select count(*) from alert") == [(0,)]
    assert [bits & INVALID for _, _, bits in query(READINGS)] == [INVALID] * 4
    assert [value for _, value, _ in query(READINGS)] == [30.0, 300.0, 31.0, 310.0]
    assert [bits & INVALID for (bits,) in query(STATES)] == [INVALID] * 2


def test_before_the_stretch_and_after_it_all_is_as_ever(take, mark, query):
    mark("invalid", 60, 120)
    take((0, 3.0), (60, 30.0), (119, 30.0))
    assert query("select count(*) from alert") == [(0,)]
    take((120, 30.0))
    assert query("select count(*) from alert") == [(1,)]


def test_a_mark_that_was_taken_back_marks_nothing(owner, take, mark, query):
    marks.withdraw(owner, mark("invalid", -10), reason="不是校准", who="environment")
    owner.commit()
    take((0, 30.0))
    assert query("select count(*) from alert") == [(1,)]


def test_beyond_the_scale_is_no_peril_where_somebody_has_marked_it_invalid(take, mark, query):
    mark("invalid", -10)
    take((0, 99_999.0))
    assert query("select count(*) from alert") == [(0,)]


@pytest.mark.parametrize("chance", [random.Random(number) for number in range(6)])
def test_what_comes_is_marked_as_what_is_stored(owner, take, mark, query, chance):
    """There is nothing left to do for who makes stored readings show the marks."""
    for _ in range(8):
        since = chance.randint(-100, 500)
        until = chance.choice([None, since + chance.randint(1, 300)])
        number = mark(chance.choice(["invalid", "valid"]), since, until)
        if chance.random() < 0.3:
            marks.withdraw(owner, number, reason="误标", who="environment")
    owner.commit()
    values = [chance.choice([None, 3.0, 30.0, 99_999.0]) for _ in range(10)]
    take(*((60 * n, value) for n, value in enumerate(values)))
    before = query(READINGS)
    assert any(bits & (INVALID | VALID) for _, _, bits in before)
    assert marks.apply_marks(owner, 100) == []
    assert query(READINGS) == before


def test_the_newest_mark_counts_and_what_is_missing_has_none():
    at, bits = np.array([0, 10, 20, 30]), np.array([0, 4, 1, 0], np.int16)
    series = np.array([1, 1, 1, 2], np.int32)
    older, newer = Standing(1, False, 0, 99, "invalid"), Standing(1, False, 10, 99, "valid")
    by_source = Standing(2, True, 0, 99, "invalid")
    found, changed = marked([older, newer, by_source], series, at, bits)
    assert found.tolist() == [INVALID, VALID | 4, 1, INVALID]
    assert changed.tolist() == [True, True, False, True]
