"""The sealed journal: in the order of commits, and every way of tampering is found and named."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.life import verify
from alerts.life.canon import START, canonical, chained
from alerts.life.seal import Progress, append
from alerts.life.suppression import put_back, take_out
from database.pool import connect
from tests.alerts.test_process import CONFIG
from tests.servers.waiting import until

# ---- the chain itself


def chain(entries):
    before, found = START, []
    for position, entry in enumerate(entries, 1):
        before = chained(before, entry)
        found.append(verify.Seal(position, before, f"row {position}", entry))
    return found


ENTRIES = st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=12)


@given(ENTRIES)
def test_what_nobody_touched_is_proven(entries):
    seals = chain(entries)
    found = verify.walk(seals, 1, START)
    assert (found.count, found.trouble, found.head) == (len(entries), None, seals[-1].hash)


@given(ENTRIES, st.data())
def test_every_way_of_tampering_is_found_at_its_place(entries, data):
    seals = chain(entries)
    at = data.draw(st.integers(0, len(seals) - 1))
    way = data.draw(st.sampled_from(["changed", "gone", "seal gone", "seal changed"]))
    old = seals[at]
    if way == "changed":
        seals[at] = verify.Seal(old.position, old.hash, old.name, (old.entry or b"") + b"!")
    elif way == "gone":
        seals[at] = verify.Seal(old.position, old.hash, old.name, None)
    elif way == "seal changed":
        seals[at] = verify.Seal(old.position, b"x" * 32, old.name, old.entry)
    else:
        del seals[at]
    found = verify.walk(seals, 1, START)
    last = at == len(entries) - 1
    if way == "seal gone" and last:
        assert found.trouble is None  # the head that was written down shows it
        assert found.position == at
        return
    words = {"changed": "row changed", "gone": "row missing", "seal gone": "seal missing"}
    word = words.get(way, "row changed" if last else "seal changed")
    assert found.position == at + 1
    assert word in (found.trouble or "")


def test_the_canonical_text_does_not_depend_on_zone_or_order_of_keys():
    one = canonical("x", [datetime(2026, 1, 1, tzinfo=UTC), {"b": 1, "a": "水"}, 0.1, None])
    assert one == ('["x","2026-01-01T00:00:00.000000+00:00",{"a":"水","b":1},0.1,null]'.encode())
    east = datetime.fromisoformat("2026-01-01T08:00:00+08:00")
    assert canonical("x", [east, {"a": "水", "b": 1}, 0.1, None]) == one


# ---- in the database


@pytest.fixture
def ingest(database):
    conn = connect(database, "ingest", application="test")
    yield conn
    conn.close()


@pytest.fixture
def sealed(ingest, put_alert):
    """Six alerts whose steps are sealed, with the rule's version first."""
    for number in range(6):
        put_alert(f"A{number}")
    append(ingest, Progress())
    ingest.commit()


GONE = """
alter table journal_seal drop constraint journal_seal_transition_id_fkey;
delete from alert_transition where alert_id = 'A2'
"""


def ask(conn, statement, *values):
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall() if cursor.description else []
    conn.commit()
    return found


def test_sealing_is_done_once_and_proven(ingest, sealed, capsys):
    assert append(ingest, Progress()) == 0
    assert verify.run(ingest, None, None, None) == 0
    said = capsys.readouterr().out
    assert said.startswith("7 entries are as they were sealed\nhead 7 ")
    head = said.split()[-1]
    assert verify.run(ingest, None, None, head) == 0
    assert verify.run(ingest, "3", "5", None) == 0
    assert "3 entries" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tampering", "word"),
    [
        ("update alert_transition set note = 'x' where alert_id = 'A2'", "position 4: row changed"),
        (
            "update alert_transition set at = at + interval '1 us' where alert_id = 'A2'",
            "row changed",
        ),
        ("update alert set subject = 'x' where id = 'A2'", "position 4: row changed"),
        ("update rule_version set definition = '{}'", "position 1: row changed: version 1 of rule"),
        (
            "update rule_version set retired_at = now()",
            "position 1: row changed: version 1 of rule",
        ),
        ("delete from journal_seal where position = 4", "position 4: seal missing"),
        ("delete from journal_seal where position in (4, 5)", "positions 4 to 5: seal missing"),
        (
            "update journal_seal set hash = sha256('x') where position = 4",
            "position 4: seal changed",
        ),
        (GONE, "position 4: row missing"),
        ("delete from journal_seal where position > 5", "seal missing: 2 transitions have none"),
    ],
)
def test_tampering_is_found_and_named(owner, ingest, sealed, capsys, tampering, word):
    ask(owner, tampering)
    assert verify.run(ingest, None, None, None) == 1
    assert word in capsys.readouterr().out


def test_a_chain_that_was_written_anew_lacks_the_head_that_was_written_down(
    owner, ingest, sealed, capsys
):
    verify.run(ingest, None, None, None)
    head = capsys.readouterr().out.split()[-1]
    ask(owner, "delete from journal_seal")
    ask(owner, "update alert_transition set note = 'never happened' where alert_id = 'A2'")
    append(ingest, Progress())
    ingest.commit()
    assert verify.run(ingest, None, None, None) == 0
    assert verify.run(ingest, None, None, head) == 1
    assert "chain cut, or written anew" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("8", None, "position 8: seal missing, the chain ends before it"),
        ("3", "9", "positions 8 to 9: seal missing"),
        (None, "8", "position 8: seal missing"),
        ("9" * 30, None, "seal missing"),
    ],
)
def test_a_place_beyond_the_end_was_cut_off(ingest, sealed, capsys, since, until, said):
    assert verify.run(ingest, since, until, None) == 1
    assert said in capsys.readouterr().out


def test_a_row_that_was_added_later_for_earlier_is_shown(owner, ingest, sealed, capsys):
    assert verify.run(ingest, None, None, None) == 0
    assert "look at" not in capsys.readouterr().out
    ask(
        owner,
        "insert into alert_transition (alert_id, seq, kind, at, recorded_at, who, reason) select"
        " 'A2', 9, 'acknowledged', min(at), min(recorded_at) - interval '2 hours', 'li', '{}'"
        " from alert_transition",
    )
    append(ingest, Progress())
    ingest.commit()
    assert verify.run(ingest, None, None, None) == 0
    assert "look at position 8: transition" in capsys.readouterr().out


def test_nothing_sealed_yet_is_no_break(ingest, capsys):
    assert verify.run(ingest, None, None, None) == 0
    with pytest.raises(ValueError, match="comes before the begin"):
        verify.run(ingest, "5", "3", None)


OF_OLD = """
insert into suppression (kind, station_id, began_at, who, why, ended_at, ended_by, end_why)
select 'out_of_service', id, now() - interval '1 hour', 'wu', 'x', now() - interval '30 min', 'wu',
       'x' from station limit 1
"""


@pytest.mark.parametrize(
    ("old", "word"),
    [
        ("update rule_version set created_at = now() - interval '1 hour'", "1 versions of rules"),
        (
            OF_OLD,
            "1 ends of suppressions",
        ),
    ],
)
def test_what_is_no_transition_and_has_no_seal_is_found_too(
    owner, ingest, put_alert, capsys, old, word
):
    put_alert("A0")
    ask(owner, old)
    assert verify.run(ingest, None, None, None) == 1
    assert word in capsys.readouterr().out


@pytest.mark.parametrize(
    ("since", "head"), [("yesterday", None), (None, "abc"), ("2999-01-01", None)]
)
def test_a_question_that_makes_no_sense_is_refused(ingest, sealed, since, head):
    with pytest.raises(ValueError, match=r"."):
        verify.run(ingest, since, None, head)


def test_a_commit_that_was_overtaken_is_appended_when_it_appears(
    database, owner, ingest, put_alert
):
    """The lower number commits last: it stands behind, and is never lost by moving on."""
    put_alert("A0")
    slow = connect(database, None, application="slow")
    insert = (
        "insert into alert_transition (alert_id, seq, kind, at, recorded_at, reason)"
        " values ('A0', %s, 'noted', now(), now(), '{}') returning id"
    )
    with slow.cursor() as cursor:
        cursor.execute(insert, (2,))
        ((low,),) = cursor.fetchall()
    progress = Progress()
    for seq in range(3, 9):
        ask(owner, insert, seq)
        append(ingest, progress)
        ingest.commit()
    assert progress.floor < low
    slow.commit()
    slow.close()
    for _ in range(3):
        append(ingest, progress)
        ingest.commit()
    order = ask(ingest, "select transition_id from journal_seal order by position")
    numbers = [row[0] for row in order if row[0]]
    assert numbers[-1] == low
    assert sorted(numbers) == [low - 1, *range(low, low + 7)]
    assert progress.floor == low + 6
    assert verify.verify(ingest).trouble is None


def test_maintenance_is_sealed_when_it_begins_and_when_it_ends(owner, ingest, district, capsys):
    now = datetime.now(UTC)
    take_out(ingest, "R-01", "wu", "calibration", None, None, now=now)
    append(ingest, Progress())
    put_back(ingest, "R-01", "wu", "done", now=now)
    append(ingest, Progress())
    ingest.commit()
    assert verify.verify(ingest).count == 2
    ask(owner, "update suppression set end_why = 'never'")
    assert verify.run(ingest, None, None, None) == 1
    assert "the end of suppression" in capsys.readouterr().out


def test_sealing_and_proving_keep_up_with_a_flood(owner, ingest, put_alert):
    put_alert("A0")
    ask(
        owner,
        "insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, value, reason)"
        " select 'A0', n, 'noted', now(), now(), 'red', 23.86, '{\"code\": \"noted\"}'"
        " from generate_series(2, 10001) n",
    )
    began = time.process_time()
    append(ingest, Progress(), limit=20_000)
    ingest.commit()
    assert verify.verify(ingest).count == 10_002
    assert time.process_time() - began < 10  # measured: 0.5 s, for both


def test_the_leading_process_seals_and_the_command_proves(
    process, tmp_path, database, put_alert, owner
):
    put_alert("A0")
    config = tmp_path / "config.yaml"
    clock = "tick_s: 0.2, heartbeat_s: 600"
    text = CONFIG.format(dsn=database.dsn, url="http://127.0.0.1:1/", limit=23.5, clock=clock)
    config.write_text(text, "utf-8")
    process("alerts", "--config", str(config)).wait_for("leading")
    count = "select count(*) from journal_seal where transition_id is not null"
    until(lambda: ask(owner, count) == [(1,)], "the seal")
    said = process("alerts", "--config", str(config), "verify")
    said.wait_for("are as they were sealed")
