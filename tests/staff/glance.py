"""The scene of the thresholds view: the showcase's night, with all rules, and a year behind it.

    fill(conn, NOW); conn.commit()

Xiapu has a year of PM2.5, from the recordings; the stations around it three days, with a gap, a
jump and a stretch that was found afterwards.
"""

import csv
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import execute_values

import config
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.pool import Connection
from sensors.reading import Origin, Quality
from tests import sample
from tests.servers.program import ROOT
from tests.staff import showcase

NOW = showcase.NOW
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WEEKS, BEHIND = timedelta(weeks=52), timedelta(hours=74)
# The scene's readings are two minutes apart, those of the year behind it an hour's share.
PACE = "update sensor set interval_s = 120 where valid_to is null"
BEFORE = """
with old as (update sensor n set valid_from = %(since)s from series q join station s
                 on s.id = q.station_id
              where q.id = n.series_id and s.code = %(code)s and q.metric = %(metric)s
          returning n.*)
insert into sensor (series_id, valid_from, valid_to, interval_s, department, public)
select series_id, %(first)s, %(since)s, %(interval_s)s, department, public from old"""
# What the showcase has an hour of, told back over the day.
DAY = """
insert into reading (series_id, observed_at, value, quality, origin, received_at)
select t.series_id, at,
       t.value * (1 + 0.03 * sin(extract(epoch from at) / 5000 + t.series_id)), 0, 1,
       at + interval '2 s'
  from series_state t
  join series q on q.id = t.series_id and q.metric not in ('wind_dir_deg', 'hazard_grade'),
       generate_series(t.observed_at - interval '24 h', t.observed_at - interval '62 min',
                       interval '2 min') at
 where t.value is not null
   and not exists (select from reading r where r.series_id = t.series_id
                                           and r.observed_at < t.observed_at - interval '3 h')"""
RECORDED = ROOT / "demo" / "recordings" / "air_quality_prsa"
NEAR = ("A-01", "A-03", "A-04", "A-05", "A-06")


def fill(conn: Connection, now: datetime) -> None:
    """The caller commits."""
    showcase.fill(conn, now)
    seed(conn, config.load(ROOT / "config.yaml").section(AlertsSettings), now)
    with conn.cursor() as cursor:
        cursor.execute(PACE)
        for code, metric, interval_s in (("A-02", "pm25_ugm3", 1200), ("R-02", "level_m", 3600)):
            since = now - BEHIND
            of = {"code": code, "metric": metric, "interval_s": interval_s, "since": since}
            cursor.execute(BEFORE, of | {"first": now - timedelta(days=400)})
    hours = list(_recorded())
    for number, code in enumerate(NEAR):
        _insert(conn, code, "pm25_ugm3", _day(now, hours, number))
    _insert(conn, "A-02", "pm25_ugm3", _year(now, hours))
    _insert(conn, "A-02", "pm25_ugm3", _until(now, 31))
    _insert(conn, "R-02", "level_m", _levels(now))
    _insert(conn, "R-02", "level_m", _until(now, 22.9))
    with conn.cursor() as cursor:
        cursor.execute(DAY)


def _recorded() -> Iterator[float | None]:
    """PM2.5 of one station after the other, hour by hour."""
    for path in sorted(RECORDED.glob("*.csv")):
        with path.open(encoding="ascii") as file:
            for row in csv.DictReader(file):
                yield None if row["PM2.5"] == "NA" else float(row["PM2.5"])


Rows = Iterator[tuple[datetime, float | None, Quality, datetime]]


def _year(now: datetime, hours: list[float | None]) -> Rows:
    """Every 15 minutes up to two days ago, by the hour before: a day of it is a day of readings."""
    until = (now - BEHIND).replace(minute=0, second=0, microsecond=0)
    since = until - WEEKS
    for n in range(round((until - since) / HOUR)):
        value = hours[n % len(hours)]
        if 2600 <= n < 2720 or value is None:
            continue
        for part in range(0, 60, 20):
            at = since + HOUR * n + MINUTE * part
            yield at, round(value / 2.4, 1), Quality.GOOD, at + timedelta(seconds=2)


def _day(now: datetime, hours: list[float | None], number: int) -> Rows:
    """Three days, a reading a minute."""
    since = (now - timedelta(hours=72)).replace(second=0, microsecond=0)
    for n in range(72 * 60 - 61):
        at = since + MINUTE * n
        if number == 1 and 50 * 60 < n < 55 * 60:
            continue
        value = (hours[(n // 60 + 700 * number) % len(hours)] or 30.0) / 2.6
        jump = number == 2 and n in (60 * 61, 60 * 61 + 20, 60 * 62)
        late = 60 * 57 <= n < 60 * 58 and number == 0
        yield (
            at,
            round(value + (80 if jump else 0) + n % 7 / 4, 1),
            Quality.RATE if jump else Quality.GOOD,
            at + (timedelta(hours=3) if late else timedelta(seconds=2)),
        )


def _until(now: datetime, about: float) -> Rows:
    """The two days before the showcase's, two minutes apart."""
    for n in range(round((BEHIND - timedelta(hours=24)) / (2 * MINUTE))):
        at = now - BEHIND + 2 * MINUTE * n
        value = round(about * (1 + 0.012 * math.sin(n / 90)), 2)
        yield at, value, Quality.GOOD, at + timedelta(seconds=2)


def _levels(now: datetime) -> Rows:
    """A year of levels, one an hour: it has been over its flood limit twice."""
    until = (now - BEHIND).replace(minute=0, second=0, microsecond=0)
    for n in range(364 * 24):
        day = n // 24
        high = 1.1 if 90 <= day < 94 else 0.4 if 210 <= day < 216 else 0.0
        at = until - HOUR * (364 * 24 - n)
        yield at, round(22.9 + high + (day % 9) / 20, 2), Quality.GOOD, at + timedelta(seconds=2)


def _insert(conn: Connection, code: str, metric: str, rows: Rows) -> None:
    series = sample.series_id(conn, code, metric)
    of: list[tuple[Any, ...]] = [
        (series, at, value, int(quality), int(Origin.RECORDED), received)
        for at, value, quality, received in rows
    ]
    with conn.cursor() as cursor:
        execute_values(
            cursor,
            "insert into reading (series_id, observed_at, value, quality, origin, received_at) "
            "values %s on conflict do nothing",
            of,
            page_size=5000,
        )
