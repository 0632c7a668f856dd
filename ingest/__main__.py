"""python -m ingest [run | check | replay]"""

import argparse
import logging
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import psycopg2

import config
from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.migrate import UnfitDatabase, require_current
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from database.stopping import Stopping
from ingest import pipeline, replay, snapshots
from ingest.accounting import bury
from ingest.context import Context
from ingest.message import Inbox
from ingest.mqtt import Subscriber
from ingest.route import OBSERVATION_FEEDS, PICTURE_FEEDS, filters
from ingest.settings import IngestSettings, WorkerSettings
from ingest.worker import Work, Worker
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync

log = logging.getLogger("ingest")

# What a site without `workers` has: one that reads everything.
WHOLE = WorkerSettings(name="whole", filters=tuple(f"{feed}/#" for feed in OBSERVATION_FEEDS))
PICTURES = "pictures"
RELOAD_S = 10.0  # as the alerts process does


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["run", "check", "replay"], default="run")
    parser.add_argument("--code", help="replay: only messages quarantined for this reason")
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
    if arguments.command == "check":
        print(f"{arguments.config} is right")
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        conn = prepare(settings)
    except (UnfitDatabase, psycopg2.Error) as error:
        print(f"ingest: {str(error).strip()}", file=sys.stderr)
        return 1
    if arguments.command == "replay":
        context = replace(observation_context(conn, settings), replaying=True)
        return replay.run(conn, context, arguments.code)
    works = [
        work
        for name, work in works_by_name(conn, settings).items()
        if not arguments.worker or name in arguments.worker
    ]
    conn.close()
    run(works)
    return 0


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


def beat_name(worker: WorkerSettings) -> str:
    return "ingest" if worker is WHOLE else f"ingest-{worker.name}"


def observation_context(conn: Connection, settings: config.Config) -> Context:
    ingest = settings.section(IngestSettings)
    return Context(
        settings=ingest,
        clock=settings.section(SensorsSettings).clock,
        directory=load_directory(conn),
        judge=Judge.load(conn),
        client_id=ingest.broker.client_id,
    )


class Rules:
    """The walk's context with the rules and limits in force, read anew every few seconds: people
    edit rules, and limits change with the season."""

    def __init__(self, context: Context) -> None:
        self._context, self._read_at = context, time.monotonic()

    def newest(self, conn: Connection) -> Context:
        if time.monotonic() - self._read_at > RELOAD_S:
            self._context = replace(self._context, judge=Judge.load(conn))
            self._read_at = time.monotonic()
        return self._context


def observations_work(
    conn: Connection, settings: config.Config, worker: WorkerSettings, team: tuple[str, ...]
) -> Work:
    """Everything but pictures, or one worker's part of it, in one session."""
    ingest = settings.section(IngestSettings)
    own = "" if worker is WHOLE else f"-{worker.name}"
    client_id = f"{ingest.broker.client_id}{own}"
    rules = Rules(replace(observation_context(conn, settings), client_id=client_id))
    inbox = Inbox(ingest.batch.in_flight, max_bytes=64 * ingest.limits.obs_bytes)
    return Work(
        name=beat_name(worker),
        team=team,
        subscriber=Subscriber(
            ingest.broker,
            client_id,
            [f"{ingest.root}/{text}" for text in worker.filters],
            inbox,
            ingest.batch.in_flight,
        ),
        inbox=inbox,
        connect=lambda: connect(settings.section(DatabaseSettings), "ingest", application="ingest"),
        walk=lambda conn, messages, now, committed: pipeline.walk(
            conn, rules.newest(conn), messages, now, committed
        ),
        bury=lambda conn, message, error: bury(conn, ingest, message, error),
        max_messages=ingest.batch.max_messages,
        max_wait_s=ingest.batch.max_wait_ms / 1000,
    )


def pictures_work(conn: Connection, settings: config.Config) -> Work:
    """Pictures have a session of their own, with a small window: each may be megabytes."""
    ingest = settings.section(IngestSettings)
    context = snapshots.PictureContext(
        ingest, settings.section(SensorsSettings).clock, load_directory(conn)
    )
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


def run(works: list[Work]) -> None:
    """Work until SIGTERM or SIGINT; a worker that dies of a bug takes the process with it."""
    asked, stop = Stopping().listen(), threading.Event()
    threads = [threading.Thread(target=Worker(work, stop).run, name=work.name) for work in works]
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
