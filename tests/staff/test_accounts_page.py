"""Accounts on screen: made and taken away in a real browser, names that are text, what is whose."""

import re

import pytest
from playwright.sync_api import expect

from dashboard.door import accounts
from dashboard.door.accounts import create_account
from tests.dashboard.conftest import PASSWORD, served
from tests.servers.look import WIDE, violations
from tests.staff.conftest import (
    READY,
    errors,
    open_page,
    open_without_map,
    picture,
    signed_in,
    wait,
)

EVIL = "<img src=x onerror=alert(1)>"
PEOPLE = (("duty-2", "duty", None), ("water-desk", "duty", "water"), ("air-lab", "environment",
          "environment"), ("visitor", "viewer", "emergency"))  # fmt: skip
DEEDS: tuple[tuple[str, str, str | None, dict[str, object]], ...] = (
    ("duty-2", "acknowledged", "a-nh3", {"note": "called plant 7"}),
    ("water-desk", "opened pictures of", "C-01", {}),
    ("air-lab", "exported", "/api/v1/stations/A-01/readings/export?metric=pm25_ugm3", {}),
    ("visitor", "sign-in refused", None, {"reason": "wrong"}),
    ("duty-9", "acknowledged", "2 alerts", {"ids": ["a-1", "a-2"]}),
    ("administrator", "made an account", "new-hand", {"role": "duty", "department": "water"}),
    ("administrator", "changed an account", "water-desk", {"why": "moves to the water desk"}),
)


LOCKED = "update account set locked_until = now() + interval '4 min' where name = 'duty-2'"


@pytest.fixture(scope="module")
def peopled(server_dsn, sample_template):
    """The sample district with some more accounts, one of them locked, one disabled."""
    with served(server_dsn, *sample_template) as found:

        def fill(conn):
            for name, role, department in PEOPLE:
                create_account(
                    conn, name, role, PASSWORD, department, must_change=name == "visitor"
                )
            for who, action, of, detail in DEEDS:
                accounts.audit(conn, who, action, of, "10.21.4.17", **detail)
            with conn.cursor() as cursor:
                cursor.execute(LOCKED)
                cursor.execute("update account set disabled_at = now() where name = 'air-lab'")

        found.write(fill)
        yield found


def opened(context, path, known="people"):
    page = open_page(context)
    page.goto(path)
    wait(page, f"{READY} && dongtai.shown.{known}")
    return page


def test_the_pictures_of_the_documentation_are_whole(browser, peopled):
    with (
        signed_in(browser, peopled, "water-desk"),
        signed_in(browser, peopled, "administrator") as context,
    ):
        page = opened(context, "/accounts")
        page.locator(".acc-person").filter(has_text="water-desk").click()
        expect(page.locator("#person h2")).to_have_text("water-desk")
        picture(page, "accounts-dark-zh-1440")
        page = opened(context, "/audit", "entries")
        picture(page, "audit-dark-zh-1440")


def test_a_person_is_made_signs_in_and_chooses_a_password(browser, desk):
    with signed_in(browser, desk, "administrator", "en") as context:
        page = opened(context, "/accounts")
        page.locator("#person-new").click()
        form = page.locator("#person form")
        form.get_by_label("Name").fill("li.na")
        form.get_by_label("Acts on the stations of").select_option("water")
        form.get_by_label("Reason").fill("joins the water desk")
        form.get_by_label("Reason").press("Enter")
        expect(page.locator("#person h2")).to_have_text("li.na")
        given = page.locator(".acc-code").text_content()
        row = page.locator(".acc-person").filter(has_text="li.na")
        expect(row).to_contain_text("first password")
        assert errors(page) == []
    fresh = browser.new_context(base_url=desk.url)
    fresh.set_default_timeout(60_000)
    page = fresh.new_page()
    page.goto("/sign-in?lang=en")
    page.get_by_label("Name").fill("li.na")
    page.get_by_label("Password").fill(given)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    page.goto("/duty")
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    for label, text in (("Old password", given), ("New password", "tide umbrella seven")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("New password, again").fill("tide umbrella seven")
    page.get_by_role("button", name="Change password").click()
    wait(page, READY)
    fresh.close()


def test_a_role_is_changed_a_session_ended_and_an_account_disabled(browser, desk):
    with (
        signed_in(browser, desk, "administrator", "en") as context,
        signed_in(browser, desk, "duty", "en") as other,
    ):
        theirs = opened(other, "/account", "account")
        page = opened(context, "/accounts")
        page.locator(".acc-person").filter(has_text="Duty officer").click()
        page.get_by_role("button", name="End the session of").first.click()
        expect(page.get_by_text("Nowhere signed in.")).to_be_visible()
        expect(theirs.locator("#banner-sign-in")).to_be_visible()  # its stream has ended
        change = page.get_by_role("region", name="Role and department").locator("form")
        change.get_by_label("Role").select_option("viewer")
        change.get_by_label("Reason").fill("moves")
        change.get_by_role("button", name="Change").click()
        expect(page.locator(".acc-person[aria-current] .acc-role")).to_have_text("Viewer")
        page.get_by_role("button", name="Disable").click()
        sign_in = page.get_by_role("region", name="Sign-in", exact=True).locator("form")
        sign_in.get_by_label("Reason").fill("left")
        sign_in.get_by_label("Reason").press("Enter")
        expect(page.locator(".acc-person[aria-current]")).to_contain_text("disabled")
        assert errors(page) == []
    done = [row[0] for row in desk.rows("select action from audit order by id")]
    assert [one for one in done if "account" in one] == [
        "changed an account",
        "disabled an account",
    ]


def test_a_wallboard_is_made_by_a_link_shown_once_and_revoked_after_a_question(browser, desk):
    with signed_in(browser, desk, "administrator", "en") as context:
        page = opened(context, "/accounts")
        page.get_by_role("button", name="Wallboards").click()
        expect(page.get_by_text("No wallboard.")).to_be_visible()
        page.get_by_label("Name").fill("a wall")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#person .mark-said").first).to_contain_text("cannot be a name")
        page.get_by_label("Name").fill("hall")
        page.get_by_role("button", name="Add", exact=True).click()
        link = page.locator(".acc-code").text_content()
        assert link.startswith(f"{desk.url}/wall#token=")
        row = page.locator("#person .acc-line").filter(has_text="hall")
        expect(row).to_contain_text("no device has taken it yet")
        expect(row).to_contain_text("dark · Chinese")
        wall = browser.new_context(base_url=desk.url)
        wall.set_default_timeout(60_000)
        screen = wall.new_page()
        screen.goto(link)
        screen.wait_for_url("**/wall")
        page.get_by_role("button", name="Wallboards").click()
        expect(row).to_contain_text("last seen")
        expect(row).to_contain_text("127.0.0.1")
        expect(page.locator(".acc-code")).to_have_count(0)
        page.get_by_role("button", name="Revoke the wallboard hall").click()
        page.get_by_role("button", name="Cancel").click()
        expect(row).not_to_have_attribute("data-over", "")
        page.get_by_role("button", name="Revoke the wallboard hall").click()
        assert violations(page) == []
        assert page.evaluate(WIDE) <= 0
        page.get_by_role("button", name="Revoke: its screen goes blank").click()
        expect(row).to_have_attribute("data-over", "")
        assert [one.status for one in [screen.request.get("/wall/facts")]] == [401]
        # The wall's own page says 401 in its console; this one says nothing.
        assert [one for one in errors(page) if "422" not in one] == []
        wall.close()


def test_the_audit_speaks_the_readers_language(browser, peopled):
    with signed_in(browser, peopled, "administrator") as context:
        page = opened(context, "/audit", "entries")
        refused = page.locator("#audit-rows tr").filter(has_text="visitor").first
        expect(refused.locator(".audit-detail")).to_have_text("原因: 密码错误")
        role = page.locator("#audit-rows tr").filter(has_text="new-hand").first
        expect(role.locator(".audit-detail")).to_contain_text("角色: 值班员")
        expect(role.locator(".audit-detail")).to_contain_text("部门: water")
        many = page.locator("#audit-rows tr").filter(has_text="duty-9").first
        expect(many.locator(".audit-of")).to_have_text("2 条告警")
        assert errors(page) == []


def test_a_token_is_shown_once_and_revoked(browser, desk):
    with signed_in(browser, desk, "duty", "en") as context:
        page = opened(context, "/account", "account")
        expect(page.get_by_role("link", name="Audit")).to_have_count(0)
        page.get_by_label("What it is for").fill(EVIL)
        page.get_by_role("button", name="Make a token").click()
        expect(page.locator(".acc-code")).to_be_visible()
        expect(page.locator("#tokens-body").get_by_text(EVIL)).to_be_visible()
        page.get_by_role("button", name=f"Revoke the token {EVIL}").click()
        expect(page.locator("#tokens-body [data-over]")).to_contain_text("by duty")
        page.reload()
        wait(page, f"{READY} && dongtai.shown.account")
        expect(page.locator(".acc-code")).to_have_count(0)
        assert page.locator("#content img").count() == 0
        assert errors(page) == []


def test_the_audit_says_who_did_what_and_markup_is_text(browser, desk):
    desk.write(lambda conn: accounts.audit(conn, EVIL, "signed in", EVIL, EVIL, note=EVIL))
    with signed_in(browser, desk, "administrator", "zh") as context:
        page = opened(context, "/audit", "entries")
        row = page.locator("#audit-rows tr").filter(has_text="onerror")
        expect(row.locator(".audit-who")).to_have_text(EVIL)
        expect(row.locator(".audit-what")).to_have_text("登录")
        assert page.locator("#content img").count() == 0
        page.locator("#audit-filter input").first.fill("administrator")
        expect(page.locator("#audit-rows tr").filter(has_text="onerror")).to_have_count(0)
        expect(page.locator("#audit-rows tr").first).to_contain_text("administrator")
        assert "who=administrator" in page.locator("#audit-export").get_attribute("href")
        page.locator("#audit-filter input").nth(2).fill("yesterday")
        expect(page.locator("#data-problem")).to_be_visible()
        assert errors(page) == []


def test_who_is_of_a_department_is_told_why_a_button_rests(browser, desk):
    desk.write(lambda conn: create_account(conn, "water", "duty", PASSWORD, "water"))
    with signed_in(browser, desk, "water", "en") as context:
        page = open_without_map(context)
        row = page.locator("#waiting .row[data-key=a-nh3]")
        expect(row.locator(".ack")).to_be_disabled()
        expect(row.locator(".ack")).to_have_attribute("title", re.compile("yours is water"))
        row.locator(".row-name").click()
        expect(page.locator("#act-facts")).to_contain_text("yours is water")
        expect(page.locator("#act-buttons button")).to_have_count(0)
