"""Exceedance of GB 3095 over a stretch of days: the rows of the table, and its years. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sensors.air.exceedance import (
    PERCENTILES,
    Exceedance,
    Year,
    daily_values,
    exceedance,
    percentile,
    year_of,
)
from sensors.air.limits import Averaging, Class, edition_on, limit_of
from sensors.air.means import by_day, hours_of
from sensors.catalogue import AIR_METRICS

Hours = Mapping[str, Mapping[datetime, float | None]]
Daily = Mapping[str, Mapping[date, float | None]]

AVERAGES: dict[str, str] = {"1h": "1 h", "8h": "greatest 8 h of a day", "daily": "day"}
_O3 = "o3_ugm3"


@dataclass(frozen=True, slots=True)
class Row:
    """One limit. percentile: of the valid days, as written of a whole year; None by the hour."""

    metric: str
    figures: Exceedance[Any]
    percentile_pct: int | None = None
    percentile: float | None = None


def daily_of(hours: Hours, days: Sequence[date], air_class: Class) -> Daily:
    """What each day counts as, by pollutant: made once, for the rows and the years."""
    return {
        metric: daily_values(metric, by_day(hours[metric], days), _ozone_limit(metric, air_class))
        for metric in AIR_METRICS
        if metric in hours
    }


def exceedances(
    hours: Hours,
    daily: Daily,
    days: Sequence[date],
    air_class: Class,
    edition: str | None = None,
) -> list[Row]:
    """Each limit by the hour and the day, of each edition that was in force.

    daily: `daily_of` the same hours. edition None: each day by the edition in force on it; else
    all by that one.
    """
    rows: list[Row] = []
    for of, some in _by_edition(days, edition):
        for metric, values in daily.items():
            of_days = {day: values[day] for day in some}
            rows += _of(metric, hours[metric], of_days, air_class, of)
    return rows


def years(
    daily: Daily, days: Sequence[date], air_class: Class, edition: str | None = None
) -> list[tuple[str, Year]]:
    """(metric, figures) of each calendar year that lies wholly within the days."""
    whole = [
        year
        for year in sorted({day.year for day in days})
        if days[0] <= date(year, 1, 1) and date(year, 12, 31) <= days[-1]
    ]
    return [
        (metric, year_of(metric, values, year, air_class, edition))
        for metric, values in daily.items()
        for year in whole
    ]


def _of(
    metric: str,
    hours: Mapping[datetime, float | None],
    of_days: Mapping[date, float | None],
    air_class: Class,
    edition: str,
) -> list[Row]:
    rows: list[Row] = []
    if by_hour := limit_of(metric, "1h", air_class, edition):
        values = {at: hours.get(at) for day in of_days for at in hours_of(day)}
        rows.append(Row(metric, exceedance(values, by_hour)))
    averaging: Averaging = "8h" if metric == _O3 else "daily"
    if of_day := limit_of(metric, averaging, air_class, edition):
        share = PERCENTILES[metric]
        figures = exceedance(of_days, of_day)
        rows.append(Row(metric, figures, share, percentile(of_days.values(), share)))
    return rows


def _by_edition(days: Sequence[date], edition: str | None) -> list[tuple[str, list[date]]]:
    groups: dict[str, list[date]] = {}
    for day in days:
        groups.setdefault(edition or edition_on(day), []).append(day)
    return list(groups.items())


def _ozone_limit(metric: str, air_class: Class) -> float | None:
    """The 8 h limit of ozone is the same in all editions."""
    limit = limit_of(metric, "8h", air_class, edition_on(date.max)) if metric == _O3 else None
    return limit.value if limit else None
