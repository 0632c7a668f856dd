"""A flood on the stream: nobody is sent everything, nothing is left uncounted, the gravest come."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.shapes import GRADES
from dashboard.stream.crowd import (
    MOST_AT_ONCE,
    MOST_TOLD,
    PLACES,
    most_urgent,
    tally,
    urgency,
    what_matters,
)
from dashboard.stream.snapshot import Changed, Difference, Snapshot
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


IDS = [f"{n:03}" for n in range(300)]
some_ids = st.tuples(st.integers(0, 299), st.integers(0, 299)).map(
    lambda ends: IDS[min(ends) : max(ends) + 1]
)
looks = st.lists(
    st.tuples(
        some_ids,
        st.sampled_from(GRADES),
        st.sampled_from(["active", "active", "returned", "ended"]),
        st.booleans(),
    ),
    max_size=4,
)


class Desk:
    """What a desk makes of the stream, as state.mjs does; `fetched` is what "n more" brought."""

    def __init__(self, hello):
        self.alerts = {one["id"]: one for one in hello["alerts"]}

    def hear(self, change):
        self.take(change["alerts"])
        for gone in [*change.get("over", []), *change.get("stale", [])]:
            self.alerts.pop(gone, None)

    def take(self, some):
        self.alerts |= {one["id"]: one for one in some}
        self.alerts = {id_: one for id_, one in self.alerts.items() if one["state"] != "ended"}


@settings(max_examples=60)
@given(st.lists(st.tuples(looks, some_ids), max_size=4))
def test_what_a_desk_holds_is_what_the_server_knows(events):
    """Whatever changes in whatever order, within one event or several, and is fetched between."""
    snapshot = Snapshot()
    desk = Desk(snapshot.hello(NOW))
    for looked, fetched in events:
        difference = Difference()
        for ids, grade, state, taken in looked:
            since = "2026-01-01T00:00:00Z" if taken else None
            found = [alert(id_, None, grade, state, since) for id_ in ids]
            snapshot.apply(Changed([], found), difference)
        change = snapshot.change(difference, NOW)
        desk.hear(change)
        assert desk.alerts == {id_: snapshot.alerts[id_] for id_ in desk.alerts}
        assert set(change.get("stale", ())).isdisjoint(one["id"] for one in change["alerts"])
        desk.take(snapshot.alerts[id_] for id_ in fetched if id_ in snapshot.alerts)


def test_of_many_that_return_at_once_none_stays_to_be_acknowledged():
    snapshot = Snapshot()
    crowd = [alert(f"{n:03}", None, "yellow", "active") for n in range(300)]
    snapshot.apply(Changed([], crowd), Difference())
    desk, difference = Desk(snapshot.hello(NOW)), Difference()
    snapshot.apply(Changed([], [one | {"state": "returned"} for one in crowd]), difference)
    change = snapshot.change(difference, NOW)
    desk.hear(change)
    assert (len(change["alerts"]), len(change["stale"])) == (MOST_AT_ONCE, 200)
    assert {one["state"] for one in desk.alerts.values()} == {"returned"}
    assert change["tally"]["yellow"]["returned"] == 300
