"""Back-tests over stored readings: what the judge of the ingest did live, it would have done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.backtest.store import TooLong, back_test, back_testing
from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import get_alert, list_alerts
from ingest.pipeline import walk
from sensors import marks
from tests.alerts.timeline import rule
from tests.ingest.conftest import NOW, level, message

LEVELS = [3, 30, 31, 60, 60, 3, 3, None, 26, 24, 30, 30, 3, 3, 3]
RULED = rule(grades={"yellow": 25, "red": 50}, dead_band=1.5, on_delay_s=60, off_delay_s=30)


def told_of(episodes):
    return [(e.began_at, e.raised_at, e.ended_at, e.peak_grade, e.peak) for e in episodes]


@pytest.fixture
def lived(owner, context):
    """The levels, walked through the ingest in batches under a rule."""
    seed(owner, AlertsSettings(rules=(RULED,)), NOW)
    owner.commit()
    judging = replace(context, judge=Judge.load(owner))
    number = 0
    for size in (1, 3, 2, 4, 5):
        batch = [
            message("R-01", level(value, 60 * (number + n)), arrived=60 * (number + n))
            for n, value in enumerate(LEVELS[number : number + size])
        ]
        walk(owner, judging, batch, batch[-1].received_at)
        number += size
    return owner


def test_back_tested_is_what_the_ingest_judged_live(lived):
    found = back_test(lived, RULED, NOW - timedelta(days=1), NOW + timedelta(days=1))
    alerts = list(reversed(list_alerts(lived).alerts))
    assert len(alerts) == 2
    assert told_of(found.episodes) == [
        (a.began_at, a.raised_at, a.ended_at, a.peak_grade, a.peak_value) for a in alerts
    ]
    for alert, one in zip(alerts, found.episodes, strict=True):
        lived_through = [s for s in get_alert(lived, alert.id).steps if s.kind != "announced"]
        assert [(s.kind, s.at, s.grade, s.value) for s in lived_through] == [
            (s.kind, s.at, s.grade, s.value) for s in one.steps
        ]
    assert (found.series, found.readings) == (1, len(LEVELS))
    really = found.summary.really
    assert (really.alerts, really.both, really.missed) == (2, 2, 0)


def test_readings_are_fetched_in_blocks_and_marks_are_known(lived, monkeypatch, query):
    monkeypatch.setattr("alerts.backtest.store.ROWS", 2)
    whole = back_test(lived, RULED, NOW, NOW + timedelta(days=1))
    assert len(whole.episodes) == 2
    ((series,),) = query("select id from series where metric = 'level_m'")
    marks.add(lived, series, NOW, None, "invalid", reason="broken", who="environment")
    marks.apply_marks(lived, 9)
    with lived.cursor() as cursor:
        cursor.execute("update reading set received_at = observed_at")
    marked = back_test(lived, RULED, NOW, NOW + timedelta(days=1))
    assert told_of(marked.episodes) == told_of(whole.episodes)
    assert (whole.summary.by_bad_data, marked.summary.by_bad_data) == (0, 2)


def test_it_says_how_far_it_is_and_ends_in_time(lived, monkeypatch):
    monkeypatch.setattr("alerts.backtest.store.ROWS", 4)
    steps = list(back_testing(lived, RULED, NOW, NOW + timedelta(minutes=len(LEVELS))))
    shares = [step for step in steps if isinstance(step, float)]
    assert len(shares) == len(steps) - 1
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
    with pytest.raises(TooLong, match="choose a shorter period"):
        back_test(lived, RULED, NOW, NOW + timedelta(days=1), within_s=0)
