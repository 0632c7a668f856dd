"""A message is opened: routed and decoded, and known again where the broker repeats it."""

import difflib
import hashlib
from collections.abc import Sequence
from datetime import datetime

from database.books import CANARY
from database.pool import Connection
from ingest import canary, store
from ingest.batch import Letter, Outcome, Problem
from ingest.columns import read_entries
from ingest.context import Context
from ingest.line.devices import only_own
from ingest.message import Message
from ingest.route import route
from sensors.decoders import FRAME_DECODERS, foreign, observations, status
from sensors.directory import Directory
from sensors.foreign import Foreign
from sensors.reading import BadPayload


def open_letter(message: Message, context: Context) -> Letter:
    """Route and decode; whatever is wrong becomes a problem of the letter, never an exception."""
    letter = Letter(message, context.feed(message))
    if _is_plain(letter, context):
        return letter
    mapping = context.mapping(message.topic)
    try:
        if mapping is not None:
            _decode_foreign(letter, mapping, context)
            return letter
        where = route(message.topic, context.settings.root)
        letter.sender = where.sender
        check_size(message, context.settings.limits.obs_bytes)
        if where.feed == "status":
            letter.online = status.decode(message.payload)
            letter.raise_to(Outcome.STORED)
        elif where.feed == CANARY:
            letter.canary = _decode_canary(letter, context)
        elif where.feed == "obs":
            _decode_observations(letter, context)
        elif where.feed in FRAME_DECODERS:
            decoded = FRAME_DECODERS[where.feed](message.payload, context.directory)
            letter.take(only_own(decoded, where.sender, context.own))
        else:
            letter.refuse(Problem("no_decoder", f"no decoder for feed {where.feed!r} yet; kept"))
    except BadPayload as error:
        letter.refuse(Problem(error.code, str(error)))
    return letter


def _is_plain(letter: Letter, context: Context) -> bool:
    """Read an ordinary observation of a known station; False where somebody must look closer."""
    message = letter.message
    head, _, sender = message.topic.rpartition("/")
    metrics = context.directory.instruments.row.get(sender)
    if metrics is None or head != context.observations_topic:
        return False
    if len(message.payload) > context.settings.limits.obs_bytes:
        return False
    letter.sender, letter.entries = sender, read_entries(message.payload, metrics) or ()
    if message.retain and letter.lacks_time:
        letter.entries = ()
    return bool(letter.entries)


def recognise_redelivered(conn: Connection, client_id: str, letters: Sequence[Letter]) -> None:
    """Give a redelivered message without device time the arrival time it was stored under.

    Its readings then have the keys they had before, and count as duplicates. The first delivery may
    be in this very batch: it waited in the inbox while the connection was lost and made again.
    """
    timeless = [letter for letter in letters if letter.lacks_time]
    again = [letter.message.packet_id for letter in timeless if letter.message.dup]
    if not again:
        return
    known = store.known_deliveries(conn, client_id, again)
    for letter in timeless:
        key = (letter.message.packet_id, digest(letter.message))
        if letter.message.dup:
            letter.received_at = known.get(key, letter.received_at)
        known[key] = letter.received_at


def digest(message: Message) -> bytes:
    """What a message says, in 16 bytes, to tell a redelivery from another with the same id."""
    return hashlib.blake2b(
        message.topic.encode("utf-8", "surrogateescape") + b"\0" + message.payload, digest_size=16
    ).digest()


def unknown_station(code: str, directory: Directory) -> str:
    """The sentence for a sender that config.yaml does not name."""
    near = difflib.get_close_matches(code[:40], directory.stations, n=1)
    remedy = f"did you mean {near[0]}?" if near else "add it to config.yaml, then replay"
    return f"unknown station {code[:60]!r}; {remedy}"


def _decode_observations(letter: Letter, context: Context) -> None:
    if letter.sender not in context.directory.stations:
        raise BadPayload("unknown_station", unknown_station(letter.sender, context.directory))
    letter.take(observations.decode(letter.message.payload, letter.sender))
    _refuse_retained(letter, letter.sender, "send `t` in the message")


def _decode_foreign(letter: Letter, mapping: Foreign, context: Context) -> None:
    message = letter.message
    check_size(message, context.settings.limits.obs_bytes)
    stations = context.directory.stations
    letter.take(foreign.decode(message.payload, message.topic, mapping, stations))
    _refuse_retained(letter, mapping.name, "say where its time lies")


def _refuse_retained(letter: Letter, name: str, remedy: str) -> None:
    """An old value must not be shown as new."""
    if letter.message.retain and letter.lacks_time:
        letter.observations = ()
        raise BadPayload(
            "retained",
            f"{name}: a retained message without a time of its own may be of any age; "
            f"{remedy}, or do not retain it",
        )


def _decode_canary(letter: Letter, context: Context) -> datetime:
    if letter.sender != context.canary:
        raise BadPayload("not_a_canary", f"there is no canary {letter.sender[:40]!r} here")
    return canary.decode(letter.message.payload, letter.received_at)


def check_size(message: Message, most: int) -> None:
    if len(message.payload) > most:
        raise BadPayload(
            "too_large", f"{len(message.payload):,} bytes; at most {most:,} are read as one message"
        )
