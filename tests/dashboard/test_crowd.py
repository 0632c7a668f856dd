"""A flood on the stream: nobody is sent everything, nothing is left uncounted, the gravest come."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dashboard.crowd import (
    MOST_AT_ONCE,
    MOST_TOLD,
    PLACES,
    most_urgent,
    tally,
    urgency,
    what_matters,
)
from dashboard.shapes import GRADES
from dashboard.snapshot import Changed, Difference, Snapshot
from tests.dashboard.test_shapes import NOW, alert

crowds = st.lists(
    st.tuples(st.sampled_from(GRADES), st.booleans(), st.integers(10, 59)), max_size=40
).map(
    lambda some: [
        alert(f"{n:03}", "R-1", grade, "active", "2026-01-01T00:00:00Z" if taken else None)
        | {"raised_at": f"2026-11-22T03:{minute}:00Z", "rule": grade, "label": None}
        for n, (grade, taken, minute) in enumerate(some)
    ]
)


@given(crowds, st.integers(0, 50))
def test_who_is_left_out_is_never_more_urgent_than_who_is_told(some, most):
    told = most_urgent(some, most)
    assert len(told) == min(most, len(some))
    left = [one for one in some if one not in told]
    assert all(urgency(a) >= urgency(b) for a in told for b in left)


@given(crowds)
def test_every_alert_is_counted_once_in_tally_and_groups(some):
    counted = tally(some)
    assert sum(n for of in counted.values() for n in of.values()) == len(some)
    by_grade = Counter(one["grade"] for one in some)
    assert {
        g: of["waiting"] + of["taken"] for g, of in counted.items() if sum(of.values())
    } == by_grade
    assert len(what_matters(some)["groups"]) == min(5, len(some))


def test_ten_thousand_alerts_are_a_small_event_and_all_of_them_are_counted():
    snapshot, difference = Snapshot(), Difference()
    crowd = [alert(f"{n:05}", None, "blue", "active") for n in range(9_999)]
    crowd.append(alert("x", None, "red", "active"))
    snapshot.apply(Changed([], crowd), difference)
    change, hello = snapshot.change(difference, NOW), snapshot.hello(NOW)
    assert len(change["alerts"]) == MOST_AT_ONCE
    assert change["alerts"][0]["id"] == "x"
    assert len(hello["alerts"]) == MOST_TOLD
    assert "x" in {one["id"] for one in hello["alerts"]}
    assert change["tally"]["blue"] == {"waiting": 9_999, "taken": 0, "returned": 0, "aside": 0}
    over = Difference()
    snapshot.apply(Changed([], [one | {"state": "ended"} for one in crowd]), over)
    ended = snapshot.change(over, NOW)
    assert len(ended["alerts"]) + len(ended["over"]) == 10_000
    assert len(ended["alerts"]) == MOST_AT_ONCE
    assert ended["tally"]["red"] == dict.fromkeys(PLACES, 0)
