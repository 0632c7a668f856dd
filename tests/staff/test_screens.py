"""Every screen on the night of the showcase: it fits, tools find nothing, and here is its picture.

The pictures go to artefacts/screens/; `make screens` copies them to docs/screens/. Time stands
still on both sides, so that the same district gives the same picture.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

import config
from dashboard.walls import keys
from database.pool import Connection, connect
from gis.settings import GisSettings
from sensors import marks
from tests import sample
from tests.dashboard.conftest import Desk, filled, served
from tests.servers.look import CUT, STILL, WIDE, violations
from tests.servers.program import ROOT
from tests.staff import busy, showcase
from tests.staff.conftest import (
    ARTEFACTS,
    CHART,
    MAP_READY,
    READY,
    errors,
    open_page,
    signed_in,
    wait,
)
from tests.staff.every_page import FRAME

PAST = "at=2026-11-22T03:12:09%2B08:00&speed=60&known=then"
SCREENS = {
    "desk-dark-zh": ("/?station=R-02", "dark", "zh", 1920, 1080),
    "desk-light-en": ("/?station=R-02", "light", "en", 1440, 900),
    "desk-gas-dark-en": ("/?station=G-31", "dark", "en", 1440, 900),
    "desk-plant-light-zh": ("/?station=P-07", "light", "zh", 1440, 900),
    "desk-phone-zh": ("/", "dark", "zh", 375, 812),
    "desk-tablet-dark-en": ("/", "dark", "en", 820, 1180),
    "desk-1024-dark-en": ("/", "dark", "en", 1024, 768),
    "cameras-dark-zh": ("/cameras", "dark", "zh", 1280, 560),
    "sign-in": ("/sign-in", "dark", "zh", 1440, 900),
    "replay-dark-zh": (f"/?station=R-02&{PAST}", "dark", "zh", 1920, 1080),
    "replay-light-en": (f"/?station=G-31&{PAST}", "light", "en", 1440, 900),
    "replay-phone-zh": (f"/?{PAST}", "dark", "zh", 375, 812),
}
# The form on the chart, half filled in, above what was marked before.
MARKING = {
    "desk-marks-dark-zh": ("dark", "zh", 1440, 900),
    "desk-marks-narrow-en": ("light", "en", 360, 780),
}
# name, theme and language of the wall, width, height
WALLS = {
    "wall-dark-zh": ("hall", 1920, 1080),
    "wall-light-en": ("light", 3840, 2160),
    "wall-upright-zh": ("hall", 1080, 1920),
}
DOCUMENTED = {
    *("wall-dark-zh", "wall-light-en"),
    *("desk-dark-zh", "desk-light-en", "desk-gas-dark-en", "desk-phone-zh"),
    *("cameras-dark-zh", "sign-in", "desk-marks-dark-zh", "desk-plant-light-zh"),
    *("duty-dark-zh", "rules-light-en", "warnings-dark-zh"),
    *("replay-dark-zh", "replay-light-en", "replay-phone-zh"),
}
# The pages of alerting, by who looks at them.
ALERTING = {
    "duty-dark-zh": ("/duty", "duty", "dark", "zh"),
    "rules-light-en": ("/rules#AIR-AQI", "environment", "light", "en"),
    "warnings-dark-zh": ("/warnings", "duty", "dark", "zh"),
}
PICTURES_SHOWN = """() => {
  const all = [...document.querySelectorAll('img:not([hidden])')];
  const shown = all.filter(i => i.checkVisibility());
  const due = document.querySelector('.wall') ? 15 : 0;
  return shown.length >= due && shown.every(i => i.src && i.complete && i.naturalWidth);
}"""


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    """The staff service on the showcase, with its clock stopped."""
    gis = config.load(ROOT / "config.yaml").section(GisSettings)
    bright = {"light": {"theme": "light", "language": "en"}}
    with (
        filled(server_dsn, template, _night, ["duty", "environment"]) as made,
        served(server_dsn, *made, lambda: showcase.NOW, gis, walls=bright) as desk,
    ):
        yield desk


@pytest.fixture(scope="module")
def busy_scene(server_dsn: str, template: str) -> Iterator[Desk]:
    """The same night with a rota, shelves, chatter and warnings; around the real time."""
    gis = config.load(ROOT / "config.yaml").section(GisSettings)
    with (
        filled(server_dsn, template, lambda conn: busy.fill(conn, datetime.now(UTC))) as made,
        served(server_dsn, *made, gis=gis, alerts=busy.ALERTS) as desk,
    ):
        yield desk


def _night(conn: Connection) -> None:
    showcase.fill(conn, showcase.NOW)
    _mark(conn)


def _mark(conn: Connection) -> None:
    """Two stretches of D-05, one of them withdrawn, as said on the night itself."""
    series = sample.series_id(conn, "D-05", "cod_mgl")
    said = (
        (4.0, 0.6, "invalid", "采样泵校准，读数偏低", "environment", 3.2),
        (9.0, 0.4, "invalid", "与实验室比对", "duty", 8.4),
    )
    numbers = [
        marks.add(conn, series, ago(since), ago(since - hours), verdict, reason=reason, who=who)
        for since, hours, verdict, reason, who, _ in said
    ]
    numbers.append(marks.withdraw(conn, numbers[1], reason="比对合格", who="environment"))
    for number, hours in zip(numbers, (3.2, 8.4, 7.9), strict=True):
        conn.cursor().execute("update mark set made_at = %s where id = %s", (ago(hours), number))
    marks.apply_marks(conn, 10)


def ago(hours: float) -> datetime:
    return showcase.NOW - timedelta(hours=hours)


@pytest.mark.parametrize("name", MARKING)
def test_the_form_for_marks_fits_and_accessibility_tools_find_nothing(browser, scene, name):
    theme, lang, width, height = MARKING[name]
    look = {"color_scheme": theme, "viewport": {"width": width, "height": height}}
    with signed_in(browser, scene, "environment", lang=lang, **look) as context:
        page = open_page(context)
        page.clock.set_fixed_time(showcase.NOW)
        page.goto("/?station=D-05")
        _settle(page, "/?station=D-05")
        page.locator("#drawer-values [data-key=cod_mgl]").click()
        expect(page.locator("#marks .mark")).to_have_count(2)
        wait(page, CHART + "?.data?.some(trace => trace.meta === 'invalid' && trace.x.length)")
        page.locator("#mark-open").click()
        box = page.locator(".stretch").bounding_box()
        assert box
        x, y = box["x"] + box["width"] * 0.45, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + box["width"] * 0.09, y, steps=3)
        page.mouse.up()
        page.locator("#mark-form [name=reason]").fill(
            "探头清洗" if lang == "zh" else "Probe cleaned"
        )
        expect(page.locator(".mark-count")).to_contain_text("66")
        page.evaluate(
            "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
        )
        _picture(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []
        assert violations(page) == []
        assert errors(page) == []


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_fits_and_accessibility_tools_find_nothing(browser, scene, name):
    path, theme, lang, width, height = SCREENS[name]
    size = {"width": width, "height": height}
    with signed_in(browser, scene, lang=lang, color_scheme=theme, viewport=size) as context:
        if path == "/sign-in":
            context.clear_cookies(name="session")
        page = open_page(context)
        page.clock.set_fixed_time(showcase.NOW)
        page.goto(path)
        _settle(page, path)
        _picture(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT) == []
        assert page.evaluate(FRAME) == []
        chinese = any(character > "\u2e80" for character in page.title())
        assert chinese == (lang == "zh")
        assert violations(page) == []
        assert errors(page) == []


@pytest.mark.parametrize("name", ALERTING)
def test_the_pages_of_alerting_show_what_there_is(browser, busy_scene, name):
    path, role, theme, lang = ALERTING[name]
    with signed_in(browser, busy_scene, role, lang, color_scheme=theme) as context:
        page = open_page(context)
        page.goto(path)
        wait(page, READY)
        _filled(page, path)
        page.evaluate(STILL)
        _picture(page, name)
        assert page.evaluate(WIDE) <= 0
        assert errors(page) == []


def _filled(page: Page, path: str) -> None:
    """What the page has to say is on it."""
    if path == "/duty":
        wait(page, "dongtai.shown.score && dongtai.shown.rota && dongtai.shown.receipts")
        expect(page.locator(".rota-duty[data-empty]")).to_have_count(1)
        expect(page.locator(".receiver[data-state=failing]")).to_have_count(1)
    elif path.startswith("/rules"):
        expect(page.locator(".rule-row").filter(has_text="AIR-AQI")).to_be_visible()
        expect(page.locator(".rules-list")).not_to_contain_text("heavy_pollution")
    else:
        rows = page.locator(".warn-row[data-standing=in_force]")
        expect(rows).to_have_count(2)
        rows.first.locator("button").click()
        wait(page, "document.querySelector('#warn-map').dataset.drawn")


@pytest.mark.parametrize("name", WALLS)
def test_every_wall_fits(browser, scene, name):
    wall, width, height = WALLS[name]
    context = browser.new_context(
        base_url=scene.url, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    context.set_default_timeout(60_000)
    page = open_page(context)
    page.clock.set_fixed_time(showcase.NOW)
    page.goto(f"/wall#token={_wall_token(scene, wall)}")
    page.wait_for_url("**/wall")
    wait(page, MAP_READY + " && dongtai.map.areTilesLoaded()")
    expect(page.locator("#wall-plume")).to_be_visible()
    wait(page, "document.querySelectorAll('.tag:not([hidden])').length === 2")
    page.evaluate("document.fonts.ready")
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    _picture(page, name)
    cut = "[...document.querySelectorAll('.bar-name, .bar-since, .drop-name, .fact-name')]"
    cut += ".filter(n => n.checkVisibility() && n.scrollWidth > n.clientWidth + 1)"
    assert page.evaluate(cut + ".map(n => n.textContent)") == []
    size = "(e => [e.scrollWidth, e.scrollHeight])(document.scrollingElement)"
    assert page.evaluate(size) == [width, height]
    assert errors(page) == []
    context.close()


def _wall_token(scene: Desk, name: str) -> str:
    """Of a new wall; one of that name that a test before made is ended."""
    conn = connect(scene.database, "staff", application="test")
    try:
        keys.revoke(conn, datetime.now(UTC), name=name)
        _, token = keys.add(conn, name, "test")
        conn.commit()
    finally:
        conn.close()
    return token


def test_a_reading_beside_a_limit_for_a_mean_says_so(browser, scene):
    with signed_in(browser, scene, "duty", viewport={"width": 800, "height": 900}) as context:
        page = open_page(context)
        page.clock.set_fixed_time(showcase.NOW)
        page.goto("/?station=A-02")
        limit = page.locator("#waiting [data-key=a-pm25] .row-limit")
        expect(limit).to_have_text("限 75 · 1 小时均值")
        expect(page.locator("#why-list .why-reason")).to_contain_text(
            "按单次读数判定，该限值为 1 小时均值。"
        )
        other = page.locator("#taken [data-key=a-level] .row-limit")
        expect(other).to_have_text("限 23.50")


def _settle(page: Page, path: str) -> None:
    """All that will be drawn is drawn: map, chart, photographs, type."""
    page.evaluate("document.fonts.ready")
    if path == "/sign-in":
        expect(page.locator("input[type=password]")).to_be_visible()
        return
    if "at=" in path:
        wait(page, "window.dongtai && dongtai.replay.on && !dongtai.replay.wanted")
    drawn = MAP_READY + " && dongtai.map.areTilesLoaded()"
    wait(page, READY if path == "/cameras" else drawn)
    if "station" in path:
        wait(page, CHART + "?.data?.length")
    wait(page, PICTURES_SHOWN)
    page.evaluate("() => Promise.all(document.getAnimations().map(a => a.finished.catch(() => 0)))")
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")


def _picture(page: Page, name: str) -> None:
    folder = ARTEFACTS / "screens" if name in DOCUMENTED else ARTEFACTS
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
