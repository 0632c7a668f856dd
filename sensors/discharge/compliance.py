"""A limit against what was measured in a period: met, exceeded or undetermined, and why.

`met` is never said of what was not measured: it needs 75 % of the hours or days, valid without
their doubtful readings (the capture rate of HJ 75-2017, from memory, unconfirmed). `exceeded` needs
one that is sound.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum
from typing import Literal

from sensors.discharge.means import HOUR, Judged, Missing
from sensors.discharge.permits import PermitLimit

Verdict = Literal["met", "exceeded", "undetermined"]
Why = Literal[
    "above",  # exceeded: sound means beyond the limit
    "within",  # met
    "nothing_due",  # no whole hour or day of the limit's mean lies in the period
    "no_data",
    "too_little_valid",
    "too_doubtful",  # enough is valid, but not without doubtful readings
    "above_but_doubtful",  # beyond the limit only where readings are doubtful
    "period_unknown",  # a mean that is not computed here
]
LEAST_SHARE = 0.75
HOURLY_S, DAILY_S = 3600, 86400
PERIODS: tuple[int | None, ...] = (None, HOURLY_S, DAILY_S)


@dataclass(frozen=True, slots=True)
class Compliance:
    """One row of the table. Counts are of hours or days; of a limit for each reading, of hours.

    expected: those that owe a value; a 2-hourly analyser owes one every other hour.

    valid: with a valid mean; sound: valid without doubtful readings. over: valid and beyond the
    limit; over_sound: of those, sound. mean: of the valid ones, unweighted. worst: the farthest
    towards or beyond the limit, and when. None where nothing is valid. lacking: why most of those
    without a valid mean have none; None where all are valid.
    """

    limit: PermitLimit
    expected: int
    valid: int
    sound: int
    over: int
    over_sound: int
    mean: float | None
    worst: float | None
    worst_at: datetime | None
    verdict: Verdict
    why: Why
    lacking: Missing | None = None

    @property
    def completeness(self) -> float | None:
        """valid / expected; None where nothing is due."""
        return self.valid / self.expected if self.expected else None


def owed(
    starts: Sequence[datetime],
    measured: Mapping[datetime, Judged],
    interval_s: Callable[[datetime], float],
) -> list[datetime]:
    """Of hours that are due, in order, those in which the analyser has to have a value.

    One that reports hourly or oftener: all. A slower one: every hour with a usable reading, and of
    a silence one hour for each interval that passed in it. Where the hours do not follow on each
    other the count begins anew. interval_s: how often it reported at a time, > 0.
    """
    found: list[datetime] = []
    last = before = None
    for start in starts:
        if last is None or before is None or start != before + HOUR:
            last = start - HOUR
        before = start
        judged = measured.get(start)
        usable = judged is not None and (judged.value is not None or judged.greatest is not None)
        following = last + max(HOUR, timedelta(seconds=interval_s(start)))
        if usable or start >= following:
            found.append(start)
            last = start if usable else following
    return found


def comply(
    limit: PermitLimit, starts: Sequence[datetime], measured: Mapping[datetime, Judged]
) -> Compliance:
    """`starts`: the days that are due (`permits.due`), or hours (`owed`); measured: by their start.

    A limit for each reading: an hour is beyond it where a usable reading is, valid or not.
    """
    if limit.mean_over_s not in PERIODS:
        return Compliance(
            limit, len(starts), 0, 0, 0, 0, None, None, None, "undetermined", "period_unknown"
        )
    found = [judged for start in starts if (judged := measured.get(start)) is not None]
    valid = [judged for judged in found if judged.value is not None]
    seen = [
        (judged, extreme) for judged in found if (extreme := _compared(limit, judged)) is not None
    ]
    over = [judged for judged, extreme in seen if limit.exceeded_by(extreme)]
    worst = _worst(limit, seen)
    counts = (len(starts), len(valid), sum(judged.sound for judged in valid))
    over_sound = sum(_certain(limit, judged) for judged in over)
    verdict, why = _verdict(*counts, len(over), over_sound)
    means = [judged.value for judged in valid if judged.value is not None]
    return Compliance(
        limit,
        *counts,
        len(over),
        over_sound,
        fsum(means) / len(means) if means else None,
        worst[1] if worst else None,
        worst[0].start if worst else None,
        verdict,
        why,
        _lacking(starts, measured),
    )


def _lacking(starts: Sequence[datetime], measured: Mapping[datetime, Judged]) -> Missing | None:
    reasons: list[Missing] = []
    for start in starts:
        judged = measured.get(start)
        if judged is None or judged.value is None:
            reasons.append((judged and judged.reason) or "no_data")
    return Counter(reasons).most_common(1)[0][0] if reasons else None


def _verdict(
    expected: int, valid: int, sound: int, over: int, over_sound: int
) -> tuple[Verdict, Why]:
    if over_sound:
        return "exceeded", "above"
    doubts: tuple[tuple[bool, Why], ...] = (
        (over > 0, "above_but_doubtful"),
        (not expected, "nothing_due"),
        (not valid, "no_data"),
        (valid < LEAST_SHARE * expected, "too_little_valid"),
        (sound < LEAST_SHARE * expected, "too_doubtful"),
    )
    why = next((why for holds, why in doubts if holds), None)
    return ("undetermined", why) if why else ("met", "within")


def _compared(limit: PermitLimit, judged: Judged) -> float | None:
    """What of an hour or day stands against the limit: its mean, or its farthest reading."""
    if limit.mean_over_s is not None:
        return judged.value
    return judged.greatest if limit.side == "upper" else judged.least


def _certain(limit: PermitLimit, judged: Judged) -> bool:
    """Whether what lies beyond the limit is no doubtful reading's doing."""
    return judged.sound if limit.mean_over_s is not None else judged.clean


def _worst(limit: PermitLimit, seen: Sequence[tuple[Judged, float]]) -> tuple[Judged, float] | None:
    if not seen:
        return None
    sign = 1 if limit.side == "upper" else -1
    return max(seen, key=lambda pair: sign * pair[1])
