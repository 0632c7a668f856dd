"""WCAG 2.2 AA beyond what axe-core sees: every page of the staff by keyboard, at 320 CSS px, still
for who asked for no motion, and legible where the system chooses the colours."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Route, expect

from tests import sample
from tests.dashboard.conftest import Desk, filled, served
from tests.servers.look import WIDE, violations
from tests.servers.waiting import until
from tests.staff import busy, every_page, showcase, test_data, test_environment_page
from tests.staff.conftest import READY, open_page, open_without_map, signed_in, wait
from tests.staff.every_page import LOOKS, Look

month = test_environment_page.scene
books, ledger = test_data.books, test_data.scene
# One look of each address that a person sits at; a map in software is what takes time.
ALONE = ("desk", "duty", "rule", "warnings", "data", "cameras", "account", "accounts", "audit",
         "password", "sign-in", "sign-out", "evidence", "not-found", "wall-enter")  # fmt: skip
WALKED = [look for look in LOOKS if look.name in ALONE or look.scene == "month"]
AT_MOST = 400  # steps of the Tab key
# Asked after a whole frame: what a page puts right before it is drawn, nobody sees wrong.
STEP = """async () => {
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const a = document.activeElement, box = a.getBoundingClientRect();
  const ring = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1.9;
  window.__stops = window.__stops ?? [];
  if (a !== document.body && !window.__stops.includes(a)) window.__stops.push(a);
  return {at: a === document.body ? -1 : window.__stops.indexOf(a),
    what: `${a.tagName} ${a.id} ${a.className} ${a.textContent.slice(0, 30)}`,
    // On the button of a date field the browser draws its own ring, where no style shows it.
    ring: a.type === 'date' && !a.matches(':focus-visible') ||
      ['', '::before', '::after'].some(part => ring(getComputedStyle(a, part || null))),
    seen: a.checkVisibility() && box.bottom > 0 && box.top < innerHeight && box.right > 0
      && box.left < innerWidth};
}"""
# How far below the beginning of the drawer, scrolled to or not.
DOWN = """node => node.getBoundingClientRect().top
  + document.getElementById('drawer-body').scrollTop"""
# What moves although it was asked not to.
MOVING = """() => document.getAnimations().filter(a => a.playState === 'running'
  && a.effect.getComputedTiming().duration > 1).map(a => a.animationName ?? a.transitionProperty)"""
ALIKE = """() => { const look = n => { const s = getComputedStyle(n);
    return [s.backgroundColor, s.color, s.borderColor, s.borderWidth, s.outlineStyle,
            s.textDecorationLine, s.fontWeight].join(); };
  return [...document.querySelectorAll('[aria-pressed=true], [aria-current=page]')]
    .filter(n => n.checkVisibility()).filter(n => [...n.parentElement.children].some(other =>
      other !== n && other.tagName === n.tagName && other.checkVisibility()
      && !other.matches('[aria-pressed=true], [aria-current=page], :disabled')
      && look(other) === look(n))).map(n => n.outerHTML.slice(0, 120)); }"""
PALE = """() => [...document.querySelectorAll('.shape > :first-child')]
  .filter(n => n.checkVisibility()).filter(n => { const s = getComputedStyle(n);
    return s.fill === 'none' && s.stroke === 'none'; }).length"""


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    with (
        filled(server_dsn, template, every_page.fill) as made,
        served(server_dsn, *made, alerts=busy.ALERTS) as desk,
    ):
        yield desk


def opened(page: Page, look: Look) -> Page:
    page.route("**/vendor/maplibre-gl.mjs", lambda route: route.abort())
    if look.scene != "busy":
        page.clock.set_fixed_time(showcase.NOW)
    page.goto(look.address(datetime.now(UTC)))
    wait(page, READY if look.name == "desk" else look.ready)
    return page


@pytest.fixture(params=WALKED, ids=[look.name for look in WALKED])
def walked(browser, scene, request) -> Iterator[Page]:
    """A page, without motion, as opened."""
    look: Look = request.param
    desk = scene if look.scene == "busy" else request.getfixturevalue(look.scene)
    with signed_in(browser, desk, look.role or "duty", reduced_motion="reduce") as context:
        if look.role is None:
            context.clear_cookies(name="session")
        yield opened(open_page(context), look)


def test_every_page_is_walked():
    """All but the wall, which nobody sits at."""
    paths = {re.split(r"[?#]", look.path)[0] for look in LOOKS} - {"/wall"}
    assert sorted(paths - {re.split(r"[?#]", look.path)[0] for look in WALKED}) == []


def test_a_page_is_whole_by_keyboard_still_narrow_and_in_the_colours_of_the_system(walked):
    faults = [*by_keyboard(walked), *narrow(walked), *in_system_colours(walked)]
    faults += [("moves", each) for each in walked.evaluate(MOVING)]
    assert not faults, "\n".join(map(repr, faults))


def by_keyboard(page: Page) -> list[object]:
    """Tab leads through all of it, once, in the order of the page, and out again."""
    faults: list[object] = []
    framed = page.locator("a.skip").count() > 0
    page.keyboard.press("Tab")
    step = page.evaluate(STEP)
    if framed and "skip" not in step["what"]:
        faults.append(("the first stop is no skip link", step["what"]))
    last = -1
    for _ in range(AT_MOST):
        if step["at"] == -1 or step["at"] < last:
            break  # out of the page, or around
        faults += [
            ("focus without", has, step["what"]) for has in ("ring", "seen") if not step[has]
        ]
        last = step["at"]
        page.keyboard.press("Tab")
        step = page.evaluate(STEP)
    else:
        faults.append(("no end of it", step["what"]))
    if step["at"] > 0:
        faults.append(("back to the middle", step["what"]))
    faults += [("tabindex", each) for each in page.evaluate(
        "[...document.querySelectorAll('[tabindex]')].filter(n => n.tabIndex > 0)"
        ".map(n => n.outerHTML.slice(0, 80))")]  # fmt: skip
    if framed:
        page.locator("a.skip").focus()
        page.keyboard.press("Enter")
        if page.evaluate("document.activeElement.id") != "content":
            faults.append(("the skip link leads nowhere", page.evaluate(STEP)["what"]))
    return faults


def narrow(page: Page) -> list[object]:
    """1280 px at 400 % are 320, 1440 at 200 % are 720: one direction of scrolling."""
    faults: list[object] = []
    for width in (720, 320):
        page.set_viewport_size({"width": width, "height": 640})
        page.evaluate(STEP)
        wide = page.evaluate(WIDE)
        if wide > 0:
            faults.append((f"at {width} px too wide by", wide))
    faults += violations(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    return faults


def in_system_colours(page: Page) -> list[object]:
    page.emulate_media(forced_colors="active")
    faults: list[object] = [("chosen and not look the same", each) for each in page.evaluate(ALIKE)]
    if page.evaluate(PALE):
        faults.append("a grade has lost its shape")
    page.emulate_media(forced_colors="none")
    return faults


def test_a_new_alert_is_said_and_pulses_for_nobody_who_asked_for_no_motion(browser, scene):
    with signed_in(browser, scene, "duty", "en", reduced_motion="reduce") as context:
        page = open_without_map(context)
        words = page.locator("#live-words")
        expect(words).to_have_attribute("aria-live", "polite")
        row = ("a-said", "G-34", "nh3_ppm", "red", "active", 0.1, 44.0, 30.0, None, None, False,
               ("氨泄漏", "Ammonia leak"))  # fmt: skip

        def leak(conn):
            with conn.cursor() as cursor:
                sample.add_alert(cursor, row, datetime.now(UTC))
                cursor.execute("notify dongtai")

        scene.write(leak)
        expect(words).to_contain_text("New Red alert")
        expect(page.locator(".cell[data-grade=red]")).to_have_class(re.compile("pulse"))
        assert page.evaluate(MOVING) == []


def test_what_has_the_focus_stays_in_sight_when_something_comes_late(browser, scene):
    held: list[Route] = []
    with signed_in(browser, scene, "duty", "zh", reduced_motion="reduce") as context:
        page = open_page(context)
        page.route("**/vendor/maplibre-gl.mjs", lambda route: route.abort())
        page.route("**/api/v1/**", lambda route: held.append(route))  # noqa: PLW0108 - no builtin
        page.goto("/?station=G-31")
        one = page.locator(".neighbour-name").first
        one.focus()
        expect(one).to_be_in_viewport()
        before = one.evaluate(DOWN)
        page.unroute("**/api/v1/**")
        for route in held:
            route.continue_()
        expect(page.locator("#drawer-toxic")).to_be_visible()
        until(lambda: one.evaluate(DOWN) > before, "something that came late above the neighbours")
        expect(one).to_be_in_viewport(ratio=0.9)
        # Who looks at something else is not brought back.
        box = page.locator("#drawer-body")
        box.evaluate("box => { box.scrollTop = 0; }")
        expect(one).not_to_be_in_viewport()
        page.evaluate(STEP)
        box.locator("> :first-child").evaluate("node => { node.style.minHeight = '400px'; }")
        page.evaluate(STEP)
        assert box.evaluate("box => box.scrollTop") == 0


def test_escape_leaves_what_the_keyboard_opened(browser, scene):
    with signed_in(browser, scene, "duty", "zh", reduced_motion="reduce") as context:
        page = open_without_map(context, "/?station=R-02")
        expect(page.locator("#drawer")).to_be_visible()
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()
        page.keyboard.type("r")
        expect(page.locator("#search-list li").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#search-list")).to_be_hidden()
        row = page.locator("#waiting .row .row-name").first
        row.focus()
        page.keyboard.press("a")
        expect(page.locator(".ack-form input")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(".ack-form")).to_have_count(0)
        expect(row).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#drawer")).to_be_hidden()
