"""Whatever the judge, people and the clock do, in whatever order: what holds for every alert."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alerts.alert import Alert
from alerts.life.suppression import put_back, shelve, take_out, unshelve
from alerts.life.taking import acknowledge, add_note, hand_over, reset
from database.pool import Connection, connect
from tests.alerts.duty import CAUSE, Duty, soon

# facts of ISA-18.2, with latches: from state to state; an alert that ended stays ended.
ALLOWED = {
    ("active", "acknowledged"),  # acknowledge
    ("active", "returned"),  # return to normal, unacknowledged
    ("active", "ended"),  # nobody was told of it
    ("acknowledged", "ended"),  # return to normal
    ("acknowledged", "active"),  # graver
    ("acknowledged", "returned"),  # latched
    ("returned", "ended"),  # acknowledge, reset, time
    (None, "active"),
}
ON = ("active", "acknowledged")
WHO = st.sampled_from(["li", "wang"])
LEVELS = st.sampled_from([20.0, 23.5, 24.5, 25.5])
STATIONS = st.sampled_from(["R-01", "R-02", "R-03"])
RULES = st.sampled_from(["LEVEL", "OTHER", "LATCHED"])


class Lives(RuleBasedStateMachine):
    """All on one connection that is rolled back in the end."""

    conn: Connection
    series: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.duty = Duty(self.conn, self.series, [CAUSE])
        self.seen: dict[str, str] = {}

    def teardown(self) -> None:
        try:
            self.everything_is_told_in_the_end()
        finally:
            self.conn.rollback()

    @rule(level=LEVELS, station=STATIONS)
    def reading(self, level: float, station: str) -> None:
        self.duty.take(level, station)

    @rule()
    def lead(self) -> None:
        self.duty.keep()
        self.duty.route()

    @rule()
    def time_passes(self) -> None:
        self.duty.time_is_over()
        self.duty.keep()

    @rule(who=WHO, code=RULES, old=st.booleans())
    def acknowledging(self, who: str, code: str, old: bool) -> None:
        for alert in self.some(code):
            version = alert.version - int(old)
            acknowledge(
                self.conn, alert.id, who, None, expected_version=version, now=datetime.now(UTC)
            )

    @rule(who=WHO, code=RULES, action=st.sampled_from(["shelve", "unshelve", "hand", "reset"]))
    def acting(self, who: str, code: str, action: str) -> None:
        for alert in self.some(code)[:1]:
            asked = {"expected_version": alert.version, "now": datetime.now(UTC)}
            if action == "shelve":
                shelve(self.conn, alert.id, who, "why", soon(), **asked)
            elif action == "unshelve":
                unshelve(self.conn, alert.id, who, "why", **asked)
            elif action == "hand":
                hand_over(self.conn, alert.id, who, "chief", None, **asked)
            else:
                reset(self.conn, alert.id, who, "seen", **asked)

    @precondition(lambda self: self.seen)
    @rule(code=RULES)
    def noting(self, code: str) -> None:
        for alert in self.some(code)[-1:]:
            add_note(self.conn, alert.id, "li", "note", now=datetime.now(UTC))

    @rule(station=STATIONS, out=st.booleans())
    def maintaining(self, station: str, out: bool) -> None:
        now = datetime.now(UTC)
        if out:
            take_out(self.conn, station, "wu", "why", None, None, now=now)
        else:
            put_back(self.conn, station, "wu", "why", now=now)

    @invariant()
    def states_change_by_allowed_transitions_only(self) -> None:
        for alert in self.duty.alerts():
            before = self.seen.get(alert.id)
            way = self.between(before, alert.state)
            assert before == alert.state or way, (before, alert.state, self.duty.steps(alert))
            assert (alert.ended_at is None) == (alert.state in ON)
            self.seen[alert.id] = alert.state

    @invariant()
    def one_record_an_occurrence_and_versions_without_gaps(self) -> None:
        rows = self.duty.ask(
            "select a.version, count(*), max(t.seq), count(*) filter (where t.kind = 'raised'),"
            " count(*) filter (where t.kind = 'ended'), (a.ended_at is not null)::integer"
            " from alert a join alert_transition t on t.alert_id = a.id group by a.id"
        )
        for version, count, last, raised, ended, over in rows:
            assert version == count == last
            assert (raised, ended) == (1, over)
        open_keys = [(a.rule, a.subject) for a in self.duty.alerts() if a.ended_at is None]
        assert len(open_keys) == len(set(open_keys))

    def everything_is_told_in_the_end(self) -> None:
        """When nothing keeps them quiet any more: what stands was told as it stands, and who was
        told of an alert was told of its end."""
        now = datetime.now(UTC)
        for station in ("R-01", "R-02", "R-03"):
            put_back(self.conn, station, "wu", "why", now=now)
        self.duty.inhibitions = ()
        for _ in range(3):
            self.duty.route()
            self.duty.ask("update suppression set until = clock_timestamp() where ended_at is null")
            self.duty.keep()
        self.duty.route()
        for alert in self.duty.alerts():
            told = self.duty.ask(
                "select t.kind, t.grade from message m join alert_transition t"
                " on t.id = m.transition_id where t.alert_id = %s order by t.seq",
                alert.id,
            )
            if alert.ended_at is None:
                assert told, self.duty.steps(alert)
                assert told[-1] == (told[-1][0], alert.grade), (told, alert.grade)
            elif told:
                assert told[-1][0] == "ended"

    def some(self, code: str) -> list[Alert]:
        return [alert for alert in self.duty.alerts() if alert.rule == code]

    @staticmethod
    def between(before: str | None, after: str) -> bool:
        """Whether allowed transitions lead there, more than one where a step did more than one."""
        reached = {before}
        for _ in range(4):
            reached |= {new for old, new in ALLOWED if old in reached}
        return after in reached and before != "ended"


@pytest.fixture
def lives(database, district) -> Iterator[type[Lives]]:
    conn = connect(database, "ingest", application="test")

    class Here(Lives):
        pass

    Here.conn, Here.series = conn, district
    yield Here
    conn.close()


def test_every_life_is_a_life_of_the_standard(lives):
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
