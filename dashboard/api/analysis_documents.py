"""What the API says of analyses: documents of plain values. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.environment.analysis import Hourly, exceed_hours, of_hours
from dashboard.environment.analysis_store import Place
from dashboard.environment.hours_store import Measured
from dashboard.environment.words import both
from dashboard.figures.points import longest_step
from dashboard.resolution import RAW, WIDTHS
from dashboard.shapes import Json, iso
from sensors.analysis.distribution import QUANTILES, histogram, summary
from sensors.analysis.diurnal import Spread, by_hour, by_weekday
from sensors.analysis.pairs import compare, paired
from sensors.analysis.roses import (
    CALM_MS,
    LEAST_HOURS,
    SECTORS,
    SPEED_CLASSES,
    PollutionRose,
    Share,
    WindRose,
)
from sensors.catalogue import METRICS
from sensors.discharge.permits import PermitLimit
from sensors.reading import Origin

Limit = PermitLimit | None
# A bucket that is missing is a gap; one and a half is surely more than one step.
_STEPS = 1.5


@dataclass(frozen=True, slots=True)
class Line:
    """A series as points, at a resolution of `dashboard.resolution`."""

    place: Place
    measured: Measured
    resolution: str
    interval_s: float
    points: Sequence[dict[str, Any]]
    limits: Sequence[PermitLimit]

    @property
    def gap_s(self) -> float:
        """Farther apart than this, two points are not joined."""
        patience = longest_step(self.interval_s).total_seconds()
        if self.resolution == RAW:
            return patience
        width = WIDTHS.get(self.resolution)
        seconds = width.total_seconds() if width else float(self.resolution[:-1]) * 86_400
        return max(_STEPS * seconds, patience if self.interval_s > seconds else 0.0)


@dataclass(frozen=True, slots=True)
class Rose:
    """asked: for which station; at: whose wind it is, so many metres away."""

    asked: Place
    at: Place
    metres: float
    found: WindRose
    expected: int
    speed: Measured


@dataclass(frozen=True, slots=True)
class Polluted:
    """hours: of the metric with a known wind. threshold: None where there is no valid hour."""

    of: Hourly
    found: PollutionRose
    hours: int
    threshold: float | None
    limit: Limit


def series(lines: Sequence[Line], since: datetime, until: datetime, now: datetime) -> Json:
    return {
        **_span(since, until, now),
        "series": [
            {
                **_who(line.place, line.measured),
                "resolution": line.resolution,
                "interval_s": line.interval_s,
                "gap_s": line.gap_s,
                "limits": [limit_json(limit) for limit in line.limits],
                "points": list(line.points),
            }
            for line in lines
        ],
    }


def rose(
    rose_: Rose, polluted: Polluted | None, since: datetime, until: datetime, now: datetime
) -> Json:
    found = rose_.found
    width = 360 / SECTORS
    wind = {
        "station": rose_.at.code,
        "names": _names(rose_.at),
        "distance_km": round(rose_.metres / 1000, 2),
        "origin": Origin(rose_.speed.origin).word,
        **_base(found.hours, rose_.expected),
        "mean_ms": found.mean_ms,
        "calm_below_ms": CALM_MS,
        "classes_ms": list(SPEED_CLASSES),
        "calms": _counted(found, found.calms),
        "variable": _counted(found, found.variable),
        "sectors": [
            {"from_deg": n * width, **_counted(found, sum(counts)), "classes": list(counts)}
            for n, counts in enumerate(found.counts)
        ],
    }
    return {
        **_span(since, until, now),
        "station": rose_.asked.code,
        "names": _names(rose_.asked),
        "convention": both("directions are where the wind comes from"),
        "wind": wind,
        "pollution": polluted and _pollution(polluted),
    }


def _pollution(one: Polluted) -> Json:
    width = 360 / SECTORS
    sectors = [
        {"from_deg": n * width, **_share(share, one.threshold)}
        for n, share in enumerate(one.found.sectors)
    ]
    return {
        **_who(one.of.place, one.of.measured),
        **_base(len(one.of.means), one.of.expected),
        "with_wind": one.hours,
        "threshold": {"value": one.threshold, "limit": one.limit and limit_json(one.limit)},
        "limits": [limit_json(limit) for limit in one.of.limits if of_hours(limit)],
        "few_below": LEAST_HOURS,
        "sectors": sectors,
        "calm": _share(one.found.calm, one.threshold),
    }


def distribution(found: Sequence[Hourly], since: datetime, until: datetime, now: datetime) -> Json:
    return _several(found, since, until, now, lambda one: _spread_of(one, found))


def _spread_of(one: Hourly, every: Sequence[Hourly]) -> Json:
    """Series of one metric share their steps, so that they can be compared."""
    like = [v for other in every if other.measured.metric == one.measured.metric and other != one
            for v in other.values]  # fmt: skip
    return {
        **summary_json(one),
        "bins": [
            {"low": each.low, "high": each.high, "count": each.count}
            for each in histogram(one.values, like)
        ],
    }


def diurnal(found: Sequence[Hourly], since: datetime, until: datetime, now: datetime) -> Json:
    def course(one: Hourly) -> Json:
        week = by_weekday(one.means)
        return {
            "hours": [_spread(spread) for spread in by_hour(one.means)],
            "week": [[_spread(spread) for spread in day] for day in week],
        }

    return _several(found, since, until, now, course)


def comparison(found: Sequence[Hourly], since: datetime, until: datetime, now: datetime) -> Json:
    first = found[0]
    pairs = []
    for other in found[1:]:
        both_have = paired(first.means, other.means)
        result = compare(both_have)
        same = first.measured.metric == other.measured.metric
        pairs.append(
            {
                "first": _key(first),
                "second": _key(other),
                "n": result.n,
                "difference": result.difference if same else None,
                "correlation": result.correlation,
                "points": [{"t": iso(at), "first": a, "second": b} for at, a, b in both_have],
            }
        )
    return _several(found, since, until, now, summary_json) | {"pairs": pairs}


DOCUMENTS: dict[str, Callable[[Sequence[Hourly], datetime, datetime, datetime], Json]] = {
    "distribution": distribution,
    "diurnal": diurnal,
    "comparison": comparison,
}


def summary_json(one: Hourly) -> Json:
    found = summary(one.values)
    return {
        "mean": found.mean,
        "least": found.least,
        "greatest": found.greatest,
        "quantiles": {
            f"p{round(100 * p):g}": value
            for p, value in zip(QUANTILES, found.quantiles, strict=True)
        },
        "limits": [
            limit_json(limit) | {"exceed_hours": exceed_hours(one, limit)} for limit in one.limits
        ],
    }


def limit_json(limit: PermitLimit) -> Json:
    return {
        "name": limit.name,
        "label": dict(zip(("zh", "en"), limit.label, strict=True)),
        "value": limit.value,
        "side": limit.side,
        "mean_over_s": limit.mean_over_s,
        "source": limit.source,
    }


def _several(
    found: Sequence[Hourly],
    since: datetime,
    until: datetime,
    now: datetime,
    say: Callable[[Hourly], Json],
) -> Json:
    return {
        **_span(since, until, now),
        "series": [
            {**_who(one.place, one.measured), **_base(len(one.means), one.expected), **say(one)}
            for one in found
        ],
    }


def _span(since: datetime, until: datetime, now: datetime) -> Json:
    return {
        "from": iso(since),
        "to": iso(until),
        "provenance": {
            "rollup": "reading_1h",
            "counts": both("usable readings; an hour is known by its start"),
            "valid": both("hourly means with 45 minutes of usable readings"),
            "day": "Asia/Shanghai",
            "generated_at": iso(now),
        },
    }


def _who(place: Place, one: Measured) -> Json:
    unit = METRICS[one.metric].unit if one.metric in METRICS else ""
    return {
        "station": place.code,
        "names": _names(place),
        "metric": one.metric,
        "unit": unit,
        "origin": Origin(one.origin).word,
    }


def _key(one: Hourly) -> str:
    return f"{one.place.code}:{one.measured.metric}"


def _names(place: Place) -> Json:
    return dict(zip(("zh", "en"), place.names, strict=True))


def _base(valid: int, expected: int) -> Json:
    share = min(1.0, valid / expected) if expected else None
    return {"valid": valid, "expected": expected, "valid_share": share}


def _counted(found: WindRose, count: int) -> Json:
    return {"hours": count, "share": found.share(count)}


def _share(share: Share, threshold: float | None) -> Json:
    known = threshold is not None
    return {
        "hours": share.hours,
        "mean": share.mean,
        "above": share.above if known and share.hours else None,
        "probability": share.probability if known else None,
        "few": share.few,
    }


def _spread(spread: Spread) -> Json:
    return {"n": spread.n, "p25": spread.p25, "median": spread.median, "p75": spread.p75}
