"""The duty desk over a day of updates pressed into minutes: whether its memory stays flat.

As `wall`, with the map in software and the drawer of a station open: 8,640 events, one every ten
seconds of the day, each with a new value of every station; alerts come and go among them.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from playwright.sync_api import Page

from bench.figure import Figure
from bench.markers import desk, service
from bench.screen import heap_mb, state
from bench.site import new_database
from bench.wall import AT_MOST_S, EVENTS, GOAL_PERCENT, ICONS, WARM, day, play
from dashboard.app import Staff
from dashboard.door.accounts import create_account
from database.pool import connect
from tests.dashboard.conftest import PASSWORD
from tests.servers.browser import chromium
from tests.staff import showcase

KEYS = (("Nodes", "nodes of the page"), ("JSEventListeners", "listeners"))
OPEN = "() => !document.getElementById('drawer').hidden"


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="dongtai-bench-") as name,
        new_database(Path(name) / "postgres") as database,
        chromium() as browser,
    ):
        with closing(connect(database, None, application="bench")) as conn:
            showcase.fill(conn, datetime.now(UTC))
            create_account(conn, "duty", "duty", PASSWORD)
            conn.commit()
        with service(database) as (staff, url):
            yield from _soak(staff, desk(browser, url))


def _soak(staff: Staff, page: Page) -> Iterator[Figure]:
    assert page.evaluate(OPEN), "the worst alert's drawer is open from the start"
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    events, numbers = day(staff.live.hello()), count(1 << 40)
    end = time.monotonic() + AT_MOST_S
    play(staff.live.hub, page, events, numbers, WARM, end)
    before, icons = state(tools), page.evaluate(ICONS)
    begun = time.monotonic()
    done = play(staff.live.hub, page, events, numbers, EVENTS, end)
    took = time.monotonic() - begun
    after, moved = state(tools), page.evaluate(ICONS)
    yield Figure("updates of a day that the desk took", done, "events", EVENTS, done >= EVENTS)
    yield Figure("the same, a second", round(done / took), "events/s")
    grown = 100 * (after["JSHeapUsedSize"] / before["JSHeapUsedSize"] - 1)
    yield Figure("heap before, after garbage collection", heap_mb(before), "MB")
    yield Figure("growth of the heap", round(grown, 1), "%", GOAL_PERCENT, grown < GOAL_PERCENT)
    for key, said in KEYS:
        more = after[key] - before[key]
        yield Figure(f"more {said} than before", more, "", 100, more < 100)
    differ = len(set(icons) ^ set(moved))
    yield Figure("markers that look different at the end", differ, "", 1, differ >= 1)
