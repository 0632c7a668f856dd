"""The walk of a batch: route → decode → vet → derive → judge → save → acknowledge.

News is saved in one transaction: readings, state, judgements, outgoing messages, quarantine and
ledger. What is not news (repeats, corrections, late readings) goes into a second one, because one
late row among live ones makes TimescaleDB invalidate weeks of every series. A message is counted,
and later acknowledged, with the transaction that holds the last of it.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import numpy as np

from alerts import unjudged
from alerts.afterwards import judge_late
from alerts.judging import judge_batch, tell_untold
from database.pool import Connection
from database.touched import touch
from ingest import canary, store
from ingest.accounting import account
from ingest.append import append
from ingest.batch import (
    Arrived,
    FeedHour,
    Letter,
    Outcome,
    SeriesRow,
    Settled,
    advanced_rows,
    corrected_rows,
    count_hours,
    settle,
    split,
)
from ingest.columns import Columns, moment_of
from ingest.context import Context
from ingest.marked import with_marks
from ingest.message import Committed, Message
from ingest.opening import digest, open_letter, recognise_redelivered
from ingest.plain import (
    feeding,
    locked,
    per_hour,
    series_of,
    sort_out,
    stations_walked_singly,
    to_judge,
    vet_plain,
)
from ingest.singly import vet_singly
from ingest.states import advanced, among, joined, rows_of, states_of
from ingest.upkeep import kept
from ingest.worker import may_pass
from sensors.catalogue import LEVEL
from sensors.derive import derive
from sensors.directory import Directory
from sensors.marks import show_marks
from sensors.reading import Origin, Quality, Reading

log = logging.getLogger(__name__)

SeriesKey = tuple[str, str]

# A redelivery follows its connection's end by minutes at most; older entries would be taken for
# somebody else's message once the broker uses the packet id again.
DELIVERY_MEMORY = timedelta(minutes=10)


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


def tell(conn: Connection, context: Context, now: datetime, settled: bool) -> bool:
    """Tell of the alerts that a backlog left untold; commits. settled: nothing waits."""
    told = tell_untold(conn, context.judge, now, settled=settled)
    conn.commit()
    return bool(told)


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
        save_rest(conn, context, messages, rest, now)
        committed([message for message in messages if id(message) in waiting])


def save_news(
    conn: Connection,
    context: Context,
    messages: Sequence[Message],
    letters: Sequence[Letter],
    now: datetime,
) -> list[Arrived]:
    """The transaction of everything that is new; returns what is left for the second one."""
    directory = context.directory
    columns = Columns.of(letters, directory.instruments.series).in_order()
    stations = stations_walked_singly(letters, columns, directory)
    states = store.lock_series(conn, locked(columns, stations, directory))
    plain, odd = sort_out(columns, letters, states, context)
    rows = rows_of(among(states, {*series_of(stations, directory), *odd.series.tolist()}))
    plain, memory = vet_plain(plain, states, context)
    arrived, memories = vet_singly(letters, odd, rows, context)
    news, rest = split(arrived, rows)
    derived, repeated = _derived(news, plain, rows, directory)
    news = sorted([*news, *derived], key=lambda item: item.reading.observed_at)
    plain, news = with_marks(conn, plain, news)
    readings = [item.reading for item in news]
    with _kept_unjudged(conn, messages, plain, readings):
        news_to_judge = [*readings, *to_judge(conn, plain, states, context, readings)]
        judge_batch(conn, context.judge, news_to_judge, now)
    append(conn, plain.with_(Columns.of_readings(readings)), letters, directory)
    moved = advanced(plain.take(plain.ends()), memory)
    store.save_series(conn, joined(moved, states_of(advanced_rows(news, rows, memories))))
    _raise(news, Outcome.STORED)
    for number in np.unique(plain.letter).tolist():
        letters[number].raise_to(Outcome.STORED)
    _save_statuses(conn, letters)
    canary.save(conn, letters, now)
    _remember_deliveries(conn, context.client_id, letters)
    waiting = _messages_of(rest)
    done = [letter for letter in letters if id(letter.message) not in waiting]
    arrivals = [message for message in messages if id(message) not in waiting]
    counted = _per_hour(news) + per_hour(plain, letters)
    _account(conn, context, arrivals, done, readings=counted, late={})
    conn.commit()
    return rest + repeated


def save_rest(
    conn: Connection,
    context: Context,
    messages: Sequence[Message],
    rest: Sequence[Arrived],
    now: datetime,
) -> None:
    """The transaction of what is not news: late readings, corrections, repeats."""
    stations = {context.directory.by_id[item.reading.series_id].station for item in rest}
    rows = rows_of(store.lock_series(conn, series_of(stations, context.directory)))
    keys = {(item.reading.series_id, item.reading.observed_at) for item in rest}
    settled = settle(rest, store.stored_readings(conn, keys))
    rederived = _rederived(conn, settled, context.directory)
    _write(conn, settled, rows)
    _write(conn, rederived, rows)
    changed = [*settled.changed, *rederived.changed]
    touch(conn, [(reading.observed_at, reading.observed_at) for reading in changed])
    show_marks(conn, [(reading.series_id, reading.observed_at) for reading in changed])
    with _kept_unjudged(conn, messages, Columns.of_readings([]), changed):
        _judge_corrected(conn, context, [*settled.revisions, *rederived.revisions], rows, now)
        judge_late(conn, context.judge, changed, now)
    _raise(settled.late, Outcome.STORED)
    _raise(settled.revisions, Outcome.REVISED)
    letters = {id(item.letter.message): item.letter for item in rest if item.letter}
    arrivals = [message for message in messages if id(message) in letters]
    late = _per_hour(settled.late)
    _account(conn, context, arrivals, list(letters.values()), readings=late, late=late)
    conn.commit()


@contextmanager
def _kept_unjudged(
    conn: Connection, messages: Sequence[Message], plain: Columns, readings: Sequence[Reading]
) -> Iterator[None]:
    """A defect of the judge must not cost readings: those of a message that it fails upon are
    stored unjudged, which is the alert SYSTEM-JUDGE and an error in the log. Of several messages
    the worker finds which it is.
    """
    if len(messages) > 1:
        yield
        return
    with conn.cursor() as cursor:
        cursor.execute("savepoint judging")
        try:
            yield
        except Exception as error:
            if may_pass(error):
                raise
            cursor.execute("rollback to savepoint judging")
            topics = ", ".join(message.topic for message in messages)
            log.exception("the judge fails: what %r brings is stored UNJUDGED", topics)
            of_plain = zip(plain.series.tolist(), map(moment_of, plain.at.tolist()), strict=True)
            of_others = ((one.series_id, one.observed_at) for one in readings)
            unjudged.note(conn, [*of_plain, *of_others], error)


def _judge_corrected(
    conn: Connection,
    context: Context,
    revisions: Iterable[Arrived],
    rows: Mapping[int, SeriesRow],
    now: datetime,
) -> None:
    """The newest reading of a series, corrected, is how things stand: it is judged once more, and
    so is what follows from it. Of several corrections of one reading the last holds."""
    live = {
        item.reading.series_id: item
        for item in revisions
        if rows[item.reading.series_id].observed_at == item.reading.observed_at
    }
    _, marked = with_marks(conn, Columns.of_readings([]), list(live.values()))
    judge_batch(conn, context.judge, [item.reading for item in marked], now, corrected=True)


def _derived(
    news: Sequence[Arrived], plain: Columns, rows: Mapping[int, SeriesRow], directory: Directory
) -> tuple[list[Arrived], list[Arrived]]:
    """What is derived from the news, in event order; and derived values known before."""
    readings = [*(item.reading for item in news), *feeding(plain, directory)]
    readings.sort(key=lambda reading: reading.observed_at)
    derived = derive(readings, _latest(rows, directory), directory)
    return split([Arrived(reading, None) for reading in derived], rows)


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
    store.copy_readings(conn, Columns.of_readings(item.reading for item in settled.late))
    for item in settled.revisions:
        if item.letter is not None:
            store.keep_revision(conn, item.reading, item.letter.message.topic)
        store.replace_reading(conn, item.reading)
    store.save_series(conn, states_of(corrected_rows(settled.revisions, rows)))


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
    if context.kept:
        kept.mark_replayed(conn, context.kept, letters)


def _per_hour(items: Iterable[Arrived]) -> Counter[FeedHour]:
    return count_hours(
        (item.letter.feed if item.letter else "derived", item.reading.received_at) for item in items
    )


def _latest(rows: Mapping[int, SeriesRow], directory: Directory) -> dict[SeriesKey, Reading]:
    """The newest stored reading of each locked series, for what is derived from several."""
    found = {}
    for series_id, row in rows.items():
        info = directory.by_id[series_id]
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
