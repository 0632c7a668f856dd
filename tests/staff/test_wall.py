"""The wallboard in a real browser: it comes in with a token, turns, stops, and lives by itself."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.__main__ import Server
from dashboard.app import Staff
from dashboard.settings import DashboardSettings
from dashboard.walls import keys
from database.pool import connect
from database.settings import DatabaseSettings
from gis.settings import GisSettings
from gis.site import open_map
from tests.conftest import fresh_database
from tests.dashboard.conftest import running
from tests.servers.look import violations
from tests.servers.program import ROOT
from tests.servers.waiting import free_port
from tests.staff.conftest import READY, errors, open_page, wait

MAP = READY + " && dongtai.map && dongtai.map.loaded() && dongtai.map.getLayer('stations')"
SIZES = [(1920, 1080), (3840, 2160), (1080, 1920)]
VIEWS = ("alerts", "list", "water", "air")
# One view in place of the one whose turn it is, whatever the page does.
SHOW = """name => {
  const style = document.getElementById('only') ?? document.head.appendChild(document.createElement('style'));
  style.id = 'only';
  style.textContent = `.view { display: none !important; } #${name}, #${name}[hidden] { display: flex !important; }`;
}"""  # noqa: E501 - a script, one statement a line
# Text smaller than the least of LOOK.md; the character in a shape repeats colour and form.
SMALL = """() => {
  const unit = Math.min(innerWidth / (innerWidth > innerHeight ? 3840 : 2160),
                        innerHeight / (innerWidth > innerHeight ? 2160 : 3840));
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const holder = node.parentElement;
    if (!node.textContent.trim() || !holder.checkVisibility() || holder.closest('script, svg')) continue;
    const size = parseFloat(getComputedStyle(holder).fontSize) / unit;
    if (size < 51.9) found.push([holder.className + holder.id, size]);
  }
  return found;
}"""  # noqa: E501 - a script, one statement a line
OUTSIDE = """() => [...document.querySelectorAll(
  '.wall-top > *, .bar > *, .fact, .drop-value, .card-value, .air-value, .view-title')]
  .filter(n => n.checkVisibility() && n.getBoundingClientRect().width)
  .filter(n => { const b = n.getBoundingClientRect();
    return b.left < 0 || b.top < 0 || b.right > innerWidth + 1 || b.bottom > innerHeight + 1; })
  .map(n => n.className + n.id)"""
CLAIM = """update alert set acknowledged_at = now(), owner = 'duty', state = 'acknowledged',
  version = version + 1, changed_at = clock_timestamp() where grade in ('red', 'orange')"""
UNCLAIM = """update alert set acknowledged_at = null, owner = null, state = 'active',
  version = version + 1, changed_at = clock_timestamp() where grade = 'red'"""


class Hall:
    """A staff service that can be stopped and started, its clock set, and its walls."""

    def __init__(self, database: DatabaseSettings) -> None:
        self.database, self.port, self.ahead = database, free_port(), timedelta()
        self.url = f"http://127.0.0.1:{self.port}"
        self._running = ExitStack()

    def start(self, pace_s: float = 5) -> None:
        said = {
            "staff": {"port": self.port},
            "wall": {"pace_s": pace_s},
            "walls": {"light": {"pace_s": 600, "theme": "light", "language": "en"},
                      "both": {"pace_s": 5, "language": "both"}},
        }  # fmt: skip
        settings = DashboardSettings.model_validate(said)
        site = open_map(GisSettings(), ROOT, public=False)
        staff = Staff(self.database, settings, site, lambda: datetime.now(UTC) + self.ahead)
        self._running.enter_context(running(Server(staff, settings.staff)))

    def stop(self) -> None:
        self._running.close()

    def token(self, name: str = "hall") -> str:
        conn = connect(self.database, "staff", application="test")
        try:
            _, token = keys.add(conn, name, "test")
            conn.commit()
        finally:
            conn.close()
        return token

    def write(self, statement: str) -> None:
        conn = connect(self.database, None, application="test")
        conn.cursor().execute(statement)
        conn.commit()
        conn.close()


@pytest.fixture
def hall(server_dsn: str, sample_template: tuple[str, Any]) -> Iterator[Hall]:
    with fresh_database(server_dsn, sample_template[0]) as database:
        found = Hall(database)
        found.start()
        yield found
        found.stop()


@contextmanager
def wall(
    browser: Browser, hall: Hall, name: str = "hall", ready: str = READY, **options: Any
) -> Iterator[Page]:
    """A wall's screen that has come in with its token."""
    size = {"width": 1920, "height": 1080}
    context = browser.new_context(**{"base_url": hall.url, "viewport": size} | options)
    context.set_default_timeout(60_000)
    page = open_page(context)
    if ready == READY:
        page.route("**/vendor/maplibre-gl.mjs", lambda route: route.abort())
    page.goto(f"/wall#token={hall.token(name)}")
    page.wait_for_url("**/wall")
    wait(page, ready)
    yield page
    context.close()


def shown(page: Page) -> str:
    return str(page.evaluate("document.querySelector('.view:not([hidden])').id"))


@pytest.mark.parametrize("form", ["#token=", "?token="])
def test_a_token_is_taken_and_gone_from_the_address(browser, hall, form):
    context = browser.new_context(base_url=hall.url)
    context.set_default_timeout(60_000)
    page = open_page(context)
    token = hall.token()
    page.goto(f"/wall{form}{token}")
    page.wait_for_url("**/wall")
    wait(page, READY)
    assert page.url == f"{hall.url}/wall"
    assert page.evaluate("document.cookie") == ""
    (cookie,) = context.cookies()
    assert cookie["httpOnly"]
    assert cookie["value"] != token
    page.goto(f"/wall{form}{token}")  # as a kiosk does at each start
    wait(page, f"location.href === '{hall.url}/wall' && {READY}")
    other = browser.new_context(base_url=hall.url).new_page()
    other.set_default_timeout(60_000)
    other.goto(f"/wall{form}{token}")
    expect(other.locator("#refused")).to_be_visible()
    assert token not in other.url
    other.context.close()
    context.close()


def test_a_revoked_wall_goes_blank_and_says_so(browser, hall):
    with wall(browser, hall) as page:
        hall.write("update wall set revoked_at = now()")
        page.wait_for_url("**/wall/enter")
        expect(page.locator("#none")).to_be_visible()
        assert page.locator(".bar").count() == 0


def test_views_turn_and_stop_at_what_burns(browser, hall):
    with wall(browser, hall) as page:
        wait(page, "dongtai.turn.held")
        assert shown(page) == "view-alerts"
        red = page.locator("#wall-board .bar").first
        expect(red).to_have_attribute("data-state", "unclaimed")
        hall.write(CLAIM)
        for name in VIEWS[1:]:
            wait(page, f"!document.getElementById('view-{name}').hidden")
            assert page.locator(".place-dots .here").count() == 1
            assert red.is_visible()  # the board is there in every view
        hall.write(UNCLAIM)
        wait(page, "dongtai.turn.held && !document.getElementById('view-alerts').hidden")


def test_a_lost_link_is_said_and_comes_back_by_itself(browser, hall):
    with wall(browser, hall) as page:
        page.evaluate("window.marked = true")
        hall.stop()
        expect(page.locator("#banner")).to_be_visible()
        faded = "getComputedStyle(document.querySelector('.wall-main')).opacity"
        assert page.evaluate(faded) == "0.6"
        hall.start()
        wait(page, READY)
        expect(page.locator("#banner")).to_be_hidden()
        assert page.evaluate("window.marked")  # the same page: nobody had to load it


def test_a_new_version_loads_the_page_anew_once_nothing_burns(browser, hall):
    with wall(browser, hall) as page:
        page.evaluate("window.marked = true")
        hall.stop()
        hall.ahead = timedelta(minutes=15)
        hall.start(pace_s=7)
        wait(page, READY + " && dongtai.outdated")
        page.wait_for_timeout(2500)
        assert page.evaluate("window.marked")  # an unclaimed red burns
        with page.expect_navigation():
            hall.write(CLAIM)
        wait(page, f"!window.marked && {READY} && !dongtai.outdated")


def test_at_its_hour_of_the_night_it_loads_itself_anew(browser, hall):
    midnight = datetime.now(UTC).replace(hour=16, minute=0, second=0)  # in Shanghai
    hall.write(CLAIM)
    hall.ahead = midnight + timedelta(days=1, hours=2) - datetime.now(UTC)
    with wall(browser, hall) as page:
        page.evaluate("window.marked = true")
        expect(page.locator("#clock")).to_have_text(re.compile(r"^02:0\d$"))
        page.wait_for_timeout(2500)
        assert page.evaluate("window.marked")
        wait(page, "getComputedStyle(document.body, '::after').opacity === '0.4'")
        with page.expect_navigation():
            hall.ahead += timedelta(hours=2)
        wait(page, f"!window.marked && {READY}")
        expect(page.locator("#clock")).to_have_text(re.compile(r"^04:0\d$"))


def test_both_languages_take_turns_without_a_reload(browser, hall):
    hall.write(CLAIM)
    with wall(browser, hall, "both") as page:
        expect(page.locator("#link-word")).to_have_text("连接正常")
        page.evaluate("window.marked = true")
        expect(page.locator("#link-word")).to_have_text("Link up")
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.evaluate("window.marked")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_scrolls_nothing_is_small_and_tools_find_nothing(browser, hall, width, height):
    name = "light" if width == 3840 else "hall"
    size = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce"}
    with wall(browser, hall, name, MAP, **size) as page:
        wait(page, "document.querySelectorAll('.tag:not([hidden])').length")
        for view in VIEWS:
            page.evaluate(SHOW, f"view-{view}")
            sides = "(e => [e.scrollWidth, e.scrollHeight])(document.scrollingElement)"
            assert page.evaluate(sides) == [width, height]
            assert page.evaluate(SMALL) == []
            assert page.evaluate(OUTSIDE) == []
            wait(page, READY)  # a busy machine may have let the link go
            assert violations(page) == []
        assert errors(page) == []
