"""Who has the last word over rules: the file proposes, the database is in force."""

import json
from datetime import timedelta

import pytest
from psycopg2.errors import InsufficientPrivilege

import config
from alerts.built_in import SYSTEM_INGEST
from alerts.judging import Judge
from alerts.laying import lay
from alerts.rulebook import definition_of, drift, load_rulebook, seed
from alerts.settings import AlertsSettings
from sensors.settings import SensorsSettings
from sensors.store import sync
from tests.alerts.conftest import NOW
from tests.alerts.timeline import absence, rule

LATER = NOW + timedelta(days=1)
FLOOD = {"grades": {"orange": "flood_limit"}}


def file(*rules):
    return AlertsSettings(rules=rules)


def versions(conn, code="LEVEL"):
    with conn.cursor() as cursor:
        cursor.execute(
            "select version, author, definition, retired_at from rule_version v"
            " join rule r on r.id = v.rule_id where code = %s order by version",
            (code,),
        )
        return cursor.fetchall()


def edit(conn, definition):
    """What the screen will do: a version by a person, from nothing in the file."""
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into rule_version (rule_id, version, definition, author, reason)"
            " select rule_id, max(version) + 1, %s, 'environment', 'chatters' from rule_version"
            " join rule r on r.id = rule_id where code = 'LEVEL' group by rule_id",
            (json.dumps(definition),),
        )


def test_seeding_twice_writes_once(owner, district):
    seed(owner, file(rule()), NOW)
    assert seed(owner, file(rule()), LATER) == []
    assert [row[0] for row in versions(owner)] == [1]
    assert [row[0] for row in versions(owner, SYSTEM_INGEST)] == [1]


def test_a_changed_text_becomes_a_new_version(owner, district):
    seed(owner, file(rule()), NOW)
    assert drift(owner, file(rule(dead_band=1)))[0].text == (
        "the file has changed and is not seeded yet: dead_band"
    )
    assert seed(owner, file(rule(dead_band=1)), LATER) == []
    assert [row[0] for row in versions(owner)] == [1, 2]
    assert load_rulebook(owner).watches[0].version == 2


def test_what_somebody_edited_on_screen_stays_and_the_drift_is_reported(owner, district):
    seed(owner, file(rule()), NOW)
    definition = versions(owner)[0][2] | {"dead_band": 3.0}
    edit(owner, definition)
    for text in (rule(), rule(dead_band=1)):
        found = seed(owner, file(text), LATER)
        assert str(found[0]) == (
            "LEVEL: version 2 by environment is in force; the file differs in dead_band"
        )
    assert [row[1] for row in versions(owner)] == ["config.yaml", "environment"]
    assert seed(owner, file(rule(dead_band=3)), LATER) == []


def test_a_rule_gone_from_the_file_retires_and_may_come_back(owner, district):
    seed(owner, file(rule(**FLOOD)), NOW)
    assert seed(owner, file(), LATER) == []
    (_, *first), (number, author, text, retired_at) = versions(owner)
    assert first == ["config.yaml", text, None], "what was written once stays as it was"
    assert (number, author, retired_at) == (2, "config.yaml", LATER)
    assert seed(owner, file(), LATER + timedelta(days=1)) == []
    assert len(versions(owner)) == 2
    assert [watch.code for watch in load_rulebook(owner).watches] == [SYSTEM_INGEST]
    seed(owner, file(rule(**FLOOD)), LATER)
    assert "LEVEL" in [watch.code for watch in load_rulebook(owner).watches]


def test_no_program_can_silence_a_rule_by_changing_its_version(ingest, owner, district):
    seed(owner, file(rule()), NOW)
    owner.commit()
    with pytest.raises(InsufficientPrivilege):
        execute(ingest, "update rule_version set retired_at = now()")


def test_an_edited_rule_gone_from_the_file_stays(owner, district):
    seed(owner, file(rule()), NOW)
    edit(owner, versions(owner)[0][2])
    found = seed(owner, file(), LATER)
    assert found[0].text == "version 2 by environment is in force; the file does not have it"
    assert versions(owner)[-1][3] is None


def test_drift_says_what_is_not_seeded_yet(owner, district):
    found = drift(owner, file(rule()))
    assert {each.text for each in found} == {"in the file, not seeded yet"}


def test_a_rule_is_laid_upon_the_series_that_it_covers(owner, district):
    seed(owner, file(rule(), absence(code="SILENT", kind=None, stations=("R-02",))), NOW)
    found = {(watch.code, watch.subject) for watch in load_rulebook(owner).watches}
    assert found == {
        ("LEVEL", "R-01/level_m"),
        ("LEVEL", "R-02/level_m"),
        ("LEVEL", "R-03/level_m"),
        ("SILENT", "R-02/level_m"),
        (SYSTEM_INGEST, "ingest"),
    }


def test_a_named_limit_covers_only_stations_that_have_it(owner, district):
    seed(owner, file(rule(**FLOOD)), NOW)
    found = [watch for watch in load_rulebook(owner).watches if watch.code == "LEVEL"]
    assert [watch.subject for watch in found] == ["R-01/level_m"]
    assert found[0].limits[2][0].value == 23.5
    assert found[0].limits[2][0].zh == "汛限"


def test_a_public_rule_is_public_only_at_public_stations(owner, district):
    with owner.cursor() as cursor:
        cursor.execute(
            "update station_version set public = false where station_id ="
            " (select id from station where code = 'R-02')"
        )
    seed(owner, file(rule(public=True)), NOW)
    public = {watch.subject: watch.public for watch in load_rulebook(owner).watches}
    assert public["R-01/level_m"] is True
    assert public["R-02/level_m"] is False


def test_a_watch_knows_its_durations(owner, district):
    seed(owner, file(rule(on_delay_s=60, fresh_s=30)), NOW)
    watch = load_rulebook(owner).watches[0]
    assert watch.fresh == timedelta(seconds=30)
    assert watch.gap == timedelta(seconds=300)


def test_a_rule_that_cannot_be_read_stops_no_other(owner, district, caplog):
    seed(owner, file(rule(), absence(code="SILENT")), NOW)
    edit(owner, {"code": "LEVEL", "when": "sideways"})
    found = load_rulebook(owner)
    assert {watch.code for watch in found.watches} == {"SILENT", SYSTEM_INGEST}
    assert len(found.unreadable) == 1
    assert "rule LEVEL judges nothing: cannot be read: " in caplog.text


@pytest.mark.parametrize(
    "silly", [{"patience_s": 10**15}, {"patience_s": 10**11}, {"patience_intervals": 1e300}]
)
def test_a_patience_beyond_the_calendar_stops_no_other_rule(owner, district, silly):
    """It got there by hand, or by an older version: once it ended every process that read it."""
    seed(owner, file(rule(code="OTHER"), absence(code="LEVEL")), NOW)
    said = definition_of(absence()) | silly
    edit(owner, {key: said[key] for key in said if key != "patience_s" or key in silly})
    found = load_rulebook(owner)
    assert {watch.code for watch in found.watches} == {"OTHER", SYSTEM_INGEST}
    assert len(found.unreadable) == 1


def test_a_rule_that_our_own_code_fails_upon_stops_no_other(owner, district, caplog, monkeypatch):
    """A defect that nobody knows of yet: it can only be pretended."""

    def defect(rule_id, version, rule, ground):
        if rule.code == "LEVEL":
            raise OverflowError("date value out of range")
        return lay(rule_id, version, rule, ground)

    seed(owner, file(rule(), absence(code="SILENT")), NOW)
    monkeypatch.setattr("alerts.rulebook.lay", defect)
    found = load_rulebook(owner)
    assert {watch.code for watch in found.watches} == {"SILENT", SYSTEM_INGEST}
    assert len(found.unreadable) == 1
    assert "rule LEVEL judges nothing" in caplog.text


def test_every_shipped_rule_covers_something(owner):
    shipped = config.load()
    sync(owner, shipped.section(SensorsSettings), NOW)
    assert seed(owner, shipped.section(AlertsSettings), NOW) == []
    covered = {watch.code for watch in load_rulebook(owner).watches}
    assert covered == {rule.code for rule in shipped.section(AlertsSettings).rules} | {
        SYSTEM_INGEST
    }


def test_rules_are_laid_anew_when_something_changed_and_only_then(owner, district):
    seed(owner, file(rule()), NOW)
    judge = Judge.load(owner)
    assert judge.newest(owner) is judge
    changes = [
        lambda: seed(owner, file(rule(dead_band=1)), LATER),
        lambda: edit(owner, versions(owner)[0][2] | {"dead_band": 3.0}),
        lambda: seed(owner, file(rule(code="OTHER")), NOW - timedelta(days=1)),  # clock set back
        lambda: execute(owner, "update limit_value set value = 24"),
        lambda: execute(owner, "update sensor set valid_to = now()"),
    ]
    for change in changes:
        change()
        later = judge.newest(owner)
        assert later is not judge
        assert later.newest(owner) is later
        judge = later


def test_a_limit_brings_the_mean_that_it_is_for_into_the_reason(owner, district):
    execute(owner, "update limit_value set mean_over_s = 3600 where name = 'flood_limit'")
    seed(owner, file(rule(**FLOOD)), NOW)
    judge = Judge.load(owner)
    [watch] = [watch for some in judge.watches.values() for watch in some]
    [limit] = [limit for some in watch.limits for limit in some]
    assert (limit.mean_over_s, limit.en) == (3600, "flood limit")


def execute(conn, statement):
    with conn.cursor() as cursor:
        cursor.execute(statement)
