"""What is known of a reservoir's water now: read once, for the API and the chart. Never commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from alerts.grade import GRADES
from alerts.rule import Limit, Place, covers, watch
from alerts.rule_history import NEWEST_VERSION
from alerts.rule_settings import RuleSettings
from dashboard.store import SeriesRow
from database.pool import Connection
from sensors.catalogue import LEVEL, OUTFLOW
from sensors.limits import in_force
from sensors.water import store
from sensors.water.foresee import Foresight, Reservoir, Sample, foresee, reach_back
from sensors.water.grading import PROPOSAL, grade_of_level
from sensors.water.outlook import aged
from sensors.water.store import CurveRow, LimitRow

KIND = "select kind from station where code = %(station)s"
RULES = f"""
select r.id, r.code, v.version, v.definition from rule r join {NEWEST_VERSION} v on true
 where v.retired_at is null and v.definition ->> 'metric' = %(metric)s
   and v.definition ->> 'when' = 'above'
 order by r.code
"""  # noqa: S608 - of constants
RAIN = """
select sum(value) filter (where observed_at > %(hour)s),
       count(*) filter (where observed_at > %(hour)s), sum(value), count(*)
  from reading
 where series_id = %(series)s and observed_at > %(day)s and observed_at <= %(now)s
   and value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)
"""

LEAST_COVERAGE = 0.5  # of the readings of a stretch: less makes no sum


@dataclass(frozen=True, slots=True)
class Grading:
    """What grades the level: a rule in force, or our unconfirmed proposal."""

    by: Mapping[str, str | float]
    rule: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Rain:
    """What fell at the station's own gauge, mm: in the last hour and day.

    None where less than half of the readings came: a silent gauge saw no drought. count, expected:
    usable readings of the day, and how many there should be.
    """

    hour_mm: float | None
    day_mm: float | None
    count: int
    expected: int


@dataclass(frozen=True, slots=True)
class Water:
    """limits: those in force today, from the lowest up. newest: the newest reading, usable or not.

    samples: the level's readings that were looked at.
    """

    seen: Foresight
    newest: Sample | None
    limits: tuple[LimitRow, ...]
    curve: CurveRow | None
    grading: Grading
    rain: Rain | None
    samples: tuple[Sample, ...]

    @property
    def levels(self) -> dict[str, float]:
        return {limit.name: limit.value for limit in self.limits}


def read_water(
    conn: Connection, station: str, series: Mapping[str, SeriesRow], now: datetime
) -> Water:
    """The outlook as of `now`, in the district's zone: its day says which limits are in force.

    series: those of the station, by metric; it has a level.
    """
    level = series[LEVEL]
    since = now - reach_back(level.interval_s) - timedelta(hours=1)
    samples = store.samples(conn, level.series_id, since, now)
    out = series.get(OUTFLOW)
    outflows = store.samples(conn, out.series_id, since, now) if out else []
    limits = in_force(store.limits(conn, [level.series_id]), now.date())
    curve = store.curve(conn, station)
    place = Reservoir(
        level.interval_s,
        {name: limit.value for name, limit in limits.items()},
        curve.points if curve else None,
        out is not None,
    )
    seen = foresee(samples, outflows, place, now)
    # A replayed recording runs at another pace: its hours are not those that have passed.
    outlook = seen.outlook if seen.own_time else aged(seen.outlook, now)
    return Water(
        replace(seen, outlook=outlook),
        samples[-1] if samples else None,
        tuple(sorted(limits.values(), key=lambda limit: limit.value)),
        curve,
        _grading(conn, station, level, limits, outlook.level_m),
        _rain(conn, series.get("rain_mm"), now),
        tuple(samples),
    )


def _grading(
    conn: Connection,
    station: str,
    level: SeriesRow,
    limits: Mapping[str, LimitRow],
    level_m: float | None,
) -> Grading:
    """Of the rules that judge this level with a limit in force here, the one that grades it worst.

    Of equals the first by code; without any our proposal.
    """
    kind = _rows(conn, KIND, {"station": station})
    named = {name: (Limit(limit.value),) for name, limit in limits.items()}
    place = Place(level.series_id, station, kind[0][0] if kind else "", LEVEL, level.interval_s,
                  limits=named)  # fmt: skip
    rows = _rows(conn, RULES, {"metric": LEVEL})
    laid = [one for row in rows if (one := _laid(place, *row)) is not None]
    levels = {name: limit.value for name, limit in limits.items()}

    def rank(one: Grading) -> int:
        found = grade_of_level(level_m, levels, one.by)
        return GRADES.index(found.grade) if found and found.grade else -1

    return max(laid, key=rank, default=Grading(PROPOSAL))


def _laid(
    place: Place, number: int, code: str, version: int, definition: Mapping[str, Any]
) -> Grading | None:
    """A rule upon the level; None where it does not judge it, or cannot be read (so it judges
    nothing: the judge says so in its log and as a drift)."""
    try:
        rule = RuleSettings.model_validate(definition)
    except ValidationError:
        return None
    if not covers(rule, place) or watch(number, version, rule, place) is None:
        return None
    by: dict[str, str | float] = {
        grade: rule.grades[grade] for grade in GRADES if grade in rule.grades
    }
    return Grading(by, code, version)


def _rain(conn: Connection, series: SeriesRow | None, now: datetime) -> Rain | None:
    if series is None:
        return None
    asked = {
        "series": series.series_id,
        "now": now,
        "hour": now - timedelta(hours=1),
        "day": now - timedelta(days=1),
    }
    hour_mm, hour_count, day_mm, count = _rows(conn, RAIN, asked)[0]
    return rain_so_far((hour_mm, hour_count), (day_mm, count), series.interval_s)


def rain_so_far(
    hour: tuple[float | None, int], day: tuple[float | None, int], interval_s: float
) -> Rain:
    """hour, day: sum of the usable readings, mm, and how many they are. Pure.

    A gauge that reports less often than hourly has no hour.
    """
    hour_mm = _known(hour, 3600 / interval_s) if interval_s <= 3600 else None
    expected = max(1, round(86400 / interval_s))
    return Rain(hour_mm, _known(day, expected), day[1], expected)


def _known(found: tuple[float | None, int], expected: float) -> float | None:
    total, count = found
    return None if total is None or count < LEAST_COVERAGE * expected else float(total)


def _rows(conn: Connection, statement: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
