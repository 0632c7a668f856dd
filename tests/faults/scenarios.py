"""The faults, one function each: begin load, break something, again and again, then judge."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg2

from tests.faults.publisher import Publisher
from tests.faults.site import Site
from tests.faults.verdict import Verdict, judge
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.program import Program
from tests.servers.waiting import until

PER_S = 120
Victim = Program | Mosquitto | Postgres
Scenario = Callable[[Site, random.Random, int], Verdict]


def kill_ingest(site: Site, chance: random.Random, times: int) -> Verdict:
    """SIGKILL of an ingest, leader or standby."""
    return _kill_programs("ingest killed", site.ingests, site, chance, times)


def kill_alerts(site: Site, chance: random.Random, times: int) -> Verdict:
    """SIGKILL of an alerts process, leader or standby."""
    return _kill_programs("alerts killed", site.alerts, site, chance, times)


def kill_database(site: Site, chance: random.Random, times: int) -> Verdict:
    """SIGKILL of the whole database server."""

    def fault() -> None:
        site.postgres.kill()
        site.postgres.start()

    return _under_load("database killed", site, chance, times, fault)


def kill_backends(site: Site, chance: random.Random, times: int) -> Verdict:
    """Each connection of ours is ended by the server, as an administrator would."""

    def fault() -> None:
        site.ask(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name like 'dongtai%%' and pid <> pg_backend_pid()"
        )

    return _under_load("database connections ended", site, chance, times, fault)


def kill_broker(site: Site, chance: random.Random, times: int) -> Verdict:
    """SIGKILL of the broker."""

    def fault() -> None:
        site.broker.kill()
        site.broker.start()

    return _under_load("broker killed", site, chance, times, fault)


def restart_servers(site: Site, chance: random.Random, times: int) -> Verdict:
    """Broker and database stopped in good order, and started again."""

    def fault() -> None:
        for server in (site.broker, site.postgres):
            server.stop()
            server.start()

    return _under_load("servers restarted", site, chance, times, fault)


def kill_anything(site: Site, chance: random.Random, times: int) -> Verdict:
    """SIGKILL of whatever comes, one after the other without waiting for the last to recover."""
    victims: list[Victim] = [*site.programs, site.broker, site.postgres]

    def fault() -> None:
        victim = chance.choice(victims)
        victim.kill()
        victim.start()

    return _under_load("anything killed", site, chance, times, fault)


def cut_lines(site: Site, chance: random.Random, times: int) -> Verdict:
    """The line to broker or database is cut, or hangs, for a moment."""

    def fault() -> None:
        line = chance.choice([site.to_broker, site.to_database])
        chance.choice([line.cut, line.hang])()
        time.sleep(chance.uniform(0.2, 1.5))
        line.restore()

    return _under_load("lines cut", site, chance, times, fault)


def progress(site: Site) -> None:
    """Until more is stored than now: a fault amid standstill would prove nothing."""
    before = site.stored()

    def more() -> bool:
        site.supervise()
        with suppress(psycopg2.Error):
            return site.stored() > max(before, 0)
        return False

    until(more, "readings to be stored again", seconds=90)


SCENARIOS: tuple[Scenario, ...] = (
    kill_ingest,
    kill_alerts,
    kill_database,
    kill_backends,
    kill_broker,
    restart_servers,
    kill_anything,
    cut_lines,
)


def _kill_programs(
    name: str, programs: list[Program], site: Site, chance: random.Random, times: int
) -> Verdict:
    def fault() -> None:
        victim = chance.choice(programs)
        victim.kill()
        before = len(victim.said)
        victim.start()
        until(lambda: _works(victim.said[before:]), f"{victim.command} to work")

    return _under_load(name, site, chance, times, fault)


def _under_load(
    name: str, site: Site, chance: random.Random, times: int, fault: Callable[[], None]
) -> Verdict:
    with _load(site) as publisher:
        for number in range(times):
            time.sleep(chance.uniform(0.05, 0.6))
            fault()
            if number % 5 == 4:
                progress(site)
        progress(site)
        log = publisher.finish()
    return judge(name, times, site, log)


def _works(said: str) -> bool:
    """Whether a process has come as far as it can: a kill before would prove little."""
    return "leading" in said or "standing by" in said


@contextmanager
def _load(site: Site) -> Iterator[Publisher]:
    site.start()
    publisher = Publisher(site.broker.port, PER_S).start()
    progress(site)
    yield publisher
