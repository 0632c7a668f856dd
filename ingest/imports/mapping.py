"""What the columns of a history mean: a small YAML file, or flags. Checked before a row is read."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config import Mistake, did_you_mean
from sensors.catalogue import METRICS
from sensors.directory import Directory

# (the file's unit, the catalogue's) -> factor, offset.
UNITS = {
    ("ft", "m"): (0.3048, 0.0),
    ("cm", "m"): (0.01, 0.0),
    ("mm", "m"): (0.001, 0.0),
    ("in", "mm"): (25.4, 0.0),
    ("cm", "mm"): (10.0, 0.0),
    ("ft3/s", "m³/s"): (0.028316846592, 0.0),
    ("l/s", "m³/s"): (0.001, 0.0),
    ("m3/h", "m³/s"): (1 / 3600, 0.0),
    ("m3/d", "m³/s"): (1 / 86_400, 0.0),
    ("Mm3", "m³"): (1e6, 0.0),
    ("°F", "°C"): (5 / 9, -160 / 9),
    ("K", "°C"): (1.0, -273.15),
    ("ug/m3", "mg/m³"): (0.001, 0.0),
    ("mg/m3", "µg/m³"): (1000.0, 0.0),
    ("ug/L", "mg/L"): (0.001, 0.0),
    ("ppb", "ppm"): (0.001, 0.0),
    ("Pa", "hPa"): (0.01, 0.0),
    ("kPa", "hPa"): (10.0, 0.0),
    ("bar", "kPa"): (100.0, 0.0),
    ("km/h", "m/s"): (1 / 3.6, 0.0),
    ("kn", "m/s"): (1852 / 3600, 0.0),
}
Quality_ = Literal["good", "suspect", "missing"]
FORMATS = ("iso", "unix_s", "unix_ms")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measured(Part):
    """One column of values, or one name of a metric in a long file."""

    metric: str
    unit: str | None = None
    factor: float = 1.0
    offset: float = 0.0
    quality: str | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.metric not in METRICS:
            raise ValueError(f"no metric {self.metric!r}; {did_you_mean(self.metric, METRICS)}")
        if self.unit is not None:
            if (self.factor, self.offset) != (1.0, 0.0):
                raise ValueError("either `unit` or `factor` and `offset`, not both")
            if self.unit not in self._units():
                known = ", ".join(sorted(self._units()))
                raise ValueError(
                    f"{self.unit!r} is not converted to {METRICS[self.metric].unit}; "
                    f"known are {known}; or give `factor` and `offset`"
                )
        return self

    def _units(self) -> dict[str, tuple[float, float]]:
        own = METRICS[self.metric].unit
        found = {unit: how for (unit, to), how in UNITS.items() if to == own}
        return {**found, own: (1.0, 0.0), _plain(own): (1.0, 0.0)}

    @cached_property
    def conversion(self) -> tuple[float, float]:
        """What a value is multiplied by, and what is added then."""
        return (self.factor, self.offset) if self.unit is None else self._units()[self.unit]


def _plain(unit: str) -> str:
    return unit.replace("µ", "u").replace("³", "3")


class Long(Part):
    """A file with a row a reading. metrics: the file's names; None leaves a name out on purpose."""

    metric: str
    value: str
    quality: str | None = None
    metrics: dict[str, Measured | None] = Field(default_factory=dict)

    @field_validator("metrics", mode="before")
    @classmethod
    def _short(cls, found: Any) -> Any:
        return _expanded(found)


class HistoryMapping(Part):
    """Which column of a file means what. What it does not name is not read."""

    station: str | None = None
    station_column: str | None = None
    stations: dict[str, str | None] = Field(default_factory=dict)
    time: tuple[str, ...]
    time_format: str = "iso"
    time_zone: str | None = None
    columns: dict[str, Measured] = Field(default_factory=dict)
    long: Long | None = None
    qualities: dict[str, Quality_] = {"good": "good", "suspect": "suspect", "missing": "missing"}
    missing: tuple[str, ...] = ()
    origin: Literal["live", "recorded", "simulated", "exercise"] = "recorded"
    shift_days: float = 0.0
    keep_time: bool = False
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    decimal: Literal[".", ","] = "."
    header: tuple[str, ...] | None = None

    @field_validator("time", mode="before")
    @classmethod
    def _one_or_several(cls, found: Any) -> Any:
        return [found] if isinstance(found, str) else found

    @field_validator("missing", mode="before")
    @classmethod
    def _as_text(cls, found: Any) -> Any:
        """YAML reads -999 as a number; the file has it as text."""
        return [str(one) for one in found] if isinstance(found, list) else found

    @field_validator("columns", mode="before")
    @classmethod
    def _short(cls, found: Any) -> Any:
        return _expanded(found)

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, found: str | None) -> str | None:
        if found is not None and found not in available_timezones():
            raise ValueError(f"no time zone; {did_you_mean(found, available_timezones())}"[:200])
        return found

    @field_validator("time_format")
    @classmethod
    def _is_format(cls, found: str) -> str:
        if found not in FORMATS and "%" not in found:
            raise ValueError(
                f"expected {', '.join(FORMATS)}, or a pattern such as %Y-%m-%d %H:%M:%S"
            )
        return found

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, found: str) -> str:
        try:
            "".encode(found)
        except LookupError:
            raise ValueError("no such encoding; common are utf-8, gb18030, latin-1") from None
        return found

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.station is None) == (self.station_column is None):
            raise ValueError(
                "give `station` (a code for all rows) or `station_column`, one of them"
            )
        if bool(self.columns) == (self.long is not None):
            raise ValueError("give `columns` (a column a metric) or `long` (a row a reading)")
        names = [one.metric for one in self.columns.values()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two columns for {', '.join(twice)}; keep one of them")
        return self

    @property
    def zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None

    @property
    def readings_a_row(self) -> int:
        return len(self.columns) or 1

    @property
    def read(self) -> list[str]:
        """The columns of the file that are read."""
        named = [name for _, name in self._named()]
        return list(dict.fromkeys(named))

    def _named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for number, name in enumerate(self.time):
            yield ("time", number), name
        if self.station_column:
            yield ("station_column",), self.station_column
        for name, column in self.columns.items():
            yield ("columns", name), name
            if column.quality:
                yield ("columns", name, "quality"), column.quality
        if self.long:
            for key in ("metric", "value", "quality"):
                if named := getattr(self.long, key):
                    yield ("long", key), named

    def mistakes(self, header: Iterable[str], directory: Directory) -> Iterator[Mistake]:
        """What does not fit the file, or the stations."""
        known = list(header)
        for where, name in self._named():
            if name not in known:
                problem = f"the file has no such column; {did_you_mean(name, known)}"
                yield Mistake(where, name, problem)
        for where, code in self._codes():
            if code not in directory.stations:
                problem = f"no such station; {did_you_mean(code, directory.stations)}"
                yield Mistake(where, code, problem)
        if self.station in directory.stations:
            yield from self._unmeasured(self.station or "", directory)

    def _codes(self) -> Iterator[tuple[tuple[str, ...], str]]:
        if self.station:
            yield ("station",), self.station
        for name, code in self.stations.items():
            if code is not None:
                yield ("stations", name), code

    def _unmeasured(self, station: str, directory: Directory) -> Iterator[Mistake]:
        long = self.long.metrics if self.long else {}
        named: list[tuple[tuple[str, ...], Measured]] = [
            (("columns", name), one) for name, one in self.columns.items()
        ]
        named += [(("long", "metrics", name), one) for name, one in long.items() if one]
        measured = {one.metric for one in directory.by_station.get(station, ()) if not one.derived}
        for where, one in named:
            info = directory.series.get((station, one.metric))
            if info is None:
                problem = f"{station} does not measure it; {did_you_mean(one.metric, measured)}"
                yield Mistake(where, one.metric, problem)
            elif info.derived:
                problem = f"{station} has it computed here; leave this one out"
                yield Mistake(where, one.metric, problem)


def _expanded(found: Any) -> Any:
    """`PM2.5: pm25_ugm3` is short for `PM2.5: {metric: pm25_ugm3}`."""
    if not isinstance(found, dict):
        return found
    if any(isinstance(name, bool) for name in found):
        raise ValueError("YAML reads NO, YES, ON and OFF as truth values: put such names in quotes")
    return {
        str(name): {"metric": one} if isinstance(one, str) else one for name, one in found.items()
    }
