"""The honest link: a desk that no longer hears says so in five seconds and comes back alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests import sample
from tests.dashboard.conftest import Desk
from tests.servers.program import Program, python
from tests.servers.proxy import Proxy
from tests.servers.waiting import free_port, listening, until
from tests.staff.conftest import READY, open_without_map, signed_in, wait

LEVEL = "dongtai.stations.get('R-02').latest.level_m.value"


@contextmanager
def desk_behind(browser, desk: Desk, address: str) -> Iterator[Page]:
    host, port = urlsplit(address).hostname, urlsplit(address).port
    other = Desk(f"http://{host}:{port}", desk.database, desk.tokens, desk.staff)
    with signed_in(browser, other) as context:
        page = open_without_map(context)
        page.evaluate("window.notReloaded = true")
        expect(page.locator("#banner")).to_be_hidden()
        yield page


def lost(page: Page) -> None:
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("#banner-text")).to_contain_text("连接中断")
    assert page.evaluate("dongtai.link.state") == "lost"


def back(page: Page, value: float) -> None:
    wait(page, READY)
    wait(page, f"{LEVEL} === {value}")
    expect(page.locator("#banner")).to_be_hidden()
    assert page.evaluate("window.notReloaded") is True


def observe(desk: Desk, value: float) -> None:
    desk.write(lambda conn: sample.observe(conn, "R-02", "level_m", value, datetime.now(UTC)))


def test_five_seconds_of_silence_are_a_lost_link(browser, desk):
    """By the page's own clock, so that a busy machine changes nothing."""
    proxy = Proxy((urlsplit(desk.url).hostname, urlsplit(desk.url).port))
    try:
        other = Desk(f"http://127.0.0.1:{proxy.port}", desk.database, desk.tokens, desk.staff)
        with signed_in(browser, other) as context:
            page = context.new_page()
            page.clock.install()
            page.route("**/vendor/maplibre-gl.mjs", lambda route: route.abort())
            page.goto("/")
            wait(page, READY)
            proxy.hang()
            page.clock.pause_at(datetime.now(UTC).timestamp() + 3600)
            page.clock.run_for(5000)
            lost(page)
    finally:
        proxy.close()


@pytest.mark.parametrize("how", ["cut", "hang"])
def test_a_line_that_is_cut_or_falls_silent_is_a_banner_until_it_is_back(browser, desk, how):
    proxy = Proxy((urlsplit(desk.url).hostname, urlsplit(desk.url).port))
    try:
        with desk_behind(browser, desk, f"http://127.0.0.1:{proxy.port}") as page:
            getattr(proxy, how)()
            lost(page)
            observe(desk, 24.25)
            proxy.restore()
            back(page, 24.25)
    finally:
        proxy.close()


def test_a_server_that_was_killed_is_a_banner_until_another_stands_in_its_place(
    browser, desk, tmp_path
):
    port = free_port()
    config = tmp_path / "config.yaml"
    said = {"database": {"dsn": desk.database.dsn}, "dashboard": {"staff": {"port": port}}}
    config.write_text(yaml.safe_dump(said), "utf-8")
    program = python("dashboard", tmp_path / "staff.log", "--config", str(config))
    try:
        _start(program, port)
        with desk_behind(browser, desk, f"http://127.0.0.1:{port}") as page:
            program.kill()
            lost(page)
            observe(desk, 24.75)
            _start(program, port)
            back(page, 24.75)
    finally:
        program.stop()


def test_a_database_that_is_away_is_a_banner_until_it_answers(browser, desk):
    with desk_behind(browser, desk, desk.url) as page:
        desk.cut_off()
        lost(page)
        desk.let_in()
        observe(desk, 24.5)
        back(page, 24.5)


def _start(program: Program, port: int) -> None:
    program.start()
    until(lambda: listening(port), f"the desk to answer; it said:\n{program.said}", seconds=60)
