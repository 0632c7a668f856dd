"""HJ 212: factor codes → metrics with their units, and what the data marks mean.

Codes and default units: HJ 212-2017 tables B.1 and B.2 (the second code is that of HJ/T 212-2005).
Where devices do not keep to the default unit it is None: it must be said for the device. The
standard gives PM2.5, PM10 and NH₃ in ng/m³, the field sends µg/m³; a thousandth of the truth would
never alert anybody.
"""

from decimal import Decimal
from typing import NamedTuple

from sensors.catalogue import METRICS
from sensors.reading import Quality


class Factor(NamedTuple):
    """A factor as one metric; unit: the standard's, None where it must be said for the device."""

    metric: str
    unit: str | None


# Unit → (what kind of quantity, how much of the kind's first unit).
_UNITS: dict[str, tuple[str, Decimal]] = {
    "g/m3": ("mass in gas", Decimal(1)),
    "mg/m3": ("mass in gas", Decimal("1e-3")),
    "ug/m3": ("mass in gas", Decimal("1e-6")),
    "ng/m3": ("mass in gas", Decimal("1e-9")),
    "g/L": ("mass in water", Decimal(1)),
    "mg/L": ("mass in water", Decimal("1e-3")),
    "ug/L": ("mass in water", Decimal("1e-6")),
    "ng/L": ("mass in water", Decimal("1e-9")),
    "%": ("share", Decimal(1)),
    "ppm": ("share in air", Decimal(1)),
    "ppb": ("share in air", Decimal("1e-3")),
    "m3/s": ("flow", Decimal(1)),
    "L/s": ("flow", Decimal("1e-3")),
    "m3/h": ("flow", 1 / Decimal(3600)),
    "hPa": ("pressure", Decimal(1)),
    "kPa": ("pressure", Decimal(10)),
    "Pa": ("pressure", Decimal("1e-2")),
    "uS/cm": ("conductivity", Decimal(1)),
    "mS/cm": ("conductivity", Decimal(1000)),
    "S/cm": ("conductivity", Decimal(1_000_000)),
    "degC": ("temperature", Decimal(1)),
    "m/s": ("speed", Decimal(1)),
    "deg": ("direction", Decimal(1)),
    "pH": ("pH", Decimal(1)),
    "NTU": ("turbidity", Decimal(1)),
}
# The catalogue writes units for people.
_CATALOGUE = {"µg/m³": "ug/m3", "mg/m³": "mg/m3", "m³/s": "m3/s", "µS/cm": "uS/cm"}
_CATALOGUE |= {"°C": "degC", "°": "deg"}

_MASS = "mg/m3"
_ROWS: tuple[tuple[tuple[str, ...], tuple[Factor, ...]], ...] = (
    # Water, table B.1
    (("w00000", "B01"), (Factor("flow_m3s", "L/s"),)),
    (("w01001", "001"), (Factor("ph", "pH"),)),
    # w01003 is HJ 525's; Annex B does not have it.
    (("w01003",), (Factor("turbidity_ntu", "NTU"),)),
    (("w01009",), (Factor("do_mgl", "mg/L"),)),
    (("w01010",), (Factor("water_temp_c", "degC"),)),
    (("w01012", "003"), (Factor("ss_mgl", "mg/L"),)),
    # S/cm by the PDF of the standard, µS/cm by other copies and by every device seen.
    (("w01014",), (Factor("conductivity_uscm", None),)),
    (("w01017", "010"), (Factor("bod_mgl", "mg/L"),)),
    (("w01018", "011"), (Factor("cod_mgl", "mg/L"),)),
    (("w20123", "030"), (Factor("zinc_mgl", "mg/L"),)),
    (("w21001", "065"), (Factor("tn_mgl", "mg/L"),)),
    (("w21003", "060"), (Factor("nh3n_mgl", "mg/L"),)),
    (("w21011", "101"), (Factor("tp_mgl", "mg/L"),)),
    # Air and waste gas, table B.2
    (("a00000", "B02"), (Factor("flow_m3s", "m3/s"),)),
    (("a01001",), (Factor("temp_c", "degC"),)),
    (("a01002",), (Factor("humidity_pct", "%"),)),
    (("a01006",), (Factor("pressure_hpa", "kPa"),)),
    (("a01007",), (Factor("wind_speed_ms", "m/s"),)),
    (("a01008",), (Factor("wind_dir_deg", "deg"),)),
    (("a01012", "S03"), (Factor("stack_temp_c", "degC"),)),
    (("a19001", "S01"), (Factor("stack_o2_pct", "%"), Factor("o2_pct", "%"))),
    (("a21001", "10"), (Factor("nh3_ppm", None),)),
    (("a21002", "03"), (Factor("stack_nox_mgm3", _MASS),)),
    (("a21004",), (Factor("no2_ugm3", None),)),
    (("a21005", "04"), (Factor("co_mgm3", _MASS), Factor("stack_co_mgm3", _MASS))),
    (("a21022", "11"), (Factor("cl2_ppm", None),)),
    (("a21024", "08"), (Factor("hcl_ppm", None),)),
    (("a21026", "02"), (Factor("so2_ugm3", None), Factor("stack_so2_mgm3", _MASS))),
    (("a21028", "05"), (Factor("h2s_ppm", None),)),
    (("a24088",), (Factor("nmhc_mgm3", _MASS),)),
    (("a25002",), (Factor("benzene_ppm", None),)),
    (("a34002",), (Factor("pm10_ugm3", None),)),
    (("a34004",), (Factor("pm25_ugm3", None),)),
    (("a34013", "01"), (Factor("stack_dust_mgm3", _MASS),)),
    # a05024 is HJ 524's; Annex B does not have it.
    (("a05024",), (Factor("o3_ugm3", None),)),
)
FACTORS = {code: factors for codes, factors in _ROWS for code in codes}

# Table 8 of HJ 212-2017. What the instrument did not measure in the environment is missing; above
# the range and set by hand stay values, doubtful ones: what is too much to measure must alert.
_NOT_MEASURING = Quality.MISSING | Quality.STATUS
MARKS = {
    "N": Quality.GOOD,
    "F": _NOT_MEASURING,  # stopped
    "M": _NOT_MEASURING,  # maintenance
    "D": _NOT_MEASURING,  # fault
    "C": _NOT_MEASURING,  # calibration
    "B": _NOT_MEASURING,  # no connection between instrument and logger
    "P": _NOT_MEASURING,  # power failure; of 2005, unconfirmed
    "S": Quality.DEVICE,  # set by hand
    "T": Quality.DEVICE,  # above the measuring range
}


def factor_of(code: str, measured: frozenset[str]) -> Factor | None:
    """What a code means at a station: the metric that is measured there, else the first."""
    factors = FACTORS.get(code)
    if factors is None:
        return None
    return next((factor for factor in factors if factor.metric in measured), factors[0])


def units_of(code: str) -> tuple[str, ...]:
    """The units from which a factor can be converted into one of its metrics."""
    kinds = {_UNITS[_own_unit(factor.metric)][0] for factor in FACTORS[code]}
    return tuple(unit for unit, (kind, _) in _UNITS.items() if kind in kinds)


def convert(value: Decimal, unit: str, metric: str) -> float:
    """A value into its metric's unit; both must be of one kind (`units_of`)."""
    return float(value * _UNITS[unit][1] / _UNITS[_own_unit(metric)][1])


def _own_unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return _CATALOGUE.get(unit, unit)
