"""A real desk in a real browser: Debian's Chromium, WebGL in software, nothing from outside."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.dashboard import conftest as dashboard
from tests.dashboard.conftest import PASSWORD, Desk
from tests.servers.look import STILL, WIDE

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
# The staff service on the sample district, as the API tests have it.
sample_template, desk, shared_desk = (
    dashboard.sample_template,
    dashboard.desk,
    dashboard.shared_desk,
)

CHART = "document.querySelector('#chart .js-plotly-plot')"
# Where what a person reads in the drawer stands: what grows above it must not push it away.
CHART_TOP = "Math.round(document.querySelector('.chart').getBoundingClientRect().top)"
READY = "window.dongtai && dongtai.link.state === 'up'"
MAP_READY = READY + " && dongtai.map && dongtai.map.loaded() && dongtai.map.getLayer('stations')"


@pytest.fixture(scope="session")
def browser(_chromium: Browser) -> Browser:
    """The one Chromium of the run; `signed_in` itself looks where pages ask."""
    return _chromium


@contextmanager
def signed_in(
    browser: Browser, service: Desk, role: str = "duty", lang: str = "zh", **options: object
) -> Iterator[BrowserContext]:
    """A browser of a role that has signed in; it fails the test if a request leaves the machine."""
    defaults = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}
    context = browser.new_context(base_url=service.url, **(defaults | options))
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "lang", "value": lang, "url": service.url}])
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    answer = context.request.post(
        "/sign-in", form={"name": role, "password": PASSWORD}, max_redirects=0
    )
    assert answer.status == 303, answer.text()
    yield context
    context.close()
    here = urlsplit(service.url).netloc
    assert not [url for url in asked if urlsplit(url).netloc not in ("", here)]


def open_page(context: BrowserContext) -> Page:
    """A page that keeps what goes wrong in it: `errors(page)`."""
    page = context.new_page()
    said = _errors[page] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    return page


def errors(page: Page) -> list[str]:
    return _errors[page]


def picture(page: Page, name: str) -> None:
    """For the documentation (`make screens`): once all stands still, with nothing wrong in it."""
    page.evaluate(STILL)
    folder = ARTEFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
    assert page.evaluate(WIDE) <= 0
    assert errors(page) == []


_errors: dict[Page, list[str]] = {}


def open_desk(context: BrowserContext, path: str = "/") -> Page:
    """The desk with its map drawn; an error in the page fails the test that looks at `errors`."""
    page = open_page(context)
    page.goto(path)
    wait(page, READY if "cameras" in path else MAP_READY)
    return page


def open_without_map(context: BrowserContext, path: str = "/") -> Page:
    """All but the map: it is not asked here, and drawing it in software takes long."""
    page = open_page(context)
    page.route("**/vendor/maplibre-gl.mjs", lambda route: route.abort())
    page.goto(path)
    wait(page, READY)
    return page


def wait(page: Page, condition: str, within_s: float = 150) -> Any:
    """Until a JavaScript expression is true; wait_for_function needs eval, which we forbid.

    A busy machine takes a minute to draw a map in software.
    """
    end = time.monotonic() + within_s
    while not (found := _asked(page, condition)):
        assert time.monotonic() < end, f"it did not come true in time: {condition}"
        page.wait_for_timeout(60)
    return found


def _asked(page: Page, condition: str) -> Any:
    """None where the page just then gave way to the next: that one is asked."""
    try:
        return page.evaluate(condition)
    except Error as error:
        if "Execution context was destroyed" not in error.message:
            raise
        return None
