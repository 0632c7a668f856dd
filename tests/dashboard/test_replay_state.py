"""The state of a moment, against what plain Python makes of the same arrivals, one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.replay import frames
from dashboard.shapes import iso
from database.pool import Connection, connect
from tests.conftest import fresh_database

T0 = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
STATION, METRIC = "R-01", "level_m"


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


@dataclass(frozen=True)
class Arrival:
    """A message: at `came` (minutes) it said that at `of` the value was this; None: missing."""

    of: int
    came: float
    value: float | None
    good: bool = True


@dataclass(frozen=True)
class Said:
    """A mark: made at `made`, over [of, to), withdrawn at `back` or never."""

    made: float
    of: int
    to: int | None
    verdict: str
    back: float | None


@pytest.fixture(scope="module")
def conn(server_dsn, template):
    with fresh_database(server_dsn, template) as database:
        connection = connect(database, None, application="test")
        with connection.cursor() as cursor:
            cursor.execute("insert into department values ('water', '水', 'Water')")
            cursor.execute("insert into station (code, kind) values (%s, 'reservoir')", (STATION,))
            cursor.execute(
                "insert into station_version (station_id, valid_from, name_zh, name_en, lon, lat, "
                "department, interval_s, public) "
                "select id, %s, '水库', 'Reservoir', 121, 29, 'water', 300, true from station",
                (at(-60),),
            )
            cursor.execute(
                "insert into series (station_id, metric) select id, %s from station", (METRIC,)
            )
            cursor.execute(
                "insert into sensor (series_id, valid_from, interval_s, department, public) "
                "select id, %s, 300, 'water', true from series",
                (at(-60),),
            )
        connection.commit()
        yield connection
        connection.close()


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        of=st.integers(0, 120),
        came=st.one_of(st.just(0.05), st.floats(0, 200)),  # at once, or anything late
        value=st.one_of(st.none(), st.floats(10, 20).map(lambda v: round(v, 2))),
        good=st.booleans(),
    ),
    max_size=30,
)
MARKS = st.lists(
    st.builds(
        Said,
        made=st.floats(0, 200),
        of=st.integers(0, 120),
        to=st.one_of(st.none(), st.integers(121, 150)),
        verdict=st.sampled_from(["invalid", "valid"]),
        back=st.one_of(st.none(), st.floats(0, 100)),
    ),
    max_size=3,
)
MOMENTS = st.lists(st.floats(0, 260), min_size=1, max_size=5).map(sorted)


def stored(conn: Connection, arrivals: Sequence[Arrival], marks: Sequence[Said]) -> None:
    """As ingest leaves it: the newest version in `reading`, what it replaced beside it."""
    with conn.cursor() as cursor:
        cursor.execute("truncate reading, reading_revision, mark cascade")
        by_time: dict[int, list[Arrival]] = {}
        for one in sorted(arrivals, key=lambda one: at(one.of + one.came)):
            by_time.setdefault(one.of, []).append(one)
        for of, versions in by_time.items():
            for revision, one in enumerate(versions):
                bits = 1 if one.value is None else 0 if one.good else 4
                row = (at(of), one.value, bits, revision, at(of + one.came))
                if revision + 1 < len(versions):
                    then = versions[revision + 1]
                    cursor.execute(
                        "insert into reading_revision (series_id, observed_at, value, quality, "
                        "revision, received_at, origin, replaced_at, replaced_by) "
                        "select id, %s, %s, %s, %s, %s, 0, %s, 'x' from series",
                        (*row, at(of + then.came)),
                    )
                else:
                    # Marks of later show on the stored reading; the past must not.
                    shown = 2048 if marks and one.value is not None else 0
                    cursor.execute(
                        "insert into reading (series_id, observed_at, value, quality, revision, "
                        "received_at) select id, %s, %s, %s, %s, %s from series",
                        (row[0], row[1], row[2] | shown, *row[3:]),
                    )
        for mark in marks:
            cursor.execute(
                "insert into mark (series_id, from_at, until_at, verdict, reason, who, made_at) "
                "select id, %s, %s, %s, 'why', 'who', %s from series returning id",
                (at(mark.of), mark.to and at(mark.to), mark.verdict, at(mark.made)),
            )
            if mark.back is not None:
                cursor.execute(
                    "insert into mark (series_id, from_at, until_at, verdict, withdraws, reason, "
                    "who, made_at) select series_id, from_at, until_at, 'withdrawn', id, 'why', "
                    "'who', %s from mark where id = %s",
                    (at(mark.made + mark.back), cursor.fetchone()[0]),
                )


def newest(arrivals: Sequence[Arrival], moment: float, *, then: bool) -> Arrival | None:
    """What a person with all the messages on the table would say."""
    found: dict[int, Arrival] = {}
    for one in sorted(arrivals, key=lambda one: at(one.of + one.came)):
        if at(one.of + one.came if then else one.of) <= at(moment):
            found[one.of] = one
    return found[max(found)] if found else None


def verdict(marks: Sequence[Said], of: int, moment: float) -> str | None:
    held = [
        mark.verdict
        for mark in marks
        if at(mark.made) <= at(moment)
        and not (mark.back is not None and at(mark.made + mark.back) <= at(moment))
        and mark.of <= of
        and not (mark.to is not None and mark.to <= of)
    ]
    return held[-1] if held else None


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=ARRIVALS, marks=MARKS, moments=MOMENTS)
def test_a_moment_shows_what_had_arrived_by_then(conn, arrivals, marks, moments):
    stored(conn, arrivals, marks)
    for then in (True, False):
        past = frames.read(conn, [at(moment) for moment in moments], then=then)
        for moment, values in zip(moments, past.values, strict=True):
            wanted = newest(arrivals, moment, then=then)
            (found,) = values
            if wanted is None:
                assert found.observed_at is None
                continue
            assert (found.observed_at, found.value) == (at(wanted.of), wanted.value)
            assert found.received_at == at(wanted.of + wanted.came)
            if not then:
                continue
            said = verdict(marks, wanted.of, moment) if wanted.value is not None else None
            bits = {"invalid": 2048, "valid": 4096, None: 0}[said]
            device = 1 if wanted.value is None else 0 if wanted.good else 4
            assert found.quality == device | bits
    conn.rollback()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals=ARRIVALS, start=st.floats(0, 200), steps=st.integers(1, 6))
def test_changes_lead_from_one_state_to_the_next(conn, arrivals, start, steps):
    """Whoever plays the changes sees what whoever jumps there sees."""
    stored(conn, arrivals, [])
    moments = [at(start + 10 * n) for n in range(steps + 1)]
    shown = frames.state(frames.read(conn, moments[:1], then=True))["stations"]["features"]
    screen = {one["id"]: one for one in shown}
    played = {
        change["now"]: change for change in frames.changes(frames.read(conn, moments, then=True))
    }
    for moment in moments[1:]:
        change = played.get(iso(moment), {"stations": []})
        screen |= {one["id"]: one for one in change["stations"]}
        jumped = frames.state(frames.read(conn, [moment], then=True))["stations"]["features"]
        for one in jumped:
            assert ageless(screen[one["id"]]) == ageless(one)
    conn.rollback()


def ageless(feature: dict[str, Any]) -> dict[str, Any]:
    """What counts on by itself on the screen left out."""
    properties = {k: v for k, v in feature["properties"].items() if k != "age_s"}
    latest = {
        metric: {k: v for k, v in value.items() if k != "age_s"}
        for metric, value in properties["latest"].items()
    }
    return properties | {"latest": latest}


def test_a_message_that_lay_in_quarantine_counts_from_when_it_walked_again(conn):
    stored(conn, [Arrival(10, 0.05, 12.0), Arrival(20, 0.05, 19.0)], [])
    with conn.cursor() as cursor:
        cursor.execute(
            "insert into quarantine (received_at, feed, topic, payload, size, code, reason, "
            "replayed_at) values (%s, 'obs', 't', '', 0, 'unknown_station', 'x', %s)",
            (at(20.05), at(90)),
        )
    seen = frames.read(conn, [at(30), at(89), at(91)], then=True).values
    assert [rows[0].value for rows in seen] == [12.0, 12.0, 19.0]
    seen = frames.read(conn, [at(30)], then=False).values
    assert seen[0][0].value == 19.0
    conn.rollback()
