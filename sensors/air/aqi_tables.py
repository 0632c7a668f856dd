"""Breakpoints and categories of the Chinese AQI: the tables of HJ 633, and nothing else.

Breakpoints: HJ 633-2026 table 3 and HJ 633-2012 table 1. Categories and colours: HJ 633-2026. What
a category means for people: `advice.py`.
"""

from dataclasses import dataclass

HJ633_2026, HJ633_2012 = "HJ 633-2026", "HJ 633-2012"

# Concentrations at which the IAQI has these values. µg/m³, CO in mg/m³.
IAQI = (0, 50, 100, 150, 200, 300, 400, 500)

_SINCE_2012: dict[str, tuple[int, ...]] = {
    "SO2_24H": (0, 50, 150, 475, 800, 1600, 2100, 2620),
    "SO2_1H": (0, 150, 500, 650, 800),
    "NO2_24H": (0, 40, 80, 180, 280, 565, 750, 940),
    "NO2_1H": (0, 100, 200, 700, 1200, 2340, 3090, 3840),
    "CO_24H": (0, 2, 4, 14, 24, 36, 48, 60),
    "CO_1H": (0, 5, 10, 35, 60, 90, 120, 150),
    "O3_8H": (0, 100, 160, 215, 265, 800),
    "O3_1H": (0, 160, 200, 300, 400, 800, 1000, 1200),
}

BREAKPOINTS: dict[str, dict[str, tuple[int, ...]]] = {
    HJ633_2026: {
        **_SINCE_2012,
        "PM10_24H": (0, 50, 120, 250, 350, 420, 500, 600),
        "PM25_24H": (0, 35, 60, 115, 150, 250, 350, 500),
    },
    HJ633_2012: {
        **_SINCE_2012,
        "PM10_24H": (0, 50, 150, 250, 350, 420, 500, 600),
        "PM25_24H": (0, 35, 75, 115, 150, 250, 350, 500),
    },
}

# The IAQI above the last breakpoint, where that is not 500: HJ 633-2026 table 3, notes. Under the
# edition of 2012 these two are not computed there (None): the 24 h or 1 h value serves instead.
CAPS: dict[str, dict[str, int | None]] = {
    HJ633_2026: {"SO2_1H": 200, "O3_8H": 300},
    HJ633_2012: {"SO2_1H": None, "O3_8H": None},
}


@dataclass(frozen=True, slots=True)
class Category:
    """One of the six. to: highest AQI (None: open). level, name: (Chinese, English)."""

    number: int
    to: int | None
    level: tuple[str, str]
    name: tuple[str, str]
    rgb: tuple[int, int, int]


CATEGORIES = (
    Category(1, 50, ("一级", "Level 1"), ("优", "Excellent"), (0, 228, 0)),
    Category(2, 100, ("二级", "Level 2"), ("良", "Good"), (255, 255, 0)),
    Category(3, 150, ("三级", "Level 3"), ("轻度污染", "Light pollution"), (255, 126, 0)),
    Category(4, 200, ("四级", "Level 4"), ("中度污染", "Moderate pollution"), (255, 0, 0)),
    Category(5, 300, ("五级", "Level 5"), ("重度污染", "Heavy pollution"), (153, 0, 76)),
    Category(6, None, ("六级", "Level 6"), ("严重污染", "Severe pollution"), (126, 0, 35)),
)
