"""Debian's Chromium, driven by Playwright: software WebGL, and no way out of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Route, expect, sync_playwright

from tests.servers.program import needed

ARGUMENTS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


class Desk:
    """A browser whose pages see 127.0.0.1 only; `outside` lists what they asked for beyond it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.outside: list[str] = []
        self._contexts: list[BrowserContext] = []

    def context(self, **options: object) -> BrowserContext:
        """A fresh viewer: no cookies, no storage. Options are those of Playwright's new_context."""
        settings = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options}
        context = self._browser.new_context(**settings)
        context.set_default_timeout(60_000)
        context.route("**/*", self._gate)
        self._contexts.append(context)
        return context

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _gate(self, route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()


@contextmanager
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=60_000)  # how fast a page is, benches measure
    path = needed("chromium", "chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()
