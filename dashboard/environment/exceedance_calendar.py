"""52 weeks of days against a limit: within, up to 1.25 times, up to 1.5 times, more. Pure.

Air by the daily means of GB 3095 (class 2, the edition in force on each day), ozone by its greatest
8 h mean. Outfalls and stacks by the mean that their permit is for. All else by each day's greatest
(of lower limits: least) usable reading. A day that is not valid has no step; one that exceeded has,
whatever of it is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from dashboard.environment.air_tables import daily_of
from dashboard.environment.thresholds import Bound, base_of, share
from dashboard.text import text
from sensors.air.aqi import as_written
from sensors.air.limits import AirLimit, Averaging, edition_on, limit_of
from sensors.air.means import Mean, by_day, eight_hour_mean, hour_mean, hours_of
from sensors.catalogue import AIR_METRICS
from sensors.discharge.means import (
    FLOW,
    Judged,
    RolledHour,
    day_of,
    hour_of,
    hours_wanted,
    method_of,
)

WEEKS = 52
STEPS = (1.0, 1.25, 1.5)  # times the limit; above the last: the darkest
Basis = Literal["air_daily", "air_8h", "daily_mean", "hourly_mean", "reading"]
Hours = Mapping[datetime, RolledHour]
BoundsOn = Callable[[date], Sequence[Bound]]
HOURLY_S, DAILY_S = 3600, 86400


@dataclass(frozen=True, slots=True)
class Day:
    """value: in the metric's unit, None where not valid, reason says why. limit: that of this day,
    None where none is in force. step: 0 within to 3; None where it cannot be said. times: of the
    limit, by which the step is. running: it is not over, and counts nowhere."""

    day: date
    value: float | None
    limit: float | None = None
    side: Literal["upper", "lower"] = "upper"
    times: float | None = None
    reason: str | None = None
    running: bool = False

    @property
    def step(self) -> int | None:
        if self.times is None:
            return None
        return sum(self.times > step for step in STEPS)


@dataclass(frozen=True, slots=True)
class Calendar:
    """exceeded, valid: whole days. limit: the newest that was used."""

    basis: Basis
    days: tuple[Day, ...]
    limit: Bound | None = None

    @property
    def exceeded(self) -> int:
        return sum(bool(day.step) for day in self.days if not day.running)

    @property
    def valid(self) -> int:
        return sum(day.step is not None for day in self.days if not day.running)


def _begun(days: Sequence[Day], hours: Hours) -> tuple[Day, ...]:
    """Days before the first reading are not invalid: there was nothing to be valid."""
    first = min(hours, default=None)
    return tuple(
        replace(day, reason="before")
        if day.step is None and (first is None or hours_of(day.day)[-1] < first)
        else day
        for day in days
    )


def span_of(today: date) -> tuple[date, ...]:
    """52 weeks from a Monday on, up to today."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    return tuple(first + timedelta(days=n) for n in range((today - first).days + 1))


def basis_of(metric: str, kind: str, bounds: Sequence[Bound]) -> Basis:
    if metric in AIR_METRICS and kind == "air":
        return "air_8h" if metric == "o3_ugm3" else "air_daily"
    lengths = {bound.mean_s for bound in bounds}
    if kind in ("discharge", "stack") and DAILY_S in lengths:
        return "daily_mean"
    return "reading" if None in lengths or HOURLY_S not in lengths else "hourly_mean"


def air_calendar(metric: str, hours: Hours, days: Sequence[date]) -> Calendar:
    """Of a pollutant of GB 3095, at a station of class 2."""
    means = {at: hour_mean(h.sum, h.count, h.interval_s) for at, h in hours.items()}
    values = {at: mean.value for at, mean in means.items()}
    whole = daily_of({metric: values}, days[:-1], 2)[metric]
    averaging: Averaging = "8h" if metric == "o3_ugm3" else "daily"
    found = [_of_air(day, whole[day], limit_of(metric, averaging, 2, edition_on(day)))
             for day in days[:-1]]  # fmt: skip
    limit = limit_of(metric, averaging, 2, edition_on(days[-1]))
    so_far = _so_far(metric, by_day(values, days[-1:])[days[-1]])
    found.append(_of_air(days[-1], so_far, limit, running=True))
    bound = _bound(limit) if limit else None
    return Calendar("air_8h" if averaging == "8h" else "air_daily", _begun(found, hours), bound)


def _bound(limit: AirLimit) -> Bound:
    length_s = DAILY_S if limit.averaging == "daily" else 8 * HOURLY_S
    label = (text("zh")(limit.edition), limit.edition)
    return Bound(limit.value, 1, label, length_s, source=limit.edition)


def _so_far(metric: str, hours: Sequence[float | None]) -> float | None:
    """Of a day that runs: the mean of the hours there are, of ozone the greatest 8 h mean."""
    known = [value for value in hours if value is not None]
    if not known:
        return None
    if metric != "o3_ugm3":
        return round(sum(known) / len(known), 9)
    windows: list[Mean] = [eight_hour_mean(hours[n : n + 8]) for n in range(17)]
    return max((w.value for w in windows if w.value is not None), default=None)


def _of_air(
    day: date, value: float | None, limit: AirLimit | None, *, running: bool = False
) -> Day:
    if limit is None:
        return Day(day, value, reason="no_limit", running=running)
    written = as_written(limit.pollutant, value)
    if written is None:
        return Day(day, None, limit.value, reason="too_little", running=running)
    return Day(day, value, limit.value, times=float(written) / limit.value, running=running)


def limit_calendar(
    metric: str,
    kind: str,
    hours: Hours,
    flow: Hours | None,
    days: Sequence[date],
    bounds_on: BoundsOn,
    now_near: Bound | None,
    interval_s: float,
    span: tuple[float, float],
) -> Calendar:
    """Against the limits of rules and permits, each day by the season that it lies in.

    now_near: the limit that matters now, where no rule says which. flow: of an outfall, by which
    its concentrations are weighed. span: what the instrument can report.
    """
    basis = basis_of(metric, kind, bounds_on(days[-1]))
    judged = {at: hour_of(hour) for at, hour in hours.items()}
    weights = _weights(metric, kind, flow)
    found: list[Day] = []
    used: Bound | None = None
    for day in days:
        bounds = bounds_on(day)
        guards = _guards(bounds, basis, now_near)
        running = day == days[-1]
        value = _values(day, judged, weights, basis, interval_s, running=running)
        one, bound = _judge(metric, day, guards, bounds, value, span, running=running)
        found.append(one)
        used = bound or used
    return Calendar(basis, _begun(found, hours), used)


def _weights(metric: str, kind: str, flow: Hours | None) -> Mapping[datetime, Judged] | None:
    if flow is None or method_of(metric, kind, flow_measured=True) != "flow_weighted":
        return None
    return {at: hour_of(hour) for at, hour in flow.items()}


def flow_metric(metric: str, kind: str) -> str | None:
    """What the daily means of a series weigh by, where its station measures it."""
    weighs = method_of(metric, kind, flow_measured=True) == "flow_weighted"
    return FLOW if weighs else None


def _guards(bounds: Sequence[Bound], basis: Basis, near: Bound | None) -> list[Bound]:
    """One a side: the first by which a rule judges; else the first of the permit or station."""
    length = {"daily_mean": DAILY_S, "hourly_mean": HOURLY_S}.get(basis)
    fitting = [b for b in bounds if b.mean_s == length]
    found = []
    for sign in (1, -1):
        side = [b for b in fitting if b.sign == sign]
        judged = [b for b in side if b.rule]
        # Marks of a station are steps on a scale (the dead level is no exceedance): of these the
        # one that matters now; a permit's are all limits.
        marks = side if length is not None else [b for b in side if b == near]
        if some := judged or marks:
            found.append(min(some, key=lambda b: b.sign * b.value))
    return found


@dataclass(frozen=True, slots=True)
class _Found:
    """What a day came to: greatest and least that count; valid: enough of it is known."""

    greatest: float | None
    least: float | None
    valid: bool


def _values(
    day: date,
    hours: Mapping[datetime, Judged],
    flow: Mapping[datetime, Judged] | None,
    basis: Basis,
    interval_s: float,
    *,
    running: bool,
) -> _Found:
    starts = hours_of(day)
    some = [hours[at] for at in starts if at in hours]
    if basis == "daily_mean" and not running:
        mean = day_of(starts[0], hours, interval_s, flow).value
        return _Found(mean, mean, mean is not None)
    valid = [hour for hour in some if hour.value is not None]
    enough = len(valid) >= hours_wanted(interval_s)
    if basis == "reading":
        top = max((h.greatest for h in some if h.greatest is not None), default=None)
        low = min((h.least for h in some if h.least is not None), default=None)
        return _Found(top, low, enough)
    means = [hour.value for hour in valid if hour.value is not None]
    if basis == "daily_mean":
        mean = sum(means) / len(means) if means else None
        return _Found(mean, mean, enough)
    return _Found(max(means, default=None), min(means, default=None), enough)


def _judge(
    metric: str,
    day: date,
    guards: Sequence[Bound],
    bounds: Sequence[Bound],
    found: _Found,
    span: tuple[float, float],
    *,
    running: bool,
) -> tuple[Day, Bound | None]:
    """By the side that is worse."""
    worst: tuple[float, float, Bound] | None = None
    for bound in guards:
        value = found.greatest if bound.sign > 0 else found.least
        if value is not None:
            times = share(metric, bound, value, base_of(metric, bounds, span, bound))
            worst = max(worst or (-1.0, 0.0, bound), (times, value, bound), key=lambda w: w[0])
    if not guards:
        return Day(day, found.greatest, reason="no_limit", running=running), None
    if worst is None:
        return Day(day, None, guards[0].value, reason="no_data", running=running), guards[0]
    times, value, bound = worst
    side: Literal["upper", "lower"] = "upper" if bound.sign > 0 else "lower"
    if times <= 1 and not found.valid and not running:
        return Day(day, value, bound.value, side, reason="too_little"), bound
    return Day(day, value, bound.value, side, times, running=running), bound
