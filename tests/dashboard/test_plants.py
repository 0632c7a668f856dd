"""Plants: the register with its hazards, and what people enter of tanks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.dashboard.conftest import Desk
from tests.dashboard.test_api import problem

PLANTS = "/api/v1/plants"
ENTRIES = f"{PLANTS}/P-07/tanks/T-22/entries"
LEVEL = """
update series_state set observed_at = %s, received_at = %s, value = %s, quality = 0
 where series_id = (select q.id from series q join station s on s.id = q.station_id
                     where s.code = %s and q.metric = 'tank_level_pct')"""


def plant(client: httpx.Client, code: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{PLANTS}/{code}").raise_for_status().json()
    return found


def tank(found: dict[str, Any], code: str) -> dict[str, Any]:
    return next(each for each in found["tanks"] if each["code"] == code)


def measure(desk: Desk, percent: float, at: datetime) -> None:
    def act(conn):
        with conn.cursor() as cursor:
            cursor.execute(LEVEL, (at, at, percent, "P-07"))

    desk.write(act)


def test_every_plant_says_what_its_hazard_rests_on(desk):
    with desk.client("viewer") as client:
        (listed,) = client.get(PLANTS).raise_for_status().json()["plants"]
        found = plant(client, "P-07")
    assert listed["code"] == found["code"] == "P-07"
    assert found["standard"] == "GB 18218-2018"
    # 650 m³ of ammonia are 396.5 t (Q 10 t, β 2), 100 m³ of methanol 79 t (Q 500 t, β 1);
    # 46 people: α 1.2.
    assert found["design"] == pytest.approx(
        {"s": 39.808, "r": 95.3496, "alpha": 1.2, "major": True, "grade": 2}
    )
    assert (found["people_500m"], found["people_source"], found["people_assumed"]) == (
        *(46, "sample"),
        False,
    )
    held = tank(found, "T-21")
    assert (held["critical_t"], held["beta"], held["factors_confirmed"]) == (10, 2, True)
    assert held["factors_source"] == "GB 18218-2018 table 1 no. 1, table 3"
    assert held["density_confirmed"] is False
    assert tank(found, "T-22")["factors_confirmed"] is False
    assert found["left_out"] == []


def test_a_tank_that_fills_raises_the_present_grade_and_not_the_legal_one(desk):
    now = datetime.now(UTC)
    grades = []
    with desk.client("duty") as client:
        client.post(ENTRIES, json={"quantity_t": 0}).raise_for_status()
        for percent in (1, 30, 80):
            measure(desk, percent, now)
            found = plant(client, "P-07")
            assert tank(found, "T-21")["basis"] == "measured"
            grades.append((found["now"]["grade"], found["design"]["grade"]))
    assert grades == [(None, 2), (3, 2), (2, 2)]


def test_a_level_that_grew_old_no_longer_counts(desk):
    measure(desk, 1, datetime.now(UTC) - timedelta(minutes=5))
    with desk.client("viewer") as client:
        held = tank(plant(client, "P-07"), "T-21")
    assert (held["basis"], held["quantity_t"]) == ("assumed full", held["design_t"])
    assert held["level"]["percent"] == 1
    assert held["level"]["age_s"] > 290


def test_what_a_person_enters_stands_with_name_and_time_and_in_the_trail(desk):
    at = datetime.now(UTC) - timedelta(hours=1)
    body = {"quantity_t": 12.5, "at": at.isoformat(), "note": "<b>量油尺</b>"}
    with desk.client("duty") as client:
        answer = client.post(ENTRIES, json=body, headers={"Idempotency-Key": "one"})
        again = client.post(ENTRIES, json=body, headers={"Idempotency-Key": "one"})
        older = {"quantity_t": 70, "at": (at - timedelta(hours=1)).isoformat()}
        client.post(ENTRIES, json=older).raise_for_status()
        held = tank(plant(client, "P-07"), "T-22")
    assert answer.status_code == 201
    assert again.json() == answer.json()
    assert (held["basis"], held["quantity_t"]) == ("entered", 12.5)
    assert (held["entry"]["who"], held["entry"]["note"]) == ("duty", "<b>量油尺</b>")
    assert desk.rows("select count(*) from tank_entry where tank = 'T-22'") == [(2,)]
    trail = "select detail ->> 'quantity_t' from audit where object = 'P-07 T-22' order by at"
    assert desk.rows(trail) == [("12.5",), ("70.0",)]


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"quantity_t": -1}, 422, "body.quantity_t"),
        ({"quantity_t": 99}, 422, "body.quantity_t"),  # 100 m³ of methanol are about 79 t
        ({"quantity_t": "full"}, 422, "body.quantity_t"),
        ({}, 422, "body.quantity_t"),
        ({"quantity_t": 1, "at": "2199-01-01T00:00:00Z"}, 422, "body.at"),
        ({"quantity_t": 1, "at": "2026-01-01T00:00:00"}, 422, "body.at"),
        ({"quantity_t": 1, "note": "a\0b"}, 422, "body.note"),
        ({"quantity_t": 1, "who": "somebody"}, 422, "body.who"),
    ],
)
def test_what_cannot_be_is_refused_by_name(desk, body, status, where):
    with desk.client("duty") as client:
        answer = client.post(ENTRIES, json=body)
    problem(answer, status)
    assert where in {error["where"] for error in answer.json()["errors"]}


def test_unknown_plants_and_tanks_are_404(desk):
    with desk.client("duty") as client:
        problem(client.get(f"{PLANTS}/R-01"), 404)
        problem(client.get(f"{PLANTS}/P-99"), 404)
        for path in ("P-07/tanks/T-99", "P-99/tanks/T-22", "R-01/tanks/T-22"):
            problem(client.post(f"{PLANTS}/{path}/entries", json={"quantity_t": 1}), 404)


def test_a_viewer_sees_and_does_not_enter(desk):
    with desk.client("viewer") as client:
        problem(client.post(ENTRIES, json={"quantity_t": 1}), 403)
        assert client.get("/api/v1/substances").status_code == 200
    with desk.client() as client:
        problem(client.get(PLANTS), 401)


def test_substances_say_what_is_not_confirmed(desk):
    with desk.client("viewer") as client:
        found = client.get("/api/v1/substances").raise_for_status().json()["substances"]
    by_code = {each["code"]: each for each in found}
    limits = {(x["name"], x["minutes"]): x for x in by_code["ammonia"]["limits"]}
    assert (limits["AEGL-2", 60]["ppm"], limits["AEGL-2", 60]["confirmed"]) == (160, True)
    assert all(not x["confirmed"] for x in by_code["toluene"]["limits"])
    assert by_code["acrylonitrile"]["limits"] == []
