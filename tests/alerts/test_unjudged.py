"""SYSTEM-JUDGE: what nobody judges is an alert, not a line in a log alone."""

from datetime import timedelta

import pytest

from alerts import unjudged
from alerts.rulebook import load_rulebook, seed
from alerts.settings import AlertsSettings
from alerts.wording import say
from tests.alerts.conftest import NOW
from tests.alerts.telling import run


@pytest.fixture
def seeded(ingest, district):
    seed(ingest, AlertsSettings(), NOW)
    ingest.commit()
    return ingest


def arrives(conn, series_id, minutes):
    run(
        conn,
        "update series_state set observed_at = %s where series_id = %s",
        *(NOW + timedelta(minutes=minutes), series_id),
    )


def steps(conn, unreadable=()):
    found = unjudged.check(conn, unreadable)
    conn.commit()
    return found


def test_a_station_is_unjudged_while_one_of_its_series_is(seeded, district):
    level, wind = district["R-01/level_m"], district["W-01/wind_speed_ms"]
    unjudged.note(seeded, [(level, NOW), (level, NOW - timedelta(1))], ValueError("of nothing"))
    arrives(seeded, level, 0)
    arrives(seeded, wind, 0)
    (raised,) = steps(seeded)
    assert (raised.kind, raised.grade, raised.watch.subject) == ("raised", "orange", "judge/R-01")
    assert "ValueError: of nothing" in say(raised.reason)["en"]
    assert say(raised.reason)["zh"].startswith("R-01 的读数自 ")
    arrives(seeded, wind, 1)
    assert steps(seeded) == []
    arrives(seeded, level, 1)
    (ended,) = steps(seeded)
    assert (ended.kind, say(ended.reason)["en"]) == ("ended", "R-01 is judged again, or is gone")


def test_what_fails_again_goes_on_since_the_first_time(seeded, district, owner):
    level = district["R-01/level_m"]
    unjudged.note(seeded, [(level, NOW)], ValueError("first"))
    arrives(seeded, level, 0)
    run(owner, "update unjudged set since = since - interval '1 hour'")
    unjudged.note(seeded, [(level, NOW + timedelta(minutes=1))], ValueError("second"))
    arrives(seeded, level, 1)
    (raised,) = steps(seeded)
    assert raised.at - raised.alert.began_at >= timedelta(hours=1)
    arrives(seeded, level, 2)
    assert [step.kind for step in steps(seeded)] == ["ended"]
    unjudged.note(seeded, [(level, NOW + timedelta(minutes=3))], ValueError("third"))
    arrives(seeded, level, 3)
    (anew,) = steps(seeded)
    assert anew.at - anew.alert.began_at < timedelta(hours=1)


def test_who_measures_no_more_is_not_waited_for(seeded, district, owner):
    """A sensor that is taken out sends nothing newer: its alert would stand for ever."""
    level = district["R-01/level_m"]
    unjudged.note(seeded, [(level, NOW)], ValueError("first"))
    arrives(seeded, level, 0)
    assert [step.kind for step in steps(seeded)] == ["raised"]
    run(owner, "update sensor set valid_to = now() where series_id = %s", level)
    assert [step.kind for step in steps(seeded)] == ["ended"]


def test_whatever_an_error_says_can_be_noted(seeded, district):
    level = district["R-01/level_m"]
    unjudged.note(seeded, [(level, NOW)], ValueError("a\0b\ud800c" + "x" * 1000))
    arrives(seeded, level, 0)
    (raised,) = steps(seeded)
    assert "ValueError: ab?c" in say(raised.reason)["en"]


def test_a_rule_that_cannot_be_read_is_an_alert_until_it_can(seeded, owner):
    run(
        owner,
        "with r as (insert into rule (code) values ('OF-TOMORROW') returning id)"
        " insert into rule_version (rule_id, version, definition, author, reason)"
        """ select id, 1, '{"code": "OF-TOMORROW", "when": "foretold"}', 'ops', 'x' from r""",
    )
    book = load_rulebook(seeded)
    (raised,) = steps(seeded, book.unreadable)
    assert raised.watch.subject == "judge/rule/OF-TOMORROW"
    assert say(raised.reason)["en"].startswith("rule OF-TOMORROW cannot be read")
    assert steps(seeded, book.unreadable) == []
    (ended,) = steps(seeded)
    assert say(ended.reason)["en"] == "OF-TOMORROW is judged again, or is gone"
