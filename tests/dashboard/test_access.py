"""One door over everything: who is nobody sees nothing, and each role may what its table says."""

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from dashboard.door import access
from dashboard.door.access import ANYONE, RIGHTS, ROUTES, SEE, UPDATE, Route, without_right
from dashboard.door.accounts import ROLES, create_token
from dashboard.door.callbacks import UnguardedCallback, protect
from dashboard.pages import CALLBACK_RIGHTS
from dashboard.walls import keys as walls

EXAMPLES = {
    "{code}": "R-02",
    "{alert_id}": "a-nh3",
    "{mark_id}": "1",
    "{shift_id}": "1",
    "{offer_id}": "1",
    "{contact_id}": "1",
    "{person}": "viewer",
    "{session_id}": "999",
    "{token_id}": "999",
    "{warning_id}": "w-1",
    "/assets/vendor/{name}": "/assets/vendor/maplibre-gl.css",
    "/map/{name}": "/map/land.geojson",
    "{folder}": "map",
    "{name}": "style.css",
    "{path:path}": "nowhere",
}
OF_A_PERSON = ("/password", "/api/v1/account/")
# Routes that only exist to say that there is nothing.
_CATCH_ALL = {"/api/{rest:path}", "/cam/{rest:path}"}


def address(route: Route) -> str:
    path = route.path
    for name, value in EXAMPLES.items():
        path = path.replace(name, value)
    return path


def test_every_route_of_the_application_has_an_entry_in_the_table(shared_desk):
    table = {(route.method, route.path) for route in ROUTES}
    routes = [r for r in _api_routes(shared_desk.staff.routes) if r[1] not in _CATCH_ALL]
    assert len(routes) > 15
    found = {(method, path): access.find(method, path) for method, path in routes}
    # Who adds a route says who may use it: what is meant for Dash's pages does not count.
    assert not [asked for asked, route in found.items() if route.path == "/{path:path}"]
    assert not [(m, p) for m, p in routes if "{" in p and (m, p) not in table]
    assert {r for r in table if r[1].startswith("/api/")} <= set(routes)


def test_only_dash_is_mounted_beside_the_routes(shared_desk):
    mounts = [r.path for r in shared_desk.staff.routes.routes if isinstance(r, Mount)]
    assert mounts == [""]


def test_what_stands_in_the_table_is_what_decides(shared_desk):
    """No entry hides another one: each example address finds its own route."""
    for route in ROUTES:
        assert access.find(route.method, address(route)) == route


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_nobody_gets_in_without_signing_in(shared_desk, route):
    with shared_desk.client() as nobody:
        answer = nobody.request(route.method, address(route))
    if route.right == ANYONE:
        assert answer.status_code not in (401, 403) or "<form" in answer.text
    elif access.is_page(address(route)) and route.method == "GET":
        assert answer.status_code == 303
        door = "/wall/enter" if route.path == "/wall" else "/sign-in?next="
        assert answer.headers["location"].startswith(door)
    else:
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.right != ANYONE], ids=lambda r: f"{r.method} {r.path}"
)
def test_a_role_may_what_its_rights_say_and_nothing_else(shared_desk, route, role):
    with shared_desk.client(role) as somebody:
        status = _status(somebody, route)
    # Forms and callbacks refuse for reasons of their own, which have tests of their own; so does
    # what only a person may do, who is no token.
    if route.right not in RIGHTS[role] or route.path.startswith(OF_A_PERSON):
        assert status in ((403,) if route.right not in RIGHTS[role] else (403, 405, 422))
    elif not route.form and route.path != UPDATE:
        assert status not in (401, 403)


def test_a_token_of_less_than_its_account_may_less(desk):
    """Every route with a viewer's token of somebody who may everything."""

    def make(conn):
        desk.tokens["narrow"] = create_token(conn, "administrator", "narrow", "viewer")

    desk.write(make)
    wrong = []
    with desk.client("narrow") as somebody:
        for route in ROUTES:
            if route.right == ANYONE or route.path.startswith(OF_A_PERSON) or route.form:
                continue
            refused = _status(somebody, route) == 403
            if route.path != UPDATE and refused != (route.right not in RIGHTS["viewer"]):
                wrong.append(f"{route.method} {route.path}")
    assert wrong == []


def test_an_address_with_a_control_character_is_no_way_around_the_table(shared_desk):
    """A route's own pattern would take a line break at its end as nothing."""
    asked = [f"{address(route)}%0A" for route in ROUTES if route.method == "GET"]
    asked += [f"/api/v1/audit{odd}" for odd in ("%00", "%09", "%0D", "%1F", "%7F")]
    with shared_desk.client("viewer") as somebody:
        found = {path: somebody.get(path).status_code for path in asked}
    assert {path: status for path, status in found.items() if status != 400} == {}


def test_an_address_that_nobody_knows_is_refused_to_nobody_and_404_for_staff(shared_desk):
    with shared_desk.client() as nobody, shared_desk.client("duty") as duty:
        assert nobody.get("/api/v1/secrets").status_code == 401
        answer = duty.get("/api/v1/secrets")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert duty.get("/cam/C-01.png").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/v1/stations"), ("DELETE", "/live"), ("PUT", "/")]
)
def test_a_method_that_is_not_in_the_table_is_not_possible(shared_desk, method, path):
    with shared_desk.client("administrator") as admin:
        answer = admin.request(method, path)
    assert answer.status_code == 405
    assert answer.json()["detail"].startswith(f"{method} is not possible")


@pytest.mark.parametrize("role", ["viewer", "environment"])
def test_who_may_not_acknowledge_is_told_so(shared_desk, role):
    with shared_desk.client(role) as somebody:
        answer = somebody.post("/api/v1/alerts/a-nh3/acknowledge", json={"version": 1})
    assert answer.status_code == 403
    assert answer.json()["detail"] == f"the role {role} may not acknowledge"


@pytest.mark.parametrize("secret", ["x", "nonsense", "Ω" * 10, "a" * 5000])
def test_a_wrong_token_is_nobody(shared_desk, secret):
    with shared_desk.client() as nobody:
        headers = {"Authorization": b"Bearer " + secret.encode()}
        assert nobody.get("/api/v1/stations", headers=headers).status_code == 401


def test_a_revoked_token_and_a_disabled_account_open_nothing(desk):
    with desk.client("duty") as duty, desk.client("viewer") as viewer:
        assert duty.get("/api/v1/stations").status_code == 200
        desk.write(lambda conn: _run(conn, "update api_token set revoked_at = now()"))
        assert duty.get("/api/v1/stations").status_code == 401
        desk.write(lambda conn: _run(conn, "update api_token set revoked_at = null"))
        desk.write(
            lambda conn: _run(conn, "update account set disabled_at = now() where role = 'viewer'")
        )
        assert viewer.get("/api/v1/stations").status_code == 401


def test_head_is_a_get_without_its_body(shared_desk):
    with shared_desk.client("duty") as duty:
        for path in ("/healthz", "/api/v1/stations", "/cam/C-01.jpg"):
            head, get = duty.head(path), duty.get(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == get.headers["content-type"]
        for stream in ("/live", "/wall/live"):
            assert duty.head(stream).status_code == 405
        assert duty.head("/api/v1/nothing").status_code == 404


def test_a_nul_in_an_address_is_refused_not_an_error(shared_desk):
    with shared_desk.client("duty") as duty:
        assert duty.get("/api/v1/alerts/a%00b").status_code == 400
        assert duty.get("/api/v1/quarantine?code=a%00b").status_code == 400


def test_a_body_without_length_or_too_long_is_refused(shared_desk):
    with shared_desk.client("duty") as duty:
        path = "/api/v1/alerts/a-nh3/acknowledge"
        chunked = duty.post(path, content=iter([b"{}"]))
        assert chunked.status_code == 411
        assert duty.post(path, content=b" " * 2_000_001).status_code == 413


# ---- Dash's callbacks


def test_every_callback_has_a_right(shared_desk):
    assert CALLBACK_RIGHTS
    assert set(CALLBACK_RIGHTS.values()) <= set().union(*RIGHTS.values())


def test_a_callback_without_a_right_stops_the_start():
    import dash

    app = dash.Dash("t")

    @app.callback(dash.Output("a", "children"), dash.Input("b", "children"))
    def show(value):
        return value

    with pytest.raises(UnguardedCallback, match=r"a\.children"):
        protect(app.server, app.callback_map, {})
    assert without_right(["x.y"], {"x.y": "see"}) == []


@pytest.mark.parametrize("role", [*ROLES, "wall", None])
def test_every_registered_callback_answers_who_may_see_and_nobody_else(desk, role):
    """From the application's own list: the wallboard and nobody are roles here too."""
    with desk.client("administrator") as admin:
        registered = [one["output"] for one in admin.get("/_dash-dependencies").json()]
    assert len(registered) >= len(CALLBACK_RIGHTS) - 1
    with desk.client(role if role != "wall" else None) as somebody:
        if role == "wall":
            desk.write(lambda conn: desk.tokens.update(wall=walls.add(conn, "hall", "test")[1]))
            entered = somebody.post("/wall/enter", data={"token": desk.tokens["wall"]})
            assert entered.status_code == 204
        answers = {
            output: somebody.post(
                UPDATE, json={"output": output, "inputs": [], "outputs": {}}
            ).status_code
            for output in registered
        }
    refused = {output for output, status in answers.items() if status in (401, 403)}
    may = role is not None and SEE in RIGHTS[role]
    assert refused == (set() if may else set(registered))


@pytest.mark.parametrize(
    "output", ["elsewhere.children", "chart.figure ", None, 7, ["chart.figure"]]
)
def test_a_callback_that_is_not_in_the_table_is_refused(shared_desk, output):
    with shared_desk.client("administrator") as admin:
        answer = admin.post(UPDATE, json={"output": output, "inputs": []})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["[" * 100_000, '{"output":' * 100_000, "[1]", "9" * 5000, "NaN"])
def test_a_callback_of_a_body_that_is_none_is_refused_and_no_failure(shared_desk, body):
    with shared_desk.client("administrator") as admin:
        answer = admin.post(UPDATE, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def _api_routes(app) -> list[tuple[str, str]]:
    """(method, path) of everything that the application itself answers."""
    return [
        (method, context.path)
        for context in iter_route_contexts(app.routes)
        if context.path is not None
        for method in (context.methods or set()) - {"HEAD"}
    ]


def _status(client: httpx.Client, route: Route) -> int:
    with client.stream(route.method, address(route)) as answer:
        return answer.status_code


def _run(conn, statement: str) -> None:
    with conn.cursor() as cursor:
        cursor.execute(statement)
