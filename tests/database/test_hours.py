"""Hours that air and discharge are judged by: alike on both grounds, doubts and marks counted."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.environment import hours_store
from sensors.discharge.means import hour_of
from sensors.reading import Quality
from tests.database.district import Row, add, new_series, refresh

START = datetime(2026, 6, 1, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MARK = """
insert into mark (series_id, from_at, until_at, verdict, reason, who)
values (%s, %s, %s, 'valid', 'checked', 'chen')"""
LIMIT = """
insert into limit_value (series_id, name, valid_from, valid_to, value, label_zh, label_en, source,
  department, public, mean_over_s, side)
values (%s, 'permit', %s, %s, %s, '限', 'limit', 'permit', 'water', true, 3600, 'lower')"""


def readings(hour, qualities):
    return [
        Row(START + HOUR * hour + MINUTE * n, None if q & 1 else 10.0 + n, q)
        for n, q in enumerate(qualities)
    ]


@pytest.fixture
def marked(ground):
    """A series whose marks go with the test: a roll-up is refreshed by committing."""
    series = new_series(ground)
    yield series
    with ground.cursor() as cursor:
        cursor.execute("delete from mark where series_id = %s", (series,))
    ground.commit()


def test_hours_count_what_the_roll_up_counts(ground, marked):
    series = marked
    invalid = int(Quality.MARKED_INVALID)
    vouched = int(Quality.STUCK | Quality.MARKED_VALID)
    rows = [
        *readings(0, [0] * 60),
        *readings(1, [8] * 20 + [0] * 40),  # 20 doubtful
        *readings(2, [1025] * 20 + [0] * 40),  # 20 in maintenance
        *readings(3, [invalid] * 10 + [2] * 10 + [0] * 40),  # marked invalid, impossible
        *readings(4, [vouched] * 60),
    ]
    add(ground, series, rows)
    with ground.cursor() as cursor:
        # Two marks over the same readings vouch for each of them once.
        for _ in range(2):
            cursor.execute(MARK, (series, START + HOUR * 4, START + HOUR * 5))
    refresh(ground)
    [one] = [s for s in hours_store.series(ground, ["reservoir"]) if s.series_id == series]
    found = hours_store.hours(ground, [one], START, START + HOUR * 5)[series]
    counted = [(h.total, h.count, h.good, h.interval_s) for h in found.values()]
    assert counted == [
        *((60, 60, 60, 60.0), (60, 60, 40, 60.0), (60, 40, 40, 60.0)),
        *((60, 40, 40, 60.0), (60, 60, 60, 60.0)),
    ]
    judged = [hour_of(hour) for hour in found.values()]
    assert [(j.value is not None, j.sound) for j in judged] == [
        *((True, True), (True, False), (False, False), (False, False), (True, True)),
    ]
    assert judged[0].value == 39.5
    assert (judged[0].least, judged[0].greatest) == (10.0, 69.0)


def test_limits_are_those_of_the_time(ground):
    series = new_series(ground)
    with ground.cursor() as cursor:
        cursor.execute(LIMIT, (series, START - HOUR * 9, START - HOUR, 6.0))
        cursor.execute(LIMIT, (series, START - HOUR, None, 6.5))
    ground.commit()
    [one] = [s for s in hours_store.series(ground, ["reservoir"]) if s.series_id == series]
    now = hours_store.limits(ground, [one], START, START + HOUR)[series]
    assert [(x.value, x.side, x.mean_over_s, x.valid_to) for x in now] == [
        (6.5, "lower", 3600, None)
    ]
    before = hours_store.limits(ground, [one], START - HOUR * 2, START + HOUR)[series]
    assert [x.value for x in before] == [6.0, 6.5]


def test_an_hour_is_measured_by_the_interval_of_its_time(ground):
    series = new_series(ground)
    with ground.cursor() as cursor:
        cursor.execute("update sensor set valid_to = %s where series_id = %s", (START, series))
        cursor.execute(
            "insert into sensor (series_id, valid_from, interval_s, department, public) "
            "values (%s, %s, 600, 'water', true)",
            (series, START),
        )
    ground.commit()
    [one] = [s for s in hours_store.series(ground, ["reservoir"]) if s.series_id == series]
    assert [one.interval_s(START - HOUR), one.interval_s(START)] == [60, 600]
