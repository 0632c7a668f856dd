"""Back-tests over the stored readings: read by COPY, series by series, in bounded blocks.

Functions read only and never commit. A block is fetched by its key (series, time), so that memory
and the time of a statement stay bounded however fast a series reports.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic

import numpy as np

from alerts.backtest.block import (
    Block,
    Marked,
    block,
    microseconds_of,
    moment_of,
    said_before,
)
from alerts.backtest.grouped import grouped
from alerts.backtest.run import Episode, Run
from alerts.backtest.summary import SOON_INTERVALS, Really, Summary, summed
from alerts.laying import lay
from alerts.neighbours import NOBODY, Around
from alerts.rule import Watch
from alerts.rule_settings import RuleSettings
from alerts.rulebook import load_ground
from database.pool import Connection
from sensors.catalogue import DERIVED_FROM, STORAGE

ROWS = 200_000  # of a block: 10 MB
_HEADER, _FROM_1970 = 19, 946_684_800_000_000
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        *(("at_length", ">i4"), ("at", ">i8")),
        *(("received_length", ">i4"), ("received", ">i8")),
        *(("value_length", ">i4"), ("value", ">f8")),
        *(("bits_length", ">i4"), ("bits", ">i2")),
        *(("origin_length", ">i4"), ("origin", ">i2")),
    ]
)
# Without a NULL, so that all rows have one shape (no value: NaN).
BLOCK = """
select observed_at, received_at, coalesce(value, 'NaN'), quality, origin from reading
 where series_id = %(series)s and observed_at >= %(since)s and observed_at < %(until)s
 order by observed_at limit %(rows)s
"""
MARKS = """
select (extract(epoch from m.from_at) * 1000000)::bigint,
       coalesce((extract(epoch from m.until_at) * 1000000)::bigint, 9223372036854775807),
       (extract(epoch from m.made_at) * 1000000)::bigint, m.verdict, m.series_id <> t.id
  from mark m
  join series q on q.id = m.series_id
  join series t on t.station_id = q.station_id
   and (t.id = q.id or (q.metric = any(%(sources)s) and t.metric = %(derived)s))
 where t.id = %(series)s and m.verdict <> 'withdrawn'
   and m.from_at < %(until)s and (m.until_at is null or m.until_at > %(since)s)
   and not exists (select from mark w where w.withdraws = m.id)
 order by m.id
"""
HEARD_BEFORE = """
select created_at, exists (select from reading where series_id = q.id and observed_at < %(since)s)
  from series q where id = %(series)s
"""
REALLY = """
select a.id, a.subject, a.began_at, a.ended_at, a.peak_grade, a.found_afterwards
  from alert a join rule r on r.id = a.rule_id
 where r.code = %(code)s and a.raised_at >= %(since)s and a.raised_at < %(until)s
 order by a.raised_at, a.id
"""

Progress = Callable[[float], None]


# Conditions whose past is not kept, and why.
UNTESTABLE = {"offline": "when devices were offline is not kept"}


class Untestable(Exception):
    """Nothing is stored that this condition could be tried on."""


class TooLong(Exception):
    """The back-test was not done within its time."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """readings: that were read; judged: of these, that the engine had to see."""

    code: str
    since: datetime
    until: datetime
    series: int
    readings: int
    judged: int
    seconds: float
    summary: Summary
    episodes: tuple[Episode, ...] = field(repr=False)


def back_test(
    conn: Connection,
    rule: RuleSettings,
    since: datetime,
    until: datetime,
    *,
    within_s: float = 60,
    progress: Progress = lambda _: None,
    now: datetime | None = None,
) -> BackTest:
    """What `rule`, in force or not, would have done with the readings of [since, until), at most
    up to `now`, which is the clock's unless it is given.

    progress: told the share that is done, 0 to 1; what it raises ends the work.
    Raises TooLong, Untestable.
    """
    last = 0.0
    for step in back_testing(conn, rule, since, until, within_s=within_s, now=now):
        if isinstance(step, BackTest):
            return step
        last = step
        progress(last)
    raise AssertionError("it ends with what it found")  # pragma: no cover


def back_testing(
    conn: Connection,
    rule: RuleSettings,
    since: datetime,
    until: datetime,
    *,
    within_s: float = 60,
    now: datetime | None = None,
) -> Iterator[float | BackTest]:
    """The same step by step: shares that are done, then what was found.

    Raises TooLong, Untestable.
    """
    began = monotonic()
    until = max(since, min(until, now or datetime.now(UTC)))  # what is to come is no silence
    if rule.when in UNTESTABLE:
        raise Untestable(f"`when: {rule.when}` cannot be back-tested: {UNTESTABLE[rule.when]}")
    laid = lay(0, 0, rule, load_ground(conn))
    runs = {one.key: Run(one, heard_at=_heard_at(conn, one, since)) for one in laid.watches}
    read, first = 0, microseconds_of(since)
    for number, run in enumerate(runs.values()):
        for part in _blocks(conn, run.watch.series_id or 0, since - _before(run.watch), until):
            run.take(part, _around(conn, run.watch, part))
            read += len(part) - int(np.searchsorted(part.at, first))
            passed = max(0, int(part.at[-1]) - first) / _length(since, until)
            yield (number + passed) / len(runs)
            _in_time(began, within_s, read)
    episodes = [one for run in runs.values() if not run.watch.member for one in run.done(until)]
    for group in laid.groups:
        yield 1.0
        _in_time(began, within_s, read)
        members = [runs[member.key] for member in group.members.values()]
        episodes += grouped(group, members, until)
    episodes.sort(key=lambda each: (each.raised_at, each.subject))
    whole = [*laid.watches, *(group.watch for group in laid.groups)]
    soon = {one.subject: SOON_INTERVALS * one.interval for one in whole}
    summary = summed(episodes, really(conn, rule.code, since, until), until, soon)
    yield BackTest(
        code=rule.code,
        since=since,
        until=until,
        series=len({one.series_id for one in laid.watches}),
        readings=read,
        judged=sum(run.judged for run in runs.values()),
        seconds=monotonic() - began,
        summary=summary,
        episodes=tuple(episodes),
    )


def really(conn: Connection, code: str, since: datetime, until: datetime) -> Sequence[Really]:
    """The alerts that the rule has raised in [since, until), of whatever version."""
    with conn.cursor() as cursor:
        cursor.execute(REALLY, {"code": code, "since": since, "until": until})
        return [Really(*row) for row in cursor.fetchall()]


def _in_time(began: float, within_s: float, read: int) -> None:
    if monotonic() - began > within_s:
        raise TooLong(
            f"not done within {within_s:g} s ({read:,} readings so far); "
            "choose a shorter period or fewer stations"
        )


def _before(watch: Watch) -> timedelta:
    """Of absence, how long before the period counts: what was silent for so long is an alert from
    its begin, as it would be for a rule that is put in force then."""
    return watch.patience if watch.when == "no_data" else timedelta()


def _heard_at(conn: Connection, watch: Watch, since: datetime) -> datetime | None:
    """From when the silence of a series counts: at most since it exists, as it does live."""
    if watch.when != "no_data":
        return None
    since -= _before(watch)
    with conn.cursor() as cursor:
        cursor.execute(HEARD_BEFORE, {"series": watch.series_id, "since": since})
        ((created_at, spoke),) = cursor.fetchall()
    return since if spoke else max(since, created_at)


def _blocks(conn: Connection, series_id: int, since: datetime, until: datetime) -> Iterator[Block]:
    marks = _marks(conn, series_id, since, until)
    while True:
        rows = _rows(conn, series_id, since, until)
        if not len(rows):
            return
        at = rows["at"].astype(np.int64) + _FROM_1970
        yield block(
            at=at,
            received=rows["received"].astype(np.int64) + _FROM_1970,
            value=rows["value"].astype(np.float64),
            bits=rows["bits"].astype(np.int16),
            origin=rows["origin"].astype(np.int16),
            marks=marks,
        )
        if len(rows) < ROWS:
            return
        since = moment_of(int(at[-1]) + 1)


def _around(conn: Connection, watch: Watch, part: Block) -> Around:
    """What the neighbours of the watch, if it has any, read before each reading of this block."""
    near = watch.signal.neighbours if watch.signal else ()
    if not near:
        return NOBODY
    first, last = moment_of(int(part.at[0])), moment_of(int(part.at[-1]))
    said = {
        one.series_id: said_before(_blocks(conn, one.series_id, first - one.age, last), part.at)
        for one in near
    }
    times = {number: own for number, (own, _) in said.items()}
    return Around(times, {number: values for number, (_, values) in said.items()})


def _rows(
    conn: Connection, series_id: int, since: datetime, until: datetime
) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    content = io.BytesIO()
    asked = {"series": series_id, "since": since, "until": until, "rows": ROWS}
    with conn.cursor() as cursor:
        statement = cursor.mogrify(BLOCK, asked).decode()
        cursor.copy_expert(f"copy ({statement}) to stdout (format binary)", content)
    return np.frombuffer(content.getbuffer()[_HEADER:-2], _ROW)


def _marks(conn: Connection, series_id: int, since: datetime, until: datetime) -> list[Marked]:
    asked = {"series": series_id, "since": since, "until": until}
    sources = {"sources": list(DERIVED_FROM[STORAGE]), "derived": STORAGE}
    with conn.cursor() as cursor:
        cursor.execute(MARKS, asked | sources)
        return [Marked(*row) for row in cursor.fetchall()]


def _length(since: datetime, until: datetime) -> float:
    return max(1.0, (until - since) / timedelta(microseconds=1))
