"""Weather now: the nearest station that has each figure. Pure."""

from dataclasses import dataclass

from dashboard.public.look import Look, Value
from dashboard.shapes import StationRow

# One hour's rain, GB/T 28592-2012 table 1: less than the bound (mm) is ...
_RAIN = (
    (0.1, "no rain"),
    (1.6, "light rain"),
    (7.0, "moderate rain"),
    (15.0, "heavy rain"),
    (40.0, "rainstorm"),
    (50.0, "heavy rainstorm"),
)
_POINTS = [
    "N",
    "NNE",
    "NE",
    "ENE",
    "E",
    "ESE",
    "SE",
    "SSE",
    "S",
    "SSW",
    "SW",
    "WSW",
    "W",
    "WNW",
    "NW",
    "NNW",
]
CALM_MS = 0.3
# An hour's sum from fewer readings than this share would be an average over missing ones.
COMPLETE = 0.75


@dataclass(frozen=True, slots=True)
class Rain:
    """mm in the last hour; None where too few readings came. value: the newest reading."""

    mm: float | None
    value: Value

    @property
    def word(self) -> str:
        return "too few readings" if self.mm is None else rain_word(self.mm)


@dataclass(frozen=True, slots=True)
class Weather:
    rain: Rain | None
    wind: Value | None
    direction: Value | None
    temperature: Value | None

    @property
    def values(self) -> list[Value]:
        rain = self.rain.value if self.rain else None
        return [v for v in (rain, self.wind, self.direction, self.temperature) if v is not None]


def weather(look: Look, stations: list[StationRow]) -> Weather:
    """stations: by distance. The nearest with a current value, else the nearest with any."""
    wind = _first(look, stations, "wind_speed_ms")
    direction = look.value(wind.station, "wind_dir_deg") if wind else None
    rain = _first(look, stations, "rain_mm")
    return Weather(
        Rain(rain_1h(look, rain), rain) if rain else None,
        wind,
        direction,
        _first(look, stations, "temp_c"),
    )


def rain_1h(look: Look, newest: Value) -> float | None:
    """The last hour's sum, unless it is stale or too many readings are missing."""
    hour = look.hours.get((newest.station, "rain_mm"))
    if hour is None or not newest.current:
        return None
    expected = 3600 / newest.interval_s
    return hour.sum if hour.count >= COMPLETE * expected else None


def rain_word(mm: float) -> str:
    return next((word for bound, word in _RAIN if mm < bound), "extreme rainstorm")


def wind_word(direction: Value | None, speed: Value) -> str | None:
    """Where it blows from in 16 points, `calm` below 0.3 m/s, None where not known."""
    if not speed.current or speed.value is None:
        return None
    if speed.value < CALM_MS:
        return "calm"
    if direction is None or not direction.current or direction.value is None:
        return None
    return _POINTS[round(direction.value / 22.5) % 16]


def _first(look: Look, stations: list[StationRow], metric: str) -> Value | None:
    found = [look.value(s.code, metric) for s in stations if look.has(s.code, metric)]
    current = [value for value in found if value.current]
    return next(iter(current or found), None)
