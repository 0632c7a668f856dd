"""What is known of stations and series at run time: the configuration that ingest needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sensors.curve import Points

STORAGE, LEVEL, AQI = "storage_m3", "level_m", "aqi"
# The six of HJ 633-2026 by our names, in the order of its table 3.
AIR_METRICS = ("so2_ugm3", "no2_ugm3", "co_mgm3", "o3_ugm3", "pm10_ugm3", "pm25_ugm3")


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One metric of one station, with the instrument that hangs on it now.

    low, high: the instrument's range where it narrows the catalogue's. max_step: greatest
    believable change within a minute. derived: computed here, never taken from a device.
    """

    series_id: int
    station: str
    metric: str
    interval_s: int
    low: float | None = None
    high: float | None = None
    max_step: float | None = None
    stuck_after_s: int | None = None
    derived: bool = False


@dataclass(frozen=True, slots=True)
class StationInfo:
    station_id: int
    code: str
    kind: str
    interval_s: int
    device: str | None
    public: bool


@dataclass(frozen=True)
class Directory:
    """Everything in force now; a station or series that is not in here is unknown."""

    stations: Mapping[str, StationInfo] = field(default_factory=dict)
    series: Mapping[tuple[str, str], SeriesInfo] = field(default_factory=dict)
    curves: Mapping[str, Points] = field(default_factory=dict)

    @property
    def devices(self) -> frozenset[str]:
        """Gateways and loggers that some station hangs on."""
        return frozenset(s.device for s in self.stations.values() if s.device)
