"""Reservoirs: how full, at what level, against the flood limit, rising or falling. Pure."""

from dataclasses import dataclass

from dashboard.public.look import Look, Value
from dashboard.shapes import StationRow

STEADY_M_PER_H = 0.02
TREND_SHARE = 1 / 3  # of the hour that a trend must rest on


@dataclass(frozen=True, slots=True)
class Reservoir:
    """full: storage as share of that at the normal pool. None: no curve, or the level is unknown.

    flood_share: the same of the flood limit. grade: of its open warning, which colours the bar.
    """

    station: StationRow
    level: Value
    storage_m3: float | None
    full: float | None
    flood_limit_m: float | None
    flood_share: float | None
    trend: str | None
    grade: str | None
