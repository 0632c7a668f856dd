"""The list of every page of the staff service, how each is opened, and a database that fills them.

A page that is missing here fails tests/staff/test_every_page.py, which derives what there is from
the application itself.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from playwright.sync_api import Page, expect

from alerts.rule_editing import By, change
from alerts.rule_history import versions
from dashboard.door import accounts
from dashboard.door.accounts import create_account
from dashboard.pages.environment import VIEWS
from database.pool import Connection
from tests.dashboard.conftest import PASSWORD
from tests.servers.look import LANGUAGES, SIZES, THEMES
from tests.staff import busy
from tests.staff.conftest import CHART, MAP_READY, READY
from tests.staff.test_accounts_page import DEEDS, PEOPLE

MAP = MAP_READY + " && dongtai.map.areTilesLoaded()"
RULE = "AIR-AQI"


SMALL = ("phone", "desktop")
# A form or a list opened on a page that has been seen on 4K.
OPENED = ("phone", "tablet", "desktop")


def _nothing(_page: Page) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Look:
    """path: may hold {past}. ready: JavaScript, true once all is drawn, asked at every size.
    act: what opens a form, drawer or dialog on it. scene: `busy`, or one that stands still at
    showcase.NOW, `month` or `ledger`.
    map: "drawn", "left out" (its library does not come), or "" where it does not matter."""

    name: str
    path: str
    ready: str
    role: str | None = "duty"
    act: Callable[[Page], object] = _nothing
    scene: str = "busy"
    map: str = ""
    themes: tuple[str, ...] = THEMES
    sizes: tuple[str, ...] = tuple(SIZES)
    langs: tuple[str, ...] = LANGUAGES

    def seen_in(self, lang: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(themes, sizes). Drawn in software a map takes longer than all the rest: it is seen dark
        in Chinese and light in English; tests/staff/test_screens.py has more of them."""
        if self.map != "drawn":
            return self.themes, self.sizes
        return ("dark" if lang == "zh" else "light",), self.sizes

    def address(self, now: datetime) -> str:
        return self.path.format(past=quote((now - timedelta(minutes=9)).isoformat()))


# Of a page with the frame of the staff: what must be in sight at every size (the link, what kind of
# data, the way out); and only parts of it scroll.
FRAME = """() => !document.querySelector('header.top') ? [] : [
  ...['#link-word', '#sample-chip', '.sign-out', '#clock', '#theme', '#language'].filter(what => {
    const node = document.querySelector(what), box = node?.getBoundingClientRect();
    return !node?.checkVisibility() || !box.width || box.left < 0 || box.right > innerWidth;
  }),
  ...(document.documentElement.scrollHeight > innerHeight ? ['scrolls into emptiness'] : [])]"""
# Each verdict, each index, the gap of each source: not even where a table is wider than the page.
OUT_OF_SIGHT = """() => [...document.querySelectorAll(
  '.verdict-cell, .aqi, #feeds-table tr > :last-child:not(:only-child)')]
  .filter(n => !n.closest('[hidden]')).filter(n => {
    const box = n.getBoundingClientRect();
    return !n.checkVisibility() || box.left < 0 || box.right > innerWidth || !box.width;
  }).map(n => n.outerHTML.slice(0, 80))"""
# The colours of the law are those of an air quality index, and of nothing else.
LEGAL = """() => [...document.querySelectorAll('#content *')].filter(n => !n.matches('.aqi') &&
  ['rgb(0, 228, 0)', 'rgb(255, 255, 0)', 'rgb(255, 126, 0)', 'rgb(255, 0, 0)', 'rgb(153, 0, 76)',
   'rgb(126, 0, 35)'].includes(getComputedStyle(n).backgroundColor))
  .map(n => n.outerHTML.slice(0, 80))"""
# On the pages of alerting: what a finger has to meet on a phone or a tablet, and is too low for it.
LOW = """() => innerWidth > 1023 || !/^.(duty|rules|warnings)/.test(location.pathname) ? [] :
  [...document.querySelectorAll('button, select, input:not([type=checkbox]), summary, a')]
  .filter(n => n.checkVisibility() && !n.closest('.skip, .maplibregl-ctrl-attrib, label'))
  .filter(n => n.getBoundingClientRect().height < 43.5)
  .map(n => `${n.id} ${n.className} ${n.textContent}`)"""


def of_the_staff(page: Page) -> list[object]:
    """What is asked of every page of the staff at every size."""
    asked = {"frame": FRAME, "out of sight": OUT_OF_SIGHT, "of the law": LEGAL, "low": LOW}
    return [(what, each) for what, script in asked.items() for each in page.evaluate(script)]


def _click(selector: str, then: str = "") -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator(selector).first.click()
        if then:
            expect(page.locator(then).first).to_be_visible()

    return act


def _search(page: Page) -> None:
    page.locator("#search").fill("c")
    expect(page.locator("#search-list li").first).to_be_visible()


def _acknowledge(page: Page) -> None:
    page.locator("#waiting .row .row-name").first.focus()
    page.keyboard.press("a")
    expect(page.locator(".ack-form")).to_be_visible()


def _mark(page: Page) -> None:
    page.locator("#mark-open").click()
    expect(page.locator("#mark-form")).to_be_visible()


def _back_test(page: Page) -> None:
    page.locator("[data-path=dead_band] input").fill("4")
    name = re.compile("^(Back-test|回算)$")
    page.get_by_role("button", name=name).first.click()
    expect(page.locator(".trial-sentence")).to_be_visible()


def _versions(page: Page) -> None:
    page.locator("[data-part=versions]").click()
    expect(page.locator(".rule-version")).to_have_count(3)


def _take_out(page: Page) -> None:
    page.locator(".rota-shifts summary").click()
    page.locator(".rota-line button").last.click()
    expect(page.locator(".rota-line button")).not_to_have_count(page.locator(".rota-line").count())


def _quarantine(page: Page) -> None:
    page.locator("#groups li button").first.click()
    expect(page.locator("#messages li").first).to_be_visible()


def _picture(page: Page) -> None:
    page.locator(".card-picture").first.click()
    expect(page.locator("#viewer")).to_be_visible()


SAID = "document.readyState === 'complete'"
_RULE = f"{READY} && dongtai.shown.rule && document.querySelector('.rule-form')"
_DUTY = f"{READY} && dongtai.shown.score && dongtai.shown.rota && dongtai.shown.receipts"
_DRAWER = f"{READY} && {CHART}?.data?.length"
_BOOKS = READY + " && dongtai.shown.ledger && document.querySelector('[data-read=yes]')"
_PAST = "/?station=R-02&at={past}&speed=60&known=then"
LOOKS = (
    Look("desk", "/", MAP, map="drawn"),
    Look("desk-search", "/", READY, act=_search, map="left out", langs=("zh",), sizes=SMALL),
    Look("desk-acknowledge", "/", READY, act=_acknowledge, map="left out", langs=("en",),
         sizes=SMALL),
    Look("drawer", "/?station=R-02", f"{MAP} && {_DRAWER}", map="drawn"),
    Look("drawer-gas", "/?station=G-31", _DRAWER, map="left out", langs=("en",), sizes=SMALL),
    Look("drawer-plant", "/?station=P-07", READY, map="left out", langs=("zh",), sizes=SMALL),
    Look("drawer-mark", "/?station=D-05", _DRAWER, "environment", _mark, map="left out",
         sizes=SMALL),
    Look("replay", _PAST, MAP + " && dongtai.replay.on && !dongtai.replay.wanted", map="drawn",
         sizes=SMALL),
    Look("duty", "/duty", _DUTY),
    Look("duty-rota", "/duty", _DUTY, act=_take_out, sizes=OPENED),
    Look("rules", "/rules", READY + " && document.querySelector('.rule-row')", "environment"),
    Look("rule", f"/rules#{RULE}", _RULE, "environment"),
    Look("rule-tried", f"/rules#{RULE}", _RULE, "environment", _back_test, sizes=OPENED),
    Look("rule-versions", f"/rules#{RULE}", _RULE, "environment", _versions, sizes=OPENED),
    Look("warnings", "/warnings", READY + " && document.querySelector('.warn-row')"),
    Look("warning", "/warnings", READY + " && document.querySelector('.warn-row')",
         act=_click(".warn-row[data-standing=in_force] button", "#warn-side")),
    Look("warning-new", "/warnings", READY + " && document.querySelector('.warn-row')",
         act=_click("#warn-new", ".warn-form"), sizes=OPENED),
    Look("data", "/data", _BOOKS, "environment", scene="ledger"),
    Look("data-quarantine", "/data#quarantine", _BOOKS, "environment", _quarantine, "ledger",
         sizes=OPENED),
    Look("cameras", "/cameras", READY + " && document.querySelector('.card')"),
    Look("camera-large", "/cameras", READY + " && document.querySelector('.card')", act=_picture,
         langs=("en",)),
    Look("account", "/account", READY + " && dongtai.shown.account"),
    Look("accounts", "/accounts", READY + " && dongtai.shown.people", "administrator",
         _click(".acc-person", "#person h2")),
    Look("accounts-new", "/accounts", READY + " && dongtai.shown.people", "administrator",
         _click("#person-new", "#person form"), sizes=OPENED),
    Look("audit", "/audit", READY + " && dongtai.shown.entries", "administrator"),
    Look("password", "/password", SAID),
    Look("sign-in", "/sign-in", SAID, None),
    Look("sign-out", "/sign-out", SAID),
    # Its other sizes, themes and views: tests/staff/test_wall.py.
    Look("wall", "/wall", READY, themes=("dark",), sizes=("desktop",), langs=("zh",)),
    Look("wall-enter", "/wall/enter", SAID, None),
    Look("evidence", "/evidence/a-nh3", SAID, themes=("light",)),
    Look("not-found", "/nothing", SAID),
    # Each view that the page has: a new one is looked at without anybody's thinking of it.
    *(Look(f"environment-{view}", f"/environment#{view}", READY + f" && dongtai.shown.{view}",
           "environment", scene="month") for view, _ in VIEWS),
)  # fmt: skip


def fill(conn: Connection) -> None:
    """The busy night around the real time, with people, deeds and a rule of three versions."""
    now = datetime.now(UTC)
    busy.fill(conn, now)
    create_account(conn, "administrator", "administrator", PASSWORD)
    for who, role, department in PEOPLE:
        create_account(conn, who, role, PASSWORD, department, must_change=who == "visitor")
    for who, action, of, detail in DEEDS:
        accounts.audit(conn, who, action, of, "10.21.4.17", **detail)
    for number, (band, why) in enumerate(((8, "夜间反复触发"), (6, "复核后收窄"))):
        newest = versions(conn, RULE)[0]
        definition = {**newest.definition, "dead_band": band}
        by = By("environment", why, now - timedelta(hours=20 - number))
        change(conn, RULE, definition, newest.version, by)
