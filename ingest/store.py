"""SQL of the pipeline. Functions take a connection and never commit."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from psycopg2.extras import execute_values

from database.pool import Connection
from ingest.batch import Key, LedgerLine, Quarantined, SeriesRow, Snapshot
from ingest.columns import NO_TIME, Columns
from ingest.message import Message
from sensors.reading import Origin, Quality, Reading

LOCK_SERIES = """
select series_id, observed_at, value, quality, revision, origin, received_at, original_at,
       judged_to, same_since, previous_at, previous_value
  from series_state where series_id = any(%(series)s) order by series_id for update
"""
SAVE_SERIES = """
update series_state s
   set observed_at = v.observed_at, value = v.value, quality = v.quality, revision = v.revision,
       origin = v.origin, received_at = v.received_at, original_at = v.original_at,
       judged_to = v.judged_to, same_since = v.same_since, previous_at = v.previous_at,
       previous_value = v.previous_value, changed_at = clock_timestamp()
  from (values %s) v (series_id, observed_at, value, quality, revision, origin, received_at,
                      original_at, judged_to, same_since, previous_at, previous_value)
 where s.series_id = v.series_id
"""
SAVE_SERIES_TEMPLATE = (
    "(%s::integer, %s::timestamptz, %s::double precision, %s::smallint, %s::smallint, "
    "%s::smallint, %s::timestamptz, %s::timestamptz, %s::timestamptz, %s::timestamptz, "
    "%s::timestamptz, %s::double precision)"
)
COPY_READINGS = """
copy reading (series_id, observed_at, value, quality, origin, received_at, original_at) from stdin
"""
COPY_COLUMNS = """
copy reading (series_id, observed_at, value, quality, origin, received_at, original_at)
from stdin (format binary)
"""
INSERT_READINGS = """
insert into reading (series_id, observed_at, value, quality, origin, received_at, original_at)
values %s
"""
STORED_READINGS = """
select r.series_id, r.observed_at, r.value, r.quality, r.revision, r.origin, r.received_at
  from (values %s) k (series_id, observed_at)
  join reading r on r.series_id = k.series_id and r.observed_at = k.observed_at
"""
STORED_READINGS_TEMPLATE = "(%s::integer, %s::timestamptz)"
KEEP_REVISION = """
insert into reading_revision (series_id, observed_at, revision, value, quality, origin,
                              received_at, replaced_at, replaced_by)
select series_id, observed_at, revision, value, quality, origin, received_at,
       %(received_at)s, %(by)s
  from reading where series_id = %(series_id)s and observed_at = %(observed_at)s
"""
REVISE = """
update reading set value = %(value)s, quality = %(quality)s, revision = revision + 1,
                   origin = %(origin)s, received_at = %(received_at)s
 where series_id = %(series_id)s and observed_at = %(observed_at)s
"""
ADD_LEDGER = """
insert into ledger (feed, hour, received, stored, duplicate, revised, quarantined,
                    readings, readings_late)
values %s
on conflict (feed, hour) do update
   set received = ledger.received + excluded.received,
       stored = ledger.stored + excluded.stored,
       duplicate = ledger.duplicate + excluded.duplicate,
       revised = ledger.revised + excluded.revised,
       quarantined = ledger.quarantined + excluded.quarantined,
       readings = ledger.readings + excluded.readings,
       readings_late = ledger.readings_late + excluded.readings_late
"""
ADD_QUARANTINE = """
insert into quarantine (received_at, feed, topic, payload, size, code, reason) values %s
"""
SAVE_STATUS = """
insert into device_status (device, online, reported_at) values (%(device)s, %(online)s, %(at)s)
on conflict (device) do update
   set online = excluded.online, reported_at = excluded.reported_at
 where device_status.reported_at <= excluded.reported_at
"""
REMEMBER_DELIVERIES = """
insert into delivery (client_id, packet_id, digest, received_at) values %s
on conflict (client_id, packet_id) do update
   set digest = excluded.digest, received_at = excluded.received_at
"""
KNOWN_DELIVERIES = """
select packet_id, digest, received_at from delivery
 where client_id = %(client_id)s and packet_id = any(%(packets)s)
"""
SAVE_PICTURE = """
insert into picture (station_id, taken_at, time_source, received_at, origin, original_at,
                     media_type, width, height, size, sha256)
values (%(station_id)s, %(taken_at)s, %(time_source)s, %(received_at)s, %(origin)s,
        %(original_at)s, %(media_type)s, %(width)s, %(height)s, %(size)s, %(sha256)s)
on conflict do nothing
returning id
"""
SAVE_ORIGINAL = """
insert into picture_original (picture_id, content, thumbnail)
values (%(id)s, %(content)s, %(thumbnail)s)
"""
RELEASE = """
insert into picture_released (picture_id, content, thumbnail, released_at, released_by)
values (%(id)s, %(content)s, %(thumbnail)s, %(received_at)s, %(released_by)s)
"""
# Camera by camera, so that the index (station_id, taken_at) serves: this runs with every batch.
FORGET_PICTURES = """
delete from picture p using station s
 where s.kind = 'camera' and p.station_id = s.id
   and p.taken_at < %(before)s and p.received_at < %(before)s
"""
FORGET_DELIVERIES = (
    "delete from delivery where client_id = %(client_id)s and received_at < %(before)s"
)
WAITING_QUARANTINE = """
select id, received_at, feed, topic, payload from quarantine
 where replayed_at is null and size = octet_length(payload)
   and (%(code)s::text is null or code = %(code)s) and id > %(after)s
 order by id limit 20
"""
MARK_REPLAYED = """
update quarantine set replayed_at = clock_timestamp(), outcome = %(outcome)s where id = %(id)s
"""

_YEAR_2000_US = 946_684_800_000_000
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"


def lock_series(conn: Connection, series: Sequence[int]) -> dict[int, SeriesRow]:
    """Lock and read the state rows of the series, in series order."""
    with conn.cursor() as cursor:
        cursor.execute(LOCK_SERIES, {"series": list(series)})
        return {row[0]: _series_row(row) for row in cursor.fetchall()}


def save_series(conn: Connection, rows: Iterable[SeriesRow]) -> None:
    with conn.cursor() as cursor:
        execute_values(
            cursor,
            SAVE_SERIES,
            [_series_values(row) for row in rows],
            template=SAVE_SERIES_TEMPLATE,
            page_size=1000,
        )


def copy_readings(conn: Connection, readings: Iterable[Reading]) -> None:
    """Append readings that are known to be new; fails as a whole on a repeated key."""
    text = "".join(_copy_line(reading) for reading in readings)
    with conn.cursor() as cursor:
        cursor.copy_expert(COPY_READINGS, io.StringIO(text))


def copy_columns(conn: Connection, columns: Columns) -> None:
    """Append readings that are known to be new; fails as a whole on a repeated key."""
    if not len(columns):
        return
    valued, timed = ~np.isnan(columns.value), columns.original != NO_TIME
    parts = [
        _copy_rows(columns.taken(rows), valued=with_value, timed=with_time)
        for with_value in (True, False)
        for with_time in (True, False)
        if (rows := (valued == with_value) & (timed == with_time)).any()
    ]
    with conn.cursor() as cursor:
        data = io.BytesIO(b"".join([_COPY_HEAD, *parts, _COPY_END]))
        cursor.copy_expert(COPY_COLUMNS, data, size=1 << 20)


def stored_readings(conn: Connection, keys: Iterable[Key]) -> dict[Key, Reading]:
    """What is already stored under these (series, time) keys."""
    with conn.cursor() as cursor:
        rows = execute_values(
            cursor,
            STORED_READINGS,
            list(keys),
            template=STORED_READINGS_TEMPLATE,
            page_size=1000,
            fetch=True,
        )
    return {
        (row[0], row[1]): Reading(
            row[0], "", "", row[1], row[6], row[2], Quality(row[3]), Origin(row[5])
        )
        for row in rows
    }


def keep_revision(conn: Connection, reading: Reading, by: str) -> None:
    """Keep the stored reading that `reading` is about to replace; by: the topic it came on."""
    with conn.cursor() as cursor:
        cursor.execute(KEEP_REVISION, {**_values(reading), "by": by})


def replace_reading(conn: Connection, reading: Reading) -> None:
    with conn.cursor() as cursor:
        cursor.execute(REVISE, _values(reading))
        if cursor.rowcount != 1:  # a server that looks past the row must not lose a correction
            raise LookupError(
                f"the correction of {reading.station} {reading.metric} at "
                f"{reading.observed_at.isoformat()} changed {cursor.rowcount} readings, not one"
            )


def add_ledger(conn: Connection, lines: Iterable[LedgerLine]) -> None:
    rows = sorted(
        (
            line.feed,
            line.hour,
            line.received,
            line.stored,
            line.duplicate,
            line.revised,
            line.quarantined,
            line.readings,
            line.readings_late,
        )
        for line in lines
    )
    with conn.cursor() as cursor:
        execute_values(cursor, ADD_LEDGER, rows)


def add_quarantine(conn: Connection, items: Iterable[Quarantined]) -> None:
    rows = [
        (
            item.message.received_at,
            item.feed,
            _text(item.message.topic),
            item.kept,
            len(item.message.payload),
            item.code,
            _text(item.reason),
        )
        for item in items
    ]
    with conn.cursor() as cursor:
        execute_values(cursor, ADD_QUARANTINE, rows, page_size=100)


def save_status(conn: Connection, device: str, online: bool, at: datetime) -> None:
    with conn.cursor() as cursor:
        cursor.execute(SAVE_STATUS, {"device": _text(device), "online": online, "at": at})


def known_deliveries(
    conn: Connection, client_id: str, packets: Sequence[int]
) -> dict[tuple[int, bytes], datetime]:
    """When a message without a time of its own was stored before, by packet id and digest."""
    with conn.cursor() as cursor:
        cursor.execute(KNOWN_DELIVERIES, {"client_id": client_id, "packets": list(packets)})
        return {(packet, bytes(digest)): at for packet, digest, at in cursor.fetchall()}


def remember_deliveries(
    conn: Connection, client_id: str, digests: Mapping[int, tuple[bytes, datetime]]
) -> None:
    rows = [(client_id, packet, digest, at) for packet, (digest, at) in sorted(digests.items())]
    with conn.cursor() as cursor:
        execute_values(cursor, REMEMBER_DELIVERIES, rows, page_size=1000)


def forget_deliveries(conn: Connection, client_id: str, before: datetime) -> None:
    with conn.cursor() as cursor:
        cursor.execute(FORGET_DELIVERIES, {"client_id": client_id, "before": before})


def save_snapshot(conn: Connection, snapshot: Snapshot) -> bool:
    """Store a picture, and release it where its camera says so; False if it is already there."""
    values = {
        "station_id": snapshot.station_id,
        "taken_at": snapshot.taken_at,
        "time_source": snapshot.time_source,
        "received_at": snapshot.received_at,
        "origin": int(snapshot.origin),
        "original_at": snapshot.original_at,
        "media_type": snapshot.picture.media_type,
        "width": snapshot.picture.width,
        "height": snapshot.picture.height,
        "size": len(snapshot.content),
        "sha256": snapshot.sha256,
        "content": snapshot.content,
        "thumbnail": snapshot.picture.thumbnail,
        "released_by": snapshot.released_by,
    }
    with conn.cursor() as cursor:
        cursor.execute(SAVE_PICTURE, values)
        row = cursor.fetchone()
        if row is None:
            return False
        cursor.execute(SAVE_ORIGINAL, {**values, "id": row[0]})
        if snapshot.released_by is not None:
            cursor.execute(RELEASE, {**values, "id": row[0]})
    return True


def forget_pictures(conn: Connection, before: datetime) -> None:
    """Delete the pictures that are older than they may be kept, with all their copies."""
    with conn.cursor() as cursor:
        cursor.execute(FORGET_PICTURES, {"before": before})


def waiting_quarantine(conn: Connection, code: str | None, after: int) -> list[tuple[int, Message]]:
    """The next quarantined messages that are kept whole and were not replayed, oldest first."""
    with conn.cursor() as cursor:
        cursor.execute(WAITING_QUARANTINE, {"code": code, "after": after})
        return [
            (number, Message(topic, bytes(payload), received_at, 0, dup=False, epoch=0, qos=1))
            for number, received_at, _feed, topic, payload in cursor.fetchall()
        ]


def mark_replayed(conn: Connection, number: int, outcome: str) -> None:
    with conn.cursor() as cursor:
        cursor.execute(MARK_REPLAYED, {"id": number, "outcome": outcome})


def _series_row(row: tuple[Any, ...]) -> SeriesRow:
    quality = None if row[3] is None else Quality(row[3])
    origin = None if row[5] is None else Origin(row[5])
    return SeriesRow(row[0], row[1], row[2], quality, row[4], origin, *row[6:])


def _series_values(row: SeriesRow) -> tuple[Any, ...]:
    return (
        row.series_id,
        row.observed_at,
        row.value,
        None if row.quality is None else int(row.quality),
        row.revision,
        None if row.origin is None else int(row.origin),
        row.received_at,
        row.original_at,
        row.judged_to,
        row.same_since,
        row.previous_at,
        row.previous_value,
    )


def _values(reading: Reading) -> dict[str, Any]:
    return {
        "series_id": reading.series_id,
        "observed_at": reading.observed_at,
        "value": reading.value,
        "quality": int(reading.quality),
        "origin": int(reading.origin),
        "received_at": reading.received_at,
    }


def _copy_rows(columns: Columns, *, valued: bool, timed: bool) -> bytes:
    """Rows of the binary COPY format, all with the same fields null: a count, then length and
    big-endian bytes of each field; a null has the length -1 and no bytes. Times count from 2000.
    """
    known = [
        ("series", "i4", columns.series),
        ("at", "i8", columns.at - _YEAR_2000_US),
        ("value", "f8", columns.value if valued else None),
        ("quality", "i2", columns.quality),
        ("origin", "i2", columns.origin),
        ("received", "i8", columns.received - _YEAR_2000_US),
        ("original", "i8", columns.original - _YEAR_2000_US if timed else None),
    ]
    shape = [("fields", ">i2")]
    for name, kind, values in known:
        shape.append((f"{name}_size", ">i4"))
        if values is not None:
            shape.append((name, f">{kind}"))
    rows = np.empty(len(columns), np.dtype(shape))
    rows["fields"] = len(known)
    for name, kind, values in known:
        rows[f"{name}_size"] = -1 if values is None else int(kind[1])
        if values is not None:
            rows[name] = values
    return rows.tobytes()


def _copy_line(reading: Reading) -> str:
    value = r"\N" if reading.value is None else repr(reading.value)
    original = r"\N" if reading.original_at is None else reading.original_at.isoformat()
    return (
        f"{reading.series_id}\t{reading.observed_at.isoformat()}\t{value}\t{int(reading.quality)}\t"
        f"{int(reading.origin)}\t{reading.received_at.isoformat()}\t{original}\n"
    )


def _text(value: str) -> str:
    """PostgreSQL text holds no NUL character and no lone surrogate."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
