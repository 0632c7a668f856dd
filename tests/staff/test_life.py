"""Shelving and taking out of service in a browser: by keyboard, with a reason, seen by all."""

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import served
from tests.staff.conftest import AXE, AXE_RUN, errors, open_without_map, signed_in, wait


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template):
    with served(server_dsn, *sample_template) as service:
        yield service


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
        expect(page.locator("#act-facts")).to_contain_text("probe is being changed")
        expect(page.locator("#life")).to_contain_text("probe is being changed")

        expect(page.locator("#returned [data-key=a-daqi] .row-owner")).to_contain_text("back to")
        page.locator("#row-a-cod").click()
        page.locator("#act-buttons [data-key=out]").click()
        page.locator(".act-form [name=reason]").fill("calibration")
        page.keyboard.press("Enter")
        expect(page.locator("#drawer-facts")).to_contain_text("out of service")
        expect(page.locator("#aside [data-key=a-cod]")).to_have_count(1)
        page.evaluate(AXE.read_text("utf-8"))
        assert page.evaluate(AXE_RUN) == []

        page.goto("/duty")
        wait(page, "window.dongtai && dongtai.shown.shelved")
        expect(page.locator("#shelved-body .duty-row")).to_have_count(2)
        expect(page.locator("#shelved-body")).to_contain_text("calibration")
        page.goto("/?station=A-02")
        page.locator("#act-buttons [data-key=unshelve]").click()
        page.locator(".act-form [name=reason]").fill("probe changed")
        page.keyboard.press("Enter")
        expect(page.locator("#waiting [data-key=a-pm25]")).to_have_count(1)
        unmapped = ("ERR_FAILED", "maplibre-gl.mjs")  # the map, which is left out
        assert not [said for said in errors(page) if not any(word in said for word in unmapped)]
