"""Hourly and daily means of outfalls and stacks: which readings count, and when a mean is valid.

A reading counts where the house averages it (`Quality.usable`): with the HJ 212 flags F, M, D, C, B
(and P) it is missing and never counts; with N it does; with S (set by hand) and T (above the range)
it does, but is doubtful, as is whatever our own tests marked. A person's mark goes before all.

Validity after HJ 75-2017 (stacks) and HJ 356-2019 (water): 45 minutes an hour, 20 of 24 hours a
day. Both are from memory, unconfirmed: `UNCONFIRMED`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, isfinite
from typing import Literal

from sensors.air.means import Mean, hour_mean

Method = Literal["arithmetic", "flow_weighted"]
Missing = Literal["no_data", "too_few_minutes", "too_few_hours", "too_few_flow_hours", "no_flow"]

FLOW = "flow_m3s"
LEAST_MINUTES = 45
LEAST_HOURS, HOURS_A_DAY = 20, 24
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# What no standard at hand confirms, by key of the screens' texts.
UNCONFIRMED = ("valid_hour", "valid_day", "weighting", "capture", "comparison", "oxygen")


@dataclass(frozen=True, slots=True)
class RolledHour:
    """An hour of one series as the roll-up has it. total: readings that came; count: usable ones.

    good: plainly good ones, and those that a person said are valid. sum, least, greatest: of the
    usable ones. interval_s: how often the series was to report then.
    """

    start: datetime
    total: int
    count: int
    good: int
    sum: float | None
    least: float | None
    greatest: float | None
    interval_s: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The mean of an hour or day, as it is compared. value None: not valid, reason says why.

    sound: whether it stands without its doubtful readings. least, greatest: of the readings of an
    hour, clean where none of them is doubtful; None and False of days.
    """

    start: datetime
    value: float | None
    reason: Missing | None
    sound: bool
    least: float | None = None
    greatest: float | None = None
    clean: bool = False


def hour_of(hour: RolledHour) -> Judged:
    """The arithmetic mean of the usable readings of an hour; valid with 45 minutes of them.

    sound: the good readings alone cover 45 minutes. For water too the mean within an hour is
    arithmetic: a roll-up does not know which reading met which flow.
    """
    mean = hour_mean(hour.sum, hour.count, hour.interval_s)
    sound = mean.valid and hour.good >= mean.wanted
    clean = hour.good >= hour.count > 0
    return Judged(hour.start, mean.value, _reason(mean), sound, hour.least, hour.greatest, clean)


def day_of(
    start: datetime,
    hours: Mapping[datetime, Judged],
    interval_s: float,
    flow: Mapping[datetime, Judged] | None = None,
) -> Judged:
    """The mean of the 24 hours from `start`; valid with 20 of them.

    flow: hourly flows, any unit; then each hour weighs by its flow, and needs one. A series that
    reports less often than hourly must have the same share (20 of 24) of what it should have.
    sound: the sound hours alone are enough.
    """
    starts = [start + HOUR * number for number in range(HOURS_A_DAY)]
    wanted = hours_wanted(interval_s)
    valid = [h for at in starts if (h := hours.get(at)) is not None and h.value is not None]
    if len(valid) < wanted:
        return Judged(start, None, "too_few_hours" if valid else "no_data", sound=False)
    if flow is None:
        sound = sum(hour.sound for hour in valid) >= wanted
        return Judged(start, _weighted([(h.value, 1.0) for h in valid]), None, sound)
    both = [(hour, f) for hour in valid if (f := flow.get(hour.start)) and f.value is not None]
    if len(both) < wanted:
        return Judged(start, None, "too_few_flow_hours", sound=False)
    value = _weighted([(hour.value, f.value) for hour, f in both])
    sound = sum(hour.sound and f.sound for hour, f in both) >= wanted
    return Judged(start, value, "no_flow" if value is None else None, sound and value is not None)


def method_of(metric: str, kind: str, *, flow_measured: bool) -> Method:
    """How a daily mean is made: a concentration in water weighs by the flow where that is measured.

    pH, temperatures and whatever goes up a stack are averaged as they are.
    """
    weighs = kind == "discharge" and metric.endswith("_mgl") and flow_measured
    return "flow_weighted" if weighs else "arithmetic"


def hours_wanted(interval_s: float) -> int:
    """How many hours of a day must be valid: 20 of 24, of a slower series the same share."""
    return max(1, ceil(LEAST_HOURS * min(1.0, 3600 / interval_s)))


def _weighted(pairs: Sequence[tuple[float | None, float | None]]) -> float | None:
    """Exact sums, so that a mean at the limit is not tipped over it. None where nothing weighs."""
    known = [(v, w) for v, w in pairs if v is not None and w is not None and isfinite(v + w)]
    parts = [(Fraction(repr(float(v))), Fraction(repr(float(w)))) for v, w in known if w > 0]
    weight = sum(w for _, w in parts)
    return float(sum(v * w for v, w in parts) / weight) if weight else None


def _reason(mean: Mean) -> Missing | None:
    return None if mean.valid else "too_few_minutes" if mean.count else "no_data"
