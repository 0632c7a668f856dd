"""What the staff service reads: stations, the live end of series, histories. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts import footprint_store
from alerts import store as alerts_store
from alerts.alert import to_json
from dashboard import life_store, resolution
from dashboard.resolution import Bucket, RawRow
from dashboard.shapes import LatestRow, OpenAlert, StationRow
from dashboard.stream.snapshot import Changed, Loaded
from database.pool import Connection
from sensors.catalogue import METRICS

STATIONS = """
select s.code, s.kind, v.name_zh, v.name_en, v.lon, v.lat, v.interval_s, v.details -> 'town',
       v.department, v.public, v.device, p.taken_at, coalesce(p.origin, 0), d.reported_at
  from station s
  join station_version v on v.station_id = s.id and v.valid_to is null
  left join lateral (select taken_at, origin from picture
                      where station_id = s.id order by taken_at desc limit 1) p on s.kind = 'camera'
  left join device_status d on d.device = v.device and not d.online
 where s.kind = any(%(kinds)s) or %(kinds)s is null
 order by s.code"""

# The trend is the slope to the oldest good reading of the last hour: one index look-up a series.
LATEST = """
select s.code, q.metric, n.interval_s, t.observed_at, t.value, t.quality, t.origin, t.received_at,
       t.original_at,
       (t.value - b.value) * 3600 / extract(epoch from t.observed_at - b.observed_at)
  from series q
  join station s on s.id = q.station_id
  join station_version v on v.station_id = s.id and v.valid_to is null
  join sensor n on n.series_id = q.id and n.valid_to is null
  {state_join} series_state t on t.series_id = q.id {changed}
  left join lateral (select r.observed_at, r.value from reading r
                      where r.series_id = q.id
                        and r.observed_at >= t.observed_at - interval '1 hour'
                        and r.observed_at <= t.observed_at - interval '20 minutes'
                        and r.quality = 0
                      order by r.observed_at limit 1) b on t.quality = 0
 order by s.code, q.id"""
ALL_LATEST = LATEST.format(state_join="left join", changed="")
CHANGED_SERIES = "select series_id, changed_at from series_state where changed_at >= %s"
CHANGED_LATEST = LATEST.format(state_join="join", changed="and t.series_id = any(%s)")

NEWEST_PICTURES = """
select s.code, p.taken_at, p.origin
  from station s
  join lateral (select taken_at, origin from picture
                 where station_id = s.id order by taken_at desc limit 1) p on true
 where s.kind = 'camera'"""
OFFLINE = "select device, reported_at from device_status where not online"

# Whose condition is on. A station out of service measures nothing real: its alerts colour nothing.
_OPEN_ALERTS = """
select s.code, a.grade, a.acknowledged_at is not null or u.id is not null
  from alert a
  join station s on s.id = a.station_id
  left join series q on q.id = a.series_id
  left join lateral {muted} u on true
 where a.ended_at is null and u.kind is distinct from 'out_of_service'"""
OPEN_ALERTS = _OPEN_ALERTS.format(muted=alerts_store.MUTED_BY)

SERIES = """
select q.id, q.metric, n.interval_s, k.purged_to
  from station s
  left join series q on q.station_id = s.id
  left join sensor n on n.series_id = q.id and n.valid_to is null
  left join retention k on k.metric = q.metric
 where s.code = %s order by q.id"""
# What came when its retention was over is kept in reading_old, and belongs to the raw readings.
# Each half by itself in order and cut: over both the server would sort all there is.
RAW = """
(select observed_at, value, quality from reading
  where series_id = %(series)s and observed_at >= %(since)s and observed_at < %(until)s
  order by observed_at limit %(limit)s)
union all
(select observed_at, value, quality from reading_old
  where series_id = %(series)s and observed_at >= %(since)s and observed_at < %(until)s
  order by observed_at limit %(limit)s)
 order by observed_at limit %(limit)s"""
EXPORT = """
(select observed_at, value, quality, revision, origin, received_at from reading
  where series_id = %(series)s and observed_at >= %(since)s and observed_at < %(until)s
  order by observed_at limit %(limit)s)
union all
(select observed_at, value, quality, revision, origin, received_at from reading_old
  where series_id = %(series)s and observed_at >= %(since)s and observed_at < %(until)s
  order by observed_at limit %(limit)s)
 order by observed_at limit %(limit)s"""
ROLLUP = """
select bucket, total, count, good, sum, min, max, sum_sin, sum_cos from reading_{name}
 where series_id = %s and bucket > %s and bucket < %s order by bucket"""
ROLLUPS = {name: ROLLUP.format(name=name) for name in resolution.WIDTHS}


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """raw_from: raw readings from before it may be gone; only roll-ups tell of that time."""

    series_id: int
    metric: str
    interval_s: int
    raw_from: datetime | None = None

    @property
    def circular(self) -> bool:
        return self.metric in METRICS and METRICS[self.metric].circular

    @property
    def unit(self) -> str:
        return METRICS[self.metric].unit if self.metric in METRICS else ""


def stations(conn: Connection, kinds: Sequence[str] | None = None) -> list[StationRow]:
    rows = _rows(conn, STATIONS, {"kinds": list(kinds) if kinds else None})
    out = life_store.out_of_service(conn)
    found = (StationRow(*row) for row in rows)
    return [replace(one, out_of_service=tuple(out.get(one.code, ()))) for one in found]


def latest(conn: Connection) -> list[LatestRow]:
    """The live end of every series, those that never reported too."""
    return [_latest(row) for row in _rows(conn, ALL_LATEST)]


def load(conn: Connection) -> Loaded:
    """Everything that the live stream shows (a `live.Source`)."""
    alerts = [to_json(alert) for alert in alerts_store.open_alerts(conn)]
    return Loaded(stations(conn), latest(conn), alerts)


class Source:
    """A `live.Source` that remembers what it has read: thousands of alerts in a flood, or of values
    from many stations, lie in the overlap of two looks, and only the new ones are read."""

    def __init__(self) -> None:
        self._alerts: dict[str, tuple[int, datetime]] = {}
        self._values: dict[int, datetime] = {}

    def load(self, conn: Connection) -> Loaded:
        return load(conn)

    def changes(self, conn: Connection, since: datetime) -> Changed:
        alerts = alerts_store.changed_keys(conn, since)
        fresh = [each for each, at in alerts.items() if self._alerts.get(each) != at]
        values = dict(_rows(conn, CHANGED_SERIES, (since,)))
        newer = [each for each, at in values.items() if self._values.get(each) != at]
        self._alerts, self._values = alerts, values
        return Changed(
            [_latest(row) for row in _rows(conn, CHANGED_LATEST, (newer,))] if newer else [],
            [to_json(alert) for alert in alerts_store.find_alerts(conn, fresh)],
            {code: (at, origin) for code, at, origin in _rows(conn, NEWEST_PICTURES)},
            dict(_rows(conn, OFFLINE)),
            {key: each.computed_at for key, each in footprint_store.standing(conn).items()},
            life_store.out_of_service(conn),
        )


def open_alerts(conn: Connection) -> list[OpenAlert]:
    return [OpenAlert(*row) for row in _rows(conn, OPEN_ALERTS)]


def series_of(conn: Connection, station: str) -> dict[str, SeriesRow] | None:
    """The series of a station by metric; None where there is no such station."""
    rows = _rows(conn, SERIES, (station,))
    if not rows:
        return None
    return {row[1]: SeriesRow(row[0], row[1], row[2] or 3600, row[3]) for row in rows if row[0]}


def history(
    conn: Connection, series: SeriesRow, since: datetime, until: datetime, max_points: int
) -> tuple[str, list[dict[str, Any]]]:
    """(resolution, points) of [since, until), the finest that `max_points` holds."""
    for name in resolution.candidates(since, until, series.interval_s, max_points):
        if name == resolution.RAW:
            if series.raw_from is not None and since < series.raw_from:
                continue
            rows = _rows(conn, RAW, _asked(series, since, until, max_points + 1))
            if len(rows) <= max_points:
                found = (RawRow(*row) for row in rows)
                return name, list(resolution.raw_points(found, flagged=True))
            continue
        start = since - resolution.WIDTHS[name]
        rows = _rows(conn, ROLLUPS[name], (series.series_id, start, until))
        days, buckets = resolution.merged([Bucket(*row) for row in rows], max_points)
        label = name if days == 1 else f"{days}d"
        return label, list(
            resolution.bucket_points(
                buckets, circular=series.circular, far=resolution.far_of(series.metric)
            )
        )
    raise AssertionError("`candidates` ends with a roll-up, which is always answered")


def export(
    conn: Connection, series: SeriesRow, since: datetime, until: datetime, limit: int
) -> list[tuple[Any, ...]]:
    """The first `limit` of [since, until): time, value, quality, revision, origin, arrival."""
    return _rows(conn, EXPORT, _asked(series, since, until, limit))


def _asked(series: SeriesRow, since: datetime, until: datetime, limit: int) -> dict[str, Any]:
    return {"series": series.series_id, "since": since, "until": until, "limit": limit}


def _latest(row: tuple[Any, ...]) -> LatestRow:
    circular = row[1] in METRICS and METRICS[row[1]].circular
    trend = None if row[9] is None or circular else round(float(row[9]), 4)
    return LatestRow(*(*row[:9], trend))


def _rows(conn: Connection, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
