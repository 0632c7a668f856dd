"""Plants and substances as the API shows them. Pure."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from dashboard.shapes import iso
from sensors.chemicals.gb18218 import Hazard
from sensors.chemicals.inventory import Entry, Holding, Level, PlantHazard
from sensors.chemicals.store import Registered
from sensors.chemicals.substances import Substance
from sensors.chemicals.toxic import limits_of

Json = dict[str, Any]
STANDARD = "GB 18218-2018"


def plant_json(registered: Registered, found: PlantHazard, now: datetime) -> Json:
    """design: what the standard's grade rests on; now: the same sums over what is there."""
    plant = registered.plant
    return {
        "code": plant.code,
        "names": {"zh": registered.zh, "en": registered.en},
        "department": registered.department,
        "at": [registered.lon, registered.lat],
        "register_since": iso(registered.valid_from),
        "standard": STANDARD,
        "people_500m": plant.people_500m,
        "people_source": plant.people_source,
        "people_assumed": found.people_assumed,
        "design": _hazard(found.design),
        "now": _hazard(found.now),
        "left_out": list(found.left_out),
        "tanks": [_holding(each, now) for each in found.holdings],
    }


def _hazard(found: Hazard | None) -> Json | None:
    if found is None:
        return None
    return {
        "s": float(found.s),
        "r": float(found.r),
        "alpha": float(found.alpha),
        "major": found.major,
        "grade": found.grade,
    }


def _holding(found: Holding, now: datetime) -> Json:
    tank, level, entry, factors = found.tank, found.level, found.entry, found.factors
    substance = found.substance
    return {
        "code": tank.code,
        "substance": tank.substance,
        "names": {"zh": substance.zh, "en": substance.en} if substance else None,
        "volume_m3": tank.volume_m3,
        "density_tm3": tank.density_tm3 or (substance.density_tm3 if substance else None),
        "density_confirmed": tank.density_tm3 is not None,
        "design_t": _amount(found.design_t),
        "quantity_t": _amount(found.quantity_t),
        "basis": found.basis,
        "critical_t": _amount(factors.critical_t) if factors else None,
        "beta": _amount(factors.beta) if factors else None,
        "factors_source": factors.source if factors else None,
        "factors_confirmed": factors.confirmed if factors else None,
        "level": _level(level, now) if level else None,
        "entry": _entry(entry) if entry else None,
    }


def _level(level: Level, now: datetime) -> Json:
    return {
        "station": level.station,
        "percent": level.percent,
        "t": iso(level.at),
        "age_s": (now - level.at).total_seconds(),
        "usable": level.usable,
    }


def _entry(entry: Entry) -> Json:
    return {
        "quantity_t": entry.quantity_t,
        "t": iso(entry.at),
        "entered_at": iso(entry.entered_at),
        "who": entry.who,
        "note": entry.note,
    }


def substance_json(substance: Substance) -> Json:
    return {
        "code": substance.code,
        "cas": substance.cas,
        "names": {"zh": substance.zh, "en": substance.en},
        "metric": substance.metric,
        "molar_mass_gmol": substance.molar_mass_gmol,
        "behaviour": substance.behaviour,
        "lel_pct": substance.lel_pct,
        "lel_confirmed": substance.lel_confirmed,
        "limits": [
            {
                "name": limit.name,
                "minutes": limit.minutes,
                "ppm": limit.ppm,
                "evidence": limit.evidence,
                "confirmed": limit.confirmed,
            }
            for limit in limits_of(substance.code)
        ],
    }


def _amount(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
