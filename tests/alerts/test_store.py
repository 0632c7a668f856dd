"""What people see of alerts and what they do to them, on the real database."""

import base64
import threading
from datetime import timedelta

import pytest

from alerts.alert import life_to_json, to_json
from alerts.store import (
    Acknowledged,
    BadCursor,
    Conflict,
    NoSuchAlert,
    acknowledge,
    changed_alerts,
    find_alert,
    get_alert,
    list_alerts,
    open_alerts,
)
from database.pool import Connection, connect
from tests.alerts.conftest import NOW


def test_an_alert_reads_as_the_shared_object_in_both_languages(put_alert, staff: Connection):
    put_alert("A1")
    document = to_json(find_alert(staff, "A1"))
    assert document["station"] == "R-01"
    assert document["station_names"] == {"zh": "R-01 站", "en": "Station R-01"}
    assert document["unit"] == "m"
    assert document["quality"] == "good"
    assert document["reason"] == {
        "zh": "水位 23.86 m 高于汛限 23.50 m，已持续 5 分钟",
        "en": "Level 23.86 m above flood limit 23.50 m for 5 minutes",
    }
    assert document["began_at"] == "2026-11-22T12:00:00Z"


def test_a_list_is_paged_newest_first_and_misses_nothing(put_alert, staff: Connection):
    for number in range(7):  # three share a moment, so that the id must break the tie
        put_alert(f"A{number}", began_at=NOW + timedelta(minutes=max(number, 3)))
    seen, cursor = [], None
    while True:
        page = list_alerts(staff, limit=2, cursor=cursor)
        seen += [alert.id for alert in page.alerts]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == ["A6", "A5", "A4", "A3", "A2", "A1", "A0"]


def test_a_list_is_filtered_by_state_and_time(put_alert, staff: Connection):
    put_alert("open")
    put_alert("ended", state="ended", ended_at=NOW, began_at=NOW - timedelta(hours=1))
    assert [a.id for a in list_alerts(staff, state="open").alerts] == ["open"]
    assert [a.id for a in list_alerts(staff, state="ended").alerts] == ["ended"]
    assert [a.id for a in list_alerts(staff, began_from=NOW).alerts] == ["open"]
    assert [a.id for a in list_alerts(staff, began_to=NOW).alerts] == ["ended"]
    assert [a.id for a in open_alerts(staff)] == ["open"]


def test_a_foreign_cursor_is_refused(staff: Connection):
    with pytest.raises(BadCursor):
        list_alerts(staff, cursor="rubbish")


def test_a_cursor_with_a_character_that_the_database_lacks_is_refused(staff: Connection):
    cursor = base64.urlsafe_b64encode(b"2026-11-22T12:00:00+00:00 \0").decode()
    with pytest.raises(BadCursor):
        list_alerts(staff, cursor=cursor)


def test_acknowledging_makes_an_owner_and_one_step_in_the_journal(put_alert, staff: Connection):
    put_alert("A1")
    answer = acknowledge(staff, "A1", "duty", "on my way", expected_version=1, now=NOW)
    assert isinstance(answer, Acknowledged)
    assert (answer.alert.owner, answer.alert.state) == ("duty", "acknowledged")
    assert answer.alert.version == 2
    life = life_to_json(get_alert(staff, "A1"))
    assert [step["kind"] for step in life["transitions"]] == ["raised", "acknowledged"]
    assert life["transitions"][1]["reason"]["zh"] == "duty 已接警"


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


def test_what_changed_since_is_found(put_alert, staff: Connection, owner: Connection):
    put_alert("A1")
    with owner.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        before = cursor.fetchone()[0]
    owner.commit()
    assert changed_alerts(staff, before) == []
    acknowledge(staff, "A1", "duty", None, expected_version=1, now=NOW)
    assert [alert.id for alert in changed_alerts(staff, before)] == ["A1"]
