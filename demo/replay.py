"""When each recorded row is published: a schedule, pure arithmetic, no clock.

A row comes due every `interval_s / speed` seconds; after the last row the first follows. Nothing is
invented between rows and nothing repeated: the station's interval is the pace of its recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """interval_s: seconds between reports; phase_s: when the first is due, so that stations
    do not all report in the same instant."""

    interval_s: float
    phase_s: float
    speed: float = 1.0

    def due_s(self, step: int) -> float:
        """Seconds from the start at which a step is due; steps before the start are negative."""
        return self.phase_s + step * self.interval_s / self.speed

    def steps_before(self, span_s: float) -> range:
        """The steps due in the `span_s` seconds before the start."""
        period = self.interval_s / self.speed
        earliest = -int((span_s + self.phase_s) / period)
        return range(earliest, 0)


def row_index(step: int, first: int, count: int) -> int:
    """The row of a step: step 0 is row `first`."""
    return (first + step) % count


def one_round(first: int, count: int, pace: Pace) -> Iterator[tuple[float, int]]:
    """(due in seconds, row) of every row once, in the order in which they play."""
    return ((pace.due_s(step), row_index(step, first, count)) for step in range(count))


def phase_of(order: int, interval_s: float) -> float:
    """Spread stations over their interval: the golden ratio never bunches them."""
    return (order * 0.6180339887 % 1) * interval_s
