"""The duty desk in a browser: live without disturbing, honest when the link is lost, for all."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.__main__ import Server
from dashboard.app import Staff
from dashboard.settings import DashboardSettings
from gis.settings import GisSettings
from gis.site import open_map
from tests import sample
from tests.dashboard.conftest import Desk, running, served
from tests.dashboard.test_outlook import rising
from tests.servers.look import violations
from tests.servers.waiting import free_port
from tests.staff.conftest import (
    CHART,
    CHART_TOP,
    MAP_READY,
    READY,
    errors,
    open_desk,
    open_without_map,
    signed_in,
    wait,
)

VIEW = f"""() => ({{
  zoom: dongtai.map.getZoom(), centre: dongtai.map.getCenter().toArray(),
  station: dongtai.chosen.station, chart: {CHART_TOP},
  focus: document.activeElement.id,
}})"""


MEASURED = CHART + "?.data?.[0]?.y.filter((value) => value !== null).length"
FOCUS = """() => { const a = document.activeElement, h = a.closest('[data-key]');
  return a.id || [a.className, h?.dataset.key].filter(Boolean).join(' '); }"""


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template):
    """One service for the module: each test has an alert and a station of its own."""
    with served(server_dsn, *sample_template) as service:
        yield service


@pytest.fixture(scope="module")
def opened(browser, desk):
    """One desk that stays open, as on duty; drawing the map in software is what takes time."""
    with signed_in(browser, desk, viewport={"width": 1440, "height": 680}) as context:
        yield open_desk(context)


@pytest.fixture
def page(opened: Page):
    errors(opened).clear()
    yield opened
    assert errors(opened) == []


def change(desk: Desk, assignments: str, alert: str) -> None:
    desk.write(
        lambda conn: conn.cursor().execute(
            f"update alert set version = version + 1, {assignments} where id = %s; notify dongtai",
            (alert,),
        )
    )


def choose(page: Page, alert: str) -> None:
    page.locator(f"#row-{alert}").click()
    expect(page.locator(f".rows [data-key={alert}]")).to_have_attribute("data-current", "true")


def test_the_worst_unclaimed_alert_is_open_from_the_start(page):
    row = page.locator("#waiting [data-key=a-nh3]")
    expect(row).to_have_attribute("data-current", "true")
    expect(page.locator("#drawer-name")).to_have_text("7 号厂北")


def test_a_reading_stands_on_map_and_drawer_and_the_view_stays(page, desk):
    choose(page, "a-level")
    wait(page, CHART + "?.layout?.yaxis?.range[0] > 10")
    page.evaluate("dongtai.map.jumpTo({center: [121.87, 29.85], zoom: 13.2})")
    page.evaluate("document.querySelector('#drawer-body').scrollTop = 120")
    page.focus("#search")
    points = wait(page, MEASURED)
    before = page.evaluate(VIEW)
    assert page.evaluate("document.querySelector('#drawer-body').scrollTop") > 0
    assert before["focus"] == "search"
    desk.write(lambda conn: sample.observe(conn, "R-02", "level_m", 24.07, datetime.now(UTC)))
    value = page.locator("#drawer-values [data-key=level_m] .value-figure")
    expect(value).to_have_text("24.07")
    expect(page.locator(".tag", has_text="24.07")).to_be_visible()
    assert page.evaluate(VIEW) == before
    wait(page, f"{MEASURED} === {points + 1}")  # beside a gap, where the last one is long ago
    page.evaluate("document.activeElement.blur()")


def test_j_and_k_walk_the_list_and_the_focus_goes_with_them(page):
    keys = page.evaluate("[...document.querySelectorAll('.rows > .row')].map(r => r.dataset.key)")
    choose(page, keys[0])
    for key in keys[1:4]:
        page.keyboard.press("j")
        expect(page.locator(f".rows [data-key={key}]")).to_have_attribute("data-current", "true")
        assert page.evaluate(FOCUS) == f"row-{key}"
    for key in (keys[2], keys[1], keys[0], keys[0]):
        page.keyboard.press("k")
        expect(page.locator(f".rows [data-key={key}]")).to_have_attribute("data-current", "true")


def test_m_shows_the_chosen_station_and_slash_goes_to_the_search(page):
    choose(page, "a-level")
    page.evaluate("dongtai.map.jumpTo({center: [121.9, 29.9], zoom: 12.6})")
    page.keyboard.press("m")
    wait(page, "!dongtai.map.isMoving()")
    at = page.evaluate("dongtai.map.project([121.8597, 29.8405])")
    free = page.evaluate("document.querySelector('#drawer').getBoundingClientRect().left")
    left = page.evaluate("document.querySelector('#map').getBoundingClientRect().left")
    assert 100 < at["x"] < free - left - 100
    page.keyboard.press("/")
    assert page.evaluate(FOCUS) == "search"
    page.keyboard.type("a")
    expect(page.locator(".ack-form")).to_have_count(0)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")


def test_a_station_is_found_by_its_initials(page):
    page.keyboard.press("/")
    page.keyboard.type("cqsk")
    first = page.locator("#search-list [data-code]").first
    expect(first).to_have_attribute("data-code", "R-02")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-name")).to_have_text("柴桥水库")
    page.evaluate("document.activeElement.blur()")


def test_a_station_is_found_as_people_type_it_without_the_space(page):
    for typed in ("7号厂北", "7hcb"):
        page.locator("#search").fill(typed)
        expect(page.locator("#search-list [data-code]").first).to_have_attribute(
            "data-code", "G-31"
        )
    page.keyboard.press("Escape")
    page.locator("#search").fill("")


def test_escape_closes_the_drawer_and_the_focus_returns(page):
    choose(page, "a-level")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    page.locator("#row-a-cod").click()
    expect(page.locator("#drawer")).to_be_visible()
    page.locator("#drawer-close").click()
    assert page.evaluate(FOCUS) == "row-a-cod"


def test_a_number_on_the_map_lists_what_it_stands_for(page):
    choose(page, "a-level")
    page.locator("#zoom-home").click()
    wait(page, "!dongtai.map.isMoving() && dongtai.map.loaded()")
    ring = page.locator(".more[aria-label*=柴桥水库水尺]")
    ring.focus()
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS).startswith("place-item")
    expect(page.locator("#place-list .place-name").first).to_have_text("柴桥水库")
    page.keyboard.press("Escape")
    expect(page.locator("#place-list")).to_be_hidden()
    assert "柴桥水库水尺" in page.evaluate("document.activeElement.ariaLabel")
    page.keyboard.press("Enter")
    page.locator("#place-list .place-item", has_text="柴桥水库水尺").click()
    expect(page.locator("#drawer-name")).to_have_text("柴桥水库水尺")


def test_a_number_on_the_map_goes_closer_where_that_parts_them(page):
    choose(page, "a-level")
    page.evaluate("dongtai.map.jumpTo({center: [121.87, 29.88], zoom: 9.5})")
    wait(page, "!dongtai.map.isMoving() && dongtai.map.loaded()")
    rings = page.locator(".more").count()
    shown = page.evaluate(
        "new Set(dongtai.map.queryRenderedFeatures({layers: ['stations']})"
        ".map((feature) => feature.properties.code)).size"
    )
    assert rings > 0
    assert shown < len(sample.STATIONS)
    page.locator(".more").first.evaluate("button => button.click()")
    wait(page, "dongtai.map.getZoom() > 10 && !dongtai.map.isMoving()")


def test_an_alert_is_acknowledged_by_keyboard_with_a_note(page, desk):
    choose(page, "a-nh3")
    page.keyboard.press("a")
    page.keyboard.type("已派人 <b>现场</b>")
    page.keyboard.press("Enter")
    taken = page.locator("#taken [data-key=a-nh3]")
    expect(taken.locator(".row-owner")).to_contain_text("duty")
    expect(taken.locator(".row-owner")).to_contain_text("<b>现场</b>")
    expect(page.locator("#waiting [data-key=a-nh3]")).to_have_count(0)
    found = desk.rows("select owner, note from alert where id = 'a-nh3'")
    assert found == [("duty", "已派人 <b>现场</b>")]


def test_who_comes_second_learns_who_has_it(page, desk):
    choose(page, "a-pm25")
    page.keyboard.press("a")
    # Silently, as if the news were still on their way to this screen.
    desk.write(
        lambda conn: conn.cursor().execute(
            "update alert set owner = 'administrator', version = version + 1, "
            "state = 'acknowledged', acknowledged_at = now(), "
            "changed_at = now() - interval '1 hour' where id = 'a-pm25'"
        )
    )
    page.keyboard.press("Enter")
    expect(page.locator(".ack-said")).to_contain_text("administrator")
    page.keyboard.press("Escape")
    errors(page).clear()  # the browser writes the refusal, 409, to its console


def test_a_new_red_alert_is_said_aloud_and_stands_first(page, desk):
    before = int(page.locator(".cell[data-grade=red] .cell-count").inner_text())
    change(
        desk,
        "state = 'active', ended_at = null, grade = 'red', owner = null, "
        "acknowledged_at = null, changed_at = clock_timestamp()",
        "a-old",
    )
    expect(page.locator("#waiting > .row").first).to_have_attribute("data-key", "a-old")
    expect(page.locator("#live-words")).to_contain_text("新红色告警：新碶站 PM2.5")
    expect(page.locator(".cell[data-grade=red] .cell-count")).to_have_text(str(before + 1))
    expect(page.locator(".tag", has_text="新碶站")).to_have_count(1)


def test_the_theme_changes_at_once_with_map_and_chart_and_is_kept(page):
    choose(page, "a-level")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-shown", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    expect(page.locator("#theme")).to_have_attribute("aria-label", "深色")
    assert "theme=light" in page.evaluate("document.cookie")
    wait(page, MAP_READY)
    wait(page, CHART + ".data[0].line.color !== '#E9ECEC'")
    assert violations(page) == []


def test_alerting_that_has_stopped_is_a_banner(page, desk):
    banner = page.locator("#banner")
    expect(banner).to_be_hidden()
    desk.write(lambda conn: _last_sign_of_life(conn, "alerts", timedelta(seconds=-60)))
    expect(banner).to_contain_text("告警服务已停止")
    expect(banner).to_contain_text("新告警无人通知")
    desk.write(lambda conn: _last_sign_of_life(conn, "alerts", timedelta(days=1)))
    expect(banner).to_be_hidden()


def _last_sign_of_life(conn, process, ahead):
    with conn.cursor() as cursor:
        cursor.execute("update heartbeat set at = now() + %s where process = %s", (ahead, process))


def test_a_picture_opens_large_and_escape_returns_to_its_card(browser, desk):
    with signed_in(browser, desk) as context:
        page = open_desk(context, "/cameras")
        card = page.locator("[data-code=C-01] .card-picture")
        card.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#viewer")).to_be_visible()
        wait(page, "document.querySelector('#viewer img').naturalWidth === 960")
        expect(page.locator("#viewer figcaption")).to_contain_text("柴桥水库水尺")
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("#viewer")).to_be_hidden()
        assert card.evaluate("node => node === document.activeElement")
        assert errors(page) == []


# The next stream opens, and nothing ever comes; those after it are real.
SAYS_NOTHING = """() => {
  const Real = window.EventSource;
  const silent = { readyState: Real.OPEN, addEventListener() {}, close() {} };
  window.EventSource = Object.assign(function () {
    window.EventSource = Real;
    return silent;
  }, { OPEN: Real.OPEN });
}"""


def test_a_lost_link_is_a_banner_and_it_comes_back_by_itself(browser, desk):
    site = open_map(GisSettings(), Path(), public=False)
    settings = DashboardSettings.model_validate({"staff": {"port": free_port()}})
    with running(Server(Staff(desk.database, settings, site), settings.staff)) as url:
        other = type(desk)(url, desk.database, desk.tokens, desk.staff)
        context_manager = signed_in(browser, other)
        context = context_manager.__enter__()
        page = open_without_map(context)
        page.evaluate("window.notReloaded = true")
        expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("#banner-text")).to_contain_text("连接中断")
    counted = page.locator("#banner-text").inner_text()
    expect(page.locator("#banner-text")).not_to_have_text(counted)
    assert page.evaluate("getComputedStyle(document.querySelector('.map')).opacity") == "0.6"
    desk.write(lambda conn: sample.observe(conn, "R-02", "level_m", 24.5, datetime.now(UTC)))
    page.evaluate(SAYS_NOTHING)
    wait(page, "EventSource.name === 'EventSource'")
    with running(Server(Staff(desk.database, settings, site), settings.staff)):
        wait(page, READY)
        expect(page.locator("#banner-text")).to_contain_text("已恢复")
        assert page.evaluate("window.notReloaded") is True
        value = page.evaluate("dongtai.stations.get('R-02').latest.level_m.value")
        assert value == 24.5
        expect(page.locator("#banner")).to_be_hidden()
        context_manager.__exit__(None, None, None)


def test_values_grow_old_on_the_screen_without_any_message(browser, desk):
    desk.write(lambda conn: sample.observe(conn, "R-01", "level_m", 31.5, datetime.now(UTC)))
    with signed_in(browser, desk) as context:
        page = open_without_map(context, "/?station=R-01")
        page.clock.install(time=datetime.now(UTC))
        page.reload()
        wait(page, READY)
        value = page.locator("#drawer-values [data-key=level_m]")
        expect(value).not_to_have_class(re.compile("stale"))
        page.route("**/live", lambda route: route.abort())  # first, or it finds back before
        desk.staff.end_streams()
        page.clock.fast_forward(6 * 60 * 1000)
        expect(value).to_have_class(re.compile("stale"))
        expect(value.locator(".value-age")).to_contain_text("过期")
        expect(page.locator("#silent [data-key=R-01]")).to_be_visible()


def test_the_drawer_says_when_the_water_reaches_its_next_limit(page, desk):
    """A rise of 0.3 m/h; before, the sample's level trembles and there is no such figure."""
    desk.write(rising)
    page.goto("/?station=R-02")
    block = page.locator("#drawer-outlook")
    expect(block.locator("#outlook-hours")).to_contain_text("约 3.3 小时")
    expect(block.locator("#outlook-assumption")).to_have_text("按目前涨速，到正常蓄水位 25.00 m")
    expect(block.locator("#outlook-chance")).to_have_text("80 % 可能在")
    expect(block.locator("#outlook-range")).to_contain_text(" – ")
    expect(page.locator("#drawer-values [data-key=storage_m3] .value-trend")).to_contain_text("%")
    page.goto("/?station=A-01")
    expect(block).to_be_hidden()


@pytest.mark.parametrize(
    ("code", "to"),
    [("A-01", "/environment#air"), ("D-02", "/environment#discharge"), ("R-02", None)],
)
def test_the_drawer_leads_to_what_is_judged_by_the_day(page, code, to):
    page.goto(f"/?station={code}")
    wait(page, READY)
    link = page.locator("#drawer-report")
    if to is None:
        expect(link).to_be_hidden()
    else:
        expect(link).to_have_attribute("href", to)
        expect(link).to_be_visible()


def clocks(page: Page) -> list[str]:
    return re.findall(r"\d\d:\d\d", page.locator("#outlook-range").inner_text())


def test_without_a_newer_answer_the_outlook_counts_on_greys_and_ends(browser, desk):
    """Central 3.3 h after the reading, the latest some 8 h after it; then nobody knows."""
    desk.write(rising)
    with signed_in(browser, desk) as context:
        page = open_without_map(context, "/?station=R-02")
        page.clock.install(time=datetime.now(UTC))
        page.reload()
        wait(page, READY)
        block, hours = page.locator("#drawer-outlook"), page.locator("#outlook-hours")
        expect(hours).to_contain_text("约 3.3 小时")
        moments = clocks(page)
        assert len(moments) == 2
        assert block.get_attribute("data-old") is None
        page.route(re.compile("/live|/outlook"), lambda route: route.abort())
        desk.staff.end_streams()
        page.clock.fast_forward(60 * 60 * 1000)
        expect(hours).to_contain_text("约 2.3 小时")
        assert clocks(page) == moments
        expect(block).to_have_attribute("data-old", "")
        expect(page.locator("#outlook-notes")).to_contain_text("过期 1 时 00 分")
        page.clock.fast_forward(150 * 60 * 1000)
        expect(hours).to_have_text("应已到达")
        page.clock.fast_forward(24 * 60 * 60 * 1000)
        expect(hours).to_have_text("未知：应已到达该限值，但没有更新的水位")
        expect(page.locator("#outlook-range")).to_be_empty()


def test_at_1024_pixels_the_board_says_how_much_and_whose(browser, desk):
    viewport = {"width": 1024, "height": 768}
    with signed_in(browser, desk, "duty", "en", viewport=viewport) as context:
        page = open_without_map(context)
        for cell in page.locator(".cell:not(.rest, [data-state=empty])").all():
            for part in (".cell-name", ".cell-span", ".cell-value", ".cell-owner"):
                expect(cell.locator(part)).to_be_in_viewport(ratio=1)
        assert page.locator(".cell:not(.rest, [data-state=empty])").count() > 1
