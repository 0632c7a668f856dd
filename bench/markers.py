"""Ten thousand markers that change every second, on one desk in Chromium with its map in software.

The staff service with 10,000 stations; events of the live stream are handed to its hub, one a
second, each with a new value of every station, and for some of them a new look (wind arrows turn,
doubts come and go). A frame is blank where the map says that no marker is on it, or where what the
screen shows (the browser's screencast, which does not hold up the page) has lost half its edges.
"""

import base64
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import CDPSession, Page

import config
from bench.figure import Figure
from bench.screen import state, wait
from bench.site import new_database
from dashboard.__main__ import Server
from dashboard.app import Staff
from dashboard.door.accounts import create_account
from dashboard.settings import DashboardSettings
from dashboard.shapes import iso
from dashboard.stream.live import event
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from gis.settings import GisSettings
from gis.site import open_map
from sensors.settings import SensorsSettings
from sensors.store import sync
from tests.dashboard.conftest import PASSWORD, running
from tests.servers.browser import chromium
from tests.servers.program import ROOT

STATIONS, SECONDS, WARM = 10_000, 60, 10
TURNING = 0.1  # share of the stations whose marker looks different in each event
MAP = "() => Boolean(window.dongtai?.map?.loaded() && dongtai.map.getLayer('stations'))"
VIEW = "() => [dongtai.map.getZoom(), ...dongtai.map.getCenter().toArray()].join()"
# In the page: frames, long tasks, frames of the map without markers, and the updates that came to
# be shown: a value that differs from that of the frame before.
WATCH = """() => {
  const seen = window.seen = { frames: [], long_ms: 0, renders: 0, unmarked: 0, applied: 0 };
  const map = dongtai.map, value = () => dongtai.stations.get('M-00000').latest.wind_speed_ms?.t;
  let last = performance.now(), had = value();
  const frame = (at) => {
    seen.frames.push(at - last);
    last = at;
    if (value() !== had) { seen.applied += 1; had = value(); }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) seen.long_ms += each.duration;
  }).observe({ type: "longtask" });
  map.on("render", () => {
    seen.renders += 1;
    if (!map.queryRenderedFeatures({ layers: ["stations"] }).length) seen.unmarked += 1;
  });
}"""
SCREENCAST = {"format": "jpeg", "quality": 60, "maxWidth": 960, "maxHeight": 540}


def measure() -> Iterator[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="dongtai-bench-") as name,
        new_database(Path(name) / "postgres") as database,
        chromium() as browser,
    ):
        with closing(connect(database, None, application="bench")) as conn:
            fill(conn)
        with service(database) as (staff, url):
            page = desk(browser, url)
            yield from _figures(staff, page)


def _figures(staff: Staff, page: Page) -> Iterator[Figure]:
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    numbers, events = count(1 << 40), _events(staff)
    _play(staff, page, events, numbers, WARM)
    before, view = state(tools)["JSHeapUsedSize"], page.evaluate(VIEW)
    page.evaluate(WATCH)
    with _filmed(tools) as pictures:
        size = _play(staff, page, events, numbers, SECONDS)
    page.wait_for_timeout(WARM * 1000)  # what lay waiting has its turn: the heap is not the queue
    seen: dict[str, Any] = page.evaluate("() => window.seen")
    after, moved = state(tools)["JSHeapUsedSize"], page.evaluate(VIEW) != view
    frames, blank = sorted(seen["frames"]), seen["unmarked"] + _bare(pictures)
    rate, share = seen["applied"] / SECONDS, seen["long_ms"] / SECONDS / 1000
    grown = round(100 * (after / before - 1), 1)
    yield Figure("stations, all of which change each second", STATIONS, "stations")
    yield Figure("of them with a new look each second", round(STATIONS * TURNING), "markers")
    yield Figure("updates that came to be shown", round(rate, 2), "/s", 0.9, rate >= 0.9)
    yield Figure("rendered frames of the map", seen["renders"], "frames")
    yield Figure("pictures of the screen", len(pictures), "pictures", 1, len(pictures) > 0)
    yield Figure("blank ones among both", blank, "frames", 1, blank == 0)
    yield Figure("time between frames, p95", round(frames[int(0.95 * (len(frames) - 1))]), "ms")
    yield Figure("time between frames, longest", round(frames[-1]), "ms")
    yield Figure("share of the time in tasks over 50 ms", round(share, 2), "of 1", 0.5, share < 0.5)
    yield Figure("view moved", int(moved), "", 1, not moved)
    yield Figure("growth of the heap", grown, "%", 10, grown < 10)
    yield Figure("size of an event", round(size / 1e6, 2), "MB")


def _play(
    staff: Staff, page: Page, events: Iterator[tuple[str, bytes]], numbers: Iterator[int], most: int
) -> int:
    """One event a second, whatever the page makes of it; the bytes of one. It is asked nothing."""
    size, due = 0, time.monotonic()
    for _ in range(most):
        _, content = next(events)
        size, due = len(content), due + 1
        staff.live.hub.publish_from_thread(next(numbers), content)
        page.wait_for_timeout(max(0.0, due - time.monotonic()) * 1000)
    return size


@contextmanager
def _filmed(tools: CDPSession) -> Iterator[list[bytes]]:
    """What the screen shows meanwhile, as JPEG."""
    pictures: list[bytes] = []

    def take(frame: dict[str, Any]) -> None:
        pictures.append(base64.b64decode(frame["data"]))
        tools.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    tools.on("Page.screencastFrame", take)
    tools.send("Page.startScreencast", SCREENCAST)
    yield pictures
    tools.send("Page.stopScreencast")


def _bare(pictures: Sequence[bytes]) -> int:
    """How many of them have less than half the edges of their median: a map without markers."""
    seen = (cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_GRAYSCALE) for each in pictures)
    edges = [float(cv2.Laplacian(each, cv2.CV_64F).var()) for each in seen if each is not None]
    usual = sorted(edges)[len(edges) // 2] if edges else 0.0
    return sum(each < usual / 2 for each in edges) + len(pictures) - len(edges)


def _events(staff: Staff) -> Iterator[tuple[str, bytes]]:
    """`change` events without end: every value is new, a tenth of the markers look different."""
    said = staff.live.hello()
    assert said is not None, "the service has read the database"
    hello = json.loads(said[1].partition(b"data: ")[2])
    stations: list[dict[str, Any]] = hello["stations"]["features"]
    every = round(1 / TURNING)
    for number in count():
        now = iso(datetime.now(UTC)) or ""
        for index, one in enumerate(stations):
            turning = (number + index) % every == 0
            for metric, latest in one["properties"]["latest"].items():
                if turning and metric == "wind_dir_deg":
                    latest["value"] = (number * 40 + index) % 360
                elif metric != "wind_dir_deg":
                    latest["value"] = round(3 + (number + index) % 40 / 10, 2)
                latest["quality"] = "suspect" if turning and index % 2 else "good"
                latest["t"], latest["state"] = now, "fresh"
            one["properties"] |= {"newest": now, "state": "fresh"}
        yield now, event("change", {"now": now, "stations": stations, "alerts": []})


def fill(conn: Connection, stations: int = STATIONS) -> None:
    """A grid of weather stations over the district with two values each, now."""
    across = round(stations**0.5)
    found = [
        {
            "code": f"M-{n:05}",
            "kind": ("weather", "air", "gas")[n % 3],
            "zh": f"测站 {n}",
            "en": f"Station {n}",
            "lon": round(121.66 + 0.42 * (n % across) / across + 0.001 * (n % 7), 5),
            "lat": round(29.74 + 0.28 * (n // across) / across + 0.001 * (n % 5), 5),
            "department": "one",
            "interval_s": 10,
            "metrics": ["wind_speed_ms", "wind_dir_deg"],
        }
        for n in range(stations)
    ]
    departments = [{"code": "one", "zh": "一", "en": "One"}]
    settings = SensorsSettings.model_validate({"departments": departments, "stations": found})
    now = datetime.now(UTC)
    sync(conn, settings, now)
    with conn.cursor() as cursor:
        cursor.execute(
            "update series_state set observed_at = now(), value = 4, quality = 0, origin = 0, "
            "received_at = now(), changed_at = now()"
        )
    create_account(conn, "duty", "duty", PASSWORD)
    conn.commit()


def desk(browser: Any, url: str) -> Page:
    """The desk of somebody who has signed in, its map drawn."""
    context = browser.new_context(base_url=url, viewport={"width": 1920, "height": 1080})
    context.set_default_timeout(120_000)
    answer = context.request.post(
        "/sign-in", form={"name": "duty", "password": PASSWORD}, max_redirects=0
    )
    assert answer.status == 303, answer.text()
    page: Page = context.new_page()
    page.goto("/")
    wait(page, MAP, 120)
    return page


@contextmanager
def service(database: DatabaseSettings) -> Iterator[tuple[Staff, str]]:
    settings = DashboardSettings.model_validate({"staff": {"port": 0}})
    gis = config.load(ROOT / "config.yaml").section(GisSettings)
    staff = Staff(database, settings, open_map(gis, ROOT, public=False))
    with running(Server(staff, settings.staff)) as url:
        yield staff, url
