"""The devices' programme: who reports what, how often, from a recording or from the simulator."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from demo import simulate, testcard
from demo.payload import Report
from demo.recordings import Frame, gauge_frames, river_frames
from demo.replay import Pace, phase_of, row_index
from demo.settings import DemoSettings
from demo.tracks import TRACKS, Track, replayed
from sensors.settings import Station

# Cameras that look at the staff gauges show the recorded gauge; C-08 has two river pictures.
RIVER_CAMERA = "C-08"


@dataclass(frozen=True)
class Sender:
    """One stream of a station: `report(step, due)` is what it sends at a step."""

    station: str
    device: str
    pace: Pace
    report: Callable[[int, datetime], Report]


@dataclass(frozen=True)
class Camera:
    """`picture(step)` is a JPEG or PNG; where it comes from stands in the configuration."""

    station: str
    device: str
    pace: Pace
    picture: Callable[[int], bytes]


def senders(stations: Sequence[Station], settings: DemoSettings, start: datetime) -> list[Sender]:
    """Every stream of observations: the recorded ones, then what is left to the simulator."""
    by_code = {station.code: station for station in stations}
    streams = [
        _recorded(track, by_code[track.station], order, settings)
        for order, track in enumerate(TRACKS)
        if track.station in by_code
    ]
    known = set(replayed())
    places = leak_places(stations, settings.leak.plant)
    for order, station in enumerate(stations):
        streams += _simulated(station, order, known, places, settings, start)
    return streams


def cameras(stations: Sequence[Station]) -> list[Camera]:
    """Every camera with its pictures."""
    found = [station for station in stations if station.kind == "camera"]
    return [_camera(station, order) for order, station in enumerate(found)]


def leak_places(stations: Iterable[Station], plant: str) -> dict[str, int]:
    """The detectors around the leaking plant, numbered in the order of the configuration."""
    around = [station.code for station in stations if station.plant == plant]
    return {code: order for order, code in enumerate(around)}


def _recorded(track: Track, station: Station, order: int, settings: DemoSettings) -> Sender:
    interval = min(_interval(station, field.metric) for field in track.fields)
    rows, first = track.rows(), track.first()

    def report(step: int, due: datetime) -> Report:
        row = rows[row_index(step, first, len(rows))]
        values = {field.metric: field.value(row) for field in track.fields}
        return Report(due, values, "recorded", row.at)

    pace = Pace(interval, phase_of(order, interval), settings.speed)
    return Sender(station.code, _device(station), pace, report)


def _simulated(
    station: Station,
    order: int,
    recorded: set[tuple[str, str]],
    places: Mapping[str, int],
    settings: DemoSettings,
    start: datetime,
) -> list[Sender]:
    metrics = [s.metric for s in station.sensors if (station.code, s.metric) not in recorded]
    if not metrics:
        return []
    make = partial(simulate.value, detector=places.get(station.code), settings=settings)

    def report(step: int, due: datetime) -> Report:
        moment = ((due - start).total_seconds(), due.timestamp())
        values = {m: make(m, station.code, step=step, moment=moment) for m in metrics}
        return Report(due, values, "simulated")

    interval = min(_interval(station, metric) for metric in metrics)
    return [
        Sender(station.code, _device(station), Pace(interval, phase_of(order, interval)), report)
    ]


def _camera(station: Station, order: int) -> Camera:
    pace = Pace(station.interval_s, phase_of(order, station.interval_s))
    if station.code == RIVER_CAMERA:
        picture = _film(river_frames(), 0)
    elif station.release == "automatic":
        picture = _film(gauge_frames(), order)
    else:
        picture = partial(testcard.draw, station.code)
    return Camera(station.code, _device(station), pace, picture)


def _film(frames: Sequence[Frame], first: int) -> Callable[[int], bytes]:
    return lambda step: frames[row_index(step, first, len(frames))].path.read_bytes()


def _interval(station: Station, metric: str) -> float:
    """Seconds between the metric's readings, as the configuration has it."""
    own = next(sensor for sensor in station.sensors if sensor.metric == metric)
    return own.interval_s or station.interval_s


def _device(station: Station) -> str:
    return station.device or station.code


def due_at(start: datetime, pace: Pace, step: int) -> datetime:
    return start + timedelta(seconds=pace.due_s(step))
