"""Every page in both themes, both languages, on a phone, a tablet, a desk and a 4K screen.

What pages there are comes from the application; pictures go to artefacts/every_page/.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

import config
from dashboard.door.access import API, ROUTES
from dashboard.pages import PAGES
from gis.settings import GisSettings
from tests.dashboard.conftest import Desk, filled, served
from tests.servers.look import COARSE_MAP, look_at
from tests.servers.program import ROOT
from tests.staff import busy, every_page, showcase, test_data, test_environment_page
from tests.staff.conftest import errors, open_page, signed_in, wait
from tests.staff.every_page import LOOKS, of_the_staff

month = test_environment_page.scene
books, ledger = test_data.books, test_data.scene
# Of pages whose address leads nowhere, and where the map's library does not come.
EXPECTED = {
    look: [*(["404"] if look.name == "not-found" else []),
           *(["maplibre", "ERR_FAILED"] if look.map == "left out" else [])]
    for look in LOOKS
}  # fmt: skip
EXAMPLES = {"{alert_id}": "a-nh3", "{name}": "style.css", "{code}": "C-01"}


@pytest.fixture(scope="module")
def scene(server_dsn: str, template: str) -> Iterator[Desk]:
    gis = config.load(ROOT / "config.yaml").section(GisSettings)
    with (
        filled(server_dsn, template, every_page.fill) as made,
        served(server_dsn, *made, gis=gis, alerts=busy.ALERTS) as desk,
    ):
        yield desk


def test_no_page_is_forgotten(scene):
    """Each route that answers with HTML has a look."""
    looked = {look.path.partition("?")[0].partition("#")[0] for look in LOOKS}
    pages = {path for path, *_ in PAGES}
    with scene.client() as client, scene.browser("administrator") as inside:
        for route in ROUTES:
            if route.method != "GET" or route.path.startswith(API) or ":path" in route.path:
                continue
            path = route.path
            for place, example in EXAMPLES.items():
                path = path.replace(place, example)
            for one in (client, inside):
                with one.stream("GET", path) as answer:
                    kind = answer.headers.get("content-type", "")
                    if answer.status_code == 200 and kind.startswith("text/html"):
                        pages.add(path)
    assert len(pages) > 14
    assert sorted(pages - looked) == []


@pytest.mark.timeout(900)  # ten pictures, two of 4K; a busy machine takes its time
@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_page_is_sound_in_every_theme_language_and_size(browser, scene, look, request):
    desk = scene if look.scene == "busy" else request.getfixturevalue(look.scene)
    faults: list[object] = []
    with signed_in(browser, desk, look.role or "duty", reduced_motion="reduce") as context:
        if look.role is None:
            context.clear_cookies(name="session")
        for lang in look.langs:
            context.add_cookies([{"name": "lang", "value": lang, "url": desk.url}])
            page = open_page(context)
            page.add_init_script(COARSE_MAP)
            if look.map == "left out":
                page.route("**/vendor/maplibre-gl.mjs", lambda route: route.abort())
            if look.scene != "busy":
                page.clock.set_fixed_time(showcase.NOW)
            page.goto(look.address(datetime.now(UTC)))
            wait(page, look.ready)
            look.act(page)
            themes, sizes = look.seen_in(lang)
            ready = partial(wait, condition=look.ready)
            faults += look_at(page, look.name, lang, ready, themes, sizes, of_the_staff)
            chinese = any(character > "\u2e80" for character in page.title())
            faults += [] if chinese == (lang == "zh") else [("title", page.title())]
            faults += [error for error in errors(page) if not any(map(error.count, EXPECTED[look]))]
            page.close()
    assert not faults, "\n".join(map(repr, faults))
