"""The rota over the API: entered, handed over and accepted by name; addresses that nobody reads."""

import uuid
from datetime import UTC, datetime, timedelta
from functools import cache

import psycopg2
import pytest

from alerts.outbox import route
from alerts.receiver_settings import ReceiverSettings
from alerts.sending.queue import fall_back
from alerts.settings import AlertsSettings
from dashboard.door.accounts import create_account, create_token
from database.pool import connect
from tests.dashboard.conftest import PASSWORD, served

ALERTS = AlertsSettings.model_validate(
    {
        "duties": [{"code": "water", "zh": "水利值班", "en": "Water desk"}],
        "receivers": [
            {"name": "log", "type": "log"},
            {"name": "hook", "type": "webhook", "url": "http://127.0.0.1:1/", "test": True},
        ],
    }
)
SECRET = "mailto://zhang:hunter2secret@smtp.example.com?to=zhang@example.com"


EMPTY = """
truncate duty_handover, duty_shift, contact, message, outbox, receiver_state, escalation, audit,
         idempotency
"""


@pytest.fixture(scope="module")
def service(server_dsn, sample_template):
    """One service for all of this file."""
    name, tokens = sample_template
    with served(server_dsn, name, dict(tokens), alerts=ALERTS) as desk:

        def second(conn):
            create_account(conn, "li", "duty", PASSWORD)
            desk.tokens["li"] = create_token(conn, "li", "tests")

        desk.write(second)
        yield desk


@pytest.fixture
def rota(service):
    """With an empty rota, and nobody told of anything."""

    def empty(conn):
        with conn.cursor() as cursor:
            cursor.execute(EMPTY)

    service.write(empty)
    return service


@cache
def began():
    """When this file's first test ran: hours may lie between that and its import."""
    return datetime.now(UTC).replace(microsecond=0)


def at(hours):
    moment = began() + timedelta(hours=hours)
    return moment.isoformat().replace("+00:00", "Z")


def enter(desk, role="administrator", status=201, **changes):
    body = {"duty": "water", "who": "duty", "from": at(-1), "to": at(7), "note": ""} | changes
    with desk.client(role) as client:
        answer = client.post("/api/v1/rota/shifts", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def post(desk, who, path, status=200, **body):
    with desk.client(who) as client:
        answer = client.post(
            f"/api/v1/rota/{path}", json=body, headers={"Idempotency-Key": str(uuid.uuid4())}
        )
    assert answer.status_code == status, answer.text
    return answer.json()


def water(desk):
    with desk.client("viewer") as client:
        found = client.get("/api/v1/rota").json()
    return found["duties"][0], found["hand_overs"]


def test_the_gaps_of_a_rota_are_shown_and_close_when_somebody_is_entered(rota):
    empty, _ = water(rota)
    assert empty["on_duty"] == []
    assert len(empty["gaps"]) == 1
    enter(rota)
    duty, _ = water(rota)
    assert duty["on_duty"] == ["duty"]
    assert [shift["who"] for shift in duty["shifts"]] == ["duty"]
    assert duty["gaps"][0]["from"] == duty["shifts"][0]["to"]
    enter(rota, **{"who": "li", "from": at(6), "to": at(160)})
    assert len(water(rota)[0]["gaps"]) == 1
    enter(rota, **{"who": "duty", "from": at(160), "to": at(170)})
    assert water(rota)[0]["gaps"] == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"duty": "fire"}, "known are water"),
        ({"who": "nobody"}, "no account 'nobody'"),
        ({"to": "2020-01-01T00:00:00Z"}, "after from"),
        ({"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, "is over"),
        ({"from": "2026-01-01T00:00:00"}, "no time zone"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_with_what_would_be_right(rota, changes, said):
    found = enter(rota, status=422, **changes)
    assert said in found["detail"]
    assert found["errors"][0]["where"].startswith("body.")


def test_nobody_is_entered_twice_at_the_same_time_and_a_viewer_enters_nobody(rota):
    first = enter(rota)
    found = enter(rota, status=409, **{"from": at(2), "to": at(9)})
    assert found["shift"]["id"] == first["id"]
    enter(rota, role="viewer", status=403)


def test_a_shift_is_handed_over_with_a_note_and_accepted_by_name(rota):
    shift = enter(rota)
    post(rota, "li", f"shifts/{shift['id']}/hand-over", 403, to="li", note="mine")
    post(rota, "duty", f"shifts/{shift['id']}/hand-over", 422, to="li", note=" ")
    path = f"shifts/{shift['id']}/hand-over"
    offer = post(rota, "duty", path, 201, to="li", note="R-02 at 23.4 m, gate 3 open")
    assert water(rota)[0]["on_duty"] == ["duty"]  # until it is accepted nothing changes
    again = post(rota, "duty", path, 409, to="administrator", note="x")
    assert again["hand_over"]["to_who"] == "li"
    answer = f"hand-overs/{offer['id']}/answer"
    post(rota, "administrator", answer, 403, answer="accepted")
    accepted = post(rota, "li", answer, answer="accepted", note="seen")
    assert accepted["answer"] == "accepted"
    duty, offers = water(rota)
    assert duty["on_duty"] == ["li"]
    assert [(one["who"], one["to"] == shift["to"]) for one in duty["shifts"]] == [("li", True)]
    assert offers[0]["note"] == "R-02 at 23.4 m, gate 3 open"
    post(rota, "li", answer, 409, answer="declined")
    assert rota.rows("select count(*) from duty_shift") == [(2,)]
    assert rota.rows(
        "select a.to_at = b.from_at from duty_shift a, duty_shift b"
        " where a.who = 'duty' and b.who = 'li'"
    ) == [(True,)]


def test_what_is_declined_or_withdrawn_changes_nothing(rota):
    shift = enter(rota)
    path = f"shifts/{shift['id']}/hand-over"
    for who, answer in (("li", "declined"), ("duty", "withdrawn")):
        offer = post(rota, "duty", path, 201, to="li", note="please")
        post(rota, who, f"hand-overs/{offer['id']}/answer", answer=answer)
        assert water(rota)[0]["on_duty"] == ["duty"]


def test_a_shift_to_come_is_handed_over_whole(rota):
    shift = enter(rota, **{"from": at(10), "to": at(20)})
    offer = post(rota, "duty", f"shifts/{shift['id']}/hand-over", 201, to="li", note="swap")
    post(rota, "li", f"hand-overs/{offer['id']}/answer", answer="accepted")
    (found,) = water(rota)[0]["shifts"]
    assert (found["who"], found["from"], found["to"]) == ("li", shift["from"], shift["to"])


def test_a_removed_shift_leaves_a_gap_and_its_offer_falls_with_it(rota):
    shift = enter(rota)
    offer = post(rota, "duty", f"shifts/{shift['id']}/hand-over", 201, to="li", note="x")
    post(rota, "duty", f"shifts/{shift['id']}/remove")
    duty, _ = water(rota)
    assert (duty["on_duty"], len(duty["gaps"])) == ([], 1)
    found = post(rota, "li", f"hand-overs/{offer['id']}/answer", 409, answer="accepted")
    assert found["hand_over"]["answer"] == "withdrawn"
    post(rota, "duty", f"shifts/{shift['id']}/remove", 404)


def test_an_address_is_written_and_nobody_reads_it_again(rota):
    body = {"who": "duty", "label": "mail", "url": SECRET}
    with rota.client("duty") as client:
        assert client.post("/api/v1/contacts", json=body).status_code == 403
        assert client.get("/api/v1/contacts").status_code == 403
    with rota.client("administrator") as client:
        made = client.post("/api/v1/contacts", json=body)
        assert made.status_code == 201, made.text
        assert made.json()["masked"] == "mailto://***"
        again = client.post("/api/v1/contacts", json=body)
        assert again.status_code == 409
        bad = client.post("/api/v1/contacts", json=body | {"label": "x", "url": "nosuch://k3y123"})
        assert bad.status_code == 422
        shown = client.get("/api/v1/contacts").text
        for said in (made.text, again.text, bad.text, shown):
            assert "hunter2" not in said
            assert "k3y123" not in said
    kept = str(rota.rows("select detail::text from audit"))
    kept += str(rota.rows("select response::text from idempotency"))
    assert "hunter2" not in kept
    staff = connect(rota.database, "staff", application="test")
    with staff.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("select url from contact")
    staff.close()
    with rota.client("administrator") as client:
        number = made.json()["id"]
        assert client.post(f"/api/v1/contacts/{number}/remove", json={}).status_code == 200
        assert client.get("/api/v1/contacts").json() == {"contacts": []}


def test_who_was_told_of_an_alert_and_what_became_of_it(rota):
    def told(conn):
        with conn.cursor() as cursor:
            cursor.execute(
                "insert into outbox (transition_id) select id from alert_transition"
                " where alert_id = 'a-nh3' and seq = 1"
            )
            receivers = [ReceiverSettings(name="hook", type="webhook", url="http://127.0.0.1:1/")]
            route(conn, receivers)
            cursor.execute("update message set attempts = 3, error = 'refused' returning id")
            fall_back(conn, [cursor.fetchone()[0]], ["log"])
            cursor.execute(
                "update message set delivered_at = now(), attempts = 1 where receiver = 'log'"
            )
            cursor.execute(
                "insert into receiver_state (receiver, failing_since, failed_at, error)"
                " values ('hook', now(), now(), 'refused')"
            )
            cursor.execute(  # of the file before; and of the file before with news still for it
                "insert into receiver_state (receiver, delivered_at) values"
                " ('gone', now()), ('leaving', now())"
            )
            cursor.execute(
                "insert into message (transition_id, receiver, way, why)"
                " select transition_id, 'leaving', 'route', '{}' from message limit 1"
            )

    rota.write(told)
    with rota.client("viewer") as client:
        found = client.get("/api/v1/alerts/a-nh3/messages").json()
        states = client.get("/api/v1/receivers").json()["receivers"]
        assert client.get("/api/v1/alerts/nowhere/messages").status_code == 404
    assert [(one["receiver"], one["way"], one["state"]) for one in found["messages"]] == [
        ("hook", "route", "failing"),
        ("log", "fallback", "delivered"),
        ("leaving", "route", "waiting"),
    ]
    assert found["messages"][0]["error"] == "refused"
    assert found["messages"][0]["fell_back_at"]
    assert found["messages"][1]["why"]["instead_of"] == "hook"
    assert found["untold"] == []
    by_name = {one["receiver"]: one for one in states}
    assert set(by_name) == {"hook", "leaving", "log"}
    assert (by_name["hook"]["state"], by_name["hook"]["waiting"]) == ("failing", 1)
    assert (by_name["hook"]["type"], by_name["hook"]["test"]) == ("webhook", True)
    assert by_name["log"]["delivered"] == 1
