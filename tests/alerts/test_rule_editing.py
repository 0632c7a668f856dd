"""Rules edited by people: versions with author and reason, checked as the file is, first come."""

import threading
from datetime import timedelta

import pytest

from alerts.built_in import SYSTEM_INGEST
from alerts.judging import Judge
from alerts.rule_editing import (
    BadRule,
    By,
    NoSuchRule,
    RefusedEdit,
    RuleChanged,
    RuleExists,
    change,
    create,
    reinstate,
    retire,
)
from alerts.rule_history import Difference, differences, newest, versions
from alerts.rulebook import definition_of, drift, seed
from alerts.settings import AlertsSettings
from database.pool import connect
from tests.alerts.conftest import NOW
from tests.alerts.timeline import absence, rule

FLOOD = rule(grades={"orange": "flood_limit", "red": 25.0}, dead_band=0.2)
TEXT = definition_of(FLOOD)
LATER = NOW + timedelta(hours=1)
WEI = By("environment", "chatters at night", LATER)


@pytest.fixture
def seeded(owner, district):
    seed(owner, AlertsSettings(rules=(FLOOD,)), NOW)
    owner.commit()


def rulebook(conn):
    return {one.code: one for some in Judge.load(conn).watches.values() for one in some}


def test_a_change_is_a_version_with_author_reason_and_time_and_is_in_force(staff, seeded):
    change(staff, "LEVEL", TEXT | {"dead_band": 0.5}, 1, WEI)
    new, old = versions(staff, "LEVEL")
    assert (old.version, old.author, old.definition) == (1, "config.yaml", TEXT)
    assert (new.version, new.author, new.reason, new.created_at) == (
        *(2, "environment", "chatters at night", LATER),
    )
    assert differences(old.definition, new.definition) == [Difference("dead_band", 0.2, 0.5)]
    assert rulebook(staff)["LEVEL"].version == 2


def test_the_file_does_not_take_back_what_a_person_changed(staff, owner, seeded):
    change(staff, "LEVEL", TEXT | {"dead_band": 0.5}, 1, WEI)
    staff.commit()
    found = seed(owner, AlertsSettings(rules=(FLOOD,)), LATER)
    assert [each.code for each in found] == ["LEVEL"]
    assert rulebook(owner)["LEVEL"].version == 2


def test_who_read_an_older_version_is_told_of_the_newer_one(staff, seeded):
    change(staff, "LEVEL", TEXT | {"dead_band": 0.5}, 1, WEI)
    with pytest.raises(RuleChanged, match="now version 2 by environment") as refused:
        change(staff, "LEVEL", TEXT | {"dead_band": 0.7}, 1, WEI)
    assert refused.value.newest.version == 2


def test_of_two_who_edit_at_once_one_is_told(staff, database, seeded):
    change(staff, "LEVEL", TEXT | {"dead_band": 0.5}, 1, WEI)
    other, refused = connect(database, "staff", application="test"), []

    def edit():
        try:
            change(other, "LEVEL", TEXT | {"dead_band": 0.9}, 1, WEI)
        except RuleChanged as error:
            refused.append(error)

    second = threading.Thread(target=edit)
    second.start()
    staff.commit()
    second.join(60)
    other.close()
    assert [error.newest.definition["dead_band"] for error in refused] == [0.5]


def test_the_same_text_again_changes_nothing(staff, seeded):
    assert change(staff, "LEVEL", TEXT | {"off_delay_s": 0}, 1, WEI).version == 1
    assert len(versions(staff, "LEVEL")) == 1


def test_a_new_rule_is_in_force_and_seeding_leaves_it(staff, owner, seeded):
    text = TEXT | {"code": "LEVEL-2", "grades": {"yellow": 20.0}}
    assert create(staff, text, WEI).version == 1
    staff.commit()
    seed(owner, AlertsSettings(rules=(FLOOD,)), LATER)
    owner.commit()
    assert "LEVEL-2" in rulebook(owner)
    with pytest.raises(RuleExists, match="change that"):
        create(staff, text, WEI)


def test_a_retired_rule_judges_nothing_and_may_come_back_with_another_text(staff, owner, seeded):
    assert retire(staff, "LEVEL", 1, WEI).retired_at == LATER
    staff.commit()
    assert "LEVEL" not in rulebook(owner)
    found = drift(owner, AlertsSettings(rules=(FLOOD,)))
    assert [str(each) for each in found] == ["LEVEL: retired by environment; the file still has it"]
    with pytest.raises(RefusedEdit, match="retired already"):
        retire(staff, "LEVEL", 2, WEI)
    with pytest.raises(RefusedEdit, match="reinstate it"):
        change(staff, "LEVEL", TEXT, 2, WEI)
    back = reinstate(staff, "LEVEL", 2, WEI, TEXT | {"dead_band": 0.3})
    assert (back.version, back.retired_at) == (3, None)
    assert "LEVEL" in rulebook(staff)
    with pytest.raises(RefusedEdit, match="in force"):
        reinstate(staff, "LEVEL", 3, WEI)


@pytest.mark.parametrize(
    ("changes", "field", "remedy"),
    [
        ({"dead_band": -1}, "dead_band", "greater than or equal to 0"),
        ({"unit": "cm"}, "", "level_m"),
        ({"grades": {"orange": "floot_limit"}}, "grades.orange", "did you mean 'flood_limit'?"),
        ({"grades": {"orange": 24, "red": 23}}, "grades", "must rise from blue to red"),
        ({"stations": ["R-9"]}, "stations.0", "unknown station; known are R-01"),
        ({"stations": ["W-01"]}, "stations.0", "does not measure level_m"),
        ({"dead_bandd": 1}, "dead_bandd", "did you mean 'dead_band'?"),
        ({"dead_band": 2}, "dead_band", "smaller than the gap between orange (23.5) and red (25)"),
    ],
)
def test_a_wrong_text_is_refused_with_field_and_remedy(staff, seeded, changes, field, remedy):
    with pytest.raises(BadRule) as refused:
        change(staff, "LEVEL", TEXT | changes, 1, WEI)
    found = {".".join(map(str, one.where)): one.problem for one in refused.value.mistakes}
    assert remedy in found[field]
    assert len(versions(staff, "LEVEL")) == 1


def test_a_reason_is_asked_for_and_a_code_is_for_life(staff, seeded):
    with pytest.raises(BadRule, match="why it is changed"):
        retire(staff, "LEVEL", 1, By("environment", "  ", LATER))
    with pytest.raises(BadRule, match="a rule keeps its code"):
        change(staff, "LEVEL", TEXT | {"code": "OTHER"}, 1, WEI)
    with pytest.raises(RefusedEdit, match="built in"):
        retire(staff, SYSTEM_INGEST, 1, WEI)
    with pytest.raises(NoSuchRule):
        change(staff, "NONE", TEXT | {"code": "NONE"}, 1, WEI)


IN_A_GROUP = {"metric": "level_m", "kind": "reservoir", "when": "above", "unit": "m", "limit": 20}
NO_DATA = definition_of(absence())
COMPOSITE = {
    "code": "LEVEL",
    "label": TEXT["label"],
    "when": "any",
    "grade": "red",
    "of": [IN_A_GROUP, IN_A_GROUP | {"limit": 25}],
}


@pytest.mark.parametrize("text", [NO_DATA, COMPOSITE])
def test_a_rule_does_not_turn_into_another_kind(staff, seeded, text):
    """What limits have open would be judged as a silence: never ended, never raised again."""
    with pytest.raises(BadRule, match="retire this rule and make another") as refused:
        change(staff, "LEVEL", text, 1, WEI)
    assert [one.where for one in refused.value.mistakes] == [("when",)]
    retire(staff, "LEVEL", 1, WEI)
    with pytest.raises(BadRule, match="cannot turn into one another"):
        reinstate(staff, "LEVEL", 2, WEI, text)
    create(staff, text | {"code": "LEVEL-2"}, WEI)
    with pytest.raises(BadRule, match="cannot turn into one another"):
        change(staff, "LEVEL-2", TEXT | {"code": "LEVEL-2"}, 1, WEI)


def test_limits_of_another_direction_are_the_same_kind(staff, seeded):
    below = TEXT | {"when": "below", "grades": {"orange": 3.0, "red": 2.0}}
    assert change(staff, "LEVEL", below, 1, WEI).version == 2


def test_absence_is_a_rule_like_any_other(staff, seeded):
    create(staff, definition_of(absence(code="SILENT", patience_s=60)), WEI)
    codes = [one.code for one in newest(staff)]
    assert codes == sorted(codes)
    assert {"LEVEL", "SILENT", SYSTEM_INGEST} <= set(codes)


def test_differences_name_fields_within_fields():
    before = {"label": {"zh": "甲", "en": "A"}, "grades": {"red": 5.0}, "public": True}
    after = {"label": {"zh": "乙", "en": "A"}, "grades": {"red": 5.0, "blue": 1.0}}
    assert [(each.field, each.before, each.after) for each in differences(before, after)] == [
        ("label.zh", "甲", "乙"),
        ("grades.blue", None, 1.0),
        ("public", True, None),
    ]
    assert differences(before, before) == []
