"""The recordings, read as they are: with their own columns, units and defects."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent / "recordings"
_EUROPE, _INDIA = ZoneInfo("Europe/Rome"), timezone(timedelta(hours=5, minutes=30))
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded line. at: its time, aware, or None where it has none that can be read.

    values: by the recording's column, in the recording's unit; words where it has words;
    None where it says missing or where what it says is no number.
    """

    at: datetime | None
    values: Mapping[str, float | str | None]


@dataclass(frozen=True)
class Recording:
    """A file, who made it, and under which terms it is here."""

    path: str
    title: str
    source: str
    licence: str
    read: Callable[[Path], Iterable[Row]]

    def rows(self) -> tuple[Row, ...]:
        return _rows(self)


@cache
def _rows(recording: Recording) -> tuple[Row, ...]:
    return tuple(recording.read(FOLDER / recording.path))


def _number(text: str, missing: str | None = None) -> float | None:
    """A number, or None for the recording's word for missing and for typing errors (`964..90`)."""
    if text.strip() in ("", missing):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _time(text: str, form: str, zone: ZoneInfo | timezone) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=zone)
    except ValueError:
        return None


def read_prsa(path: Path) -> Iterable[Row]:
    """Hourly, Beijing time, missing is NA; `wd` is a compass word."""
    for line in _lines(path):
        day = (int(line["year"]), int(line["month"]), int(line["day"]), int(line["hour"]))
        words = {"wd": None if line["wd"] == "NA" else line["wd"]}
        numbers = {k: _number(v, "NA") for k, v in line.items() if k not in ("wd", "station")}
        yield Row(datetime(*day, tzinfo=_CHINA), {**numbers, **words})


def read_usgs(path: Path) -> Iterable[Row]:
    """5 minutes, UTC; column 00065 is the stage in feet."""
    for line in _lines(path):
        stage = _number(line["USGS:01589330:00065:00000"])
        yield Row(datetime.fromisoformat(line["datetimeUTC"]), {"stage_ft": stage})


def read_tide(station: str) -> Callable[[Path], Iterable[Row]]:
    """Tide gauge of the Environment Agency, UTC; a doubled value such as 0.260|0.267 is none."""

    def read(path: Path) -> Iterable[Row]:
        for line in _lines(path):
            if line["stationReference"] == station:
                at = datetime.fromisoformat(line["dateTime"])
                yield Row(at, {"value": _number(line["value"])})

    return read


def read_kerala(path: Path) -> Iterable[Row]:
    """Daily, newest first in the file; dates and figures are typed by hand, errors included."""
    for day in reversed(json.loads(path.read_text("utf-8"))["data"]):
        yield Row(
            _time(day["date"], "%d.%m.%Y", _INDIA), {"waterLevel": _number(day["waterLevel"])}
        )


def read_gas_turbine(path: Path) -> Iterable[Row]:
    """Hourly by the makers' word, but the file has neither times nor a header."""
    names = ["AT", "AP", "AH", "AFDP", "GTEP", "TIT", "TAT", "TEY", "CDP", "CO", "NOX"]
    with path.open(newline="") as file:
        for line in csv.reader(file):
            yield Row(None, dict(zip(names, map(_number, line), strict=True)))


def read_wastewater(path: Path) -> Iterable[Row]:
    """Daily, 1990, missing is -1. Columns: see the data set's description (UCI 106)."""
    columns = {"Q-E": 1, "PH-S": 23, "DQO-S": 25}
    with path.open(newline="") as file:
        for line in csv.reader(file):
            at = _time(line[0], "D-%d/%m/%y", _EUROPE)
            yield Row(at, {name: _number(line[i], "-1") for name, i in columns.items()})


def read_devito(path: Path) -> Iterable[Row]:
    """Hourly, Italian time, missing is -200."""
    for line in _lines(path):
        at = _time(f"{line['Date']} {line['Time']}", "%Y-%m-%d %H:%M:%S", _EUROPE)
        value = _number(line["C6H6(GT)"])
        yield Row(at, {"C6H6(GT)": None if value == -200 else value})


def _lines(path: Path) -> Iterable[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


_UCI = "https://archive.ics.uci.edu/dataset/"
_EA = "Environment Agency, flood and river level data, 2021-05-07"
_KSEB = "KSEB figures collected by amith-vp/Kerala-Dam-Water-Levels"


def _prsa(name: str) -> Recording:
    return Recording(
        f"air_quality_prsa/{name}.csv",
        f"Beijing multi-site air quality, {name}, hourly",
        f"S. Chen, UCI data set 501, {_UCI}501",
        "CC BY 4.0",
        read_prsa,
    )


def _kerala(name: str) -> Recording:
    path = f"reservoir_kerala/{name}.json"
    title = f"Reservoir {name.replace('_', ' ')}, Kerala, daily 2021-2022"
    return Recording(path, title, _KSEB, "MIT", read_kerala)


def _tide(station: str, every: str) -> Recording:
    title = f"Tide gauge {station}, England, every {every}"
    return Recording("tide_uk_ea/wet_day_tide.csv", title, _EA, "OGL v3", read_tide(station))


def _turbine(year: int) -> Recording:
    return Recording(
        f"emission_gasturbine/gt_{year}.csv",
        f"Stack of a gas turbine, {year}, hourly",
        f"H. Kaya and others, UCI data set 551, {_UCI}551",
        "CC BY 4.0",
        read_gas_turbine,
    )


RECORDINGS: dict[str, Recording] = {
    "prsa-aotizhongxin": _prsa("Aotizhongxin"),
    "prsa-guanyuan": _prsa("Guanyuan"),
    "prsa-shunyi": _prsa("Shunyi"),
    "prsa-wanliu": _prsa("Wanliu"),
    "kerala-idukki": _kerala("Idukki"),
    "kerala-banasura-sagar": _kerala("Banasura_Sagar"),
    "kerala-kakkayam": _kerala("Kakkayam"),
    "kerala-pamba": _kerala("Pamba"),
    "kerala-ponmudi": _kerala("Ponmudi"),
    "usgs-dead-run": Recording(
        "level_usgs/dead_run_2018-06.csv",
        "Dead Run at Franklintown, Maryland: flash floods of June 2018, 5 minutes",
        "U.S. Geological Survey, station 01589330",
        "public domain",
        read_usgs,
    ),
    "ea-tide-e2085": _tide("E2085", "15 min"),
    "ea-tide-e47907": _tide("E47907", "5 min"),
    "turbine-2011": _turbine(2011),
    "turbine-2013": _turbine(2013),
    "wastewater-1990": Recording(
        "wastewater_uci/water-treatment_1990.data",
        "Waste water treatment plant, 1990, daily",
        f"M. Poch, UCI data set 106, {_UCI}106",
        "CC BY 4.0",
        read_wastewater,
    ),
    "devito-2004": Recording(
        "benzene_uci_devito/AirQualityUCI.csv",
        "Roadside gas analyser, Italy 2004, hourly",
        f"S. De Vito, UCI data set 360, {_UCI}360",
        "CC BY 4.0",
        read_devito,
    ),
}

_ZONES = {"NRmarshDN": ZoneInfo("America/New_York")}


@dataclass(frozen=True, slots=True)
class Frame:
    """A recorded picture. at: the time in its file name; the makers name no zone (see SOURCES)."""

    path: Path
    at: datetime


def gauge_frames() -> tuple[Frame, ...]:
    """The staff gauge in a marsh, every 15 minutes from day into infrared night."""
    found = sorted((FOLDER / "camera_gaugecam").glob("NRmarshDN-*.jpg"))
    zone = _ZONES["NRmarshDN"]
    return tuple(
        Frame(path, datetime.strptime(path.stem, "NRmarshDN-%y-%m-%d-%H-%M").replace(tzinfo=zone))
        for path in found
    )


def river_frames() -> tuple[Frame, ...]:
    """Two pictures of a river gauge, one of them with a person: for staff only."""
    times = {
        "001": datetime(2022, 7, 15, 18, 45, tzinfo=UTC),
        "034": datetime(2022, 7, 16, 3, 15, tzinfo=UTC),
    }
    folder = FOLDER / "camera_gaugecam"
    return tuple(Frame(folder / f"20220715_KOLA_GaugeCam_{n}.JPG", at) for n, at in times.items())
