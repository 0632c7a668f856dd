"""What the thresholds view reads: limits in force, what stands, sums of a day. Never commits.

What is kept of it for all who ask: thresholds_kept.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, hypot, radians
from typing import Any

from alerts import store as alerts_store
from alerts.alert import Alert
from alerts.rule import Place, Watch
from alerts.rule_history import NEWEST_VERSION
from alerts.rulebook import load_places, load_rulebook
from dashboard import store
from dashboard.environment import hour_quality, hours_store
from dashboard.environment.exceedance_calendar import (
    Calendar,
    air_calendar,
    basis_of,
    flow_metric,
    limit_calendar,
    span_of,
)
from dashboard.environment.hour_quality import HOUR, LATE_INTERVALS, LATE_LEAST_S
from dashboard.environment.threshold_bounds import Mark, Said, bounds_of
from dashboard.environment.thresholds import Bound, Series, Stands, mean_of
from dashboard.shapes import GRADES, LatestRow, StationRow, features
from database import query
from database.pool import Connection
from sensors.air.means import BEIJING, hours_of
from sensors.catalogue import METRICS
from sensors.discharge.means import FLOW
from sensors.reading import Origin, Quality
from sensors.versions import BEGINNING

DAY_S = 86400

MARKS = """
select series_id, value, side, label_zh, label_en, mean_over_s, source, season_from, season_to, name
  from limit_value where valid_to is null
 order by series_id, name, season_from nulls last"""
LABELS = f"""
select r.code, v.definition -> 'label' ->> 'zh', v.definition -> 'label' ->> 'en'
  from rule r join {NEWEST_VERSION} v on true"""  # noqa: S608 - of a constant
# Usable readings, as everywhere (sensors/reading.py).
DAY_SUMS = """
select series_id, count(*), sum(value) from reading
 where observed_at > %(since)s and observed_at <= %(until)s and value is not null
   and (quality & 2051 = 0 or quality & 4097 = 4096)
 group by 1"""
SUMS = """
select series_id, count(*), sum(value) from reading
 where series_id = any(%(series)s) and observed_at > %(since)s and observed_at <= %(until)s
   and value is not null and (quality & 2051 = 0 or quality & 4097 = 4096)
 group by 1"""

# Of a few series: readings of each hour by their quality bits, and how many were found later.
QUALITY_HOURS = """
select r.series_id, date_bin('1 hour', r.observed_at, '2000-01-01 00:00:00+00'), r.quality,
       count(*),
       count(*) filter (where extract(epoch from r.received_at - r.observed_at)
                              > greatest(%(least_s)s, %(intervals)s * n.interval_s))
  from reading r
  join sensor n on n.series_id = r.series_id and n.valid_to is null
 where r.series_id = any(%(series)s) and r.observed_at >= %(since)s and r.observed_at < %(until)s
 group by 1, 2, 3"""
SINCE = """
select q.id, case when min(n.valid_from) > %(beginning)s then min(n.valid_from)
                  else s.created_at end
  from series q
  join station s on s.id = q.station_id
  join sensor n on n.series_id = q.id
 where q.id = any(%(series)s)
 group by q.id, s.created_at"""
USUAL = """
select checks -> 'usual' from sensor where series_id = %(series)s and valid_to is null"""

Sums = Mapping[int, tuple[int, float]]  # series -> usable readings, their sum


@dataclass(frozen=True, slots=True)
class Ground:
    """What limits stand on: of one edition of the rules and stations."""

    edition: str
    places: tuple[Place, ...]
    watches: Mapping[int, tuple[Watch, ...]]
    labels: Mapping[str, tuple[str, str]]
    marks: Mapping[int, tuple[Mark, ...]]
    joined: Mapping[int, tuple[Watch, ...]]  # of rules of several conditions that the series is in

    def said(self, place: Place, now: datetime) -> Said:
        """The limits of one series in force now, and what is not compared."""
        watches = self.watches.get(place.series_id, ())
        marks = self.marks.get(place.series_id, ())
        joined = self.joined.get(place.series_id, ())
        return bounds_of((*watches, *joined), marks, self.labels, place.interval_s, now)


def load_ground(conn: Connection, of: str) -> Ground:
    book = load_rulebook(conn)
    watches: dict[int, list[Watch]] = {}
    for one in book.watches:
        if one.series_id is not None and not one.member:
            watches.setdefault(one.series_id, []).append(one)
    joined: dict[int, list[Watch]] = {}
    for group in book.groups:
        for number in group.series:
            joined.setdefault(number, []).append(group.watch)
    marks: dict[int, list[Mark]] = {}
    for series_id, value, side, zh, en, mean_s, source, *season in query.rows(conn, MARKS):
        sign = -1 if side == "lower" else 1
        marks.setdefault(series_id, []).append(Mark(value, sign, (zh, en), mean_s, source, *season))
    labels = {code: (zh or code, en or code) for code, zh, en in query.rows(conn, LABELS)}
    return Ground(
        of,
        tuple(load_places(conn)),
        {number: tuple(some) for number, some in watches.items()},
        labels,
        {number: tuple(some) for number, some in marks.items()},
        {number: tuple(some) for number, some in joined.items()},
    )


def day_sums(conn: Connection, now: datetime) -> Sums:
    """Of every series, over the 24 h up to now."""
    asked = {"since": now - timedelta(seconds=DAY_S), "until": now}
    return {number: (n, total) for number, n, total in query.rows(conn, DAY_SUMS, asked)}


def sums(conn: Connection, series: Sequence[int], length_s: int, now: datetime) -> Sums:
    asked = {
        "series": list(series),
        "since": now - timedelta(seconds=length_s),
        "until": now,
    }
    return {number: (n, total) for number, n, total in query.rows(conn, SUMS, asked)}


def means_of(
    conn: Connection, places: Sequence[Place], said: Mapping[int, Said], day: Sums, now: datetime
) -> dict[int, dict[int, float | None]]:
    """By series, then by length in s."""
    wanted: dict[int, list[Place]] = {}
    for place in places:
        for length_s in said[place.series_id].lengths:
            wanted.setdefault(length_s, []).append(place)
    found: dict[int, dict[int, float | None]] = {}
    for length_s, some in wanted.items():
        numbers = [place.series_id for place in some]
        known = day if length_s == DAY_S else sums(conn, numbers, length_s, now)
        for place in some:
            count, total = known.get(place.series_id, (0, None))
            mean = mean_of(total, count, length_s, place.interval_s)
            found.setdefault(place.series_id, {})[length_s] = mean
    return found


def series_of(
    conn: Connection,
    stations: Sequence[StationRow],
    places: Iterable[Place],
    said: Mapping[int, Said],
    means: Mapping[int, Mapping[int, float | None]],
    day: Sums,
    now: datetime,
) -> list[Series]:
    latest = store.latest(conn)
    shown = {f["id"]: f["properties"] for f in features(stations, latest, [], now)}
    newest = {(row.station, row.metric): row for row in latest}
    alerts = _standing(alerts_store.open_alerts(conn))
    found = []
    for place in places:
        station, row = shown.get(place.station), newest.get((place.station, place.metric))
        if station is None or row is None:
            continue
        of, number = said[place.series_id], place.series_id
        found.append(_one(place, station, row, of, means.get(number, {}), day.get(number), alerts))
    return found


def _one(
    place: Place,
    station: Mapping[str, Any],
    row: LatestRow,
    said: Said,
    means: Mapping[int, float | None],
    day: tuple[int, float] | None,
    alerts: Mapping[tuple[str, str], Stands],
) -> Series:
    latest = station["latest"][place.metric]
    quality = Quality(row.quality or 0)
    names = station["names"]
    out = [one["metrics"] for one in station["out_of_service"]]
    return Series(
        station=place.station,
        kind=place.kind,
        names=(names["zh"], names["en"]),
        department=station["department"],
        metric=place.metric,
        unit=METRICS[place.metric].unit,
        interval_s=float(place.interval_s),
        at=row.observed_at,
        age_s=latest["age_s"],
        state=latest["state"],
        value=row.value,
        quality=latest["quality"],
        flags=tuple(latest["flags"]),
        usable=row.value is not None and quality.usable,
        origin=Origin(row.origin or 0).word,
        bounds=said.bounds,
        beside=said.beside,
        means=means,
        span=place.span,
        valid=min(1.0, round((day[0] if day else 0) * place.interval_s / DAY_S, 4)),
        alert=alerts.get((place.station, place.metric)),
        out_of_service=any(one is None or place.metric in one for one in out),
    )


def _standing(alerts: Iterable[Alert]) -> dict[tuple[str, str], Stands]:
    """Of each series the gravest alert whose condition is on; not of what is out of service."""
    found: dict[tuple[str, str], Stands] = {}
    for one in alerts:
        muted = one.muted.kind if one.muted else None
        if one.ended_at or not one.station or not one.metric or muted == "out_of_service":
            continue
        limit = one.limit if one.basis in (None, "mean") else None
        owned = one.acknowledged_at is not None or muted is not None
        stands = Stands(one.id, one.grade, owned, one.rule, one.rule_version, limit)
        known = found.get((one.station, one.metric))
        if known is None or _graver(stands, known):
            found[one.station, one.metric] = stands
    return found


def _graver(one: Stands, other: Stands) -> bool:
    """The graver; of equal ones what nobody has yet."""
    rank = GRADES.index
    return (rank(one.grade), one.owned) < (rank(other.grade), other.owned)


# ---- the chosen series


def quality(
    conn: Connection, places: Sequence[Place], now: datetime
) -> dict[int, hour_quality.Day]:
    """The last 24 whole hours of each series."""
    hours = hour_quality.hours_before(now)
    numbers = [place.series_id for place in places]
    asked = {
        "series": numbers,
        "since": hours[0],
        "until": hours[-1] + HOUR,
        "least_s": LATE_LEAST_S,
        "intervals": LATE_INTERVALS,
    }
    counted: dict[int, list[hour_quality.Counted]] = {}
    for number, *of in query.rows(conn, QUALITY_HOURS, asked):
        counted.setdefault(number, []).append(hour_quality.Counted(*of))
    since = dict(query.rows(conn, SINCE, {"series": numbers, "beginning": BEGINNING}))
    return {
        p.series_id: hour_quality.day_of(
            counted.get(p.series_id, ()), hours, p.interval_s, since.get(p.series_id, BEGINNING)
        )
        for p in places
    }


def peers(places: Iterable[Place], place: Place, most: int) -> list[Place]:
    """Others of its kind that measure the same, the nearest first."""
    if place.spot is None:
        return []
    lon, lat = place.spot
    near = [
        (hypot((one.spot[0] - lon) * cos(radians(lat)), one.spot[1] - lat), one.station, one)
        for one in places
        if one.spot and one.metric == place.metric and one.kind == place.kind and one != place
    ]
    return [one for *_, one in sorted(near, key=lambda each: each[:2])[:most]]


def calendar(
    conn: Connection, ground: Ground, place: Place, near: Bound | None, now: datetime
) -> Calendar:
    """52 weeks of days up to now, from the roll-up by hours."""
    days = span_of(now.astimezone(BEIJING).date())
    since = hours_of(days[0])[0]
    wanted = {place.metric, flow_metric(place.metric, place.kind)}
    series = [
        one for one in hours_store.series(conn, [place.kind], place.station) if one.metric in wanted
    ]
    hours = hours_store.hours(conn, series, since, now)
    own = hours.get(place.series_id, {})
    if basis_of(place.metric, place.kind, ()).startswith("air"):
        return air_calendar(place.metric, own, days)
    flow = next((hours[one.series_id] for one in series if one.metric == FLOW), None)
    return limit_calendar(
        place.metric,
        place.kind,
        own,
        flow if place.metric != FLOW else None,
        days,
        lambda day: ground.said(place, hours_of(day)[12]).bounds,
        near,
        place.interval_s,
        place.span,
    )


def usual(conn: Connection, series_id: int) -> list[tuple[float, float] | None] | None:
    """What is usual in each month, January first; None where nothing is said."""
    rows = query.rows(conn, USUAL, {"series": series_id})
    months = rows[0][0] if rows else None
    return None if months is None else [None if m is None else (m[0], m[1]) for m in months]
