"""The canary: a message of our own that the broker must bring back, a feed of its own.

The leading worker sends it by its own session, and takes it like any message: what stops one (a
right, a lost subscription, a full queue, a walk that hangs) stops the other, and is noticed.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from database.books import CANARY
from database.pool import Connection
from ingest.batch import Letter, Outcome
from sensors.reading import BadPayload

SAVE = """
insert into canary (name, sent_at, received_at, delay_s)
values (%(name)s, %(sent_at)s, %(received_at)s, %(delay_s)s)
on conflict (name, sent_at) do nothing
"""
FORGET = "delete from canary where stored_at < clock_timestamp() - make_interval(days => %(days)s)"
AHEAD = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Song:
    """Who sings, where, and how often."""

    name: str
    topic: str
    every_s: float


def song(root: str, name: str, every_s: float) -> Song | None:
    """None where the site has switched it off."""
    return Song(name, f"{root}/{CANARY}/{name}", every_s) if every_s else None


def encode(now: datetime) -> bytes:
    return json.dumps({"sent": now.isoformat()}).encode()


def decode(payload: bytes, received_at: datetime) -> datetime:
    """When it was sent. Raises BadPayload: somebody else sings on our topic."""
    try:
        sent = datetime.fromisoformat(json.loads(payload)["sent"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadPayload("not_a_canary", "not what our canary sends: {'sent': time}") from error
    if sent.tzinfo is None or sent > received_at + AHEAD:
        raise BadPayload("not_a_canary", f"sent at {sent.isoformat()}, which our clock never said")
    return sent


def save(conn: Connection, letters: Iterable[Letter], now: datetime) -> None:
    """Those that came back in a batch. now: when the batch is walked, by the clock that sent them.

    Never commits.
    """
    for letter in letters:
        if letter.canary is not None:
            values = {
                "name": letter.sender,
                "sent_at": letter.canary,
                "received_at": letter.received_at,
                "delay_s": max(0.0, (now - letter.canary).total_seconds()),
            }
            with conn.cursor() as cursor:
                cursor.execute(SAVE, values)
                if cursor.rowcount:
                    letter.raise_to(Outcome.STORED)


def forget(conn: Connection, days: int) -> None:
    with conn.cursor() as cursor:
        cursor.execute(FORGET, {"days": days})
