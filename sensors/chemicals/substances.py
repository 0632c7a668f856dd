"""The substances that plants of a district handle: names, molar mass, density, explosive limit.

Molar masses: general chemistry. Lower explosive limits: KOSHA P-179 where confirmed. Densities,
and whatever else is not confirmed, are handbook values from memory: a plant that knows better says
so in its register (a tank's density_tm3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Behaviour(StrEnum):
    """How the released gas or vapour moves before it is thinned out."""

    NEUTRAL = "neutral"
    LIGHT = "light"
    DENSE = "dense"
    COLD = "cold"  # lighter than air as a gas, but released from pressure it is a cold, dense mist


@dataclass(frozen=True, slots=True)
class Substance:
    """code: the English name too. density_tm3: of the stored liquid, t/m³ (unconfirmed).

    lel_pct: lower explosive limit, per cent by volume in air; lel_confirmed: by KOSHA P-179.

    category: symbol of GB 18218-2018 table 2 by which it counts where tables 1 and 3 do not say:
    our classification, unconfirmed. metric: what a detector of it reports, if there is one.
    """

    code: str
    cas: str
    zh: str
    molar_mass_gmol: float
    density_tm3: float
    category: str | None = None
    lel_pct: float | None = None
    lel_confirmed: bool = False
    behaviour: Behaviour = Behaviour.DENSE
    metric: str | None = None

    @property
    def en(self) -> str:
        return self.code


def _table(*rows: Substance) -> dict[str, Substance]:
    return {row.code: row for row in rows}


_LIGHT, _COLD, _NEUTRAL = Behaviour.LIGHT, Behaviour.COLD, Behaviour.NEUTRAL
SUBSTANCES: Mapping[str, Substance] = _table(
    Substance("ammonia", "7664-41-7", "氨", 17.03, 0.61, "J3", 15.4, True, _COLD, "nh3_ppm"),
    Substance("chlorine", "7782-50-5", "氯", 70.906, 1.41, "J3", metric="cl2_ppm"),
    Substance("hydrogen sulfide", "7783-06-4", "硫化氢", 34.08, 0.78, "J3", 3.9, True,
              metric="h2s_ppm"),
    Substance("hydrogen chloride", "7647-01-0", "氯化氢", 36.46, 0.83, "J3", metric="hcl_ppm"),
    Substance("hydrogen fluoride", "7664-39-3", "氟化氢", 20.01, 0.97, "J3", behaviour=_COLD),
    Substance("sulfur dioxide", "7446-09-5", "二氧化硫", 64.07, 1.38, "J3"),
    Substance("carbon monoxide", "630-08-0", "一氧化碳", 28.01, 0.79, "W2", 10.9, True, _NEUTRAL),
    Substance("hydrogen cyanide", "74-90-8", "氰化氢", 27.03, 0.69, "J4", 5.6, behaviour=_NEUTRAL),
    Substance("nitrogen dioxide", "10102-44-0", "二氧化氮", 46.01, 1.45, "J3"),
    Substance("phosphine", "7803-51-2", "磷化氢", 34.0, 0.57, "J3", 1.6),
    Substance("phosgene", "75-44-5", "光气", 98.92, 1.38, "J3"),
    Substance("benzene", "71-43-2", "苯", 78.11, 0.88, "W5.3", 1.2, metric="benzene_ppm"),
    Substance("toluene", "108-88-3", "甲苯", 92.14, 0.87, "W5.3", 1.1),
    Substance("styrene", "100-42-5", "苯乙烯", 104.15, 0.91, "W5.4", 0.9),
    Substance("acrylonitrile", "107-13-1", "丙烯腈", 53.06, 0.81, "W5.3", 3.0),
    Substance("vinyl chloride", "75-01-4", "氯乙烯", 62.5, 0.91, "W2", 3.6),
    Substance("1,3-butadiene", "106-99-0", "1,3-丁二烯", 54.09, 0.62, "W2", 2.0),
    Substance("ethylene oxide", "75-21-8", "环氧乙烷", 44.05, 0.87, "W2", 3.0),
    Substance("propylene oxide", "75-56-9", "1,2-环氧丙烷", 58.08, 0.83, "W5.1", 2.3),
    Substance("methanol", "67-56-1", "甲醇", 32.04, 0.79, "W5.3", 6.0, behaviour=_NEUTRAL),
    Substance("ethanol", "64-17-5", "乙醇", 46.07, 0.79, "W5.3", 3.3),
    Substance("acetone", "67-64-1", "丙酮", 58.08, 0.79, "W5.3", 2.5),
    Substance("ethyl acetate", "141-78-6", "乙酸乙酯", 88.11, 0.90, "W5.3", 2.0),
    Substance("ethylene", "74-85-1", "乙烯", 28.05, 0.57, "W2", 2.7, behaviour=_COLD),
    Substance("propylene", "115-07-1", "丙烯", 42.08, 0.51, "W2", 2.0),
    Substance("LPG", "68476-85-7", "液化石油气", 44.1, 0.55, "W2", 2.0),
    Substance("LNG", "74-82-8", "液化天然气", 16.04, 0.43, "W2", 4.4, True, _COLD),
    Substance("hydrogen", "1333-74-0", "氢", 2.016, 0.071, "W2", 4.0, True, _LIGHT),
)  # fmt: skip
OF_METRIC: Mapping[str, Substance] = {s.metric: s for s in SUBSTANCES.values() if s.metric}


def find_substance(name: str) -> Substance | None:
    """By its code, CAS number, or name in either language; None: not in the table."""
    wanted = name.strip().casefold()
    return next((s for s in SUBSTANCES.values() if wanted in _names(s)), None)


def _names(substance: Substance) -> tuple[str, ...]:
    names = (substance.code, substance.cas, substance.zh)
    return tuple(name.casefold() for name in names)
