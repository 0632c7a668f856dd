"""Two series compared: only the hours that both have."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

LEAST_PAIRS = 3  # two points always lie on a line

Pair = tuple[datetime, float, float]


@dataclass(frozen=True, slots=True)
class Compared:
    """n paired hours; difference: mean of second minus first; correlation: Pearson's r.

    correlation is None of fewer than 3 pairs, or where one of the two never changes.
    """

    n: int
    difference: float | None
    correlation: float | None


def paired(first: Mapping[datetime, float], second: Mapping[datetime, float]) -> list[Pair]:
    """(start, first, second) of the hours that both have, in order of time."""
    return [(at, first[at], second[at]) for at in sorted(first.keys() & second.keys())]


def compare(pairs: Sequence[Pair]) -> Compared:
    """Mean difference, and the product-moment correlation of the pairs."""
    if not pairs:
        return Compared(0, None, None)
    difference = math.fsum(b - a for _, a, b in pairs) / len(pairs)
    return Compared(len(pairs), difference, _correlation(pairs))


def _correlation(pairs: Sequence[Pair]) -> float | None:
    if len(pairs) < LEAST_PAIRS:
        return None
    firsts, seconds = [a for _, a, _ in pairs], [b for _, _, b in pairs]
    if min(firsts) == max(firsts) or min(seconds) == max(seconds):
        return None
    mean_a, mean_b = math.fsum(firsts) / len(pairs), math.fsum(seconds) / len(pairs)
    da, db = [a - mean_a for a in firsts], [b - mean_b for b in seconds]
    scale = math.hypot(*da) * math.hypot(*db)
    if scale == 0:
        return None
    r = math.fsum(a * b for a, b in zip(da, db, strict=True)) / scale
    return min(1.0, max(-1.0, r))
