"""The duty page: its sections are there for who may see, and a section that fails says so."""

from playwright.sync_api import expect

from tests.staff.conftest import READY, errors, open_page, signed_in, wait


def test_the_page_has_its_sections_in_both_languages(browser, shared_desk):
    with signed_in(browser, shared_desk, "duty", "zh") as context:
        page = open_page(context)
        page.goto("/duty")
        wait(page, READY)
        expect(page.locator(".nav-link[aria-current=page]")).to_have_text("值班")
        expect(page.locator("#duty-score h2")).to_contain_text("本班告警评价")
        assert errors(page) == []
