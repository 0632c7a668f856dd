"""The environment page: verdicts an inspector accepts, AQI days, and that a gap is never green."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Desk, filled, served
from tests.staff import month, showcase
from tests.staff.conftest import (
    READY,
    errors,
    open_page,
    picture,
    signed_in,
    wait,
)

# Those of the documentation; every page in every size: test_every_page.py.
SCREENS = {
    "environment-discharge-dark-zh": ("#discharge", "dark", "zh"),
    "environment-air-light-en": ("#air", "light", "en"),
}


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    roles = ("viewer", "environment")
    with (
        filled(server_dsn, template, lambda conn: month.fill(conn, showcase.NOW), roles) as made,
        served(server_dsn, *made, lambda: showcase.NOW) as desk,
    ):
        yield desk


def _open(context, hash_: str = "#discharge") -> Page:
    page = open_page(context)
    page.clock.set_fixed_time(showcase.NOW)
    page.goto(f"/environment{hash_}")
    wait(page, READY + f" && dongtai.shown.{hash_[1:]}")
    return page


@pytest.mark.parametrize("name", SCREENS)
def test_the_pictures_of_the_documentation_are_whole(browser, scene, name):
    hash_, theme, lang = SCREENS[name]
    with signed_in(browser, scene, "environment", lang, color_scheme=theme) as context:
        page = _open(context, hash_)
        picture(page, name)


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
