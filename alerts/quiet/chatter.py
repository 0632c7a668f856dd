"""What would have made one alert of many: a dead-band or a delay, tried by the engine itself. Pure.

Nothing is estimated: each candidate is the rule as it is in force, but for that one setting, and
judges the stored readings over again (`engine.retrace`). A candidate counts only if its first alert
is raised when the first one was: nobody is called later for the sake of quiet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count, pairwise

from alerts.engine import retrace
from alerts.rule import Watch
from sensors.reading import Reading

# Dead-bands are tried in steps of 1, 2 and 5, from the last digit that is shown of the metric.
STEPS = (1.0, 2.0, 5.0)
DECADES = 5
OFF_DELAYS_S = (30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the readings amount to with one setting changed. open_s: how long alerts stood in all.

    value: of the dead-band, in the metric's unit, or of the off-delay, in seconds.
    """

    value: float
    alerts: int
    open_s: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """alerts, open_s: with the rule as it is. dead_band, off_delay_s: the least that makes one
    alert of them; where none of the grid does, the one with the fewest; None: none helps."""

    alerts: int
    open_s: float
    first_raised_at: datetime | None
    dead_band: Trial | None
    off_delay_s: Trial | None


def propose(watch: Watch, run: Sequence[Reading], digits: int) -> Proposal:
    """run: stored readings in event order, from before the first alert to after the last.

    digits: decimals that the metric is shown with.
    """
    now, first = _tried(watch, run, 0.0)
    if now.alerts < 2:
        return Proposal(now.alerts, now.open_s, first, None, None)
    bands = [band for band in _bands(watch, digits) if band > _band(watch)]
    delays = [float(s) for s in OFF_DELAYS_S if s > watch.off_delay.total_seconds()]
    return Proposal(
        now.alerts,
        now.open_s,
        first,
        _least([(band, with_dead_band(watch, band)) for band in bands], run, now, first),
        _least(
            [(s, replace(watch, off_delay=timedelta(seconds=s))) for s in delays], run, now, first
        ),
    )


def with_dead_band(watch: Watch, band: float) -> Watch:
    """The watch as if its rule had this dead-band."""
    limits = tuple(
        tuple(replace(limit, clear=round(limit.beyond - band, 9)) for limit in some)
        for some in watch.limits
    )
    return replace(watch, limits=limits)


def _least(
    candidates: Sequence[tuple[float, Watch]],
    run: Sequence[Reading],
    now: Trial,
    first: datetime | None,
) -> Trial | None:
    best: Trial | None = None
    for value, watch in candidates:
        trial, raised = _tried(watch, run, value)
        if raised != first or trial.alerts >= (best or now).alerts:
            continue
        best = trial
        if best.alerts == 1:
            break
    return best


def _tried(watch: Watch, run: Sequence[Reading], value: float) -> tuple[Trial, datetime | None]:
    numbers = count()
    state, steps = retrace(watch, run, lambda _: str(next(numbers)))
    raised = {step.alert_id: step.at for step in steps if step.kind == "raised"}
    ended = {step.alert_id: step.at for step in steps if step.kind == "ended"}
    if state.alert and run:
        ended[state.alert.id] = run[-1].observed_at
    open_s = sum((ended[one] - at).total_seconds() for one, at in raised.items())
    return Trial(value, len(raised), open_s), min(raised.values(), default=None)


def _band(watch: Watch) -> float:
    """The dead-band that is in force: of the least limit."""
    return max((limit.beyond - limit.clear for some in watch.limits for limit in some), default=0.0)


def _bands(watch: Watch, digits: int) -> list[float]:
    """Ever larger ones, none as large as the gap between two grades (nor as the limit itself)."""
    beyond = sorted({limit.beyond for some in watch.limits for limit in some})
    gaps = [higher - lower for lower, higher in pairwise(beyond)]
    most = min([*gaps, abs(beyond[0]) or float("inf")]) if beyond else 0.0
    unit = 10.0**-digits
    found = [round(unit * step * 10.0**d, digits + 1) for d in range(DECADES) for step in STEPS]
    return [band for band in found if band < most]
