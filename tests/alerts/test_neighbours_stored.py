"""Neighbours in the database: who they are, what they last said, live and in a back-test."""

import json
from datetime import timedelta

import numpy as np
import pytest

from alerts.backtest.store import back_test
from alerts.engine import asks_around
from alerts.judging import Judge, judge_batch, tell_untold, worth_judging
from alerts.rule_editing import BadRule, checked
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import get_alert, open_alerts
from sensors.reading import Quality, Reading
from tests.alerts.conftest import NOW
from tests.alerts.timeline import rule

AROUND = rule(
    code="AROUND", when="deviation", usual="neighbours", least=2, within_km=20, grades={"red": 10}
)


@pytest.fixture
def judge(ingest, district):
    seed(ingest, AlertsSettings(rules=(AROUND,)), NOW)
    ingest.commit()
    return Judge.load(ingest)


@pytest.fixture
def gauge(district):
    def reading(station, minute, level, quality=Quality.GOOD):
        at = NOW + timedelta(minutes=minute)
        number = district[f"{station}/level_m"]
        return Reading(number, station, "level_m", at, at, level, quality)

    return reading


@pytest.fixture
def take(ingest, judge):
    """`take(reading, ...)`: one batch is judged, stored and committed."""

    def take(*readings, judged=None, now=None):
        last = now or readings[-1].received_at
        with ingest.cursor() as cursor:
            ids = sorted({one.series_id for one in readings})
            cursor.execute(
                "select from series_state where series_id = any(%s) order by series_id for update",
                (ids,),
            )
            steps = judge_batch(ingest, judge or Judge.load(ingest), readings, last)
            for one in readings:
                row = (one.observed_at, one.received_at, one.value, int(one.quality))
                cursor.execute(
                    "insert into reading (series_id, observed_at, received_at, value, quality)"
                    " values (%s, %s, %s, %s, %s)",
                    (one.series_id, *row),
                )
                cursor.execute(
                    "update series_state set observed_at = %s, received_at = %s, value = %s,"
                    " quality = %s, origin = 0 where series_id = %s",
                    (*row, one.series_id),
                )
        ingest.commit()
        return [(step.kind, step.key[1], step.value) for step in steps]

    return take


RAISED = ("raised", "R-01/level_m", 11.0)


def test_what_neighbours_said_is_read_from_the_stored_readings(take, gauge, ingest):
    take(gauge("R-02", 0, 20), gauge("R-03", 0, 22))
    assert take(gauge("R-01", 1, 31)) == []
    assert take(gauge("R-01", 2, 32)) == [RAISED]
    (alert,) = open_alerts(ingest)
    assert get_alert(ingest, alert.id).evidence["compared_with"] == {
        "median": 21,
        "of": [
            {"station": "R-02", "value": 20, "t": "2026-11-22T12:00:00Z"},
            {"station": "R-03", "value": 22, "t": "2026-11-22T12:00:00Z"},
        ],
    }
    assert take(gauge("R-01", 3, 20)) == [], "nobody is known any more: nothing ends"
    assert take(gauge("R-02", 3.5, 20), gauge("R-03", 3.5, 20)) == []
    assert take(gauge("R-01", 4, 21)) == [("ended", "R-01/level_m", 1.0)]


def test_earlier_readings_of_the_same_batch_count_and_later_ones_do_not(take, gauge):
    one = [gauge("R-02", 0, 20), gauge("R-03", 0.5, 22), gauge("R-01", 1, 32)]
    assert take(*one, gauge("R-02", 1.1, 30), gauge("R-03", 1.2, 30)) == [RAISED]


def test_an_unusable_reading_of_a_neighbour_hides_none_before_it(take, gauge):
    take(gauge("R-02", 0, 20), gauge("R-03", 0, 22))
    take(gauge("R-02", 0.5, 900, Quality.IMPOSSIBLE))
    assert take(gauge("R-01", 1, 32)) == [RAISED]


def test_a_back_test_finds_what_happened_live(take, gauge, owner, judge):
    rng, happened = np.random.default_rng(7), []
    for minute in range(200):
        lift = 15 if 80 <= minute < 110 else 0
        levels = {"R-01": 20 + lift, "R-02": 20, "R-03": 20}
        for number, (station, level) in enumerate(levels.items()):
            if rng.random() < 0.9:  # some are lost
                reading = gauge(station, minute + number / 10, level + rng.normal(0, 2))
                happened += take(reading)
    until = NOW + timedelta(minutes=300)
    found = back_test(owner, AROUND, NOW, until, now=until)
    told = [step for one in found.episodes for step in one.steps]
    past = [(step.kind, step.key[1], step.value) for step in told]
    assert [one for one in happened if one[0] != "announced"] == past
    assert ("raised", "R-01/level_m") in {one[:2] for one in past}
    assert found.series == 3


def test_what_was_left_untold_is_told_with_what_the_neighbours_say_now(take, gauge, ingest, judge):
    take(gauge("R-02", 0, 20), gauge("R-03", 0, 22))
    late = NOW + timedelta(minutes=5)
    assert take(gauge("R-01", 1, 32), now=late) == [RAISED]
    with ingest.cursor() as cursor:
        cursor.execute("update series_state set changed_at = %s", (late - timedelta(seconds=5),))
    (step,) = tell_untold(ingest, judge, late, settled=True)
    ingest.rollback()
    assert (step.kind, step.page, step.value) == ("announced", True, 11)
    assert step.reason.params["median"] == 21


def test_which_readings_have_to_be_judged_and_which_go_with_them(ingest, judge, district, gauge):
    """10 above the median of what is never below the least level is above that and 10."""
    numbers = [district[f"R-0{n}/level_m"] for n in (1, 2, 3)]
    least = judge.watches[numbers[0]][0].signal.neighbours[0].low

    def worth(*values, singly=()):
        at, bits = np.arange(3, dtype=np.int64), np.zeros(3, np.int16)
        some = np.array(numbers, np.int32), at, np.array(values, np.float64), bits, at
        return worth_judging(ingest, judge, *some, singly=singly).tolist()

    assert worth(least, least + 10, least) == [False, False, False]
    assert worth(least + 11, least, least) == [True, True, True]
    assert worth(least, least, least, singly=[numbers[0]]) == [False, True, True]


def test_only_the_readings_that_can_matter_are_read(take, gauge, ingest, judge):
    asked = asks_around(judge.watches, [gauge("R-01", 60, 32)])
    minute = timedelta(minutes=1)
    assert [(until - since) / minute for _, since, until in asked] == [2, 2]


def test_a_rule_edited_on_screen_is_checked_by_where_the_stations_stand(ingest, district):
    definition = AROUND.model_dump(mode="json", exclude_defaults=True)
    assert checked(ingest, definition) == AROUND
    with pytest.raises(BadRule) as refused:
        checked(ingest, definition | {"within_km": 5})
    assert "R-02 has them within" in refused.value.mistakes[0].problem


def test_a_rule_about_the_month_can_be_written_on_screen(ingest, owner, district):
    """What the sensors know to be usual is known to this check too."""
    with owner.cursor() as cursor:
        months = json.dumps({"usual": [[20, 24]] * 12})
        cursor.execute("update sensor set checks = %s", (months,))
    owner.commit()
    definition = AROUND.model_dump(mode="json", exclude_defaults=True)
    month = {k: v for k, v in definition.items() if k not in ("within_km", "least")}
    assert checked(ingest, month | {"usual": "month"}).usual == "month"
