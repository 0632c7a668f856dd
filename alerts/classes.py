"""Limits that a standard names: the classes of the AQI, the grades of a major hazard.

A rule may say `{orange: heavy_pollution}` where else it would give a number or a station's limit.
"""

from itertools import pairwise

from sensors.air.aqi_tables import CATEGORIES
from sensors.catalogue import AQI, HAZARD


def _air() -> dict[str, tuple[float, str, str]]:
    """HJ 633: a class begins above the last index of the one before."""
    return {
        here.name[1].lower().replace(" ", "_"): (float(before.to or 0), *here.name)
        for before, here in pairwise(CATEGORIES)
    }


# GB 18218: 1 is the gravest. A grade begins below the number of the next milder one; 5 is none.
_HAZARD = {
    f"grade_{number}": (number + 1.0, f"{word}级重大危险源", f"grade {number} major hazard")
    for number, word in enumerate("一二三四", 1)
}
# By metric: name -> the value beyond which it begins, in Chinese, in English.
CLASSES: dict[str, dict[str, tuple[float, str, str]]] = {AQI: _air(), HAZARD: _HAZARD}
# On which side of its value a class lies.
SIDE = {AQI: "above", HAZARD: "below"}
