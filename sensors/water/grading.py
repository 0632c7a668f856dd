"""How grave a level is, blue to red. No standard fixes it: the district's flood plan must.

PROPOSAL is our own and unconfirmed; where a site's rule grades the level, that rule is in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from sensors.water.levels import CHECK, DESIGN, FLOOD_LIMIT, NORMAL

# Grade -> name of the characteristic level; from the least to the gravest.
PROPOSAL: Mapping[str, str] = {
    "blue": FLOOD_LIMIT,
    "yellow": NORMAL,
    "orange": DESIGN,
    "red": CHECK,
}


@dataclass(frozen=True, slots=True)
class LevelGrade:
    """grade: None below all of them. above: the name of the level that was passed."""

    grade: str | None
    above: str | None


def grade_of_level(
    level_m: float | None, levels: Mapping[str, float], grading: Mapping[str, str | float]
) -> LevelGrade | None:
    """The gravest grade whose level the water stands strictly above; as the rules judge.

    grading: grade -> name of a level, or metres; from the least to the gravest. None where the
    level is unknown, or no level of the grading is known: unknown is not calm.
    """
    limits = [(grade, said, _value(said, levels)) for grade, said in grading.items()]
    known = [(grade, said, limit) for grade, said, limit in limits if limit is not None]
    if level_m is None or not isfinite(level_m) or not known:
        return None
    passed = [(grade, str(said)) for grade, said, limit in known if level_m > limit]
    return LevelGrade(*passed[-1]) if passed else LevelGrade(None, None)


def _value(said: str | float, levels: Mapping[str, float]) -> float | None:
    return levels.get(said) if isinstance(said, str) else float(said)
