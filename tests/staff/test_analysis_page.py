"""Trends, roses, distributions: chosen, linked, read by the keyboard, saved as pictures."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Desk, filled, served
from tests.staff import month, showcase
from tests.staff.conftest import (
    ARTEFACTS,
    CHART,
    READY,
    errors,
    open_page,
    open_without_map,
    picture,
    signed_in,
    wait,
)

LINES = "#trends?s=A-01:pm25_ugm3!,W-01:wind_speed_ms,D-04:cod_mgl&for=month"
# Those of the documentation; every page in every size: test_every_page.py.
SCREENS = {
    "trends-dark-zh": (LINES, "dark"),
    "roses-light-zh": ("#roses", "light"),
    "spread-dark-zh": ("#spread", "dark"),
}


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    with (
        filled(
            server_dsn, template, lambda conn: month.fill(conn, showcase.NOW), ["environment"]
        ) as made,
        served(server_dsn, *made, lambda: showcase.NOW) as desk,
    ):
        yield desk


def _open(context, hash_: str) -> Page:
    page = open_page(context)
    page.clock.set_fixed_time(showcase.NOW)
    page.goto(f"/environment{hash_}")
    _drawn(page, hash_[1:].partition("?")[0])
    return page


def _drawn(page: Page, view: str) -> None:
    wait(page, READY + f" && document.querySelector('#view-{view} .ana-plot svg')")


def _png(page: Page, section: str) -> tuple[Path, tuple[int, int]]:
    """The picture that a figure's button saves, with its width and height."""
    with page.expect_download() as download:
        page.locator(f"#{section}-tools button").click()
    path = Path(download.value.path())
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    assert download.value.suggested_filename.endswith(".png")
    return path, struct.unpack(">II", head[16:24])


@pytest.mark.parametrize("name", SCREENS)
def test_the_pictures_of_the_documentation_are_whole(browser, scene, name):
    hash_, theme = SCREENS[name]
    with signed_in(browser, scene, "environment", color_scheme=theme) as context:
        page = _open(context, hash_)
        picture(page, f"environment-{name}")


def test_a_series_is_found_by_initials_and_metric_and_the_link_shows_it_again(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, "#trends")
        expect(page.locator("#trends-pick .ana-chip")).to_have_count(2)
        field = page.get_by_role("combobox", name="Add a series")
        field.fill("xgz pm10")
        expect(page.get_by_role("option").first).to_contain_text("PM10")
        field.press("Enter")
        expect(page.locator("#trends-pick .ana-chip")).to_have_count(3)
        expect(page.locator("#trends-table tbody tr")).to_have_count(3)
        page.get_by_role("button", name="30 d").click()
        page.get_by_role("button", name="Limits Xinqi PM2.5").click()
        expect(page.locator("#trends-plot .ana-limit")).to_have_count(2)
        expect(page.locator("#trends-table")).to_contain_text("Xiaogang")
        link = page.url
        assert "A-04%3Apm10_ugm3" in link
        assert "for=month" in link
        text = page.locator("#trends-table").inner_text()
        page.close()
        again = _open(context, link[link.index("#") :])
        expect(again.locator("#trends-plot .ana-limit")).to_have_count(2)
        expect(again.locator("#trends-table tbody tr")).to_have_count(3)
        assert again.locator("#trends-table").inner_text() == text


def test_two_moments_are_a_time_and_nonsense_is_named(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, LINES)
        form = page.locator("#trends-range form")
        form.get_by_label("From").fill("2026-11-10 08:00")
        form.get_by_label("To").fill("2026-11-09 08:00")
        form.get_by_role("button", name="Use").click()
        expect(form.get_by_role("alert")).to_have_text("at least one hour")
        form.get_by_label("To").fill("2026-11-12 08:00")
        form.get_by_role("button", name="Use").click()
        expect(page.locator("#trends-note")).to_have_text("2026-11-10 08:00 – 2026-11-12 08:00")
        assert "from=2026-11-10T08%3A00&to=2026-11-12T08%3A00" in page.url
        href = str(page.locator("#csv").get_attribute("href"))
        body = page.request.get(href).text()
        assert len(body.splitlines()) > 48 * 2
        assert "A-01" in body


def test_a_gap_is_never_joined_and_what_is_doubtful_is_hollow(browser, scene):
    """D-02 is in maintenance at the end, D-04 stands still: its line has no joined part."""
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, "#trends?s=D-02:cod_mgl,D-04:cod_mgl,A-02:pm25_ugm3&for=month")
        assert page.locator("#trends-plot path.ana-line-2.ana-line").count() == 0
        assert page.locator("#trends-plot circle.ana-hollow.ana-line-2").count() > 20
        assert int(page.locator("path.ana-line.ana-line-3").get_attribute("data-runs")) > 1
        # 39 hours in maintenance: the line ends where they begin, well before the axis does.
        end = page.evaluate(
            "document.querySelector('path.ana-line.ana-line-1').getAttribute('d')"
            ".split(/[ML]/).pop().split(',')[0] / document.querySelector('#trends-plot svg')"
            ".viewBox.baseVal.width"
        )
        assert end < 0.85


def test_the_reading_line_follows_the_keyboard(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, LINES)
        page.locator("#trends-plot").focus()
        page.keyboard.press("ArrowLeft")
        readout = page.locator("#trends-readout")
        expect(readout).to_contain_text("2026-11-22")
        first = readout.inner_text()
        assert "µg/m³" in first
        page.keyboard.press("Shift+ArrowLeft")
        expect(readout).not_to_have_text(first)
        page.keyboard.press("Escape")
        expect(readout).to_contain_text("Point at the chart")


def test_a_fourth_unit_is_refused_and_said(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, LINES)
        field = page.get_by_role("combobox", name="Add a series")
        field.fill("D-04 ph")
        field.press("Enter")
        expect(page.locator("#trends-pick")).to_contain_text("at most three units")
        expect(page.locator("#trends-pick .ana-chip")).to_have_count(3)


@pytest.mark.parametrize(
    ("hash_", "section"),
    [(LINES, "trends-lines"), ("#roses", "roses-wind"), ("#roses", "roses-high"),
     ("#spread", "spread-bins"), ("#spread", "spread-pairs")],
)  # fmt: skip
def test_a_chart_is_saved_as_a_picture(browser, scene, hash_, section):
    with signed_in(browser, scene, "environment", "zh") as context:
        page = _open(context, hash_)
        path, (width, height) = _png(page, section)
        assert width >= 1600
        assert height >= 600
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        (ARTEFACTS / f"saved-{section}.png").write_bytes(path.read_bytes())
        assert errors(page) == []


def test_the_drawers_chart_is_saved_as_a_picture(browser, desk):
    with signed_in(browser, desk, "duty", "zh") as context:
        page = open_without_map(context)
        page.locator("#search").fill("R-01")
        page.locator("#search").press("Enter")
        wait(page, f"{CHART}?.layout?.meta?.station === 'R-01'")
        expect(page.locator(".chart[data-of]")).to_be_visible()
        path, (width, height) = _png(page, "chart")
        assert width >= 1600
        assert height >= 600
        (ARTEFACTS / "saved-drawer.png").write_bytes(path.read_bytes())
        # The map was not asked for; the picture broke no rule of the page.
        assert not [said for said in errors(page) if "Content Security" in said]


def test_the_rose_says_whose_wind_it_is_and_equals_its_table(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, "#roses?station=A-01&metric=pm25_ugm3&threshold=p75&for=month")
        expect(page.locator("#roses-basis")).to_contain_text("measures no wind")
        expect(page.locator("#roses-basis")).to_contain_text("km away")
        rows = page.locator("#roses-table tbody tr")
        expect(rows).to_have_count(18)
        total = page.evaluate(
            "dongtai.shown.roses.wind.sectors.reduce((n, one) => n + one.hours, 0)"
        )
        shown = [int(text) for text in rows.locator("td:nth-child(2)").all_inner_texts()]
        assert sum(shown[:16]) == total > 500
        page.locator("#roses-station").select_option("W-01")
        expect(page.locator("#roses-basis")).to_contain_text("itself")
        page.locator("#roses-metric").select_option("")
        expect(page.locator("#roses-mean")).to_be_hidden()
        assert "station=W-01" in page.url


def test_two_stations_are_compared(browser, scene):
    with signed_in(browser, scene, "environment", "en") as context:
        page = _open(context, "#spread?s=A-01:pm25_ugm3,A-02:pm25_ugm3&for=month")
        expect(page.locator("#spread-pairs-note")).to_contain_text("paired hours")
        expect(page.locator("#spread-basis")).to_contain_text("valid hours")
        expect(page.locator("#spread-hours-table tbody tr")).to_have_count(24)
        expect(page.locator("#spread-week .ana-cell")).to_have_count(2 * (7 * 24 + 5))
        page.get_by_role("button", name="Take away Xiapu PM2.5").click()
        expect(page.locator("#spread-pairs")).to_be_hidden()
        assert errors(page) == []
