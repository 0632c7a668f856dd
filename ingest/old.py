"""Readings that come when their metric's retention is over: kept apart, in `reading_old`.

Into `reading` they would go in vain: what is that old is gone from there, and its roll-ups are not
computed again. Functions take a connection and never commit.
"""

import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from psycopg2.extras import execute_values

from database.pool import Connection
from ingest.batch import Key
from ingest.binary import readings_to_copy
from ingest.columns import Columns, us
from sensors.vetting import NEVER

# Where the retention of each series begins; not the series whose readings are kept for ever.
KEPT_FROM = """
select q.id, now() - make_interval(days => r.days)
  from series q join retention r on r.metric = q.metric
 where q.id = any(%s) and r.days is not null"""
COPY_OLD = """
copy reading_old (series_id, observed_at, value, quality, origin, received_at, original_at)
from stdin (format binary)"""
STORED = """
select r.series_id, r.observed_at, r.value, r.quality, r.revision, r.origin, r.received_at
  from (values %s) k (series_id, observed_at)
  join reading_old r on r.series_id = k.series_id and r.observed_at = k.observed_at"""
STORED_TEMPLATE = "(%s::integer, %s::timestamptz)"
KEEP_REVISION = """
insert into reading_revision (series_id, observed_at, revision, value, quality, origin,
                              received_at, replaced_at, replaced_by)
select series_id, observed_at, revision, value, quality, origin, received_at,
       %(received_at)s, %(by)s
  from reading_old where series_id = %(series_id)s and observed_at = %(observed_at)s"""
REVISE = """
update reading_old set value = %(value)s, quality = %(quality)s, revision = revision + 1,
                       origin = %(origin)s, received_at = %(received_at)s
 where series_id = %(series_id)s and observed_at = %(observed_at)s"""

# The shortest retention there can be: what is younger need not be looked at.
_LEAST = timedelta(days=7)


def may_be_old(moment: datetime) -> bool:
    """By our clock: a replayed message came long before it is written."""
    return moment < datetime.now(UTC) - _LEAST


def set_apart(conn: Connection, columns: Columns) -> Columns:
    """Write what is too old into `reading_old`; returns the rest. Live readings cost a comparison.

    Fails as a whole on a repeated key.
    """
    doubtful = columns.at < us(datetime.now(UTC) - _LEAST)
    if not doubtful.any():
        return columns
    series = columns.series[doubtful]
    with conn.cursor() as cursor:
        cursor.execute(KEPT_FROM, (np.unique(series).tolist(),))
        kept_from = {number: us(moment) for number, moment in cursor.fetchall()}
    if not kept_from:
        return columns
    begins = [kept_from.get(number, NEVER) for number in columns.series.tolist()]
    old = columns.at < np.array(begins)
    if old.any():
        with conn.cursor() as cursor:
            cursor.copy_expert(COPY_OLD, io.BytesIO(readings_to_copy(columns.take(old))))
    return columns.take(~old)


def stored(conn: Connection, keys: Iterable[Key]) -> list[tuple[Any, ...]]:
    """Rows of `reading_old` under these keys, as `store.STORED_READINGS` has its own."""
    asked = [key for key in keys if may_be_old(key[1])]
    if not asked:
        return []
    with conn.cursor() as cursor:
        rows: list[tuple[Any, ...]] = execute_values(
            cursor, STORED, asked, template=STORED_TEMPLATE, page_size=1000, fetch=True
        )
    return rows
