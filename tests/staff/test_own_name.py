"""Nothing of another station, and nothing older, stands under a station's name while we wait."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from dashboard.wording import DISTRICT_TIME
from tests import sample
from tests.dashboard.conftest import Desk, served
from tests.staff.conftest import CHART, open_without_map, signed_in, wait


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template) -> Iterator[Desk]:
    with served(server_dsn, *sample_template) as service:
        yield service


def show(page: Page, station: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(station)
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_have_attribute("data-station", station)


def test_the_chart_of_the_station_before_is_neither_shown_nor_lengthened(browser, desk):
    held: list[Route] = []

    def hold(route: Route) -> None:
        asked = route.request.post_data or ""
        held.append(route) if '"R-03"' in asked else route.continue_()

    with signed_in(browser, desk) as context:
        context.route("**/_dash-update-component*", hold)
        page = open_without_map(context, "/?station=R-02")
        chart = page.locator(".chart")
        expect(chart).to_have_attribute("data-of", "R-02|level_m")
        points = wait(page, f"{CHART}?.data?.[0].x.length")
        show(page, "R-03")
        expect(page.locator("#chart")).to_be_hidden()
        desk.write(lambda conn: sample.observe(conn, "R-03", "level_m", 17.77, datetime.now(UTC)))
        value = page.locator("#drawer-values [data-key=level_m] .value-figure")
        expect(value).to_have_text("17.77")
        assert page.evaluate(CHART + ".data[0].x.length") == points
        expect(page.locator("#chart-wait")).to_have_text("曲线正在读取")
        for route in held:
            route.continue_()
        expect(chart).to_have_attribute("data-of", "R-03|level_m")
        expect(page.locator("#chart")).to_be_visible()
        expect(page.locator("#chart-wait")).to_be_hidden()
        assert page.evaluate(CHART + ".layout.meta.station") == "R-03"


def test_the_course_of_another_alert_goes_before_this_ones_has_come(browser, desk):
    with signed_in(browser, desk) as context:
        page = open_without_map(context, "/?station=R-02")
        expect(page.locator("#life .step").first).to_be_visible()
        context.route("**/api/v1/alerts/*", lambda route: None)
        show(page, "G-31")
        expect(page.locator("#drawer-life")).to_be_visible()
        expect(page.locator("#life .step")).to_have_count(0)


def test_a_picture_stands_under_its_own_cameras_name_and_time(browser, desk):
    held: list[Route] = []
    with signed_in(browser, desk) as context:
        page = open_without_map(context, "/?station=C-01")
        image, caption = page.locator("#drawer-picture img"), page.locator("#drawer-picture")
        wait(page, "document.querySelector('#drawer-picture img').naturalWidth")

        def hold(route: Route) -> None:
            held.append(route)

        context.route("**/cam/C-02*", hold)
        show(page, "C-02")
        expect(image).not_to_have_attribute("src", "")
        assert image.get_attribute("src") is None
        for route in held:
            route.continue_()
        held.clear()
        wait(page, "document.querySelector('#drawer-picture img').src.includes('C-02')")
        shown = image.get_attribute("data-taken")
        # The newest is on its way and does not come: what is seen keeps its own time.
        context.route("**/cam/C-02*", lambda route: route.abort())
        newer = datetime.now(UTC) + timedelta(seconds=1)
        desk.write(lambda conn: _picture(conn, newer))
        wait(page, f"dongtai.stations.get('C-02').newest !== '{shown}'")
        page.wait_for_timeout(1500)
        assert image.get_attribute("data-taken") == shown
        when = datetime.fromisoformat(shown or "").astimezone(DISTRICT_TIME)
        expect(caption).to_contain_text(f"{when:%H:%M}")


def _picture(conn, taken: datetime) -> None:
    with conn.cursor() as cursor:
        sample._picture(cursor, "C-02", taken, 23.0)
        cursor.execute("notify dongtai")
