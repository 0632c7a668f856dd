"""AQI reports of an hour and of a day: which edition, which means, what is missing and why.

HJ 633-2026 since 1 March 2026 (Beijing): six indicators, particles of an hour by its own mean. HJ
633-2012 before: particles of an hour by the mean of 24 hours, ozone by 1 h and by 8 h, and the
pollutants above 100 are named. 2012 has no rule for what is missing; clause 5.3.1 of 2026 is
applied to both, so that no index is low because a pollutant was not measured.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sensors.air.aqi import IN_FORCE_SINCE, Aqi, iaqi, index_of
from sensors.air.aqi_tables import HJ633_2012, HJ633_2026
from sensors.air.limits import TRANSITION_FROM
from sensors.air.means import (
    Mean,
    day_mean,
    greatest_8h_mean,
    hours_of,
    rolling_mean,
)
from sensors.catalogue import AIR_METRICS

# Hourly means of one pollutant by their start; None where not valid.
Hours = Mapping[datetime, float | None]
Mark = Literal["", "NA", "/"]

_SO2, _O3, _PARTICLES = "so2_ugm3", "o3_ugm3", ("pm10_ugm3", "pm25_ugm3")
_NAMES = dict(zip(AIR_METRICS, ("SO2", "NO2", "CO", "O3", "PM10", "PM25"), strict=True))
# A daily 8 h mean with too few windows still counts above the limit of class 2, and IAQI 100.
_O3_8H_LIMIT = 160.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator. item: as the standard's table calls it, such as `PM25_24H`.

    mark: `NA` missing or not valid (mean.reason says why), `/` not in the monitoring plan.
    """

    metric: str
    item: str
    mean: Mean
    iaqi: int | None
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Report:
    """aqi.value None: NA. exceeding: the pollutants above 100, which only 2012 names.

    expected: how many of the six the plan has; known: of how many an index is known.
    """

    kind: Literal["realtime", "daily"]
    standard: str
    aqi: Aqi
    entries: tuple[Entry, ...]
    exceeding: tuple[str, ...]
    expected: int
    known: int

    @property
    def reason(self) -> str | None:
        """Why there is no AQI: `no_data`, or `incomplete` (clause 5.3.1)."""
        if self.aqi.value is not None:
            return None
        return "incomplete" if self.known else "no_data"


@dataclass(frozen=True, slots=True)
class Plan:
    """unplanned: pollutants that the station does not monitor by its plan, shown as `/`.

    waived: those of them that were not primary in polluted air for three years (clause 5.3.2);
    the others stand in the way of an AQI up to 100 as if they were missing.
    """

    unplanned: Collection[str] = ()
    waived: Collection[str] = ()


WHOLE = Plan()


def standard_at(at: datetime) -> str:
    """The edition of HJ 633 in force at a moment."""
    return HJ633_2026 if at >= IN_FORCE_SINCE else HJ633_2012


def standard_on(day: date) -> str:
    """The edition of HJ 633 in force on a Beijing day."""
    return HJ633_2026 if day >= TRANSITION_FROM else HJ633_2012


def realtime_report(hours: Mapping[str, Hours], at: datetime, plan: Plan = WHOLE) -> Report:
    """Of the hour that begins at `at`, from hourly means by metric.

    2012: above 800 µg/m³ SO₂ goes by its 24 h mean (table 1, note). Whether the 8 h mean of ozone
    counts in the AQI of an hour is unconfirmed; it does here.
    """
    standard = standard_at(at)
    entries = []
    for metric in AIR_METRICS:
        series = hours.get(metric, {})
        if standard == HJ633_2012 and metric in _PARTICLES:
            entries.append(_entry(metric, "24H", rolling_mean(series, at, 24), standard, plan))
            continue
        hour = _entry(metric, "1H", _given(series.get(at)), standard, plan)
        entries.append(hour)
        if metric == _SO2 and hour.mean.valid and hour.iaqi is None:
            entries.append(_entry(metric, "24H", rolling_mean(series, at, 24), standard, plan))
        if standard == HJ633_2012 and metric == _O3:
            entries.append(_entry(metric, "8H", rolling_mean(series, at, 8), standard, plan))
    return _report("realtime", standard, entries, plan)


def daily_report(hours: Mapping[str, Hours], day: date, plan: Plan = WHOLE) -> Report:
    """Of a Beijing day, from hourly means by metric; a day that is not over is a part of a day."""
    standard = standard_on(day)
    entries = []
    for metric in AIR_METRICS:
        series = hours.get(metric, {})
        values = [series.get(at) for at in hours_of(day)]
        if metric != _O3:
            entries.append(_entry(metric, "24H", day_mean(values), standard, plan))
            continue
        if standard == HJ633_2012:
            entries.append(_entry(metric, "1H", _greatest_hour(values), standard, plan))
        greatest = greatest_8h_mean(values, _O3_8H_LIMIT)
        entries.append(_entry(metric, "8H", greatest, standard, plan))
    return _report("daily", standard, entries, plan)


def _report(
    kind: Literal["realtime", "daily"], standard: str, entries: list[Entry], plan: Plan
) -> Report:
    indices: dict[str, int] = {}
    for entry in entries:
        if entry.iaqi is not None:
            indices[entry.metric] = max(entry.iaqi, indices.get(entry.metric, 0))
    aqi = index_of(indices, set(plan.waived) & set(plan.unplanned))
    above = tuple(m for m in aqi.iaqi if aqi.iaqi[m] > 100) if standard == HJ633_2012 else ()
    expected = len(set(AIR_METRICS) - set(plan.unplanned))
    return Report(kind, standard, aqi, tuple(entries), above, expected, len(indices))


def _entry(metric: str, period: str, mean: Mean, standard: str, plan: Plan) -> Entry:
    item = f"{_NAMES[metric]}_{period}"
    index = iaqi(item, mean.value, standard)
    if index is not None:
        return Entry(metric, item, mean, index)
    return Entry(metric, item, mean, None, "/" if metric in plan.unplanned else "NA")


def _given(value: float | None) -> Mean:
    """An hourly mean as a mean of one part."""
    return Mean(None, 0, 1, "no_data") if value is None else Mean(value, 1, 1)


def _greatest_hour(values: list[float | None]) -> Mean:
    """The greatest hourly mean of a day; 20 hours make it valid: unconfirmed for this use."""
    known = [value for value in values if value is not None]
    whole = day_mean(values)
    return Mean(max(known), whole.count, whole.wanted) if whole.valid else whole
