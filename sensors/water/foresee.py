"""What follows from hours of a reservoir's readings: rate, time to limit, inflow. Pure.

The same function serves what is stored beside the flow and what is asked for on screen. A reading
that is suspect is left out, unless a person called it valid: one wild value must not make a flood.
Unusual for the season is not doubtful: floods are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite
from statistics import fmean, median

from sensors.reading import VALID_OR_MISSING, Origin, Quality
from sensors.water.balance import Inflow, NoInflow, inflow
from sensors.water.curve import OffTable, Points
from sensors.water.levels import next_above
from sensors.water.outlook import Outlook, outlook
from sensors.water.rise import LONGEST, LONGEST_INTERVALS, Level, Rise, Unknown, rate_of_rise

_HARMLESS = int(Quality.CLIMATE | Quality.MARKED_VALID)


@dataclass(frozen=True, slots=True)
class Sample:
    """One stored reading, suspect or not. original_at: in a replayed recording, its real time."""

    at: datetime
    value: float | None
    quality: Quality = Quality.GOOD
    origin: Origin = Origin.LIVE
    original_at: datetime | None = None

    @property
    def trusted(self) -> bool:
        """Whether a rate may rest on it."""
        bits = int(self.quality)
        called_valid = bits & VALID_OR_MISSING == int(Quality.MARKED_VALID)
        known = self.value is not None and isfinite(self.value)
        return known and (called_valid or not bits & ~_HARMLESS)


@dataclass(frozen=True, slots=True)
class Reservoir:
    """levels: the limits in force, by name, m. outflow_measured: whether it has such a series."""

    interval_s: float
    levels: Mapping[str, float]
    points: Points | None = None
    outflow_measured: bool = False


@dataclass(frozen=True, slots=True)
class Foresight:
    """used: the trusted readings in the window of the outlook's rate; left_out: those that are not.

    rise: over the shortest window that shows it, as the inflow has it; the outlook's own window
    grows with how far it looks ahead. own_time: by the recording's time, not that of its replay.
    """

    outlook: Outlook
    rise: Rise | Unknown
    inflow: Inflow | NoInflow | OffTable | Unknown
    used: tuple[Sample, ...]
    left_out: int
    own_time: bool

    @property
    def origin(self) -> Origin:
        return max((one.origin for one in self.used), default=Origin.LIVE)


def reach_back(interval_s: float) -> timedelta:
    """How far back readings are needed."""
    return max(LONGEST, (LONGEST_INTERVALS + 1) * timedelta(seconds=interval_s))


def foresee(
    samples: Sequence[Sample], outflows: Sequence[Sample], reservoir: Reservoir, now: datetime
) -> Foresight:
    """What the readings up to `now` foretell. samples, outflows: in order of time.

    now: how old the newest may be, nothing else.
    """
    past = [one for one in samples if one.at <= now]
    timed, interval_s, own_time = _own_time(past, reservoir.interval_s)
    late = now - past[-1].at if past else timedelta(0)
    moment = timed[-1].at + late if timed else now
    trusted = [one for one in timed if one.trusted]
    levels = [Level(one.at, one.value) for one in trusted if one.value is not None]
    rise = rate_of_rise(levels, interval_s, moment)
    newest = levels[-1].level_m if levels else None
    name = None if newest is None else next_above(newest, reservoir.levels)
    if name is not None and newest is not None:
        ahead_m = reservoir.levels[name] - newest
        view = rate_of_rise(levels, interval_s, moment, ahead_m)
    else:
        view = rise
    found = outlook(newest, view, reservoir.levels)
    since = view.since if isinstance(view, Rise) else None
    inside = [one for one in timed if since is not None and one.at >= since]
    return Foresight(
        found,
        rise,
        rise if isinstance(rise, Unknown) else _inflow(rise, timed, past, outflows, reservoir),
        tuple(one for one in inside if one.trusted),
        sum(not one.trusted for one in inside),
        own_time,
    )


def _inflow(
    rise: Rise,
    timed: Sequence[Sample],
    past: Sequence[Sample],
    outflows: Sequence[Sample],
    reservoir: Reservoir,
) -> Inflow | NoInflow | OffTable:
    """Outflows are looked up by the times of the replay, which both series share."""
    first = next((real.at for own, real in zip(timed, past[-len(timed) :], strict=True)
                  if own.at >= rise.since), past[-1].at)  # fmt: skip
    inside = [o.value for o in outflows if first <= o.at <= past[-1].at and o.trusted]
    values = [value for value in inside if value is not None]
    return inflow(
        rise,
        reservoir.points,
        fmean(values) if values else None,
        outflow_measured=reservoir.outflow_measured,
    )


def _own_time(samples: Sequence[Sample], interval_s: float) -> tuple[list[Sample], float, bool]:
    """Samples, their interval, and whether they are timed by the recording they come from.

    A replayed recording runs at another pace, and begins anew at its end: what lies before the last
    step back is another run.
    """
    if not samples or samples[-1].original_at is None:
        return list(samples), interval_s, False
    run: list[Sample] = []
    for one in reversed(samples):
        if one.original_at is None or (run and one.original_at >= run[-1].at):
            break
        run.append(replace(one, at=one.original_at))
    run.reverse()
    steps = [(b.at - a.at).total_seconds() for a, b in pairwise(run)]
    return run, median(steps) if steps else interval_s, True
