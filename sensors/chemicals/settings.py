"""A plant's tanks in config.yaml, and what is wrong with them."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from config import Mistake, did_you_mean, entries
from sensors.catalogue import TANK_LEVEL
from sensors.chemicals.gb18218_tables import CLASSES
from sensors.chemicals.substances import SUBSTANCES, find_substance
from sensors.section import Code, Section


class Tank(Section):
    code: Code = Field(description="Its number at the plant.")
    substance: str = Field(
        min_length=1,
        description="What it holds: a code, CAS number or Chinese name of docs/science.md; another "
        "one needs density_tm3 and category.",
    )
    volume_m3: float = Field(gt=0, description="What it is designed to hold at most, m³.")
    density_tm3: float | None = Field(
        default=None, gt=0, description="Density of what it holds, t/m³; else a handbook value."
    )
    category: str | None = Field(
        default=None,
        description="Its class in GB 18218-2018 table 2, such as W5.3; else our classification.",
    )
    measured_by: Code | None = Field(
        default=None,
        description="The station whose tank_level_pct is this tank's; else, for the first tank, "
        "the plant's own.",
    )
    release_kgs: float | None = Field(
        default=None, gt=0, description="Release assumed of a leak here, kg/s, if sensors say less."
    )
    release_height_m: float = Field(
        default=2, ge=0, le=300, description="Height above ground of such a release, m."
    )

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.category is not None and self.category not in CLASSES:
            raise ValueError(
                f"unknown category {self.category!r}; {did_you_mean(self.category, CLASSES)}"
            )
        if find_substance(self.substance) is None and not (self.density_tm3 and self.category):
            known = did_you_mean(self.substance, SUBSTANCES)
            raise ValueError(
                f"unknown substance {self.substance!r}; {known}, or give density_tm3 and category"
            )
        return self


def repeated_tanks(tanks: Iterable[Tank]) -> list[str]:
    """Codes that more than one tank has."""
    codes = [tank.code for tank in tanks]
    return sorted({code for code in codes if codes.count(code) > 1})


def unmeasured(raw: Mapping[str, Any]) -> list[Mistake]:
    """Tanks whose level is said to be measured where no tank level is."""
    measuring = {
        str(entry.get("code"))
        for _, entry in entries(raw, "sensors", "stations")
        if TANK_LEVEL in _metrics(entry)
    }
    mistakes = []
    for index, entry in entries(raw, "sensors", "stations"):
        tanks = entry.get("tanks")
        for number, tank in enumerate(tanks if isinstance(tanks, list) else ()):
            by = tank.get("measured_by") if isinstance(tank, dict) else None
            if isinstance(by, str) and by not in measuring:
                known = did_you_mean(by, measuring)
                where = ("sensors", "stations", index, "tanks", number, "measured_by")
                mistakes.append(Mistake(where, by, f"no station {by} with {TANK_LEVEL}; {known}"))
    return mistakes


def _metrics(entry: Mapping[str, Any]) -> set[object]:
    """What a station measures, as far as it can be read: the model says what is wrong."""
    said = entry.get("metrics")
    listed = said if isinstance(said, list) else []
    found = [each.get("metric") if isinstance(each, dict) else each for each in listed]
    return {metric for metric in found if isinstance(metric, str)}
