"""The wallboard over a day of updates pressed into minutes: whether its memory stays flat.

The staff service on the showcase, one wall in Chromium with its map in software. A day is 8,640
events, one every ten seconds with a new value of every station, as fast as the browser takes them;
alerts come and go among them, and the views turn. Before and after, garbage is collected.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

import config
from bench.figure import Figure
from bench.screen import heap_mb, state, wait
from bench.site import new_database
from dashboard.__main__ import Server
from dashboard.app import Staff
from dashboard.settings import DashboardSettings
from dashboard.shapes import iso
from dashboard.stream.hub import Hub
from dashboard.stream.live import event
from dashboard.walls import keys
from database.pool import connect
from database.settings import DatabaseSettings
from gis.settings import GisSettings
from gis.site import open_map
from tests.dashboard.conftest import running
from tests.servers.browser import chromium
from tests.servers.program import ROOT
from tests.staff import showcase

EVENTS, AT_MOST_S, GOAL_PERCENT = 8640, 180.0, 10.0
WARM = 1080  # three hours before, in which every kind of marker and row has been seen once
CLAIM = "update alert set acknowledged_at = now(), owner = 'duty', state = 'acknowledged'"
LIVES = 10  # events that an alert of the soak lasts
AHEAD = 24  # events that the browser may lag behind: half of what drops it
MAP = "() => Boolean(window.dongtai?.map?.loaded() && dongtai.map.getLayer('stations'))"
ICONS = """() => dongtai.map.queryRenderedFeatures({ layers: ['stations'] })
  .map(each => each.properties.icon + each.geometry.coordinates.map(n => n.toFixed(3))).sort()"""


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="dongtai-bench-") as name,
        new_database(Path(name) / "postgres") as database,
        chromium() as browser,
    ):
        token = _fill(database)
        with _service(database) as (staff, url):
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"{url}/wall#token={token}")
            page.wait_for_url("**/wall")
            wait(page, MAP)
            yield from _soak(staff, page)


def _soak(staff: Staff, page: Page) -> Iterator[Figure]:
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    events = day(staff.live.wall_hello())
    numbers = count(1 << 40)
    end = time.monotonic() + AT_MOST_S
    play(staff.wall_hub, page, events, numbers, WARM, end)
    before = state(tools)
    begun = time.monotonic()
    done = play(staff.wall_hub, page, events, numbers, EVENTS, end)
    took = time.monotonic() - begun
    after, icons = state(tools), page.evaluate(ICONS)
    play(staff.wall_hub, page, events, numbers, LIVES // 2, time.monotonic() + 60)
    page.wait_for_timeout(2000)  # the map has drawn what came
    differ = len(set(icons) ^ set(page.evaluate(ICONS)))
    grown = 100 * (after["JSHeapUsedSize"] / before["JSHeapUsedSize"] - 1)
    yield Figure("updates of a day that the wall took", done, "events", EVENTS, done >= EVENTS)
    yield Figure("the same, a second", round(done / took), "events/s")
    yield Figure("heap before, after garbage collection", heap_mb(before), "MB")
    yield Figure("heap after a day, after garbage collection", heap_mb(after), "MB")
    yield Figure("growth of the heap", round(grown, 1), "%", GOAL_PERCENT, grown < GOAL_PERCENT)
    for key, said in (("Nodes", "nodes of the page"), ("JSEventListeners", "listeners")):
        more = after[key] - before[key]
        yield Figure(f"more {said} than before", more, "", 100, more < 100)
    yield Figure("markers that the next alert changes on the map", differ, "", 1, differ >= 1)


def play(
    hub: Hub, page: Page, events: Iterator[bytes], numbers: Iterator[int], most: int, end: float
) -> int:
    """Hand on so many events, no faster than the browser takes them; how many they were."""
    for done in range(most):
        if time.monotonic() > end:
            return done
        while any(viewer.queue.qsize() > AHEAD for viewer in list(hub.viewers)):
            time.sleep(0.01)
        hub.publish_from_thread(next(numbers), next(events))
        if done % 20 == 0:  # the browser's own queue is emptied too
            page.evaluate("() => new Promise(done => setTimeout(done))")
    return most


def day(said: tuple[int, bytes] | None) -> Iterator[bytes]:
    """`change` events without end: every value moves, a red and a blue alert come and go."""
    assert said is not None, "the service has read the database"
    hello = json.loads(said[1].partition(b"data: ")[2])
    stations: list[dict[str, Any]] = hello["stations"]["features"]
    pattern = hello["alerts"][0]
    for number in count():
        now = iso(datetime.now(UTC))
        for index, one in enumerate(stations):
            one["properties"]["newest"] = now
            for latest in one["properties"]["latest"].values():
                if latest["value"] is not None:
                    latest["value"] = round(latest["value"] + (-1) ** (number + index) * 0.1, 2)
                latest["t"], latest["state"] = now, "fresh"
        alerts, over = [], []
        if number % LIVES == 0:
            place = stations[(number // LIVES) % len(stations)]["properties"]
            alerts = [_alert(pattern, number, place, now)]
        if number >= LIVES and number % LIVES == LIVES // 2 and number // LIVES % 3:
            over = [f"soak-{number - LIVES // 2}"]
        if number > 2 * LIVES and number % LIVES == 1:
            over.append(f"soak-{number - 1 - LIVES}")
        yield event("change", {"now": now, "stations": stations, "alerts": alerts, "over": over})


def _alert(pattern: dict[str, Any], number: int, place: dict[str, Any], now: Any) -> dict[str, Any]:
    grade = ("red", "blue")[number // LIVES % 2]
    return pattern | {
        "id": f"soak-{number}",
        "grade": grade,
        "state": "active",
        "acknowledged_at": None,
        "owner": None,
        "station": place["code"],
        "station_names": place["names"],
        "began_at": now,
        "raised_at": now,
    }


def _fill(database: DatabaseSettings) -> str:
    """The showcase, as if its night were now; a wall's token."""
    with closing(connect(database, None, application="bench")) as conn:
        showcase.fill(conn, datetime.now(UTC))
        with conn.cursor() as cursor:
            cursor.execute(CLAIM)  # so that the views turn between the alerts of the soak
        _, token = keys.add(conn, "bench", "bench")
        conn.commit()
    return token


@contextmanager
def _service(database: DatabaseSettings) -> Iterator[tuple[Staff, str]]:
    settings = DashboardSettings.model_validate({"staff": {"port": 0}, "wall": {"pace_s": 5}})
    gis = config.load(ROOT / "config.yaml").section(GisSettings)
    staff = Staff(database, settings, open_map(gis, ROOT, public=False))
    with running(Server(staff, settings.staff)) as url:
        yield staff, url
