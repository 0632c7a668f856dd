"""Evidence: what was known then, and no more; sealed with what followed; a change shows."""

import json
import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import evidence_store
from alerts.evidence import around_then
from alerts.evidence_pack import MOST_READINGS, canonical, digest, readings_json
from alerts.evidence_store import AFTER, keep_evidence, parts_of
from tests.alerts.conftest import NOW

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.floats(allow_nan=False, allow_infinity=False)  # fmt: skip
documents = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5),
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
    max_size=5,
)


@pytest.fixture
def raised(owner, district, put_alert):
    """An alert at NOW; two hours of readings of R-01 and R-02, of which each minute's is known."""
    with owner.cursor() as cursor:
        for code in ("R-01", "R-02"):
            for n in range(-100, 60):
                at = NOW + timedelta(minutes=n)
                cursor.execute(
                    "insert into reading (series_id, observed_at, received_at, value, quality,"
                    " origin) values (%s, %s, %s, %s, 0, 0)",
                    (district[f"{code}/level_m"], at, at, 23 + n / 100),
                )
    return put_alert("A1", subject="R-01/level_m")


def end(owner, at):
    with owner.cursor() as cursor:
        cursor.execute("update alert set state = 'ended', ended_at = %s where id = 'A1'", (at,))
        cursor.execute(
            "insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, reason)"
            " values ('A1', 2, 'ended', %s, %s, 'orange', '{}')",
            (at, at),
        )


def test_the_hour_before_is_as_it_had_arrived(owner, district, raised):
    """One was corrected since, one came late: neither was known when it was raised."""
    corrected, late = NOW - timedelta(minutes=10), NOW - timedelta(minutes=5)
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into reading_revision select series_id, observed_at, 0, value, quality, origin,"
            " received_at, %s, 'late' from reading where series_id = %s and observed_at = %s",
            (NOW + timedelta(minutes=2), district["R-01/level_m"], corrected),
        )
        cursor.execute(
            "update reading set value = 99, received_at = %s where series_id = %s"
            " and observed_at = %s",
            (NOW + timedelta(minutes=2), district["R-01/level_m"], corrected),
        )
        cursor.execute(
            "update reading set received_at = %s where series_id = %s and observed_at = %s",
            (NOW + timedelta(minutes=2), district["R-01/level_m"], late),
        )
    assert keep_evidence(owner, NOW + timedelta(seconds=20)) == 1
    values = parts_of(owner, raised)["raised"].document["values"]
    found = {at: value for at, value, *_ in values["readings"]}
    assert len(found) == 60
    assert values["from"] == "2026-11-22T11:00:00Z"
    assert found["2026-11-22T11:50:00Z"] == 22.9
    assert "2026-11-22T11:55:00Z" not in found
    assert max(found) == "2026-11-22T12:00:00Z"


def test_nothing_is_written_before_its_time_and_nothing_twice(owner, raised):
    assert keep_evidence(owner, NOW + timedelta(seconds=10)) == 0
    assert keep_evidence(owner, NOW + timedelta(seconds=16)) == 1
    assert keep_evidence(owner, NOW + timedelta(seconds=17)) == 0
    end(owner, NOW + timedelta(minutes=20))
    assert keep_evidence(owner, NOW + timedelta(minutes=49)) == 0
    assert keep_evidence(owner, NOW + timedelta(minutes=51)) == 1
    assert keep_evidence(owner, NOW + timedelta(minutes=52)) == 0


def test_the_seal_has_what_followed_and_hangs_on_the_first_document(owner, raised):
    ended = NOW + timedelta(minutes=20)
    keep_evidence(owner, NOW + timedelta(minutes=1))
    end(owner, ended)
    keep_evidence(owner, ended + AFTER)
    parts = parts_of(owner, raised)
    sealed = parts["sealed"].document
    assert [step["kind"] for step in sealed["steps"]] == ["raised", "ended"]
    assert sealed["values"]["readings"][-1][0] == "2026-11-22T12:50:00Z"
    assert sealed["raised_sha256"] == parts["raised"].sha256
    assert parts["raised"].intact
    assert parts["sealed"].intact


@pytest.mark.parametrize("part", ["raised", "sealed"])
def test_a_document_that_somebody_changed_is_not_intact(owner, raised, part):
    keep_evidence(owner, NOW + timedelta(minutes=1))
    end(owner, NOW)
    keep_evidence(owner, NOW + timedelta(hours=1))
    with owner.cursor() as cursor:
        cursor.execute(
            "update alert_evidence set document = jsonb_set(document, '{values,readings,0,1}',"
            " '1.5') where part = %s",
            (part,),
        )
    assert [one.part for one in parts_of(owner, raised).values() if not one.intact] == [part]


def test_an_alert_whose_document_cannot_be_made_holds_no_other_up(
    owner, raised, put_alert, monkeypatch, caplog
):
    """At the head of a batch of one: a value that JSON has no word for, then a failed statement."""
    monkeypatch.setattr(evidence_store, "BATCH", 1)
    made, later = evidence_store.raised_document, NOW + timedelta(hours=3)

    def infinite(conn, life):
        return made(conn, life) | ({"value": math.inf} if life.alert.id == raised else {})

    def refused(conn, life):
        with conn.cursor() as cursor:
            cursor.execute("select 1 / %s", (0 if life.alert.id == raised else 1,))
        return made(conn, life)

    for name, make in (("A2", infinite), ("A3", refused)):
        put_alert(name, began_at=NOW + timedelta(hours=2))
        monkeypatch.setattr(evidence_store, "raised_document", make)
        assert keep_evidence(owner, later) == 1
        assert parts_of(owner, raised) == {}
        assert parts_of(owner, name)["raised"].intact
        assert "alert A1 (raised)" in caplog.text
        caplog.clear()
        assert keep_evidence(owner, later) == 0
    monkeypatch.setattr(evidence_store, "raised_document", made)
    assert keep_evidence(owner, later) == 1


def test_a_long_alert_is_sealed_with_its_end(owner, raised, monkeypatch):
    """81 minutes of readings, of which a document takes four: the first and the last two."""
    monkeypatch.setattr(evidence_store, "MOST_READINGS", 4)
    keep_evidence(owner, NOW + timedelta(minutes=1))
    end(owner, NOW + timedelta(minutes=29))
    keep_evidence(owner, NOW + timedelta(hours=1))
    values = parts_of(owner, raised)["sealed"].document["values"]
    found = [at[11:16] for at, *_ in values["readings"]]
    assert (found, values["left_out"]) == (["12:00", "12:01", "12:58", "12:59"], 56)
    assert values["to"] == "2026-11-22T12:59:00Z"


def test_pictures_of_the_cameras_nearby_are_referred_to_with_their_digest(owner, raised):
    with owner.cursor() as cursor:
        for code, lon, minutes in (("C-1", 121.81, -3), ("C-2", 121.80, 1), ("C-3", 122.5, -3)):
            at = NOW + timedelta(minutes=minutes)
            cursor.execute(
                "insert into station (code, kind) values (%s, 'camera') returning id", (code,)
            )
            (station,) = cursor.fetchone()
            cursor.execute(
                "insert into station_version (station_id, valid_from, name_zh, name_en, lon, lat,"
                " department, interval_s, public) values (%s, %s, %s, %s, %s, 29.87, 'water', 60,"
                " false)",
                (station, NOW, code, code, lon),
            )
            cursor.execute(
                "insert into picture (station_id, taken_at, time_source, received_at, media_type,"
                " width, height, size, sha256) values (%s, %s, 'topic', %s, 'image/jpeg', 1, 1, 1,"
                " %s)",
                (station, at, at, b"\x01\x02"),
            )
    keep_evidence(owner, NOW + timedelta(minutes=2))
    (found,) = parts_of(owner, raised)["raised"].document["pictures"]
    assert (found["camera"], found["sha256"], found["distance_m"]) == ("C-1", "0102", 964)


def test_neighbours_of_then_are_of_then(owner, district, raised):
    then = around_then(owner, district["R-01/level_m"], NOW - timedelta(minutes=30, seconds=-5))
    (found,) = then["neighbours"]
    assert (found["station"], found["t"], found["value"]) == ("R-02", "2026-11-22T11:30:00Z", 22.7)
    assert then["wind"] == []


@given(documents)
def test_the_order_of_keys_changes_no_digest_and_any_value_does(document):
    mixed = dict(reversed(document.items()))
    assert canonical(mixed) == canonical(document)
    assert digest(document | {"x": 1}) != digest(document | {"x": 2})
    assert json.loads(canonical(document)) == document


def test_a_document_has_its_digest_after_the_database_too(owner):
    document = {"a": [1.0, 1e-7, 1e22, -0.5, 12, None, True], "ü": "温度 µ", "z": {"b": 1, "a": 2}}
    with owner.cursor() as cursor:
        cursor.execute("select %s::jsonb", (json.dumps(document),))
        (back,) = cursor.fetchone()
    assert digest(back) == digest(document)


def test_of_too_many_readings_the_middle_is_left_out_and_said():
    rows = [(NOW + timedelta(seconds=n), float(n), 0, 0) for n in range(MOST_READINGS + 7)]
    found = readings_json(rows, NOW, NOW)
    assert found["left_out"] == 7
    assert (found["readings"][0][1], found["readings"][-1][1]) == (0.0, MOST_READINGS + 6.0)


def test_neighbours_that_the_raise_left_out_are_in_the_document(owner, raised):
    keep_evidence(owner, NOW + timedelta(minutes=1))
    (found,) = parts_of(owner, raised)["raised"].document["at_raise"]["neighbours"]
    assert (found["station"], found["t"]) == ("R-02", "2026-11-22T12:00:00Z")
