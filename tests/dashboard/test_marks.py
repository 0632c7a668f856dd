"""A person says that readings are invalid or valid: the API, and what the readings then show."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dashboard.resolution import RawRow, raw_points
from database.pool import connect
from database.touched import keep
from ingest.upkeep.marks import Upkeep, follow_marks
from sensors.reading import Quality
from tests.dashboard.conftest import Desk, until
from tests.dashboard.test_api import problem
from tests.database.district import refresh

MARKS = "/api/v1/stations/R-02/marks"
READINGS = "/api/v1/stations/R-02/readings"
BREAK = """
update reading set value = 900 where observed_at = %s and series_id = (
    select q.id from series q join station s on s.id = q.station_id
     where s.code = 'R-02' and q.metric = 'level_m')
"""
EVIL = '<img src=x onerror="alert(1)">\u202e{{7*7}}"); drop table mark; --'


def stretch(hours_ago: float = 3, hours: float | None = 1, **more: Any) -> dict[str, Any]:
    """A mark of the level of R-02 from full minutes on, and the document that asks for it."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    since = now - timedelta(hours=hours_ago)
    until_ = None if hours is None else (since + timedelta(hours=hours)).isoformat()
    asked = {"metric": "level_m", "from": since.isoformat(), "to": until_, "verdict": "invalid"}
    return asked | {"reason": "探头清洗"} | more


@contextmanager
def upkeep(desk: Desk) -> Iterator[None]:
    """The thread of ingest that makes stored readings show marks."""
    stop = threading.Event()
    work = Upkeep(lambda: connect(desk.database, "ingest", application="upkeep"), stop)
    thread = threading.Thread(target=work.run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def apply(desk: Desk) -> None:
    desk.write(follow_marks)


def made(client: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = client.post(MARKS, json=stretch(**more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def points(client: httpx.Client, mark: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    asked = {"metric": "level_m", "from": mark["from"], "to": mark["to"]} | more
    found: list[dict[str, Any]] = client.get(READINGS, params=asked).json()["points"]
    return found


def test_a_mark_has_the_name_of_the_account_and_is_noted(desk):
    with desk.client("environment") as person:
        mark = made(person, reason=" 探头清洗 ")
        [listed] = person.get(MARKS).json()["marks"]
    assert listed == mark
    assert (mark["who"], mark["reason"], mark["verdict"]) == ("environment", "探头清洗", "invalid")
    assert (mark["applied_at"], mark["withdrawn"]) == (None, None)
    [(who, what, detail)] = desk.rows(
        "select who, object, detail from audit where action = 'marked'"
    )
    assert (who, what, detail["mark"]) == ("environment", f"mark {mark['id']}", mark)


@pytest.mark.parametrize("role", ["viewer", "duty"])
def test_who_may_not_mark_may_read_marks(desk, role):
    with desk.client("administrator") as admin, desk.client(role) as person:
        mark = made(admin)
        problem(person.post(MARKS, json=stretch()), 403)
        problem(person.post(f"/api/v1/marks/{mark['id']}/withdraw", json={"reason": "x"}), 403)
        assert person.get(MARKS).json()["marks"] == [mark]


def test_the_body_names_nobody(desk):
    with desk.client("environment") as person:
        said = problem(person.post(MARKS, json=stretch(who="somebody else")), 422)
    assert "body.who" in said
    assert desk.rows("select count(*) from mark") == [(0,)]


def test_a_mark_shows_on_readings_and_their_mean_until_it_is_withdrawn(desk):
    """End to end: the person, the running upkeep, readings, roll-ups, and back."""
    with desk.client("environment") as person, upkeep(desk):
        at = points(person, stretch())[30]["t"]
        desk.write(lambda c: c.cursor().execute(BREAK, (at,)))
        desk.write(refresh)
        assert greatest(person) == 900
        mark = made(person, **{"from": at, "to": _later(at)})
        until(lambda: _one(person, mark)["applied_at"])
        [marked] = points(person, mark)
        assert (marked["value"], marked["quality"]) == (900, "suspect")
        assert "marked_invalid" in marked["flags"]
        follow(desk)
        assert greatest(person) < 30
        _withdraw(person, mark, "量程内，属实")
        until(lambda: _one(person, mark)["withdrawn"]["applied_at"])
        assert "marked_invalid" not in points(person, mark)[0]["flags"]
        follow(desk)
        assert greatest(person) == 900


def test_marked_readings_have_their_flags_and_for_the_public_the_word_only(desk):
    with desk.client("environment") as person:
        mark = made(person)
        apply(desk)
        [some] = {tuple(point) for point in points(person, mark)}
        raw = points(person, mark)
    assert some == ("t", "value", "min", "max", "count", "quality", "flags")
    measured = [point for point in raw if point["value"] is not None]
    assert {point["quality"] for point in measured} == {"suspect"}
    assert {flag for point in measured for flag in point["flags"]} >= {"marked_invalid"}
    plain = list(raw_points([RawRow(datetime.now(UTC), 1.0, int(Quality.MARKED_INVALID))]))
    assert list(plain[0]) == ["t", "value", "min", "max", "count", "quality"]


def test_the_newest_of_conflicting_marks_counts_and_the_one_below_returns(desk):
    with desk.client("environment") as person, desk.client("administrator") as other:
        below = made(person)
        same = {"from": below["from"], "to": below["to"]}  # the next minute may have begun
        above = made(other, verdict="valid", reason="比对无误", **same)
        apply(desk)
        assert flags_of(points(person, below)) == {"marked_valid"}
        # Not only the author may take a mark back.
        assert _withdraw(person, above, "比对有误").status_code == 200
        apply(desk)
        assert flags_of(points(person, below)) == {"marked_invalid"}


def test_a_mark_is_withdrawn_once_and_the_second_learns_who(desk):
    with desk.client("environment") as person, desk.client("administrator") as other:
        mark = made(person)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda c: _withdraw(c, mark, "误标"), [person, other]))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        late = next(answer for answer in answers if answer.status_code == 409)
        taken = _one(person, mark)["withdrawn"]
        assert taken["reason"] == "误标"
        assert f"{taken['who']} withdrew this mark already" in problem(late, 409)
        assert late.json()["mark"]["withdrawn"] == taken
        # What withdraws a mark is no mark, and nothing withdraws it.
        problem(_withdraw(person, {"id": taken["id"]}, "x"), 404)
        problem(_withdraw(person, {"id": 2**63 - 1}, "x"), 404)
    [(notes,)] = desk.rows("select count(*) from audit where action = 'withdrew a mark'")
    assert notes == 1


def test_a_mark_sent_twice_is_made_once(desk):
    key, asked = {"Idempotency-Key": "m-1"}, stretch()
    with desk.client("environment") as person, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: person.post(MARKS, json=asked, headers=key), range(8)))
        assert {answer.status_code for answer in answers} == {201}
        assert all(answer.json() == answers[0].json() for answer in answers)
        problem(person.post(MARKS, json=asked | {"verdict": "valid"}, headers=key), 422)
        mark, taken = answers[0].json(), {"Idempotency-Key": "m-2"}
        path, why = f"/api/v1/marks/{mark['id']}/withdraw", {"reason": "误标"}
        twice = [person.post(path, json=why, headers=taken) for _ in range(2)]
        assert [answer.status_code for answer in twice] == [200, 200]
        assert twice[0].json() == twice[1].json()
    assert desk.rows("select count(*) from mark") == [(2,)]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"reason": " \n "}, "reason", "empty"),
        ({"hours": 0}, "to", "order"),
        ({"hours": -1}, "to", "order"),
        ({"hours_ago": -1, "hours": None}, "from", "future"),
        ({"hours": 4}, "to", "future"),
        ({"from": "2026-11-22T03:14:00"}, "from", "zone"),
    ],
)
def test_what_makes_no_sense_is_a_sentence_at_its_field(shared_desk, change, field, code):
    with shared_desk.client("environment") as person:
        answer = person.post(MARKS, json=stretch(**change))
    said = problem(answer, 422)
    assert answer.json()["errors"] == [{"where": f"body.{field}", "code": code, "problem": said}]


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "a\0b"}, {"reason": "\ud800"}, {"reason": "x" * 501}, {"reason": None},
        {"verdict": "withdrawn"}, {"verdict": ["invalid"]}, {"from": "yesterday"}, {"from": None},
        {"from": 1e400}, {"to": {}}, {"metric": "\0"}, {"metric": 7}, {"more": 1},
    ],
)  # fmt: skip
def test_a_mark_that_cannot_be_is_a_422_never_a_500(shared_desk, change):
    with shared_desk.client("environment") as person:
        content = json.dumps(stretch(**change))
        answer = person.post(MARKS, content=content, headers={"Content-Type": "application/json"})
    problem(answer, 422)


@pytest.mark.parametrize("since", ["1800-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_time_beyond_the_calendar_is_a_400(shared_desk, since):
    with shared_desk.client("environment") as person:
        problem(person.post(MARKS, json=stretch(**{"from": since})), 400)


@pytest.mark.parametrize(
    ("path", "metric", "said"),
    [
        ("/api/v1/stations/NO/marks", "level_m", "there is no station 'NO'"),
        (MARKS, "ph", "R-02 has no 'ph'; it has level_m, storage_m3, rain_mm"),
    ],
)
def test_a_station_or_metric_that_is_not_there_is_a_404(shared_desk, path, metric, said):
    with shared_desk.client("environment") as person:
        assert problem(person.post(path, json=stretch(metric=metric)), 404) == said
        assert problem(person.get(path, params={"metric": metric}), 404) == said


def test_marks_are_listed_newest_first_page_by_page_and_by_time_and_metric(desk):
    with desk.client("environment") as person:
        numbers = [made(person, hours_ago=ago)["id"] for ago in (9, 7, 5)]
        rain = made(person, metric="rain_mm", hours_ago=2, hours=None)["id"]
        first = person.get(MARKS, params={"limit": 3}).json()
        assert [mark["id"] for mark in first["marks"]] == [rain, numbers[2], numbers[1]]
        rest = person.get(MARKS, params={"limit": 3, "cursor": first["cursor"]}).json()
        assert ([mark["id"] for mark in rest["marks"]], rest["cursor"]) == ([numbers[0]], None)
        seen = stretch(hours_ago=7)
        within = {"from": seen["from"], "to": seen["to"]}
        assert _ids(person, within) == [numbers[1]]
        assert _ids(person, {"metric": "rain_mm", "from": seen["to"]}) == [rain]
        problem(person.get(MARKS, params={"cursor": "x"}), 422)


def test_hostile_reasons_stay_text(desk):
    with desk.client("environment") as person:
        mark = made(person, reason=EVIL)
        assert person.get(MARKS).json()["marks"][0]["reason"] == EVIL
        assert _withdraw(person, mark, EVIL).json()["withdrawn"]["reason"] == EVIL


def follow(desk: Desk) -> None:
    """What `python -m database keep` does: the roll-ups of what was touched, computed again."""
    conn = connect(desk.database, None, application="test")
    conn.autocommit = True
    keep(conn, datetime.now(UTC))
    conn.close()


def greatest(client: httpx.Client) -> float:
    """Of the roll-ups of the hour that `stretch` means."""
    found = points(client, stretch(), max_points=14)
    return float(max(point["max"] for point in found if point["max"] is not None))


def flags_of(found: list[dict[str, Any]]) -> set[str]:
    return {flag for point in found for flag in point["flags"] if flag.startswith("marked")}


def _ids(client: httpx.Client, asked: dict[str, Any]) -> list[int]:
    return [mark["id"] for mark in client.get(MARKS, params=asked).json()["marks"]]


def _later(iso_text: str) -> str:
    return (datetime.fromisoformat(iso_text) + timedelta(seconds=1)).isoformat()


def _one(client: httpx.Client, mark: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in client.get(MARKS).json()["marks"] if one["id"] == mark["id"]
    )
    return found


def _withdraw(client: httpx.Client, mark: dict[str, Any], reason: str) -> httpx.Response:
    return client.post(f"/api/v1/marks/{mark['id']}/withdraw", json={"reason": reason})
