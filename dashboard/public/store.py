"""Everything the public service reads: the `city` views, as values. Nothing else is readable."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.warnings.content import read
from dashboard import resolution
from dashboard.public.published import Published
from dashboard.public.usual import PastDay
from dashboard.resolution import Bucket, RawRow
from dashboard.shapes import LatestRow, StationRow
from database.pool import Connection
from sensors.catalogue import METRICS
from sensors.discharge.permits import Side
from sensors.picture_format import bare
from sensors.reading import BadPayload

log = logging.getLogger(__name__)

RESOLUTIONS = (resolution.RAW, "5m", "1h", "1d")


@dataclass(frozen=True, slots=True)
class Alert:
    """A public alert. value and limit are None where the series is shown later than it happens."""

    id: str
    station: str
    metric: str
    grade: str
    open: bool
    began_at: datetime
    raised_at: datetime
    ended_at: datetime | None
    value: float | None
    limit: float | None
    origin: int
    changed_at: datetime
    rule: str
    rule_version: int
    label: Mapping[str, str]
    advice: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Limit:
    station: str
    metric: str
    name: str
    value: float
    label: Mapping[str, str]
    source: str
    season_from: str | None
    season_to: str | None
    mean_over_s: int | None = None
    side: Side = "upper"


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour of one series: usable readings, their sum, first and last."""

    station: str
    metric: str
    count: int
    sum: float
    first_at: datetime
    first: float
    last_at: datetime
    last: float


@dataclass(frozen=True, slots=True)
class HourMean:
    """One clock hour of one series, labelled by its start. count: usable readings in it."""

    station: str
    metric: str
    bucket: datetime
    mean: float
    count: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The newest released picture of a camera, without its bytes."""

    id: int
    camera: str
    taken_at: datetime
    width: int
    height: int
    origin: int
    original_at: datetime | None
    released_at: datetime


@dataclass(frozen=True, slots=True)
class City:
    """All that one look at the database gave."""

    read_at: datetime
    stations: tuple[StationRow, ...] = ()
    latest: tuple[LatestRow, ...] = ()
    alerts: tuple[Alert, ...] = ()
    limits: tuple[Limit, ...] = ()
    curves: Mapping[str, tuple[tuple[float, float], ...]] | None = None
    hours: tuple[Hour, ...] = ()
    pictures: tuple[Picture, ...] = ()
    published: tuple[Published, ...] = ()


_STATIONS = """
select s.code, s.kind, s.name_zh, s.name_en, s.lon, s.lat, s.interval_s, s.town,
       p.taken_at, coalesce(p.origin, 0)
  from city.station s
  left join lateral (select taken_at, origin from city.picture p where p.camera = s.code
                      order by taken_at desc limit 1) p on s.kind = 'camera'
 order by s.code"""
_LATEST = """
select station, metric, interval_s, observed_at, value, quality, origin, received_at, original_at
  from city.latest order by station, metric"""
_ALERT_COLUMNS = """
select id, station, metric, grade, open, began_at, raised_at, ended_at, value, limit_value,
       origin, changed_at, rule, rule_version,
       coalesce(nullif(label, 'null'), '{}'), coalesce(nullif(advice, 'null'), '{}')
  from city.alert """
_OPEN_ALERTS = (
    _ALERT_COLUMNS
    + """where open order by
  array_position(array['red', 'orange', 'yellow', 'blue'], grade), raised_at desc, id"""
)
_ALERTS = (
    _ALERT_COLUMNS
    + """where (%(open)s::boolean is null or open = %(open)s)
   and (%(since)s::timestamptz is null or coalesce(ended_at, 'infinity') >= %(since)s)
   and (%(until)s::timestamptz is null or raised_at < %(until)s)
   and (%(after_at)s::timestamptz is null or (raised_at, id) < (%(after_at)s, %(after_id)s))
 order by raised_at desc, id desc limit %(limit)s"""
)
_LIMITS = """
select station, metric, name, value, jsonb_build_object('zh', label_zh, 'en', label_en), source,
       season_from, season_to, mean_over_s, side
  from city.limit_value order by station, metric, name"""
_CURVES = "select station, points from city.curve order by station"
# Of usable readings (Quality.usable in sensors/reading.py).
_HOURS = """
select station, metric, count(*), sum(value), min(observed_at),
       (array_agg(value order by observed_at))[1], max(observed_at),
       (array_agg(value order by observed_at desc))[1]
  from city.reading
 where metric = any(%(metrics)s) and (quality & 2051 = 0 or quality & 4097 = 4096)
   and observed_at > now() - interval '1 hour' and observed_at <= now()
 group by station, metric"""
# From the readings, not the roll-up: on plain PostgreSQL a roll-up's view reads all there ever was.
_HOUR_MEANS = """
select station, metric, date_bin('1 hour', observed_at, '2000-01-01 00:00:00+00') as bucket,
       avg(value), count(*)
  from city.reading
 where metric = any(%(metrics)s) and (quality & 2051 = 0 or quality & 4097 = 4096)
   and observed_at >= %(since)s and observed_at <= now()
 group by 1, 2, 3 order by 1, 2, 3"""
_PAST_DAYS = """
select station, metric, year, day, sum, count from city.past_day
 where metric = any(%(metrics)s) order by station, metric, year, day"""
# Raw readings from before purged_to may be gone; the roll-ups tell of that time.
_GONE = "select from retention where metric = %(metric)s and purged_to > %(since)s"
_RAW = """
select observed_at, value, quality from city.reading
 where station = %(station)s and metric = %(metric)s
   and observed_at >= %(since)s and observed_at < %(until)s
 order by observed_at limit %(limit)s"""
_BUCKETS = """
select bucket, total, count, good, sum, min, max, sum_sin, sum_cos from city.rollup_{name}
 where station = %(station)s and metric = %(metric)s
   and bucket > %(since)s::timestamptz - %(width)s::interval and bucket < %(until)s
 order by bucket"""
_BUCKETS_OF = {name: _BUCKETS.format(name=name) for name in RESOLUTIONS[1:]}
_PICTURES = """
select distinct on (camera) id, camera, taken_at, width, height, origin, original_at, released_at
  from city.picture order by camera, taken_at desc, id desc"""
_PUBLISHED_COLUMNS = """
select id, thread, number, type, published_at, expires_at, content, cap, replaced_by, replaced_at,
       replaced_type
  from city.warning"""
# Of those that are over enough that the time of the last change never goes back.
_LATELY_OVER = """
select id from city.warning
 where expires_at <= now() and published_at > now() - interval '30 days'
 order by published_at desc, id desc limit 300"""
_PUBLISHED = f"""{_PUBLISHED_COLUMNS}
 where expires_at > now() or id in ({_LATELY_OVER})
 order by published_at desc, id desc"""
_PUBLISHED_ONE = f"{_PUBLISHED_COLUMNS} where id = %(id)s"
_CONTENT = "select content, thumbnail from city.picture where id = %(id)s"
_CONTENT_AT = """
select id, content from city.picture where camera = %(camera)s and taken_at <= %(at)s
 order by taken_at desc, id desc limit 1"""


def city(conn: Connection, now: datetime) -> City:
    """The whole public picture, in one transaction of the caller's."""
    return City(
        read_at=now,
        stations=tuple(_station(row) for row in _rows(conn, _STATIONS)),
        latest=tuple(LatestRow(*row) for row in _rows(conn, _LATEST)),
        alerts=tuple(Alert(*row) for row in _rows(conn, _OPEN_ALERTS)),
        limits=tuple(Limit(*row) for row in _rows(conn, _LIMITS)),
        curves={
            code: tuple((level, storage) for level, storage in points)
            for code, points in _rows(conn, _CURVES)
        },
        hours=tuple(Hour(*row) for row in _rows(conn, _HOURS, metrics=["level_m", "rain_mm"])),
        pictures=tuple(Picture(*row) for row in _rows(conn, _PICTURES)),
        published=tuple(_published(row) for row in _rows(conn, _PUBLISHED)),
    )


def hour_means(conn: Connection, metrics: list[str], since: datetime) -> tuple[HourMean, ...]:
    """Hourly means since a moment: dear on plain PostgreSQL, so asked for a few times an hour."""
    return tuple(HourMean(*row) for row in _rows(conn, _HOUR_MEANS, metrics=metrics, since=since))


def past_days(conn: Connection, metrics: list[str]) -> tuple[PastDay, ...]:
    """The days that today is held against: dearer still, so asked for once an hour."""
    return tuple(PastDay(*row) for row in _rows(conn, _PAST_DAYS, metrics=metrics))


def history(
    conn: Connection,
    station: str,
    metric: str,
    since: datetime,
    until: datetime,
    *,
    interval_s: float,
    max_points: int,
) -> tuple[str, list[dict[str, Any]]]:
    """(resolution, points) of [since, until): the finest that fits into max_points."""
    asked = {"station": station, "metric": metric, "since": since, "until": until}
    circular = METRICS[metric].circular
    names = resolution.candidates(since, until, interval_s, max_points, RESOLUTIONS)
    if names[0] == resolution.RAW:
        gone = _rows(conn, _GONE, metric=metric, since=since)
        rows = [] if gone else _rows(conn, _RAW, **asked, limit=max_points + 1)
        if not gone and len(rows) <= max_points:
            return resolution.RAW, list(resolution.raw_points(RawRow(*row) for row in rows))
        names = names[1:] or [RESOLUTIONS[-1]]
    name = names[0]
    rows = _rows(conn, _BUCKETS_OF[name], **asked, width=resolution.WIDTHS[name])
    days, found = resolution.merged([Bucket(*row) for row in rows], max_points)
    said = name if days == 1 else f"{days}d"
    return said, list(
        resolution.bucket_points(found, circular=circular, far=resolution.far_of(metric))
    )


def alerts(
    conn: Connection,
    *,
    open_: bool | None,
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> tuple[Alert, ...]:
    """Alerts that overlap [since, until), newest first; after: the last one already seen."""
    at, alert_id = after or (None, None)
    rows = _rows(
        conn,
        _ALERTS,
        open=open_,
        since=since,
        until=until,
        after_at=at,
        after_id=alert_id,
        limit=limit,
    )
    return tuple(Alert(*row) for row in rows)


def published_one(conn: Connection, warning_id: str) -> Published | None:
    """An approved message, however old."""
    rows = _rows(conn, _PUBLISHED_ONE, id=warning_id)
    return _published(rows[0]) if rows else None


def picture_bytes(conn: Connection, picture_id: int) -> tuple[bytes, bytes] | None:
    """(picture, thumbnail), both as released; None where the picture cannot be made bare."""
    rows = _rows(conn, _CONTENT, id=picture_id)
    if not rows:
        return None
    full, small = (_bare(bytes(content), picture_id) for content in rows[0][:2])
    return (full, small) if full and small else None


def picture_at(conn: Connection, camera: str, at: datetime) -> tuple[int, bytes] | None:
    """The released picture that was the newest at a moment."""
    rows = _rows(conn, _CONTENT_AT, camera=camera, at=at)
    content = _bare(bytes(rows[0][1]), rows[0][0]) if rows else None
    return (rows[0][0], content) if content else None


def _bare(content: bytes, picture_id: int) -> bytes | None:
    """Whoever released it: no place, serial number or comment of the camera goes out with it."""
    try:
        return bare(content)
    except BadPayload as error:
        log.warning("the released picture %s is not shown: %s", picture_id, error)
        return None


def _published(row: tuple[Any, ...]) -> Published:
    fields: list[Any] = list(row)
    fields[6] = read(fields[6])
    return Published(*fields)


def _station(row: tuple[Any, ...]) -> StationRow:
    code, kind, zh, en, lon, lat, interval_s, town, taken_at, origin = row
    return StationRow(
        code=code,
        kind=kind,
        name_zh=zh,
        name_en=en,
        lon=lon,
        lat=lat,
        interval_s=interval_s,
        town=town,
        newest_picture=taken_at,
        picture_origin=origin,
    )


def _rows(conn: Connection, statement: str, **values: object) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
