"""`python -m ingest import` as people run it, and end it."""

import csv
import os
import random
import signal
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.ingest.histories import (
    PLACES,
    READINGS,
    RULES,
    STATES,
    emptied,
    levels,
    minutes,
)
from tests.servers.waiting import until

FLAGS = ("--station", "R-01", "--time", "t", "--column", "level=level_m")


@pytest.fixture
def site(tmp_path, database):
    """A configuration for the command, with the stations and rules of above."""
    path = tmp_path / "config.yaml"
    document = {
        "database": {"dsn": database.dsn},
        "sensors": PLACES.model_dump(mode="json", exclude_defaults=True),
        "alerts": RULES.model_dump(mode="json", exclude_defaults=True),
    }
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    return path


@pytest.fixture
def command(site, process):
    def run(*arguments):
        return process("ingest", "import", "--config", str(site), *map(str, arguments))

    return run


def test_the_command_says_what_would_happen_and_then_what_happened(command, query, tmp_path):
    rows = minutes("1,a", "1.1,", "9,", "x,", "1.1,")
    path = levels(tmp_path / "history.csv", rows, header="t,level,note")
    trial = command(path, *FLAGS, "--dry-run")
    assert trial.wait() == 3
    assert query("select count(*) from reading") == query("select count(*) from import_run")
    for told in (
        "columns that the mapping does not name are not read: note",
        "R-01 level_m: 4 readings, 2018-06-02T00:00:00+00:00 … 2018-06-02T00:20:00+00:00",
        "vetting would mark: rate 2",
        "would be refused: 1 not_a_number (row 4, level: 'x' is not a number)",
    ):
        assert told in trial.said
    first = command(path, *FLAGS)
    assert first.wait() == 3
    assert "read 5 = 4 stored + 0 duplicate + 0 revised + 1 refused; gap 0" in first.said
    with Path(f"{path}.rejects.csv").open() as file:
        (rejected,) = csv.DictReader(file)
    assert (rejected["row"], rejected["code"]) == ("4", "not_a_number")
    again = command(path, *FLAGS)
    assert again.wait() == 3
    assert "was imported already" in again.said
    restarted = command(path, *FLAGS, "--restart")
    assert restarted.wait() == 3
    assert "read 5 = 0 stored + 4 duplicate + 0 revised + 1 refused; gap 0" in restarted.said
    wrong = command(path, *FLAGS[:-1], "level=levle_m")
    assert wrong.wait() == 2
    assert "did you mean 'level_m'?" in wrong.said


def test_the_command_killed_three_times_goes_on_and_one_that_is_asked_ends_after_its_batch(
    command, query, owner, tmp_path
):
    rows = 15_000
    path = levels(tmp_path / "history.csv", minutes(*(n % 7 / 70 for n in range(rows)), step=1))
    chance = random.Random()
    marks = sorted(chance.sample(range(100, 8_000), 3))
    for mark in marks:
        running = command(path, *FLAGS, "--batch", 50)
        until(
            partial(reached, query, mark),
            f"row {mark}",
            every=0.001,
        )
        running.kill()
        owner.rollback()
        assert done(query) < rows, f"killed too late to prove anything: {running.said}"
    stopped = command(path, *FLAGS, "--batch", 50)
    until(lambda: done(query) >= marks[-1] + 1_000, "some more", every=0.001)
    os.kill(stopped.pid, signal.SIGINT)
    assert stopped.wait() == 130
    assert "going on after row" in stopped.said
    assert f"stopped after row {done(query):,}; the same command goes on from there" in stopped.said
    last = command(path, *FLAGS)
    assert last.wait() == 0
    assert f"read {rows:,} = {rows:,} stored + 0 duplicate" in last.said
    assert query("select count(*)::int from reading") == [(2 * rows,)]
    killed = query(READINGS), query(STATES)
    emptied(owner)
    assert command(path, *FLAGS).wait() == 0
    assert (query(READINGS), query(STATES)) == killed


def reached(query, mark):
    return done(query) >= mark


def done(query):
    return query("select coalesce(max(rows_done), 0)::int from import_run")[0][0]
