"""Derived readings: storage from level, AQI from the six concentrations. Pure.

Which stations have such series: `Station.derived_metrics`. Derived readings are upserted: the same
series and time again is a better-informed answer, not a correction by a device.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sensors.air import aqi
from sensors.catalogue import AIR_METRICS, AQI, LEVEL, STORAGE
from sensors.directory import Directory, SeriesInfo
from sensors.reading import Origin, Quality, Reading
from sensors.water.curve import OffTable, storage_at

# Concentrations further apart do not belong to the same hour.
HOUR = timedelta(hours=1)


class Latest(Protocol):
    """The newest reading of a series as far as it is known: a Reading, or a row of series_state."""

    @property
    def observed_at(self) -> datetime: ...
    @property
    def value(self) -> float | None: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def origin(self) -> Origin: ...


def derive(
    readings: Sequence[Reading],
    latest: Mapping[tuple[str, str], Latest],
    directory: Directory,
) -> list[Reading]:
    """What follows from `readings`, given the newest of each series before them.

    A level beyond the curve, or an unusable one, gives a missing storage: the old one must not
    stand beside a new level. The AQI has the time of its newest input; see `_air_inputs`.
    """
    storages = [
        storage
        for reading in readings
        if reading.metric == LEVEL and (storage := _storage(reading, directory))
    ]
    return storages + [_aqi(inputs) for inputs in _air_inputs(readings, latest, directory)]


def _storage(level: Reading, directory: Directory) -> Reading | None:
    series = directory.series.get((level.station, STORAGE))
    curve = directory.curves.get(level.station)
    if series is None or curve is None or not series.derived:
        return None
    found = storage_at(curve, level.value if level.quality.usable else None)
    value = None if isinstance(found, OffTable) else found
    return _reading(series, value, level.observed_at, level, [level])


@dataclass(frozen=True)
class _AirInputs:
    """What the AQI of one station at one moment is made of; trigger: what made us compute it."""

    series: SeriesInfo
    at: datetime
    trigger: Reading
    values: Mapping[str, Latest]


def _air_inputs(
    readings: Iterable[Reading],
    latest: Mapping[tuple[str, str], Latest],
    directory: Directory,
) -> Iterator[_AirInputs]:
    """For each station and moment the newest concentrations of the hour before it.

    They stand for the means of the hour, which the standard asks for and which are known only when
    it is over: what is derived here is the AQI as it looks now.

    Readings are taken in the order in which they came, so that it does not matter how they were
    gathered into batches. A late one says nothing of now: the AQI of its own time is computed where
    all that the station measures came with it.
    """
    newest: dict[str, dict[str, Latest]] = {}
    moments: dict[tuple[str, datetime], _AirInputs] = {}
    late: dict[tuple[str, datetime, datetime], dict[str, Reading]] = {}
    for reading in readings:
        station, at = reading.station, reading.observed_at
        series = directory.series.get((station, AQI))
        if reading.metric not in AIR_METRICS or series is None or not series.derived:
            continue
        known = newest.setdefault(station, _known(station, latest))
        before = known.get(reading.metric)
        if before is not None and at < before.observed_at:
            together = late.setdefault((station, at, reading.received_at), {})
            together[reading.metric] = reading
            if together.keys() == _measured(station, directory):
                moments[station, at] = _AirInputs(series, at, reading, together)
            continue
        known[reading.metric] = reading
        at = max(value.observed_at for value in known.values())
        values = {m: v for m, v in known.items() if at - v.observed_at < HOUR}
        moments[station, at] = _AirInputs(series, at, reading, values)
    return (inputs for inputs in moments.values() if inputs.at >= aqi.IN_FORCE_SINCE)


def _measured(station: str, directory: Directory) -> set[str]:
    return {metric for metric in AIR_METRICS if (station, metric) in directory.series}


def _known(station: str, latest: Mapping[tuple[str, str], Latest]) -> dict[str, Latest]:
    return {m: latest[station, m] for m in AIR_METRICS if (station, m) in latest}


def _aqi(inputs: _AirInputs) -> Reading:
    usable = {m: v for m, v in inputs.values.items() if v.quality.usable}
    index = aqi.realtime({metric: value.value for metric, value in usable.items()})
    value = None if index.value is None else float(index.value)
    return _reading(inputs.series, value, inputs.at, inputs.trigger, list(usable.values()))


def _reading(
    series: SeriesInfo,
    value: float | None,
    at: datetime,
    trigger: Reading,
    inputs: Sequence[Latest],
) -> Reading:
    """A derived reading is as doubtful as its worst input, and as unreal as its least real one."""
    quality = Quality.GOOD if value is not None else Quality.MISSING
    if any(i.quality.word == "suspect" for i in inputs):
        quality |= Quality.DERIVED_FROM_SUSPECT
    return Reading(
        series.series_id,
        series.station,
        series.metric,
        at,
        trigger.received_at,
        value,
        quality,
        max((i.origin for i in inputs), default=trigger.origin),
        trigger.original_at,
    )
