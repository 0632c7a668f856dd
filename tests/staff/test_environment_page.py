"""The environment page: verdicts an inspector accepts, AQI days, and that a gap is never green."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.accounts import create_account
from database.pool import connect
from database.settings import DatabaseSettings
from demo.postgres import with_database
from tests.conftest import execute, sealed
from tests.dashboard.conftest import PASSWORD, Desk, served
from tests.staff import month, showcase
from tests.staff.conftest import (
    ARTEFACTS,
    AXE,
    AXE_RUN,
    READY,
    errors,
    open_page,
    signed_in,
    wait,
)

SCREENS = {
    "environment-dark-zh": ("", "dark", "zh", 1440, 900),
    "environment-light-en": ("", "light", "en", 1440, 900),
    "environment-wide-zh": ("", "light", "zh", 1920, 1080),
    "environment-tablet-en": ("", "dark", "en", 820, 1180),
    "environment-phone-zh": ("", "dark", "zh", 360, 780),
    "environment-phone-en": ("", "light", "en", 360, 780),
    "environment-air-dark-zh": ("#air", "dark", "zh", 1440, 900),
    "environment-air-light-en": ("#air", "light", "en", 1440, 900),
    "environment-air-wide-en": ("#air", "dark", "en", 1920, 1080),
    "environment-air-tablet-zh": ("#air", "light", "zh", 820, 1180),
    "environment-air-phone-en": ("#air", "dark", "en", 360, 780),
}
DOCUMENTED = {"environment-dark-zh", "environment-air-light-en"}
OUT_OF_SIGHT = """() => [...document.querySelectorAll(
  '#link-word, #sample-chip, .sign-out, #theme, #language, .verdict-cell, .aqi')]
  .filter(n => !n.closest('[hidden]')).filter(n => {
    const box = n.getBoundingClientRect();
    return !n.checkVisibility() || box.left < 0 || box.right > innerWidth || !box.width;
  }).map(n => n.outerHTML.slice(0, 80))"""
LEGAL = """() => [...document.querySelectorAll('#content *')].filter(n => {
  const legal = ['rgb(0, 228, 0)', 'rgb(255, 255, 0)', 'rgb(255, 126, 0)', 'rgb(255, 0, 0)',
                 'rgb(153, 0, 76)', 'rgb(126, 0, 35)'];
  return legal.includes(getComputedStyle(n).backgroundColor) && !n.classList.contains('aqi');
}).length"""


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    name = f"month_{uuid.uuid4().hex[:8]}"
    execute(server_dsn, f"create database {name} template {template}")
    conn = connect(DatabaseSettings(dsn=with_database(server_dsn, name)), None, application="test")
    month.fill(conn, showcase.NOW)
    for role in ("viewer", "environment"):
        create_account(conn, role, role, PASSWORD)
    conn.commit()
    conn.close()
    sealed(server_dsn, name)
    with served(server_dsn, name, {}, lambda: showcase.NOW) as desk:
        yield desk
    execute(server_dsn, f"drop database {name} with (force)")


def _open(context, hash_: str = "") -> Page:
    page = open_page(context)
    page.clock.set_fixed_time(showcase.NOW)
    page.goto(f"/environment{hash_}")
    wait(page, READY + f" && dongtai.shown.{'air' if hash_ else 'discharge'}")
    return page


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_fits_and_accessibility_tools_find_nothing(browser, scene, name):
    hash_, theme, lang, width, height = SCREENS[name]
    size = {"width": width, "height": height}
    options = {"lang": lang, "color_scheme": theme, "viewport": size}
    with signed_in(browser, scene, "environment", **options) as context:
        page = _open(context, hash_)
        page.evaluate("document.fonts.ready")
        folder = ARTEFACTS / "screens" if name in DOCUMENTED else ARTEFACTS
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUT_OF_SIGHT) == []
        assert page.evaluate(LEGAL) == 0
        page.evaluate(AXE.read_text("utf-8"))
        assert page.evaluate(AXE_RUN) == []
        assert errors(page) == []


def row(page: Page, station: str, parameter: str):
    rows = page.locator("#compliance-table tbody tr", has_text=station)
    return rows.filter(has_text=parameter)


def test_verdicts_say_what_was_measured_and_why(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context)
        above = row(page, "Daxie outfall", "COD")
        expect(above.locator(".verdict-cell")).to_have_text("Exceeded")
        expect(above).to_contain_text("daily mean")
        expect(above.locator(".why-cell")).to_have_text("beyond the limit in 1 of 1 valid days")
        still = row(page, "Xiapu E outfall", "COD")
        expect(still.locator(".verdict-cell")).to_have_text("Undetermined")
        expect(still.locator(".why-cell")).to_contain_text("has a valid mean")
        stuck = row(page, "Chuanshan outfall", "NH₃-N")
        expect(stuck.locator(".verdict-cell")).to_have_text("Undetermined")
        expect(stuck.locator(".why-cell")).to_contain_text("without doubtful readings")
        expect(page.locator("#compliance-doubts li")).to_have_count(6)


def test_another_period_is_asked_for_and_the_file_is_of_what_is_shown(browser, scene):
    with signed_in(browser, scene, "environment", "zh") as context:
        page = _open(context)
        page.get_by_role("button", name="近 7 日").click()
        wait(page, "dongtai.shown.discharge.from === '2026-11-14T16:00:00.000Z'")
        expect(row(page, "大榭排口", "化学需氧量").locator(".why-cell")).to_contain_text(
            "7 个有效日"
        )
        with page.expect_download() as download:
            page.locator("#csv").click()
        assert download.value.suggested_filename == "compliance_202611150000_202611220000.csv"
        assert download.value.path().read_bytes().startswith(b"\xef\xbb\xbf")


def test_another_station_shows_its_days_and_its_exceedance(browser, scene):
    with signed_in(browser, scene, "viewer", "en") as context:
        page = _open(context, "#air")
        expect(page.locator("#air-days-note")).to_contain_text("Xinqi")
        expect(page.locator("#air-days-table tbody tr")).to_have_count(30)
        page.get_by_role("button", name="Xiaogang", exact=True).click()
        expect(page.locator("#air-days-note")).to_contain_text("Xiaogang")
        wait(page, "dongtai.shown.air.exceedance.station === 'A-04'")
        expect(page.locator("#exceedance-table")).to_contain_text("GB 3095-2026 (transition)")
        page.get_by_role("button", name="Class 1").click()
        wait(page, "dongtai.shown.air.exceedance.class === 1")
        expect(page.locator("#exceedance-table")).to_contain_text("35 µg/m³")
        assert "class=1" in str(page.locator("#exceedance-csv").get_attribute("href"))
        assert errors(page) == []


def test_a_station_that_measures_no_pollutant_is_passed_over_and_says_so(browser, scene):
    with signed_in(browser, scene, "viewer", "en") as context:
        page = open_page(context)
        page.clock.set_fixed_time(showcase.NOW)
        nothing = {"status": 404, "json": {"title": "Not Found", "status": 404}}
        page.route("**/api/v1/stations/A-01/air/**", lambda route: route.fulfill(**nothing))
        page.goto("/environment#air")
        wait(page, READY + " && dongtai.shown.air")
        expect(page.locator("#data-problem")).to_be_hidden()
        rows = page.locator("#air-stations-table tbody tr")
        expect(rows.filter(has_text="measures no pollutant")).to_have_count(1)
        assert page.locator("#air-stations-table tbody .aqi").count() == rows.count() - 1 > 1
        expect(page.locator("#air-days-table tbody tr")).to_have_count(30)
        assert page.evaluate("dongtai.shown.air.exceedance.station") != "A-01"
