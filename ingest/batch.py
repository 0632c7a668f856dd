"""The pure middle of the pipeline: what a batch comes to, before anything is written."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

from ingest.message import Message
from sensors.decoders.decoded import Decoded
from sensors.image import Picture
from sensors.quality import SeriesMemory
from sensors.reading import Observation, Origin, Quality, Reading
from sensors.vetting import NEVER

if TYPE_CHECKING:
    from ingest.columns import Entry

Key = tuple[int, datetime]
FeedHour = tuple[str, datetime]
Name = TypeVar("Name", bound=Hashable)


class Outcome(IntEnum):
    """What became of a message, the strongest part deciding."""

    DUPLICATE = 0
    REVISED = 1
    STORED = 2
    QUARANTINED = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message, or a part of it, could not be used."""

    code: str
    reason: str


@dataclass(slots=True)
class Letter:
    """A message opened: what it says, what was wrong with it, and what became of it.

    entries: what a plain message says, on its way to be columns; its observations are then empty.
    canary: when a canary was sent.
    """

    message: Message
    feed: str
    sender: str = ""
    observations: tuple[Observation, ...] = ()
    entries: "Sequence[Entry]" = ()
    problems: list[Problem] = field(default_factory=list)
    online: bool | None = None
    canary: datetime | None = None
    received_at: datetime = field(init=False)
    outcome: Outcome = Outcome.DUPLICATE

    def __post_init__(self) -> None:
        self.received_at = self.message.received_at

    @property
    def lacks_time(self) -> bool:
        """Whether its readings take the arrival time, so that a redelivery looks like news."""
        for one in self.entries:  # a loop: this is asked of every message, several times
            if one.at == NEVER:
                return True
        return bool(self.observations) and any(one.observed_at is None for one in self.observations)

    def take(self, decoded: Decoded) -> None:
        """What a decoder found: what can be used, and why the rest cannot."""
        self.observations = decoded.observations
        for problem in decoded.problems:
            self.refuse(Problem(problem.code, str(problem)))

    def refuse(self, problem: Problem) -> None:
        self.problems.append(problem)
        self.outcome = Outcome.QUARANTINED

    def raise_to(self, outcome: Outcome) -> None:
        self.outcome = max(self.outcome, outcome)


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A row of series_state: the live end of a series, what vetting remembers, the watermark."""

    series_id: int
    observed_at: datetime | None = None
    value: float | None = None
    quality: Quality | None = None
    revision: int = 0
    origin: Origin | None = None
    received_at: datetime | None = None
    original_at: datetime | None = None
    judged_to: datetime | None = None
    same_since: datetime | None = None
    previous_at: datetime | None = None
    previous_value: float | None = None

    def is_news(self, reading: Reading) -> bool:
        """Whether a reading is newer than everything stored and judged of its series."""
        return self.observed_at is None or reading.observed_at > self.observed_at

    @property
    def memory(self) -> SeriesMemory:
        """What vetting remembers of the series."""
        return SeriesMemory(
            self.observed_at,
            self.value,
            self.quality or Quality.GOOD,
            self.same_since,
            self.previous_at,
            self.previous_value,
            self.received_at,
        )

    def advanced(self, reading: Reading, memory: SeriesMemory) -> "SeriesRow":
        """The row once this reading is its newest and has been judged."""
        return replace(
            self,
            observed_at=reading.observed_at,
            value=reading.value,
            quality=reading.quality,
            revision=0,
            origin=reading.origin,
            received_at=reading.received_at,
            original_at=reading.original_at,
            judged_to=reading.observed_at,
            same_since=memory.same_since,
            previous_at=memory.previous_at,
            previous_value=memory.previous_value,
        )

    def corrected(self, reading: Reading) -> "SeriesRow":
        """The row once its newest reading has been replaced; the watermark stands."""
        return replace(
            self,
            value=reading.value,
            quality=reading.quality,
            revision=self.revision + 1,
            origin=reading.origin,
            received_at=reading.received_at,
            original_at=reading.original_at,
            same_since=reading.observed_at,  # a flat line begins anew with another value
        )


@dataclass(frozen=True, slots=True)
class Arrived:
    """A vetted reading with the letter it came in (None for a derived one)."""

    reading: Reading
    letter: Letter | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture that passed: whose, of when and how that is known, and what it is."""

    station_id: int
    taken_at: datetime
    time_source: str
    received_at: datetime
    origin: Origin
    original_at: datetime | None
    picture: Picture
    content: bytes
    sha256: bytes
    released_by: str | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    message: Message
    feed: str
    code: str
    reason: str
    kept: bytes


@dataclass(slots=True)
class LedgerLine:
    """Counts of one feed and hour. `received` is counted on arrival, the rest by outcome."""

    feed: str
    hour: datetime
    received: int = 0
    stored: int = 0
    duplicate: int = 0
    revised: int = 0
    quarantined: int = 0
    readings: int = 0
    readings_late: int = 0

    @property
    def gap(self) -> int:
        """Messages unaccounted for: must be zero."""
        return self.received - self.stored - self.duplicate - self.revised - self.quarantined


@dataclass(frozen=True, slots=True)
class Settled:
    """What readings that are not news turn out to be, once the stored ones are known."""

    late: tuple[Arrived, ...]
    revisions: tuple[Arrived, ...]
    duplicates: tuple[Arrived, ...]

    @property
    def changed(self) -> list[Reading]:
        """What the database does not have, or has otherwise."""
        return [item.reading for item in (*self.late, *self.revisions)]


def split(
    arrived: Iterable[Arrived], rows: Mapping[int, SeriesRow]
) -> tuple[list[Arrived], list[Arrived]]:
    """News in event order, and the rest: repeats, corrections, late readings.

    A time that comes twice in one batch is news once; the second goes with the rest.
    """
    news: list[Arrived] = []
    rest: list[Arrived] = []
    seen: set[Key] = set()
    for item in sorted(arrived, key=lambda item: item.reading.observed_at):
        key = (item.reading.series_id, item.reading.observed_at)
        if key not in seen and rows[item.reading.series_id].is_news(item.reading):
            news.append(item)
            seen.add(key)
        else:
            rest.append(item)
    return news, rest


def settle(rest: Sequence[Arrived], stored: Mapping[Key, Reading]) -> Settled:
    """Compare what is not news with what is stored; within the batch the last word counts."""
    known = dict(stored)
    late: dict[Key, Arrived] = {}
    revisions: list[Arrived] = []
    duplicates: list[Arrived] = []
    for item in rest:
        key = (item.reading.series_id, item.reading.observed_at)
        before = known.get(key)
        if before is None:
            late[key] = item
        elif same_measurement(before, item.reading):
            duplicates.append(item)
        else:
            revisions.append(item)
        known[key] = item.reading
    return Settled(tuple(late.values()), tuple(revisions), tuple(duplicates))


def same_measurement(a: Reading, b: Reading) -> bool:
    """Whether two readings of one series and moment say the same; arrival does not count."""
    said = Quality.MISSING | Quality.DEVICE
    return a.value == b.value and a.quality & said == b.quality & said


def advanced_rows(
    news: Iterable[Arrived],
    rows: Mapping[int, SeriesRow],
    memories: Mapping[int, SeriesMemory],
) -> list[SeriesRow]:
    """The state rows that news (in event order) moves on, in series order."""
    newest = {item.reading.series_id: item.reading for item in news}
    return [
        rows[number].advanced(reading, memories.get(number, SeriesMemory()))
        for number, reading in sorted(newest.items())
    ]


def corrected_rows(revisions: Iterable[Arrived], rows: Mapping[int, SeriesRow]) -> list[SeriesRow]:
    """The state rows whose newest reading was replaced."""
    corrected: dict[int, SeriesRow] = {}
    for item in revisions:
        row = corrected.get(item.reading.series_id, rows[item.reading.series_id])
        if row.observed_at == item.reading.observed_at:
            corrected[row.series_id] = row.corrected(item.reading)
    return [row for _, row in sorted(corrected.items())]


def count_hours(moments: Iterable[tuple[Name, datetime]]) -> Counter[tuple[Name, datetime]]:
    """How many (name, moment) fall into each name's hours; a batch mostly lies within one."""
    by_name: dict[Name, list[datetime]] = {}
    for name, moment in moments:
        by_name.setdefault(name, []).append(moment)
    found: Counter[tuple[Name, datetime]] = Counter()
    for name, times in by_name.items():
        first, last = hour_of(min(times)), hour_of(max(times))
        if first == last:
            found[name, first] = len(times)
        else:
            found.update((name, hour_of(moment)) for moment in times)
    return found


def ledger_lines(
    received: Mapping[FeedHour, int],
    letters: Iterable[Letter],
    readings: Mapping[FeedHour, int],
    late: Mapping[FeedHour, int],
) -> list[LedgerLine]:
    """One line per feed and hour; what is received and what became of it are counted apart."""
    lines: dict[FeedHour, LedgerLine] = {}

    def add(word: str, counts: Mapping[FeedHour, int]) -> None:
        for key, count in counts.items():
            line = lines.setdefault(key, LedgerLine(*key))
            setattr(line, word, getattr(line, word) + count)

    add("received", received)
    outcomes = count_hours(
        ((letter.feed, letter.outcome), letter.message.received_at) for letter in letters
    )
    for ((feed, outcome), hour), count in outcomes.items():
        add(outcome.word, {(feed, hour): count})
    add("readings", readings)
    add("readings_late", late)
    return list(lines.values())


def hour_of(moment: datetime) -> datetime:
    """The hour a moment falls in, by its start."""
    return moment.replace(minute=0, second=0, microsecond=0)


def quarantined(letters: Iterable[Letter], keep_bytes: int) -> list[Quarantined]:
    """One entry per refused message: its first reason, with the number of further ones."""
    found = []
    for letter in letters:
        if letter.problems:
            first, more = letter.problems[0], len(letter.problems) - 1
            reason = first.reason + (f" (and {more} more)" if more else "")
            kept = letter.message.payload[:keep_bytes]
            found.append(Quarantined(letter.message, letter.feed, first.code, reason, kept))
    return found
