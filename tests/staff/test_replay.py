"""The past on the desk: never taken for the present, by what was known then or is known now."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests import sample
from tests.dashboard.conftest import Desk, served
from tests.dashboard.test_replay import late
from tests.servers.look import violations
from tests.staff.conftest import (
    ARTEFACTS,
    CHART,
    READY,
    errors,
    open_desk,
    open_page,
    open_without_map,
    signed_in,
    wait,
)

HEARD = (
    "import('/assets/desk/notify.mjs').then((m) => m.heard.map((one) => [one.grade, one.count]))"
)
SOUND_ON = "localStorage.setItem('sound', 'on')"
CAME, MEASURED = 120, 331  # minutes ago; R-02 was silent from 360 to 320
SHOWN = "dongtai.replay"
# Below them the desk says nothing of the moment but in the places looked at here.
SIZES = {
    "replay-dark-zh": ("dark", "zh", 1920, 1080),
    "replay-1024-dark-en": ("dark", "en", 1024, 768),
    "replay-tablet-light-zh": ("light", "zh", 820, 1180),
    "replay-narrow-light-en": ("light", "en", 360, 780),
}


@pytest.fixture(scope="module")
def desk(server_dsn, sample_template):
    """R-02 was cut off in the night; one reading of that time came two hours ago."""
    with served(server_dsn, *sample_template) as service:
        now = told_for(service)
        late(service, "R-02", "level_m", 29.75, now - timedelta(minutes=MEASURED),
             now - timedelta(minutes=CAME))  # fmt: skip
        yield service


def told_for(service: Desk) -> datetime:
    """The moment that the sample is told for: some time ago by now."""
    ((raised,),) = service.rows("select raised_at from alert where id = 'a-nh3'")
    moment: datetime = raised + timedelta(minutes=6)
    return moment


@pytest.fixture
def ago(desk) -> Callable[[float], datetime]:
    """Minutes before that."""
    moment = told_for(desk)
    return lambda minutes: moment - timedelta(minutes=minutes)


@pytest.fixture
def page(browser, desk):
    with signed_in(browser, desk, lang="en", viewport={"width": 1440, "height": 900}) as context:
        opened = open_without_map(context)
        yield opened
        unexpected = [
            said for said in errors(opened) if "maplibre" not in said and "ERR_FAILED" not in said
        ]
        assert unexpected == []


def link(at: datetime, known: str = "then", speed: int = 60) -> str:
    return f"/?at={quote(at.isoformat(timespec='seconds'))}&speed={speed}&known={known}"


def at_moment(page: Page) -> float:
    """The moment on screen, in ms."""
    return float(page.evaluate(f"{SHOWN}.at"))


def follow(page: Page, path: str) -> None:
    page.goto(path)
    wait(page, READY)
    there(page)


def there(page: Page) -> None:
    """The wanted moment has come."""
    wait(page, f"{SHOWN}.on && !{SHOWN}.wanted")


def level(page: Page) -> Any:
    return page.evaluate("dongtai.stations.get('R-02').latest.level_m.value")


def test_a_link_opens_the_moment_and_nobody_takes_it_for_now(page, ago):
    at = ago(36.5)
    follow(page, link(at, speed=600))
    assert abs(at_moment(page) / 1000 - at.timestamp()) < 1
    banner = page.locator("#past")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("REPLAY")
    expect(banner).to_contain_text("not live")
    here = page.evaluate(
        f"new Date({SHOWN}.at).toLocaleTimeString('en-GB', {{timeZone: 'Asia/Shanghai'}})"
    )
    expect(page.locator("#past-clock")).to_have_text(here)
    expect(page.locator("#clock")).to_have_text(here)
    expect(page.locator("[data-speed='600']")).to_have_attribute("aria-pressed", "true")
    # Red began 6 minutes ago, yellow 21; the reservoir was over its limit and in somebody's hands.
    expect(page.locator(".rows [data-key=a-nh3]")).to_have_count(0)
    expect(page.locator(".rows [data-key=a-pm25]")).to_have_count(0)
    expect(page.locator("#taken [data-key=a-level]")).to_have_count(0)
    expect(page.locator("#waiting [data-key=a-level]")).to_have_count(1)
    assert "&speed=600&known=then" in page.url
    assert re.search(r"at=[^&]*%2B08%3A00", page.url)


def test_what_came_late_is_there_from_its_arrival_then_and_from_its_time_now(page, ago):
    follow(page, link(ago(MEASURED - 1)))
    assert level(page) != 29.75
    age = page.evaluate("dongtai.stations.get('R-02').latest.level_m.state")
    assert age == "stale"
    page.locator("#past-now").click()
    wait(page, "dongtai.stations.get('R-02').latest.level_m.value === 29.75")
    expect(page.locator("#past-now")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#past-said")).to_have_text("as it is known now")
    assert "known=now" in page.url
    page.locator("#past-then").click()
    wait(page, "dongtai.stations.get('R-02').latest.level_m.state === 'stale'")
    assert level(page) != 29.75


def test_the_chart_goes_with_the_moment(page, ago):
    follow(page, link(ago(MEASURED - 1)) + "&station=R-02")
    page.evaluate("document.querySelector('#silent [data-key=R-02] .row-name').click()")
    wait(page, CHART + "?.data?.length")
    top = CHART + "?.data?.find(t => t.meta === 'measured')?.y"
    newest = page.evaluate(top.replace("?.y", "?.x") + ".at(-1)")
    shown = page.evaluate(f"new Date({SHOWN}.at + 8 * 3600e3).toISOString().slice(0, 16)")
    assert newest.replace(" ", "T")[:16] <= shown
    assert 29.75 not in page.evaluate(top)
    page.locator("#past-now").click()
    wait(page, f"[...({top} ?? [])].includes(29.75)")


def test_playing_brings_alerts_and_steps_at_their_moments(page, ago):
    """The red alert rises six minutes ago: long before the present is reached and it stops."""
    page.evaluate(SOUND_ON)
    follow(page, link(ago(6.5), speed=10))
    row = page.locator("#waiting [data-key=a-nh3]")
    expect(row).to_have_count(0)
    before = at_moment(page)
    page.keyboard.press(" ")
    wait(page, f"{SHOWN}.playing")
    expect(row).to_have_count(1)
    page.keyboard.press(" ")
    wait(page, f"!{SHOWN}.playing")
    stopped = at_moment(page)
    assert stopped > before
    page.wait_for_timeout(600)
    assert at_moment(page) == stopped
    # No sound, no word aloud, no pulse: it is no news.
    assert page.locator("#live-words").text_content() == ""
    assert page.locator(".cell.pulse").count() == 0
    assert page.evaluate(HEARD) == []


def test_the_present_waits_unseen_and_is_there_at_once_on_the_way_back(page, desk, ago):
    page.evaluate(SOUND_ON)
    follow(page, link(ago(60)))
    shown = level(page)
    expect(page.locator("#past-live")).to_contain_text("to acknowledge")
    desk.write(lambda conn: sample.observe(conn, "R-02", "level_m", 24.44, datetime.now(UTC)))
    row = ("a-new", "A-03", "pm25_ugm3", "red", "active", 0, 300.0, 75.0, None, None, False,
           ("新", "New one"))  # fmt: skip

    def raise_one(conn):
        sample.add_alert(conn.cursor(), row, datetime.now(UTC))
        conn.cursor().execute(
            "update alert set changed_at = clock_timestamp() where id = 'a-new'; notify dongtai"
        )

    desk.write(raise_one)
    # A new alert of now cannot be missed, though the past stays as it is.
    expect(page.locator("#past-live")).to_contain_text("NOW: 1 new since you went back")
    assert page.locator("#past-words").get_attribute("role") == "alert"
    assert level(page) == shown
    assert page.evaluate("dongtai.alerts.has('a-new')") is False
    wait(page, f"({HEARD}).then((all) => all.join() === 'red,1')")  # heard, as on every desk
    page.evaluate("window.kept = 1")
    page.keyboard.press("l")
    expect(page.locator("#past")).to_be_hidden()
    assert level(page) == 24.44
    expect(page.locator(".rows [data-key=a-new]")).to_have_count(1)
    assert page.evaluate("window.kept") == 1  # without reload
    assert page.evaluate(HEARD) == [["red", 1]]  # once
    assert "at=" not in page.url
    assert page.evaluate("document.body.dataset.replay") is None
    desk.write(lambda conn: sample.observe(conn, "R-02", "level_m", 24.55, datetime.now(UTC)))
    wait(page, "dongtai.stations.get('R-02').latest.level_m.value === 24.55")


def test_nobody_acts_upon_the_past(page, desk, ago):
    sent: list[str] = []
    page.on(
        "request",
        lambda r: sent.append(r.url) if r.method == "POST" and "_dash" not in r.url else None,
    )
    follow(page, link(ago(5)))
    page.evaluate("document.querySelector('#row-a-nh3')?.click()")
    expect(page.locator("#waiting [data-key=a-nh3] .ack")).to_be_hidden()
    for key in ("a", "s"):
        page.keyboard.press(key)
    page.evaluate("document.querySelector('#waiting .ack').click()")
    expect(page.locator("form.ack-form")).to_have_count(0)
    for gone in ("#act-buttons button", "#drawer-marks", "#drawer-told", ".warn-link"):
        assert page.locator(gone).filter(visible=True).count() == 0, gone
    assert sent == []


def test_the_journal_ends_at_the_moment(page, ago):
    """a-level was taken 35 minutes ago: a minute before, nobody knew by whom."""
    follow(page, link(ago(36)))
    page.evaluate("document.querySelector('#row-a-level').click()")
    expect(page.locator("#life .step")).to_have_count(1)
    page.keyboard.press("l")
    expect(page.locator("#life .step")).to_have_count(2)


def test_keys_step_and_jump_from_alert_to_alert(page, ago):
    follow(page, link(ago(30), speed=10))
    start = at_moment(page)
    page.keyboard.press(".")
    wait(page, f"{SHOWN}.at >= {start} + 59e3 && !{SHOWN}.wanted")
    page.keyboard.press(",")
    wait(page, f"{SHOWN}.at < {start} + 2e3 && !{SHOWN}.wanted")
    page.keyboard.press("]")
    expect(page.locator(".rows [data-key=a-pm25]")).to_have_attribute("data-current", "true")
    page.keyboard.press("[")
    expect(page.locator(".rows [data-key=a-level]")).to_have_attribute("data-current", "true")


def test_the_line_shows_when_alerts_rose_and_the_slider_goes_there(page):
    expect(page.locator("#strip-word")).to_have_text("Live")
    shapes = page.locator("#strip-marks use")
    expect(shapes.first).to_be_attached()
    grades = shapes.evaluate_all("all => all.map(one => one.dataset.grade)")
    assert {"red", "orange", "yellow", "blue"} <= set(grades)
    slider = page.locator("#strip-slider")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    there(page)
    expect(page.locator("#strip-word")).to_have_text("Replay")
    assert datetime.now(UTC).timestamp() - at_moment(page) / 1000 > 3600
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d:\d\d$"))
    day = (datetime.now(UTC) + timedelta(hours=8) - timedelta(days=1)).date()
    page.locator("#strip-date").fill(day.isoformat())
    wait(page, f"new Date({SHOWN}.at + 8 * 3600e3).toISOString().startsWith('{day}T00:00')")


def test_drawn_to_its_end_the_line_goes_back_to_live_however_long_ago_it_was_left(page, ago):
    follow(page, link(ago(60)))
    # The desk's clock goes on; the line stands still, and with it its end.
    page.evaluate("import('/assets/common/core.mjs').then((m) => window.present = m.present)")
    began = page.evaluate("present()")
    wait(page, f"present() > {began} + 6000")
    page.locator("#strip-slider").press("End")
    expect(page.locator("#past")).to_be_hidden()


def test_no_mark_lies_on_the_words_of_the_shifts(page):
    words, marks = page.locator(".strip-shift"), page.locator("#strip-marks use")
    expect(words.first).to_be_attached()
    expect(marks.first).to_be_attached()
    heights = "all => all.map((one) => Number(one.getAttribute('y')))"
    assert min(marks.evaluate_all(heights)) >= max(words.evaluate_all(heights))


def test_a_past_that_cannot_be_read_says_so_and_keeps_its_time(page, ago):
    follow(page, link(ago(50)))
    before = at_moment(page)
    page.route("**/api/v1/replay/state*", lambda route: route.abort())
    page.keyboard.press(".")
    expect(page.locator("#past-said")).to_have_text("The past could not be read. Try again.")
    assert at_moment(page) == before
    page.unroute("**/api/v1/replay/state*")
    page.keyboard.press(".")
    wait(page, f"{SHOWN}.at > {before} && !{SHOWN}.wanted")


def test_it_stops_at_the_present(page):
    follow(page, link(datetime.now(UTC) - timedelta(seconds=20), speed=600))
    page.keyboard.press(" ")
    expect(page.locator("#past-said")).to_have_text("The present is reached.")
    assert at_moment(page) / 1000 <= datetime.now(UTC).timestamp()


@pytest.mark.parametrize("name", SIZES)
def test_it_fits_every_screen_and_accessibility_tools_find_nothing(browser, desk, name, ago):
    theme, lang, width, height = SIZES[name]
    size = {"width": width, "height": height}
    with signed_in(browser, desk, lang=lang, color_scheme=theme, viewport=size) as context:
        page = open_desk(context, link(ago(4)))
        there(page)
        page.screenshot(path=ARTEFACTS / f"{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#past-live").is_visible()
        needs = (
            "#past-clock",
            "#past-back",
            "#past-then",
            "#past-live",
            "#strip-play",
            "#strip-slider",
        )
        for needed in needs:
            box = page.locator(needed).bounding_box()
            assert box, needed
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width + 8, needed
            assert box["y"] + box["height"] <= height, needed
        assert violations(page) == []
        assert errors(page) == []


def test_the_way_in_is_on_a_phone_too(browser, desk):
    size = {"width": 375, "height": 812}
    with signed_in(browser, desk, viewport=size) as context:
        page = open_page(context)
        page.goto("/")
        wait(page, READY)
        expect(page.locator("#strip")).to_be_hidden()
        page.locator("#replay-tab").click()
        there(page)
        expect(page.locator("#strip-play")).to_be_visible()
        page.locator("#past-back").click()
        expect(page.locator("#strip")).to_be_hidden()


def test_a_link_that_makes_no_sense_stays_live(page):
    page.goto("/?at=yesterday")
    wait(page, READY)
    expect(page.locator("#past")).to_be_hidden()
    assert json.loads(page.evaluate("JSON.stringify(dongtai.replay)"))["on"] is False
