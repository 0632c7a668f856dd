"""Every screen on the night of the showcase: it fits, tools find nothing, and here is its picture.

The pictures go to artefacts/screens/; `make screens` copies them to docs/screens/. Time stands
still on both sides, so that the same district gives the same picture.
"""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.accounts import create_account
from database.pool import connect
from database.settings import DatabaseSettings
from demo.postgres import with_database
from tests.conftest import execute
from tests.dashboard.conftest import PASSWORD, Desk, served
from tests.staff import showcase
from tests.staff.conftest import (
    ARTEFACTS,
    AXE,
    AXE_RUN,
    CHART,
    MAP_READY,
    READY,
    errors,
    open_page,
    signed_in,
    wait,
)

SCREENS = {
    "desk-dark-zh": ("/?station=R-02", "dark", "zh", 1920, 1080),
    "desk-light-en": ("/?station=R-02", "light", "en", 1440, 900),
    "desk-gas-dark-en": ("/?station=G-31", "dark", "en", 1440, 900),
    "desk-phone-zh": ("/", "dark", "zh", 375, 812),
    "desk-1024-light-zh": ("/", "light", "zh", 1024, 768),
    "cameras-dark-zh": ("/cameras", "dark", "zh", 1280, 560),
    "cameras-light-en": ("/cameras", "light", "en", 1440, 900),
    "sign-in": ("/sign-in", "dark", "zh", 1440, 900),
}
DOCUMENTED = {
    *("desk-dark-zh", "desk-light-en", "desk-gas-dark-en", "desk-phone-zh"),
    *("cameras-dark-zh", "sign-in"),
}
PICTURES_SHOWN = """() => {
  const all = [...document.querySelectorAll('img:not([hidden])')];
  const shown = all.filter(i => i.checkVisibility());
  const due = document.querySelector('.wall') ? 15 : 0;
  return shown.length >= due && shown.every(i => i.src && i.complete && i.naturalWidth);
}"""
CUT = """() => [...document.querySelectorAll(
  '.row-number, .row-since, .row-limit, .cell-value, .cell-span, .value-figure, #drawer-facts')]
  .filter(n => n.checkVisibility()).filter(n => {
    const box = n.getBoundingClientRect(), holder = n.parentElement.getBoundingClientRect();
    return n.scrollWidth > n.clientWidth + 1 && n.clientWidth || box.right > holder.right + 1;
  }).map(n => n.className + n.id + ' ' + n.textContent)"""


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    """The staff service on the showcase, with its clock stopped."""
    name = f"scene_{uuid.uuid4().hex[:8]}"
    execute(server_dsn, f"create database {name} template {template}")
    conn = connect(DatabaseSettings(dsn=with_database(server_dsn, name)), None, application="test")
    showcase.fill(conn, showcase.NOW)
    create_account(conn, "duty", "duty", PASSWORD)
    conn.commit()
    conn.close()
    with served(server_dsn, name, {}, lambda: showcase.NOW) as desk:
        yield desk
    execute(server_dsn, f"drop database {name} with (force)")


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
        page.evaluate(AXE.read_text("utf-8"))
        assert page.evaluate(AXE_RUN) == []
        assert errors(page) == []


def _settle(page: Page, path: str) -> None:
    """All that will be drawn is drawn: map, chart, photographs, type."""
    page.evaluate("document.fonts.ready")
    if path == "/sign-in":
        expect(page.locator("input[type=password]")).to_be_visible()
        return
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
