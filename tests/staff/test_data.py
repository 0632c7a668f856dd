"""The data page: the ledger that must balance, the stations, the quarantine and its replay."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.accounts import create_account
from database.pool import connect
from database.settings import DatabaseSettings
from demo.postgres import with_database
from tests.conftest import execute, sealed
from tests.dashboard.conftest import PASSWORD, Desk, served
from tests.staff import bookkeeping, showcase
from tests.staff.conftest import (
    ARTEFACTS,
    AXE,
    AXE_RUN,
    READY,
    errors,
    open_page,
    signed_in,
    wait,
)

SCREENS = {
    "data-dark-zh": ("/data", "dark", "zh", 1440, 900),
    "data-light-en": ("/data", "light", "en", 1440, 900),
    "data-phone-zh": ("/data", "dark", "zh", 390, 844),
    "data-phone-en": ("/data", "light", "en", 360, 780),
    "data-tablet-en": ("/data", "dark", "en", 820, 1180),
    "quarantine-dark-zh": ("/data#quarantine", "dark", "zh", 1440, 900),
    "quarantine-light-en": ("/data#quarantine", "light", "en", 1440, 900),
    "quarantine-phone-zh": ("/data#quarantine", "light", "zh", 390, 844),
}
DOCUMENTED = {"data-dark-zh", "quarantine-light-en"}
# What must never be missing: the link, the kind of data, the way out, and the gap of each source.
OUT_OF_SIGHT = """() => [...document.querySelectorAll(
  '#link-word, #link-age, #sample-chip, .sign-out, #theme, #language,' +
  '#feeds-table tr > :last-child:not(:only-child)')]
  .filter(n => !n.closest('[hidden]')).filter(n => {
    const box = n.getBoundingClientRect();
    return !n.checkVisibility() || box.left < 0 || box.right > innerWidth || !box.width;
  }).map(n => n.outerHTML.slice(0, 80))"""
SHOWN = (
    READY + " && dongtai.shown.ledger && dongtai.shown.stations"
    " && document.querySelector('[data-read=yes]')"
)


@pytest.fixture(scope="module")
def books(server_dsn: str, template: str) -> Iterator[str]:
    """A database with a week of books."""
    name = f"books_{uuid.uuid4().hex[:8]}"
    execute(server_dsn, f"create database {name} template {template}")
    conn = connect(DatabaseSettings(dsn=with_database(server_dsn, name)), None, application="test")
    bookkeeping.fill(conn, showcase.NOW)
    for role in ("viewer", "duty", "environment"):
        create_account(conn, role, role, PASSWORD)
    conn.commit()
    conn.close()
    sealed(server_dsn, name)
    yield name
    execute(server_dsn, f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def scene(server_dsn: str, books: str) -> Iterator[Desk]:
    """The staff service on it, with its clock stopped; for tests that only look."""
    with served(server_dsn, books, {}, lambda: showcase.NOW) as desk:
        yield desk


@pytest.fixture
def own(server_dsn: str, books: str) -> Iterator[Desk]:
    """For tests that write."""
    with served(server_dsn, books, {}, lambda: showcase.NOW) as desk:
        yield desk


@pytest.mark.parametrize("name", SCREENS)
def test_every_screen_fits_and_accessibility_tools_find_nothing(browser, scene, name):
    path, theme, lang, width, height = SCREENS[name]
    size = {"width": width, "height": height}
    options = {"lang": lang, "color_scheme": theme, "viewport": size}
    with signed_in(browser, scene, "environment", **options) as context:
        page = _open(context, path)
        if "quarantine" in path:
            expect(page.locator("#group-none")).to_be_visible()
            page.locator("#groups li button").first.click()
            expect(page.locator("#messages li").first).to_be_visible()
            expect(page.locator("#group-none")).to_be_hidden()
        page.evaluate("document.fonts.ready")
        folder = ARTEFACTS / "screens" if name in DOCUMENTED else ARTEFACTS
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUT_OF_SIGHT) == []
        page.evaluate(AXE.read_text("utf-8"))
        assert page.evaluate(AXE_RUN) == []
        assert errors(page) == []


def _open(context, path: str) -> Page:
    page = open_page(context)
    page.clock.set_fixed_time(showcase.NOW)
    page.goto(path)
    wait(page, SHOWN)
    return page


def test_a_row_that_somebody_deleted_shows_as_a_gap_in_shape_colour_and_word(browser, own):
    own.write(lambda conn: conn.cursor().execute("delete from quarantine where code = 'bad_crc'"))
    with signed_in(browser, own, "viewer") as context:
        page = _open(context, "/data")
        expect(page.locator("#balance .verdict")).to_have_text("■差 1")
        expect(page.locator("#balance")).to_contain_text("1 条隔离件不在库中")
        row = page.locator('tr[data-feed="sl651"]')
        expect(row.locator(".verdict")).to_have_text("■差 1")
        row.get_by_role("button").click()
        expect(page.locator("#hours-table tr.wrong")).to_have_count(1)
        page.screenshot(path=ARTEFACTS / "data-gap-zh.png")


def test_markup_from_a_device_is_text_and_binary_is_hexadecimal(browser, scene):
    with signed_in(browser, scene, "duty", "en") as context:
        page = _open(context, "/data#quarantine")
        page.locator("#groups li", has_text="Not a number").get_by_role("button").click()
        expect(page.locator("#messages .payload")).to_contain_text(bookkeeping.HOSTILE)
        expect(page.locator("#messages .message-reason")).to_contain_text(bookkeeping.HOSTILE)
        assert page.locator("#content img").count() == 0
        page.locator("#groups li", has_text="Checksum wrong").get_by_role("button").click()
        expect(page.locator("#messages .payload")).to_contain_text("7e 7f 80 81")
        expect(page.locator("#replay")).to_be_hidden()  # duty looks, and does not replay


def test_why_a_message_was_refused_is_said_in_the_readers_language_beside_its_own_words(
    browser, scene
):
    with signed_in(browser, scene, "duty") as context:
        page = _open(context, "/data#quarantine")
        group = page.locator("#groups li", has_text="单位不明")
        expect(group.locator(".group-why")).to_contain_text("设备数值的单位没有说明")
        expect(group.locator(".group-example")).to_contain_text("the unit of a34004 is not known")
        group.get_by_role("button").click()
        expect(page.locator("#group-why")).to_contain_text("设备数值的单位没有说明")
        expect(page.locator("#messages .message-reason").first).to_contain_text("a34004")


def test_a_flood_of_duplicates_is_marked_in_word_and_shape_and_a_few_are_not(browser, own):
    with signed_in(browser, own, "viewer", "en") as context:
        page = _open(context, "/data")
        expect(page.locator("#balance .verdict")).to_have_text("✓balanced")
        expect(page.locator(".unusual")).to_have_count(0)
        own.write(
            lambda conn: conn.cursor().execute(
                "update ledger set duplicate = duplicate + 900, received = received + 900 "
                "where feed = 'hj212' and hour = (select max(hour) from ledger)"
            )
        )
        page = _open(context, "/data")
        expect(page.locator("#balance .verdict")).to_have_text("✓balanced")
        expect(page.locator("#balance .unusual")).to_have_text("▲unusually many duplicates")
        expect(page.locator("#balance")).to_contain_text("HJ 212: 9")
        cells = page.locator('tr[data-feed="hj212"] .unusual, tr[data-feed="obs"] .unusual')
        expect(cells).to_have_count(1)
        expect(cells).to_contain_text("▲9")


def test_who_may_not_inspect_has_no_quarantine(browser, scene):
    with signed_in(browser, scene, "viewer") as context:
        page = _open(context, "/data#quarantine")
        expect(page.locator('[data-view="quarantine"]')).to_have_count(0)
        expect(page.locator("#view-books")).to_be_visible()
        assert errors(page) == []


def test_a_replay_is_asked_for_and_what_came_of_it_is_said(browser, own):
    with signed_in(browser, own, "environment", "en") as context:
        page = _open(context, "/data#quarantine")
        page.locator("#groups li", has_text="Unit not known").get_by_role("button").click()
        page.locator("#replay").click()
        expect(page.locator("#replays li").first).to_contain_text("Asked for, waiting for ingest")
        expect(page.locator("#replay")).to_be_disabled()
        assert own.rows("select code, asked_by from replay_request where done_at is null") == [
            ("unit_unknown", "environment")
        ]
        own.write(_perform)
        expect(page.locator("#replays li").first).to_contain_text(
            "Done: 5 replayed (stored 5), 1 refused again"
        )
        expect(page.locator("#replays li").first).to_contain_text("1 × still unknown")
        expect(page.locator("#replay")).to_have_text("Replay 1 message")
        assert errors(page) == []


def _perform(conn) -> None:
    """As an ingest would, of which the page knows the database only."""
    with conn.cursor() as cursor:
        cursor.execute(
            "update quarantine set replayed_at = now(), outcome = 'stored', replay_id = r.id "
            "from replay_request r where r.done_at is null and quarantine.code = r.code "
            "and quarantine.id > (select min(id) from quarantine where code = r.code)"
        )
        cursor.execute(
            "update replay_request set started_at = now(), done_at = now(), refused = 1, "
            "why = '{\"still unknown\": 1}' where done_at is null"
        )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_label_of_the_page_is_cut(browser, scene, lang):
    with signed_in(browser, scene, "environment", lang) as context:
        page = _open(context, "/data")
        cut = page.evaluate(
            "[...document.querySelectorAll('.figures th, .figures td, .term, .switch')]"
            ".filter(n => n.checkVisibility() && n.scrollWidth > n.clientWidth + 1)"
            ".map(n => n.textContent)"
        )
        assert cut == []
