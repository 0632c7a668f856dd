"""What people see of alerts, on the real database."""

import base64
from datetime import timedelta

import pytest

from alerts.alert import to_json
from alerts.life.taking import acknowledge
from alerts.store import (
    BadCursor,
    changed_keys,
    find_alert,
    list_alerts,
    open_alerts,
)
from database.pool import Connection
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


def test_what_changed_since_is_found(put_alert, staff: Connection, owner: Connection):
    put_alert("A1")
    with owner.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        before = cursor.fetchone()[0]
    owner.commit()
    assert changed_keys(staff, before) == {}
    acknowledge(staff, "A1", "duty", None, expected_version=1, now=NOW)
    assert list(changed_keys(staff, before)) == ["A1"]
