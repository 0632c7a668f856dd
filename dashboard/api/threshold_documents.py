"""What the API says of thresholds: documents of plain values. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.rule import Place
from dashboard.environment import hour_quality
from dashboard.environment.exceedance_calendar import Calendar
from dashboard.environment.thresholds import (
    BY_RATIO,
    DISTANCES,
    Bound,
    Row,
    Stands,
    base_of,
)
from dashboard.shapes import Json, iso


def row_json(row: Row) -> Json:
    """A row of the API; `bounds` lets a screen compare the next reading by itself."""
    one, found = row.series, row.margin
    return {
        "station": one.station,
        "kind": one.kind,
        "names": _names(one.names),
        "department": one.department,
        "metric": one.metric,
        "unit": one.unit,
        "t": iso(one.at),
        "age_s": one.age_s,
        "state": one.state,
        "interval_s": one.interval_s,
        "quality": one.quality,
        "flags": list(one.flags),
        "origin": one.origin,
        "out_of_service": one.out_of_service,
        "reading": one.value,
        "value": one.compared(row.limit) if row.limit else one.value,
        "limit": bound_json(row.limit) if row.limit else None,
        "base": row.base,
        "in_percent": one.metric not in DISTANCES,
        "by_ratio": one.metric not in DISTANCES or one.metric in BY_RATIO,
        "margin": found.gap if found else None,
        "margin_pct": None if found is None or found.percent is None else round(found.percent, 4),
        "beyond": found.beyond if found else None,
        "share": round(found.share, 6) if found else None,
        "valid_24h": one.valid,
        "alert": _alert(one.alert),
        "bounds": [
            bound_json(b)
            | {
                "compared": one.compared(b),
                "base": base_of(one.metric, one.bounds, one.span, b),
            }
            for b in one.bounds
        ],
        "not_compared": [{"rule": r, "version": v, "when": when} for r, v, when in one.beside],
    }


def bound_json(bound: Bound) -> Json:
    return {
        "value": bound.value,
        "side": "upper" if bound.sign > 0 else "lower",
        "label": _names(bound.label),
        "mean_over_s": bound.mean_s,
        "rule": bound.rule,
        "version": bound.version,
        "grade": bound.grade,
        "source": bound.source,
    }


def calendar_json(found: Calendar) -> Json:
    return {
        "basis": found.basis,
        "limit": bound_json(found.limit) if found.limit else None,
        "valid": found.valid,
        "exceeded": found.exceeded,
        "days": [
            {
                "day": day.day.isoformat(),
                "value": None if day.value is None else round(day.value, 6),
                "limit": day.limit,
                "side": day.side,
                "times": None if day.times is None else round(day.times, 4),
                "step": day.step,
                "reason": day.reason,
                "running": day.running,
            }
            for day in found.days
        ],
    }


def quality_json(
    found: Sequence[tuple[Place, hour_quality.Day]],
    names: Mapping[str, tuple[str, str]],
    states: Mapping[tuple[str, str], str],
    at: datetime,
) -> Json:
    """The last 24 whole hours of some series.

    names: of their stations, by code; states: by station and metric, of now; at: of the look at the
    hours, which may be kept over the full hour.
    """
    return {
        "hours": [iso(hour) for hour in hour_quality.hours_before(at)],
        "rows": [
            {
                "station": place.station,
                "kind": place.kind,
                "names": _names(names[place.station]),
                "cells": list(day.cells),
                "expected": day.expected,
                "usable": day.usable,
                "share": day.share,
                "reasons": list(day.reasons),
                "state": states.get((place.station, place.metric)),
            }
            for place, day in found
            if place.station in names
        ],
    }


def _alert(stands: Stands | None) -> Json | None:
    if stands is None:
        return None
    return {
        "id": stands.id,
        "grade": stands.grade,
        "owned": stands.owned,
        "rule": stands.rule,
        "version": stands.version,
        "limit": stands.limit,
    }


def _names(both: tuple[str, str]) -> Json:
    return dict(zip(("zh", "en"), both, strict=True))
