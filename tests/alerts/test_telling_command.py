"""`python -m alerts test` and `rota`: who would be told and why; who is on duty, where nobody."""

import argparse
from datetime import timedelta

import pytest

from alerts.receiver_settings import (
    DutySettings,
    EscalationSettings,
    ReceiverSettings,
    RouteSettings,
)
from alerts.rulebook import seed
from alerts.sending import command
from alerts.settings import AlertsSettings
from alerts.times import BEIJING
from tests.alerts.conftest import NOW
from tests.alerts.telling import query
from tests.alerts.timeline import absence, rule

WATER = DutySettings(code="water", zh="水利", en="Water")
SPARE = DutySettings(code="spare", zh="备班", en="Spare", filled=False)
SETTINGS = AlertsSettings(
    rules=(
        rule(code="FLOOD", kind=None, stations=("R-01", "R-02"), grades={"blue": 100, "red": 110}),
        absence(code="SILENT", kind="weather", metric="wind_speed_ms"),
    ),
    receivers=(
        ReceiverSettings(name="desk", type="log"),
        ReceiverSettings(name="chief", type="log", min_grade="red"),
    ),
    routes=(
        RouteSettings(name="night", hours="20:00-08:00", to=("desk",)),
        RouteSettings(name="water", departments=("water",), min_grade="red", to=("duty:water",)),
        RouteSettings(name="chief", to=("chief",)),
    ),
    escalations=(
        EscalationSettings.model_validate(
            {"name": "red", "min_grade": "red", "steps": [{"after_s": 180, "to": ["chief"]}]}
        ),
    ),
    fallback=("desk",),
    duties=(WATER, SPARE),
)


@pytest.fixture
def run(ingest, district, capsys):
    """`run("rota", "--days", "1")`: the status, and the lines that were printed."""
    seed(ingest, SETTINGS, NOW)
    ingest.commit()

    def run(*said, settings=SETTINGS):
        parser = argparse.ArgumentParser()
        command.add_arguments(parser.add_subparsers(dest="command"))
        status = command.run(ingest, settings, parser.parse_args(said))
        ingest.rollback()
        printed = capsys.readouterr()
        return status, (printed.out + printed.err).splitlines()

    return run


@pytest.fixture
def shift(owner, ingest):
    """`shift("li", -1, 5)`: on duty at water from an hour ago until in five; returns its begin."""

    def shift(who, since_h, until_h, duty="water"):
        ((now,),) = query(ingest, "select date_trunc('minute', clock_timestamp())")
        with owner.cursor() as cursor:
            cursor.execute(
                "insert into duty_shift (duty, who, from_at, to_at, entered_by)"
                " values (%s, %s, %s, %s, 'duty')",
                (duty, who, now + timedelta(hours=since_h), now + timedelta(hours=until_h)),
            )
        owner.commit()
        return (now + timedelta(hours=since_h)).astimezone(BEIJING)

    return shift


# ---- test


AT_NOON = ("--at", "2026-11-28T12:00+08:00")
BY_NIGHT = ("--at", "2026-11-28T03:00+08:00")


def test_a_rule_is_explained_route_by_route_with_who_comes_later(run):
    status, lines = run("test", "FLOOD", "--grade", "red", "--station", "R-01", *AT_NOON)
    assert status == 0
    assert lines == [
        "red FLOOD at R-01 (reservoir, water), Sat 11-28 12:00:",
        "  route night: it is 12:00, not 20:00-08:00",
        "  route water: fits",
        "  told: desk (route water, to duty:water, fallback: nobody is on duty at water)",
        "  if nobody acknowledges, after 180 s (red):",
        "    told: chief (route red, to chief)",
    ]


def test_a_rule_is_asked_for_each_of_its_grades_and_stations(run):
    status, lines = run("test", "FLOOD", *BY_NIGHT)
    heads = [line for line in lines if not line.startswith(" ")]
    assert status == 0
    assert heads == [
        f"{grade} FLOOD at {station} (reservoir, water), Sat 11-28 03:00:"
        for station in ("R-01", "R-02")
        for grade in ("blue", "red")
    ]
    assert lines.count("  told: desk (route night, to desk)") == 4


def test_who_is_told_of_graver_ones_only_is_said_to_be_told_nothing(run):
    status, lines = run("test", "SILENT", *AT_NOON)
    assert status == 0
    assert lines[0] == "yellow SILENT at W-01 (weather, water), Sat 11-28 12:00:"
    assert "  route water: never was red or graver" in lines
    assert lines[-1] == "  told: nobody; chief is told of red and graver only"


def test_an_alert_is_asked_for_by_its_id_at_its_gravest_grade(run, put_alert):
    put_alert("A1", peak_grade="red", grade="blue")
    status, lines = run("test", "A1", *BY_NIGHT)
    head = "red LEVEL at R-01 (reservoir, no department), Sat 11-28 03:00:"
    assert (status, lines[0]) == (0, head)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (("NONE",), "there is no alert or rule 'NONE'"),
        (("FLOOD", "--station", "R-03"), "there is no alert or rule 'FLOOD' at R-03"),
    ],
)
def test_what_is_not_there_is_said_and_ends_with_1(run, said, sentence):
    assert run("test", *said) == (1, [sentence])


def test_many_stations_are_cut_short_and_counted(run, monkeypatch):
    monkeypatch.setattr(command, "_MOST_STATIONS", 1)
    status, lines = run("test", "FLOOD", *BY_NIGHT)
    assert (status, lines[-1]) == (0, "... and 3 more; choose one by --station")


def test_a_time_without_a_zone_is_refused_with_what_to_write(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("test", "FLOOD", "--at", "2026-11-28T03:00")
    assert ended.value.code == 2
    assert "write 2026-11-28T03:00+08:00" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("test", "FLOOD", "--at", "x"), "'x' is no time; write it such as 2026-"),
        (("rota", "--days", "99999999999"), "is no number of days from 1 to 366"),
        (("rota", "--days", "0"), "is no number of days from 1 to 366"),
    ],
)
def test_what_is_no_time_and_no_number_of_days_is_refused_with_a_sentence(run, capsys, said, told):
    with pytest.raises(SystemExit) as ended:
        run(*said)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


# ---- rota


def test_a_rota_without_gaps_ends_with_0(run, shift):
    since = shift("li", -1, 30)
    status, lines = run("rota", "--days", "1")
    assert status == 0
    until = since + timedelta(hours=31)
    assert lines == [
        "water (Water): li",
        f"  {since:%m-%d %H:%M} to {until:%m-%d %H:%M} li",
        "spare (Spare): NOBODY",
    ]


def test_a_gap_is_named_and_ends_with_1(run, shift):
    shift("li", -1, 5)
    back = shift("wang", 8, 30)
    status, lines = run("rota", "--days", "1")
    gap = f"  {back - timedelta(hours=3):%m-%d %H:%M} to {back:%m-%d %H:%M} NOBODY"
    assert status == 1
    assert lines[0] == "water (Water): li"
    assert gap in lines
    assert sum("NOBODY" in line for line in lines) == 2  # and the post that may be empty


def test_where_there_are_no_duties_it_says_where_to_name_them(run):
    status, lines = run("rota", settings=AlertsSettings())
    assert status == 0
    assert lines == ["there are no duties; name them in config.yaml (alerts.duties)"]
