"""Five hundred open screens on one process: from a published reading to each of them.

A station apart from the others sends a reading of its own about once a second; 500 event streams on
one staff process (tokens of their own), then on one public process, say when each got it. Behind it
runs a district's load, then 5,000 readings a second. Then once more with a real desk in Chromium,
which says when the value stood in its frame. A bare asyncio server then sends the same bytes at the
same times to the same clients: what the clients and the machine cannot do faster.
"""

import json
import os
import pickle
import random
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from playwright.sync_api import Browser, Page

from bench.figure import Figure
from bench.flood import OPEN, Crowd, client_of, signed_in
from bench.screen import wait
from bench.site import METRICS, new_database, topic, workshop
from bench.streams import Key, Serving, Watching, key_of
from dashboard.door.accounts import create_account, create_token
from tests.servers.browser import chromium
from tests.servers.mosquitto import Mosquitto
from tests.servers.program import Program, python
from tests.servers.waiting import free_port, listening, until

STREAMS, SECONDS, SETTLE_S, PATIENCE_S, P95_S = 500, 40.0, 8.0, 120.0, 1.0
PROBE, METRIC, FIRST, STEP = "B-0", "battery_v", 5.0, 0.01
TICK_S = 0.02
# When a value is there and the second frame after it: it is on screen then.
SEEN = """
window.seen = [];
let shown = null;
(function look() {
  const value = window.dongtai?.stations?.get("B-0")?.latest?.battery_v?.value ?? null;
  if (value !== shown) {
    shown = value;
    requestAnimationFrame(() => requestAnimationFrame(() => window.seen.push([value, Date.now()])));
  }
  requestAnimationFrame(look);
})();
"""


@dataclass(frozen=True)
class Load:
    """stations beside the probe's, metrics of each, seconds between two messages of one."""

    words: str
    stations: int
    metrics: int
    every_s: float


LOADS = (Load("district, 22 readings/s", 66, 5, 15.0), Load("5,000 readings/s", 250, 20, 1.0))


class Sensors(Thread):
    """Sends until stopped. probes: value -> when it was handed to the broker."""

    def __init__(self, broker: Mosquitto, load: Load) -> None:
        super().__init__(name="sensors", daemon=True)
        self.probes: dict[float, float] = {}
        self.messages, self.took_s = 0, 0.0
        self._client, self._load = client_of(broker), load
        self._measuring, self._over = Event(), Event()

    def measure(self) -> None:
        self._measuring.set()

    def rest(self) -> None:
        """No probes; the load goes on."""
        self._measuring.clear()

    def stop(self) -> None:
        self._over.set()
        self.join()
        self._client.disconnect()
        self._client.loop_stop()

    def run(self) -> None:
        chance = random.Random(1)
        begun = time.monotonic()
        due, probe_at = 0.0, begun
        while not self._over.is_set():
            now = time.monotonic()
            due = (now - begun) * self._load.stations / self._load.every_s
            while self.messages < due:
                self._send(self.messages % self._load.stations + 1)
                self.messages += 1
            if self._measuring.is_set() and now >= probe_at:
                self._probe()
                probe_at = now + 0.8 + chance.random() * 0.5
            time.sleep(TICK_S)
        self.took_s = time.monotonic() - begun

    def _send(self, number: int) -> None:
        now_ms = time.time_ns() // 1_000_000
        metrics = METRICS[: self._load.metrics]
        values = {m: FIRST + (now_ms // 1000 + i) % 100 / 100 for i, m in enumerate(metrics)}
        self._client.publish(topic(f"B-{number}"), json.dumps({"t": now_ms, "v": values}), 1)

    def _probe(self) -> None:
        value = round(FIRST + STEP * (len(self.probes) + 1), 2)
        text = json.dumps({"t": time.time_ns() // 1_000_000, "v": {METRIC: value}})
        self.probes[value] = time.time()
        self._client.publish(topic(PROBE), text, 1)


@dataclass
class Screens(Crowd):
    """The site with both services, as the demo runs them."""

    public_port: int = field(default_factory=free_port)
    public: Program | None = None

    def start(self) -> None:
        super().start()
        path = self.folder / "config.yaml"
        output = self.folder / "public.log"
        self.public = python("dashboard.public", output, "--config", str(path), env={}).start()
        until(lambda: listening(self.public_port), "the public page to answer", seconds=60)

    def stop(self) -> None:
        if self.public:
            self.public.stop()
        super().stop()

    def tokens(self, count: int) -> list[str]:
        conn = self.conn
        create_account(conn, "screens", "viewer", "correct-horse-battery")
        found = [create_token(conn, "screens", f"screen {number}") for number in range(count)]
        conn.commit()
        return found

    def _configuration(self) -> dict[str, Any]:
        said = super()._configuration()
        said["dashboard"]["public"] = {"port": self.public_port}
        for station in said["sensors"]["stations"]:
            station["public"] = True
        return said


@dataclass(frozen=True)
class Service:
    """A process under test, and how its streams are asked for."""

    words: str
    program: Program
    watching: Watching
    desk: bool = False


def measure() -> Iterator[Figure]:
    with workshop() as (folder, broker), chromium() as browser:
        for load in LOADS:
            yield from _under(load, folder / str(load.stations), broker, browser)


def _under(load: Load, folder: Path, broker: Mosquitto, browser: Browser) -> Iterator[Figure]:
    folder.mkdir()
    stations = tuple(f"B-{number}" for number in range(load.stations + 1))
    with new_database(folder / "postgres") as database:
        site = Screens(folder, broker, database, stations)
        site.start()
        sensors = Sensors(broker, load)
        try:
            sensors.start()
            for service in _services(site):
                yield from _watched(service, site, sensors, load, browser)
        finally:
            sensors.stop()
            site.stop()
    pace = sensors.messages * load.metrics / sensors.took_s
    yield Figure(f"readings sent, {load.words}", round(pace), "readings/s")


def _services(site: Screens) -> Iterator[Service]:
    assert site.staff
    assert site.public
    asks = "Accept: text/event-stream\r\nAccept-Encoding: gzip\r\n"
    bearers = [f"{asks}Authorization: Bearer {token}\r\n" for token in site.tokens(STREAMS)]

    def there(port: int, headers: list[str]) -> Watching:
        return Watching("127.0.0.1", port, "/live", headers, site.folder / f"{port}.pickle")

    yield Service("staff", site.staff, there(site.port, bearers))
    yield Service("public", site.public, there(site.public_port, [asks] * STREAMS))
    # A browser that draws its map without a graphics card takes most of two cores for itself.
    yield Service("staff beside a desk", site.staff, there(site.port, bearers[1:]), desk=True)


def _watched(
    service: Service, site: Screens, sensors: Sensors, load: Load, browser: Browser
) -> Iterator[Figure]:
    words = f"{service.words}, {load.words}"
    sensors.probes = {}
    with ExitStack() as stack:
        clients = _run("watch", service.watching, site.folder)
        stack.callback(clients.stop)
        clients.wait_for("open", seconds=PATIENCE_S)
        page = _desk(site, browser, stack) if service.desk else None
        _pass(SETTLE_S, page)
        before, since = _processor_s(service.program.pid), time.monotonic()
        busy = _processor_s(clients.pid)
        sensors.measure()
        _pass(SECONDS, page)
        took = time.monotonic() - since
        share = (_processor_s(service.program.pid) - before) / took
        busy = (_processor_s(clients.pid) - busy) / took
        sensors.rest()
        _pass(SETTLE_S, page)
        seen = page.evaluate("window.seen") if page else []
    heard = pickle.loads(service.watching.out.read_bytes())
    arrivals = _arrivals(heard, sensors.probes)
    p95 = _quantile([at for each in arrivals for at in each], 0.95)
    yield from _delays(words, arrivals, len(service.watching.headers), len(sensors.probes))
    yield Figure(f"streams lost, {words}", heard["lost"], "", 0, heard["lost"] == 0)
    if page:
        shown = [at / 1000 - sensors.probes[v] for v, at in seen if v in sensors.probes]
        desk = _quantile(shown, 0.95)
        said = f"sensor to a desk's frame, {words}, p95 of {len(shown)}"
        yield Figure(said, round(desk, 3), "s", P95_S, desk <= P95_S)
    bare = _bare(service, site, heard)
    yield Figure(f"a bare server, same bytes, p95, {words}", round(bare, 3), "s")
    yield Figure(f"the service above the bare server, p95, {words}", round(p95 - bare, 3), "s")
    size = sum(len(chunk) for _, chunk in heard["first"])
    span = heard["first"][-1][0] - heard["first"][0][0]
    yield Figure(f"bytes to one stream, {words}", round(size / span / 1000), "kB/s")
    yield Figure(f"processor of the service, {words}", round(100 * share), "% of a core")
    yield Figure(f"processor of the clients, {words}", round(100 * busy), "% of a core")
    yield Figure(f"most memory of the service, {words}", _peak_mb(service.program.pid), "MB")


def _delays(
    words: str, arrivals: Sequence[Sequence[float]], streams: int, probes: int
) -> Iterator[Figure]:
    """Of each probe that was not overtaken within a push, to each stream."""
    least = min((len(each) for each in arrivals), default=0)
    whole = least == streams and len(arrivals) > probes / 2
    name = f"sensor to {streams} streams, {len(arrivals)} readings, {words}"
    yield Figure(f"each reading to all streams, {words}", least, "streams", streams, whole)
    delays = [at for each in arrivals for at in each]
    for q in (0.5, 0.95, 0.99):
        found = _quantile(delays, q)
        goal = (P95_S, found <= P95_S) if q == 0.95 else ()
        yield Figure(f"{name}, p{round(100 * q)}", round(found, 3), "s", *goal)


def _arrivals(heard: dict[str, Any], probes: dict[float, float]) -> list[list[float]]:
    """By reading the seconds until each stream had it, as the first event said it."""
    found, known = [], set()
    for key, event in _events(heard):
        for station in event.get("stations", []) if isinstance(event.get("stations"), list) else []:
            value = (station["properties"]["latest"].get(METRIC) or {}).get("value")
            if station["id"] == PROBE and value in probes and value not in known:
                known.add(value)
                found.append([at - probes[value] for at in heard["times"][key]])
    return found


def _events(heard: dict[str, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
    packed = b"content-encoding: gzip" in heard["heads"][0].lower()
    unpack = zlib.decompressobj(31)
    for _, chunk in heard["first"]:
        text = unpack.decompress(chunk) if packed else chunk
        for line in text.split(b"\n"):
            if line.startswith(b"data: "):
                yield key_of(chunk), json.loads(line[6:])


def _bare(service: Service, site: Screens, heard: dict[str, Any]) -> float:
    """p95 of the same chunks from a server that does nothing else."""
    port, out = free_port(), site.folder / "bare.pickle"
    first = heard["first"][0][0]
    chunks = [(at - first, chunk) for at, chunk in heard["first"] if len(chunk) > 0]
    asks = service.watching.headers
    server = _run("serve", Serving(port, len(asks), chunks, out), site.folder)
    clients = None
    try:
        server.wait_for("serving", seconds=PATIENCE_S)
        there = Watching("127.0.0.1", port, "/live", asks, site.folder / "same.pickle")
        clients = _run("watch", there, site.folder)
        server.wait_for("sent", seconds=PATIENCE_S + chunks[-1][0])
        time.sleep(2)
        clients.stop()
        sent = pickle.loads(out.read_bytes())
        same = pickle.loads(there.out.read_bytes())
    finally:
        if clients:
            clients.stop()
        server.stop()
    pairs = ((sent[key], ats) for key, ats in same["times"].items() if key in sent)
    return _quantile([at - begun for begun, ats in pairs for at in ats], 0.95)


def _run(what: str, plan: Watching | Serving, folder: Path) -> Program:
    name = f"{what}-{time.monotonic_ns()}"
    path = folder / f"{name}.plan"
    path.write_bytes(pickle.dumps(plan))
    return python("bench.streams", folder / f"{name}.log", what, str(path), env={}).start()


def _desk(site: Screens, browser: Browser, stack: ExitStack) -> Page:
    context = signed_in(site, browser)
    stack.callback(context.close)
    page = context.new_page()
    page.add_init_script(SEEN)
    page.goto(f"{site.url}/?station={PROBE}")
    wait(page, OPEN, PATIENCE_S)
    return page


def _pass(seconds: float, page: Page | None) -> None:
    """Let time go by; the browser's own events are served meanwhile."""
    if page:
        page.wait_for_timeout(seconds * 1000)
    else:
        time.sleep(seconds)


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def _quantile(values: Sequence[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[round(q * (len(ordered) - 1))] if ordered else float("inf")
