"""What a back-test comes to: how many alerts, which, how long, from bad data. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.backtest.run import Episode
from alerts.grade import GRADES
from alerts.times import BEIJING

# Up again so soon after it ended, an alert chatters: the larger of this and three intervals.
SOON = timedelta(minutes=10)
SOON_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Really:
    """An alert of the rule that there really was, begun in the period."""

    id: str
    subject: str
    began_at: datetime
    ended_at: datetime | None
    peak_grade: str
    found_afterwards: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """alerts: that there really were; both: of the back-tested ones, those that overlap one of
    them; missed: of the real ones, those that overlap none of the back-tested."""

    alerts: int
    both: int
    only_back_tested: int
    missed: int


@dataclass(frozen=True, slots=True)
class Summary:
    """by_month: `2026-11`, Beijing time, of when they were raised. in_alarm: summed over series.

    chatter: alerts that were up again within SOON, or three intervals, of the last one's end.
    """

    alerts: int
    by_bad_data: int
    by_grade: Mapping[str, int]
    by_station: Mapping[str, int]
    by_month: Mapping[str, int]
    longest: Episode | None
    first: Episode | None
    last: Episode | None
    in_alarm: timedelta
    chatter: int
    open_at_end: int
    really: Comparison


def summed(
    episodes: Sequence[Episode],
    really: Sequence[Really],
    until: datetime,
    soon: Mapping[str, timedelta],
) -> Summary:
    """until: the end of the period; soon: of each subject, three of its intervals."""
    in_order = sorted(episodes, key=lambda one: (one.raised_at, one.subject))
    grades = Counter(one.peak_grade for one in episodes)
    return Summary(
        alerts=len(episodes),
        by_bad_data=sum(one.by_bad_data for one in episodes),
        by_grade={grade: grades[grade] for grade in reversed(GRADES) if grades[grade]},
        by_station=dict(sorted(Counter(one.station for one in episodes).items())),
        by_month=dict(
            sorted(
                Counter(f"{one.raised_at.astimezone(BEIJING):%Y-%m}" for one in episodes).items()
            )
        ),
        longest=max(in_order, key=lambda one: one.length(until), default=None),
        first=in_order[0] if in_order else None,
        last=in_order[-1] if in_order else None,
        in_alarm=sum((one.length(until) for one in episodes), timedelta()),
        chatter=_chatter(in_order, soon),
        open_at_end=sum(one.ended_at is None for one in episodes),
        really=_compared(episodes, really, until),
    )


def _chatter(in_order: Iterable[Episode], soon: Mapping[str, timedelta]) -> int:
    ended: dict[str, datetime] = {}
    found = 0
    for one in in_order:
        before = ended.get(one.subject)
        found += before is not None and one.raised_at - before <= max(
            SOON, soon.get(one.subject, SOON)
        )
        if one.ended_at:
            ended[one.subject] = one.ended_at
    return found


def _compared(episodes: Sequence[Episode], really: Sequence[Really], until: datetime) -> Comparison:
    tested, real = _by_subject(episodes), _by_subject(really)
    both = sum(_meets_any(one, real.get(one.subject, ()), until) for one in episodes)
    missed = sum(not _meets_any(one, tested.get(one.subject, ()), until) for one in really)
    return Comparison(len(really), both, len(episodes) - both, missed)


_One = TypeVar("_One", Episode, Really)


def _by_subject(some: Iterable[_One]) -> dict[str, list[_One]]:
    found: dict[str, list[_One]] = {}
    for one in some:
        found.setdefault(one.subject, []).append(one)
    return found


def _meets_any(one: Episode | Really, others: Iterable[Episode | Really], until: datetime) -> bool:
    end = one.ended_at or until
    return any(
        other.began_at <= end and one.began_at <= (other.ended_at or until) for other in others
    )
