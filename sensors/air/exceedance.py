"""Statistics of air against GB 3095: how much was valid, how often above, by how much.

Concentrations are compared as they are written (whole µg/m³, CO to a tenth of a mg/m³, halves to
the even neighbour), so that a day above the daily limit of class 2 is a day whose IAQI is above
100. That rounding comes before comparing, the percentiles and the multiple follow HJ 663-2013,
which could not be read here: from memory, unconfirmed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import floor, isfinite
from typing import Generic, TypeVar

from sensors.air.aqi import as_written
from sensors.air.limits import AirLimit, Class, edition_on, limit_of
from sensors.air.means import day_mean, greatest_8h_mean, year_mean

# The percentile of a year's daily values that is compared with the daily limit, %.
PERCENTILES = {
    "so2_ugm3": 98,
    "no2_ugm3": 98,
    "co_mgm3": 95,
    "o3_ugm3": 90,
    "pm10_ugm3": 95,
    "pm25_ugm3": 95,
}
# What the figures here rest on that no standard at hand confirms, by key of the screens' texts.
UNCONFIRMED = ("percentiles", "multiple", "rounding", "ozone_windows")

T = TypeVar("T", date, datetime)
Days = dict[date, tuple[float | None, ...]]


@dataclass(frozen=True, slots=True)
class Exceedance(Generic[T]):
    """Values of one averaging period against one limit.

    expected: hours or days of the period; valid: those with a valid mean; over: those above. rate:
    over / valid. multiple: by how many times its limit the greatest was above it, (C − S) / S (超标
    倍数). All None where nothing is valid; multiple also where nothing was above.
    """

    limit: AirLimit
    expected: int
    valid: int
    over: int
    rate: float | None
    greatest: float | None
    greatest_at: T | None
    multiple: float | None


def exceedance(values: Mapping[T, float | None], limit: AirLimit) -> Exceedance[T]:
    """Every hour or day that should be counts as a key; None is one without a valid mean."""
    known = {
        at: float(written)
        for at, value in values.items()
        if (written := as_written(limit.pollutant, value)) is not None
    }
    if not known:
        return Exceedance(limit, len(values), 0, 0, None, None, None, None)
    over = sum(value > limit.value for value in known.values())
    at = max(known, key=lambda key: known[key])
    greatest = known[at]
    multiple = (greatest - limit.value) / limit.value if over else None
    return Exceedance(
        limit, len(values), len(known), over, over / len(known), greatest, at, multiple
    )


def percentile(values: Iterable[float | None], share_pct: float) -> float | None:
    """The percentile by linear interpolation between ranks, k = 1 + (n − 1) · p (HJ 663-2013 A).

    Of the known values; None without any. Raises ValueError outside 0 to 100 %.
    """
    if not 0 <= share_pct <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {share_pct}")
    known = sorted(value for value in values if value is not None and isfinite(value))
    if not known:
        return None
    rank = (len(known) - 1) * share_pct / 100
    below = floor(rank)
    above = min(below + 1, len(known) - 1)
    return known[below] + (known[above] - known[below]) * (rank - below)


def daily_values(
    pollutant: str, days: Days, limit: float | None = None
) -> dict[date, float | None]:
    """What a day counts as: its mean, of ozone the greatest 8 h mean; None where not valid.

    limit: of ozone, above which too few windows are enough (`greatest_8h_mean`).
    """
    if pollutant == "o3_ugm3":
        return {day: greatest_8h_mean(hours, limit).value for day, hours in days.items()}
    return {day: day_mean(hours).value for day, hours in days.items()}


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year against the annual limit, and its percentile against the daily one.

    mean: None where not valid by table 4, with reason. over: whether mean or percentile is above
    its limit, None where that cannot be said.
    """

    year: int
    valid_days: int
    mean: float | None
    reason: str | None
    limit: AirLimit | None
    over: bool | None
    percentile_pct: int
    percentile: float | None
    daily_limit: AirLimit | None
    percentile_over: bool | None


def year_of(
    pollutant: str,
    values: Mapping[date, float | None],
    year: int,
    air_class: Class,
    edition: str | None = None,
) -> Year:
    """From daily values; edition None: the one in force at the end of the year.

    The percentile needs a valid year too, as the mean does: too few days make neither.
    """
    edition = edition or edition_on(date(year, 12, 31))
    mean = year_mean(values, year)
    share_pct = PERCENTILES[pollutant]
    found = (v for day, v in values.items() if day.year == year)
    at_share = percentile(found, share_pct) if mean.valid else None
    annual = limit_of(pollutant, "annual", air_class, edition)
    of_day = limit_of(pollutant, "8h" if pollutant == "o3_ugm3" else "daily", air_class, edition)
    return Year(
        year,
        mean.count,
        mean.value if annual else None,
        mean.reason,
        annual,
        _above(mean.value, annual),
        share_pct,
        at_share,
        of_day,
        _above(at_share, of_day),
    )


def _above(value: float | None, limit: AirLimit | None) -> bool | None:
    if limit is None or (written := as_written(limit.pollutant, value)) is None:
        return None
    return float(written) > limit.value
