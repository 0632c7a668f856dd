"""What a running mean or a rate keeps of the past: sums by parts of its window. Pure.

The parts lie at whole multiples of their width since 1970, so that they are the same however the
readings came, and whenever a process began to look. A mean is that of the last sixty parts, the
newest one being as full as it is: 1 h is kept to the minute. A rate compares the newest third of
twelve parts with the oldest one, each by its median: one wild reading moves neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from statistics import median
from typing import Any, Literal

from alerts.neighbours import Around, Neighbour, compared
from alerts.usual import Usual, usual_at
from sensors.reading import Reading

MEAN_PARTS, RATE_PARTS = 60, 12
LEAST_SHARE = 0.75  # of the expected readings: GB 3095-2026 table 4 asks 45 minutes of the hour
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR_US = 3_600_000_000
_DIGITS = 9  # sums of decimals are not exact: 0.3 three times over must not be more than 0.3


@dataclass(frozen=True, slots=True)
class Signal:
    """What is compared with the limits, where it is not the reading itself.

    span: of the window; parts: into how many it is cut. least_readings, least_parts: so many must
    be there; fewer say nothing. usual: of a deviation. neighbours: whose median it is compared
    with, nearest first; of these at least `least_readings` must be known.
    """

    kind: Literal["mean", "rate", "deviation", "neighbours"]
    span: timedelta = timedelta(0)
    parts: int = 1
    least_readings: int = 1
    least_parts: int = 1
    usual: Usual | None = None
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def width_us(self) -> int:
        return self.span // _MICROSECOND // self.parts

    @property
    def looks_back(self) -> bool:
        """Whether it needs readings before the one that is judged."""
        return self.kind in ("mean", "rate")


@dataclass(frozen=True, slots=True)
class Part:
    """number: of widths since 1970. moment: sum of microseconds since its beginning."""

    number: int
    count: int
    total: float
    moment: int
    low: float
    high: float

    @property
    def mean(self) -> float:
        return self.total / self.count


@dataclass(frozen=True, slots=True)
class Window:
    """The parts that have readings, in order. last_at: of the newest one in it."""

    width_us: int
    last_at: datetime
    parts: tuple[Part, ...]


def mean_over(seconds: int, interval_s: int) -> Signal:
    expected = max(1.0, seconds / interval_s)
    return Signal(
        "mean",
        timedelta(seconds=seconds),
        MEAN_PARTS,
        ceil(LEAST_SHARE * expected),
        ceil(LEAST_SHARE * min(expected, MEAN_PARTS)),
    )


def rate_over(seconds: int) -> Signal:
    return Signal("rate", timedelta(seconds=seconds), RATE_PARTS)


def reach(signal: Signal) -> timedelta:
    """How far before a reading lies all that its signal can depend on."""
    return signal.span + signal.span / signal.parts


def fits(signal: Signal, window: Window | None, at: datetime, gap: timedelta) -> bool:
    """Whether the window has all before `at`: else it is to be made anew of stored readings."""
    return window is not None and window.width_us == signal.width_us and at - window.last_at <= gap


def filled(
    signal: Signal, readings: Iterable[tuple[datetime, float]], gap: timedelta
) -> Window | None:
    """The window after these readings, in order of time."""
    window: Window | None = None
    for at, value in readings:
        window = with_reading(signal, window, at, value, gap)
    return window


def with_reading(
    signal: Signal, window: Window | None, at: datetime, value: float, gap: timedelta
) -> Window:
    """A rate forgets what lies before a gap: nobody knows how the value went through it."""
    width, moment = signal.width_us, (at - _EPOCH) // _MICROSECOND
    number = moment // width
    parts: tuple[Part, ...] = window.parts if window and window.width_us == width else ()
    if window and signal.kind == "rate" and at - window.last_at > gap:
        parts = ()
    if parts and parts[0].number <= number - signal.parts:
        parts = tuple(part for part in parts if part.number > number - signal.parts)
    inside = moment - number * width
    if parts and parts[-1].number == number:
        last = parts[-1]
        grown = Part(
            number,
            last.count + 1,
            last.total + value,
            last.moment + inside,
            min(last.low, value),
            max(last.high, value),
        )
        return Window(width, at, (*parts[:-1], grown))
    return Window(width, at, (*parts, Part(number, 1, value, inside, value, value)))


def figure(signal: Signal, window: Window | None, at: datetime, value: float) -> float | None:
    """What is compared with the limits: mean in the metric's unit, rate in unit/h, deviation in
    the unit; None where too little is known."""
    if signal.kind == "deviation":
        usual = usual_at(signal.usual, at)
        return None if usual is None else round(value - usual, _DIGITS)
    if window is None:
        return None
    return _mean(signal, window) if signal.kind == "mean" else _rate(signal, window)


def as_compared(
    signal: Signal, window: Window | None, reading: Reading, value: float, around: Around
) -> Reading:
    """The reading with what is compared with the limits as its value, None as in `figure`."""
    if signal.kind == "neighbours":
        return compared(reading, signal.neighbours, signal.least_readings, around)
    return replace(reading, value=figure(signal, window, reading.observed_at, value))


def quiet(signal: Signal, window: Window, sides: Iterable[tuple[int, float]]) -> bool:
    """Whether nothing in the window could bring the signal beyond a limit: it may be forgotten.

    sides: the least limit on each side, times its sign.
    """
    low = min(part.low for part in window.parts)
    high = max(part.high for part in window.parts)
    if signal.kind == "rate":
        return all((high - low) / least_hours(signal) <= lowest for _, lowest in sides)
    return all(max(sign * low, sign * high) <= lowest for sign, lowest in sides)


def least_hours(signal: Signal) -> float:
    """Between the two thirds that a rate compares lies at least the third between them."""
    return signal.width_us * (signal.parts // 3) / _HOUR_US


def window_to_json(window: Window) -> list[Any]:
    parts = [[p.number, p.count, p.total, p.moment, p.low, p.high] for p in window.parts]
    return [window.width_us, window.last_at.isoformat(), parts]


def window_from_json(document: list[Any]) -> Window:
    width_us, last_at, parts = document
    return Window(width_us, datetime.fromisoformat(last_at), tuple(Part(*p) for p in parts))


def _mean(signal: Signal, window: Window) -> float | None:
    count = sum(part.count for part in window.parts)
    if count < signal.least_readings or len(window.parts) < signal.least_parts:
        return None
    return round(sum(part.total for part in window.parts) / count, _DIGITS)


def _rate(signal: Signal, window: Window) -> float | None:
    newest, third = window.parts[-1].number, signal.parts // 3
    new = [part for part in window.parts if part.number > newest - third]
    old = [part for part in window.parts if part.number <= newest - signal.parts + third]
    if not old:
        return None
    hours = (_middle(new, window.width_us) - _middle(old, window.width_us)) / _HOUR_US
    change = median(part.mean for part in new) - median(part.mean for part in old)
    return round(change / hours, _DIGITS)


def _middle(parts: list[Part], width_us: int) -> float:
    """The median time of the parts, microseconds since 1970."""
    return median(part.number * width_us + part.moment / part.count for part in parts)
