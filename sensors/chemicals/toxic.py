"""Airborne limits of toxic substances: AEGL by duration, ERPG, IDLH; each with its evidence.

AEGL (US EPA): 1 discomfort, 2 lasting harm or unable to flee, 3 danger to life. ERPG (AIHA): the
same three for an hour. IDLH (NIOSH): a worker must be able to leave within 30 minutes. No figure
was read in the agencies' own pages; `confirmed` means that two independent collections agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Minutes for which AEGLs are set.
DURATIONS = (10, 30, 60, 240, 480)


@dataclass(frozen=True, slots=True)
class ToxicLimit:
    """ppm by volume, averaged over `minutes`."""

    substance: str
    name: str
    minutes: int
    ppm: float
    evidence: str
    confirmed: bool


_SOURCES = {
    "A": "HazMatIQ, after the EPA's final tables",
    "B": "a copy of the ALOHA chemical database",
    "C": "NeqSim ToxicLibrary",
    "D": "a Korean safety portal, after EPA pages",
    "E": "deepsafety 1.0.2",
    "N": "National Academies, text of the AEGL report",
    "S": "San Joaquin County table",
}
_MEMORY = "from memory, unconfirmed"

# substance -> name -> (ppm, letters of _SOURCES); 60 minutes, IDLH 30.
_HOUR: Mapping[str, Mapping[str, tuple[float, str]]] = {
    "ammonia": {
        "AEGL-1": (30, "AB"), "AEGL-2": (160, "ABD"), "AEGL-3": (1100, "AB"),
        "ERPG-1": (25, "BE"), "ERPG-2": (150, "BCE"), "ERPG-3": (750, "BE"), "IDLH": (300, "BCE"),
    },
    "chlorine": {
        "AEGL-1": (0.5, "AB"), "AEGL-2": (2.0, "ABCD"), "AEGL-3": (20, "AB"),
        "ERPG-1": (1, "BE"), "ERPG-2": (3, "BE"), "ERPG-3": (20, "BE"), "IDLH": (10, "BCE"),
    },
    "hydrogen sulfide": {
        "AEGL-1": (0.51, "AB"), "AEGL-2": (27, "ABCD"), "AEGL-3": (50, "AB"),
        "ERPG-1": (0.1, "E"), "ERPG-2": (30, "CE"), "ERPG-3": (100, "E"), "IDLH": (100, "BCE"),
    },
    "hydrogen chloride": {
        "AEGL-1": (1.8, "A"), "AEGL-2": (22, "ACD"), "AEGL-3": (100, "A"),
        "ERPG-2": (20, "C"), "IDLH": (50, "C"),
    },
    "hydrogen fluoride": {
        "AEGL-1": (1.0, "N"), "AEGL-2": (24, "CD"), "AEGL-3": (44, ""),
        "ERPG-2": (20, "C"), "IDLH": (30, "C"),
    },
    "sulfur dioxide": {
        "AEGL-1": (0.2, "AB"), "AEGL-2": (0.75, "ABC"), "AEGL-3": (30, "AB"),
        "ERPG-1": (0.3, "E"), "ERPG-2": (3, "E"), "ERPG-3": (15, "E"), "IDLH": (100, "BCE"),
    },
    "carbon monoxide": {
        "AEGL-2": (83, "BCD"), "AEGL-3": (330, "B"), "ERPG-2": (350, "C"), "IDLH": (1200, "BC"),
    },
    "hydrogen cyanide": {
        "AEGL-1": (2.0, ""), "AEGL-2": (7.1, "BCD"), "AEGL-3": (15, "B"),
        "ERPG-2": (10, ""), "IDLH": (50, ""),
    },
    "nitrogen dioxide": {"AEGL-1": (0.5, ""), "AEGL-2": (12, "D"), "AEGL-3": (20, "")},
    "phosphine": {"AEGL-2": (2.0, "D"), "AEGL-3": (3.6, "")},
    "phosgene": {"AEGL-2": (0.3, ""), "AEGL-3": (0.75, ""), "IDLH": (2, "B")},
    "benzene": {
        "AEGL-1": (52, "B"), "AEGL-2": (800, "BC"), "AEGL-3": (4000, "B"),
        "ERPG-2": (150, "C"), "IDLH": (500, "BCS"),
    },
    "ethylene oxide": {"AEGL-2": (45, "B"), "AEGL-3": (200, ""), "IDLH": (800, "B")},
    "methanol": {
        "AEGL-1": (530, ""), "AEGL-2": (2100, ""), "AEGL-3": (7200, ""),
        "ERPG-2": (1000, "C"), "IDLH": (6000, "C"),
    },
    "toluene": {"AEGL-1": (67, ""), "AEGL-2": (560, ""), "AEGL-3": (3700, ""), "IDLH": (500, "S")},
    "styrene": {"AEGL-1": (20, ""), "AEGL-2": (130, ""), "AEGL-3": (1100, ""), "IDLH": (700, "")},
    "vinyl chloride": {"AEGL-1": (250, ""), "AEGL-2": (1200, ""), "AEGL-3": (4800, "")},
    "1,3-butadiene": {
        "AEGL-1": (670, ""), "AEGL-2": (5300, ""), "AEGL-3": (22000, ""), "IDLH": (2000, ""),
    },
}  # fmt: skip

# The other durations: minutes -> AEGL-1, -2, -3, ppm. All from source A alone, but for two.
_OTHER: Mapping[str, Mapping[int, tuple[float, float, float]]] = {
    "ammonia": {10: (30, 220, 2700), 30: (30, 220, 1600), 240: (30, 110, 550), 480: (30, 110, 390)},
    "chlorine": {
        10: (0.5, 2.8, 50), 30: (0.5, 2.8, 28), 240: (0.5, 1, 10), 480: (0.5, 0.71, 7.1),
    },
    "hydrogen chloride": {
        10: (1.8, 100, 620), 30: (1.8, 43, 210), 240: (1.8, 11, 26), 480: (1.8, 11, 26),
    },
    "hydrogen sulfide": {
        10: (0.75, 41, 76), 30: (0.6, 32, 59), 240: (0.36, 20, 37), 480: (0.33, 17, 31),
    },
    "sulfur dioxide": {
        10: (0.2, 0.75, 30), 30: (0.2, 0.75, 30), 240: (0.2, 0.75, 19), 480: (0.2, 0.75, 9.6),
    },
    "hydrazine": {
        10: (0.1, 23, 64), 30: (0.1, 16, 45), 60: (0.1, 13, 35),
        240: (0.1, 3.1, 8.9), 480: (0.1, 1.6, 4.4),
    },
}  # fmt: skip
# Seen in source E as well, which took them for the values of an hour.
_TEN_MINUTES_TWICE = {
    "chlorine": {"AEGL-2", "AEGL-3"},
    "hydrogen sulfide": {"AEGL-1", "AEGL-2", "AEGL-3"},
}


def limits_of(substance: str) -> tuple[ToxicLimit, ...]:
    """All known limits of a substance (its code), the lowest first; () where none is known."""
    hour = [
        _limit(substance, name, 30 if name == "IDLH" else 60, ppm, sources)
        for name, (ppm, sources) in _HOUR.get(substance, {}).items()
    ]
    other = [
        _limit(substance, f"AEGL-{level}", minutes, ppm, _of_duration(substance, minutes, level))
        for minutes, values in _OTHER.get(substance, {}).items()
        for level, ppm in enumerate(values, 1)
    ]
    return tuple(sorted([*hour, *other], key=lambda limit: (limit.ppm, limit.minutes, limit.name)))


def aegl(substance: str, level: int, minutes: int = 60) -> ToxicLimit | None:
    """AEGL-1, -2 or -3 for one of DURATIONS; None where it was not set or is not known.

    Never from another duration: the concentrations do not scale with time in a way that the agency
    would stand for.
    """
    found = (limit for limit in limits_of(substance) if limit.name == f"AEGL-{level}")
    return next((limit for limit in found if limit.minutes == minutes), None)


def aegls_exceeded(substance: str, ppm: float | None, minutes: int = 60) -> tuple[ToxicLimit, ...]:
    """The AEGLs that a reading lies above, the gravest first. () for an unknown reading.

    A reading is of a moment, an AEGL is for a mean over `minutes`: above it means that the limit is
    reached if it stays so.
    """
    if ppm is None:
        return ()
    limits = (aegl(substance, level, minutes) for level in (3, 2, 1))
    return tuple(limit for limit in limits if limit is not None and ppm > limit.ppm)


def _of_duration(substance: str, minutes: int, level: int) -> str:
    twice = minutes == 10 and f"AEGL-{level}" in _TEN_MINUTES_TWICE.get(substance, set())
    return "AE" if twice else "A"


def _limit(substance: str, name: str, minutes: int, ppm: float, sources: str) -> ToxicLimit:
    """Two collections are a confirmation, one is not."""
    evidence = "; ".join(_SOURCES[letter] for letter in sources) or _MEMORY
    return ToxicLimit(substance, name, minutes, ppm, evidence, len(sources) >= 2)
