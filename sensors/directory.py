"""What is known of stations and series at run time: the configuration that ingest needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sensors.instruments import Instruments, instruments
from sensors.protocols import Hj212, Sl651
from sensors.reading import Origin
from sensors.settings import Months, Neighbours
from sensors.water.curve import Points


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One metric of one station, with the instrument that hangs on it now.

    low, high: the instrument's range where it narrows the catalogue's. max_step: greatest
    believable change within a minute. usual: what each month brings. derived: computed here, never
    taken from a device.
    """

    series_id: int
    station: str
    metric: str
    interval_s: int
    low: float | None = None
    high: float | None = None
    max_step: float | None = None
    stuck_after_s: int | None = None
    usual: Months | None = None
    spike: float | None = None
    neighbours: Neighbours | None = None
    derived: bool = False


@dataclass(frozen=True, slots=True)
class StationInfo:
    station_id: int
    code: str
    kind: str
    interval_s: int
    device: str | None
    public: bool
    origin: Origin = Origin.LIVE
    release: str = "never"


@dataclass(frozen=True, slots=True)
class Hj212Device:
    """The station behind an MN. metrics: what is measured there."""

    station: str
    settings: Hj212
    metrics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sl651Device:
    """The station behind an SL 651 address. metrics: what is measured there."""

    station: str
    settings: Sl651
    metrics: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Directory:
    """Everything in force now; a station or series that is not in here is unknown."""

    stations: Mapping[str, StationInfo] = field(default_factory=dict)
    series: Mapping[tuple[str, str], SeriesInfo] = field(default_factory=dict)
    curves: Mapping[str, Points] = field(default_factory=dict)
    by_mn: Mapping[str, Hj212Device] = field(default_factory=dict)
    by_address: Mapping[str, Sl651Device] = field(default_factory=dict)

    @cached_property
    def by_station(self) -> Mapping[str, tuple[SeriesInfo, ...]]:
        """Every series of each station."""
        found: dict[str, tuple[SeriesInfo, ...]] = {}
        for info in self.series.values():
            found[info.station] = (*found.get(info.station, ()), info)
        return found

    @cached_property
    def by_id(self) -> Mapping[int, SeriesInfo]:
        return {info.series_id: info for info in self.series.values()}

    @cached_property
    def instruments(self) -> Instruments:
        return instruments(self.series.values())
