"""The weather that an assessment rests on: of the nearest wind station that has usable wind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gis.plume.dispersion import STANDARD_K, STANDARD_PA
from gis.plume.stability import Sky, Stability, parts, sky_at, stability
from gis.plume.wind import Wind, WindReading, mean_wind

KELVIN = 273.15
FRESH_S = 3600.0  # temperature and pressure change slowly


@dataclass(frozen=True)
class Weather:
    """at: the moment assessed. wind None: none is known. temp_c, pressure_hpa None: not known, and
    25 C and 1013.25 hPa are taken."""

    at: datetime
    wind: Wind | None
    sky: Sky
    stability: Stability
    temp_c: float | None = None
    pressure_hpa: float | None = None

    @property
    def kelvin(self) -> float:
        return STANDARD_K if self.temp_c is None else self.temp_c + KELVIN

    @property
    def pascal(self) -> float:
        return STANDARD_PA if self.pressure_hpa is None else self.pressure_hpa * 100

    @property
    def wind_age_s(self) -> float | None:
        """Never less than 0: a station's clock may run a little ahead."""
        if self.wind is None or self.wind.at is None:
            return None
        return max(0.0, (self.at - self.wind.at).total_seconds())


@dataclass(frozen=True)
class WindStation:
    """A station that measures speed and direction; temp_c, pressure_hpa as far as fresh."""

    code: str
    distance_m: float
    speed_series: int
    direction_series: int
    temp_c: float | None = None
    pressure_hpa: float | None = None


class Readings(Protocol):
    """The good wind readings of a station since some minutes before now."""

    def __call__(self, station: WindStation) -> list[WindReading]: ...


def weather_of(
    stations: Iterable[WindStation], readings: Readings, lon: float, lat: float, at: datetime
) -> Weather:
    """The nearest station with usable wind, else the next; each is asked only when it is needed."""
    sky = sky_at(lon, lat, at)
    for station in sorted(stations, key=lambda each: (each.distance_m, each.code)):
        wind = mean_wind(readings(station), at, station.code, station.distance_m)
        if wind is not None:
            found = stability(wind.speed_ms, sky)
            return Weather(at, wind, sky, found, station.temp_c, station.pressure_hpa)
    return Weather(at, None, sky, Stability(()))


def weather_by_hand(
    weather: Weather,
    wind: Wind | None = None,
    name: str | None = None,
    cloud_octas: int | None = None,
) -> Weather:
    """The weather with what somebody says in place of what was measured.

    Raises ValueError for a class that is none.
    """
    sky = Sky(weather.sky.sun_deg, weather.sky.night, cloud_octas)
    chosen = wind or weather.wind
    found = stability(chosen.speed_ms if chosen else None, sky)
    if name is not None and chosen is not None:
        parts(name)
        found = Stability((name,), found.insolation, by_hand=True)
    return Weather(weather.at, chosen, sky, found, weather.temp_c, weather.pressure_hpa)
