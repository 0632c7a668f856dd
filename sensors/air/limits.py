"""The limits of GB 3095: edition of 2026 (transition and final) and of 2012, with their doubts.

GB 3095-2026 tables 1 and 2: in force since 1 March 2026 with its transition limits, with its final
ones from 1 January 2031 (Beijing days). Class 1: nature reserves, scenic areas and the like; class
2: residential, commercial, industrial and rural areas. Gases at 298.15 K and 1013.25 hPa; PM, TSP,
Pb and BaP at actual temperature and pressure.

Of GB 3095-2012 the values for class 2 by day, 8 h and hour are known from the breakpoints of IAQI
100 of HJ 633-2012; its annual values and all of class 1 are written from memory: not confirmed.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Averaging = Literal["annual", "quarter", "daily", "8h", "1h"]
Class = Literal[1, 2]

GB3095_2012 = "GB 3095-2012"
TRANSITION = "GB 3095-2026 (transition)"
FINAL = "GB 3095-2026 (final)"
EDITIONS = (GB3095_2012, TRANSITION, FINAL)
TRANSITION_FROM, FINAL_FROM = date(2026, 3, 1), date(2031, 1, 1)

_READ = "GB 3095-2026 tables 1 and 2"
_BY_IAQI = "IAQI 100 of HJ 633-2012"
_MEMORY = "from memory, unconfirmed"


@dataclass(frozen=True, slots=True)
class AirLimit:
    """One cell. pollutant: the metric where it is measured here, else TSP, NOx, Pb, BaP.

    averaging: over which mean it holds; `8h` is the greatest 8 h mean of a day. value: in `unit`.
    confirmed: False where the figure could not be read in the standard itself; source says how it
    is known.
    """

    edition: str
    pollutant: str
    averaging: Averaging
    air_class: Class
    value: float
    unit: str
    confirmed: bool
    source: str


_UG, _MG = "µg/m³", "mg/m³"
# pollutant, averaging, unit, transition (class 1, class 2), final (class 1, class 2)
_OF_2026: tuple[tuple[str, Averaging, str, tuple[float, float], tuple[float, float]], ...] = (
    ("so2_ugm3", "annual", _UG, (20, 60), (20, 20)),
    ("so2_ugm3", "daily", _UG, (50, 150), (50, 50)),
    ("so2_ugm3", "1h", _UG, (150, 500), (150, 150)),
    ("no2_ugm3", "annual", _UG, (40, 40), (30, 30)),
    ("no2_ugm3", "daily", _UG, (80, 80), (50, 50)),
    ("no2_ugm3", "1h", _UG, (200, 200), (200, 200)),
    ("co_mgm3", "daily", _MG, (4, 4), (4, 4)),
    ("co_mgm3", "1h", _MG, (10, 10), (10, 10)),
    ("o3_ugm3", "8h", _UG, (100, 160), (100, 160)),
    ("o3_ugm3", "1h", _UG, (160, 200), (160, 200)),
    ("pm10_ugm3", "annual", _UG, (40, 60), (20, 50)),
    ("pm10_ugm3", "daily", _UG, (50, 120), (50, 100)),
    ("pm25_ugm3", "annual", _UG, (15, 30), (10, 25)),
    ("pm25_ugm3", "daily", _UG, (35, 60), (25, 50)),
    ("TSP", "annual", _UG, (80, 200), (80, 200)),
    ("TSP", "daily", _UG, (120, 300), (120, 300)),
    ("NOx", "annual", _UG, (50, 50), (40, 40)),
    ("NOx", "daily", _UG, (100, 100), (70, 70)),
    ("NOx", "1h", _UG, (250, 250), (250, 250)),
    ("Pb", "annual", _UG, (0.5, 0.5), (0.5, 0.5)),
    ("Pb", "quarter", _UG, (1, 1), (1, 1)),
    ("BaP", "annual", _UG, (0.001, 0.001), (0.001, 0.001)),
    ("BaP", "daily", _UG, (0.0025, 0.0025), (0.0025, 0.0025)),
)
# pollutant, averaging, unit, (class 1, class 2), whether class 2 follows from IAQI 100
_OF_2012: tuple[tuple[str, Averaging, str, tuple[float, float], bool], ...] = (
    ("so2_ugm3", "annual", _UG, (20, 60), False),
    ("so2_ugm3", "daily", _UG, (50, 150), True),
    ("so2_ugm3", "1h", _UG, (150, 500), True),
    ("no2_ugm3", "annual", _UG, (40, 40), False),
    ("no2_ugm3", "daily", _UG, (80, 80), True),
    ("no2_ugm3", "1h", _UG, (200, 200), True),
    ("co_mgm3", "daily", _MG, (4, 4), True),
    ("co_mgm3", "1h", _MG, (10, 10), True),
    ("o3_ugm3", "8h", _UG, (100, 160), True),
    ("o3_ugm3", "1h", _UG, (160, 200), True),
    ("pm10_ugm3", "annual", _UG, (40, 70), False),
    ("pm10_ugm3", "daily", _UG, (50, 150), True),
    ("pm25_ugm3", "annual", _UG, (15, 35), False),
    ("pm25_ugm3", "daily", _UG, (35, 75), True),
)


def _cells_2026() -> list[AirLimit]:
    return [
        AirLimit(edition, pollutant, averaging, air_class, values[air_class - 1], unit, True, _READ)
        for pollutant, averaging, unit, transition, final in _OF_2026
        for edition, values in ((TRANSITION, transition), (FINAL, final))
        for air_class in _CLASSES
    ]


def _cells_2012() -> list[AirLimit]:
    return [
        AirLimit(
            *(GB3095_2012, pollutant, averaging, air_class, values[air_class - 1], unit),
            confirmed=known and air_class == 2,
            source=_BY_IAQI if known and air_class == 2 else _MEMORY,
        )
        for pollutant, averaging, unit, values, known in _OF_2012
        for air_class in _CLASSES
    ]


_CLASSES: tuple[Class, Class] = (1, 2)
LIMITS = (*_cells_2012(), *_cells_2026())
_BY_CELL = {(one.edition, one.pollutant, one.averaging, one.air_class): one for one in LIMITS}


def edition_on(day: date) -> str:
    """The edition in force on a Beijing day. Before 1 March 2026 that of 2012, however early."""
    if day < TRANSITION_FROM:
        return GB3095_2012
    return TRANSITION if day < FINAL_FROM else FINAL


def limit_of(
    pollutant: str, averaging: Averaging, air_class: Class, edition: str
) -> AirLimit | None:
    """None where the standard has no such limit: CO and O₃ by the year, PM by the hour.

    Raises ValueError for an edition or class that does not exist.
    """
    if edition not in EDITIONS or air_class not in _CLASSES:
        raise ValueError(f"GB 3095 has no {edition!r} with class {air_class!r}")
    return _BY_CELL.get((edition, pollutant, averaging, air_class))
