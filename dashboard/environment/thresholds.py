"""Every series that has limits, against the one that matters now: margin, order, counts. Pure.

A limit is compared with what it is for: one of an hourly mean with the mean, never with a reading.
What is stale, unknown or cannot be used takes no part: it has no margin, and is counted apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, inf, isfinite

from dashboard.shapes import GRADES, Json

# How far to a limit is said in units, not in per cent: these have no zero that means "none", or
# are an index.
DISTANCES = frozenset(
    {
        *("level_m", "tide_m", "ph", "pressure_hpa", "hazard_grade", "aqi", "to_limit_h"),
        *("temp_c", "dew_point_c", "water_temp_c", "tank_temp_c", "stack_temp_c"),
        *("tank_pressure_kpa",),
    }
)
BY_RATIO = frozenset({"aqi", "to_limit_h"})  # though said in units, they do have a zero
LEAST_SHARE = 0.75  # of the expected readings make a mean (alerts/window.py)
FAR = 9.99  # a share is never written larger


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit of one series, in the metric's unit. sign: +1 not to be passed upwards, -1 downwards.

    mean_s: of the mean it is compared with, None: each reading. rule, version, grade: of the rule
    that judges by it; None: a mark of the station or its permit, by which nothing is raised.
    """

    value: float
    sign: int
    label: tuple[str, str]
    mean_s: int | None = None
    rule: str | None = None
    version: int | None = None
    grade: str | None = None
    source: str | None = None

    def excess(self, value: float) -> float:
        """How far beyond it, in the unit; at the limit is 0 and not beyond."""
        return self.sign * (value - self.value)


@dataclass(frozen=True, slots=True)
class Stands:
    """An open alert of the series. owned: somebody has it, or it is quiet by intent."""

    id: str
    grade: str
    owned: bool
    rule: str
    version: int
    limit: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """What is known of one series now.

    state: fresh, late, stale or unknown. value: of the newest reading; usable: it may be judged.
    means: by length in s, None where too little came. low, high: what the instrument can report.
    beside: rules in force that ask something else (a rate, a deviation, several conditions at
    once): code, version, what.
    valid: usable of expected readings of the last 24 h, 0 to 1; None where nothing is expected.
    """

    station: str
    kind: str
    names: tuple[str, str]
    department: str | None
    metric: str
    unit: str
    interval_s: float
    at: datetime | None
    state: str
    value: float | None
    quality: str
    flags: tuple[str, ...]
    usable: bool
    origin: str
    bounds: tuple[Bound, ...] = ()
    beside: tuple[tuple[str, int, str], ...] = ()
    means: Mapping[int, float | None] | None = None
    span: tuple[float, float] = (-inf, inf)
    valid: float | None = None
    alert: Stands | None = None
    age_s: float | None = None
    out_of_service: bool = False

    @property
    def known(self) -> bool:
        """Whether it takes part in anything."""
        return self.state in ("fresh", "late") and self.usable and not self.out_of_service

    def compared(self, bound: Bound) -> float | None:
        """What the limit is for: the reading, or the mean; None where that is not known."""
        if not self.known:
            return None
        return self.value if bound.mean_s is None else (self.means or {}).get(bound.mean_s)


def mean_of(total: float | None, count: int, length_s: float, interval_s: float) -> float | None:
    """The mean of the usable readings of the last `length_s`; None with less than 75 % of them."""
    if total is None or count < max(1, ceil(LEAST_SHARE * length_s / interval_s)):
        return None
    return round(total / count, 9)


def nearest(series: Series) -> Bound | None:
    """The limit that matters now; None where none can be compared.

    Of an open alert the limit it stands on. Else the gravest that is passed of those that a rule
    judges by. Else the next to be reached, outwards; beyond all of them the farthest. Of several
    kinds (both ends of a range, reading and mean) the one that is nearest, or most beyond.
    """
    known = [(bound, v) for bound in series.bounds if (v := series.compared(bound)) is not None]
    stands = series.alert
    if stands and stands.limit is not None:
        of_alert = [b for b, _ in known if b.value == stands.limit and b.rule == stands.rule]
        if of_alert:
            return of_alert[0]
    passed = [b for b, v in known if b.rule and b.excess(v) > 0]
    if passed:
        return max(passed, key=lambda b: (b.grade is not None, -_rank(b.grade), b.sign * b.value))
    groups: dict[tuple[int | None, int], list[tuple[Bound, float]]] = {}
    for bound, value in known:
        groups.setdefault((bound.mean_s, bound.sign), []).append((bound, value))
    ends = [_next(sorted(some, key=lambda each: each[0].sign * each[0].value)) for some in
            groups.values()]  # fmt: skip
    if not ends:
        return None
    return max(ends, key=lambda each: (each[0].excess(each[1]), each[0].rule is not None))[0]


def _rank(grade: str | None) -> int:
    return GRADES.index(grade) if grade in GRADES else len(GRADES)


def _next(outwards: Sequence[tuple[Bound, float]]) -> tuple[Bound, float]:
    return next((each for each in outwards if each[0].excess(each[1]) <= 0), outwards[-1])


@dataclass(frozen=True, slots=True)
class Margin:
    """gap: beyond (above 0) or left (0 and below), in the unit. percent: of the limit, None where
    the metric has no zero that means anything. share: of the way to the limit, 1 at it."""

    gap: float
    percent: float | None
    share: float

    @property
    def beyond(self) -> bool:
        return self.gap > 0


def margin(metric: str, bound: Bound, value: float, base: float | None) -> Margin:
    gap = bound.excess(value)
    written = metric not in DISTANCES and bound.value != 0
    percent = 100 * gap / abs(bound.value) if written else None
    return Margin(round(gap, 9), percent, share(metric, bound, value, base))


def share(metric: str, bound: Bound, value: float, base: float | None) -> float:
    """How much of the way to the limit is used up: 0 at the base, 1 at the limit, above beyond it.

    Of what has a zero, value / limit (below a lower limit: limit / value). The bar and the order
    of the rows come from it.
    """
    if metric not in DISTANCES or metric in BY_RATIO:
        of, to = (value, bound.value) if bound.sign > 0 else (bound.value, value)
        if bound.value > 0:
            return _shown(of / to if to > 0 else FAR)
    if base is not None and base != bound.value:
        return _shown((value - base) / (bound.value - base))
    return _shown(1 + bound.excess(value) / (abs(bound.value) or 1.0))


def _shown(found: float) -> float:
    return min(FAR, max(0.0, found))


def base_of(
    metric: str, bounds: Sequence[Bound], span: tuple[float, float], bound: Bound
) -> float | None:
    """Where the way to a limit begins, of what has no zero: the middle between both ends of a
    range; else the innermost of the marks on that side; else what the instrument can report.

    span: the latter, least and greatest.
    """
    if metric not in DISTANCES or metric in BY_RATIO:
        return None
    sign, value = bound.sign, bound.value
    opposite = [b.value for b in bounds if b.sign != sign and sign * (value - b.value) > 0]
    if opposite:
        return (value + min(opposite, key=lambda v: abs(v - value))) / 2
    inner = [b.value for b in bounds if sign * (value - b.value) > 0]
    end = span[0] if sign > 0 else span[1]
    if not inner and isfinite(end) and sign * (value - end) > 0:
        inner = [end]
    return min(inner, key=lambda v: sign * v, default=None)


# ---- rows


@dataclass(frozen=True, slots=True)
class Row:
    """A series with what it comes to; limit and margin None where nothing can be compared."""

    series: Series
    limit: Bound | None
    margin: Margin | None
    base: float | None

    @property
    def place(self) -> tuple[int, int, float, str, str]:
        """Open alerts by grade, then the rest by how near the limit is; what takes no part last.

        An alert that stands on an old value keeps its place: it must not sink out of sight.
        """
        one = self.series
        near = -self.margin.share if self.margin else inf
        if one.alert:
            return (0, _rank(one.alert.grade), near, one.station, one.metric)
        part = {"stale": 3, "unknown": 4}.get(one.state, 1 if self.margin else 2)
        return (part, 0, near, one.station, one.metric)


def row_of(series: Series) -> Row:
    bound = nearest(series)
    value = series.compared(bound) if bound else None
    if bound is None or value is None:
        return Row(series, None, None, None)
    base = base_of(series.metric, series.bounds, series.span, bound)
    return Row(series, bound, margin(series.metric, bound, value, base), base)


def table(series: Iterable[Series]) -> list[Row]:
    """Of all that have limits, in the order of the screen."""
    found = (row_of(one) for one in series if one.bounds or one.beside)
    return sorted(found, key=lambda row: row.place)


def counts(rows: Sequence[Row]) -> Json:
    """What there is; `judged` alone is what was compared. stale and unknown are never in it."""
    states = [row.series.state for row in rows]
    return {
        "stations": len({row.series.station for row in rows}),
        "series": len(rows),
        "judged": sum(row.margin is not None for row in rows),
        "beyond": sum(row.margin is not None and row.margin.beyond for row in rows),
        "alerts": sum(row.series.alert is not None for row in rows),
        "late": states.count("late"),
        "stale": states.count("stale"),
        "unknown": states.count("unknown"),
    }
