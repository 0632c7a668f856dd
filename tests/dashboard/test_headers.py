"""Every page and every address that can be asked for: its headers and cookies."""

import base64
import hashlib
import re

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dashboard.door.access import ANYONE, ROUTES
from dashboard.door.signin import SignIn
from dashboard.pages import PAGES
from tests.dashboard.conftest import PASSWORD, served
from tests.dashboard.test_access import address

ASKED = sorted(
    {address(route) for route in ROUTES if route.method == "GET"} | {path for path, *_ in PAGES}
)
KEPT = ("/cam/", "/assets/", "/map/", "/sign-in/", "/wall/enter/")  # files that a browser may keep


@pytest.mark.parametrize("path", ASKED)
def test_every_get_route_has_strict_headers(shared_desk, path):
    with shared_desk.browser("administrator") as browser, browser.stream("GET", path) as answer:
        headers = answer.headers
    parts = headers["content-security-policy"].split(";")
    policy = dict(part.strip().partition(" ")[::2] for part in parts)
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    scripts = policy.get("script-src", "'none'").split()
    hashed = re.compile(r"'sha256-[A-Za-z0-9+/=]+'")
    assert all(one in ("'self'", "'none'") or hashed.fullmatch(one) for one in scripts), scripts
    assert "object-src" not in policy  # none, by the default
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    if not path.startswith(KEPT):
        assert headers["cache-control"] == "no-store"
    assert "public" not in headers["cache-control"]


@pytest.mark.parametrize("path", [path for path, *_ in PAGES])
def test_no_page_has_a_script_of_its_own_that_the_policy_does_not_know(shared_desk, path):
    with shared_desk.browser("administrator") as browser:
        page = browser.get(path)
    assert page.status_code == 200
    inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>([^<]*)", page.text)
    allowed = page.headers["content-security-policy"]
    for kind, text in inline:
        assert "application/json" in kind or _hash(text) in allowed, text[:80]
    assert not re.search(r"<[^>]+\son\w+=", page.text)
    assert "javascript:" not in page.text


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(shared_desk):
    with shared_desk.client() as nobody:
        answer = nobody.post("/sign-in", data={"name": "viewer", "password": PASSWORD})
    lines = answer.headers.get_list("set-cookie")
    cookies = {line.partition("=")[0]: line.lower() for line in lines}
    assert set(cookies) == {"dongtai_session", "_csrf_token"}
    assert "httponly" in cookies["dongtai_session"]
    assert all("samesite=lax" in line and "path=/" in line for line in cookies.values())
    assert not any("secure" in line.split("; ") for line in cookies.values())


def test_behind_tls_cookies_need_it_and_browsers_are_told_to(server_dsn, sample_template):
    with served(server_dsn, *sample_template) as desk:
        settings = desk.staff.routes.state.services.settings
        staff = settings.staff.model_copy(update={"secure_cookies": True})
        pages = SignIn(desk.staff.pool, settings.model_copy(update={"staff": staff}))
        request = Request({"type": "http", "query_string": b"", "headers": []})
        answer = pages._welcome(request, "token", "csrf", "/")
    lines = [value.decode().lower() for name, value in answer.raw_headers if name == b"set-cookie"]
    assert len(lines) == 2
    assert all("; secure" in line for line in lines)


def test_what_is_open_to_anyone_is_little():
    """A new entry here is a door without a lock: think twice."""
    assert {f"{route.method} {route.path}" for route in ROUTES if route.right == ANYONE} == {
        *("GET /sign-in", "POST /sign-in", "GET /sign-in/{name}"),
        *("GET /healthz", "GET /readyz", "GET /assets/vendor/{name}"),
        *("GET /wall/enter", "POST /wall/enter", "GET /wall/enter/{name}"),  # with a token, once
    }


def test_too_many_attempts_say_when_to_try_again(shared_desk):
    pages = SignIn(shared_desk.staff.pool, shared_desk.staff.routes.state.services.settings)
    pages.attempts.allow("unknown")
    request = Request({"type": "http", "query_string": b"lang=en", "headers": []})
    answer = pages.too_many(request, HTMLResponse)
    assert answer.status_code == 429
    wait = int(answer.headers["retry-after"])
    assert 0 < wait <= 60
    assert f"Try again in {wait} s" in bytes(answer.body).decode()


def _hash(text: str) -> str:

    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
