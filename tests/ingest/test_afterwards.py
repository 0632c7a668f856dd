"""What comes late or corrected and is beyond a limit: on record in any order, and no page."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.afterwards import stretches
from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import get_alert, list_alerts, open_alerts
from alerts.wording import say
from ingest.pipeline import walk
from tests.alerts.timeline import rule
from tests.ingest.conftest import NOW, level, message

LOW, HIGH, GRAVE = 3.0, 30.0, 60.0
GRADES = {"yellow": 25, "red": 50}
RANKS = ("yellow", "red")
ALERTS = """
select extract(epoch from began_at - m.now)::int,
       coalesce(extract(epoch from ended_at - m.now)::int, 1000000), peak_grade
  from alert, (values (%s)) m (now)
"""


@pytest.fixture
def judged(owner, context):
    """`judged(grades=...)`: a context under one rule on levels."""

    def judged(**changes):
        settings = rule(**({"grades": GRADES} | changes))
        seed(owner, AlertsSettings(rules=(settings,)), NOW)
        owner.commit()
        return replace(context, judge=Judge.load(owner))

    return judged


@pytest.fixture
def take(owner, judged):
    plain = judged()

    def take(*readings, now=None, under=plain):
        now = readings[-1][0] if now is None else now
        arrived = [message("R-01", level(value, at), arrived=now) for at, value in readings]
        walk(owner, under, arrived, NOW + timedelta(seconds=now))

    return take


def facts(alert):
    began = (alert.began_at - NOW).total_seconds()
    ended = alert.ended_at and (alert.ended_at - NOW).total_seconds()
    return began, ended, alert.peak_grade, alert.peak_value


def told(query):
    return query("select count(*) from outbox") != [(0,)]


def test_a_late_exceedance_is_on_record_and_calls_nobody(owner, take, query):
    take((0, LOW), (600, LOW))
    take((120, HIGH), (180, GRAVE), (240, HIGH), (300, LOW), now=700)
    (alert,) = list_alerts(owner).alerts
    assert facts(alert) == (120, 300, "red", GRAVE)
    assert (alert.state, alert.found_afterwards, alert.announced_at) == ("ended", True, None)
    kinds = [(step.kind, step.grade) for step in get_alert(owner, alert.id).steps]
    assert kinds == [
        *[("raised", "yellow"), ("stepped_up", "red"), ("stepped_down", "yellow")],
        ("ended", "yellow"),
    ]
    assert not told(query)


def test_a_correction_beyond_the_limit_is_on_record(owner, take, query):
    take((0, LOW), (60, LOW), (120, LOW))
    take((60, HIGH), now=130)
    (alert,) = list_alerts(owner).alerts
    assert facts(alert) == (60, 120, "yellow", HIGH)
    assert alert.found_afterwards
    assert not told(query)


def test_the_newest_reading_corrected_is_how_things_stand_and_pages(owner, take, query):
    take((0, LOW), (60, LOW))
    take((60, HIGH), now=70)
    (alert,) = open_alerts(owner)
    assert facts(alert) == (60, None, "yellow", HIGH)
    assert not alert.found_afterwards
    assert told(query)
    take((60, GRAVE), now=80)
    take((60, LOW), now=90)
    (alert,) = list_alerts(owner).alerts
    assert facts(alert) == (60, 60, "red", GRAVE)
    kinds = [step.kind for step in get_alert(owner, alert.id).steps]
    assert kinds == ["raised", "stepped_up", "ended"]


def test_of_two_corrections_of_the_newest_reading_the_last_is_judged(owner, take):
    take((0, LOW), (60, LOW))
    take((60, HIGH), (60, GRAVE), now=70)
    assert facts(open_alerts(owner)[0]) == (60, None, "red", GRAVE)


def test_what_follows_from_the_newest_level_corrected_is_how_things_stand_too(
    owner, take, judged, query
):
    stored = judged(metric="storage_m3", unit="m³", grades={"yellow": 250})
    take((0, LOW), (60, LOW), under=stored)
    take((60, HIGH), now=70, under=stored)
    (alert,) = open_alerts(owner)
    assert facts(alert) == (60, None, "yellow", 300)
    assert told(query)


def test_what_an_alert_covers_is_not_a_second_one(owner, take):
    take((0, HIGH), (120, HIGH), (180, LOW), now=180)
    take((60, HIGH), now=200)
    assert len(list_alerts(owner).alerts) == 1
    take((61, HIGH), (62, HIGH), now=200)
    take((61, HIGH), now=210)  # repeated
    assert len(list_alerts(owner).alerts) == 1


def test_an_alert_is_as_long_as_late_readings_show(owner, take, query):
    take((0, LOW), (120, HIGH))
    take((60, HIGH), now=130)
    (alert,) = open_alerts(owner)
    assert facts(alert) == (60, None, "yellow", HIGH)
    noted = get_alert(owner, alert.id).steps[-1]
    assert say(noted.reason)["en"] == "late readings show that it began at 06-01 16:01"
    take((180, HIGH), (240, LOW))
    assert [facts(one)[:2] for one in list_alerts(owner).alerts] == [(60, 240)]
    assert query("select count(*) from outbox") == [(2,)]


def test_a_graver_peril_than_the_alert_knew_is_one_of_its_own(owner, take):
    take((0, HIGH), (120, HIGH))
    take((60, GRAVE), now=200)
    graver, live = sorted(list_alerts(owner).alerts, key=lambda one: one.peak_grade)
    assert facts(graver) == (0, 120, "red", GRAVE)
    assert graver.found_afterwards
    assert open_alerts(owner) == [live]
    take((180, LOW), now=210)
    assert [(one.id, one.state) for one in open_alerts(owner)] == [(live.id, "returned")]


def test_one_that_is_still_within_the_dead_band_ends_where_the_live_judgement_takes_over(
    owner, take, judged
):
    under = judged(dead_band=10)
    take((0, LOW), (120, 20.0), under=under)
    take((60, HIGH), now=130, under=under)
    (alert,) = list_alerts(owner).alerts
    assert facts(alert) == (60, 120, "yellow", HIGH)
    ended = get_alert(owner, alert.id).steps[-1]
    assert say(ended.reason)["zh"] == "其后的读数已按时判定"


def test_a_hold_counts_late_readings_too(owner, take, judged):
    under = judged(on_delay_s=120)
    take((0, LOW), (600, LOW), under=under)
    take((60, HIGH), (120, HIGH), now=610, under=under)
    assert list_alerts(owner).alerts == ()
    take((180, HIGH), now=620, under=under)
    (alert,) = list_alerts(owner).alerts
    assert facts(alert)[:3] == (60, 600, "yellow")


@pytest.mark.parametrize("chance", [random.Random(number) for number in range(8)])
def test_whatever_the_order_each_exceedance_lies_in_an_alert_as_grave(owner, take, query, chance):
    series = [(60 * n, chance.choice([LOW, LOW, HIGH, GRAVE])) for n in range(60)]
    arriving = sorted(series, key=lambda one: one[0] + chance.choice([0, 0, 0, 900, 1800]))
    while arriving:
        size = chance.randint(1, 8)
        take(*arriving[:size], now=3600)
        arriving = arriving[size:]
    alerts = query(ALERTS, NOW)
    beyond = [(at, rank(value)) for at, value in series if value > GRADES["yellow"]]
    missed = [
        (at, least)
        for at, least in beyond
        if not any(a <= at <= b and RANKS.index(peak) >= least for a, b, peak in alerts)
    ]
    assert missed == []
    for began, ended, peak in alerts:
        assert RANKS.index(peak) in [least for at, least in beyond if began <= at <= ended]


def rank(value):
    return RANKS.index("red" if value > GRADES["red"] else "yellow")


def test_stretches_reach_around_each_moment_and_never_touch():
    minute = timedelta(minutes=1)
    moments = [NOW + n * minute for n in (10, 0, 1, 3)]
    assert stretches(moments, minute) == [
        (NOW - minute, NOW + 4 * minute),
        (NOW + 9 * minute, NOW + 11 * minute),
    ]
    assert stretches([], minute) == []
