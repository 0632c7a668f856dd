"""What a plant holds, and so what hazard it is by GB 18218-2018: by design, and at this moment.

A tank's content is measured (a level sensor whose reading is current), else what a person entered
within the last day and after the last level, else the tank counts as full: an unknown tank must not
make a plant look safer than it may be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sensors.chemicals.gb18218 import Factors, Hazard, Item, assess, factors_of
from sensors.chemicals.substances import Substance, find_substance
from sensors.reading import STALE_INTERVALS

# What a person entered holds for so long; then nobody knows.
ENTRY_HOLDS = timedelta(days=1)


class Basis(StrEnum):
    MEASURED = "measured"
    ENTERED = "entered"
    ASSUMED_FULL = "assumed full"


@dataclass(frozen=True, slots=True)
class Tank:
    """As in the register. measured_by: the station whose tank_level_pct is this tank's.

    density_tm3, category: the plant's own word; else those of the substance (unconfirmed).
    """

    code: str
    substance: str
    volume_m3: float
    density_tm3: float | None = None
    category: str | None = None
    measured_by: str | None = None


@dataclass(frozen=True, slots=True)
class Plant:
    """people_500m: who lives within 500 m of its boundary; None: nobody has said."""

    code: str
    tanks: tuple[Tank, ...]
    people_500m: int | None = None
    people_source: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """The newest reading of a tank's level: per cent of its volume, and who measures it."""

    station: str
    percent: float | None
    at: datetime
    interval_s: int
    usable: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A quantity in tonnes that a person entered: as of `at`, written down at `entered_at`."""

    tank: str
    quantity_t: float
    at: datetime
    entered_at: datetime
    who: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What a tank holds now and by design, tonnes; None: its density is not known.

    factors None: the standard's figures for it are not known. level, entry: what is known of it.
    """

    tank: Tank
    substance: Substance | None
    design_t: Decimal | None
    quantity_t: Decimal | None
    basis: Basis
    factors: Factors | None
    level: Level | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class PlantHazard:
    """design: the legal figure; now: the same sums over what is there.

    None: no tank can be counted. left_out: tanks that are in neither sum, for want of a density or
    of the standard's figures: both sums are then lower bounds. people_assumed: the register does
    not say how many live around; the greatest α is taken.
    """

    plant: Plant
    holdings: tuple[Holding, ...]
    design: Hazard | None
    now: Hazard | None
    left_out: tuple[str, ...]
    people_assumed: bool


# α has its greatest value from so many people on.
_MOST_PEOPLE = 100


def hazard_of(
    plant: Plant,
    levels: Mapping[str, Level],
    entries: Iterable[Entry],
    now: datetime,
) -> PlantHazard:
    """levels: by measuring station. entries: of this plant; the newest of each tank counts."""
    newest = {entry.tank: entry for entry in sorted(entries, key=lambda e: (e.at, e.entered_at))}
    holdings = tuple(
        held(tank, levels.get(tank.measured_by or ""), newest.get(tank.code), now)
        for tank in plant.tanks
    )
    people = plant.people_500m if plant.people_500m is not None else _MOST_PEOPLE
    left_out = tuple(h.tank.code for h in holdings if h.factors is None or h.quantity_t is None)
    return PlantHazard(
        plant,
        holdings,
        _assess([(h, h.design_t) for h in holdings], people),
        _assess([(h, h.quantity_t) for h in holdings], people),
        left_out,
        plant.people_500m is None,
    )


def held(tank: Tank, level: Level | None, entry: Entry | None, now: datetime) -> Holding:
    """What the tank holds: measured if that is current, else entered lately, else taken as full."""
    substance, full = find_substance(tank.substance), design_t(tank)
    factors = _factors(tank, substance)
    if level is not None and full is not None and _current(level, now):
        share = _decimal(level.percent or 0) / 100
        return Holding(tank, substance, full, full * share, Basis.MEASURED, factors, level, entry)
    if entry is not None and _holds(entry, level, now):
        quantity = _decimal(entry.quantity_t)
        return Holding(tank, substance, full, quantity, Basis.ENTERED, factors, level, entry)
    return Holding(tank, substance, full, full, Basis.ASSUMED_FULL, factors, level, entry)


def design_t(tank: Tank) -> Decimal | None:
    """What the tank is designed to hold, tonnes; None where no density is known."""
    substance = find_substance(tank.substance)
    density = tank.density_tm3 or (substance.density_tm3 if substance else None)
    return None if density is None else _decimal(tank.volume_m3) * _decimal(density)


def _current(level: Level, now: datetime) -> bool:
    if level.percent is None or not level.usable or not level.percent >= 0:
        return False
    return now - level.at <= timedelta(seconds=STALE_INTERVALS * level.interval_s)


def _holds(entry: Entry, level: Level | None, now: datetime) -> bool:
    """A level that came after it, however old by now, says that the tank has changed since."""
    overtaken = level is not None and level.percent is not None and level.at > entry.at
    return not overtaken and now - entry.at <= ENTRY_HOLDS


def _factors(tank: Tank, substance: Substance | None) -> Factors | None:
    """Of a substance that our table lacks, by its name in table 1 and by the register's class."""
    if substance is not None:
        return factors_of(substance.cas, tank.category or substance.category, bool(tank.category))
    return factors_of(tank.substance, tank.category, bool(tank.category))


def _assess(amounts: Sequence[tuple[Holding, Decimal | None]], people: int) -> Hazard | None:
    items = [
        Item(h.tank.code, quantity, h.factors.critical_t, h.factors.beta)
        for h, quantity in amounts
        if quantity is not None and h.factors is not None
    ]
    return assess(items, people) if items else None


def _decimal(value: float) -> Decimal:
    """The shortest decimal that means the number: what was written."""
    return Decimal(str(value))
