"""Thresholds at a glance: what is chosen stays chosen whatever comes in; keys, ears, phones."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests import sample
from tests.dashboard.conftest import Desk, filled, served
from tests.servers.look import violations
from tests.staff import glance
from tests.staff.conftest import (
    ARTEFACTS,
    READY,
    errors,
    open_page,
    signed_in,
    wait,
)

SCREENS = {
    "environment-dark-zh": ("#thresholds/A-02/pm25_ugm3", "dark", "zh", 1440, 900),
    "thresholds-phone-zh": ("", "light", "zh", 360, 780),
    "thresholds-phone-en": ("#thresholds/A-02/pm25_ugm3", "dark", "en", 360, 780),
}
DRAWN = """document.querySelector('#threshold-plot[data-of] .main-svg')
    && document.querySelector('.th-cal') && document.querySelector('.th-quality')"""
TICKS = """() => new Set([...document.querySelectorAll('.th-tick')].map(
  n => Math.round(n.getBoundingClientRect().left))).size"""


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    with (
        filled(
            server_dsn, template, lambda conn: glance.fill(conn, glance.NOW), ["environment"]
        ) as made,
        served(server_dsn, *made, lambda: glance.NOW) as desk,
    ):
        yield desk


def _open(context, hash_: str = "") -> Page:
    page = open_page(context)
    page.clock.set_fixed_time(glance.NOW)
    page.goto(f"/environment{hash_}")
    wait(page, READY + " && dongtai.shown.thresholds && document.querySelector('.th-row')")
    return page


def chosen(page: Page):
    return page.locator(".th-row[data-current]")


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_fits_and_accessibility_tools_find_nothing(browser, scene, name):
    hash_, theme, lang, width, height = SCREENS[name]
    size = {"width": width, "height": height}
    options = {"lang": lang, "color_scheme": theme, "viewport": size}
    with signed_in(browser, scene, "environment", **options) as context:
        page = _open(context, hash_)
        if hash_:
            wait(page, DRAWN)
        page.evaluate("document.fonts.ready")
        folder = ARTEFACTS / "screens" if name.startswith("environment") else ARTEFACTS
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TICKS) == 1
        assert violations(page) == []
        assert errors(page) == []


def test_the_page_says_what_the_server_judged(browser, scene):
    """The scripts compare the next reading by themselves: with no news they must agree."""
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context)
        told = [
            f"{row['station']}|{row['metric']}"
            for row in page.evaluate("dongtai.shown.thresholds.rows")
        ]
        rows = page.locator(".th-row").evaluate_all("some => some.map(n => n.dataset.key)")
        assert rows == told
        red = page.locator('.th-row[data-key="G-31|nh3_ppm"]')
        expect(red.locator(".th-margin")).to_have_text("16 % over")
        expect(page.locator("#threshold-counts")).to_contain_text("109 shown")
        expect(page.locator("#threshold-apart")).to_contain_text("2 stale")


def test_keys_choose_and_the_address_says_what_is_chosen(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, "#thresholds/R-02/level_m")
        expect(chosen(page)).to_have_attribute("data-key", "R-02|level_m")
        page.keyboard.press("j")
        expect(chosen(page)).to_have_attribute("data-key", "A-02|pm25_ugm3")
        expect(page.locator("#threshold-title")).to_have_text("Xiapu PM2.5")
        assert page.evaluate("location.hash") == "#thresholds/A-02/pm25_ugm3"
        page.keyboard.press("ArrowUp")
        expect(chosen(page)).to_have_attribute("data-key", "R-02|level_m")
        page.locator("#threshold-text").fill("cod")
        expect(page.locator("#threshold-counts")).to_contain_text("5 shown")
        expect(page.locator("#threshold-title")).to_have_text("Chaiqiao reservoir Level")


def test_a_new_reading_moves_its_value_and_neither_choice_nor_scroll(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, "#thresholds/A-02/pm25_ugm3")
        holder = page.locator("#threshold-table")
        holder.evaluate("n => { n.scrollTop = 900; }")
        row = page.locator('.th-row[data-key="P-07|tank_level_pct"]')
        before = page.locator(".th-row").evaluate_all("some => some.map(n => n.dataset.key)")
        at = glance.NOW + timedelta(seconds=1)
        scene.write(lambda conn: sample.observe(conn, "P-07", "tank_level_pct", 88.2, at))
        expect(row.locator(".th-value b")).to_have_text("88.2", timeout=60_000)
        expect(row.locator(".th-margin")).to_have_text("2 % left")
        after = page.locator(".th-row").evaluate_all("some => some.map(n => n.dataset.key)")
        assert after == before
        assert holder.evaluate("n => n.scrollTop") == 900
        expect(chosen(page)).to_have_attribute("data-key", "A-02|pm25_ugm3")


def test_the_calendar_is_a_table_that_arrows_walk(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, "#thresholds/A-02/pm25_ugm3")
        wait(page, DRAWN)
        days = page.locator(".th-cal td.th-date")
        assert days.count() == 364
        page.locator('.th-cal td[tabindex="0"]').focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#threshold-day")).to_contain_text("2026-11-15")
        expect(page.locator("#threshold-calendar-of")).to_contain_text("GB 3095-2026")


def test_on_a_phone_the_chosen_series_covers_the_table_and_gives_it_back(browser, scene):
    size = {"viewport": {"width": 360, "height": 780}}
    with signed_in(browser, scene, "environment", "zh", **size) as context:
        page = _open(context)
        expect(page.locator("#threshold-side")).to_be_hidden()
        page.locator('.th-row[data-key="A-02|pm25_ugm3"]').click()
        expect(page.locator("#threshold-title")).to_have_text("霞浦站 PM2.5")
        expect(page.locator("#threshold-close")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#threshold-side")).to_be_hidden()
        expect(page.locator('.th-row[data-key="A-02|pm25_ugm3"] button')).to_be_focused()
        assert errors(page) == []
