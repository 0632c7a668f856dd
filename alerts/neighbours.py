"""The stations around a place: which they are, and what each last read before a moment. Pure.

A neighbour is compared by its newest usable reading strictly before the one that is judged: what is
found is then the same however readings of one moment are batched, and in whatever order they come.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, radians
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.times import rfc3339
from sensors.reading import Reading

MOST = 8  # the nearest so many are asked: more would hardly move a median, and each costs a look
LEAST, WITHIN_KM = 3, 10.0
# Of the slower of the two series. The reading before the present one is up to one interval old, and
# one may be lost; what is older is of another hour, and no neighbour any more.
OLD_INTERVALS = 2
DEGREE_M = 111_195.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Span = tuple[int, datetime, datetime]  # series, from when, up to but without when


@dataclass(frozen=True, slots=True)
class Neighbour:
    """age: how old its reading may be. low, high: what its instrument can report; what is said to
    be beyond counts as unknown, so that no median lies outside (`judging.calm_sides`)."""

    series_id: int
    station: str
    age: timedelta
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Beside:
    """What a reading was compared with: the median, in the metric's unit, and of what."""

    median: float
    readings: tuple[tuple[str, float, datetime], ...]  # station, value, observed_at; nearest first

    def to_json(self) -> dict[str, Any]:
        of = [{"station": code, "value": v, "t": rfc3339(at)} for code, v, at in self.readings]
        return {"median": self.median, "neighbours": of}


@dataclass(frozen=True, slots=True)
class Compared(Reading):
    """A reading whose value is how far it is from the median of the stations around; None where
    too few are known."""

    beside: Beside | None = None


class Around:
    """Usable readings of neighbouring series, and what each series last said before a moment."""

    def __init__(self, times: Mapping[int, list[int]], values: Mapping[int, list[float]]) -> None:
        """By series, in order of time, microseconds since 1970."""
        self._times, self._values = times, values

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> "Around":
        """Of two readings of one moment the later one in `readings` holds, as it is corrected."""
        found: dict[int, dict[int, Reading]] = {}
        for one in readings:
            found.setdefault(one.series_id, {})[_us(one.observed_at)] = one
        times: dict[int, list[int]] = {}
        values: dict[int, list[float]] = {}
        for series_id, known in found.items():
            for at in sorted(known):
                value = known[at].value
                if value is not None and known[at].quality.usable:
                    times.setdefault(series_id, []).append(at)
                    values.setdefault(series_id, []).append(value)
        return cls(times, values)

    def before(self, one: Neighbour, at: datetime) -> tuple[str, float, datetime] | None:
        moment, times = _us(at), self._times.get(one.series_id, ())
        place = bisect_left(times, moment) - 1
        if place < 0 or moment - times[place] > one.age // _MICROSECOND:
            return None
        value = self._values[one.series_id][place]
        if not one.low <= value <= one.high:
            return None
        return one.station, value, _EPOCH + timedelta(microseconds=times[place])


NOBODY = Around({}, {})


def compared(
    reading: Reading, neighbours: Sequence[Neighbour], least: int, around: Around
) -> Compared:
    """The reading against the median of those of its neighbours that are known."""
    found = [x for one in neighbours if (x := around.before(one, reading.observed_at))]
    beside = None
    if len(found) >= least:
        beside = Beside(round(median(value for _, value, _ in found), 9), tuple(found))
    value = None
    if beside and reading.value is not None:
        value = round(reading.value - beside.median, 9)
    return Compared(
        series_id=reading.series_id,
        station=reading.station,
        metric=reading.metric,
        observed_at=reading.observed_at,
        received_at=reading.received_at,
        value=value,
        quality=reading.quality,
        origin=reading.origin,
        original_at=reading.original_at,
        beside=beside,
    )


def spans(asked: Mapping[int, Iterable[datetime]], ages: Mapping[int, timedelta]) -> list[Span]:
    """Which readings of neighbours can matter to those of these moments, by neighbouring series;
    in order of series and time, none overlapping: a backlog is no reason to read what lies between.
    """
    found: list[Span] = []
    for series_id, moments in sorted(asked.items()):
        age, own = ages[series_id], sorted(set(moments))
        begin = 0
        for number, at in enumerate(own):
            if number + 1 == len(own) or own[number + 1] - age > at:
                found.append((series_id, own[begin] - age, at))
                begin = number + 1
    return found


class Spots:
    """Places by their degrees, and which of them are near one."""

    def __init__(self, codes: Sequence[str], spots: Sequence[tuple[float, float]]) -> None:
        """codes: of the stations; spots: lon, lat."""
        self._codes = codes
        self._lons, self._lats = np.array(spots, np.float64).reshape(-1, 2).T

    def metres(self, lon: float, lat: float) -> NDArray[np.float64]:
        """To each of them, on the sphere's tangent plane: good to 0.1 % within a district."""
        away: NDArray[np.float64] = DEGREE_M * np.hypot(
            (self._lons - lon) * cos(radians(lat)), self._lats - lat
        )
        return away

    def nearest(self, code: str, spot: tuple[float, float]) -> list[tuple[int, float]]:
        """Other stations, at most MOST, nearest first: each its number and how far it is, km."""
        away = self.metres(*spot)
        near = np.argsort(away, kind="stable")[: MOST + 1].tolist()
        found = [(n, float(away[n]) / 1000) for n in near if self._codes[n] != code]
        return found[:MOST]


def _us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
