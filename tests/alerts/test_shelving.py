"""Alerts kept quiet by people on the real database: shelved, out of service."""

import threading

from alerts.life.muting import muted
from alerts.life.steps import Done, Refused
from alerts.life.suppression import put_back, take_out, unshelve
from alerts.store import get_alert
from alerts.wording import say
from database.pool import connect
from tests.alerts.duty import CAUSE, ask, now, shelved, soon
from tests.servers.waiting import until


def test_a_shelved_alert_is_not_told_and_comes_back_by_itself_and_is_told_anew(duty):
    duty.take(24.5)
    duty.route()
    shelved(duty)
    assert duty.one().muted.kind == "shelved"
    duty.take(23.5)
    duty.take(24.5)
    duty.route()
    assert duty.told() == ["raised orange"]
    duty.time_is_over()
    assert duty.one().muted is None  # even if nobody leads
    duty.keep()
    duty.route()
    assert duty.told() == ["raised orange", "announced orange"]
    assert duty.steps(duty.one())[-2:] == ["unshelved", "announced"]
    said = say(get_alert(duty.conn, duty.one().id).steps[-1].reason)
    assert said["zh"].endswith("（搁置结束，仍未恢复）")


def test_an_occurrence_that_comes_and_goes_on_the_shelf_is_on_record_and_not_told(duty):
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(20)
    duty.route()
    assert duty.told() == ["raised orange", "ended orange"]  # who was told hears the end
    duty.take(24.5)
    duty.route()
    duty.take(20)
    duty.route()
    assert duty.told() == ["raised orange", "ended orange"]
    newest = duty.one()
    assert (newest.state, newest.announced_at) == ("ended", None)
    assert duty.steps(newest) == ["raised", "shelved", "ended"]
    duty.time_is_over()
    duty.keep()
    duty.route()
    assert duty.told() == ["raised orange", "ended orange"]


def test_a_graver_grade_breaks_the_shelf_and_is_told(duty):
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(25.5)
    assert duty.one().muted is None  # on the screen at once
    duty.route()
    assert duty.told() == ["raised orange", "stepped_up red"]
    assert duty.steps(duty.one()) == ["raised", "shelved", "stepped_up", "unshelved"]
    duty.take(24.5)
    duty.route()
    assert duty.told()[-1] == "stepped_down orange"


def test_unshelving_tells_what_stands_and_a_second_shelf_is_refused(duty):
    duty.take(24.5)
    duty.route()
    shelved(duty)
    refused = shelved(duty, "wang", minutes=20)
    assert isinstance(refused, Refused)
    assert refused.who == "li"
    alert = duty.one()
    asked = {"expected_version": alert.version, "now": now()}
    assert unshelve(duty.conn, alert.id, "wang", "done", **asked).alert.muted is None
    duty.route()
    assert duty.told() == ["raised orange", "announced orange"]
    asked["expected_version"] = duty.one().version
    assert isinstance(unshelve(duty.conn, alert.id, "wang", "again", **asked), Refused)


def test_what_is_told_between_a_shelf_s_time_and_its_end_is_not_told_twice(duty):
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(20)
    duty.route()
    duty.time_is_over()
    duty.take(24.5)
    duty.route()
    assert duty.told()[2:] == ["raised orange"]
    duty.keep()
    duty.route()
    assert duty.told()[2:] == ["raised orange"]
    assert duty.steps(duty.one()) == ["raised", "unshelved"]


def test_shelves_that_end_together_lock_their_alerts_as_ingest_does(duty, database):
    """In the order of series, whichever shelf ends first: else both wait for each other."""
    duty.take(24.5)
    duty.take(24.5, "R-02")
    duty.route()
    shelved(duty)
    shelved(duty, rule="OTHER")
    duty.time_is_over()
    later = "update suppression set until = clock_timestamp() where subject = 'R-01/level_m'"
    duty.ask(later)
    duty.conn.commit()
    ingest = connect(database, "ingest", application="test")
    state = "select count(*) from (select from rule_state where subject = '{}' for update {}) s"
    ask(ingest, state.format("R-01/level_m", ""))
    leading = threading.Thread(target=duty.keep)
    leading.start()
    try:
        waits = "select count(*) from pg_locks where not granted"
        until(lambda: ask(ingest, waits) >= 1, "the end of the shelves to wait")
        assert ask(ingest, state.format("R-02/level_m", "nowait")) >= 1
    finally:
        ingest.rollback()
        leading.join()
        ingest.close()
    duty.conn.commit()
    assert [duty.steps(duty.one(code))[-2:] for code in ("LEVEL", "OTHER")] == [
        ["unshelved", "announced"]
    ] * 2


def test_an_alert_raised_while_somebody_unshelves_is_told(duty, database):
    """The shelf's end and the muting of a new alert wait for each other: it is told once, by one
    of them, and never by neither."""
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(20)
    duty.route()
    duty.take(24.5)
    duty.conn.commit()
    staff = connect(database, "staff", application="test")
    old = duty.alerts()[1]
    asked = {"expected_version": old.version, "now": now()}
    assert isinstance(unshelve(staff, old.id, "wang", "done", **asked), Done)

    leading = threading.Thread(target=duty.route)
    leading.start()
    waits = "select count(*) from pg_locks where not granted"
    until(lambda: ask(staff, waits) >= 1, "the muting to wait")
    staff.commit()
    leading.join()
    duty.conn.commit()
    duty.route()
    assert [step for step in duty.told() if step.startswith(("raised", "announced"))] == [
        "raised orange",
        "raised orange",
    ]
    staff.close()


# ---- out of service


def test_a_station_out_of_service_is_recorded_and_told_of_when_it_is_back(duty):
    made = take_out(duty.conn, "R-01", "wu", "calibration", None, None, now=now())
    duty.take(24.5)
    duty.route()
    alert = duty.one()
    assert (alert.muted.kind, alert.muted.who, alert.announced_at) == ("out_of_service", "wu", None)
    assert duty.steps(alert) == ["raised", "out_of_service"]
    assert duty.told() == []
    assert take_out(duty.conn, "R-01", "li", "too", None, ["level_m"], now=now()) == "wu"
    assert [one.id for one in put_back(duty.conn, "R-01", "wu", "done", now=now())] == [made.id]
    duty.route()
    assert duty.told() == ["announced orange"]
    assert duty.one().announced_at is not None
    assert put_back(duty.conn, "R-01", "wu", "done", now=now()) == []
    assert put_back(duty.conn, "NOPE", "wu", "done", now=now()) is None


def test_of_two_who_take_a_station_out_at_once_the_second_learns_who_was_first(duty, database):
    other, said = connect(database, "ingest", application="other"), []

    def second():
        said.append(take_out(other, "R-01", "li", "too", None, ["level_m"], now=now()))
        other.commit()

    take_out(duty.conn, "R-01", "wu", "calibration", None, None, now=now())
    thread = threading.Thread(target=second)
    thread.start()
    waits = "select count(*) > 0 from pg_locks where locktype = 'advisory' and not granted"
    until(lambda: said or duty.ask(waits) == [(True,)], "the second to wait or be done")
    duty.conn.commit()
    thread.join()
    other.close()
    assert said == ["wu"]


def test_one_metric_out_of_service_leaves_the_others_in_service(duty):
    take_out(duty.conn, "R-01", "wu", "calibration", None, ["rain_mm"], now=now())
    duty.take(24.5)
    duty.route()
    assert duty.told() == ["raised orange"]


def test_a_shelf_that_ends_while_the_station_is_out_of_service_tells_nobody(duty):
    duty.take(24.5)
    duty.route()
    shelved(duty)
    take_out(duty.conn, "R-01", "wu", "calibration", soon(60), None, now=now())
    duty.ask("update suppression set until = clock_timestamp() where kind = 'shelved'")
    duty.keep()
    duty.route()
    assert duty.told() == ["raised orange"]
    duty.time_is_over()
    duty.keep()
    duty.route()
    assert duty.told() == ["raised orange", "announced orange"]


# ---- nothing


def test_where_nothing_is_kept_quiet_nothing_is_muted(duty):
    duty.take(24.5)
    numbers = [row[0] for row in duty.ask("select transition_id from outbox")]
    assert muted(duty.conn, numbers, [CAUSE]) == {}
    assert muted(duty.conn, []) == {}
