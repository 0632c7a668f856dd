"""The Chinese air quality index: single values by both editions, hours and days by that of 2026.

Reports, which know what is missing and by which edition: `reports.py`.

Concentrations are first rounded half to even (GB/T 8170, clause 4.2.2), indices are rounded up
(4.2.6). Both in exact arithmetic: binary fractions would push whole numbers one too high.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from math import ceil, isfinite

from sensors.air.aqi_tables import (
    BREAKPOINTS,
    CAPS,
    CATEGORIES,
    HJ633_2012,
    HJ633_2026,
    IAQI,
    Category,
)
from sensors.catalogue import AIR_METRICS

# From 1 March 2026, 00:00 in Beijing.
IN_FORCE_SINCE = datetime(2026, 2, 28, 16, tzinfo=UTC)

_ITEMS = {
    "so2_ugm3": "SO2",
    "no2_ugm3": "NO2",
    "co_mgm3": "CO",
    "o3_ugm3": "O3",
    "pm10_ugm3": "PM10",
    "pm25_ugm3": "PM25",
}
_REALTIME = {metric: f"{item}_1H" for metric, item in _ITEMS.items()}
_DAILY = {
    metric: f"{item}_8H" if item == "O3" else f"{item}_24H" for metric, item in _ITEMS.items()
}
# Real-time reports since 2026: hourly means of particles against the daily breakpoints.
_SAME_TABLE = {"PM10_1H": "PM10_24H", "PM25_1H": "PM25_24H"}


@dataclass(frozen=True)
class Aqi:
    """The index of six pollutants. value None is NA: too little is known to publish one.

    primary: metric codes with the greatest IAQI, several where they tie; none up to 50 or when NA.
    iaqi: what could be computed. category: 1 (best) to 6, None when NA. missing: the rest.
    """

    value: int | None
    primary: tuple[str, ...]
    iaqi: Mapping[str, int]
    category: int | None
    missing: tuple[str, ...]


def iaqi(
    item: str, concentration: float | Decimal | None, standard: str = HJ633_2026
) -> int | None:
    """The index of one pollutant, such as `iaqi("CO_1H", 2.2)`; µg/m³, CO in mg/m³.

    None where there is no such index: unknown, negative or infinite concentrations, and what the
    edition of 2012 leaves to another average. Above the last breakpoint it is 500: the scale ends.
    """
    written = as_written(item, concentration)
    if written is None:
        return None
    exact = Fraction(written)
    points = BREAKPOINTS[standard][_table_of(item, standard)]
    if exact > points[-1]:
        return CAPS[standard].get(item, IAQI[-1])
    upper = max(1, bisect_left(points, exact))
    low, high = points[upper - 1], points[upper]
    share = (exact - low) / (high - low)
    return ceil(IAQI[upper - 1] + share * (IAQI[upper] - IAQI[upper - 1]))


def realtime(concentrations: Mapping[str, float | None]) -> Aqi:
    """HJ 633-2026 from hourly means of the six, by metric code; what is not there is missing."""
    return _index(concentrations, _REALTIME)


def daily(concentrations: Mapping[str, float | None]) -> Aqi:
    """HJ 633-2026 from daily means (O3: greatest 8 h mean) of the six, by metric code."""
    return _index(concentrations, _DAILY)


def category_of(value: int | None) -> Category | None:
    """The category of an AQI. The standard begins at 1; 0 (all six are 0) counts as the first."""
    if value is None:
        return None
    return next(c for c in CATEGORIES if c.to is None or value <= c.to)


def index_of(indices: Mapping[str, int | None], waived: Collection[str] = ()) -> Aqi:
    """The AQI of the six pollutants' indices, by metric code.

    Clause 5.3.1: with a pollutant missing, the others' index is published only above 100. 5.3.2:
    those in `waived` (not in the plan, and for three years never primary in polluted air) do not
    stand in the way.
    """
    known = {metric: index for metric in AIR_METRICS if (index := indices.get(metric)) is not None}
    missing = tuple(metric for metric in AIR_METRICS if metric not in known)
    value = max(known.values(), default=None)
    if value is None or (value <= 100 and set(missing) - set(waived)):
        return Aqi(None, (), known, None, missing)
    primary = tuple(m for m in known if known[m] == value) if value > 50 else ()
    category = category_of(value)
    return Aqi(value, primary, known, category.number if category else None, missing)


def as_written(item: str, concentration: float | Decimal | None) -> Decimal | None:
    """A concentration as the standard writes it: whole µg/m³, CO to a tenth of a mg/m³.

    Halves go to the even neighbour (GB/T 8170). None where there is no concentration: unknown,
    negative, infinite. A float counts as the shortest decimal that means it: the number that the
    instrument sent.
    """
    if concentration is None or not isfinite(concentration) or concentration < 0:
        return None
    exact = concentration if isinstance(concentration, Decimal) else Decimal(str(concentration))
    step = Decimal("0.1") if item.upper().startswith("CO") else Decimal(1)
    # Far above every table, where quantize would run out of digits, rounding no longer matters.
    return exact if exact > 10**9 else exact.quantize(step, ROUND_HALF_EVEN)


def _index(concentrations: Mapping[str, float | None], items: Mapping[str, str]) -> Aqi:
    return index_of({m: iaqi(item, concentrations.get(m)) for m, item in items.items()})


def _table_of(item: str, standard: str) -> str:
    """Raises KeyError for an item that the standard does not know."""
    return item if standard == HJ633_2012 else _SAME_TABLE.get(item, item)
