"""Faults that need a site, or a question, of their own."""

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.faults.publisher import HIGH_PPM, LOW_PPM, STATIONS, Log, Publisher
from tests.faults.scenarios import PER_S, progress
from tests.faults.site import Site
from tests.faults.verdict import Verdict, judge
from tests.servers.waiting import until

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
OUTAGE_MIN, STEP_MS = 10, 5_000
DISK_MB, FULL_S = 320, 4.0
_GAS = "select from alert a join rule r on r.id = a.rule_id and r.code = 'GAS'"


def full_disk(site: Site, chance: random.Random, times: int) -> Verdict:
    """The database's disk fills up, and is given room again."""
    del chance
    site.start()
    publisher = Publisher(site.broker.port, PER_S).start()
    ballast = site.folder / "postgres" / "ballast"
    for _ in range(times):
        progress(site)
        _fill(ballast)
        time.sleep(FULL_S)
        ballast.unlink()
        if not site.postgres.running:  # it ends where it cannot write its log: as it must
            site.postgres.start()
    progress(site)
    return judge("disk full", times, site, publisher.finish())


def outage_still_high(site: Site, chance: random.Random, times: int) -> Verdict:
    """Ammonia rose while no ingest ran, and is still high: one page, at once, and no storm."""
    del chance, times
    log = _outage(site, lambda ago_ms: ago_ms < 8 * MINUTE_MS)
    pages = until(lambda: _pages(site), "the page")
    until(lambda: site.stored() >= len(log.readings), "the backlog")
    assert site.ask("select value from series_state where value is not null") is not None
    time.sleep(3)  # whatever else would be told would be told by now
    # One page; it is raised in one batch of the backlog, and told in another.
    assert [(one["kind"], one["rule"]) for one in _pages(site)] == [("announced", "GAS")], pages
    _over(site, log)
    return judge("outage, still high", 1, site, log)


def outage_found_afterwards(site: Site, chance: random.Random, times: int) -> Verdict:
    """Ammonia rose and fell while no ingest ran: a record, and nobody is called."""
    del chance, times
    log = _outage(site, lambda ago_ms: 2 * MINUTE_MS < ago_ms < 8 * MINUTE_MS)
    until(lambda: site.rows(f"{_GAS} where found_afterwards"), "the record")
    verdict = judge("outage, found afterwards", 1, site, log)
    assert _pages(site) == []
    return verdict


def device_ahead(site: Site, chance: random.Random, times: int) -> Verdict:
    """A device eight hours ahead is refused and kept; set right, it is live at once."""
    del chance
    site.start()
    device = Publisher(site.broker.port, PER_S)
    now_ms = int(time.time() * 1000)
    for number in range(times):
        device.say(STATIONS[0], now_ms + 8 * HOUR_MS + number, HIGH_PPM)
    wrong = dict(device.log.readings)
    device.log.readings.clear()
    for station in STATIONS:
        device.say(station, now_ms + 1, HIGH_PPM)
    pages = until(lambda: len(_pages(site)) >= len(STATIONS), "the pages")
    verdict = judge("device 8 h ahead", times, site, device.finish())
    kept = site.rows("select from quarantine where code = 'clock_ahead'")
    assert (pages, kept) == (True, len(wrong))
    return verdict


def our_clock_jumps(site: Site, chance: random.Random, times: int) -> Verdict:
    """The clock of the ingests jumps by an hour, forth and back: what it then refuses is kept."""
    del chance
    site.start()
    publisher = Publisher(site.broker.port, PER_S).start()
    for number in range(times):
        progress(site)
        site.set_clock(("+3600s", "+0s", "-3600s", "+0s")[number % 4])
        time.sleep(2)
    site.set_clock("+0s")
    progress(site)
    log = publisher.finish()
    until(lambda: site.accounted() >= len(log.readings), "everything to be accounted for")
    refused = {
        (topic.rpartition("/")[2], json.loads(bytes(payload))["t"])
        for topic, payload in site.ask("select topic, payload from quarantine")
    }
    seen = Log({key: value for key, value in log.readings.items() if key not in refused})
    verdict = judge("our clock jumps", times, site, seen)
    return replace(verdict, published=len(log.readings))


def _outage(site: Site, is_high: Callable[[int], bool]) -> Log:
    """Ten minutes of readings come while no ingest runs; then one starts. ago_ms -> beyond?"""
    site.start()
    device = Publisher(site.broker.port, PER_S)
    now_ms = int(time.time() * 1000)
    for station in STATIONS:
        device.say(station, now_ms - (OUTAGE_MIN + 1) * MINUTE_MS, LOW_PPM)
    until(lambda: site.stored() == len(STATIONS), "the readings before")
    for program in site.ingests:
        program.kill()
    for ago_ms in range(OUTAGE_MIN * MINUTE_MS, 0, -STEP_MS):
        for station in STATIONS:
            high = station == STATIONS[0] and is_high(ago_ms)
            device.say(station, now_ms - ago_ms, HIGH_PPM if high else LOW_PPM)
    until(lambda: device.confirmed, "the broker to have it all")
    site.ingests[0].start()
    return device.log


def _over(site: Site, log: Log) -> None:
    device = Publisher(site.broker.port, PER_S)
    device.log = log
    device.finish()


def _pages(site: Site) -> list[dict[str, str]]:
    """Of the readings. On a slow machine ingest is away for so long that this is told, too."""
    told = [json.loads(request.body) for request in site.webhook.requests]
    pages = [{"kind": one["kind"], "rule": one["alert"]["rule"]} for one in told]
    return [page for page in pages if page["rule"] != "SYSTEM-INGEST"]


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:  # no space left: what we wanted
            return


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own for the database; needs the right to mount, as root has it."""
    size = ["-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755"]
    subprocess.run(["mount", *size, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
