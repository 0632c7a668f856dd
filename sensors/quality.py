"""Vetting: is this reading believable? Pure; the value itself is never touched.

Gross range, climatology, rate of change, flat line (after QARTOD, the IOOS manual of real-time
quality control), and the device's clock, ahead or behind. What is doubtful is marked, never
dropped; only an impossible time is refused.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from math import isfinite
from typing import NamedTuple

from sensors.catalogue import METRICS
from sensors.directory import SeriesInfo
from sensors.reading import BadPayload, Observation, Quality, Reading
from sensors.settings import ClockSettings
from sensors.vetting import CATCHING_UP_S

# Bits as plain numbers, and flags looked up: this runs for every reading, and operators of flags
# cost a microsecond each.
_MISSING, _IMPOSSIBLE = int(Quality.MISSING), int(Quality.IMPOSSIBLE)
_RATE, _STUCK, _CLOCK = int(Quality.RATE), int(Quality.STUCK), int(Quality.CLOCK)
_FLAGS = tuple(Quality(bits) for bits in range(2 * max(Quality)))
_CLIMATE, _STALE = int(Quality.CLIMATE), int(Quality.STALE_CLOCK)
_DAY_S = 86_400
BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class SeriesMemory:
    """What vetting remembers of a series; the columns of series_state by the same names.

    observed_at, value, quality: the newest reading. previous_at, previous_value: the newest usable
    reading before it. same_since: since when the usable values have been the same. received_at:
    when the newest reading arrived.
    """

    observed_at: datetime | None = None
    value: float | None = None
    quality: Quality = Quality.GOOD
    same_since: datetime | None = None
    previous_at: datetime | None = None
    previous_value: float | None = None
    received_at: datetime | None = None


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
        sentence = f"{series.station}: {series.metric} is computed here; a device's is not kept"
        raise BadPayload("derived_metric", sentence)
    at = observation.moment(received_at)
    bits = int(observation.quality) | _clock(at, received_at, series, clock)
    value = observation.value
    if value is None or not isfinite(value) or bits & _MISSING:
        value, bits = None, bits | _MISSING
    else:
        bits |= _range(value, at, series)
    remembered = memory
    if memory.observed_at is None or at >= memory.observed_at:
        bits |= _stale(at, received_at, series, memory, clock)
        bits, remembered = _in_order(_Point(at, value), bits, series, memory)
        remembered = replace(remembered, received_at=received_at)
    return (
        Reading(
            series.series_id,
            series.station,
            series.metric,
            at,
            received_at,
            value,
            _FLAGS[bits],
            observation.origin,
            observation.original_at,
        ),
        remembered,
    )


def _clock(at: datetime, received_at: datetime, series: SeriesInfo, clock: ClockSettings) -> int:
    ahead_s = (at - received_at).total_seconds()
    if ahead_s <= clock.suspect_ahead_s and ahead_s >= -_DAY_S * clock.oldest_days:
        return 0
    where = f"{series.station}: the time of {series.metric}, {at.isoformat()},"
    if ahead_s > clock.ahead_s:
        sentence = f"{where} is {_span(ahead_s)} ahead of its arrival; set the device's clock"
        raise BadPayload("clock_ahead", sentence)
    if ahead_s < 0:
        sentence = f"{where} is more than {clock.oldest_days} days old; was the clock reset?"
        raise BadPayload("clock_behind", sentence)
    return _CLOCK


def stale_after_s(interval_s: int, clock: ClockSettings) -> int:
    """How late a device's time may be; means are stamped with the beginning of what they cover."""
    return max(clock.stale_s, 2 * interval_s)


def _stale(
    at: datetime,
    received_at: datetime,
    series: SeriesInfo,
    memory: SeriesMemory,
    clock: ClockSettings,
) -> int:
    """Late as the reading before it was, and not less so: a backlog catches up, a clock does not.

    So is the first one after a long silence judged good: a single late reading proves nothing.
    """
    if memory.observed_at is None or memory.received_at is None or at <= memory.observed_at:
        return 0
    lag_s = (received_at - at).total_seconds()
    before_s = (memory.received_at - memory.observed_at).total_seconds()
    limit_s = stale_after_s(series.interval_s, clock)
    stays = lag_s - before_s >= -CATCHING_UP_S
    return _STALE if lag_s > limit_s and before_s > limit_s and stays else 0


def _range(value: float, at: datetime, series: SeriesInfo) -> int:
    metric = METRICS[series.metric]
    low = metric.low if series.low is None else series.low
    high = metric.high if series.high is None else series.high
    return (0 if low <= value <= high else _IMPOSSIBLE) | _climate(value, at, series)


def _climate(value: float, at: datetime, series: SeriesInfo) -> int:
    """Against what the month usually brings; the days are Beijing's."""
    usual = series.usual and series.usual[at.astimezone(BEIJING).month - 1]
    return _CLIMATE if usual and not usual[0] <= value <= usual[1] else 0


def _in_order(
    now: _Point, bits: int, series: SeriesInfo, memory: SeriesMemory
) -> tuple[int, SeriesMemory]:
    """Rate and flat line against the usable reading before, and the memory with this one in it."""
    before = _usable_before(now, memory)
    same_since = memory.same_since
    if _FLAGS[bits].usable:
        same_since = _same_since(now, before, series, memory)
        bits |= _stuck(now.at - same_since, series)
        if before is not None:
            bits |= _rate(before, now, series)
    if now.at == memory.observed_at and now.value == memory.value:
        return bits, memory
    at, value = before or (None, None)
    return bits, SeriesMemory(now.at, now.value, _FLAGS[bits], same_since, at, value)


def _usable_before(now: _Point, memory: SeriesMemory) -> _Point | None:
    newest = memory.observed_at
    if newest and newest < now.at and memory.quality.usable:
        return _Point(newest, memory.value)
    return _Point(memory.previous_at, memory.previous_value) if memory.previous_at else None


def _same_since(
    now: _Point, before: _Point | None, series: SeriesInfo, memory: SeriesMemory
) -> datetime:
    if now.at == memory.observed_at and now.value == memory.value and memory.same_since:
        return memory.same_since  # a duplicate
    if before is None or now.value != before.value:
        return now.at
    if series.stuck_after_s and (now.at - before.at).total_seconds() >= series.stuck_after_s:
        return now.at  # a gap longer than the window proves nothing: the flat line begins anew
    # A correction of the newest reading forgot the run of the one before: begin there at least.
    return min(memory.same_since or before.at, before.at)


def _stuck(same_for: timedelta, series: SeriesInfo) -> int:
    limit_s = series.stuck_after_s
    return _STUCK if limit_s and same_for.total_seconds() >= limit_s else 0


def _rate(before: _Point, now: _Point, series: SeriesInfo) -> int:
    """max_step is what one minute can bring: as much in less than a minute, more in more."""
    if series.max_step is None or before.value is None or now.value is None:
        return 0
    size = abs(now.value - before.value)
    if METRICS[series.metric].circular:
        size = min(size % 360, 360 - size % 360)
    minutes = max(1.0, (now.at - before.at).total_seconds() / 60)
    return _RATE if size > series.max_step * minutes else 0


def _span(seconds: float) -> str:
    days = seconds / _DAY_S
    return f"{int(days)} days" if days >= 2 else f"{seconds:.0f} s"
