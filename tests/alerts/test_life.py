"""An alert's life after ISA-18.2 on the real database: returned, shelved, out of service, reset."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from alerts.clock import withdraw_uncovered
from alerts.judging import Judge
from alerts.life.muting import muted
from alerts.life.pending import pending
from alerts.life.seal import Progress, append
from alerts.life.settings import LifeSettings
from alerts.life.steps import Done, Refused
from alerts.life.suppression import put_back, shelve, take_out, unshelve
from alerts.life.taking import acknowledge_all, add_note, hand_over, reset
from alerts.life.verify import verify
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import Acknowledged, Conflict, NoSuchAlert, acknowledge, get_alert, list_alerts
from alerts.wording import say
from database.pool import connect
from tests.alerts.duty import CAUSE, LEVEL, Duty, soon
from tests.servers.waiting import until


@pytest.fixture
def duty(database, district):
    conn = connect(database, "ingest", application="test")
    yield Duty(conn, district)
    conn.close()


def now() -> datetime:
    return datetime.now(UTC)


def acknowledged(duty: Duty, who: str = "li", rule: str = "LEVEL"):
    alert = duty.one(rule)
    return acknowledge(duty.conn, alert.id, who, None, expected_version=alert.version, now=now())


def shelved(duty: Duty, who: str = "li", rule: str = "LEVEL", minutes: float = 30):
    alert = duty.one(rule)
    return shelve(
        *(duty.conn, alert.id, who, "pump is being changed", soon(minutes)),
        expected_version=alert.version,
        now=now(),
    )


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


def test_a_new_occurrence_is_a_new_record_and_acknowledging_it_takes_the_old_ones_along(duty):
    for level in (24.5, 20, 24.5, 20, 24.5):
        duty.take(level)
    newest, *older = duty.alerts()
    assert [newest.state, *(alert.state for alert in older)] == ["active", "returned", "returned"]
    answer = acknowledged(duty)
    assert set(answer.also) == {alert.id for alert in older}
    assert [alert.state for alert in duty.alerts()] == ["acknowledged", "ended", "ended"]
    assert [duty.steps(alert)[-1] for alert in duty.alerts()] == ["acknowledged"] * 3


def test_acknowledging_an_old_one_leaves_the_new_one_to_be_taken(duty):
    for level in (24.5, 20, 24.5):
        duty.take(level)
    _, old = duty.alerts()
    acknowledge(duty.conn, old.id, "li", None, expected_version=old.version, now=now())
    assert [alert.state for alert in duty.alerts()] == ["active", "ended"]


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


def test_several_are_taken_at_once_and_one_that_is_somebody_s_hinders_no_other(duty):
    duty.take(24.5)
    duty.take(24.5, "R-02")
    acknowledged(duty, "wang", "OTHER")
    level, other = duty.one(), duty.one("OTHER")
    asked = {level.id: level.version, other.id: other.version, "nope": 1}
    found = acknowledge_all(duty.conn, asked, "li", "both", now=now())
    assert isinstance(found[level.id], Acknowledged)
    assert found[other.id] == Conflict(other, "wang")
    assert found["nope"] == NoSuchAlert("nope")
    again = acknowledge_all(duty.conn, {level.id: level.version}, "li", "both", now=now())
    assert again[level.id].repeated


def test_an_alert_is_handed_over_with_a_step_that_says_by_whom(duty):
    duty.take(24.5)
    alert = duty.one()
    asked = {"expected_version": alert.version, "now": now()}
    refused = hand_over(duty.conn, alert.id, "li", "wang", None, **asked)
    assert isinstance(refused, Refused)
    assert "acknowledge it" in refused.why
    alert = acknowledged(duty).alert
    asked = {"expected_version": alert.version, "now": now()}
    done = hand_over(duty.conn, alert.id, "li", "wang", "end of shift", **asked)
    assert isinstance(done, Done)
    assert done.alert.owner == "wang"
    again = hand_over(duty.conn, alert.id, "li", "wang", "end of shift", **asked)
    assert again == Done(duty.one(), repeated=True)
    last = get_alert(duty.conn, alert.id).steps[-1]
    assert (last.kind, last.who, last.note) == ("handed_over", "li", "end of shift")
    assert say(last.reason)["zh"] == "由 li 移交 wang"


def test_a_note_is_a_step_and_changes_nothing_else(duty):
    duty.take(24.5)
    before = duty.one()
    add_note(duty.conn, before.id, "li", "called the keeper", now=now())
    after = duty.one()
    assert (after.state, after.owner, after.version) == ("active", None, before.version + 1)
    assert duty.steps(after) == ["raised", "noted"]


# ---- latched


def test_a_latched_alert_stands_until_a_person_resets_it(duty):
    duty.take(24.5, "R-03")
    alert = acknowledged(duty, rule="LATCHED").alert
    asked = {"expected_version": alert.version, "now": now()}
    refused = reset(duty.conn, alert.id, "li", "valve closed", **asked)
    assert isinstance(refused, Refused)
    assert "still on" in refused.why
    duty.take(20, "R-03")
    alert = duty.one("LATCHED")
    assert (alert.state, alert.owner, alert.latched) == ("returned", "li", True)
    asked = {"expected_version": alert.version, "now": now()}
    assert reset(duty.conn, alert.id, "wang", "valve closed", **asked).alert.state == "ended"
    assert duty.steps(alert) == ["raised", "acknowledged", "ended", "reset"]


def test_a_latched_alert_that_was_muted_waits_for_its_reset_as_well(duty):
    duty.take(24.5, "R-03")
    shelved(duty, rule="LATCHED")
    duty.route()
    assert duty.one("LATCHED").announced_at is None
    duty.take(20, "R-03")
    duty.route()
    assert duty.one("LATCHED").state == "returned"


def test_acknowledging_does_not_end_a_latched_alert_and_it_does_not_close_by_itself(duty):
    duty.take(24.5, "R-03")
    duty.take(20, "R-03")
    assert acknowledged(duty, rule="LATCHED").alert.state == "returned"
    duty.ask("update alert set changed_at = changed_at - interval '9 days'")
    duty.life = LifeSettings(close_returned=("blue", "yellow", "orange", "red"))
    duty.keep()
    assert duty.one("LATCHED").state == "returned"


# ---- shelved


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


# ---- suppressed by design


def test_what_follows_from_a_cause_is_suppressed_and_told_if_it_outlives_it(duty):
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    assert (duty.told(), duty.told("OTHER")) == (["raised orange"], [])
    other = duty.one("OTHER")
    assert (other.muted.kind, other.muted.cause) == ("suppressed", duty.one().id)
    assert other.muted.who == "FLOOD-HIDES"
    duty.take(20)
    duty.keep()
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == ["announced blue"]
    assert duty.steps(other) == ["raised", "suppressed", "released", "announced"]


def test_what_is_well_again_before_its_patience_is_over_is_never_told(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"settle_s": 60})]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.take(20)
    duty.keep()
    assert duty.one("OTHER").muted.until > now() + timedelta(seconds=30)
    duty.take(20, "R-02")
    duty.time_is_over()
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == []
    assert duty.one("OTHER").state == "ended"


def test_a_cause_that_comes_back_in_time_goes_on_hiding(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"settle_s": 60})]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.take(20)
    duty.keep()
    duty.take(24.5)
    duty.keep()
    assert duty.one("OTHER").muted.until is None
    assert duty.one("OTHER").muted.cause == duty.one().id


def test_a_restart_of_the_leading_process_tells_nothing_that_was_suppressed(duty, database):
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.conn.commit()
    duty.conn.close()
    duty.conn = connect(database, "ingest", application="test")
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == []
    assert duty.one("OTHER").muted.kind == "suppressed"


def test_a_lesser_alarm_that_grows_as_grave_as_its_cause_is_told(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"lesser": True})]
    duty.take(23.5)
    duty.take(23.5, "R-02")
    duty.route()
    assert duty.told("OTHER") == []
    duty.take(24.5, "R-02")
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == ["stepped_up yellow"]
    assert duty.one("OTHER").muted is None


def test_a_cause_that_nobody_heard_of_hides_nothing(duty):
    """It came back while its rule was on the shelf: what follows from it is all that is told."""
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(20)
    duty.route()
    duty.take(24.5)
    duty.take(23.5, "R-02")
    duty.keep()
    duty.route()
    assert duty.told() == ["raised orange", "ended orange"]
    assert duty.told("OTHER") == ["raised blue"]


def test_a_cause_that_is_shelved_when_people_know_of_it_goes_on_hiding(duty):
    duty.inhibitions = [CAUSE]
    duty.take(24.5)
    duty.route()
    shelved(duty)
    duty.take(23.5, "R-02")
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == []


@pytest.mark.parametrize("again", [False, True], ids=["steps up", "comes anew"])
def test_a_lesser_alarm_that_grows_while_its_cause_settles_is_told(duty, again):
    duty.inhibitions = [CAUSE.model_copy(update={"lesser": True, "settle_s": 60})]
    duty.take(23.5)
    duty.take(23.5, "R-02")
    duty.route()
    duty.take(20)
    duty.keep()
    assert duty.one("OTHER").muted.until is not None
    if again:
        duty.take(20, "R-02")
    duty.take(24.5, "R-02")
    assert duty.one("OTHER").muted is None  # on the screen at once
    duty.keep()
    duty.route()
    assert duty.told("OTHER") == ["raised yellow" if again else "stepped_up yellow"]


def test_a_cause_that_becomes_graver_hides_graver_ones_and_leaves_the_seals_right(duty):
    duty.inhibitions = [CAUSE.model_copy(update={"lesser": True, "settle_s": 60})]
    duty.take(23.5)
    duty.take(23.5, "R-02")
    duty.route()
    append(duty.conn, Progress())
    duty.take(24.5)
    duty.keep()
    duty.take(24.5, "R-02")
    duty.route()
    assert duty.told("OTHER") == []
    append(duty.conn, Progress())
    assert verify(duty.conn).trouble is None


# ---- pending, and nothing to do


def test_a_running_hold_is_pending_and_then_an_alert(duty):
    duty.take(31, "R-03")
    (one,) = pending(duty.conn)
    assert (one.rule, one.subject, one.grade) == ("HELD", "R-03/level_m", "blue")
    assert (one.since, one.due_at) == (duty.at, duty.at + timedelta(seconds=2))
    duty.take(31, "R-03")
    duty.take(31, "R-03")
    assert duty.one("HELD").state == "active"
    assert pending(duty.conn) == []


def test_where_nothing_is_kept_quiet_nothing_is_muted(duty):
    duty.take(24.5)
    numbers = [row[0] for row in duty.ask("select transition_id from outbox")]
    assert muted(duty.conn, numbers, [CAUSE]) == {}
    assert muted(duty.conn, []) == {}


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


def test_a_rulebook_that_is_not_the_newest_withdraws_nothing(duty):
    """The rule is back, and ingest judges by it already."""
    seed(duty.conn, AlertsSettings(rules=()), now())
    stale = Judge.load(duty.conn)
    seed(duty.conn, AlertsSettings(rules=(LEVEL,)), now())
    duty.judge = Judge.load(duty.conn)
    duty.take(24.5)
    assert withdraw_uncovered(duty.conn, stale) == []
    assert duty.one().state == "active"


def ask(conn, statement) -> int:
    with conn.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])
