"""How a station speaks HJ 212 or SL 651: the part of its settings that the decoders need."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config import did_you_mean
from sensors.hj212_factors import FACTORS, units_of
from sensors.section import Section


class Hj212(Section):
    """One data logger. Its values are of one kind (`stores`): hour means among real-time values
    would replace those that have the same time."""

    mn: str = Field(
        pattern=r"^[A-Za-z0-9_.-]{1,40}$",
        description="MN of the device, as it sends it; in quotes.",
    )
    crc: Literal["standard", "modbus", "modbus_swapped"] = Field(
        default="standard",
        description="standard: HJ 212 Annex A. Some devices send CRC-16/MODBUS, or that with its "
        "bytes swapped: accepted only where it is said here.",
    )
    stores: Literal["2011", "2051", "2061", "2031"] = Field(
        default="2011",
        description="The command whose values are its readings: 2011 real-time, 2051 minute, 2061 "
        "hour, 2031 day (means, timed by the beginning of their period).",
    )
    units: dict[str, str] = Field(
        default={},
        description="Factor → the unit it is sent in, such as {a34004: ug/m3}. Else the unit of "
        "the standard, where devices keep to it; the others wait in quarantine until it is said.",
    )
    ignores: tuple[str, ...] = Field(
        default=(),
        description="Commands and factors that are of no interest, such as ['2051', LA]: read and "
        "dropped. Whatever else cannot be used is kept in quarantine.",
    )

    @model_validator(mode="after")
    def _units_fit(self) -> Self:
        if mistakes := list(self._wrong_units()):
            raise ValueError("; ".join(mistakes))
        return self

    def _wrong_units(self) -> Iterator[str]:
        for factor, unit in self.units.items():
            if factor not in FACTORS:
                yield f"unknown factor {factor!r} in units; {did_you_mean(factor, FACTORS)}"
            elif unit not in units_of(factor):
                # The nearest spelling may be a thousand times too much: none is guessed.
                yield f"{factor} in {unit!r}; expected one of {', '.join(units_of(factor))}"


class Sl651(Section):
    """One telemetry station of the water service."""

    address: str = Field(
        pattern=r"^[0-9A-F]{10}$",
        description="Station address: its ten digits in the frame, in quotes: '0012345678'.",
    )
    rain: Literal["21", "22", "23", "24", "1A", "F4"] | None = Field(
        default=None,
        description="The element that is rain_mm: rain of 1 min (21), 5 min (22), 10 min (23), "
        "30 min (24), 1 h (1A), or the twelve of an hour (F4). Sums (20, 26, 1F) never are.",
    )
    base_m: float | None = Field(
        default=None,
        description="Elevation, m, from which the relative levels of an hour (F5) count.",
    )
    ignores: tuple[Annotated[str, Field(pattern=r"^[0-9A-F]{2}$")], ...] = Field(
        default=(),
        description="Elements that are of no interest, such as ['45']: read and dropped.",
    )
