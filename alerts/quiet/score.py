"""The score of a shift by EEMUA 191 and ISA-18.2 / IEC 62682, each figure beside its target. Pure.

The standards mean these for one operating position over 30 days or more: of a single shift they are
a hint. An alert counts when it wants somebody: as it is raised, and again each time it steps up.
What was found afterwards, or was kept back (shelved, suppressed), called nobody: it does not count.
The standards know three priorities; our four grades are laid on them: blue is low, yellow medium,
orange and red high.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from alerts.quiet.flood import WINDOW, Flood, floods
from alerts.quiet.settings import QuietSettings

PRIORITY = {"blue": "low", "yellow": "medium", "orange": "high", "red": "high"}
TOP = 10
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Call:
    """An alert that wanted somebody. kind: `raised` or `stepped_up`.

    at: when it was recorded, as the officer saw it; event_at: by the readings. acknowledged_at: the
    first time after it that somebody took the alert; ended_at: of the alert.
    """

    alert_id: str
    kind: str
    at: datetime
    event_at: datetime
    grade: str
    rule: str
    subject: str
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.rule, self.subject


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure beside what it should be. value None: nothing to compute it from.

    target: to be aimed at; most: what is still manageable; None where the sources name none.
    """

    code: str
    value: float | None
    target: float | None = None
    most: float | None = None

    @property
    def verdict(self) -> str | None:
        """`met`, `manageable`, `over`; None where there is nothing to compare."""
        if self.value is None or self.target is None:
            return None
        if self.value <= self.target:
            return "met"
        return "manageable" if self.most is not None and self.value <= self.most else "over"


@dataclass(frozen=True, slots=True)
class Score:
    """Of [since, until), as far as it has come. windows: (start, alerts) of each ten minutes."""

    since: datetime
    until: datetime
    figures: tuple[Figure, ...]
    windows: tuple[tuple[datetime, int], ...]
    floods: tuple[Flood, ...]
    top: tuple[tuple[str, str, int], ...]
    grades: dict[str, int]
    priorities: dict[str, float | None]
    flapping: dict[str, tuple[tuple[str, str], ...]]


def score(
    calls: Sequence[Call], stale: int, since: datetime, until: datetime, settings: QuietSettings
) -> Score:
    """calls: those of [since, until); earlier ones tell only what flood lasts at `since`.

    stale: open for too long at `until`. until: not after now.
    """
    times = [call.at for call in calls]
    calls = sorted((call for call in calls if call.at >= since), key=lambda call: call.at)
    windows = _windows([call.at for call in calls], since, until)
    found = _clipped(
        floods(times, until, above=settings.flood_above, below=settings.flood_below), times, since
    )
    flapping = {
        "chattering": _repeated(calls, settings, settings.chatter_within_s),
        "fleeting": _fleeting(calls, settings),
        "flapping": _repeated(calls, settings, settings.flap_within_s),
    }
    top = Counter(call.key for call in calls).most_common(TOP)
    figures = (
        *_rates(len(calls), until - since),
        *_peaks(windows, found, until - since, until),
        *_noise(calls, flapping, stale, sum(count for _, count in top)),
        *_acknowledged(calls),
    )
    grades = Counter(call.grade for call in calls)
    return Score(
        since,
        until,
        figures,
        tuple(windows),
        tuple(found),
        tuple((rule, subject, count) for (rule, subject), count in top),
        {grade: grades[grade] for grade in PRIORITY},
        _priorities(calls),
        flapping,
    )


def to_json(found: Score) -> dict[str, Any]:
    """As the API answers it; names are the caller's to add."""
    return {
        "from": _text(found.since),
        "until": _text(found.until),
        "figures": [
            {
                "code": one.code,
                "value": one.value,
                "target": one.target,
                "most": one.most,
                "verdict": one.verdict,
            }
            for one in found.figures
        ],
        "windows": [{"t": _text(at), "count": count} for at, count in found.windows],
        "floods": [
            {"from": _text(one.since), "to": _text(one.until), "count": one.count}
            for one in found.floods
        ],
        "grades": found.grades,
        "priorities": found.priorities,
    }


def _rates(count: int, length: timedelta) -> tuple[Figure, ...]:
    def each(step: timedelta) -> float | None:
        return count * (step / length) if length > timedelta(0) else None

    return (
        Figure("alerts", count),
        Figure("per_10_min", each(WINDOW), 1, 2),
        Figure("per_hour", each(HOUR), 6, 12),
        Figure("per_day", each(DAY), 150, 300),
    )


def _clipped(found: Sequence[Flood], times: Sequence[datetime], since: datetime) -> list[Flood]:
    """The floods from `since` on; of one that began before, the alerts from there on."""
    kept = [one for one in found if one.until is None or one.until > since]
    if not kept or kept[0].since >= since:
        return kept
    until = kept[0].until
    count = sum(at >= since and (until is None or at < until) for at in times)
    return [Flood(since, until, count), *kept[1:]]


def _peaks(
    windows: Sequence[tuple[datetime, int]],
    found: Sequence[Flood],
    length: timedelta,
    now: datetime,
) -> tuple[Figure, ...]:
    counts = [count for _, count in windows]
    crowded = 100 * sum(count > 10 for count in counts) / len(counts) if counts else None
    flooded = sum(((one.until or now) - one.since for one in found), timedelta(0))
    share = 100 * (flooded / length) if length > timedelta(0) else None
    return (
        Figure("crowded_pct", crowded, 1),
        Figure("most_in_10_min", max(counts, default=None), 10),
        Figure("flood_pct", share, 1),
    )


def _noise(
    calls: Sequence[Call], flapping: dict[str, tuple[tuple[str, str], ...]], stale: int, top: int
) -> tuple[Figure, ...]:
    share = 100 * top / len(calls) if calls else None
    return (
        Figure("chattering", len(flapping["chattering"]), 0),
        Figure("fleeting", len(flapping["fleeting"]), 0),
        Figure("flapping", len(flapping["flapping"])),
        Figure("stale", stale, 4),  # fewer than 5 on any day
        # Of ten different alerts or fewer the share says nothing.
        Figure("top_ten_pct", share, 5 if len({call.key for call in calls}) > TOP else None),
    )


def _acknowledged(calls: Sequence[Call]) -> tuple[Figure, ...]:
    waits = [
        (call.acknowledged_at - call.at).total_seconds() for call in calls if call.acknowledged_at
    ]
    return (
        Figure("acknowledge_median_s", median(waits) if waits else None),
        Figure("acknowledge_worst_s", max(waits, default=None)),
        Figure("unacknowledged", sum(call.acknowledged_at is None for call in calls)),
    )


def _priorities(calls: Sequence[Call]) -> dict[str, float | None]:
    """Shares in per cent; targets are about 80, 15 and 5."""
    counted = Counter(PRIORITY[call.grade] for call in calls)
    return {
        name: 100 * counted[name] / len(calls) if calls else None
        for name in ("low", "medium", "high")
    }


def _windows(
    times: Iterable[datetime], since: datetime, until: datetime
) -> list[tuple[datetime, int]]:
    """Every ten minutes by the clock that the stretch has part in, the empty ones too."""
    counted = Counter(_floor(at) for at in times)
    found = []
    start = _floor(since)
    while start < until:
        found.append((start, counted[start]))
        start += WINDOW
    return found


def _floor(moment: datetime) -> datetime:
    utc = moment.astimezone(UTC)
    return utc.replace(minute=utc.minute // 10 * 10, second=0, microsecond=0)


def _repeated(
    calls: Sequence[Call], settings: QuietSettings, within_s: int
) -> tuple[tuple[str, str], ...]:
    """Rules and subjects that were raised often enough within so many seconds."""
    raised: dict[tuple[str, str], list[datetime]] = {}
    for call in calls:
        if call.kind == "raised":
            raised.setdefault(call.key, []).append(call.event_at)
    apart, within = settings.chatter_raises - 1, timedelta(seconds=within_s)
    found = []
    for key, times in raised.items():
        times.sort()
        if any(last - first <= within for first, last in zip(times, times[apart:], strict=False)):
            found.append(key)
    return tuple(sorted(found))


def _fleeting(calls: Sequence[Call], settings: QuietSettings) -> tuple[tuple[str, str], ...]:
    """Over before anybody could do anything about it."""
    soon = timedelta(seconds=settings.fleeting_s)
    return tuple(
        sorted(
            {
                call.key
                for call in calls
                if call.kind == "raised"
                and call.ended_at is not None
                and call.ended_at - call.event_at < soon
                and (call.acknowledged_at is None or call.acknowledged_at > call.ended_at)
            }
        )
    )


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
