"""Which recording plays at which station, and what the device does to its figures. One table."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from demo.recordings import RECORDINGS, Row

COMPASS = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"]
COMPASS += ["S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]


@dataclass(frozen=True)
class Conversion:
    """What happens to a recorded figure before it is published, and how that is told."""

    zh: str
    en: str
    apply: Callable[[float | str], float]


def _linear(zh: str, en: str, scale: float, offset: float = 0.0) -> Conversion:
    return Conversion(zh, en, lambda value: round(float(value) * scale + offset, 6))


def _onto(low: float, full: float, dead_m: float, normal_m: float) -> Conversion:
    """A reservoir's range [low, full] onto [dead_m, normal_m] of the sample reservoir."""
    scale = (normal_m - dead_m) / (full - low)
    words = f"{low:g}-{full:g} m → {dead_m:g}-{normal_m:g} m"
    return Conversion(
        f"按比例缩放：{words}",
        f"rescaled: {words}",
        lambda value: round(dead_m + (float(value) - low) * scale, 2),
    )


AS_RECORDED = _linear("原值", "as recorded", 1)
UG_TO_MG = _linear("µg/m³ → mg/m³", "µg/m³ to mg/m³", 1e-3)
FEET = _linear("英尺 → 米，+1.20 m 渠底高程", "feet to m, +1.20 m for the channel bed", 0.3048, 1.2)
PER_DAY = _linear("m³/d → m³/s", "m³/day to m³/s", 1 / 86400)
# 78.11 g/mol, 24.45 L/mol (25 °C, 1 atm): 1 ppm is 3195 µg/m³.
BENZENE = _linear("µg/m³ → ppm（25 °C）", "µg/m³ to ppm at 25 °C", 24.45 / 78.11 / 1000)
DIRECTION = Conversion(
    "方位词 → 度", "compass word to degrees", lambda word: COMPASS.index(str(word)) * 22.5
)


@dataclass(frozen=True)
class Field:
    metric: str
    column: str
    conversion: Conversion = AS_RECORDED

    def value(self, row: Row) -> float | None:
        """The figure to publish; None where the recording has none."""
        recorded = row.values[self.column]
        return None if recorded is None else self.conversion.apply(recorded)


@dataclass(frozen=True)
class Track:
    """A recording on its way to a station.

    window: the first and last recorded day that play, where the file has several periods.
    start: the recorded time (ISO, a prefix) of the row that the demo begins with, or its number.
    """

    station: str
    recording: str
    fields: tuple[Field, ...]
    start: str | int = 0
    window: tuple[str, str] = ("", "9999")

    def rows(self) -> tuple[Row, ...]:
        first, last = self.window
        return tuple(
            row
            for row in RECORDINGS[self.recording].rows()
            if row.at is None or first <= row.at.isoformat()[:10] <= last
        )

    def first(self) -> int:
        """Index of the row that the demo begins with."""
        if isinstance(self.start, int):
            return self.start
        return next(
            index
            for index, row in enumerate(self.rows())
            if row.at is not None and row.at.isoformat() >= self.start
        )


SPRING = ("2016-04-01", "2016-04-30")
SUMMER = ("2016-07-10", "2016-08-08")
WINTER = ("2016-12-10", "2017-01-08")

_AIR = (
    Field("pm25_ugm3", "PM2.5"),
    Field("pm10_ugm3", "PM10"),
    Field("so2_ugm3", "SO2"),
    Field("no2_ugm3", "NO2"),
    Field("co_mgm3", "CO", UG_TO_MG),
    Field("o3_ugm3", "O3"),
)
_MET = (
    Field("wind_speed_ms", "WSPM"),
    Field("wind_dir_deg", "wd", DIRECTION),
    Field("temp_c", "TEMP"),
    Field("pressure_hpa", "PRES"),
    Field("rain_mm", "RAIN"),
)
_RAIN = (Field("rain_mm", "RAIN"),)
_STACK = (Field("stack_nox_mgm3", "NOX"), Field("stack_co_mgm3", "CO"))
_OUTFALL = (Field("cod_mgl", "DQO-S"), Field("ph", "PH-S"), Field("flow_m3s", "Q-E", PER_DAY))
_BENZENE = (Field("benzene_ppm", "C6H6(GT)", BENZENE),)
_TIDE = (Field("level_m", "value"),)

_STORM, _SMOG = "2016-07-19T12", "2016-12-16T00"
_AOTI, _GUAN, _SHUN, _WAN = "prsa-aotizhongxin", "prsa-guanyuan", "prsa-shunyi", "prsa-wanliu"


def _level(low: float, full: float, dead_m: float, normal_m: float) -> tuple[Field, ...]:
    return (Field("level_m", "waterLevel", _onto(low, full, dead_m, normal_m)),)


TRACKS: tuple[Track, ...] = (
    # Reservoirs: five in Kerala, of the same shape through the year; R-02 is simulated (flood).
    Track("R-01", "kerala-idukki", _level(702, 732.43, 24.0, 33.0), "2021-10-01"),
    Track("R-03", "kerala-banasura-sagar", _level(754, 775.6, 12.0, 20.2), "2021-08-12"),
    Track("R-04", "kerala-pamba", _level(962, 986.33, 16.0, 24.5), "2021-07-20"),
    Track("R-05", "kerala-kakkayam", _level(743, 758.04, 38.0, 48.2), "2022-06-15"),
    Track("R-06", "kerala-ponmudi", _level(684, 707.75, 8.0, 15.3), "2022-07-01"),
    # Their rain: the storm of 2016-07-20.
    Track("R-01", _AOTI, _RAIN, _STORM, SUMMER),
    Track("R-02", _WAN, _RAIN, _STORM, SUMMER),
    Track("R-03", _SHUN, _RAIN, _STORM, SUMMER),
    Track("R-04", _GUAN, _RAIN, "2016-07-19T06", SUMMER),
    Track("R-05", _AOTI, _RAIN, "2016-07-19T18", SUMMER),
    Track("R-06", _SHUN, _RAIN, "2016-07-19T06", SUMMER),
    # Air: the red alert of December 2016 around Xiapu, spring and summer elsewhere.
    Track("A-01", _AOTI, _AIR, _SMOG, WINTER),
    Track("A-02", _GUAN, _AIR, "2016-12-16T12", WINTER),
    Track("A-10", _SHUN, _AIR, _SMOG, WINTER),
    Track("A-12", _WAN, _AIR, _SMOG, WINTER),
    Track("A-03", _AOTI, _AIR, "2016-04-16T12", SPRING),
    Track("A-04", _GUAN, _AIR, "2016-04-16T12", SPRING),
    Track("A-08", _SHUN, _AIR, "2016-04-17T06", SPRING),
    Track("A-11", _WAN, _AIR, "2016-04-16T12", SPRING),
    Track("A-05", _AOTI, _AIR, "2016-07-27", SUMMER),
    Track("A-06", _GUAN, _AIR, "2016-07-26", SUMMER),
    Track("A-07", _SHUN, _AIR, "2016-07-26", SUMMER),
    Track("A-09", _WAN, _AIR, "2016-07-26", SUMMER),
    # Weather: the same summer.
    # Into the storm's wind from the north: the leak at plant 7 is then no calm.
    Track("W-01", _GUAN, _MET, "2016-07-20T03", SUMMER),
    Track("W-02", _AOTI, _MET, _STORM, SUMMER),
    Track("W-03", _SHUN, _MET, _STORM, SUMMER),
    Track("W-04", _WAN, _MET, _STORM, SUMMER),
    Track("W-05", _SHUN, _MET, "2016-04-07", SPRING),
    # Outfalls: one plant's year, begun at five places; tides, a flash flood.
    Track("D-01", "wastewater-1990", _OUTFALL),
    Track("D-02", "wastewater-1990", _OUTFALL, 60),
    Track("D-03", "wastewater-1990", _OUTFALL, 120),
    Track("D-04", "wastewater-1990", _OUTFALL, 180),
    Track("D-05", "wastewater-1990", _OUTFALL, 240),
    Track("D-01", "ea-tide-e2085", _TIDE),
    Track("D-03", "ea-tide-e47907", _TIDE),
    Track("D-04", "usgs-dead-run", (Field("level_m", "stage_ft", FEET),), "2018-06-03T19"),
    # Stacks: the file has no times, so no original time is shown.
    Track("S-01", "turbine-2011", _STACK, 400),
    Track("S-02", "turbine-2011", _STACK, 1200),
    Track("S-03", "turbine-2013", _STACK, 400),
    # Benzene at two fences: roadside air of an Italian town.
    Track("G-38", "devito-2004", _BENZENE, "2004-03-12"),
    Track("G-39", "devito-2004", _BENZENE, "2004-04-05"),
)


def replayed() -> Iterable[tuple[str, str]]:
    """Every (station, metric) that a recording feeds."""
    return ((track.station, field.metric) for track in TRACKS for field in track.fields)
