"""Back-tests over stored readings: what the judge of the ingest did live, it would have done."""

import itertools
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
from tests.alerts.timeline import absence, rule
from tests.ingest.conftest import NOW, level, message

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(days=30)  # the clock of a machine has no part in it
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
    found = back_test(lived, RULED, NOW - timedelta(days=1), NOW + timedelta(days=1), now=LATER)
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
    whole = back_test(lived, RULED, NOW, NOW + timedelta(days=1), now=LATER)
    assert len(whole.episodes) == 2
    ((series,),) = query("select id from series where metric = 'level_m'")
    marks.add(lived, series, NOW, None, "invalid", reason="broken", who="environment")
    marks.apply_marks(lived, 9)
    with lived.cursor() as cursor:
        cursor.execute("update reading set received_at = observed_at")
    marked = back_test(lived, RULED, NOW, NOW + timedelta(days=1), now=LATER)
    assert told_of(marked.episodes) == told_of(whole.episodes)
    assert (whole.summary.by_bad_data, marked.summary.by_bad_data) == (0, 2)


def test_it_says_how_far_it_is_and_ends_in_time(lived, monkeypatch):
    monkeypatch.setattr("alerts.backtest.store.ROWS", 4)
    steps = list(back_testing(lived, RULED, NOW, NOW + len(LEVELS) * MINUTE, now=LATER))
    shares = [step for step in steps if isinstance(step, float)]
    assert len(shares) == len(steps) - 1
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
    with pytest.raises(TooLong, match="choose a shorter period"):
        back_test(lived, RULED, NOW, NOW + timedelta(days=1), within_s=0, now=LATER)


SILENT = absence(patience_s=180)


def silences(conn, since, until, now):
    """Minutes after NOW: since when, raised, ended."""
    found = back_test(conn, SILENT, since, until, now=now).episodes
    return [
        tuple(at and (at - NOW) / MINUTE for at in (one.began_at, one.raised_at, one.ended_at))
        for one in found
    ]


def test_what_is_to_come_is_no_silence(lived):
    """The period of a screen ends tomorrow at 00:00; the last reading came this minute."""
    now = NOW + len(LEVELS) * MINUTE
    assert silences(lived, NOW, NOW + timedelta(days=1), now) == []
    assert silences(lived, NOW, NOW + timedelta(days=1), now + 5 * MINUTE) == [(14, 17, None)]
    ahead = back_test(lived, SILENT, now + MINUTE, now + 2 * MINUTE, now=now)
    assert (ahead.readings, ahead.episodes) == (0, ())


def test_a_series_that_is_silent_through_the_whole_period_is_an_alert(lived):
    """It stands from the begin, as if the rule had been put in force then."""
    week = (NOW + timedelta(days=1), NOW + timedelta(days=8))
    ((began, raised, ended),) = silences(lived, *week, week[1])
    assert (began, raised, ended) == (24 * 60 - 3, 24 * 60, None)
    assert silences(lived, NOW + 16 * MINUTE, week[1], week[1]) == [(14, 17, None)]


def test_a_series_is_silent_since_it_exists_at_most(lived):
    with lived.cursor() as cursor:
        cursor.execute("update series set created_at = %s", (NOW - 10 * MINUTE,))
    assert silences(lived, NOW - timedelta(days=1), NOW + 15 * MINUTE, NOW + 15 * MINUTE) == [
        (-10, -7, 0)
    ]
    with lived.cursor() as cursor:  # its history was imported
        cursor.execute("update series set created_at = %s", (NOW + timedelta(days=9),))
    assert silences(lived, NOW - timedelta(days=1), NOW + 15 * MINUTE, NOW + 15 * MINUTE) == []


def test_readings_before_the_period_are_not_counted(lived):
    found = back_test(lived, SILENT, NOW + 2 * MINUTE, NOW + 9 * MINUTE, now=LATER)
    assert (found.readings, found.episodes) == (7, ())


def test_a_composite_rule_ends_in_time_too(lived, monkeypatch):
    condition = {"metric": "level_m", "kind": "reservoir", "when": "above", "unit": "m"}
    nowhere = dict.fromkeys(("metric", "kind", "unit", "grades"))
    several = [condition | {"limit": 25}, condition | {"limit": 50}]
    ruled = rule(**nowhere, when="any", grade="red", of=several)
    ticks = itertools.count()
    monkeypatch.setattr("alerts.backtest.store.monotonic", lambda: next(ticks))
    assert back_test(lived, ruled, NOW, NOW + timedelta(days=1), within_s=9, now=LATER).episodes
    ticks = itertools.count()
    with pytest.raises(TooLong):  # one look at the clock for each series, one for the group
        back_test(lived, ruled, NOW, NOW + timedelta(days=1), within_s=2, now=LATER)
