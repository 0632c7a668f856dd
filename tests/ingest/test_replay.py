"""Replays: asked for in the database, done by ingest, each message once."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from database import replays
from database.books import ledger
from ingest import pipeline
from ingest.context import Context
from ingest.message import Message
from ingest.snapshots import PictureContext, walk_pictures
from ingest.upkeep import replay
from sensors.store import load_directory, sync
from tests.ingest.conftest import DISTRICT, NOW, level, message
from tests.ingest.running import RunningIngest, observation
from tests.servers.waiting import until

HOUR = timedelta(hours=1)


@pytest.fixture
def ask(owner):
    def asked(code, who="environment"):
        number = replays.ask(owner, code, who)
        owner.commit()
        return number

    return asked


@pytest.fixture
def perform(owner, context, stopped):
    """What a housekeeper does once. Returns whether there was something to do."""

    def contexts(conn):
        fresh = replace(context, directory=load_directory(conn))
        pictures = PictureContext(fresh.settings, fresh.clock, fresh.directory)
        return replay.Contexts(fresh, pictures)

    return lambda: replay.perform_next(owner, contexts, stopped)


def add_station(owner, code="R-02") -> None:
    added = DISTRICT.stations[0].model_copy(update={"code": code, "curve": None})
    sync(owner, DISTRICT.model_copy(update={"stations": (*DISTRICT.stations, added)}), NOW)
    owner.commit()


def unknown(count: int) -> list[Message]:
    return [message("R-02", level(n, -3600 + n), arrived=-3600 + n) for n in range(count)]


def test_after_the_fix_each_is_stored_once_and_the_rest_says_why_not(
    owner, context, query, ask, perform
):
    pipeline.walk(owner, context, [*unknown(3), message("R-77", level(1, -5))], NOW)
    add_station(owner)
    number = ask("unknown_station")
    assert perform()
    found = replays.find(owner, number)
    assert found.done_at is not None
    assert (dict(found.outcomes), found.refused) == ({"stored": 3}, 1)
    ((why, times),) = found.why.items()
    assert "R-77" in why
    assert times == 1
    assert query("select count(*) from reading where revision = 0 and value < 3") == [(3,)]
    assert query("select count(*), count(replayed_at) from quarantine") == [(4, 3)]
    assert [line for line in ledger(owner, NOW - 24 * HOUR, NOW + HOUR) if line.gap] == []
    assert replay.sentence(found) == f"3 stored, 1 refused again: 1 x {why}"


def test_asked_twice_it_is_one_request_and_done_once(owner, context, query, ask, perform):
    pipeline.walk(owner, context, unknown(2), NOW)
    add_station(owner)
    assert ask("unknown_station") == ask("unknown_station", "somebody else")
    assert perform()
    assert not perform()
    again = ask("unknown_station")
    assert perform()
    assert replays.find(owner, again).replayed == 0
    assert query("select received, stored from ledger where feed = 'replay'") == [(2, 2)]


def test_a_reason_that_no_message_has_is_refused_with_those_that_there_are(
    owner, context, query, capsys
):
    pipeline.walk(owner, context, unknown(1), NOW)
    assert replay.run(owner, lambda _: pytest.fail("nothing is asked for"), "unknown_statoin") == 2
    assert capsys.readouterr().err == (
        "ingest replay: no message lies in quarantine for the reason 'unknown_statoin'; "
        "there are unknown_station\n"
    )
    assert query("select count(*) from replay_request") == [(0,)]


def test_what_came_after_the_asking_is_not_meant(owner, context, query, ask, perform):
    pipeline.walk(owner, context, unknown(1), NOW)
    number = ask(None)
    pipeline.walk(owner, context, unknown(5), NOW)
    add_station(owner)
    assert perform()
    assert replays.find(owner, number).replayed == 1


def test_a_retained_message_of_any_age_stays_refused(owner, context, query, ask, perform):
    old = message("R-01", {"v": {"level_m": 3}}, retain=True)
    pipeline.walk(owner, context, [old], NOW)
    number = ask("retained")
    assert perform()
    assert (replays.find(owner, number).replayed, replays.find(owner, number).refused) == (0, 1)
    assert query("select count(*) from reading") == [(0,)]


def test_a_message_that_breaks_the_walk_does_not_hold_up_the_others(
    owner, context, ask, perform, monkeypatch
):
    pipeline.walk(owner, context, unknown(3), NOW)
    add_station(owner)
    walk = pipeline.walk_again

    def breaking(conn, context: Context, message, now):
        if json.loads(message.payload)["v"]["level_m"] == 1:
            raise ZeroDivisionError
        return walk(conn, context, message, now)

    monkeypatch.setattr(pipeline, "walk_again", breaking)
    number = ask(None)
    assert perform()
    found = replays.find(owner, number)
    assert (found.replayed, dict(found.why)) == (2, {"a defect of ours: ZeroDivisionError": 1})


def test_a_picture_walks_the_way_of_pictures(owner, context, ask, perform):
    taken = message("", b"no picture", topic="dongtai/v1/img/C-9")
    pictures = PictureContext(context.settings, context.clock, context.directory)
    walk_pictures(owner, pictures, [taken], NOW)
    number = ask("unknown_station")
    assert perform()
    assert "C-9" in str(replays.find(owner, number).why)


# ---- the process


@pytest.fixture
def ingest(tmp_path, database, mosquitto, process):
    running = RunningIngest(tmp_path, database, mosquitto, process, canary={"every_s": 1})
    yield running
    running.close()


def test_killed_in_the_middle_of_a_replay_it_performs_it_once(ingest, mosquitto, owner, tmp_path):
    count, first_ms = 600, int(time.time() * 1000) - 3600_000
    lines = tmp_path / "lines"
    lines.write_bytes(
        b"".join(observation(n / 10, first_ms + n * 1000) + b"\n" for n in range(count))
    )
    assert mosquitto.publish_lines("dongtai/v1/obs/R-09", lines).wait(60) == 0
    until(lambda: ingest.ask("select count(*) from quarantine") == [(count,)], "all kept")
    ingest.program.stop()  # not killed: what was not acknowledged would come once more
    ingest.add_station("R-09")
    number = replays.ask(owner, "unknown_station", "environment")
    owner.commit()
    ingest.start()
    until(lambda: ingest.stored() > 50, "the replay to begin", every=0.005)
    ingest.kill()
    assert ingest.stored() < count, "killed too late to prove anything"
    ingest.start()
    until(lambda: ingest.ask("select 1 from replay_request where done_at is not null"), "its end")
    assert ingest.stored() == count
    replayed = ingest.ledger("replay")
    assert replayed["stored"] == replayed["received"] == count  # none walked twice
    found = replays.find(owner, number)
    assert (dict(found.outcomes), found.refused) == ({"stored": count}, 0)
    status, said = ingest.command("ledger")
    assert (status, said.strip().splitlines()[-1]) == (0, "balanced"), said
    status, said = ingest.command("replay", "--code", "unknown_station")
    assert (status, said.strip().splitlines()[-1]) == (0, "nothing to replay"), said


def test_a_canary_comes_back_through_the_broker_and_after_a_restart_at_once(ingest):
    until(lambda: len(ingest.ask("select from canary")) >= 3, "three canaries")
    assert ingest.ask("select distinct name from canary") == [("ingest",)]
    ((slowest,),) = ingest.ask("select max(delay_s) from canary")
    assert 0 <= slowest < 5
    ingest.kill()
    (before,) = ingest.ask("select max(sent_at) from canary")
    ingest.start()
    until(lambda: ingest.ask("select from canary where sent_at > %s", *before), "a new one")
    assert ingest.ledger("canary")["quarantined"] == 0
