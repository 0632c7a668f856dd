"""A wall's token: taken once, bound to a device, good for the wall alone, ended by revoking."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dashboard.__main__ import main
from dashboard.door import access
from dashboard.door.access import ANYONE, RIGHTS, ROUTES, WATCH
from dashboard.door.gate import WALL_COOKIE
from dashboard.walls import keys
from dashboard.walls.view import ALERT, wall_view
from tests.dashboard.conftest import Desk, until
from tests.dashboard.test_access import address


def made(desk: Desk, name: str = "hall") -> dict[str, str]:
    with desk.client("administrator") as admin:
        answer = admin.post("/api/v1/walls", json={"name": name})
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


@contextlib.contextmanager
def device(desk: Desk, token: str) -> Iterator[httpx.Client]:
    """A browser that has taken the token."""
    with desk.client() as client:
        answer = client.post("/wall/enter", data={"token": token})
        assert answer.status_code == 204, answer.text
        yield client


def listed(desk: Desk) -> list[dict[str, Any]]:
    with desk.client("administrator") as admin:
        found: list[dict[str, Any]] = admin.get("/api/v1/walls").json()["walls"]
    return found


def first_event(client: httpx.Client, name: str) -> dict[str, Any]:
    with client.stream("GET", "/wall/live") as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        for line in lines:
            if line == f"event: {name}":
                found: dict[str, Any] = json.loads(next(lines).removeprefix("data: "))
                return found
    raise AssertionError(f"the stream ended without {name}")


def test_a_device_takes_a_token_once_and_keeps_a_secret_that_scripts_cannot_read(desk):
    token = made(desk)["token"]
    with device(desk, token) as wall, desk.client() as other:
        assert token not in wall.cookies.values()
        assert wall.get("/wall").status_code == 200
        assert other.post("/wall/enter", data={"token": token}).status_code == 422
        assert other.get("/wall/version").status_code == 401
        again = wall.get("/wall").headers["set-cookie"]
    assert again.startswith(f"{WALL_COOKIE}=")
    assert "HttpOnly" in again
    assert "Max-Age=34560000" in again  # as long as browsers allow, anew with each load
    done = desk.rows("select action from audit order by id")
    assert done == [("wall add",), ("wall entered",), ("wall refused",)]


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_a_wall_can_do_nothing_else(walled, route):
    if route.right == ANYONE:
        return
    with walled.stream(route.method, address(route)) as answer:
        allowed = route.right == WATCH
        assert (answer.status_code not in (401, 403)) == allowed, answer.status_code


@pytest.fixture(scope="module")
def walled(shared_desk) -> Iterator[httpx.Client]:
    with device(shared_desk, made(shared_desk, "everywhere")["token"]) as client:
        yield client


def test_the_right_of_a_wall_reads_and_everybody_has_it():
    assert RIGHTS[keys.ROLE] == {WATCH}
    assert all(WATCH in rights for rights in RIGHTS.values())
    assert {route.method for route in ROUTES if route.right == WATCH} == {"GET"}


def test_a_token_is_no_password_and_no_bearer_token(desk):
    token = made(desk)["token"]
    with desk.client() as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/wall/version", headers=headers).status_code == 401
        client.cookies.set(WALL_COOKIE, token)  # not yet a device's secret
        assert client.get("/wall/version").status_code == 401


def test_a_wall_without_a_key_is_led_to_its_own_door_with_its_token(shared_desk):
    with shared_desk.client() as nobody:
        answer = nobody.get("/wall?token=x")
        assert (answer.status_code, answer.headers["location"]) == (303, "/wall/enter?token=x")
        assert "enter.mjs" in nobody.get("/wall/enter").text


def test_revoking_ends_the_stream_within_seconds_and_the_name_is_free_again(desk):
    wall = made(desk)
    with device(desk, wall["token"]) as client, client.stream("GET", "/wall/live") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line == "event: hello")
        with desk.client("administrator") as admin:
            assert admin.post(f"/api/v1/walls/{wall['id']}/revoke").status_code == 200
            assert admin.post(f"/api/v1/walls/{wall['id']}/revoke").status_code == 404
        for _ in lines:
            pass  # it ends by itself
        assert client.get("/wall/version").status_code == 401
    assert made(desk)["name"] == "hall"


def test_the_list_says_when_a_wall_was_last_seen_and_never_its_token(desk):
    wall = made(desk)
    assert listed(desk)[0]["seen_at"] is None
    with device(desk, wall["token"]):
        (row,) = listed(desk)
    assert row["seen_at"]
    assert row["seen_from"] == "127.0.0.1"
    assert row["created_by"] == "administrator"
    assert "token" not in row


def test_last_seen_goes_on_with_use(desk):
    with device(desk, made(desk)["token"]) as wall:
        desk.write(lambda conn: conn.cursor().execute("update wall set seen_at = '2020-01-01'"))
        wall.get("/wall/version")
    ((year,),) = desk.rows("select extract(year from seen_at) from wall")
    assert year > 2020


@pytest.mark.parametrize("name", ["", "a b", "x" * 41, "../x"])
def test_a_name_that_is_none_is_refused(desk, name):
    with desk.client("administrator") as admin:
        assert admin.post("/api/v1/walls", json={"name": name}).status_code == 422
    assert listed(desk) == []


def test_two_walls_in_use_cannot_have_one_name(desk):
    made(desk)
    with desk.client("administrator") as admin:
        answer = admin.post("/api/v1/walls", json={"name": "hall"})
    assert answer.status_code == 422
    assert "revoke it first" in answer.text


def test_the_command_line_makes_lists_and_ends_walls(desk, tmp_path, capsys):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"database": {"dsn": desk.database.dsn}}), "utf-8")
    run = ["--config", str(path), "wall"]
    assert main([*run, "add", "hall"]) == 0
    token = capsys.readouterr().out.strip()
    assert main([*run, "list"]) == 0
    assert capsys.readouterr().out == "hall\twaits for a device\n"
    with device(desk, token) as client:
        assert main([*run, "revoke", "hall"]) == 0
        assert client.get("/wall/version").status_code == 401
    assert main([*run, "revoke", "hall"]) == 1
    assert "no wall 'hall' in use" in capsys.readouterr().err
    assert ("command line", "wall revoke") in desk.rows("select who, action from audit")


def test_a_wall_sees_the_same_stations_and_alerts_as_a_desk_and_less_of_each(shared_desk, walled):
    hello = first_event(walled, "hello")
    with shared_desk.client("duty") as duty, duty.stream("GET", "/live") as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line == "event: hello")
        desks = json.loads(next(lines).removeprefix("data: "))
    assert {a["id"] for a in hello["alerts"]} == {a["id"] for a in desks["alerts"]}
    wanted = {f["properties"]["code"]: f for f in desks["stations"]["features"]}
    shown = {f["properties"]["code"] for f in hello["stations"]["features"]}
    assert shown == {c for c, f in wanted.items() if f["properties"]["kind"] != "camera"}
    assert hello["tally"] == desks["tally"]
    for alert in hello["alerts"]:
        assert set(alert) == {*ALERT, "muted", "owner"}
    for secret in ("note", "device", "department", "action", "call"):
        assert f'"{secret}"' not in json.dumps(hello)


def test_owners_are_named_only_where_the_setting_says_so():
    muted = {"kind": "shelved", "until": "x", "who": "y"}
    alert = {"id": "a", "owner": "duty", "note": "secret", "muted": muted}
    (named,) = wall_view(owners=True)("change", {"now": "t", "alerts": [alert]})["alerts"]
    (silent,) = wall_view(owners=False)("change", {"now": "t", "alerts": [alert]})["alerts"]
    assert (named["owner"], silent["owner"]) == ("duty", None)
    assert named["muted"] == {"kind": "shelved", "until": "x"}
    assert "note" not in named


def test_warnings_that_are_not_out_stay_on_the_desks():
    beat = wall_view(owners=True)("beat", {"now": "t", "notices": [1], "flood": {}, "newest": "n"})
    assert beat == {"now": "t", "newest": "n"}


def test_a_wall_hears_changes_and_beats(desk):
    with device(desk, made(desk)["token"]) as wall:
        assert "newest" in first_event(wall, "beat")


def test_while_the_database_is_away_a_wall_tries_again_by_itself(desk):
    wall = made(desk)
    with device(desk, wall["token"]) as client, desk.client() as stranger:
        assert client.get("/wall").status_code == 200
        desk.cut_off()
        try:
            assert client.get("/wall").status_code == 200  # known a moment ago
            stranger.cookies.set(WALL_COOKIE, "another")
            answer = stranger.get("/wall")
            assert (answer.status_code, answer.headers["refresh"]) == (503, "10")
        finally:
            desk.let_in()
        until(lambda: client.get("/wall/facts").status_code == 200)


def test_facts_are_limits_rain_and_footprints(walled):
    facts = walled.get("/wall/facts").json()
    assert set(facts) == {"water", "rain", "footprints"}
    assert facts["water"], "the sample has reservoirs"
    for one in facts["water"].values():
        assert set(one) == {"limit_m", "limit", "limit_m3", "full_m3"}


def test_no_page_of_a_person_is_a_walls(walled):
    assert access.find("GET", "/duty").right not in RIGHTS[keys.ROLE]
    for path in ("/", "/duty", "/cameras", "/_dash-layout", "/_dash-dependencies"):
        assert walled.get(path).status_code == 403
