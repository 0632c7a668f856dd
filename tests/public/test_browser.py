"""The page in a real browser: phone and desktop, languages, themes, with and without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Page, expect

from database.pool import Connection
from database.settings import DatabaseSettings
from gis.site import MapSite
from tests.public.conftest import ARTEFACTS, SCREENS, Service, serving
from tests.sample import series_id
from tests.servers.browser import Desk
from tests.servers.look import WIDE, violations
from tests.servers.proxy import Proxy
from tests.servers.waiting import until

PHONE, DESKTOP = {"width": 375, "height": 812}, {"width": 1280, "height": 900}
# With the live map and all pictures; every page in every size: test_every_page.py.
LOOKS = (
    ("phone", PHONE, "zh", "light"),
    ("phone", PHONE, "en", "dark"),
    ("desktop", DESKTOP, "en", "light"),
)
CARDS = ("map", "weather", "reservoirs", "cameras")
DOCUMENTED = (("phone", "zh", "light"), ("desktop", "en", "light"))


def opened(desk: Desk, address: str, **options: object) -> Page:
    """A page whose scripts made no error, loaded."""
    page = desk.context(**options).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto(address)
    page.wait_for_load_state("load")
    page.errors = errors  # type: ignore[attr-defined]  # kept with the page for the end of the test
    return page


def with_pictures(page: Page) -> Page:
    """All pictures in sight are there: they load when they come near the window."""
    page.locator("#shot").scroll_into_view_if_needed()
    there = (
        "[...document.querySelectorAll('#cameras img')].filter(i => i.checkVisibility())"
        ".every(i => i.complete && i.naturalWidth)"
    )
    until(lambda: page.evaluate(there), "all pictures in sight")  # the page forbids eval
    return page


def with_map(page: Page) -> Page:
    """The live map: it comes when somebody is there to move it."""
    page.locator("#map").scroll_into_view_if_needed()
    page.mouse.move(10, 10)
    page.locator("html.map-live").wait_for(state="attached")
    return page


@pytest.mark.parametrize(("name", "size", "lang", "scheme"), LOOKS)
def test_page_is_sound_and_looks(
    browser: Desk, common: Service, name: str, size: dict[str, int], lang: str, scheme: str
) -> None:
    page = opened(
        browser, f"{common.url}/?place=xiapu&lang={lang}", viewport=size, color_scheme=scheme,
        device_scale_factor=2 if name == "phone" else 1,
    )  # fmt: skip
    with_map(page).wait_for_timeout(300)
    assert page.evaluate(WIDE) <= 0
    with_pictures(page).evaluate("scrollTo(0, 0)")
    SCREENS.mkdir(parents=True, exist_ok=True)
    shown = page.screenshot(path=ARTEFACTS / f"public-{name}-{lang}-{scheme}.png", full_page=True)
    if (name, lang, scheme) in DOCUMENTED:
        (SCREENS / f"public-{name}-{lang}.png").write_bytes(shown)
    assert violations(page) == []
    assert page.errors == []  # type: ignore[attr-defined]  # set in `opened`
    assert page.context.cookies() == []


def test_narrow_screens_and_large_type_scroll_in_one_direction_only(
    browser: Desk, common: Service
) -> None:
    for width in (320, 360, 600, 768, 1024):
        page = opened(browser, f"{common.url}/?lang=en", viewport={"width": width, "height": 800})
        for size in ("100%", "200%"):
            page.evaluate("s => { document.documentElement.style.fontSize = s }", size)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{width} px, type {size}"


def test_without_scripts_everything_essential_is_there(browser: Desk, common: Service) -> None:
    page = opened(browser, f"{common.url}/?lang=zh", viewport=PHONE, java_script_enabled=False)
    assert page.locator(".warning.red h3").inner_text().startswith("红色：")
    assert page.locator("#air .aqi").inner_text() == "155"
    assert page.locator(".reservoir:visible").count() == 4
    assert page.locator("#near").is_hidden()
    page.locator("label[for=as-table]").click()
    assert page.locator("table").is_visible()
    assert page.locator("#frame").is_hidden()
    page.locator("#q").fill("cq")
    page.locator("#q").press("Enter")
    assert page.locator("#place a").first.is_visible()


def test_without_scripts_a_place_is_found_and_every_picture_is_reached(
    browser: Desk, common: Service
) -> None:
    for words in ("霞浦", "xiapu", "xp"):
        page = opened(browser, f"{common.url}/?lang=zh", viewport=PHONE, java_script_enabled=False)
        page.locator("#q").fill(words)
        page.locator("#q").press("Enter")
        page.locator("#place a", has_text="霞浦").first.click()
        assert page.locator("h1").inner_text() in ("霞浦", "霞浦站")
    assert page.locator("#cameras details").get_attribute("open") is None
    page.locator("#cameras summary").click()
    assert page.locator("#cameras .thumbs:visible img").count() == 5
    page.locator("#cameras details [data-camera=C-03]").click()
    page.wait_for_url("**/cam/C-03.jpg*")


def test_one_picture_is_large_and_the_small_ones_change_it(browser: Desk, common: Service) -> None:
    page = opened(browser, f"{common.url}/?lang=en", viewport=DESKTOP)
    large = with_pictures(page).locator("#shot")
    assert "Chaiqiao dam" in large.inner_text(), "nearest to the warned reservoir"
    assert "taken" in large.inner_text()
    assert page.locator("#cameras .thumbs:visible img").count() == 5
    page.locator("#cameras .strip [data-camera=C-03]").click()
    assert "Daqi dam" in large.inner_text()
    assert "/cam/C-03.jpg" in str(large.locator("img").get_attribute("src"))
    assert page.locator("#cameras .strip [aria-current]").get_attribute("data-camera") == "C-03"
    with page.expect_response(lambda r: r.url.startswith(common.url + "/?")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: page.evaluate("document.querySelector('main').dataset.now"), "the page anew")
    assert "Daqi dam" in large.inner_text(), "a refresh does not take the choice away"
    assert page.locator("#cameras .strip [aria-current]").get_attribute("data-camera") == "C-03"


def test_cards_of_a_row_end_together_and_pictures_keep_their_place(
    browser: Desk, common: Service
) -> None:
    page = opened(browser, f"{common.url}/?lang=en", viewport=DESKTOP)
    boxes = {name: box_of(page, name) for name in CARDS}
    bottoms = {name: round(box["y"] + box["height"]) for name, box in boxes.items()}
    assert bottoms["map"] == bottoms["weather"]
    assert bottoms["reservoirs"] == bottoms["cameras"]
    with_pictures(page)
    assert box_of(page, "cameras")["height"] == boxes["cameras"]["height"]


def test_map_and_table_have_the_same_stations(browser: Desk, common: Service) -> None:
    page = with_map(opened(browser, f"{common.url}/?lang=en", viewport=DESKTOP))
    marked = page.eval_on_selector_all(".mark .pin", "pins => pins.map(p => p.dataset.code)")
    listed = page.eval_on_selector_all("tbody tr", "rows => rows.map(r => r.id.slice(2))")
    assert sorted(marked) == sorted(listed)
    hidden = page.locator(".mark[hidden]").count()
    assert (str(hidden) in page.locator("#left-out").inner_text()) == (hidden > 0)
    page.locator(".mark:has(.pin[data-code='A-02'])").click()
    assert "Xiapu" in page.locator("#picked").inner_text()
    assert "PM2.5 118" in page.locator("#picked").inner_text()


def test_the_drawn_map_says_the_same_before_anybody_moves(browser: Desk, common: Service) -> None:
    page = opened(browser, f"{common.url}/?lang=en", viewport=DESKTOP)
    pins = page.locator("#frame a[data-pin]")
    said = dict(pins.evaluate_all("a => a.map(p => [p.dataset.pin, p.getAttribute('aria-label')])"))
    rows = dict(
        page.eval_on_selector_all("tbody tr", "r => r.map(e => [e.id.slice(2), e.innerText])")
    )
    assert said["A-02"] == "Xiapu (sample), AQI 155"
    assert said["R-02"] == "Chaiqiao reservoir (sample), Orange"
    assert said.keys() <= rows.keys()
    expect(page.locator("html.map-live")).to_have_count(0)
    # A press is a movement too, so the live map comes; what was asked for stays.
    pins.and_(page.locator("[data-pin='A-02']")).dispatch_event("click")
    picked = page.locator("#picked")
    expect(picked).to_contain_text("PM2.5 118")
    expect(page.locator("#said")).to_contain_text("PM2.5 118")
    with_map(page)
    expect(page.locator(".mark.chosen[data-pin='A-02']")).to_be_attached()
    expect(picked).to_contain_text("PM2.5 118")


def test_by_keyboard_a_pin_is_reached_and_the_live_map_keeps_the_focus(
    browser: Desk, common: Service
) -> None:
    page = opened(browser, f"{common.url}/?lang=en", viewport=DESKTOP)
    page.locator("#frame a[data-pin='R-02']").focus()
    page.locator("html.map-live").wait_for(state="attached")
    expect(page.locator(".mark[data-pin='R-02']")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#picked")).to_contain_text("Chaiqiao")


def test_without_scripts_a_pin_leads_to_its_place(browser: Desk, common: Service) -> None:
    page = opened(browser, f"{common.url}/?lang=en", viewport=PHONE, java_script_enabled=False)
    with page.expect_navigation():
        page.locator("#frame a[data-pin='R-02'] .hit").click()
    assert page.locator("h1").inner_text() == "Chaiqiao reservoir"


def test_a_change_comes_in_without_touching_the_view(
    browser: Desk, service: Service, owner: Connection
) -> None:
    page = with_map(opened(browser, f"{service.url}/?lang=en", viewport=PHONE))
    page.locator("#reservoirs summary").click()
    page.locator("#q").fill("not yet sent")
    before = page.evaluate("scrollY")
    marks = page.locator(".mark").first.element_handle()
    with owner.cursor() as cursor:
        cursor.execute(
            "insert into reading (series_id, observed_at, value, quality, received_at) "
            "values (%s, now(), 24.44, 0, now())", (series_id(owner, "R-02", "level_m"),),
        )  # fmt: skip
        cursor.execute("notify dongtai")
    owner.commit()
    page.locator("#s-R-02", has_text="24.44").wait_for()
    assert page.evaluate("scrollY") == before
    assert page.locator("#reservoirs details").get_attribute("open") is not None
    assert page.locator("#q").input_value() == "not yet sent"
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.evaluate("mark => mark.isConnected", marks)
    assert page.locator("#left-out").count() == 1


def test_a_lost_link_is_said_within_seconds_and_taken_back(
    browser: Desk, city: DatabaseSettings, site: MapSite, proxy: Callable[[str, int], Proxy]
) -> None:
    with serving(city, site) as found:
        until(found.ready, "ready")
        line = proxy("127.0.0.1", int(found.url.rpartition(":")[2]))
        page = browser.context(viewport=PHONE).new_page()
        page.goto(f"http://127.0.0.1:{line.port}/?lang=en")
        page.wait_for_timeout(2500)
        expect(page.locator("#lost .banner")).to_have_count(0)  # a first word may be late
        line.cut()
        page.locator("#lost .banner").wait_for()
        assert "Connection lost" in page.locator("#lost").inner_text()
        line.restore()
        page.locator("#lost .banner").wait_for(state="detached")


def test_place_search_finds_by_initials_and_near_me_asks_only_when_asked(
    browser: Desk, common: Service
) -> None:
    page = opened(
        browser, f"{common.url}/?lang=zh", viewport=PHONE, permissions=["geolocation"],
        geolocation={"latitude": 29.8405, "longitude": 121.8597},
    )  # fmt: skip
    page.locator("#q").fill("xp")
    page.locator("#found a").first.wait_for()
    assert "霞浦" in page.locator("#found").inner_text()
    page.locator("#q").press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**place=xiapu*")
    page.locator("#near").click()
    page.wait_for_url("**place=R-02*")
    assert "柴桥水库" in page.locator("h1").inner_text()


def box_of(page: Page, name: str) -> FloatRect:
    found = page.locator(f"#{name}").bounding_box()
    assert found
    return found
