"""python -m ingest ledger, quarantine: the books, printed."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from database.books import OWN, Sum, canaries, groups, summed
from database.books import ledger as read_ledger
from database.pool import Connection

_HEAD = ("feed", "received", "stored", "duplicate", "revised", "quarantined", "gap")


def ledger(conn: Connection, now: datetime, hours: int) -> int:
    """One line a feed, and each hour that does not balance. Exit status: 1 on a gap."""
    lines = sorted(read_ledger(conn, now - timedelta(hours=hours), now), key=lambda one: one.feed)
    sums = [summed(of_feed, feed) for feed, of_feed in groupby(lines, lambda one: one.feed)]
    total = summed((line for line in lines if line.feed not in OWN), "all feeds")
    shown = sorted(sums, key=lambda one: one.line.feed in OWN)
    _table([_HEAD, *(_cells(one) for one in [*shown, total])])
    print("all feeds: without canary, derived and replay, which are ours or were counted before")
    for canary in canaries(conn):
        age = "never came back" if canary.age_s is None else f"came {canary.age_s:.0f} s ago"
        way = "" if canary.delay_s is None else f", {canary.delay_s:.2f} s on its way"
        print(f"canary {canary.name}: {age}{way}")
    wrong = [line for line in lines if line.gap]
    for line in wrong:
        print(
            f"{line.feed} {line.hour:%Y-%m-%d %H:%M}Z: {line.unaccounted} received without an "
            f"outcome, {line.missing} quarantined that are not there"
        )
    print("NOT BALANCED" if wrong else "balanced")
    return 1 if wrong else 0


def quarantine(conn: Connection) -> int:
    """One line a reason."""
    found = groups(conn)
    if not found:
        print("nothing is quarantined")
        return 0
    head = ("code", "messages", "not replayed", "newest", "feeds", "for example")
    rows = [
        (g.code, f"{g.count:,}", f"{g.waiting:,}", f"{g.newest:%Y-%m-%d %H:%M}Z",
         ",".join(g.feeds), plain(g.example))
        for g in found
    ]  # fmt: skip
    _table([head, *rows])
    return 0


def plain(text: str, most: int = 100) -> str:
    """What a device said, harmless to a terminal."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _cells(one: Sum) -> Sequence[str]:
    line = one.line
    counts = (line.received, line.stored, line.duplicate, line.revised, line.quarantined, one.gap)
    return (line.feed, *(f"{count:,}" for count in counts))


def _table(rows: Iterable[Sequence[str]]) -> None:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = len(rows[0]) - 1
    for row in rows:
        cells = [
            cell.rjust(width) if 0 < at <= numeric and cell[:1].isdigit() else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
