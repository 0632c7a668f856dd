"""Units that foreign devices send, and what makes ours of them. Exact: 57 cm is 0.57 m.

Only what follows from the unit alone: ppm and µg/m³ are not turned into each other, because that
needs the gas, the temperature and the pressure. `F` and `C` are farad and coulomb (RFC 8428): a
temperature is `°F` or `degF`, `°C`, `degC` or `Cel`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Linear:
    """y = scale · x + offset, in exact fractions."""

    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)

    def __call__(self, value: float) -> float:
        """Raises OverflowError where the result is no float any more."""
        return float(self.scale * exact(value) + self.offset)

    def then(self, after: "Linear") -> "Linear":
        return Linear(self.scale * after.scale, self.offset * after.scale + after.offset)

    @property
    def inverse(self) -> "Linear":
        return Linear(1 / self.scale, -self.offset / self.scale)


IDENTITY = Linear()


def exact(value: float) -> Fraction:
    """A number as its shortest decimal says it: 0.1 is a tenth."""
    return Fraction(repr(value))


def _named(scales: Mapping[str, object]) -> dict[str, Linear]:
    """Each unit of one kind as so many of the kind's first; `m³ m3` are two spellings."""
    return {
        unit: Linear(Fraction(str(scale)))
        for units, scale in scales.items()
        for unit in units.split()
    }


# What is in one row turns into each other. The numbers: how many of the row's base one of it is.
_KINDS: tuple[Mapping[str, Linear], ...] = (
    _named({"m": 1, "km": 1000, "dm": "1/10", "cm": "1/100", "mm": "1/1000"})
    | _named({"in": "127/5000", "ft": "381/1250"}),
    _named({"m³ m3": 1, "L l": "1/1000", "万m³": 10_000}),
    _named({"m³/s m3/s": 1, "L/s l/s": "1/1000", "m³/h m3/h": "1/3600", "L/min l/min": "1/60000"}),
    {
        **dict.fromkeys(("°C", "degC", "Cel"), IDENTITY),
        "K": Linear(offset=Fraction("-273.15")),
        **dict.fromkeys(("°F", "degF"), Linear(Fraction(5, 9), Fraction(-160, 9))),
    },
    _named({"m/s": 1, "km/h": "5/18", "kn": "463/900", "mph": "1397/3125"}),
    _named({"° deg": 1}) | {"rad": Linear(Fraction(180 / math.pi))},
    _named({"% %RH %EL": 1, "1 /": 100, "‰": "1/10"}),
    _named({"Pa": 1, "hPa mbar": 100, "kPa": 1000, "bar": 100_000, "MPa": 1_000_000}),
    _named({"mg/m³ mg/m3": 1, "µg/m³ μg/m³ ug/m3": "1/1000", "ng/m³ ng/m3": "1/1000000"})
    | _named({"g/m³ g/m3 mg/L mg/l": 1000, "µg/L μg/L ug/L ug/l": 1, "g/L g/l": 1_000_000}),
    _named({"ppm": 1, "ppb": "1/1000", "%vol": 10_000}),
    _named({"µS/cm μS/cm uS/cm": 1, "mS/cm": 1000, "mS/m": 10, "S/m": 10_000}),
    _named({"V": 1, "mV": "1/1000"}),
    _named({"%LEL": 1}),
    _named({"pH": 1}),
    _named({"NTU": 1}),
    {"": IDENTITY},
)


@lru_cache(maxsize=1000)
def conversion(unit: str, into: str) -> Linear | None:
    """What turns a number in `unit` into one in `into`; None where nothing does."""
    for kind in _KINDS:
        if into in kind and unit in kind:
            return kind[unit].then(kind[into].inverse)
    return None


def convertible(into: str) -> list[str]:
    """The units that can be turned into `into`."""
    return [unit for kind in _KINDS if into in kind for unit in kind]
