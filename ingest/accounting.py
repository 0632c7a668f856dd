"""What became of messages: quarantine and ledger, in the transaction with the last of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from database.pool import Connection
from ingest import store
from ingest.batch import FeedHour, Letter, Problem, count_hours, ledger_lines, quarantined
from ingest.message import Message
from ingest.route import feed_of
from ingest.settings import IngestSettings

_NONE: Mapping[FeedHour, int] = {}


def account(
    conn: Connection,
    arrivals: Iterable[tuple[str, datetime]],
    letters: Sequence[Letter],
    *,
    keep_bytes: int | None,
    readings: Mapping[FeedHour, int] = _NONE,
    late: Mapping[FeedHour, int] = _NONE,
) -> None:
    """Keep what was refused, and count. keep_bytes: how much of a refused message; None: it is kept
    already.

    What arrived is counted from (feed, arrival time) of the messages themselves, what became of
    them from the letters: a message that got lost in between shows as a gap.
    """
    refused = [] if keep_bytes is None else quarantined(letters, keep_bytes)
    if refused:
        store.add_quarantine(conn, refused)
    store.add_ledger(conn, ledger_lines(count_hours(arrivals), letters, readings, late))


def bury(conn: Connection, settings: IngestSettings, message: Message, error: Exception) -> None:
    """Keep a message that no walk survives; commits. The defect is ours, so it can be replayed."""
    letter = Letter(message, feed_of(message.topic, settings.root, settings.foreign_filters))
    letter.refuse(Problem("internal", f"a defect of ours: {type(error).__name__}: {error}"[:500]))
    arrivals = [(letter.feed, message.received_at)]
    account(conn, arrivals, [letter], keep_bytes=settings.limits.keep_bytes)
    conn.commit()
