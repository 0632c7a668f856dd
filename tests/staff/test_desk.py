"""The duty desk in a browser: live without disturbing, honest when the link is lost, for all."""

import re
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import expect

from dashboard.__main__ import Server
from dashboard.app import Staff
from dashboard.settings import DashboardSettings
from gis.settings import GisSettings
from gis.site import open_map
from tests import sample
from tests.dashboard.conftest import running
from tests.staff.conftest import CHART, READY, open_desk, picture, signed_in, wait

VIEW = """() => ({
  zoom: dongtai.map.getZoom(), centre: dongtai.map.getCenter().toArray(),
  station: dongtai.chosen.station, scroll: document.querySelector('#drawer-body').scrollTop,
  focus: document.activeElement.id,
})"""


def test_a_reading_stands_on_map_and_drawer_within_two_seconds_and_the_view_stays(browser, desk):
    with signed_in(browser, desk) as context:
        page = open_desk(context, "/?station=R-02")
        page.evaluate("dongtai.map.jumpTo({center: [121.87, 29.85], zoom: 13.2})")
        page.evaluate("document.querySelector('#drawer-body').scrollTop = 120")
        page.focus("#search")
        points = wait(page, CHART + "?.data?.[0]?.x.length")
        before = page.evaluate(VIEW)
        assert before["scroll"] > 0
        assert before["focus"] == "search"
        desk.write(lambda conn: sample.observe(conn, "R-02", "level_m", 24.07, datetime.now(UTC)))
        value = page.locator("#drawer-values [data-key=level_m] .value-figure")
        expect(value).to_have_text("24.07", timeout=2000)
        expect(page.locator(".tag", has_text="24.07")).to_be_visible(timeout=500)
        assert page.evaluate(VIEW) == before
        grown = page.evaluate(CHART + ".data[0].x.length")
        assert grown == points + 1
        assert page.errors == []


def test_an_alert_is_acknowledged_by_keyboard_with_a_note(browser, desk):
    with signed_in(browser, desk) as context:
        page = open_desk(context)
        row = page.locator("#waiting [data-key=a-nh3]")
        expect(row).to_have_attribute("data-current", "true")
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("a")
        page.keyboard.type("已派人 <b>现场</b>")
        page.keyboard.press("Enter")
        taken = page.locator("#taken [data-key=a-nh3]")
        expect(taken.locator(".row-owner")).to_contain_text("duty")
        expect(taken.locator(".row-owner")).to_contain_text("<b>现场</b>")
        expect(page.locator("#waiting [data-key=a-nh3]")).to_have_count(0)
        assert desk.rows("select owner, note from alert where id = 'a-nh3'") == [
            ("duty", "已派人 <b>现场</b>")
        ]
        assert page.errors == []


def test_who_comes_second_learns_who_has_it(browser, desk):
    with signed_in(browser, desk) as context:
        page = open_desk(context)
        page.keyboard.press("a")
        # Silently, as if the news were still on their way to this screen.
        desk.write(
            lambda conn: conn.cursor().execute(
                "update alert set owner = 'administrator', version = version + 1, "
                "state = 'acknowledged', acknowledged_at = now(), "
                "changed_at = now() - interval '1 hour' where id = 'a-nh3'"
            )
        )
        page.keyboard.press("Enter")
        said = page.locator(".ack-said")
        expect(said).to_contain_text("administrator")


def test_a_lost_link_is_a_banner_within_five_seconds_and_it_comes_back_by_itself(browser, desk):
    site = open_map(GisSettings(), Path(), public=False)
    settings = DashboardSettings.model_validate({"staff": {"port": 0}})
    with running(Server(Staff(desk.database, settings, site), settings.staff)) as url:
        other = type(desk)(url, desk.database, desk.tokens, desk.staff)
        context_manager = signed_in(browser, other)
        context = context_manager.__enter__()
        page = open_desk(context)
        page.evaluate("window.notReloaded = true")
        expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#banner")).to_be_visible(timeout=5000)
    expect(page.locator("#banner-text")).to_contain_text("连接中断")
    counted = page.locator("#banner-text").inner_text()
    expect(page.locator("#banner-text")).not_to_have_text(counted, timeout=3000)
    assert page.evaluate("getComputedStyle(document.querySelector('.map')).opacity") == "0.6"
    picture(page, "desk-link-lost")
    desk.write(lambda conn: sample.observe(conn, "R-02", "level_m", 24.5, datetime.now(UTC)))
    port = int(url.rsplit(":", 1)[1])
    again = DashboardSettings.model_validate({"staff": {"port": port}})
    with running(Server(Staff(desk.database, again, site), again.staff)):
        wait(page, READY, 10)
        expect(page.locator("#banner-text")).to_contain_text("已恢复")
        assert page.evaluate("window.notReloaded") is True
        value = page.evaluate("dongtai.stations.get('R-02').latest.level_m.value")
        assert value == 24.5
        expect(page.locator("#banner")).to_be_hidden(timeout=8000)
        context_manager.__exit__(None, None, None)


def test_values_grow_old_on_the_screen_without_any_message(browser, desk):
    with signed_in(browser, desk) as context:
        page = context.new_page()
        page.clock.install(time=datetime.now(UTC))
        page.goto("/?station=R-02")
        wait(page, READY)
        value = page.locator("#drawer-values [data-key=level_m]")
        expect(value).not_to_have_class(re.compile("stale"))
        desk.staff.end_streams()
        page.route("**/live", lambda route: route.abort())
        page.clock.fast_forward(6 * 60 * 1000)
        expect(value).to_have_class(re.compile("stale"))
        expect(value.locator(".value-age")).to_contain_text("过期")
        expect(page.locator("#silent [data-key=R-02]")).to_be_visible()


def test_a_new_red_alert_is_said_aloud_and_stands_first(browser, desk):
    with signed_in(browser, desk) as context:
        page = open_desk(context)
        desk.write(
            lambda conn: conn.cursor().execute(
                "update alert set state = 'active', ended_at = null, grade = 'red', "
                "version = version + 1, owner = null, acknowledged_at = null, "
                "changed_at = clock_timestamp() where id = 'a-old'; notify dongtai"
            )
        )
        expect(page.locator("#waiting [data-key=a-old]")).to_be_visible(timeout=3000)
        expect(page.locator("#live-words")).to_contain_text("新红色告警：新碶站 PM2.5")
        expect(page.locator(".cell[data-grade=red] .cell-count")).to_have_text("2")


def test_a_station_is_found_by_its_initials(browser, shared_desk):
    with signed_in(browser, shared_desk) as context:
        page = open_desk(context)
        page.keyboard.press("/")
        page.keyboard.type("cqsk")
        expect(page.locator("#search-list [data-code]").first).to_have_attribute(
            "data-code", "R-02"
        )
        page.keyboard.press("Enter")
        expect(page.locator("#drawer-name")).to_have_text("柴桥水库")
