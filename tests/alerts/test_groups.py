"""Groups by place and cause: who belongs together, and that a group stays what it was."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.judging import Judge, judge_batch
from alerts.quiet.groups import (
    WITHIN,
    Cause,
    Newcomer,
    Standing,
    Where,
    cause_of,
    groups_of,
    headline,
    joined,
)
from alerts.rulebook import Rulebook
from alerts.store import open_alerts
from sensors.reading import Quality, Reading
from tests.alerts.conftest import NOW
from tests.alerts.timeline import counting, minute, rule, watch_of

GAS = Cause("gas", "P-07")


def _numbered(some: list[tuple[int, Cause]]) -> list[Newcomer]:
    in_order = sorted(some, key=lambda pair: pair[0])
    return [Newcomer(f"{n:02}", cause, minute(at)) for n, (at, cause) in enumerate(in_order)]


newcomers = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from([GAS, Cause("gas", "P-08")])), max_size=30
).map(_numbered)


def test_causes_are_a_leak_a_dead_device_a_haze_and_else_a_station():
    gas = Where("G-31", "gas", "nh3_ppm", plant="P-07", device="GW-03")
    lel = Where("G-32", "gas", "lel_pct", plant="P-07", device="GW-03")
    level = Where("R-01", "reservoir", "level_m", device="GW-03")
    assert cause_of("above", gas) == cause_of("above", lel) == GAS
    assert cause_of("no_data", gas) == cause_of("no_data", level) == Cause("silence", "GW-03")
    assert cause_of("above", level) == Cause("reservoir", "R-01")
    air = [Where(code, "air", "pm25_ugm3") for code in ("A-01", "A-02")]
    assert cause_of("above", air[0]) == cause_of("above", air[1])
    assert cause_of("no_data", air[0]) != cause_of("no_data", air[1])


@pytest.mark.parametrize(("after", "same"), [(29, True), (30, True), (31, False)])
def test_who_comes_within_half_an_hour_of_the_newest_member_joins(after, same):
    found = joined(
        [Newcomer("A", GAS, minute(0)), Newcomer("B", GAS, minute(20)),
         Newcomer("C", GAS, minute(20 + after))],
        [],
    )  # fmt: skip
    assert found["B"] == "A"
    assert (found["C"] == "A") == same


@given(newcomers)
def test_one_by_one_or_all_at_once_the_groups_are_the_same(some):
    at_once = joined(some, [])
    standing: dict[str, Standing] = {}
    one_by_one: dict[str, str] = {}
    for each in some:
        found = joined([each], standing.values())
        one_by_one |= found
        standing[found[each.alert_id]] = Standing(
            found[each.alert_id], each.cause.key, each.raised_at
        )
    assert one_by_one == at_once


@given(newcomers, st.randoms())
def test_a_group_has_one_cause_is_a_member_and_the_order_of_asking_changes_nothing(some, random):
    found = joined(some, [])
    mixed = list(some)
    random.shuffle(mixed)
    assert joined(mixed, []) == found
    causes = {each.alert_id: each.cause for each in some}
    assert all(
        causes[one] == causes[group] and found[group] == group for one, group in found.items()
    )
    for group in set(found.values()):
        times = sorted(each.raised_at for each in some if found[each.alert_id] == group)
        assert all(b - a <= WITHIN for a, b in pairwise(times))


def test_the_judge_groups_as_it_raises_and_the_group_outlives_its_founder(owner, district):
    """Two grades of level at R-01 and R-02: two stations, two groups; the same again joins."""
    series = {code: district[f"{code}/level_m"] for code in ("R-01", "R-02")}
    with owner.cursor() as cursor:
        cursor.execute("insert into rule (code) values ('A') returning id")
        (rule_id,) = cursor.fetchone()
        cursor.execute(
            "insert into rule_version (rule_id, version, definition, author, reason) values"
            " (%s, 1, %s, 'file', 'new')",
            (rule_id, '{"label": {"zh": "高", "en": "High"}}'),
        )
    watches = []
    for code, number in series.items():
        one = watch_of(rule(code="A"))
        watches.append(
            type(one)(**{f: getattr(one, f) for f in one.__slots__} | {
                "rule_id": rule_id, "subject": f"{code}/level_m", "series_id": number,
                "station": code})
        )  # fmt: skip
    judge = Judge.of(Rulebook(tuple(watches), frozenset()), counting())

    def reading(code: str, after: float, level: float) -> Reading:
        at = NOW + timedelta(minutes=after)
        return Reading(series[code], code, "level_m", at, at, level, Quality.GOOD)

    for after, batch in enumerate(
        [[("R-01", 101), ("R-02", 101)], [("R-01", 99)], [("R-01", 102)]], start=1
    ):
        run = [reading(code, after, level) for code, level in batch]
        judge_batch(owner, judge, run, run[-1].received_at)
    found = {alert.id: alert for alert in open_alerts(owner)}
    assert found["A3"].grouping["id"] == "A1"
    assert found["A2"].grouping["id"] == "A2"
    assert found["A3"].grouping["place"] == "R-01"


def test_the_gravest_member_gives_the_grade_and_the_headline_says_how_many_of_what(
    owner, put_alert
):
    group = '{"id": "A1", "key": "gas:P-07:", "cause": "gas", "place": "P-07"}'
    put_alert("A1", grouping=group, grade="blue")
    put_alert("A2", grouping=group, grade="red", began_at=NOW + timedelta(minutes=1))
    put_alert("B1", grade="orange")
    first, second = groups_of(open_alerts(owner))
    assert (first.id, first.grade, first.waiting, first.place) == ("A1", "red", 2, "P-07")
    assert [alert.id for alert in first.alerts] == ["A2", "A1"]
    assert headline(first) == {
        "zh": "2 条告警：超汛限 ×2",
        "en": "2 alerts: Above flood limit ×2",
    }
    assert (second.id, second.cause, headline(second)["en"]) == (
        "B1",
        "",
        "1 alert: Above flood limit",
    )
    with owner.cursor() as cursor:
        cursor.execute("update alert set state = 'ended', ended_at = %s where id = 'A1'", (NOW,))
    assert [one.id for one in groups_of(open_alerts(owner))] == ["A1", "B1"]
