"""How much one account may write, and that nothing leaves the house unnoted."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import psycopg2
import pytest

from dashboard.app import Staff
from dashboard.door import accounts
from dashboard.door.gate import Gate, Headered
from dashboard.environment import analysis_store
from database.pool import Connection
from tests.dashboard.conftest import Desk, until

NOTES = "/api/v1/alerts/a-nh3/notes"
EXPORT = "/api/v1/stations/R-02/readings/export?metric=level_m"


def gate_of(staff: Staff) -> Gate:
    app: Any = staff.app
    assert isinstance(app, Headered)
    assert isinstance(app.app, Gate)
    return app.app


def test_an_account_may_write_only_so_often_and_hears_when_again(desk: Desk, monkeypatch):
    writes = gate_of(desk.staff).writes
    moment = [1000.0]
    monkeypatch.setattr(writes, "most", 3)
    monkeypatch.setattr(writes, "clock", lambda: moment[0])
    with desk.client("duty") as duty, desk.client("administrator") as other:
        for _ in range(3):
            assert duty.post(NOTES, json={"note": "seen"}).status_code == 200
        moment[0] += 20
        refused = duty.post(NOTES, json={"note": "seen"})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
        assert refused.headers["content-type"] == "application/problem+json"
        assert "3 writes within a minute" in refused.json()["detail"]
        # It reads on, and hinders nobody else.
        assert duty.get("/api/v1/stations").status_code == 200
        assert other.post(NOTES, json={"note": "seen"}).status_code == 200
        moment[0] += 40
        assert duty.post(NOTES, json={"note": "seen"}).status_code == 200
    told = "select count(*) from alert_transition where alert_id = 'a-nh3' and kind = 'noted'"
    assert desk.rows(told) == [(5,)]


def test_costly_questions_of_one_account_leave_the_desk_to_all_others(desk: Desk, monkeypatch):
    """More of them than there are threads and connections."""
    places, go_on = analysis_store.places, Event()

    def slow(conn: Connection) -> dict[str, analysis_store.Place]:
        go_on.wait(60)
        return places(conn)

    monkeypatch.setattr(analysis_store, "places", slow)
    monkeypatch.setattr(gate_of(desk.staff).turns, "waiting", 44)
    asked = "/api/v1/analysis/series?series=A-01:pm25_ugm3"
    with desk.client("viewer") as viewer, desk.client("duty") as duty, ThreadPoolExecutor(50) as by:
        viewer.timeout = 120
        every = [by.submit(viewer.get, asked) for _ in range(50)]
        try:
            until(lambda: sum(one.done() for one in every) >= 2)
            assert duty.get("/api/v1/stations").status_code == 200
            assert duty.post(NOTES, json={"note": "seen"}).status_code == 200
        finally:
            go_on.set()
        found = [one.result() for one in every]
    assert Counter(one.status_code for one in found) == {200: 48, 429: 2}
    refused = next(one for one in found if one.status_code == 429)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "10"


def test_taking_many_alerts_is_one_write(desk: Desk, monkeypatch):
    monkeypatch.setattr(gate_of(desk.staff).writes, "most", 1)
    ids = [key for (key,) in desk.rows("select id from alert where ended_at is null")]
    assert len(ids) > 2
    with desk.client("duty") as duty:
        asked = {"alerts": [{"id": key, "version": 1} for key in ids]}
        assert duty.post("/api/v1/alerts/acknowledge", json=asked).status_code == 200
        assert duty.post("/api/v1/alerts/acknowledge", json=asked).status_code == 429


@pytest.mark.parametrize(
    "path", [EXPORT, f"{EXPORT}&format=parquet", "/api/v1/alerts/a-nh3/evidence?download=true"]
)
def test_an_export_that_cannot_be_noted_does_not_start(desk: Desk, monkeypatch, path):
    audit = accounts.audit

    def refuse(conn, who, action, *rest, **detail):
        if action == "exported":
            raise psycopg2.OperationalError("the database is away")
        audit(conn, who, action, *rest, **detail)

    with desk.client("administrator") as admin:
        file = admin.get(path)
        assert file.headers["content-disposition"].startswith("attachment")
        monkeypatch.setattr(accounts, "audit", refuse)
        answer = admin.get(path)
        monkeypatch.undo()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "5"
    assert "content-disposition" not in answer.headers
    assert "audit" in answer.json()["detail"]
    assert file.content not in answer.content
    assert desk.rows("select count(*) from audit where action = 'exported'") == [(1,)]
