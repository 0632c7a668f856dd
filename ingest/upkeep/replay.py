"""Quarantined messages walk the pipeline again, after the fix; each once, however often we die.

A replay is a row in `replay_request`: the staff's page and `python -m ingest replay` write it, one
ingest at a time performs it (ingest/upkeep/housekeeping.py).
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from database import lead, replays
from database.heartbeat import wake
from database.pool import Connection
from database.replays import Replay
from ingest import pipeline, snapshots
from ingest.batch import Letter
from ingest.context import Context, Kept
from ingest.message import Message
from ingest.route import PICTURE_FEEDS, feed_of
from ingest.snapshots import PictureContext
from ingest.upkeep import kept
from ingest.upkeep.kept import Request
from ingest.worker import may_pass

log = logging.getLogger(__name__)

RELEASE = "select pg_advisory_unlock_all()"
NOBODY_YET_S = 0.5


@dataclass(frozen=True, slots=True)
class Contexts:
    """What both walks need to know."""

    observations: Context
    pictures: PictureContext


def perform_next(
    conn: Connection, load: Callable[[Connection], Contexts], stop: threading.Event
) -> bool:
    """Perform the oldest open request, if there is one and nobody else is at it; commits.

    load: gives the stations and rules as they are now: a fix is what a replay is asked for.
    """
    request = kept.next_request(conn)
    conn.commit()
    if request is None or not take(conn):
        return False
    try:
        request = kept.next_request(conn)  # the one who held the lock may have finished it
        if request is not None:
            perform(conn, request, load(conn), stop)
    finally:
        release(conn)
    return request is not None


def perform(conn: Connection, request: Request, contexts: Contexts, stop: threading.Event) -> None:
    """Walk each message of a request; what is left when `stop` is set waits for the next start."""
    kept.begin(conn, request)
    conn.commit()
    while waiting := kept.waiting(conn, request):
        for number, message in waiting:
            if stop.is_set():
                return
            refused = _again(conn, contexts, message, Kept(number, request.id))
            request.reached = number
            if refused is not None:
                request.refuse(refused)
            kept.note(conn, request)
            conn.commit()
    kept.finish(conn, request)
    wake(conn)
    conn.commit()


def take(conn: Connection) -> bool:
    """Whether we may; who hangs with the lock loses it."""
    return lead.claim(conn, lead.Lock.REPLAY, "replay")


def release(conn: Connection) -> None:
    """A connection that broke has released it already."""
    if not conn.closed:
        conn.rollback()
        with conn.cursor() as cursor:
            cursor.execute(RELEASE)
        conn.commit()


def run(conn: Connection, load: Callable[[Connection], Contexts], code: str | None) -> int:
    """The command: ask, perform it unless an ingest does, print what became of it. Exit status: 2
    where no quarantined message has the code."""
    try:
        number = replays.ask(conn, code, "python -m ingest replay")
    except replays.NothingToReplay as error:
        print(f"ingest replay: {error}", file=sys.stderr)
        return 2
    conn.commit()
    while (found := replays.find(conn, number)) and found.done_at is None:
        if not perform_next(conn, load, threading.Event()):
            conn.rollback()
            time.sleep(NOBODY_YET_S)
    print(sentence(found) if found else f"the request {number} is gone")
    return 0


def sentence(found: Replay) -> str:
    parts = [f"{n} {word}" for word, n in sorted(found.outcomes.items())]
    if found.refused:
        why = "; ".join(f"{n} x {reason}" for reason, n in found.why.items())
        parts.append(f"{found.refused} refused again: {why}")
    return ", ".join(parts) or "nothing to replay"


def _again(conn: Connection, contexts: Contexts, message: Message, row: Kept) -> str | None:
    """Walk one message; commits. Returns why it is refused again, None where it is not."""
    try:
        letter = _walk(conn, contexts, message, row)
    except Exception as error:
        if may_pass(error):
            raise  # the database is away: the request is taken up again
        conn.rollback()
        log.exception("a quarantined message on %r breaks the walk", message.topic)
        return f"a defect of ours: {type(error).__name__}"
    return letter.problems[0].reason if letter.problems else None


def _walk(conn: Connection, contexts: Contexts, message: Message, row: Kept) -> Letter:
    root = contexts.observations.settings.root
    if feed_of(message.topic, root) in PICTURE_FEEDS:
        return snapshots.walk_again(conn, contexts.pictures, message, row)
    context = replace(contexts.observations, replaying=True, kept=row)
    return pipeline.walk_again(conn, context, message, datetime.now(UTC))
