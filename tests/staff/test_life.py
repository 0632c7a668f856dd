"""Shelving and taking out of service in a browser: by keyboard, with a reason, seen by all."""

import pytest
from playwright.sync_api import Page, expect

from database.pool import Connection
from tests.dashboard.conftest import Desk, served
from tests.servers.look import violations
from tests.staff.conftest import errors, open_without_map, signed_in, wait


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template):
    with served(server_dsn, *sample_template) as service:
        yield service


def step(desk: Desk, assignments: str) -> None:
    """The engine's word on the alert, heard by the screens."""

    def act(conn: Connection) -> None:
        with conn.cursor() as cursor:
            cursor.execute(
                f"update alert set version = version + 1, {assignments} where id = 'a-pm25';"
                " notify dongtai"
            )

    desk.write(act)


def changes_while_it_is_acknowledged(page: Page, desk: Desk) -> None:
    """Refused once, for it was not what was read; the same form then takes what is there."""
    page.locator("#waiting [data-key=a-pm25] .ack").click()
    note, said = page.locator(".ack-form input"), page.locator(".ack-form .ack-said")
    step(desk, "value = 121")
    wait(page, "dongtai.alerts.get('a-pm25').value === 121")
    note.press("Enter")
    expect(said).to_contain_text("It changed meanwhile")
    note.press("Enter")
    expect(page.locator(".ack-form")).to_have_count(0)
    expect(page.locator("#waiting [data-key=a-pm25]")).to_have_count(0)


def becomes_red_while_it_is_shelved(page: Page, desk: Desk) -> None:
    """What was chosen for yellow is not sent for red; a version not read is not shelved."""
    page.locator("#act-buttons [data-key=shelve]").click()
    reason, said = page.locator(".act-form [name=reason]"), page.locator(".act-form .ack-said")
    reason.fill("probe again")
    step(desk, "grade = 'red'")
    expect(page.locator(".act-form .choice").first).to_contain_text("15 min")
    expect(said).to_contain_text("Red now")
    reason.press("Enter")
    expect(said).to_contain_text("Choose for how long")
    expect(reason).to_have_value("probe again")
    page.locator(".act-form .choice").first.click()
    step(desk, "value = 119")
    wait(page, "dongtai.alerts.get('a-pm25').value === 119")
    reason.press("Enter")
    expect(said).to_contain_text("It changed meanwhile")
    reason.press("Enter")
    expect(page.locator("#aside [data-key=a-pm25] .row-owner")).to_contain_text("shelved until")


def test_an_alert_is_shelved_by_keyboard_and_comes_back_and_a_station_goes_out(browser, desk):
    """One browser for all of it: an administrator may do both."""
    with signed_in(browser, desk, "administrator", "en") as context:
        page = open_without_map(context)
        page.locator("#row-a-pm25").click()
        page.keyboard.press("s")
        expect(page.locator(".act-form .choice").first).to_contain_text("30 min")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".act-form .ack-said")).to_contain_text("Say why")
        page.keyboard.type("probe is being changed")
        page.keyboard.press("Enter")
        expect(page.locator("#aside [data-key=a-pm25] .row-owner")).to_contain_text("shelved until")
        expect(page.locator("#waiting [data-key=a-pm25]")).to_have_count(0)
        expect(page.locator("#count-aside")).to_have_text("1")
        expect(page.locator("#act-buttons [data-key=unshelve]")).to_be_focused()
        expect(page.locator("#act-facts")).to_contain_text("probe is being changed")
        expect(page.locator("#life")).to_contain_text("probe is being changed")

        expect(page.locator("#returned [data-key=a-daqi] .row-owner")).to_contain_text("back to")
        page.locator("#row-a-cod").click()
        page.locator("#act-buttons [data-key=out]").click()
        page.locator(".act-form [name=one]").check()
        page.locator(".act-form [name=reason]").fill("calibration")
        page.keyboard.press("Enter")
        expect(page.locator("#act-facts")).to_contain_text("COD")
        expect(page.locator("#act-buttons [data-key=in]")).to_be_focused()
        expect(page.locator("#drawer-facts")).to_contain_text("out of service")
        expect(page.locator("#aside [data-key=a-cod]")).to_have_count(1)
        assert violations(page) == []

        page.goto("/duty")
        wait(page, "window.dongtai && dongtai.shown.shelved")
        expect(page.locator("#shelved-body .duty-row")).to_have_count(2)
        expect(page.locator("#shelved-body")).to_contain_text("calibration")
        page.goto("/?station=A-02")
        page.locator("#act-buttons [data-key=unshelve]").click()
        page.locator(".act-form [name=reason]").fill("probe changed")
        page.keyboard.press("Enter")
        expect(page.locator("#waiting [data-key=a-pm25]")).to_have_count(1)
        changes_while_it_is_acknowledged(page, desk)
        becomes_red_while_it_is_shelved(page, desk)
        unmapped = ("ERR_FAILED", "maplibre-gl.mjs", "409")  # the map is left out; refusals
        assert not [said for said in errors(page) if not any(word in said for word in unmapped)]
