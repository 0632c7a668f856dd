"""Characteristic levels of a reservoir: their order, the storages between them, the next above.

Names and definitions as 《水利水电工程水利动能设计规范》 has them, read in two reference works.
Which of them are in force on a day: `sensors.limits.in_force`. Levels in metres on the gauge's own
datum, storages in m³ below a horizontal surface (静库容).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from sensors.water.curve import OffTable, Points, storage_at

DEAD, FLOOD_LIMIT, NORMAL = "dead", "flood_limit", "normal_pool"
FLOOD_HIGH, DESIGN, CHECK = "flood_high", "design_flood", "check_flood"
# In the usual order: 死水位, 汛限水位, 正常蓄水位, 防洪高水位, 设计洪水位, 校核洪水位.
CHARACTERISTIC = (DEAD, FLOOD_LIMIT, NORMAL, FLOOD_HIGH, DESIGN, CHECK)
# Nobody is warned that water comes back to it.
NO_DANGER = frozenset({DEAD})
# What follows from the definitions: the lower, the upper. Dead is strictly the lowest.
_BY_DEFINITION = (
    *((DEAD, upper) for upper in CHARACTERISTIC[1:]),
    (FLOOD_LIMIT, FLOOD_HIGH),  # routing of the flood begins at the one and ends at the other
    (FLOOD_LIMIT, DESIGN),
    (FLOOD_LIMIT, CHECK),
    (NORMAL, CHECK),
    (DESIGN, CHECK),
)
# The usual order beyond that is inferred, and dams exist that differ: a warning only.
_INFERRED = (
    (FLOOD_LIMIT, NORMAL),
    (NORMAL, FLOOD_HIGH),
    (NORMAL, DESIGN),
    (FLOOD_HIGH, DESIGN),
    (FLOOD_HIGH, CHECK),
)


class NoFigure(StrEnum):
    """Why there is no percentage or storage."""

    NO_LEVEL = "the level that it is counted from is not given"
    NO_CURVE = "there is no level-storage curve"
    EMPTY = "the curve holds nothing at the normal pool"


@dataclass(frozen=True, slots=True)
class Disorder:
    """Two levels that stand in the wrong order. certain: by definition; else only unusual."""

    lower: str
    upper: str
    certain: bool
    sentence: str


def disorders(levels: Mapping[str, float]) -> list[Disorder]:
    """Which of these levels, in force on one day, contradict their definitions or the usual order.

    Equal levels are in order, but for the dead level, below which nothing is used.
    """
    found = []
    for pairs, certain in ((_BY_DEFINITION, True), (_INFERRED, False)):
        for lower, upper in pairs:
            if lower in levels and upper in levels:
                low, high = levels[lower], levels[upper]
                if low > high or (lower == DEAD and low == high):
                    found.append(Disorder(lower, upper, certain, _sentence(lower, upper, levels)))
    return found


def percent_of_capacity(
    points: Points | None, level_m: float | None, levels: Mapping[str, float]
) -> float | OffTable | NoFigure:
    """Storage as % of that at the normal pool, by the curve; the dead storage is not deducted.

    Above 100 while the pool stands above normal. Beyond the table the answer is the reason.
    """
    if points is None:
        return NoFigure.NO_CURVE
    if NORMAL not in levels:
        return NoFigure.NO_LEVEL
    whole, now = storage_at(points, levels[NORMAL]), storage_at(points, level_m)
    if isinstance(now, OffTable):
        return now
    if isinstance(whole, OffTable):
        return whole
    return 100 * now / whole if whole > 0 else NoFigure.EMPTY


def storages(
    points: Points | None, levels: Mapping[str, float]
) -> dict[str, float | OffTable | NoFigure]:
    """m³ between characteristic levels: active 兴利, flood 防洪, routing 调洪, shared 重叠库容.

    Not below zero: where the upper level stands below the lower there is none.
    """
    pairs = {
        "active": (DEAD, NORMAL),
        "flood": (FLOOD_LIMIT, FLOOD_HIGH),
        "routing": (FLOOD_LIMIT, CHECK),
        "shared": (FLOOD_LIMIT, NORMAL),
    }
    return {name: _between(points, levels, *pair) for name, pair in pairs.items()}


def next_above(level_m: float, levels: Mapping[str, float]) -> str | None:
    """The name of the lowest level above `level_m` that is a danger; None where there is none.

    Any other name counts too: a river gauge has limits of its own. Equal is reached, not above.
    """
    above = [(value, name) for name, value in _dangers(levels) if value > level_m]
    return min(above)[1] if above else None


def reached(level_m: float, levels: Mapping[str, float]) -> tuple[str, ...]:
    """The names of the danger levels that the water has reached, from the lowest up."""
    known = sorted((value, name) for name, value in _dangers(levels))
    return tuple(name for value, name in known if value <= level_m)


def _dangers(levels: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    return ((name, v) for name, v in levels.items() if name not in NO_DANGER and isfinite(v))


def _between(
    points: Points | None, levels: Mapping[str, float], lower: str, upper: str
) -> float | OffTable | NoFigure:
    if points is None:
        return NoFigure.NO_CURVE
    if lower not in levels or upper not in levels:
        return NoFigure.NO_LEVEL
    low, high = storage_at(points, levels[lower]), storage_at(points, levels[upper])
    if isinstance(low, OffTable):
        return low
    return high if isinstance(high, OffTable) else max(0.0, high - low)


def _sentence(lower: str, upper: str, levels: Mapping[str, float]) -> str:
    what = "must lie below" if lower == DEAD else "must not lie above"
    return f"{lower} ({levels[lower]:g} m) {what} {upper} ({levels[upper]:g} m)"
