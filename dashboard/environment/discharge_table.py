"""The compliance table: each limit of each outfall and stack against a period. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dashboard.environment.hours_store import Hours, Measured
from sensors.air.means import hours_of, whole_days, whole_hours
from sensors.discharge.compliance import DAILY_S, Compliance, comply, owed
from sensors.discharge.means import FLOW, Judged, Method, day_of, hour_of, method_of
from sensors.discharge.permits import PermitLimit, due

KINDS = ("discharge", "stack")


@dataclass(frozen=True, slots=True)
class Line:
    """One limit of one series. method: how its means are made; hours are always arithmetic."""

    series: Measured
    method: Method
    compliance: Compliance


def compliance_table(
    series: Sequence[Measured],
    hours: Hours,
    limits: Mapping[int, Sequence[PermitLimit]],
    since: datetime,
    until: datetime,
) -> list[Line]:
    """Of whole hours and Beijing days of [since, until), which must be over; by station.

    Each version or season of a limit that any of them has to meet is a line; where none has to, the
    newest version is, and says so.
    """
    flows = {one.station: one for one in series if one.metric == FLOW}
    lines: list[Line] = []
    for one in series:
        flow = flows.get(one.station)
        of_flow = _judged(hours, flow) if flow else None
        lines += _lines(
            one, _judged(hours, one), of_flow, limits.get(one.series_id, ()), since, until
        )
    return lines


def _lines(
    one: Measured,
    measured: Mapping[datetime, Judged],
    flow: Mapping[datetime, Judged] | None,
    limits: Sequence[PermitLimit],
    since: datetime,
    until: datetime,
) -> Iterable[Line]:
    # What came before anybody said that it was set up shows that it was.
    known_from = min([one.since, *measured])
    starts = [at for at in whole_hours(since, until) if at >= known_from]
    days = [at for day in whole_days(since, until) if (at := hours_of(day)[0]) >= known_from]
    method = method_of(one.metric, one.kind, flow_measured=flow is not None)
    weights = flow if method == "flow_weighted" else None
    by_day = {at: day_of(at, measured, one.interval_s(at), weights) for at in days}
    hourly, daily = due(limits, starts), due(limits, days)
    for limits_of_name in _by_name(limits):
        found = []
        for limit in limits_of_name:
            of_days = limit.mean_over_s == DAILY_S
            line_method: Method = method if of_days else "arithmetic"
            if of_days:
                result = comply(limit, daily[limit], by_day)
            else:
                result = comply(limit, owed(hourly[limit], measured, one.interval_s), measured)
            found.append(Line(one, line_method, result))
        yield from [line for line in found if line.compliance.expected] or found[-1:]


def _by_name(limits: Sequence[PermitLimit]) -> Iterable[list[PermitLimit]]:
    """The versions and seasons of each limit together, as they are ordered: by name, then time."""
    return (list(group) for _, group in groupby(limits, key=lambda limit: limit.name))


def _judged(hours: Hours, one: Measured) -> dict[datetime, Judged]:
    return {at: hour_of(hour) for at, hour in hours.get(one.series_id, {}).items()}
