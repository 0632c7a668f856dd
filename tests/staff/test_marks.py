"""Marking readings at the chart: by mouse and by keyboard, honest about what is wrong."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from database.pool import connect
from ingest.upkeep.marks import Upkeep
from sensors.marks import add
from tests import sample
from tests.dashboard.conftest import Desk, served
from tests.servers.look import violations
from tests.staff.conftest import (
    CHART,
    CHART_TOP,
    READY,
    errors,
    open_page,
    signed_in,
    wait,
)

NO_GROUND = {"version": 8, "sources": {}, "layers": [], "glyphs": "/none/{fontstack}/{range}.pbf"}
EVIL = "<img src=x onerror=\"document.title='broken'\"><b>粗</b>"
VIEW = f"""() => ({{ zoom: dongtai.map?.getZoom(), centre: dongtai.map?.getCenter().toArray(),
  chart: {CHART_TOP}, focus: document.activeElement.name }})"""
TRACE = CHART + "?.data.find(trace => trace.meta === '{}')?.x.length"


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template) -> Iterator[Desk]:
    """One service for the module, and the upkeep of an ingest: each test has its own series."""
    with served(server_dsn, *sample_template) as service:
        stop = threading.Event()
        work = Upkeep(lambda: connect(service.database, "ingest", application="upkeep"), stop)
        thread = threading.Thread(target=work.run)
        thread.start()
        yield service
        stop.set()
        thread.join(20)


@pytest.fixture(scope="module")
def opened(browser: Browser, desk: Desk) -> Iterator[Page]:
    with signed_in(browser, desk, "environment") as context:
        yield without_ground(context, "/?station=R-02")


def without_ground(context: BrowserContext, path: str) -> Page:
    """A desk whose map has no ground: it is quick to draw, the machine is for the chart."""
    context.route("**/map/style-*", lambda route: route.fulfill(json=NO_GROUND))
    page = open_page(context)
    page.set_default_timeout(60_000)
    page.goto(path)
    wait(page, READY)
    return page


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    errors(opened).clear()
    yield opened
    opened.keyboard.press("Escape")
    assert errors(opened) == []


def show(page: Page, station: str, metric: str) -> None:
    """The chart of a series, drawn."""
    page.keyboard.press("/")
    page.keyboard.type(station)
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_have_attribute("data-station", station)
    value = page.locator(f"#drawer-values [data-key={metric}]")
    value.click()
    expect(value).to_have_attribute("aria-pressed", "true")
    # The page is the module's: until its own has come the station before has a chart too.
    expect(page.locator(".chart")).to_have_attribute("data-of", f"{station}|{metric}")
    wait(page, f"{CHART}?.data?.[0].x.length > 10")


def open_form(page: Page) -> None:
    page.locator("#mark-open").click()
    expect(page.locator("#mark-form form")).to_be_visible()


def drag(page: Page, a: float, b: float) -> None:
    """Over the chart, in shares of its width."""
    box = page.locator(".stretch").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * a, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * b, y, steps=4)
    page.mouse.up()


def save(page: Page, reason: str) -> None:
    page.locator("#mark-form [name=reason]").fill(reason)
    page.locator("#mark-form [type=submit]").click()


def test_a_stretch_is_dragged_marked_shown_and_withdrawn(page, desk):
    show(page, "R-02", "level_m")
    open_form(page)
    drag(page, 0.6, 0.7)
    expect(page.locator(".mark-count")).to_contain_text("个读数")
    save(page, "探头清洗")
    mark = page.locator("#marks .mark").first
    expect(mark.locator(".mark-reason")).to_have_text("探头清洗")
    expect(mark.locator(".mark-who")).to_contain_text("environment")
    # Stored within five seconds, and then on the chart by itself.
    expect(mark.locator(".mark-who")).not_to_contain_text("数秒内生效")
    marked = wait(page, TRACE.format("invalid"))
    [(stored,)] = desk.rows("select count(*) from reading where quality & 2048 <> 0")
    assert marked <= stored
    texts = page.evaluate(CHART + ".data.find(t => t.meta === 'invalid').text")
    assert all("人工标记为无效" in text and "environment: 探头清洗" in text for text in texts)
    mark.get_by_role("button", name="撤回").click()
    mark.locator("input").fill("量程内，属实")
    page.keyboard.press("Enter")
    expect(mark.locator(".mark-taken")).to_contain_text("environment 于")
    wait(page, f"!({TRACE.format('invalid')})")
    assert desk.rows("select count(*) from reading where quality & 2048 <> 0") == [(0,)]


def test_the_keyboard_is_enough_and_one_reading_can_be_all(page, desk):
    show(page, "R-03", "level_m")
    page.locator("#mark-open").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "verdict"
    page.keyboard.press("ArrowRight")
    at = page.evaluate(CHART + ".data[0].x[50]")
    page.locator("#mark-form [name=from]").fill(at)
    until_ = page.evaluate(
        "a => new Date(Date.parse(a + 'Z') + 1000).toISOString().slice(0, 19)", at
    )
    page.locator("#mark-form [name=to]").fill(until_)
    expect(page.locator(".mark-count")).to_have_text("共 1 个读数")
    page.locator("#mark-form [name=reason]").fill("现场复核无误")
    page.keyboard.press("Enter")
    expect(page.locator("#marks .mark-verdict").first).to_have_text("有效")
    assert page.evaluate("document.activeElement.id") == "mark-open"
    [(verdict, who)] = desk.rows("select verdict, who from mark where reason = '现场复核无误'")
    assert (verdict, who) == ("valid", "environment")
    page.locator("#mark-open").click()
    page.keyboard.press("Escape")
    expect(page.locator("#mark-form form")).to_have_count(0)
    expect(page.locator("#drawer")).to_be_visible()


def test_what_is_wrong_stands_beside_its_field(page, desk):
    show(page, "R-01", "level_m")
    open_form(page)
    count = desk.rows("select count(*) from mark")
    page.locator("#mark-form [name=from]").fill("2026-01-01 10:00")
    page.locator("#mark-form [name=to]").fill("2026/1/1 9：00")
    save(page, "  ")
    expect(page.locator("#mark-to-said")).to_have_text("结束时间必须晚于开始时间。")
    expect(page.locator("#mark-reason-said")).to_have_text("请填写原因。")
    assert page.evaluate("document.activeElement.name") == "to"
    for odd in ("", "gestern", "2026-02-30 10:00", "2026-01-01 24:00", "2026-01-01"):
        page.locator("#mark-form [name=to]").fill(odd)
        page.locator("#mark-form [type=submit]").click()
        expect(page.locator("#mark-to-said")).to_contain_text("格式应为")
    page.locator("#mark-form [name=to]").fill("2199-01-01 09:00:00")
    expect(page.locator("#mark-to-said")).to_be_empty()
    save(page, "校准")
    expect(page.locator("#mark-to-said")).to_contain_text("该时间在将来")
    assert violations(page) == []
    # What was written survives an error and the lost line.
    page.locator("#mark-form [name=to]").fill("2026-01-01 11:00:00")
    page.context.set_offline(True)
    save(page, "校准")
    expect(page.locator(".mark-said")).to_contain_text("未发送")
    page.context.set_offline(False)
    assert page.locator("#mark-form [name=reason]").input_value() == "校准"
    assert desk.rows("select count(*) from mark") == count
    errors(page).clear()  # the browser itself reports the lost line


def test_what_comes_live_never_disturbs_who_fills_in(page, desk):
    show(page, "A-01", "pm25_ugm3")
    open_form(page)
    drag(page, 0.3, 0.5)
    page.locator("#mark-form [name=reason]").fill("半句")
    before = page.evaluate(VIEW)
    band = page.locator(".stretch-band").bounding_box()["x"]
    fields = page.evaluate("[...document.querySelectorAll('#mark-form input')].map(i => i.value)")
    desk.write(lambda c: sample.observe(c, "A-01", "pm25_ugm3", 77.0, datetime.now(UTC)))
    desk.write(lambda c: other_mark(c, "A-01", "pm25_ugm3"))
    expect(page.locator("#marks .mark")).to_have_count(1)
    wait(page, TRACE.format("invalid"))
    assert page.evaluate(VIEW) == before
    # The band stays on its stretch of time, which moves with the present by less than a pixel.
    assert page.locator(".stretch-band").bounding_box()["x"] == pytest.approx(band, abs=2)
    assert fields == page.evaluate(
        "[...document.querySelectorAll('#mark-form input')].map(i => i.value)"
    )
    page.keyboard.press("Escape")


def test_hostile_reasons_and_names_stay_text(page, desk):
    show(page, "A-03", "pm25_ugm3")
    desk.write(lambda c: other_mark(c, "A-03", "pm25_ugm3", EVIL, EVIL))
    expect(page.locator("#marks .mark-reason").first).to_have_text(EVIL)
    texts = wait(page, CHART + "?.data.find(t => t.meta === 'invalid')?.text")
    assert "&lt;img" in texts[0]
    assert page.locator("#drawer-marks img, #drawer-marks .mark b b").count() == 0
    assert page.evaluate("document.title") != "broken"
    assert page.locator("#chart img").count() == 0


def other_mark(conn, station: str, metric: str, reason: str = "漂移", who: str = "li") -> None:
    """What somebody else says meanwhile, of the hours from twelve to six ago."""
    now, series = datetime.now(UTC), sample.series_id(conn, station, metric)
    since, end = now - timedelta(hours=12), now - timedelta(hours=6)
    add(conn, series, since, end, "invalid", reason=reason, who=who)


def test_who_may_not_mark_sees_marks_and_no_button(browser, desk):
    desk.write(lambda c: other_mark(c, "D-02", "cod_mgl"))
    with signed_in(browser, desk, "duty", viewport={"width": 1440, "height": 900}) as context:
        page = without_ground(context, "/?station=D-02")
        expect(page.locator("#marks .mark")).to_have_count(1)
        assert page.locator("#mark-open, #marks button").count() == 0
