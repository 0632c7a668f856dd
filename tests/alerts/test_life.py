"""An alert's life after ISA-18.2 on the real database: pending, active, returned, ended."""

from datetime import timedelta

import pytest

from alerts.life.pending import pending
from alerts.store import list_alerts
from tests.alerts.duty import acknowledged


def test_an_alert_that_people_were_told_of_and_nobody_took_waits_for_them(duty):
    duty.take(24.5)
    duty.take(20)
    alert = duty.one()
    assert (alert.state, alert.ended_at) == ("returned", duty.at)
    assert acknowledged(duty).alert.state == "ended"
    assert duty.one().owner == "li"
    assert duty.steps(alert) == ["raised", "ended", "acknowledged"]


def test_one_that_somebody_has_ends_with_its_condition(duty):
    duty.take(24.5)
    acknowledged(duty)
    duty.take(20)
    assert duty.one().state == "ended"


def test_what_was_found_afterwards_waits_for_nobody(duty):
    duty.take(24.5)
    duty.ask("update alert set announced_at = null, found_afterwards = true")
    duty.take(20)
    assert duty.one().state in ("ended", "returned")
    assert list_alerts(duty.conn, state="returned").alerts == ()


@pytest.mark.parametrize(("level", "state"), [(23.5, "ended"), (24.5, "returned")])
def test_unseen_for_a_day_a_yellow_one_closes_by_itself_and_an_orange_one_waits(duty, level, state):
    duty.take(level)
    duty.take(20)
    assert not duty.keep()
    duty.ask("update alert set changed_at = changed_at - interval '25 hours'")
    assert duty.keep() == (state == "ended")
    assert duty.one().state == state
    assert duty.steps(duty.one())[-1] == ("closed" if state == "ended" else "ended")


def test_a_running_hold_is_pending_and_then_an_alert(duty):
    duty.take(31, "R-03")
    (one,) = pending(duty.conn)
    assert (one.rule, one.subject, one.grade) == ("HELD", "R-03/level_m", "blue")
    assert (one.since, one.due_at) == (duty.at, duty.at + timedelta(seconds=2))
    duty.take(31, "R-03")
    duty.take(31, "R-03")
    assert duty.one("HELD").state == "active"
    assert pending(duty.conn) == []
