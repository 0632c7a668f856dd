"""Every page of the public, in both themes and languages: phone, tablet, desktop and 4K."""

import re

import pytest
from playwright.sync_api import Page

from dashboard.public.app import PAGES
from database.settings import DatabaseSettings
from gis.site import MapSite
from tests.conftest import execute
from tests.public.conftest import Service, serving
from tests.public.test_service import name_of, stop
from tests.servers.browser import Desk
from tests.servers.look import COARSE_MAP, LANGUAGES, SIZES, look_at
from tests.servers.waiting import until

LOOKS = {
    "city": "/?lang={lang}",
    "city-place": "/?place=xiapu&lang={lang}",
    "city-none-found": "/?q=qqqq&lang={lang}",
    "city-data": "/data?lang={lang}",
    "city-accessibility": "/accessibility?lang={lang}",
}


NARROW = ("phone", "tablet", "desktop")


def loaded(page: Page) -> None:
    page.wait_for_load_state("load")


def opened(browser: Desk, address: str) -> Page:
    page = browser.context(reduced_motion="reduce").new_page()
    page.add_init_script(COARSE_MAP)
    page.goto(address)
    loaded(page)
    return page


def test_no_public_page_is_forgotten(common: Service) -> None:
    """Every page of the service, and what the page links to and answers with HTML, has a look."""
    looked = {path.partition("?")[0] for path in LOOKS.values()}
    linked = set(re.findall(r'href="(/[a-z]*)(?:\?[^"]*)?"', common.page("/?lang=en")))
    for path in sorted({*linked, "/", *(f"/{name}" for name in PAGES), "/nothing"}):
        answer = common.client.get(path)
        if answer.headers["content-type"].startswith("text/html"):
            assert path in looked, path


@pytest.mark.timeout(900)  # as those of the staff
@pytest.mark.parametrize("name", LOOKS)
def test_public_page_is_sound_in_every_theme_language_and_size(
    browser: Desk, common: Service, name: str
) -> None:
    faults: list[object] = []
    for lang in LANGUAGES:
        page = opened(browser, common.url + LOOKS[name].format(lang=lang))
        # Of the same page with a line more, 4K says nothing new.
        sizes = NARROW if name == "city-none-found" else tuple(SIZES)
        faults += look_at(page, name, lang, loaded, sizes=sizes)
        page.close()
    assert not faults, "\n".join(map(repr, faults))


@pytest.mark.timeout(900)
def test_without_its_database_the_page_is_as_sound(
    browser: Desk, city: DatabaseSettings, site: MapSite, server_dsn: str
) -> None:
    with serving(city, site) as found:
        until(found.ready, "the public service has read the database")
        stop(server_dsn, city)
        until(lambda: "No new data since" in found.page("/?lang=en"), "the banner stands")
        faults: list[object] = []
        for lang in LANGUAGES:
            page = opened(browser, f"{found.url}/?lang={lang}")
            faults += look_at(page, "city-down", lang, loaded, sizes=NARROW)
        execute(server_dsn, f"alter database {name_of(city)} with allow_connections true")
    assert not faults, "\n".join(map(repr, faults))
