"""Whatever the judge and people do: an alert's steps tell how its row was after each of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from alerts.alert import Alert
from alerts.store import get_alert
from dashboard.replay.alerts import as_of
from database.pool import connect
from tests.alerts.conftest import district  # noqa: F401 - the fixture
from tests.alerts.test_life_machine import Lives

T = datetime(2026, 11, 25, tzinfo=UTC)
TOLD = (
    *("version", "grade", "peak_grade", "state", "owner", "acknowledged_at", "note", "ended_at"),
    *("value", "limit", "reason"),
)


def after(version: int) -> datetime:
    """The machine's judge and its people live by two clocks: here time is the count of steps."""
    return T + timedelta(minutes=version)


class Remembered(Lives):
    """Every row as it was seen, beside the machine's own rules."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[int, Alert]] = {}

    @invariant()
    def remember(self) -> None:
        for alert in self.duty.alerts():
            self.rows.setdefault(alert.id, {})[alert.version] = alert

    def teardown(self) -> None:
        try:
            for alert_id, rows in self.rows.items():
                self.steps_tell(alert_id, rows)
        finally:
            super().teardown()

    def steps_tell(self, alert_id: str, rows: dict[int, Alert]) -> None:
        life = get_alert(self.conn, alert_id)
        assert life is not None
        steps = [replace(step, recorded_at=after(step.seq)) for step in life.steps]
        silent = max((n for n, row in rows.items() if row.announced_at is None), default=0)
        told = life.alert.announced_at is not None
        alert = replace(life.alert, announced_at=after(silent + 1) if told else None)
        for version, row in rows.items():
            found = as_of(alert, steps, after(version), (), then=True)
            for key in TOLD:
                tells, was = getattr(found, key), getattr(row, key)
                kinds = [step.kind for step in steps[:version]]
                # Until it was found that nobody was to be told of it, for a second at most.
                if key == "state" and not told and was == "returned":
                    continue
                assert tells == was, f"{key} is told as {tells}, was {was}, after {kinds}"


@pytest.fixture
def lives(database, district) -> Iterator[type[Remembered]]:  # noqa: F811 - the fixture
    conn = connect(database, "ingest", application="test")

    class Here(Remembered):
        pass

    Here.conn, Here.series = conn, district
    yield Here
    conn.close()


def test_the_steps_of_a_life_tell_how_it_was_after_each(lives):
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
