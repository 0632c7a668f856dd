"""The walk of a batch: route → decode → vet → derive → judge → save → acknowledge.

News is saved in one transaction: readings, state, judgements, outgoing messages, quarantine and
ledger. What is not news (repeats, corrections, late readings) goes into a second one, because one
late row among live ones makes TimescaleDB invalidate weeks of every series. A message is counted,
and later acknowledged, with the transaction that holds the last of it.
"""

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from alerts.judging import Judge, Runs, judge_batch
from config import did_you_mean
from database.pool import Connection
from ingest import store
from ingest.accounting import account
from ingest.batch import (
    Arrived,
    FeedHour,
    Letter,
    Outcome,
    Problem,
    SeriesRow,
    Settled,
    advanced_rows,
    corrected_rows,
    count_hours,
    hour_of,
    settle,
    split,
)
from ingest.columns import Columns, Pair, gather, one_by_one, part, vet_columns
from ingest.message import Committed, Message
from ingest.route import feed_of, route
from ingest.settings import IngestSettings
from sensors.catalogue import AIR_METRICS, LEVEL
from sensors.decoders import FRAME_DECODERS, observations, status
from sensors.derive import derive, feeds_derived
from sensors.directory import Directory
from sensors.quality import SeriesMemory, vet
from sensors.reading import BadPayload, Observation, Origin, Quality, Reading
from sensors.settings import ClockSettings

SeriesKey = tuple[str, str]
REPLAY = "replay"

# A redelivery follows its connection's end by minutes at most; older entries would be taken for
# somebody else's message once the broker uses the packet id again.
DELIVERY_MEMORY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Context:
    """What the walk needs to know besides the messages."""

    settings: IngestSettings
    clock: ClockSettings
    directory: Directory
    judge: Judge
    client_id: str
    replaying: bool = False

    def feed(self, message: Message) -> str:
        """What a message is counted under; a replay was counted on its real feed before."""
        return REPLAY if self.replaying else feed_of(message.topic, self.settings.root)


def walk(
    conn: Connection,
    context: Context,
    messages: Sequence[Message],
    now: datetime,
    committed: Committed = lambda _: None,
) -> bool:
    """Take a batch all the way into the database; commits, and says so by `committed`.

    now only says how fresh a reading still is. Returns whether there is anything new to show.
    """
    letters = [open_letter(message, context) for message in messages]
    recognise_redelivered(conn, context.client_id, letters)
    _save(conn, context, messages, letters, now, committed)
    return any(letter.outcome is not Outcome.DUPLICATE for letter in letters)


def walk_again(conn: Connection, context: Context, message: Message, now: datetime) -> Letter:
    """Walk one quarantined message under its first arrival time; commits. It is not kept twice."""
    letter = open_letter(message, context)
    _save(conn, context, [message], [letter], now, lambda _: None)
    return letter


def open_letter(message: Message, context: Context) -> Letter:
    """Route and decode; whatever is wrong becomes a problem of the letter, never an exception."""
    letter = Letter(message, context.feed(message))
    try:
        where = route(message.topic, context.settings.root)
        letter.sender = where.sender
        check_size(message, context.settings.limits.obs_bytes)
        if where.feed == "status":
            letter.online = status.decode(message.payload)
            letter.raise_to(Outcome.STORED)
        elif where.feed == "obs":
            _decode_observations(letter, context)
        elif where.feed in FRAME_DECODERS:
            letter.take(FRAME_DECODERS[where.feed](message.payload, context.directory))
        else:
            letter.refuse(Problem("no_decoder", f"no decoder for feed {where.feed!r} yet; kept"))
    except BadPayload as error:
        letter.refuse(Problem(error.code, str(error)))
    return letter


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


def _save(
    conn: Connection,
    context: Context,
    messages: Sequence[Message],
    letters: Sequence[Letter],
    now: datetime,
    committed: Committed,
) -> None:
    """Both transactions; a message is counted, and then let go, with the one that ends it."""
    rest = save_news(conn, context, messages, letters, now)
    waiting = _messages_of(rest)
    committed([message for message in messages if id(message) not in waiting])
    if rest:
        save_rest(conn, context, messages, rest)
        committed([message for message in messages if id(message) in waiting])


def save_news(
    conn: Connection,
    context: Context,
    messages: Sequence[Message],
    letters: Sequence[Letter],
    now: datetime,
) -> list[Arrived]:
    """The transaction of everything that is new; returns what is left for the second one."""
    rows = store.lock_series(conn, _series_of(letters, context.directory))
    columns, strangers = gather(letters, context.directory)
    ordinary, others = part(columns, rows, context.directory, context.clock)
    ordinary, ends = vet_columns(ordinary, rows, context.directory, context.clock)
    odd = one_by_one(others, strangers, letters, context.directory)
    arrived, memories = vet_pairs(odd, rows, context)
    news, rest = split(arrived, rows)
    news, repeated = _with_derived(news, ordinary, rows, context.directory)
    runs = _runs(ordinary, context.directory)
    judge_batch(conn, context.judge, [item.reading for item in news], now, runs)
    store.copy_columns(conn, ordinary)
    store.copy_readings(conn, [item.reading for item in news])
    moved = [*ordinary.advanced(ends), *advanced_rows(news, rows, memories)]
    store.save_series(conn, sorted(moved, key=lambda row: row.series_id))
    counts = _per_letter(ordinary, letters)
    _raise(news, Outcome.STORED)
    _save_statuses(conn, letters)
    _remember_deliveries(conn, context.client_id, letters)
    waiting = _messages_of(rest)
    done = [letter for letter in letters if id(letter.message) not in waiting]
    arrivals = [message for message in messages if id(message) not in waiting]
    _account(conn, context, arrivals, done, readings=counts + _per_hour(news), late={})
    conn.commit()
    return rest + repeated


def save_rest(
    conn: Connection, context: Context, messages: Sequence[Message], rest: Sequence[Arrived]
) -> None:
    """The transaction of what is not news: late readings, corrections, repeats."""
    stations = {context.directory.by_id[item.reading.series_id].station for item in rest}
    rows = store.lock_series(conn, _series_of_stations(stations, context.directory))
    keys = {(item.reading.series_id, item.reading.observed_at) for item in rest}
    settled = settle(rest, store.stored_readings(conn, keys))
    _write(conn, settled, rows)
    _write(conn, _rederived(conn, settled, context.directory), rows)
    _raise(settled.late, Outcome.STORED)
    _raise(settled.revisions, Outcome.REVISED)
    letters = {id(item.letter.message): item.letter for item in rest if item.letter}
    arrivals = [message for message in messages if id(message) in letters]
    late = _per_hour(settled.late)
    _account(conn, context, arrivals, list(letters.values()), readings=late, late=late)
    conn.commit()


def vet_pairs(
    pairs: Iterable[Pair], rows: Mapping[int, SeriesRow], context: Context
) -> tuple[list[Arrived], dict[int, SeriesMemory]]:
    """Observations, in event order, become readings; what vetting refuses becomes a problem."""
    arrived: list[Arrived] = []
    memories = {number: row.memory for number, row in rows.items()}
    for letter, seen in pairs:
        info = context.directory.series.get((seen.station, seen.metric))
        if info is None:
            letter.refuse(_unmeasured(seen, context.directory))
            continue
        memory = memories[info.series_id]
        try:
            reading, memory = vet(seen, letter.received_at, info, memory, context.clock)
        except BadPayload as error:
            letter.refuse(Problem(error.code, str(error)))
            continue
        memories[info.series_id] = memory
        arrived.append(Arrived(reading, letter))
    return arrived, memories


def digest(message: Message) -> bytes:
    """What a message says, in 16 bytes, to tell a redelivery from another with the same id."""
    return hashlib.blake2b(
        message.topic.encode("utf-8", "surrogateescape") + b"\0" + message.payload, digest_size=16
    ).digest()


def _decode_observations(letter: Letter, context: Context) -> None:
    if letter.sender not in context.directory.stations:
        raise BadPayload("unknown_station", unknown_station(letter.sender, context.directory))
    numbers = context.directory.numbers.get(letter.sender, {})
    entries = observations.entries(letter.message.payload)
    if entries and all(entry.values.keys() <= numbers.keys() for entry in entries):
        letter.entries = entries
    else:
        letter.take(observations.decode(letter.message.payload, letter.sender))
    if letter.message.retain and letter.lacks_time:
        letter.entries, letter.observations = (), ()
        raise BadPayload(
            "retained",
            f"{letter.sender}: a retained message without a time of its own may be of any age; "
            "send `t` in the message, or do not retain it",
        )


def check_size(message: Message, most: int) -> None:
    if len(message.payload) > most:
        raise BadPayload(
            "too_large", f"{len(message.payload):,} bytes; at most {most:,} are read as one message"
        )


def _series_of(letters: Iterable[Letter], directory: Directory) -> list[int]:
    """All series of the stations in a batch (derived ones need inputs), in locking order."""
    stations = set()
    for letter in letters:
        if letter.entries:
            stations.add(letter.sender)
        stations.update(seen.station for seen in letter.observations)
    return _series_of_stations(stations, directory)


def _series_of_stations(stations: Iterable[str], directory: Directory) -> list[int]:
    return sorted(
        info.series_id for code in stations for info in directory.by_station.get(code, ())
    )


def _with_derived(
    news: Sequence[Arrived],
    ordinary: Columns,
    rows: Mapping[int, SeriesRow],
    directory: Directory,
) -> tuple[list[Arrived], list[Arrived]]:
    """The news with what is derived from all, in event order; and derived values known before."""
    feeds = [feeds_derived(directory.by_id[number], directory) for number in ordinary.series_ids]
    inputs = ordinary.taken(np.repeat(np.array(feeds, np.bool_), ordinary.sizes))
    inputs = inputs.taken(np.lexsort((inputs.letter, inputs.at)))
    readings = [item.reading for item in news]
    readings += inputs.readings(np.arange(len(inputs)), directory)
    readings.sort(key=lambda reading: reading.observed_at)
    derived = [
        Arrived(reading, None) for reading in derive(readings, _latest(rows, directory), directory)
    ]
    fresh, repeated = split(derived, rows)
    both = sorted([*news, *fresh], key=lambda item: item.reading.observed_at)
    return both, repeated


def _rederived(conn: Connection, settled: Settled, directory: Directory) -> Settled:
    """The storages that follow from late and corrected levels.

    An AQI is not computed anew here: it needs the other five of its hour, which a batch lacks.
    """
    levels = [
        item.reading for item in (*settled.late, *settled.revisions) if item.reading.metric == LEVEL
    ]
    derived = [Arrived(reading, None) for reading in derive(levels, {}, directory)]
    keys = {(item.reading.series_id, item.reading.observed_at) for item in derived}
    return settle(derived, store.stored_readings(conn, keys) if keys else {})


def _write(conn: Connection, settled: Settled, rows: Mapping[int, SeriesRow]) -> None:
    """Late readings, and corrections: a device's older value is kept, a derived one replaced."""
    store.copy_readings(conn, [item.reading for item in settled.late])
    for item in settled.revisions:
        if item.letter is not None:
            store.keep_revision(conn, item.reading, item.letter.message.topic)
        store.replace_reading(conn, item.reading)
    store.save_series(conn, corrected_rows(settled.revisions, rows))


def _messages_of(items: Iterable[Arrived]) -> set[int]:
    """The messages, by their identity, that these readings came in."""
    return {id(item.letter.message) for item in items if item.letter}


def _raise(items: Iterable[Arrived], outcome: Outcome) -> None:
    for item in items:
        if item.letter is not None:
            item.letter.raise_to(outcome)


def _save_statuses(conn: Connection, letters: Iterable[Letter]) -> None:
    for letter in letters:
        if letter.online is not None:
            store.save_status(conn, letter.sender, letter.online, letter.received_at)


def _remember_deliveries(conn: Connection, client_id: str, letters: Iterable[Letter]) -> None:
    timeless = {
        letter.message.packet_id: (digest(letter.message), letter.received_at)
        for letter in letters
        if letter.lacks_time
    }
    if timeless:
        newest = max(at for _, at in timeless.values())
        store.remember_deliveries(conn, client_id, timeless)
        store.forget_deliveries(conn, client_id, newest - DELIVERY_MEMORY)


def _account(
    conn: Connection,
    context: Context,
    messages: Iterable[Message],
    letters: Sequence[Letter],
    readings: Mapping[FeedHour, int],
    late: Mapping[FeedHour, int],
) -> None:
    """Account for messages whose last part is in this transaction; a replay is not kept twice."""
    account(
        conn,
        [(context.feed(message), message.received_at) for message in messages],
        letters,
        keep_bytes=None if context.replaying else context.settings.limits.keep_bytes,
        readings=readings,
        late=late,
    )


def _runs(ordinary: Columns, directory: Directory) -> Runs:
    return Runs(
        ordinary.series_ids,
        ordinary.starts,
        ordinary.value,
        ordinary.quality,
        lambda rows: ordinary.readings(rows, directory),
    )


def _per_letter(ordinary: Columns, letters: Sequence[Letter]) -> Counter[FeedHour]:
    """Count the readings stored by feed and hour; their letters know that they are."""
    counts: Counter[FeedHour] = Counter()
    for letter, count in zip(
        letters, np.bincount(ordinary.letter, minlength=len(letters)).tolist(), strict=True
    ):
        if count:
            letter.raise_to(Outcome.STORED)
            counts[letter.feed, hour_of(letter.received_at)] += count
    return counts


def _per_hour(items: Iterable[Arrived]) -> Counter[FeedHour]:
    return count_hours(
        (item.letter.feed if item.letter else "derived", item.reading.received_at) for item in items
    )


def _latest(rows: Mapping[int, SeriesRow], directory: Directory) -> dict[SeriesKey, Reading]:
    """The newest stored reading of each locked series, for what is derived from several."""
    found = {}
    for series_id, row in rows.items():
        info = directory.by_id[series_id]
        if info.metric not in AIR_METRICS:
            continue
        if row.observed_at is not None and row.received_at is not None:
            found[info.station, info.metric] = Reading(
                series_id,
                info.station,
                info.metric,
                row.observed_at,
                row.received_at,
                row.value,
                row.quality or Quality.GOOD,
                row.origin or Origin.LIVE,
                row.original_at,
            )
    return found


def _unmeasured(seen: Observation, directory: Directory) -> Problem:
    known = sorted(metric for code, metric in directory.series if code == seen.station)
    remedy = did_you_mean(seen.metric, known) if known else "it measures nothing"
    return Problem("not_measured_here", f"{seen.station} has no {seen.metric}; {remedy}")


def unknown_station(code: str, directory: Directory) -> str:
    """The sentence for a sender that config.yaml does not name."""
    near = difflib.get_close_matches(code[:40], directory.stations, n=1)
    remedy = f"did you mean {near[0]}?" if near else "add it to config.yaml, then replay"
    return f"unknown station {code[:60]!r}; {remedy}"
