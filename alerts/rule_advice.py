"""What experience says of a rule before it is in force: reach, noise, delays. Never commits.

    for one in advise(conn, rule): print(one.field, one.text["en"])

Nothing here forbids a rule (settings and check.py do): it says what its author should know. Noise
is measured on stored readings: the robust spread of the steps between neighbours in time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from math import pi, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alerts.condition_settings import CHANGES, Condition, Member
from alerts.laying import Nearby
from alerts.rule import GAP_INTERVALS, Limit, Place, covers, limits_of, limits_on
from alerts.rule_settings import ABSENCES, COMPOSITES, RuleSettings
from alerts.rulebook import load_places
from alerts.times import duration
from database.pool import Connection
from sensors.catalogue import METRICS
from sensors.qartod import MAD_TO_SIGMA

Text = dict[str, str]
Code = Literal[
    "covers_nothing",
    "no_limit",
    "no_usual",
    "few_neighbours",
    "never_reached",
    "dead_band",
    "on_delay",
    "patience",
    "mean",
]

SAMPLES, BACK = 3000, timedelta(days=14)  # of readings, and how far back they may lie
LEAST_SAMPLES = 50
BAND_SIGMAS = 3.0  # of a hundred readings at a limit, fewer than one then flaps
_TRIMMED = 0.95  # of the steps: real events are not noise

RANGES = """
select n.series_id, n.low, n.high from sensor n where n.valid_to is null
   and (n.low is not null or n.high is not null)
"""
NEWEST = """
select observed_at, value from reading
 where series_id = %(series)s and observed_at > %(since)s and value is not null
   and (quality & 2051 = 0 or quality & 4097 = 4096)
 order by observed_at desc limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Noise:
    """sigma: standard deviation of one reading about its neighbours, in the metric's unit.

    step: the least difference seen, which is what the instrument resolves; dead_band: proposed for
    a rule that compares single readings; readings: what it rests on.
    """

    series_id: int
    sigma: float
    step: float
    dead_band: float
    readings: int


@dataclass(frozen=True, slots=True)
class Advice:
    """field: the setting it is about; station: where, None for everywhere.

    proposed: a better value of that field, if there is one. text: in both languages.
    """

    code: Code
    field: str
    text: Text
    station: str | None = None
    proposed: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "field": self.field,
            "station": self.station,
            "proposed": self.proposed,
            "text": self.text,
        }


def advise(conn: Connection, rule: RuleSettings, now: datetime) -> list[Advice]:
    """All that is to be said of a rule, by the stations and readings of the database.

    One piece of advice a station and setting; the same for each station is said of each.
    """
    places, ranges = load_places(conn), _ranges(conn)
    near = Nearby(rule, places)
    found: list[Advice] = []
    for condition, prefix in _conditions(rule):
        covered = [place for place in places if covers(condition, place)]
        if not covered and rule.when != "offline":
            found.append(_covers_nothing(prefix))
        for place in covered:
            found += _of_limits(condition, place, ranges.get(place.series_id, (None, None)), prefix)
            found += _of_neighbours(rule, near, place)
            found += _of_times(condition, place, prefix)
            found += _of_noise(conn, condition, place, now, prefix)
    return found


def noise(conn: Connection, series_id: int, interval_s: float, now: datetime) -> Noise | None:
    """Of the newest stored readings; None where there are too few to tell."""
    asked = {"series": series_id, "since": now - BACK, "limit": SAMPLES}
    with conn.cursor() as cursor:
        cursor.execute(NEWEST, asked)
        rows = cursor.fetchall()
    at = np.array([row[0].timestamp() for row in reversed(rows)], np.float64)
    value = np.array([row[1] for row in reversed(rows)], np.float64)
    return noise_of(series_id, at, value, GAP_INTERVALS * interval_s)


def noise_of(
    series_id: int, at: NDArray[np.float64], value: NDArray[np.float64], gap_s: float
) -> Noise | None:
    """at: seconds, in order. Steps over a gap are left out, and the greatest twentieth of the rest.

    The median absolute deviation of the steps, or their mean where most are nought: an instrument
    that counts in centimetres stands still most of the time, and trembles all the same.
    """
    steps = np.diff(value)[np.diff(at) <= gap_s]
    if len(steps) < LEAST_SAMPLES:
        return None
    away = np.sort(np.abs(steps - np.median(steps)))
    usual = away[: max(1, int(len(away) * _TRIMMED))]
    by_median = MAD_TO_SIGMA * float(np.median(away))
    by_mean = sqrt(pi / 2) * float(usual.mean())
    sigma = max(by_median, by_mean) / sqrt(2)  # a step is the difference of two readings
    moved = np.abs(steps)[np.abs(steps) > 1e-9]
    step = round(float(moved.min()), 9) if len(moved) else 0.0
    band = max(BAND_SIGMAS * sigma, step if sigma else 0.0)
    return Noise(series_id, sigma, step, _rounded_up(band), len(steps) + 1)


def least_dead_band(condition: Condition, found: Noise, interval_s: float, when: str) -> float:
    """The dead-band that the noise asks of this condition, in its limits' unit.

    A mean of n readings trembles the less, by the root of n; a rate is the difference of two
    medians of a third of its window, two thirds of it apart (a median has 1.25 of a mean's error).
    """
    if when == "rate" and condition.window_s:
        third = max(1.0, condition.window_s / interval_s / 3)
        apart_h = condition.window_s * (1 - 1 / 3) / 3600
        return _rounded_up(BAND_SIGMAS * found.sigma * 1.25 * sqrt(2 / third) / apart_h)
    if condition.mean_over_s:
        return _rounded_up(
            BAND_SIGMAS * found.sigma / sqrt(max(1.0, condition.mean_over_s / interval_s))
        )
    return found.dead_band


def _conditions(rule: RuleSettings) -> Iterator[tuple[RuleSettings | Member, str]]:
    """The rule itself, or its members, each with what stands before its settings."""
    if rule.when in COMPOSITES:
        yield from ((member, f"of.{number}.") for number, member in enumerate(rule.of))
    else:
        yield rule, ""


def _of_limits(
    condition: RuleSettings | Member,
    place: Place,
    span: tuple[float | None, float | None],
    prefix: str,
) -> Iterator[Advice]:
    if condition.when in ABSENCES:
        return
    field = f"{prefix}limit" if isinstance(condition, Member) else "grades"
    limits = [limit for rank in _laid(condition, place) for limit in rank]
    if not limits:
        yield Advice("no_limit", field, _no_limit(place), place.station)
    if isinstance(condition, RuleSettings) and condition.usual == "month" and not place.usual:
        yield Advice("no_usual", "usual", _no_usual(place), place.station)
    if condition.when in CHANGES:
        return
    known = METRICS[place.metric]
    low = known.low if span[0] is None else span[0]
    high = known.high if span[1] is None else span[1]
    for limit in limits:
        if limit.value > high if limit.sign > 0 else limit.value < low:
            text = _never_reached(place, limit, low, high)
            yield Advice("never_reached", field, text, place.station)


def _of_neighbours(rule: RuleSettings, near: Nearby, place: Place) -> Iterator[Advice]:
    known = len(near.known(place))
    if rule.usual == "neighbours" and known < near.least:
        yield Advice("few_neighbours", "within_km", _lonely(place, near, known), place.station)


def _laid(condition: RuleSettings | Member, place: Place) -> tuple[tuple[Limit, ...], ...]:
    if isinstance(condition, RuleSettings):
        return limits_of(condition, place)
    sign = -1 if condition.when == "below" else 1
    return limits_on(condition, {None: {"red": condition.limit}}, place, sign)


def _of_times(condition: RuleSettings | Member, place: Place, prefix: str) -> Iterator[Advice]:
    interval = place.interval_s
    if 0 < condition.on_delay_s < interval:
        yield Advice(
            "on_delay",
            f"{prefix}on_delay_s",
            _short_delay(place, condition.on_delay_s),
            place.station,
            float(interval),
        )
    if condition.mean_over_s and condition.mean_over_s <= interval:
        text = _each_is_its_mean(place, condition.mean_over_s)
        yield Advice("mean", f"{prefix}mean_over_s", text, place.station)
    patience = getattr(condition, "patience_s", None)
    if condition.when == "no_data" and patience and patience < 2 * interval:
        text = _impatient(place, patience)
        yield Advice("patience", "patience_s", text, place.station, float(3 * interval))


def _of_noise(
    conn: Connection, condition: RuleSettings | Member, place: Place, now: datetime, prefix: str
) -> Iterator[Advice]:
    if condition.when in ABSENCES:
        return
    found = noise(conn, place.series_id, place.interval_s, now)
    if found is None:
        return
    wanted = least_dead_band(condition, found, place.interval_s, condition.when)
    if condition.dead_band < wanted:
        text = _trembles(place, condition.dead_band, wanted, found)
        yield Advice("dead_band", f"{prefix}dead_band", text, place.station, wanted)


def _ranges(conn: Connection) -> Mapping[int, tuple[float | None, float | None]]:
    with conn.cursor() as cursor:
        cursor.execute(RANGES)
        return {series: (low, high) for series, low, high in cursor.fetchall()}


def _rounded_up(value: float) -> float:
    """To two figures, upwards: a dead-band is said by a person."""
    if value <= 0:
        return 0.0
    exact = Decimal(repr(value))
    place = Decimal(1).scaleb(exact.adjusted() - 1)
    return float(exact.quantize(place, ROUND_CEILING))


def _covers_nothing(prefix: str) -> Advice:
    zh, en = "没有站点测量该指标，规则不会触发", "no station measures this: the rule can never fire"
    return Advice("covers_nothing", f"{prefix}metric", {"zh": zh, "en": en})


def _no_limit(place: Place) -> Text:
    return {
        "zh": f"{place.station} 没有所指名的限值，规则在此不判定",
        "en": f"{place.station} has none of the limits that are named: it is not judged there",
    }


def _no_usual(place: Place) -> Text:
    return {
        "zh": f"{place.station} 没有各月的常值（usual），规则在此不判定",
        "en": f"of {place.station} it is not known what is usual: it is not judged there",
    }


def _lonely(place: Place, near: Nearby, known: int) -> Text:
    return {
        "zh": f"{place.station} 周边 {near.within_km:g} km 内同指标站点有 {known} 个，"
        f"不足 {near.least} 个，规则在此不判定",
        "en": f"{place.station} has {known} other stations of the metric within "
        f"{near.within_km:g} km, {near.least} are asked for: it is not judged there",
    }


def _never_reached(place: Place, limit: Limit, low: float, high: float) -> Text:
    unit = METRICS[place.metric].unit
    return {
        "zh": f"{place.station} 的仪器量程为 {low:g}～{high:g} {unit}，永远达不到 {limit.value:g}",
        "en": f"the instrument of {place.station} reports {low:g} to {high:g} {unit} and can never "
        f"reach {limit.value:g}",
    }


def _short_delay(place: Place, delay_s: int) -> Text:
    return {
        "zh": f"{place.station} 每 {place.interval_s} 秒一个读数，{delay_s} 秒的延时等于一个间隔",
        "en": f"{place.station} reports every {place.interval_s} s: a delay of {delay_s} s lasts "
        "that long",
    }


def _each_is_its_mean(place: Place, mean_s: int) -> Text:
    zh, en = duration(mean_s)
    return {
        "zh": f"{place.station} 的读数本身就是 {zh}均值或更长，逐个比较",
        "en": f"{place.station} reports no oftener than every {en}: each reading is compared",
    }


def _impatient(place: Place, patience_s: int) -> Text:
    return {
        "zh": f"{place.station} 每 {place.interval_s} 秒一个读数，"
        f"{patience_s} 秒无数据可能只是一次丢失",
        "en": f"{place.station} reports every {place.interval_s} s: {patience_s} s of silence may "
        "be one lost reading",
    }


def _trembles(place: Place, band: float, wanted: float, found: Noise) -> Text:
    unit = METRICS[place.metric].unit
    return {
        "zh": f"{place.station} 的读数自身波动约 {found.sigma:.2g} {unit}"
        f"（{found.readings} 个读数），回差 {band:g} 偏小，建议不小于 {wanted:g}",
        "en": f"readings of {place.station} tremble by {found.sigma:.2g} {unit} (of "
        f"{found.readings}): a dead-band of {band:g} flaps, take {wanted:g} or more",
    }
