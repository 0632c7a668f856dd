"""How values are spread: quantiles, a histogram of round steps, what lies beyond a limit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.98)
LEAST_BINS, MOST_BINS = 8, 40


@dataclass(frozen=True, slots=True)
class Bin:
    """[low, high), the last one with its upper edge."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Of n values, in their unit; None where there are none. quantiles: as QUANTILES."""

    n: int
    mean: float | None
    least: float | None
    greatest: float | None
    quantiles: tuple[float | None, ...]


def quantile(ordered: Sequence[float], p: float) -> float:
    """Of values in ascending order, 0 <= p <= 1: between ranks k = 1 + (n - 1) p in proportion.

    Hyndman and Fan (1996) type 7, the formula of HJ 663-2013 for percentiles (from memory).
    Raises ValueError of no values.
    """
    if not ordered:
        raise ValueError("no values have no quantile")
    rank = (len(ordered) - 1) * p
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    low, high = ordered[below], ordered[above]
    return min(max(low + (high - low) * (rank - below), low), high)


def summary(values: Sequence[float]) -> Summary:
    """n, mean, extremes and quantiles."""
    if not values:
        return Summary(0, None, None, None, (None,) * len(QUANTILES))
    ordered = sorted(values)
    mean = min(max(math.fsum(ordered) / len(ordered), ordered[0]), ordered[-1])
    found = tuple(quantile(ordered, p) for p in QUANTILES)
    return Summary(len(ordered), mean, ordered[0], ordered[-1], found)


def histogram(values: Sequence[float], like: Sequence[float] = ()) -> tuple[Bin, ...]:
    """Counts in round steps (1, 2 or 5 times a power of ten) near Freedman and Diaconis (1981).

    8 to 40 steps or few more. like: other values that share the steps, so that two can be compared.
    """
    every = sorted([*values, *like])
    if not every:
        return ()
    width = _width(every)
    first = math.floor(every[0] / width)
    counts = [0] * (max(math.floor(every[-1] / width), first) - first + 1)
    for value in values:
        counts[min(max(math.floor(value / width) - first, 0), len(counts) - 1)] += 1
    return tuple(
        Bin(_round((first + n) * width), _round((first + n + 1) * width), count)
        for n, count in enumerate(counts)
    )


def beyond(values: Sequence[float], limit: float, *, lower: bool = False) -> int:
    """How many lie beyond a limit; what equals it does not. lower: beyond is below."""
    return sum(value < limit if lower else value > limit for value in values)


def _width(ordered: Sequence[float]) -> float:
    spread = ordered[-1] - ordered[0]
    if spread <= 0:
        return _nice(abs(ordered[0]) / 10 or 1.0)
    middle = quantile(ordered, 0.75) - quantile(ordered, 0.25)
    wanted = 2 * middle / len(ordered) ** (1 / 3)
    return _nice(min(max(wanted, spread / MOST_BINS), spread / LEAST_BINS))


def _nice(width: float) -> float:
    """The greatest of 1, 2, 5 times a power of ten that is not above, but for its noise."""
    power = 10.0 ** math.floor(math.log10(width))
    step = next(step for step in (5.0, 2.0, 1.0, 0.5) if step * power <= width * (1 + 1e-9))
    return step * power


def _round(edge: float) -> float:
    return float(f"{edge:.12g}")
