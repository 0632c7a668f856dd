"""The data page: the ledger that must balance, the stations, the quarantine and its replay."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Desk, filled, served
from tests.staff import bookkeeping, showcase
from tests.staff.conftest import (
    ARTEFACTS,
    READY,
    errors,
    open_page,
    picture,
    signed_in,
    wait,
)

# Those of the documentation; every page in every size: test_every_page.py.
SCREENS = {
    "data-dark-zh": ("/data", "dark", "zh"),
    "quarantine-light-en": ("/data#quarantine", "light", "en"),
}
SHOWN = (
    READY + " && dongtai.shown.ledger && dongtai.shown.stations"
    " && document.querySelector('[data-read=yes]')"
)


@pytest.fixture(scope="module")
def books(server_dsn: str, template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A database with a week of books."""
    roles = ("viewer", "duty", "environment")
    with filled(
        server_dsn, template, lambda conn: bookkeeping.fill(conn, showcase.NOW), roles
    ) as made:
        yield made


@pytest.fixture(scope="module")
def scene(server_dsn: str, books: tuple[str, dict[str, str]]) -> Iterator[Desk]:
    """The staff service on it, with its clock stopped; for tests that only look."""
    with served(server_dsn, *books, lambda: showcase.NOW) as desk:
        yield desk


@pytest.fixture
def own(server_dsn: str, books: tuple[str, dict[str, str]]) -> Iterator[Desk]:
    """For tests that write."""
    with served(server_dsn, *books, lambda: showcase.NOW) as desk:
        yield desk


@pytest.mark.parametrize("name", SCREENS)
def test_the_pictures_of_the_documentation_are_whole(browser, scene, name):
    path, theme, lang = SCREENS[name]
    with signed_in(browser, scene, "environment", lang, color_scheme=theme) as context:
        page = _open(context, path)
        if "quarantine" in path:
            expect(page.locator("#group-none")).to_be_visible()
            page.locator("#groups li button").first.click()
            expect(page.locator("#messages li").first).to_be_visible()
            expect(page.locator("#group-none")).to_be_hidden()
        picture(page, name)


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
    with signed_in(browser, own, "environment", "zh") as context:
        page = _open(context, "/data#quarantine")
        page.locator("#groups li", has_text="单位").get_by_role("button").first.click()
        done = page.locator(".message-done", has_text="已重放").first
        expect(done).to_contain_text(re.compile("：入库$"))  # in the reader's language


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


def test_the_hours_of_a_station_are_bars_in_a_row_of_one_line(browser, scene):
    with signed_in(browser, scene, "environment") as context:
        bars = _open(context, "/data").locator(".full-hours").first
        high, bottom, letters = bars.evaluate(
            "n => [n.offsetHeight, Math.max(...[...n.children].map("
            "i => i.getBoundingClientRect().bottom - n.getBoundingClientRect().top)),"
            "parseFloat(getComputedStyle(n).fontSize)]"
        )
        assert bottom <= high < 1.5 * letters
