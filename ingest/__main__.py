"""python -m ingest: from the broker to the database, and what there is to ask and do about it."""

import argparse
import gc
import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import psycopg2

import config
from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.migrate import UnfitDatabase, require_current
from database.pool import Connection, connect, wait_for_start
from database.settings import DatabaseSettings
from database.stopping import Stopping
from ingest import pipeline, snapshots
from ingest.accounting import bury
from ingest.canary import song
from ingest.context import Context
from ingest.door import gateway
from ingest.line import accounts, probe
from ingest.line.devices import own_stations
from ingest.line.security import findings
from ingest.message import Inbox
from ingest.mqtt import Subscriber
from ingest.route import OBSERVATION_FEEDS, PICTURE_FEEDS, filters
from ingest.settings import IngestSettings, WorkerSettings
from ingest.split import overlap
from ingest.upkeep import replay, reports
from ingest.upkeep.foresight import Lookout
from ingest.upkeep.housekeeping import Housekeeper
from ingest.upkeep.marks import Upkeep
from ingest.worker import Work, Worker
from sensors.reservoirs import unusual
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync

log = logging.getLogger("ingest")

# What a site without `workers` has: one that reads everything.
WHOLE = WorkerSettings(name="whole", filters=tuple(f"{feed}/#" for feed in OBSERVATION_FEEDS))
PICTURES = "pictures"
GC_OBJECTS = 100_000
RELOAD_S = 10.0  # as the alerts process does


def import_history(arguments: list[str]) -> int:
    from ingest.imports import command  # noqa: PLC0415 - pyarrow, which the live path does without

    return command.main(arguments, prepare)


PLAIN = {
    "run": "read the broker, store and judge what comes (also without a command)",
    "check": "is config.yaml right, and the line to the broker?",
    "ledger": "did everything that came find its place? Ends with 1 on a gap",
    "quarantine": "what could not be used, and why",
    "replay": "quarantined messages walk again, after a fix",
}
# Commands with arguments of their own.
COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "devices": (accounts.main, "accounts and topic rights at the broker"),
    "broker": (probe.main, "what can be seen of the broker's settings"),
    "gateway": (gateway.main, "the TCP door for HJ 212 and SL 651"),
    "import": (import_history, "a history out of a CSV or Parquet file"),
}


def main() -> int:
    if (own := COMMANDS.get(sys.argv[1] if len(sys.argv) > 1 else "")) is not None:
        return own[0](sys.argv[2:])
    parser = argparse.ArgumentParser(
        prog="python -m ingest",
        description=__doc__,
        epilog=listed(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", nargs="?", choices=PLAIN, default="run", metavar="command", help="see below"
    )
    parser.add_argument("--code", help="replay: only messages quarantined for this reason")
    parser.add_argument("--hours", type=int, default=24, help="ledger: how far back")
    parser.add_argument(
        "--worker",
        action="append",
        metavar="NAME",
        help="run: only this worker of config.yaml, or `pictures`; may be repeated",
    )
    config.add_argument(parser)
    arguments = parser.parse_args()
    settings = config.load_or_exit(arguments.config)
    ingest = settings.section(IngestSettings)
    if unknown := set(arguments.worker or ()) - set(worker_names(ingest)):
        parser.error(f"no worker {min(unknown)!r}; there are {', '.join(worker_names(ingest))}")
    line = findings(ingest.broker, datetime.now(UTC))
    for finding in line:
        print(f"ingest: {finding}", file=sys.stderr)
    broken = any(finding.grade == "wrong" for finding in line)
    if arguments.command == "check":
        for sentence in unusual(settings.raw):
            print(f"ingest: {sentence}", file=sys.stderr)
        print(f"{arguments.config} is right" if not broken else "the line to the broker is not")
        return 2 if broken else 0
    if broken and arguments.command == "run":
        return 1
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if arguments.command == "run":
        wait_for_start(settings.section(DatabaseSettings))
    try:
        conn = prepare(settings)
    except (UnfitDatabase, psycopg2.Error) as error:
        print(f"ingest: {str(error).strip()}", file=sys.stderr)
        return 1
    return perform(conn, settings, arguments)


def listed() -> str:
    """The commands, a line each."""
    rows = [*PLAIN.items(), *((name, f"{what} *") for name, (_, what) in COMMANDS.items())]
    lines = [f"  {name:<11} {what}" for name, what in rows]
    return "\n".join(
        ["commands:", *lines, "\n* has arguments of its own: python -m ingest NAME --help"]
    )


def perform(conn: Connection, settings: config.Config, arguments: argparse.Namespace) -> int:
    """What needs the database; returns the exit status."""
    if arguments.command == "replay":
        return replay.run(conn, lambda conn: contexts(conn, settings), arguments.code)
    if arguments.command == "ledger":
        return reports.ledger(conn, datetime.now(UTC), arguments.hours)
    if arguments.command == "quarantine":
        return reports.quarantine(conn)
    works = [
        work
        for name, work in works_by_name(conn, settings).items()
        if not arguments.worker or name in arguments.worker
    ]
    conn.close()
    look = (settings.section(IngestSettings),)
    threading.Thread(target=probe.glance, args=look, name="glance", daemon=True).start()
    stop = tell_by_mqtt(settings)
    run(works, housekeeper(settings))
    stop.set()
    return 0


def tell_by_mqtt(settings: config.Config) -> threading.Event:
    """Publish alerts for the receivers of that type; the event ends it."""
    stop, alerts = threading.Event(), settings.section(AlertsSettings)
    if any(receiver.type == "mqtt" for receiver in alerts.receivers):
        from ingest.telling import start_senders  # noqa: PLC0415 - with apprise, for those who need it

        database = settings.section(DatabaseSettings)
        broker = settings.section(IngestSettings).broker
        start_senders(
            *(alerts, broker),
            lambda: connect(database, "ingest", application="ingest telling"),
            stop,
        )
    return stop


def prepare(settings: config.Config) -> Connection:
    """A database that fits, with the stations and rules of config.yaml in it."""
    owner = connect(settings.section(DatabaseSettings), "ingest", application="ingest")
    require_current(owner)
    sync(owner, settings.section(SensorsSettings), datetime.now(UTC))
    seed(owner, settings.section(AlertsSettings), datetime.now(UTC))
    owner.commit()
    return owner


def worker_names(ingest: IngestSettings) -> list[str]:
    return [*(worker.name for worker in ingest.workers or (WHOLE,)), PICTURES]


def works_by_name(conn: Connection, settings: config.Config) -> dict[str, Work]:
    """The sessions that share the topics, each known to the broker and to who watches by a name of
    its own."""
    workers = settings.section(IngestSettings).workers or (WHOLE,)
    team = tuple(beat_name(worker) for worker in workers)
    found = {worker.name: observations_work(conn, settings, worker, team) for worker in workers}
    return {**found, PICTURES: pictures_work(conn, settings)}


def topics_of(ingest: IngestSettings, worker: WorkerSettings) -> list[str]:
    """Its topic filters; foreign topics are all the first worker's."""
    own = [f"{ingest.root}/{text}" for text in worker.filters]
    first = worker == (ingest.workers or (WHOLE,))[0]
    return [*own, *(mapping.topic for mapping in ingest.foreign)] if first else own


def beat_name(worker: WorkerSettings) -> str:
    return "ingest" if worker is WHOLE else f"ingest-{worker.name}"


def observation_context(conn: Connection, settings: config.Config) -> Context:
    ingest, directory = settings.section(IngestSettings), load_directory(conn)
    return Context(
        settings=ingest,
        clock=settings.section(SensorsSettings).clock,
        directory=directory,
        judge=Judge.load(conn),
        client_id=ingest.broker.client_id,
        own=own_stations(ingest.devices, directory.stations.values()),
    )


def contexts(conn: Connection, settings: config.Config) -> replay.Contexts:
    """What a replay needs, as the database has it now."""
    return replay.Contexts(observation_context(conn, settings), picture_context(conn, settings))


def picture_context(conn: Connection, settings: config.Config) -> snapshots.PictureContext:
    return snapshots.PictureContext(
        settings.section(IngestSettings),
        settings.section(SensorsSettings).clock,
        load_directory(conn),
    )


def housekeeper(settings: config.Config) -> Callable[[threading.Event], Housekeeper]:
    return lambda stop: Housekeeper(
        lambda: connect(
            settings.section(DatabaseSettings), "ingest", application="ingest housekeeping"
        ),
        lambda conn: contexts(conn, settings),
        settings.section(IngestSettings).keep,
        stop,
    )


class Rules:
    """The walk's context with the rules and limits in force, read anew every few seconds: people
    edit rules, and limits change with the season."""

    def __init__(self, context: Context) -> None:
        self._context, self._read_at = context, time.monotonic()

    def newest(self, conn: Connection) -> Context:
        if time.monotonic() - self._read_at > RELOAD_S:
            self._context = replace(self._context, judge=self._context.judge.newest(conn))
            self._read_at = time.monotonic()
        return self._context


def observations_work(
    conn: Connection, settings: config.Config, worker: WorkerSettings, team: tuple[str, ...]
) -> Work:
    """Everything but pictures, or one worker's part of it, in one session."""
    ingest = settings.section(IngestSettings)
    own = "" if worker is WHOLE else f"-{worker.name}"
    client_id = f"{ingest.broker.client_id}{own}"
    name = beat_name(worker)
    sung = song(ingest.root, name, ingest.canary.every_s)
    context = observation_context(conn, settings)
    rules = Rules(replace(context, client_id=client_id, canary=sung.name if sung else None))
    topics = topics_of(ingest, worker)
    if sung and not any(overlap(topic, sung.topic) for topic in topics):
        topics.append(sung.topic)
    inbox = Inbox(ingest.batch.in_flight, max_bytes=64 * ingest.limits.obs_bytes)
    return Work(
        name=name,
        team=team,
        song=sung,
        subscriber=Subscriber(
            ingest.broker,
            client_id,
            topics,
            inbox,
            ingest.batch.in_flight,
        ),
        inbox=inbox,
        connect=lambda: connect(settings.section(DatabaseSettings), "ingest", application="ingest"),
        walk=lambda conn, messages, now, committed: pipeline.walk(
            conn, rules.newest(conn), messages, now, committed
        ),
        tell=lambda conn, now, settled: pipeline.tell(conn, rules.newest(conn), now, settled),
        bury=lambda conn, message, error: bury(conn, ingest, message, error),
        max_messages=ingest.batch.max_messages,
        max_wait_s=ingest.batch.max_wait_ms / 1000,
    )


def pictures_work(conn: Connection, settings: config.Config) -> Work:
    """Pictures have a session of their own, with a small window: each may be megabytes."""
    ingest = settings.section(IngestSettings)
    context = picture_context(conn, settings)
    inbox = Inbox(ingest.pictures.in_flight, max_bytes=8 * ingest.limits.picture_bytes)
    client_id = f"{ingest.broker.client_id}-pictures"
    return Work(
        name="ingest-pictures",
        subscriber=Subscriber(
            ingest.broker,
            client_id,
            filters(ingest.root, PICTURE_FEEDS),
            inbox,
            ingest.pictures.in_flight,
        ),
        inbox=inbox,
        connect=lambda: connect(
            settings.section(DatabaseSettings), "ingest", application="ingest pictures"
        ),
        walk=lambda conn, messages, now, committed: snapshots.walk_pictures(
            conn, context, messages, now, committed
        ),
        bury=lambda conn, message, error: bury(conn, ingest, message, error),
        max_messages=ingest.pictures.in_flight,
        max_wait_s=0,
    )


def run(works: list[Work], housekeeping: Callable[[threading.Event], Housekeeper]) -> None:
    """Work until SIGTERM or SIGINT; a worker that dies of a bug takes the process with it."""
    asked, stop = Stopping().listen(), threading.Event()
    # A batch is some 50,000 objects, all let go together and hardly ever in a circle: looking for
    # circles after every 700 of them took a sixth of the time.
    gc.freeze()
    gc.set_threshold(GC_OBJECTS)
    threads = [threading.Thread(target=Worker(work, stop).run, name=work.name) for work in works]
    threads.append(threading.Thread(target=Upkeep(works[0].connect, stop).run, name="upkeep"))
    threads.append(threading.Thread(target=Lookout(works[0].connect, stop).run, name="foresight"))
    threads.append(threading.Thread(target=housekeeping(stop).run, name="housekeeping"))
    for thread in threads:
        thread.start()
    while not asked.wait(0.5):
        if not all(thread.is_alive() for thread in threads):
            log.critical("a worker died; leaving so that the supervisor starts us anew")
            break
    stop.set()
    for thread in threads:
        thread.join(timeout=20)


if __name__ == "__main__":
    sys.exit(main())
