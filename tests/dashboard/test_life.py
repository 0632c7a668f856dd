"""What officers do with alerts over HTTP: at once, twice, in the wrong order, without the right."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard.door.accounts import create_account, create_token
from dashboard.shapes import iso
from tests.dashboard.conftest import PASSWORD, served

API = "/api/v1/alerts"


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template):
    """One service for the module: each test has an alert of its own."""
    with served(server_dsn, *sample_template) as desk:
        yield desk


def ahead(**of: float) -> str | None:
    return iso(datetime.now(UTC) + timedelta(**of))


def fresh(desk, alert: str) -> dict[str, Any]:
    with desk.client("duty") as client:
        found: dict[str, Any] = client.get(f"{API}/{alert}").json()
    return found


def post(desk, path: str, body: dict[str, Any], role: str = "duty", key: str | None = None):
    with desk.client(role) as client:
        headers = {"Idempotency-Key": key} if key else {}
        return client.post(f"/api/v1/{path}", json=body, headers=headers)


def steps(desk, alert: str) -> list[str]:
    return [step["kind"] for step in fresh(desk, alert)["transitions"]]


def test_officers_at_once_one_tapping_twice_on_a_bad_line_one_owner_one_step(desk):
    """Four officers, one of whom sends the same tap again and again: real threads, real commits."""
    desk.write(officers)
    tokens = desk.tokens | {name: TOKENS[name] for name in ("li", "wang", "zhao")}
    version = fresh(desk, "a-nh3")["version"]
    gate, answers = threading.Barrier(9), []

    def tap(name: str, key: str) -> None:
        with desk.client() as client:
            headers = {"Authorization": f"Bearer {tokens[name]}", "Idempotency-Key": key}
            gate.wait()
            body = {"version": version, "note": name}
            answer = client.post(f"{API}/a-nh3/acknowledge", json=body, headers=headers)
            answers.append((name, answer.status_code, answer.json()))

    taps = [(name, name) for name in ("li", "wang", "zhao", "duty") for _ in range(2)]
    threads = [threading.Thread(target=tap, args=one) for one in [*taps, ("li", "another key")]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    life = fresh(desk, "a-nh3")
    owner = life["owner"]
    assert Counter(step["kind"] for step in life["transitions"])["acknowledged"] == 1
    assert len(answers) == 9
    for name, status, body in answers:
        assert (status, body.get("owner")) == (200 if name == owner else 409, owner)
        if name != owner:
            assert body["detail"] == f"{owner} has this alert already"


TOKENS: dict[str, str] = {}


def officers(conn) -> None:
    for name in ("li", "wang", "zhao"):
        create_account(conn, name, "duty", PASSWORD)
        TOKENS[name] = create_token(conn, name, "tests")


def test_a_group_is_taken_and_each_answer_says_what_came_of_it(desk):
    asked = [
        {"id": "a-pm25", "version": fresh(desk, "a-pm25")["version"]},
        {"id": "a-cod", "version": fresh(desk, "a-cod")["version"]},
        {"id": "a-daqi", "version": 99},
        {"id": "nope", "version": 1},
    ]
    body = {"alerts": asked, "note": "all of them"}
    first = post(desk, "alerts/acknowledge", body, key="group")
    found = {one["id"]: (one["result"], one["owner"]) for one in first.json()["results"]}
    assert found == {
        "a-pm25": ("acknowledged", "duty"),
        "a-cod": ("taken", "environment"),
        "a-daqi": ("changed", None),
        "nope": ("unknown", None),
    }
    assert post(desk, "alerts/acknowledge", body, key="group").json() == first.json()
    assert steps(desk, "a-pm25").count("acknowledged") == 1


def test_an_id_that_cannot_be_stored_is_refused_with_its_place(desk):
    body = {"alerts": [{"id": "a\0b", "version": 1}]}
    answer = post(desk, "alerts/acknowledge", body)
    assert answer.status_code == 422
    assert "body.alerts.0.id" in answer.json()["detail"]


def test_one_that_returned_is_over_once_it_is_acknowledged(desk):
    before = fresh(desk, "a-daqi")
    assert before["state"] == "returned"
    answer = post(desk, f"alerts/{before['id']}/acknowledge", {"version": before["version"]})
    assert answer.json()["state"] == "ended"
    with desk.client("viewer") as client:
        found = client.get(API, params={"state": "open"}).json()["alerts"]
    assert "a-daqi" not in {alert["id"] for alert in found}


def test_handing_over_noting_and_who_may_have_it(desk):
    version = fresh(desk, "a-level")["version"]
    path = "alerts/a-level/hand-over"
    refused = post(desk, path, {"to": "viewer", "version": version})
    assert refused.status_code == 422
    assert "owners" in refused.json()["detail"]
    body = {"to": "administrator", "note": "end of shift", "version": version}
    assert post(desk, path, body).json()["owner"] == "administrator"
    assert post(desk, path, body).status_code == 200  # a repeated tap
    stale = post(desk, path, {"to": "duty", "version": version})
    assert stale.status_code == 409
    assert "look at it again" in stale.json()["detail"]
    assert post(desk, "alerts/a-level/notes", {"note": "pump started"}).status_code == 200
    assert post(desk, "alerts/a-level/notes", {"note": "  "}).status_code == 422
    last = fresh(desk, "a-level")["transitions"][-2:]
    assert [(s["kind"], s["who"], s["note"]) for s in last] == [
        ("handed_over", "duty", "end of shift"),
        ("noted", "duty", "pump started"),
    ]
    with desk.client("duty") as client:
        owners = client.get(f"{API}/owners").json()["owners"]
    assert {"administrator", "duty"} <= set(owners)
    assert not {"viewer", "environment"} & set(owners)


@pytest.mark.parametrize(
    ("until", "word"),
    [
        ({"hours": 13}, "at most"),
        ({"hours": -1}, "not ahead"),
    ],
)
def test_a_shelf_without_bounds_is_refused_with_what_would_be_right(desk, until, word):
    body = {"reason": "work", "until": ahead(**until), "version": 1}
    answer = post(desk, "alerts/a-cod/shelve", body)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]


def test_a_red_alert_may_be_shelved_for_an_hour_and_needs_a_reason(desk):
    version = fresh(desk, "a-nh3")["version"]
    body = {"reason": "work", "until": ahead(minutes=61), "version": version}
    answer = post(desk, "alerts/a-nh3/shelve", body)
    assert answer.status_code == 422
    assert "3600 s" in answer.json()["detail"]
    empty = {"reason": " ", "until": ahead(minutes=30), "version": version}
    assert post(desk, "alerts/a-nh3/shelve", empty).status_code == 422


def test_a_shelf_is_made_listed_and_taken_back(desk):
    version = fresh(desk, "a-cod")["version"]
    body = {"reason": "sampling", "until": ahead(hours=2), "version": version}
    answer = post(desk, "alerts/a-cod/shelve", body)
    muted = answer.json()["muted"]
    assert (muted["kind"], muted["who"], muted["why"]) == ("shelved", "duty", "sampling")
    assert post(desk, "alerts/a-cod/shelve", body).status_code == 200  # a repeated tap
    with desk.client("viewer") as client:
        (one,) = client.get("/api/v1/suppressions").json()["suppressions"]
        assert (one["station"], one["rule"], one["ended_at"]) == ("D-02", "d-02-cod_mgl", None)
        assert [alert["id"] for alert in one["alerts"]] == ["a-cod"]
    version = answer.json()["version"]
    back = post(desk, "alerts/a-cod/unshelve", {"reason": "done", "version": version})
    assert back.json()["muted"] is None
    assert steps(desk, "a-cod")[-2:] == ["shelved", "unshelved"]
    with desk.client("viewer") as client:
        assert client.get("/api/v1/suppressions").json() == {"suppressions": []}
        ended = client.get("/api/v1/suppressions", params={"state": "ended"}).json()
    assert [(one["ended_by"], one["end_why"]) for one in ended["suppressions"]] == [
        ("duty", "done")
    ]


def test_a_station_out_of_service_says_so_and_colours_nothing(desk):
    path = "stations/D-02/out-of-service"
    body = {"reason": "calibration", "until": ahead(hours=3)}
    assert post(desk, path, body).status_code == 403  # a duty officer may not
    assert post(desk, path, body, "environment").status_code == 201
    assert post(desk, path, body, "administrator").status_code == 409
    assert fresh(desk, "a-cod")["muted"]["kind"] == "out_of_service"
    station = feature(desk, "D-02")
    assert station["severity"] == "unknown"
    (out,) = station["out_of_service"]
    assert (out["who"], out["why"], out["metrics"]) == ("environment", "calibration", None)
    back = post(desk, "stations/D-02/in-service", {"reason": "done"}, "environment")
    assert back.json()["suppressions"][0]["ended_by"] == "environment"
    assert feature(desk, "D-02")["out_of_service"] == []
    assert feature(desk, "D-02")["severity"] == "blue"
    again = post(desk, "stations/D-02/in-service", {"reason": "done"}, "environment")
    assert again.status_code == 409


def feature(desk, code: str) -> dict[str, Any]:
    with desk.client("viewer") as client:
        found = client.get("/api/v1/stations").json()["features"]
    return next(one["properties"] for one in found if one["id"] == code)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("stations/NOPE/out-of-service", {"reason": "x"}, 404),
        ("stations/D-02/out-of-service", {"reason": "x", "metrics": ["level_m"]}, 404),
        ("stations/D-02/out-of-service", {"reason": ""}, 422),
        ("stations/D-02/out-of-service", {"reason": "x", "until": "2020-01-01T00:00:00Z"}, 422),
        ("stations/NOPE/in-service", {"reason": "x"}, 404),
        ("alerts/nope/notes", {"note": "x"}, 404),
        ("alerts/a-cod/reset", {"note": "x", "version": 99}, 409),
        ("alerts/a-cod/reset", {"note": "", "version": 1}, 422),
        ("alerts/acknowledge", {"alerts": []}, 422),
    ],
)
def test_what_cannot_be_done_is_said(desk, path, body, status):
    answer = post(desk, path, body, "administrator")
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_what_is_pending_is_listed(desk):
    with desk.client("viewer") as client:
        assert client.get(f"{API}/pending").json() == {"pending": []}
