"""Derived readings: storage from level, AQI from the six concentrations. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sensors.directory import AIR_METRICS, AQI, LEVEL, STORAGE, Directory
from sensors.reading import Origin, Quality, Reading
from sensors.settings import Station


def derived_metrics(station: Station) -> tuple[str, ...]:
    """The series of a station that are computed here: storage_m3 with a curve, aqi at an air station."""
    measured = {sensor.metric for sensor in station.sensors}
    return tuple(
        metric
        for metric, exists in (
            (STORAGE, station.curve is not None and LEVEL in measured),
            (AQI, station.kind == "air" and not measured.isdisjoint(AIR_METRICS)),
        )
        if exists
    )


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
    """What follows from `readings`, with `latest` as known before them, in time order per station."""
    raise NotImplementedError
