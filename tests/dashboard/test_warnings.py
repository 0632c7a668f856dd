"""Warnings over HTTP, the whole way from an alert to the public and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from psycopg2.extras import Json

from alerts.cap import rules
from alerts.cap.reading import parse
from dashboard.door.accounts import create_account, create_token
from dashboard.public.feed import feed
from dashboard.public.published import Published
from dashboard.public.store import published_one
from dashboard.settings import PublicSettings
from database.pool import connect
from gis.settings import GisSettings
from gis.site import open_map
from tests.alerts.test_cap import xsd_valid
from tests.alerts.warned import EVIL, SLY, content
from tests.dashboard.conftest import Desk
from tests.dashboard.test_api import problem
from tests.public.conftest import Service, serving
from tests.servers.program import ROOT
from tests.servers.waiting import until

WARNINGS = "/api/v1/warnings"


def said(**more: Any) -> dict[str, Any]:
    document: dict[str, Any] = content(datetime.now(UTC), **more).model_dump(mode="json")
    return document


def drafted(client: httpx.Client, alert: str | None = None, **more: Any) -> dict[str, Any]:
    answer = client.post(WARNINGS, json={"content": said(**more), "alert": alert})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def act(client: httpx.Client, warning: dict[str, Any], what: str, **more: Any) -> httpx.Response:
    body = more if what in ("update", "cancel") else {"version": warning["version"]} | more
    return client.post(f"{WARNINGS}/{warning['id']}/{what}", json=body)


def done(client: httpx.Client, warning: dict[str, Any], what: str, **more: Any) -> dict[str, Any]:
    answer = act(client, warning, what, **more)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


@contextmanager
def public(desk: Desk) -> Iterator[Service]:
    with serving(desk.database, open_map(GisSettings(), ROOT, public=True)) as found:
        until(found.ready, "the public service has read the database")
        yield found


def put_footprint(desk: Desk, document: dict[str, Any]) -> None:
    def put(conn: Any) -> None:
        with conn.cursor() as cursor:
            cursor.execute(
                "insert into footprint (station_id, metric, began_at, computed_at, sensors, level,"
                " document) select s.id, 'nh3_ppm', now(), now(), array[g.code], 2, %s"
                " from alert a join station g on g.id = a.station_id join station s on s.id = g.id"
                " where a.id = 'a-nh3'",
                (Json(document),),
            )

    desk.write(put)


WORDS = {"zh": "请留在室内，关好门窗。", "en": "Stay indoors; close windows and doors."}


def test_from_an_alert_to_the_public_and_back_again(desk):
    """Draft, refused to its writer, approved by another, public; updated, called off, run out."""
    with desk.client("duty") as duty, desk.client("administrator") as admin, public(desk) as city:
        first = _of_the_alert(desk, duty)
        assert "you wrote of this one yourself" in problem(act(duty, first, "approve"), 403)
        assert city.client.get(WARNINGS).json()["warnings"] == []
        first = done(admin, first, "approve", reason="核实")
        assert (first["standing"], first["approver"]) == ("in_force", "administrator")
        _is_public(city, first)

        update = done(admin, first, "update", reason="风向转南")
        detail = admin.get(f"{WARNINGS}/{update['id']}").json()
        assert (detail["mine"], detail["differences"]) == (True, [])
        update = done(admin, update, "edit", content=first["content"] | {"grade": "orange"})
        assert admin.get(f"{WARNINGS}/{update['id']}").json()["differences"] == ["grade"]
        update = done(duty, done(admin, update, "submit"), "approve")
        _is_public(city, update)
        assert f"{first['id']}.cap" not in city.client.get(f"{WARNINGS}.atom").text

        cancel = done(duty, update, "cancel", reason="泄漏已止")
        cancel = done(admin, done(duty, cancel, "submit"), "approve")
        until(lambda: "解除：" in city.page(), "it is called off")
        _has_run_out(desk, city, cancel, [first, update])
        listed = {one["id"]: one["standing"] for one in duty.get(WARNINGS).json()["warnings"]}
        assert list(listed.values()) == ["cancel", "cancelled", "updated"]
        names = ("duty", "administrator", "核实", "风向转南", "泄漏已止")
        for path in (WARNINGS, f"{WARNINGS}.atom", f"{WARNINGS}/{first['id']}.cap", "/"):
            assert not [name for name in names if name in city.client.get(path).text]


def _of_the_alert(desk: Desk, duty: httpx.Client) -> dict[str, Any]:
    """A warning of the gas alert, with its footprint, sent up."""
    put_footprint(desk, duty.get("/api/v1/alerts/a-nh3/footprint").json())
    start = duty.get(f"{WARNINGS}/start", params={"alert": "a-nh3"}).json()
    area = start["content"]["area"]
    assert area["polygons"]
    assert area["circles"] == []
    assert all(4 <= len(ring) <= 200 and ring[0] == ring[-1] for ring in area["polygons"])
    assert start["content"]["status"] == "Exercise"
    assert start["content"]["category"] == ["CBRNE", "Env"]
    blank = start["content"] | {"instruction": {"zh": "", "en": ""}}
    warning = duty.post(WARNINGS, json={"content": blank, "alert": "a-nh3"}).json()
    assert warning in duty.get(WARNINGS, params={"state": "open"}).json()["warnings"]
    faults = duty.get(f"{WARNINGS}/{warning['id']}").json()["faults"]
    assert {fault["where"] for fault in faults} == {"instruction.zh", "instruction.en"}
    assert "instruction.en: write it" in problem(act(duty, warning, "submit"), 422)
    warning = done(duty, warning, "edit", content=blank | {"instruction": WORDS})
    return done(duty, warning, "submit")


def _is_public(city: Service, warning: dict[str, Any]) -> None:
    address = f"{WARNINGS}/{warning['id']}.cap"
    until(lambda: city.client.get(address).status_code == 200, "the message is public")
    sent = city.client.get(address)
    assert xsd_valid(sent.content)
    assert rules.faults(parse(sent.content)) == []
    assert parse(sent.content).info[1].instruction == WORDS["en"]
    until(lambda: warning["id"] in city.client.get(f"{WARNINGS}.atom").text, "it is in the feed")
    assert WORDS["zh"] in city.page()


def _has_run_out(
    desk: Desk, city: Service, cancel: dict[str, Any], before: list[dict[str, Any]]
) -> None:
    """The last message refers to all before it, and leaves the feed by the clock alone."""
    last = parse(city.client.get(f"{WARNINGS}/{cancel['id']}.cap").content)
    assert [one.identifier for one in last.references] == [one["id"] for one in before]
    known = _published(desk, cancel["id"])
    later = known.expires_at + timedelta(seconds=1)
    assert b"<entry>" in feed([known], datetime.now(UTC), PublicSettings())
    assert b"<entry>" not in feed([known], later, PublicSettings())


def _published(desk: Desk, warning_id: str) -> Published:
    conn = connect(desk.database, "public_reader", application="test")
    found = published_one(conn, warning_id)
    conn.close()
    assert found is not None
    return found


def test_nobody_approves_his_own_by_whatever_key(desk):
    """By token, by another token of the same account, by browser: it is the account that counts."""
    other = []
    desk.write(lambda conn: other.append(create_token(conn, "administrator", "another")))
    with desk.client("administrator") as admin, desk.browser("administrator") as browser:
        warning = done(admin, drafted(admin), "submit")
        browser.headers["X-CSRFToken"] = browser.cookies["_csrf_token"]
        again = httpx.Client(base_url=desk.url, headers={"Authorization": f"Bearer {other[0]}"})
        with again:
            for client in (admin, again, browser):
                answer = act(client, warning, "approve")
                assert problem(answer, 403)
                assert answer.json()["code"] == "own"


def test_a_second_duty_officer_approves(desk):
    token = []

    def second(conn: Any) -> None:
        create_account(conn, "second", "duty", "correct-horse-battery")
        token.append(create_token(conn, "second", "tests"))

    desk.write(second)
    headers = {"Authorization": f"Bearer {token[0]}"}
    with desk.client("duty") as duty, httpx.Client(base_url=desk.url, headers=headers) as other:
        warning = done(duty, drafted(duty), "submit")
        assert done(other, warning, "approve")["approver"] == "second"
        assert problem(act(duty, warning, "edit", content=said()), 409)


def test_environment_writes_and_does_not_approve(desk):
    with desk.client("environment") as person, desk.client("duty") as duty:
        warning = done(duty, drafted(duty), "submit")
        assert "may not approve" in problem(act(person, warning, "approve"), 403)
        assert done(person, drafted(person), "submit")["standing"] == "submitted"


def test_a_tap_that_came_twice_is_done_once(desk):
    with desk.client("duty") as duty, desk.client("administrator") as admin:
        body = {"content": said()}
        key = {"Idempotency-Key": "k1"}
        first, again = (duty.post(WARNINGS, json=body, headers=key) for _ in range(2))
        assert first.json() == again.json()
        warning = done(duty, first.json(), "submit")
        path, version = f"{WARNINGS}/{warning['id']}/approve", {"version": warning["version"]}
        taps = [admin.post(path, json=version, headers={"Idempotency-Key": "k2"}) for _ in range(2)]
        assert [tap.status_code for tap in taps] == [200, 200]
        assert taps[0].json() == taps[1].json()
        assert len(admin.get(f"{WARNINGS}/{warning['id']}").json()["steps"]) == 3


def test_what_turns_a_text_round_cannot_go_out(desk):
    turned = {"headline": {"zh": "a\u202eb", "en": "x"}, "event": {"zh": "y", "en": "\u2067ab"}}
    with desk.client("duty") as duty:
        answer = act(duty, drafted(duty, **turned), "submit")
    assert "U+202E" in problem(answer, 422)
    wrong = {(one["where"], one["code"]) for one in answer.json()["errors"]}
    assert wrong >= {("headline.zh", "turning"), ("event.en", "turning")}


def test_what_cannot_go_out_is_refused_with_each_field(desk):
    with desk.client("duty") as duty:
        warning = drafted(duty, headline={"zh": EVIL, "en": ""}, area={"names": {"zh": SLY}})
        answer = act(duty, warning, "submit")
        problem(answer, 422)
        wrong = {(one["where"], one["code"]) for one in answer.json()["errors"]}
        assert wrong >= {
            ("headline.zh", "html"), ("headline.en", "no_text"), ("area", "no_area"),
            ("area.names.en", "no_text"),
        }  # fmt: skip
        for one in answer.json()["errors"]:
            assert one["problem"]["zh"]
            assert one["problem"]["en"]
        found = duty.post(f"{WARNINGS}/check", json={"content": said()}).json()["faults"]
        assert found == []
    with desk.client("viewer") as viewer:  # looking an area through takes a while
        problem(viewer.post(f"{WARNINGS}/check", json={"content": said()}), 403)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"status": "Real"}, "status"),
        ({"headline": {"zh": "a\x00b"}}, "headline.zh"),
        ({"headline": {"zh": "x" * 10_001}}, "headline.zh"),
        ({"expires": "2026-11-22T03:14:00"}, "expires"),
        ({"expires": "9999-12-31T23:00:00Z"}, "expires"),
        ({"onset": "0001-01-01T00:00:00Z"}, "onset"),
        ({"area": {"polygons": [[[121, 29]] * 400] * 3}}, "1000 are the most"),
        ({"area": {"circles": [{"lon": 121.8, "lat": 29.9, "radius_km": 101}]}}, "radius_km"),
        ({"area": {"polygons": [[[200, 29]]]}}, "polygons"),
        ({"author": "x"}, "author"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(desk, changed, named):
    with desk.client("duty") as duty:
        answer = duty.post(WARNINGS, json={"content": said() | changed})
    assert named in problem(answer, 422)


def test_a_list_goes_on_where_it_ended(desk):
    with desk.client("duty") as duty:
        made = [drafted(duty)["id"] for _ in range(3)]
        first = duty.get(WARNINGS, params={"limit": 2}).json()
        rest = duty.get(WARNINGS, params={"limit": 2, "cursor": first["cursor"]}).json()
        assert [one["id"] for one in first["warnings"] + rest["warnings"]] == made[::-1]
        assert rest["cursor"] is None
        assert problem(duty.get(WARNINGS, params={"cursor": "nonsense"}), 400)
        assert problem(duty.get(f"{WARNINGS}/nothing"), 404)
        assert problem(duty.get(f"{WARNINGS}/start", params={"alert": "nothing"}), 404)


def test_what_was_done_stands_in_the_audit(desk):
    with desk.client("duty") as duty, desk.client("administrator") as admin:
        warning = done(duty, drafted(duty), "submit")
        warning = done(admin, warning, "return", reason="哪里？")
        done(duty, warning, "discard")
        assert problem(act(admin, warning, "return", reason=" "), 422)
    found = desk.rows(
        "select who, action from audit where object = '" + warning["id"] + "' order by id"
    )
    assert found == [
        ("duty", "drafted a warning"), ("duty", "submitted a warning"),
        ("administrator", "returned a warning"), ("duty", "discarded a warning"),
    ]  # fmt: skip
