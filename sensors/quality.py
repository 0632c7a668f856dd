"""Vetting: is this reading believable? Pure; the value itself is never touched.

Gross range, rate of change, flat line (after QARTOD, the IOOS manual of real-time quality control),
and the device's clock. What is doubtful is marked, never dropped; only an impossible time is
refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import NamedTuple

from sensors.catalogue import METRICS
from sensors.directory import SeriesInfo
from sensors.reading import BadPayload, Observation, Quality, Reading
from sensors.settings import ClockSettings


@dataclass(frozen=True, slots=True)
class SeriesMemory:
    """What vetting remembers of a series; the columns of series_state by the same names.

    observed_at, value, quality: the newest reading. previous_at, previous_value: the newest usable
    reading before it. same_since: since when the usable values have been the same.
    """

    observed_at: datetime | None = None
    value: float | None = None
    quality: Quality = Quality.GOOD
    same_since: datetime | None = None
    previous_at: datetime | None = None
    previous_value: float | None = None


class _Point(NamedTuple):
    at: datetime
    value: float | None


def vet(
    observation: Observation,
    received_at: datetime,
    series: SeriesInfo,
    memory: SeriesMemory,
    clock: ClockSettings,
) -> tuple[Reading, SeriesMemory]:
    """The reading with its quality bits, and what to remember.

    A late reading (older than the newest) is judged by range and clock only and changes no memory.
    One with the newest's time and another value is a correction and takes its place in memory.
    Raises BadPayload for a time that cannot be, and for a derived series.
    """
    if series.derived:
        sentence = (
            f"{series.station}: {series.metric} is computed here; a device's value is not kept"
        )
        raise BadPayload("derived_metric", sentence)
    observed_at = observation.observed_at or received_at
    quality = observation.quality | _clock(observed_at, received_at, series, clock)
    value = observation.value
    if value is None or not isfinite(value) or quality & Quality.MISSING:
        value, quality = None, quality | Quality.MISSING
    else:
        quality |= _range(value, series)
    remembered = memory
    if memory.observed_at is None or observed_at >= memory.observed_at:
        quality, remembered = _in_order(_Point(observed_at, value), quality, series, memory)
    reading = Reading(
        series.series_id,
        series.station,
        series.metric,
        observed_at,
        received_at,
        value,
        quality,
        observation.origin,
        observation.original_at,
    )
    return reading, remembered


def _clock(
    observed_at: datetime, received_at: datetime, series: SeriesInfo, clock: ClockSettings
) -> Quality:
    ahead = observed_at - received_at
    where = f"{series.station}: the time of {series.metric}, {observed_at.isoformat()},"
    if ahead > timedelta(seconds=clock.ahead_s):
        sentence = f"{where} is {_span(ahead)} ahead of its arrival; set the device's clock"
        raise BadPayload("clock_ahead", sentence)
    if -ahead > timedelta(days=clock.oldest_days):
        sentence = f"{where} is more than {clock.oldest_days} days old; was the clock reset?"
        raise BadPayload("clock_behind", sentence)
    return Quality.CLOCK if ahead > timedelta(seconds=clock.suspect_ahead_s) else Quality.GOOD


def _range(value: float, series: SeriesInfo) -> Quality:
    metric = METRICS[series.metric]
    low = metric.low if series.low is None else series.low
    high = metric.high if series.high is None else series.high
    return Quality.GOOD if low <= value <= high else Quality.IMPOSSIBLE


def _in_order(
    now: _Point, quality: Quality, series: SeriesInfo, memory: SeriesMemory
) -> tuple[Quality, SeriesMemory]:
    """Rate and flat line against the usable reading before, and the memory with this one in it."""
    before = _usable_before(now, memory)
    same_since = memory.same_since
    if quality.usable:
        same_since = _same_since(now, before, series, memory)
        quality |= _stuck(now.at - same_since, series)
        if before is not None:
            quality |= _rate(before, now, series)
    if (now.at, now.value) == (memory.observed_at, memory.value):
        return quality, memory
    previous = (before.at, before.value) if before else (None, None)
    return quality, SeriesMemory(now.at, now.value, quality, same_since, *previous)


def _usable_before(now: _Point, memory: SeriesMemory) -> _Point | None:
    if memory.observed_at and memory.observed_at < now.at and memory.quality.usable:
        return _Point(memory.observed_at, memory.value)
    return _Point(memory.previous_at, memory.previous_value) if memory.previous_at else None


def _same_since(
    now: _Point, before: _Point | None, series: SeriesInfo, memory: SeriesMemory
) -> datetime:
    if (now.at, now.value) == (memory.observed_at, memory.value) and memory.same_since:
        return memory.same_since  # a duplicate
    if before is None or now.value != before.value:
        return now.at
    if series.stuck_after_s and now.at - before.at >= timedelta(seconds=series.stuck_after_s):
        return now.at  # a gap longer than the window proves nothing: the flat line begins anew
    # A correction of the newest reading forgot the run of the one before: begin there at least.
    return min(memory.same_since or before.at, before.at)


def _stuck(same_for: timedelta, series: SeriesInfo) -> Quality:
    limit = series.stuck_after_s
    return Quality.STUCK if limit and same_for >= timedelta(seconds=limit) else Quality.GOOD


def _rate(before: _Point, now: _Point, series: SeriesInfo) -> Quality:
    """max_step is what one minute can bring: as much in less than a minute, more in more."""
    if series.max_step is None or before.value is None or now.value is None:
        return Quality.GOOD
    size = abs(now.value - before.value)
    if METRICS[series.metric].circular:
        size = min(size % 360, 360 - size % 360)
    minutes = max(1.0, (now.at - before.at).total_seconds() / 60)
    return Quality.RATE if size > series.max_step * minutes else Quality.GOOD


def _span(span: timedelta) -> str:
    days, seconds = span.days, span.total_seconds()
    return f"{days} days" if days > 1 else f"{seconds:.0f} s"
