"""`python -m alerts rules` and `backtest`: between the file and the rules in force, and back."""

import argparse
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from alerts import rule_command
from alerts.backtest import command as backtest_command
from alerts.rule_command import RulesFile, exported
from alerts.rule_editing import By, change, create, retire
from alerts.rule_history import RuleVersion, newest, versions
from alerts.rulebook import definition_of, seed
from alerts.settings import AlertsSettings
from tests.alerts.conftest import NOW
from tests.alerts.test_properties import RULES
from tests.alerts.timeline import absence, rule

FLOOD = rule(grades={"orange": "flood_limit", "red": 25.0}, dead_band=0.2)
TEXT = definition_of(FLOOD)
FILE = AlertsSettings(rules=(FLOOD,))
WEI = By("environment", "chatters", NOW + timedelta(hours=1))
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufeff\u2028\u2029"),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() == text)
TEXTS = st.builds(
    lambda one, zh, en, code: one.model_validate(
        definition_of(one) | {"label": {"zh": zh, "en": en}, "code": code}
    ),
    st.one_of(RULES, st.builds(absence, patience_s=st.integers(1, 10**6))),
    *(WORDS, WORDS),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", fullmatch=True).filter(
        lambda code: not code.startswith("SYSTEM-")
    ),
)


@pytest.fixture
def seeded(owner, district):
    seed(owner, FILE, NOW)
    owner.commit()


@pytest.fixture
def run(owner, seeded, capsys):
    """`run("list")`: the status, and what was printed."""

    def run(*said, settings=FILE):
        parser = argparse.ArgumentParser()
        rule_command.add_arguments(parser)
        status = rule_command.run(owner, parser.parse_args(said), settings)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return run


@settings(max_examples=50)
@given(st.lists(TEXTS, max_size=4, unique_by=lambda one: one.code))
def test_what_is_exported_the_file_takes_and_it_says_the_same(tmp_path_factory, rules):
    kept = [RuleVersion(r.code, 1, definition_of(r), "a", "b", NOW, None) for r in rules]
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(exported(kept), "utf-8")
    found = config.load_document(path, RulesFile).found.alerts.rules
    assert [definition_of(one) for one in found] == [one.definition for one in kept]


def test_diff_shows_field_by_field(run, owner):
    assert run("diff")[0] == 0
    change(owner, "LEVEL", TEXT | {"dead_band": 0.5}, 1, WEI)
    status, said = run("diff")
    assert status == 1
    assert said.splitlines() == [
        "LEVEL: version 2 by environment is in force; the file differs in dead_band",
        "  dead_band: in the file 0.2, in force 0.5",
    ]


def test_export_leaves_out_what_is_built_in_or_retired(run, owner, tmp_path):
    create(owner, TEXT | {"code": "OLD"}, WEI)
    retire(owner, "OLD", 1, WEI)
    path = tmp_path / "out.yaml"
    assert run("export", "--output", str(path)) == (0, "")
    found = config.load_document(path, RulesFile).found.alerts.rules
    assert [one.code for one in found] == ["LEVEL"]
    assert run("export")[1] == path.read_text("utf-8")


def test_a_dry_run_says_what_an_import_does_and_changes_nothing(run, owner, tmp_path):
    path = tmp_path / "rules.yaml"
    rules = [
        RuleVersion("LEVEL", 1, TEXT | {"dead_band": 0.5}, "a", "b", NOW, None),
        RuleVersion("NEW", 1, TEXT | {"code": "NEW"}, "a", "b", NOW, None),
    ]
    path.write_text(exported(rules), "utf-8")
    before = newest(owner)
    told = "LEVEL: changed\n  dead_band: was 0.2, becomes 0.5\nNEW: new\n"
    said = run("import", str(path), "--dry-run")
    assert said == (0, f"{told}nothing was changed (--dry-run)\n")
    assert newest(owner) == before
    by = ("--author", "environment", "--reason", "from the neighbours")
    assert run("import", str(path), *by) == (0, told)
    new = versions(owner, "LEVEL")[0]
    assert (new.version, new.author, new.reason) == (2, "environment", "from the neighbours")
    assert run("import", str(path), *by) == (0, "LEVEL: unchanged\nNEW: unchanged\n")


def test_an_import_is_all_or_nothing_and_names_the_rule_and_field(run, owner, tmp_path):
    path = tmp_path / "rules.yaml"
    rules = [
        RuleVersion("NEW", 1, TEXT | {"code": "NEW"}, "a", "b", NOW, None),
        RuleVersion("BAD", 1, TEXT | {"code": "BAD", "stations": ["R-9"]}, "a", "b", NOW, None),
    ]
    path.write_text(exported(rules), "utf-8")
    status, said = run("import", str(path), "--author", "environment", "--reason", "why")
    assert status == 2
    assert "nothing was changed: BAD.stations.0 = 'R-9': unknown station" in said
    assert versions(owner, "NEW") == []


def test_an_import_wants_author_and_reason_and_names_the_line(run, owner, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("alerts:\n  rules: []\n", "utf-8")
    assert "expected --author NAME" in run("import", str(path), "--reason", "why")[1]
    assert "expected why" in run("import", str(path), "--author", "environment")[1]
    path.write_text("alerts:\n  rules:\n  - code: A\n    dead_bond: 1\n", "utf-8")
    status, said = run("import", str(path), "--dry-run")
    assert status == 2
    assert "line 4: alerts.rules.0.dead_bond = 1: unknown key; did you mean 'dead_band'?" in said


def test_list_and_check_say_how_rules_stand(run, owner):
    assert run("check") == (0, "the rules in force fit the stations and limits that there are\n")
    with owner.cursor() as cursor:
        cursor.execute("update limit_value set name = 'other'")
    status, said = run("check")
    assert status == 1
    assert said.startswith("LEVEL: grades.orange = 'flood_limit': no covered station has such")
    retire(owner, "LEVEL", 1, WEI)
    assert run("list")[1].splitlines()[0] == (
        "LEVEL: version 2 by environment, 2026-11-22 13:00 UTC, retired; above, 3 series,"
        " 0 alerts open"
    )


def test_a_back_test_is_told_in_words(owner, seeded, district, capsys):
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into reading (series_id, observed_at, value, quality, received_at)"
            " select %s, %s + n * interval '1 minute', v, q, now()"
            "   from unnest(%s, %s, %s) x (n, v, q)",
            (
                *(district["R-01/level_m"], NOW),
                *([0, 1, 2, 3, 4], [20.0, 24.0, 23.0, 26.0, 20.0], [0, 0, 0, 4, 0]),
            ),
        )
    parser = argparse.ArgumentParser()
    backtest_command.add_arguments(parser)
    asked = ["LEVEL", "--from", "2026-11-22", "--to", "2026-11-23"]
    assert backtest_command.run(owner, parser.parse_args(asked), now=NOW + timedelta(days=1)) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:3] == [
        "LEVEL, 2026-11-22 00:00 to 2026-11-23 00:00: 2 alerts, 1 of them from bad data",
        "by grade: red 1, orange 1",
        "by station: R-01 2",
    ]
    assert (
        "  R-01/level_m red: began 2026-11-22 20:03, ended 2026-11-22 20:04, peak 26, from bad data"
        in said
    )
    assert said[-1].startswith("5 readings of 3 series in ")
    assert backtest_command.run(owner, parser.parse_args(["NONE"])) == 1
    assert "there is no rule NONE" in capsys.readouterr().err
