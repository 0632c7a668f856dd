"""Visitors as they come: large type, no scripts, a link to pass on, a position, no database."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from database.settings import DatabaseSettings
from tests.public.conftest import ARTEFACTS, Service
from tests.public.test_browser import PHONE, opened, with_map
from tests.public.test_service import stop
from tests.servers.browser import Desk
from tests.servers.look import WIDE, violations

# Type beside the least there is elsewhere: 14 px, on the map 13. Signs in shapes scale with these.
SIZES = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.checkVisibility() && !e.closest('.sr, .shape, .maplibregl-map')
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => [parseFloat(getComputedStyle(e).fontSize) * new DOMMatrix(
    getComputedStyle(e.closest('.grow') ?? document.body).transform).a
    / (e.ownerSVGElement ? 13 : 14), e.outerHTML.slice(0, 90)])"""
TARGETS = """() => [...document.querySelectorAll('a, button, summary, label, input, select')]
  .filter(e => e.checkVisibility() && e.type !== 'radio' && e.type !== 'hidden'
    && !e.closest('.skip, .sr, .maplibregl-map'))
  .map(e => [(e.closest('.field') ?? e).getBoundingClientRect(), e.outerHTML.slice(0, 90)])
  .map(([box, said]) => [box.width, box.height, said])"""
HERE = {"latitude": 29.8405, "longitude": 121.8597}


@pytest.mark.parametrize(("lang", "scheme"), [("zh", "light"), ("en", "dark")])
def test_large_type_is_half_as_large_again_and_flows_anew(
    browser: Desk, common: Service, lang: str, scheme: str
) -> None:
    address = f"{common.url}/?lang={lang}&place=xiapu&size=large"
    page = opened(browser, address, viewport=PHONE, color_scheme=scheme)
    small = [one for one in page.evaluate(SIZES) if one[0] < 1.49]
    assert small == []
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 17 * 1.5
    low = [one for one in page.evaluate(TARGETS) if min(one[:2]) < 44]
    assert low == []
    assert page.evaluate(WIDE) <= 0
    assert violations(page) == []
    page.screenshot(path=ARTEFACTS / f"public-large-{lang}-{scheme}.png", full_page=True)
    with_map(page)
    assert page.locator(".mark:visible").count() > 3
    assert page.context.cookies() == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 3840])
def test_large_type_scrolls_in_one_direction_only(
    browser: Desk, common: Service, width: int
) -> None:
    page = opened(
        browser, f"{common.url}/?lang=en&size=large", viewport={"width": width, "height": 900}
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_large_type_needs_no_scripts_and_goes_along_with_every_link(
    browser: Desk, common: Service
) -> None:
    page = opened(browser, f"{common.url}/?lang=zh", viewport=PHONE, java_script_enabled=False)
    page.get_by_role("link", name="大字版").click()
    expect(page.locator("html.large")).to_be_attached()
    page.locator("label[for=as-table]").click()
    page.locator("#q").fill("xp")
    page.locator("#q").press("Enter")
    for link in (
        page.locator("#place a").first,
        page.get_by_role("link", name="EN"),
        page.get_by_role("link", name="Data and sources"),
        page.locator(".ways a").first,
    ):
        with page.expect_navigation():
            link.click()
        expect(page.locator("html.large")).to_be_attached()
    page.get_by_role("link", name="Usual type").click()
    expect(page.locator("html:not(.large)")).to_be_attached()


@pytest.mark.parametrize("size", ["", "&size=large"])
def test_without_scripts_nothing_essential_is_missing(
    browser: Desk, common: Service, size: str
) -> None:
    address = f"{common.url}/?lang=zh&place=R-02{size}"
    page = opened(browser, address, viewport=PHONE, java_script_enabled=False)
    for selector in (
        ".warning.red h3", ".warning.orange", "#air .aqi", "#weather .figure", "#weather .usual",
        ".reservoir .full", "#s-R-02 .usual", "#shot img", "#frame svg .pin", "footer .i",
    ):  # fmt: skip
        expect(page.locator(selector).first).to_be_visible()
    ages = page.locator("time.age:visible").all_inner_texts()
    assert len(ages) > 8
    assert all(any(word in age for word in ("前", "过期", "无数据")) for age in ages), ages
    share = page.locator("#share")
    expect(share).to_be_visible()
    asked = parse_qs(urlsplit(str(share.get_attribute("href"))).query)
    assert (asked["lang"], asked["place"]) == (["zh"], ["R-02"])
    page.locator("label[for=as-table]").click()
    expect(page.locator("#t-R-02")).to_be_visible()


def test_a_link_to_pass_on_names_place_language_and_moment(browser: Desk, common: Service) -> None:
    page = opened(
        browser, f"{common.url}/?place=R-02&lang=zh", viewport=PHONE,
        permissions=["clipboard-read", "clipboard-write"],
    )  # fmt: skip
    page.evaluate("delete Navigator.prototype.share")
    page.locator("#share").click()
    expect(page.locator("#found")).to_contain_text("链接已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    said, link = copied.splitlines()
    assert said.startswith("柴桥水库 · 动态北仑 (样例数据)，截至 ")
    assert parse_qs(urlsplit(link).query) == {"lang": ["zh"], "place": ["R-02"]}
    assert link.startswith(common.url)


def test_where_nothing_may_be_copied_the_link_is_offered(browser: Desk, common: Service) -> None:
    page = opened(browser, f"{common.url}/?place=R-02&lang=en", viewport=PHONE)
    page.evaluate("delete Navigator.prototype.share; delete Navigator.prototype.clipboard")
    page.locator("#share").click()
    assert "place=R-02" in page.locator("#found textarea").input_value()
    assert "(sample data), as of " in page.locator("#found textarea").input_value()


def test_the_position_is_asked_for_by_a_click_only_and_sent_to_nobody(
    browser: Desk, common: Service
) -> None:
    page = opened(
        browser, f"{common.url}/?lang=zh", viewport=PHONE, permissions=["geolocation"],
        geolocation=HERE,
    )  # fmt: skip
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url + str(r.post_data or "") + str(r.headers)))
    page.locator("#near").click()
    page.wait_for_url("**place=R-02*")
    assert asked
    assert not [one for one in asked if "29.84" in one or "121.85" in one]


@pytest.mark.parametrize(
    ("code", "said"), [(1, "未获得定位许可"), (2, "无法确定位置"), (3, "定位超时")]
)
def test_a_position_that_is_not_known_is_said_in_words(
    browser: Desk, common: Service, code: int, said: str
) -> None:
    page = browser.context(viewport=PHONE).new_page()
    page.add_init_script(
        "window.positions = 0; Object.defineProperty(navigator, 'geolocation', { value: {"
        f"getCurrentPosition: (_, missed) => {{ positions++; missed({{ code: {code} }}); }} }} }})"
    )
    page.goto(f"{common.url}/?lang=zh")
    page.wait_for_load_state("load")
    assert page.evaluate("positions") == 0
    page.locator("#near").click()
    expect(page.locator("#found")).to_contain_text(said)


def test_without_its_database_every_page_is_served_says_so_and_ages(
    browser: Desk, service: Service, city: DatabaseSettings, server_dsn: str
) -> None:
    places = ("", "&place=R-02", "&place=R-02&size=large")
    pages = [opened(browser, f"{service.url}/?lang=zh{more}", viewport=PHONE) for more in places]
    stop(server_dsn, city)
    for page in pages:
        _grows_old(page)
    plain = opened(
        browser, f"{service.url}/?lang=zh{places[-1]}", viewport=PHONE, java_script_enabled=False
    )
    expect(plain.locator("#database .banner")).to_contain_text("起没有新数据")
    for path in ("/?lang=zh", "/?lang=en&place=R-02", "/?lang=zh&size=large&place=xiapu"):
        assert service.client.get(path).status_code == 200


def _grows_old(page: Page) -> None:
    expect(page.locator("#database .banner")).to_contain_text("起没有新数据")
    age = page.locator("#s-R-02 time.age")
    before = age.inner_text()
    expect(age).not_to_have_text(before, timeout=90_000)  # it may say minutes
