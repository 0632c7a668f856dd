"""Writes of an account with a department: each role, department and route; one place decides."""

import itertools

import pytest

from dashboard.door import access, departments
from dashboard.door.access import RIGHTS, ROUTES
from dashboard.door.accounts import ROLES, create_account, create_token
from tests.dashboard.conftest import PASSWORD, served
from tests.dashboard.test_access import address
from tests.dashboard.test_rules import RULE

WRITES = [route for route in ROUTES if route.method != "GET" and not route.form]
STATIONS = {"{code}": ("R-02", "P-07", "W-01"), "{alert_id}": ("a-nh3",), "{mark_id}": ("1",)}
OWNERS = """
select s.code, v.department from station s
  join station_version v on v.station_id = s.id and v.valid_to is null
union all select id, department from alert
union all select m.id::text, v.department from mark m join series q on q.id = m.series_id
  join station_version v on v.station_id = q.station_id and v.valid_to is null"""
MARK = """
insert into mark (series_id, from_at, until_at, verdict, reason, who)
select q.id, now() - interval '2 hours', now() - interval '1 hour', 'invalid', 'test', 'test'
  from series q join station s on s.id = q.station_id where s.code = 'R-02' limit 1"""


@pytest.fixture(scope="module")
def district(server_dsn, sample_template):
    """The sample district; beside the accounts of the roles one of each in two departments."""
    name, tokens = sample_template
    with served(server_dsn, name, dict(tokens)) as desk:

        def people(conn):
            for role, department in itertools.product(ROLES, DEPARTMENTS):
                create_account(conn, f"{role}-{department}", role, PASSWORD, department)
                desk.tokens[f"{role}-{department}"] = create_token(
                    conn, f"{role}-{department}", "t"
                )
            with conn.cursor() as cursor:
                cursor.execute("select count(*) from mark")
                if cursor.fetchone() == (0,):
                    cursor.execute(MARK)

        desk.write(people)
        yield desk


DEPARTMENTS = ("water", "emergency")


def examples(route):
    """(address, what it is about) for everything that a route's address can name in the sample."""
    for placeholder, keys in STATIONS.items():
        if placeholder in route.path and departments.named(route):
            for key in keys:
                yield address(route_with(route, placeholder, key)), key
            return
    yield address(route), None


def route_with(route, placeholder, key):
    path = route.path.replace(placeholder, key)
    return access.Route(route.method, path, route.right, route.form)


def test_of_every_write_somebody_has_said_whose_it_is():
    """By its address, by its body, or of the whole district: else nobody of a department may."""
    unsaid = [
        f"{route.method} {route.path}"
        for route in WRITES
        if not departments.is_free(route) and departments.named(route) is None
        and route.right != access.ADMINISTER
    ]  # fmt: skip
    assert unsaid == []
    table = {(route.method, route.path) for route in ROUTES}
    assert table >= departments.BY_BODY
    for above in (*departments.ABOVE, *departments.WHOLE_DISTRICT):
        assert [route for route in WRITES if route.path.startswith(above)], above


@pytest.mark.parametrize("department", DEPARTMENTS)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_of_each_department_writes_to_its_own_and_to_nothing_else(
    district, role, department
):
    owners = dict(district.rows(OWNERS))
    assert {"water", "environment"} & set(owners.values())
    wrong = []
    with district.client(f"{role}-{department}") as somebody:
        for route in WRITES:
            if route.right == access.SEE or departments.named(route) is None:
                continue
            for path, key in examples(route):
                answer = somebody.request(route.method, path)
                may = route.right in RIGHTS[role]
                own = role == "administrator" or owners.get(key, department) == department
                refused = answer.status_code == 403
                if refused != (not may or not own):
                    wrong.append((route.method, path, owners.get(key), answer.status_code))
                elif refused and may and key:
                    assert answer.json()["yours"] == department
                    assert "Ask somebody" in answer.json()["detail"]
    assert wrong == []


@pytest.mark.parametrize("spelling", ["0{}", "+{}", "{}.0", "%20{}", "{}%20", "0_{}"])
def test_another_spelling_of_a_number_is_no_way_to_what_another_department_owns(district, spelling):
    [(number,)] = district.rows("select id from mark where verdict <> 'withdrawn'")
    path = f"/api/v1/marks/{spelling.format(number)}/withdraw"
    with district.client("environment-emergency") as somebody:
        answer = somebody.post(path, json={"reason": "x"})
    assert answer.status_code == 404, answer.text
    assert district.rows("select count(*) from mark where verdict = 'withdrawn'") == [(0,)]


@pytest.mark.parametrize("role", ROLES)
def test_who_is_of_a_department_sees_everything(district, role):
    with district.client(f"{role}-water") as bound, district.client(role) as free:
        for path in ("/api/v1/stations", "/api/v1/alerts", "/api/v1/alerts/a-nh3"):
            mine, theirs = bound.get(path), free.get(path)
            assert mine.status_code == theirs.status_code == 200
            assert len(mine.text) == pytest.approx(len(theirs.text), rel=0.02)


def test_of_several_alerts_ones_own_are_taken_and_the_others_are_named(district):
    owners = dict(district.rows("select id, department from alert where ended_at is null"))
    mine = next(one for one in DEPARTMENTS if one in owners.values())
    asked = [{"id": key, "version": 1} for key in owners]
    others = {key: of for key, of in owners.items() if of != mine}
    assert others
    assert len(others) < len(owners)
    with district.client(f"duty-{mine}") as duty:
        answer = duty.post("/api/v1/alerts/acknowledge", json={"alerts": asked})
    assert answer.status_code == 200, answer.text
    results = {one["id"]: one for one in answer.json()["results"]}
    assert results.keys() == owners.keys()
    left = {key: one for key, one in results.items() if one["result"] == "outside"}
    assert {key: one["department"] for key, one in left.items()} == others
    taken = dict(district.rows("select id, owner from alert where ended_at is null"))
    assert not [key for key in others if taken[key] == f"duty-{mine}"]


def test_several_alerts_of_which_none_is_ones_own_are_refused(district):
    [(owner,)] = district.rows("select department from alert where id = 'a-nh3'")
    other = next(one for one in DEPARTMENTS if one != owner)
    body = {"alerts": [{"id": "a-nh3", "version": 1}]}
    with district.client(f"duty-{other}") as duty:
        answer = duty.post("/api/v1/alerts/acknowledge", json=body)
    assert answer.status_code == 403
    assert district.rows("select owner from alert where id = 'a-nh3'") == [(None,)]


def test_a_rule_is_a_departments_where_every_station_is(district):
    with district.client("environment-water") as water:
        answer = water.post("/api/v1/rules", json={"definition": RULE, "reason": "x"})
    assert answer.status_code == 403, answer.text
    assert "water" in answer.json()["detail"]
    assert district.rows("select count(*) from rule where code = 'PH'") == [(0,)]
