"""What officers do with alerts on the real database: acknowledge, hand over, note, reset."""

import threading

from alerts.alert import life_to_json
from alerts.life.settings import LifeSettings
from alerts.life.steps import Done, NoSuchAlert, Refused
from alerts.life.taking import (
    Acknowledged,
    Conflict,
    acknowledge,
    acknowledge_all,
    add_note,
    hand_over,
    reset,
)
from alerts.store import find_alert, get_alert
from alerts.wording import say
from database.pool import Connection, connect
from tests.alerts.conftest import NOW
from tests.alerts.duty import acknowledged, ask, now, shelved
from tests.servers.waiting import until


def test_acknowledging_makes_an_owner_and_one_step_in_the_journal(put_alert, staff: Connection):
    put_alert("A1")
    answer = acknowledge(staff, "A1", "duty", "on my way", expected_version=1, now=NOW)
    assert isinstance(answer, Acknowledged)
    assert (answer.alert.owner, answer.alert.state) == ("duty", "acknowledged")
    assert answer.alert.version == 2
    life = life_to_json(get_alert(staff, "A1"))
    assert [step["kind"] for step in life["transitions"]] == ["raised", "acknowledged"]
    assert life["transitions"][1]["reason"]["zh"] == "duty 已确认"


def test_a_second_tap_of_the_owner_changes_nothing(put_alert, staff: Connection):
    put_alert("A1")
    acknowledge(staff, "A1", "duty", None, expected_version=1, now=NOW)
    again = acknowledge(staff, "A1", "duty", None, expected_version=1, now=NOW)
    assert isinstance(again, Acknowledged)
    assert again.repeated
    assert len(get_alert(staff, "A1").steps) == 2


def test_the_second_officer_is_told_who_has_it(put_alert, staff: Connection):
    put_alert("A1")
    acknowledge(staff, "A1", "duty", None, expected_version=1, now=NOW)
    for version in (1, 2):
        answer = acknowledge(staff, "A1", "colleague", None, expected_version=version, now=NOW)
        assert isinstance(answer, Conflict)
        assert answer.owner == "duty"


def test_an_alert_that_changed_since_it_was_read_is_not_taken_over(put_alert, staff: Connection):
    put_alert("A1", version=2)
    answer = acknowledge(staff, "A1", "duty", None, expected_version=1, now=NOW)
    assert answer == Conflict(find_alert(staff, "A1"), None)


def test_an_ended_alert_can_still_be_acknowledged_and_stays_ended(put_alert, staff: Connection):
    put_alert("A1", state="ended", ended_at=NOW)
    answer = acknowledge(staff, "A1", "duty", "seen in the morning", expected_version=1, now=NOW)
    assert isinstance(answer, Acknowledged)
    assert (answer.alert.state, answer.alert.owner) == ("ended", "duty")


def test_an_unknown_alert_is_said_to_be_unknown(staff: Connection):
    assert acknowledge(staff, "nope", "duty", None, expected_version=1, now=NOW) == NoSuchAlert(
        "nope"
    )
    assert get_alert(staff, "nope") is None


def test_officers_at_once_one_tapping_twice_make_one_owner_and_one_step(database, put_alert):
    put_alert("A1")
    together = threading.Barrier(4)
    answers = []

    def tap(who: str) -> None:
        conn = connect(database, "staff", application="test")
        together.wait()
        answers.append((who, acknowledge(conn, "A1", who, None, expected_version=1, now=NOW)))
        conn.commit()
        conn.close()

    threads = [threading.Thread(target=tap, args=(who,)) for who in ("li", "wang", "li", "zhao")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    conn = connect(database, "staff", application="test")
    life = get_alert(conn, "A1")
    conn.close()
    assert [step.kind for step in life.steps] == ["raised", "acknowledged"]
    for who, answer in answers:
        if who == life.alert.owner:
            assert isinstance(answer, Acknowledged)
        else:
            assert isinstance(answer, Conflict)
            assert answer.owner == life.alert.owner


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


def test_taking_waits_for_ingest_and_holds_no_alert_that_ingest_may_want(duty, database):
    """The rule's state first, then its alerts: in another order both would wait for each other."""
    for level in (24.5, 20, 24.5):
        duty.take(level)
    duty.conn.commit()
    ingest = connect(database, "ingest", application="test")
    ask(
        ingest,
        "select count(*) from (select from rule_state where subject = 'R-01/level_m' for update) s",
    )
    taking = threading.Thread(target=acknowledged, args=(duty,))
    taking.start()
    try:
        waits = "select count(*) from pg_locks where not granted"
        until(lambda: ask(ingest, waits) >= 1, "the officer to wait")
        assert ask(ingest, "select count(*) from (select from alert for update nowait) s") == 2
    finally:
        ingest.rollback()
        taking.join()
        ingest.close()
    assert [alert.state for alert in duty.alerts()] == ["acknowledged", "ended"]


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
