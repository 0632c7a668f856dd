"""Outlook of a reservoir: where the water stands, where it goes, and what that rests on."""

from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from alerts.grade import Grade
from dashboard import store
from dashboard.api.common import Use, json_answer
from dashboard.api.models import Names, OriginWord
from dashboard.api.stations import find_series
from dashboard.reservoirs import Water, read_water
from dashboard.shapes import iso
from sensors.catalogue import LEVEL
from sensors.water.balance import Inflow
from sensors.water.curve import storage_at
from sensors.water.grading import grade_of_level
from sensors.water.levels import NORMAL, percent_of_capacity, storages
from sensors.water.outlook import METHOD
from sensors.water.rise import Rise

router = APIRouter(prefix="/api/v1", tags=["stations"])


class Figure(BaseModel):
    value: float | None
    reason: str | None = Field(description="why there is none")


class LimitInForce(BaseModel):
    name: str
    names: Names
    value: float
    source: str
    season_from: str | None
    season_to: str | None
    valid_from: datetime
    reached: bool


class Rate(BaseModel):
    rate_mh: float = Field(description="m/h; negative: falling")
    error_mh: float = Field(description="one standard error")
    window_s: float
    noise_m: float = Field(description="one standard deviation of a reading")


class TimeToLimit(BaseModel):
    limit: str | None = Field(description="name of the next limit above; null: none is left")
    value: float | None
    at: datetime | None = Field(description="of the newest usable reading: hours count from it")
    central_h: float | None = Field(
        description="from `at`, at the present rate; null: reasons say why"
    )
    earliest_h: float | None
    latest_h: float | None = Field(description="null beside a central figure: perhaps never")
    central_t: datetime | None = Field(
        description="`at` + central_h; null in a replay, which runs at another pace"
    )
    earliest_t: datetime | None
    latest_t: datetime | None
    horizon_h: float | None = Field(description="how far ahead the rate can tell")
    band: float = Field(description="share of the recorded cases that it is meant to hold")
    rate: Rate | None = Field(description="over a window that grows with how far it looks")


class DerivedInflow(Figure):
    band_m3s: float | None = Field(description="half of the 80 % band")
    storing_m3s: float | None
    outflow_m3s: float | None = Field(description="null: not measured, the inflow is net")
    remarks: list[str]


class LevelGrade(BaseModel):
    grade: Grade | None
    above: str | None
    known: bool = Field(description="false: the level is unknown, or no level of the grading is")
    rule: str | None = Field(description="the rule that grades; null: our proposal")
    rule_version: int | None
    confirmed: bool = Field(description="false: no plan says so, the district must")


class RainSoFar(BaseModel):
    hour_mm: float | None = Field(description="null: less than half of its readings came")
    day_mm: float | None = Field(description="the same")
    count: int = Field(description="usable readings of the day")
    expected: int = Field(description="how many there should be")


class ReadingsUsed(BaseModel):
    metric: str
    from_: datetime | None = Field(alias="from")
    to: datetime | None
    count: int
    left_out: int = Field(description="suspect or missing ones in the same window")
    quality: dict[str, int] = Field(description="good and suspect of all that were looked at")
    origin: OriginWord
    own_time: bool = Field(description="a replayed recording, timed by itself")


class CurveUsed(BaseModel):
    source: str
    valid_from: datetime
    points: int


class Provenance(BaseModel):
    method: str
    readings: ReadingsUsed
    curve: CurveUsed | None


class OutlookDocument(BaseModel):
    station: str
    generated_at: datetime
    level_m: float | None = Field(description="the newest usable reading")
    state: Literal["rising", "falling", "steady", "unknown"]
    reasons: list[str]
    limits: list[LimitInForce]
    storage_m3: Figure
    percent: Figure = Field(description="of the storage at the normal pool; dead storage included")
    storages: dict[str, Figure]
    rise: Rate | None
    time_to_limit: TimeToLimit
    inflow: DerivedInflow
    grade: LevelGrade
    rain: RainSoFar | None = Field(description="a qualifier: it does not enter the figures")
    provenance: Provenance


@router.get("/stations/{code}/outlook", responses={200: {"model": OutlookDocument}})
def show_outlook(*, use: Use, code: str) -> Response:
    """Level, limits in force, rate of rise, time to the next limit, inflow; with provenance."""
    now = use.live.now()
    with use.pool.transaction() as conn:
        series = store.series_of(conn, code)
        find_series(series, code, LEVEL)
        water = read_water(conn, code, series or {}, now.astimezone(use.settings.zone))
    return json_answer(to_json(code, water, now))


def to_json(code: str, water: Water, now: datetime) -> dict[str, Any]:
    found = water.seen.outlook
    points = water.curve.points if water.curve else None
    grade = grade_of_level(found.level_m, water.levels, water.grading.by)
    return {
        "station": code,
        "generated_at": iso(now),
        "level_m": found.level_m,
        "state": found.state.value,
        "reasons": [_word(reason) for reason in found.reasons],
        "limits": [
            {
                "name": limit.name,
                "names": {"zh": limit.zh, "en": limit.en},
                "value": limit.value,
                "source": limit.source,
                "season_from": limit.season_from,
                "season_to": limit.season_to,
                "valid_from": iso(limit.valid_from),
                "reached": limit.name in found.reached,
            }
            for limit in water.limits
        ],
        "storage_m3": _figure(None if points is None else storage_at(points, found.level_m)),
        "percent": {
            **_figure(percent_of_capacity(points, found.level_m, water.levels)),
            "of": NORMAL,
        },
        "storages": {name: _figure(one) for name, one in storages(points, water.levels).items()},
        "rise": _rate(water.seen.rise),
        "time_to_limit": _time_to_limit(water),
        "inflow": _inflow(water),
        "grade": {
            "grade": grade.grade if grade else None,
            "above": grade.above if grade else None,
            "known": grade is not None,
            "rule": water.grading.rule,
            "rule_version": water.grading.version,
            "confirmed": water.grading.rule is not None,
        },
        "rain": water.rain
        and {
            "hour_mm": water.rain.hour_mm,
            "day_mm": water.rain.day_mm,
            "count": water.rain.count,
            "expected": water.rain.expected,
        },
        "provenance": _provenance(water),
    }


def _time_to_limit(water: Water) -> dict[str, Any]:
    """Times only where hours are hours: a replayed recording runs at another pace."""
    found = water.seen.outlook
    at = None if water.seen.own_time else found.at

    def moment(hours: float | None) -> str | None:
        return None if at is None or hours is None else iso(at + timedelta(hours=hours))

    return {
        "limit": found.limit,
        "value": found.limit_m,
        "at": moment(0.0),
        "central_h": found.central_h,
        "earliest_h": found.earliest_h,
        "latest_h": found.latest_h,
        "central_t": moment(found.central_h),
        "earliest_t": moment(found.earliest_h),
        "latest_t": moment(found.latest_h),
        "horizon_h": found.horizon_h,
        "band": 0.8,
        "rate": _rate(found.rise),
    }


def _inflow(water: Water) -> dict[str, Any]:
    found = water.seen.inflow
    if not isinstance(found, Inflow):
        nothing: dict[str, Any] = {
            "band_m3s": None,
            "storing_m3s": None,
            "outflow_m3s": None,
            "remarks": [],
        }
        return {**_figure(found), **nothing}
    return {
        **_figure(found.inflow_m3s),
        "band_m3s": found.band_m3s,
        "storing_m3s": found.storing_m3s,
        "outflow_m3s": found.outflow_m3s,
        "remarks": [_word(remark) for remark in found.remarks],
    }


def _rate(rise: object) -> dict[str, Any] | None:
    if not isinstance(rise, Rise):
        return None
    return {
        "rate_mh": rise.rate_mh,
        "error_mh": rise.error_mh,
        "window_s": rise.window.total_seconds(),
        "noise_m": rise.noise_m,
    }


def _provenance(water: Water) -> dict[str, Any]:
    used, seen = water.seen.used, water.seen
    return {
        "method": METHOD,
        "readings": {
            "metric": LEVEL,
            "from": iso(used[0].at) if used else None,
            "to": iso(used[-1].at) if used else None,
            "count": len(used),
            "left_out": seen.left_out,
            "quality": dict(Counter(one.quality.word for one in water.samples)),
            "origin": (water.newest.origin if water.newest else seen.origin).word,
            "own_time": seen.own_time,
        },
        "curve": water.curve
        and {
            "source": water.curve.source,
            "valid_from": iso(water.curve.valid_from),
            "points": len(water.curve.points),
        },
    }


def _figure(found: float | StrEnum | None) -> dict[str, Any]:
    if found is None:
        return {"value": None, "reason": "no_curve"}
    return {"value": None, "reason": _word(found)} if isinstance(found, StrEnum) else {
        "value": found,
        "reason": None,
    }  # fmt: skip


def _word(reason: StrEnum) -> str:
    """`too_old`: screens have the sentences."""
    return reason.name.lower()
