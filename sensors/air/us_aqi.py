"""The US index and NowCast of particles: EPA-454/B-24-002 (May 2024), for who knows that scale.

Truncated concentrations, linear between the table's points, rounded to the nearest whole number
(China rounds up). Exact arithmetic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from math import isfinite

Number = float | Decimal

# Table 6: item -> decimals kept, and (AQI low, high, concentration low, high); PM in µg/m³, O3 and
# CO in ppm, SO2 and NO2 in ppb.
_Row = tuple[int, int, str, str]
_TABLE: Mapping[str, tuple[int, tuple[_Row, ...]]] = {
    "O3_8H": (3, (
        (0, 50, "0", "0.054"), (51, 100, "0.055", "0.070"), (101, 150, "0.071", "0.085"),
        (151, 200, "0.086", "0.105"), (201, 300, "0.106", "0.200"),
    )),
    "O3_1H": (3, (
        (101, 150, "0.125", "0.164"), (151, 200, "0.165", "0.204"), (201, 300, "0.205", "0.404"),
        (301, 500, "0.405", "0.604"),
    )),
    "PM25_24H": (1, (
        (0, 50, "0", "9.0"), (51, 100, "9.1", "35.4"), (101, 150, "35.5", "55.4"),
        (151, 200, "55.5", "125.4"), (201, 300, "125.5", "225.4"), (301, 500, "225.5", "325.4"),
    )),
    "PM10_24H": (0, (
        (0, 50, "0", "54"), (51, 100, "55", "154"), (101, 150, "155", "254"),
        (151, 200, "255", "354"), (201, 300, "355", "424"), (301, 500, "425", "604"),
    )),
    "CO_8H": (1, (
        (0, 50, "0", "4.4"), (51, 100, "4.5", "9.4"), (101, 150, "9.5", "12.4"),
        (151, 200, "12.5", "15.4"), (201, 300, "15.5", "30.4"), (301, 500, "30.5", "50.4"),
    )),
    "SO2_1H": (0, (
        (0, 50, "0", "35"), (51, 100, "36", "75"), (101, 150, "76", "185"),
        (151, 200, "186", "304"), (201, 300, "305", "604"), (301, 500, "605", "1004"),
    )),
    "NO2_1H": (0, (
        (0, 50, "0", "53"), (51, 100, "54", "100"), (101, 150, "101", "360"),
        (151, 200, "361", "649"), (201, 300, "650", "1249"), (301, 500, "1250", "2049"),
    )),
}  # fmt: skip
# Particles of the real-time index: metric -> the daily table that NowCast is held against.
NOWCAST_ITEMS = {"pm25_ugm3": "PM25_24H", "pm10_ugm3": "PM10_24H"}
_HOURS, _LEAST_WEIGHT = 12, Decimal("0.5")


@dataclass(frozen=True, slots=True)
class NowCast:
    """value: µg/m³, truncated as the index takes it; aqi: of it."""

    value: float
    aqi: int


def us_aqi(item: str, concentration: Number | None) -> int | None:
    """Index of one pollutant, such as `us_aqi("PM25_24H", 35.9)`; µg/m³, ppm or ppb by item.

    None: unknown, negative, below where the item counts (1 h ozone under 0.125 ppm), or 8 h ozone
    above 0.200 ppm, which is left to the 1 h value. Above 500 the last segment goes on. Raises
    KeyError for an item that the table does not have.
    """
    decimals, rows = _TABLE[item]
    if concentration is None or not isfinite(concentration) or concentration < 0:
        return None
    kept = _truncated(concentration, decimals)
    if kept < Decimal(rows[0][2]) or (item == "O3_8H" and kept > Decimal(rows[-1][3])):
        return None
    row = next((row for row in rows if kept <= Decimal(row[3])), rows[-1])
    low, high, start, end = row[0], row[1], Decimal(row[2]), Decimal(row[3])
    exact = (high - low) * (kept - start) / (end - start) + low
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def nowcast(hours: Sequence[float | None]) -> float | None:
    """NowCast of particles in µg/m³ from hourly means, the newest first; None where not valid.

    Needs two of the last three hours. All zero is 0: the weight is then not defined.
    """
    known = [None if c is None or not isfinite(c) or c < 0 else c for c in hours[:_HOURS]]
    if sum(c is not None for c in known[:3]) < 2:
        return None
    values = [Decimal(str(c)) for c in known if c is not None]
    most, least = max(values), min(values)
    if most == 0:
        return 0.0
    weight = max(1 - (most - least) / most, _LEAST_WEIGHT)
    pairs = [(weight**ago, Decimal(str(c))) for ago, c in enumerate(known) if c is not None]
    return float(sum(w * c for w, c in pairs) / sum(w for w, _ in pairs))


def nowcast_of(metric: str, hours: Sequence[float | None]) -> NowCast | None:
    """NowCast of `pm25_ugm3` or `pm10_ugm3` with its index; hours: the newest first."""
    item = NOWCAST_ITEMS[metric]
    found = nowcast(hours)
    index = us_aqi(item, found)
    if found is None or index is None:
        return None
    return NowCast(float(_truncated(found, _TABLE[item][0])), index)


def _truncated(value: Number, decimals: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)
