"""Camera pictures: found to be real pictures before anything decodes them, timed, stored."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from database.books import REPLAY
from database.pool import Connection
from ingest import store
from ingest.accounting import account
from ingest.batch import (
    Letter,
    Outcome,
    Problem,
    Snapshot,
)
from ingest.context import Kept
from ingest.message import Committed, Message
from ingest.opening import check_size, unknown_station
from ingest.route import feed_of, route
from ingest.settings import IngestSettings
from ingest.upkeep import kept
from sensors.directory import Directory
from sensors.image import inspect
from sensors.reading import BadPayload, Origin
from sensors.settings import ClockSettings

_MILLISECONDS = re.compile(r"^\d{12,14}$")


@dataclass(frozen=True, slots=True)
class PictureContext:
    settings: IngestSettings
    clock: ClockSettings
    directory: Directory


def walk_pictures(
    conn: Connection,
    context: PictureContext,
    messages: Sequence[Message],
    now: datetime,
    committed: Committed = lambda _: None,
) -> bool:
    """Store the pictures of a batch, refuse what is none; commits. Says whether one is new."""
    letters = [_save(conn, context, message) for message in messages]
    root = context.settings.root
    arrivals = [(feed_of(message.topic, root), message.received_at) for message in messages]
    account(conn, arrivals, letters, keep_bytes=context.settings.limits.keep_bytes)
    store.forget_pictures(conn, now - timedelta(days=context.settings.pictures.keep_days))
    conn.commit()
    committed(messages)
    return any(letter.outcome is Outcome.STORED for letter in letters)


def walk_again(conn: Connection, context: PictureContext, message: Message, row: Kept) -> Letter:
    """Walk one quarantined picture; commits. It was counted on its own feed before."""
    letter = _save(conn, context, message)
    letter.feed = REPLAY
    account(conn, [(REPLAY, message.received_at)], [letter], keep_bytes=None)
    kept.mark_replayed(conn, row, [letter])
    conn.commit()
    return letter


def open_snapshot(message: Message, context: PictureContext) -> Snapshot:
    """Route, check and time a picture. Raises BadPayload."""
    where = route(message.topic, context.settings.root)
    camera = context.directory.stations.get(where.sender)
    if camera is None:
        raise BadPayload("unknown_station", unknown_station(where.sender, context.directory))
    if camera.kind != "camera":
        raise BadPayload("not_a_camera", f"{camera.code} is of kind {camera.kind}, not a camera")
    limits = context.settings.limits
    check_size(message, limits.picture_bytes)
    picture = inspect(
        message.payload, limits.picture_pixels, context.settings.pictures.thumbnail_px
    )
    taken_at, source = _taken_at(message, where.rest, picture.exif_time)
    _check_clock(camera.code, taken_at, message.received_at, context.clock)
    return Snapshot(
        station_id=camera.station_id,
        taken_at=taken_at,
        time_source=source,
        received_at=message.received_at,
        origin=camera.origin,
        original_at=picture.exif_time if camera.origin is Origin.RECORDED else None,
        picture=picture,
        content=message.payload,
        sha256=hashlib.sha256(message.payload).digest(),
        released_by="config.yaml" if camera.release == "automatic" else None,
    )


def _save(conn: Connection, context: PictureContext, message: Message) -> Letter:
    letter = Letter(message, feed_of(message.topic, context.settings.root))
    try:
        snapshot = open_snapshot(message, context)
    except BadPayload as error:
        letter.refuse(Problem(error.code, str(error)))
    else:
        if store.save_snapshot(conn, snapshot):
            letter.raise_to(Outcome.STORED)
    return letter


def _taken_at(
    message: Message, rest: tuple[str, ...], exif_time: datetime | None
) -> tuple[datetime, str]:
    """When the picture was taken, by the first of topic, user property, EXIF, arrival."""
    if rest:
        return _from_milliseconds(rest[0]), "topic"
    if message.user_time is not None:
        return _from_property(message.user_time), "property"
    if exif_time is not None:
        return exif_time, "exif"
    if message.retain:
        raise BadPayload(
            "retained", "a retained picture without a time of its own may be of any age"
        )
    return message.received_at, "arrival"


def _from_milliseconds(text: str) -> datetime:
    if not _MILLISECONDS.match(text):
        raise BadPayload(
            "bad_time", f"the topic ends in {text[:40]!r}; expected milliseconds since 1970"
        )
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def _from_property(text: str) -> datetime:
    if _MILLISECONDS.match(text):
        return _from_milliseconds(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadPayload(
            "bad_time", f"the property t is {text[:40]!r}, which is no time"
        ) from error
    if moment.tzinfo is None:
        raise BadPayload("no_zone", f"the property t is {text[:40]!r}, without a zone; add +08:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # the first and the last day of the calendar
        raise BadPayload(
            "bad_time", f"the property t is {text[:40]!r}, which is no time"
        ) from error


def _check_clock(
    camera: str, taken_at: datetime, received_at: datetime, clock: ClockSettings
) -> None:
    if taken_at - received_at > timedelta(seconds=clock.ahead_s):
        raise BadPayload(
            "clock_ahead",
            f"{camera}: taken at {taken_at.isoformat()}, which is ahead of its arrival; "
            "set the camera's clock",
        )
    if received_at - taken_at > timedelta(days=clock.oldest_days):
        raise BadPayload(
            "clock_behind",
            f"{camera}: taken at {taken_at.isoformat()}, more than {clock.oldest_days} days ago; "
            "was the clock reset?",
        )
