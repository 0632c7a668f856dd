"""Signing in: plain forms, secrets kept as hashes, locks that betray nothing, no other site."""

import logging
import re
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.door import accounts
from dashboard.door.accounts import BadAccount, Lock, Principal, Refused
from dashboard.door.attempts import Attempts
from dashboard.door.signin import Strangers, local_path
from tests.dashboard.conftest import PASSWORD, until

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
LOCK = Lock(after=5, minutes=5)
ODD_NAMES = (
    "",
    " a",
    "a b",
    "a\n",
    "a\x1b[2J",
    "a\0",
    "<b>a</b>",
    "a&b",
    "a\u202eb",
    "\udcff",
    "a" * 41,
)


def post(client, name, password, **more):
    return client.post("/sign-in", data={"name": name, "password": password, **more})


def test_signing_in_leads_back_to_where_one_was_and_sets_the_two_cookies(desk):
    with desk.client() as browser:
        asked = browser.get("/cameras?x=1")
        assert asked.status_code == 303
        form = browser.get(asked.headers["location"])
        assert 'value="/cameras?x=1"' in form.text
        answer = post(browser, "duty", PASSWORD, next="/cameras?x=1")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/cameras?x=1"
        session, csrf = answer.headers.get_list("set-cookie")
        assert "dongtai_session=" in session
        assert "HttpOnly" in session
        assert "SameSite=lax" in session
        assert "_csrf_token=" in csrf
        assert "HttpOnly" not in csrf
        assert browser.get("/api/v1/stations").status_code == 200
        assert browser.get("/").status_code == 200


def test_the_database_knows_only_hashes(desk):
    with desk.browser("duty") as browser:
        secret = browser.cookies["dongtai_session"]
    hashes = [bytes(row[0]) for row in desk.rows("select token_hash from session")]
    assert hashes == [accounts.digest(secret)]
    [(password_hash,)] = desk.rows("select password_hash from account where name = 'duty'")
    assert password_hash.startswith("$argon2id$")


def test_signing_out_ends_the_session_at_once(desk):
    with desk.browser("duty") as browser:
        page = browser.get("/sign-out").text
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        assert browser.post("/sign-out", data={"csrf": "wrong"}).status_code == 403
        kept = browser.cookies["dongtai_session"]
        assert browser.post("/sign-out", data={"csrf": csrf}).status_code == 303
        again = browser.get("/api/v1/stations", headers={"Cookie": f"dongtai_session={kept}"})
        assert again.status_code == 401


def test_a_session_ends_without_use_and_slides_with_it(owner):
    account = accounts.create_account(owner, "duty", "duty", PASSWORD)
    token, _ = accounts.open_session(owner, account, NOW, 12, address="-", agent="-")
    later = NOW + timedelta(hours=11)
    assert accounts.by_session(owner, token, later, 12)
    assert accounts.by_session(owner, token, NOW + timedelta(hours=22), 12)
    assert accounts.by_session(owner, token, NOW + timedelta(hours=34, minutes=1), 12) is None


def test_a_wrong_password_and_an_unknown_name_look_the_same(shared_desk):
    with shared_desk.client() as nobody:
        wrong = post(nobody, "viewer", "not-the-password")
        unknown = post(nobody, "nobody-here", "not-the-password")
    assert wrong.status_code == unknown.status_code == 401
    assert "用户名或密码不对" in wrong.text
    assert wrong.text.replace("viewer", "") == unknown.text.replace("nobody-here", "")


@pytest.mark.parametrize("name", ["duty", "nobody-here"])
def test_five_failures_lock_a_name_for_minutes_known_or_not(desk, name):
    with desk.client() as nobody:
        for _ in range(4):
            assert post(nobody, name, "wrong-password").status_code == 401
        assert post(nobody, name, "wrong-password").status_code == 423
        locked = post(nobody, name, PASSWORD)
    assert locked.status_code == 423
    assert re.search(r"此用户锁定至 \d\d:\d\d", locked.text)


def test_a_lock_ends_and_a_success_forgets_the_failures(owner):
    accounts.create_account(owner, "duty", "duty", PASSWORD)

    def attempt(password, at):
        return accounts.verify_password(owner, "duty", password, at, LOCK)

    for _ in range(4):
        assert attempt("wrong", NOW) == Refused("wrong")
    assert isinstance(attempt(PASSWORD, NOW), Principal)
    for _ in range(4):
        attempt("wrong", NOW)
    assert attempt("wrong", NOW) == Refused("locked", NOW + timedelta(minutes=5))
    assert attempt(PASSWORD, NOW + timedelta(minutes=4)).reason == "locked"
    assert isinstance(attempt(PASSWORD, NOW + timedelta(minutes=6)), Principal)


@pytest.mark.parametrize("hours", [71.9, 72.1])
def test_a_one_time_password_opens_for_three_days(owner, hours):
    accounts.create_account(owner, "new", "duty", PASSWORD, must_change=True)
    accounts.create_account(owner, "old", "duty", PASSWORD)
    later = datetime.now(UTC) + timedelta(hours=hours)

    def attempt(name, password):
        return accounts.verify_password(owner, name, password, later, LOCK)

    assert attempt("new", "nonsense-nonsense") == Refused("wrong")
    assert isinstance(attempt("old", PASSWORD), Principal)
    found = attempt("new", PASSWORD)
    if hours < 72:
        assert isinstance(found, Principal)
    else:
        assert found == Refused("expired")
        accounts.set_password(owner, "new", "another-password", must_change=True)
        soon = datetime.now(UTC) + timedelta(hours=1)
        assert isinstance(
            accounts.verify_password(owner, "new", "another-password", soon, LOCK), Principal
        )


def test_only_who_knows_an_expired_password_hears_that_it_is_one(desk):
    desk.write(lambda c: accounts.create_account(c, "new", "duty", PASSWORD, must_change=True))
    desk.write(
        lambda c: c.cursor().execute(
            "update account set password_at = now() - interval '4 days' where name = 'new'"
        )
    )
    with desk.client() as browser:
        expired = post(browser, "new", PASSWORD)
        wrong = post(browser, "new", "nonsense-nonsense")
        stranger = post(browser, "nobody", PASSWORD)
    assert (expired.status_code, "一次性密码已过期" in expired.text) == (401, True)
    assert "set-cookie" not in expired.headers
    for answer in (wrong, stranger):
        assert (answer.status_code, "过期" in answer.text) == (401, False)
    assert wrong.text.replace("new", "nobody") == stranger.text


def test_strangers_lock_like_accounts():
    strangers = Strangers(LOCK)
    said = [strangers.refuse("x", NOW).reason for _ in range(7)]
    assert said == ["wrong"] * 4 + ["locked"] * 3
    assert strangers.refuse("x", NOW + timedelta(minutes=6)).reason == "wrong"


def test_signing_in_over_an_open_session_ends_that_one(desk):
    """At a desk that two share nobody else could end it: its cookie is overwritten."""
    with desk.browser("duty") as browser, desk.client() as other:
        before = {"Cookie": f"dongtai_session={browser.cookies['dongtai_session']}"}
        assert other.get("/api/v1/alerts", headers=before).status_code == 200
        wrong = browser.post("/sign-in", data={"name": "environment", "password": "no"})
        assert wrong.status_code == 401
        assert other.get("/api/v1/alerts", headers=before).status_code == 200
        browser.post("/sign-in", data={"name": "environment", "password": PASSWORD})
        assert other.get("/api/v1/alerts", headers=before).status_code == 401
        assert browser.get("/api/v1/alerts").status_code == 200


def test_a_new_password_ends_the_sessions_of_the_old_one(owner):
    account = accounts.create_account(owner, "duty", "duty", PASSWORD)
    token, _ = accounts.open_session(owner, account, NOW, 12, address="-", agent="-")
    accounts.set_password(owner, "duty", "another-password")
    assert accounts.by_session(owner, token, NOW, 12) is None
    verified = accounts.verify_password(owner, "duty", "another-password", NOW, LOCK)
    assert isinstance(verified, Principal)


@pytest.mark.parametrize(
    ("name", "role", "password", "said"),
    [
        ("a", "boss", PASSWORD, "unknown role 'boss'"),
        ("a", "duty", "short", "at least 12"),
        ("system", "duty", PASSWORD, "what the program calls itself"),
        ("Config.yaml", "environment", PASSWORD, "what the program calls itself"),
        *(
            (odd, "duty", PASSWORD, "cannot be a name; one has 1 to 40 letters")
            for odd in ODD_NAMES
        ),
    ],
)
def test_a_bad_account_is_refused_with_a_sentence(owner, name, role, password, said):
    with pytest.raises(BadAccount, match=said):
        accounts.create_account(owner, name, role, password)


@pytest.mark.parametrize("name", ["duty", "值班-2", "li.na_3", "Ünal", "a" * 40])
def test_a_name_has_letters_of_any_script_digits_dots_dashes_and_underscores(owner, name):
    accounts.create_account(owner, name, "duty", PASSWORD)
    assert isinstance(accounts.verify_password(owner, name, PASSWORD, NOW, LOCK), Principal)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_no_account_can_have_is_refused_like_any_other(shared_desk, name):
    form = urlencode({"name": name, "password": PASSWORD}, errors="surrogatepass")
    with shared_desk.client() as nobody:
        answer = nobody.post("/sign-in", content=form)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_who_leaves_in_the_middle_of_a_form_is_one_quiet_line_in_the_log(shared_desk, caplog, path):
    caplog.set_level(logging.INFO)
    url = urlsplit(shared_desk.url)
    head = f"POST {path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 100\r\n"
    token = f"Authorization: Bearer {shared_desk.tokens['duty']}\r\n\r\n"
    with socket.create_connection((url.hostname, url.port)) as line:
        line.sendall(f"{head}{token}name=du".encode())
    until(lambda: any("POST" in record.getMessage() for record in caplog.records))
    [said] = [record for record in caplog.records if record.name.startswith(("dashboard", "uvi"))]
    assert (said.levelno, said.exc_info) == (logging.INFO, None)
    assert said.getMessage() == f"POST {path}: the client left before it had said all"


def test_the_same_name_twice_or_an_unknown_department_is_refused(owner):
    accounts.create_account(owner, "a", "duty", PASSWORD)
    owner.commit()
    with pytest.raises(BadAccount, match="already an account"):
        accounts.create_account(owner, "a", "duty", PASSWORD)
    owner.rollback()
    with pytest.raises(BadAccount, match="no department"):
        accounts.create_account(owner, "b", "duty", PASSWORD, "nowhere")


def test_what_people_did_stands_in_the_audit(desk):
    with desk.client() as browser:
        post(browser, "duty", "wrong-password")
        post(browser, "duty", PASSWORD)
        csrf = browser.cookies["_csrf_token"]
        browser.post("/sign-out", data={"csrf": csrf})
    found = desk.rows("select who, action, address, detail from audit order by id")
    assert [row[:2] for row in found] == [
        ("duty", "sign-in refused"),
        ("duty", "signed in"),
        ("duty", "signed out"),
    ]
    assert {row[2] for row in found} == {"127.0.0.1"}
    assert PASSWORD not in str(found)
    assert "wrong-password" not in str(found)


def test_an_address_may_try_only_so_often():
    moments = iter([0, 1, 2, 3, 59, 60, 60.5, 61])
    attempts = Attempts(3, lambda: next(moments))
    assert [attempts.allow("a") for _ in range(8)] == [
        True, True, True, False, False, True, False, True,
    ]  # fmt: skip


def test_addresses_do_not_count_for_each_other():
    attempts = Attempts(1, lambda: 0.0)
    assert attempts.allow("a")
    assert attempts.allow("b")
    assert not attempts.allow("a")


# ---- other sites


def test_a_write_by_cookie_needs_the_csrf_header(desk):
    path, body = "/api/v1/alerts/a-nh3/acknowledge", {"version": 1}
    with desk.browser("duty") as browser:
        assert browser.post(path, json=body).status_code == 403
        wrong = {"X-CSRFToken": "x" * 32}
        assert browser.post(path, json=body, headers=wrong).status_code == 403
        right = {"X-CSRFToken": browser.cookies["_csrf_token"]}
        assert browser.post(path, json=body, headers=right).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_site_can_make_a_browser_do_nothing(shared_desk, origin):
    with shared_desk.browser("duty") as browser:
        headers = {"X-CSRFToken": browser.cookies["_csrf_token"], "Origin": origin}
        path = "/api/v1/alerts/a-nh3/acknowledge"
        assert browser.post(path, json={"version": 1}, headers=headers).status_code == 403
    with shared_desk.client() as nobody:
        forged = {"name": "duty", "password": PASSWORD}
        answer = nobody.post("/sign-in", data=forged, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_our_own_origin_is_welcome_and_a_cross_site_fetch_is_not(shared_desk):
    with shared_desk.client() as nobody:
        data = {"name": "viewer", "password": PASSWORD}
        own = nobody.post("/sign-in", data=data, headers={"Origin": shared_desk.url})
        assert own.status_code == 303
        cross = nobody.post("/sign-in", data=data, headers={"Sec-Fetch-Site": "cross-site"})
        assert cross.status_code == 403


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "",
     "evil.example", "/\t/evil.example", "/sign-out", "///evil.example", "/\r\nSet-Cookie: a=b"],
)  # fmt: skip
def test_after_signing_in_nobody_is_led_elsewhere(wanted):
    assert local_path(wanted) == "/"


@given(st.text(max_size=30))
def test_the_way_on_is_always_one_of_our_own_paths(wanted):
    found = local_path(wanted)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))


# ---- the page


def test_the_page_says_what_is_typed_as_text_never_as_markup(shared_desk):
    evil = '"><script>alert(1)</script>'
    with shared_desk.client() as nobody:
        page = post(nobody, evil, "wrong-password", next=f"/{evil}").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_speaks_both_languages_and_remembers(shared_desk):
    with shared_desk.client() as nobody:
        assert "<h1>登录</h1>" in nobody.get("/sign-in").text
        assert "<h1>Sign in</h1>" in nobody.get("/sign-in?lang=en").text
        answer = nobody.post("/sign-in?lang=en", data={"name": "viewer", "password": PASSWORD})
        assert answer.status_code == 303
        assert nobody.cookies["lang"] == "en"


def test_the_page_needs_no_script_and_nothing_from_outside(shared_desk):
    with shared_desk.client() as nobody:
        page = nobody.get("/sign-in")
        style = nobody.get("/sign-in/style.css")
    assert "script" not in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert not re.search(r"https?://|src=\"//|url\(", page.text + style.text)
    assert style.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/", "/sign-in", "/api/v1/stations", "/live", "/nowhere"])
def test_every_answer_carries_the_security_headers(shared_desk, path):
    with shared_desk.client("viewer") as viewer, viewer.stream("GET", path) as answer:
        headers = answer.headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert "unsafe-eval" not in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "cache-control" in headers
    assert "server" not in headers
