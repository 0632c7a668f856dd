"""Reservoirs: how full, at what level, against the flood limit, rising or falling. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.public.look import Look, Value
from dashboard.public.store import Hour, Limit
from dashboard.shapes import GRADES, StationRow
from dashboard.wording import DISTRICT_TIME
from sensors.limits import in_season
from sensors.water.curve import Points, storage_at

FLOOD_LIMIT, NORMAL_POOL = "flood_limit", "normal_pool"
STEADY_M_PER_H = 0.02
TREND_REST_S = 1200  # a trend over less than this is noise


@dataclass(frozen=True, slots=True)
class Reservoir:
    """full: storage as a share of that at the normal pool level, flood_share: the flood limit's.

    None: no curve, no such limit, or the level is not known. grade: the open warning on it.
    """

    station: StationRow
    level: Value
    storage_m3: float | None
    full: float | None
    flood_limit_m: float | None
    flood_share: float | None
    trend: str | None
    grade: str | None

    @property
    def above_m(self) -> float | None:
        """How far a current level is above (+) or below the flood limit, in metres."""
        if self.flood_limit_m is None or not self.level.current or self.level.value is None:
            return None
        return self.level.value - self.flood_limit_m


def reservoirs(look: Look, near: Sequence[StationRow] | None = None) -> list[Reservoir]:
    """All, the worst warned first. Then for a place the nearest (near: stations by distance).

    For the district then the fullest, those not known now last.
    """
    stations = [s for s in near or look.city.stations if s.kind == "reservoir"]
    found = [reservoir(look, station) for station in stations]
    return sorted(found, key=_grade if near else _order)


def reservoir(look: Look, station: StationRow) -> Reservoir:
    level = look.value(station.code, "level_m")
    flood = _in_season(look, station.code, FLOOD_LIMIT)
    normal = _in_season(look, station.code, NORMAL_POOL)
    curve = (look.city.curves or {}).get(station.code)
    capacity = _storage(curve, normal.value if normal else None)
    stored = _storage(curve, level.value)
    return Reservoir(
        station,
        level,
        stored,
        stored / capacity if stored is not None and capacity else None,
        flood.value if flood else None,
        _share(_storage(curve, flood.value if flood else None), capacity),
        trend(look, level),
        look.grade(station.code) if level.current else None,
    )


def trend(look: Look, level: Value) -> str | None:
    """`rising`, `falling` or `steady` over the last hour; None where it is not known."""
    hour = look.hours.get((level.station, level.metric))
    per_h = slope_per_h(hour) if hour and level.current else None
    if per_h is None:
        return None
    if abs(per_h) < STEADY_M_PER_H:
        return "steady"
    return "rising" if per_h > 0 else "falling"


def slope_per_h(hour: Hour) -> float | None:
    """Change an hour; None where the readings lie too close together to tell."""
    seconds = (hour.last_at - hour.first_at).total_seconds()
    return None if seconds < TREND_REST_S else (hour.last - hour.first) * 3600 / seconds


def _in_season(look: Look, station: str, name: str) -> Limit | None:
    limit = look.limits.get((station, "level_m", name))
    day = look.now.astimezone(DISTRICT_TIME).strftime("%m-%d")
    return limit if limit and in_season(day, limit.season_from, limit.season_to) else None


def _storage(curve: Points | None, level_m: float | None) -> float | None:
    found = storage_at(curve, level_m) if curve else None
    return found if isinstance(found, float) else None


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _grade(r: Reservoir) -> int:
    return GRADES.index(r.grade) if r.grade else len(GRADES)


def _order(r: Reservoir) -> tuple[int, bool, float, str]:
    return _grade(r), r.full is None or not r.level.current, -(r.full or 0), r.station.code
