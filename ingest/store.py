"""SQL of the pipeline. Functions take a connection and never commit."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg2.extras import execute_values

from database.pool import Connection
from ingest import old
from ingest.batch import Key, LedgerLine, Quarantined, Snapshot
from ingest.binary import readings_to_copy, states_from_copy
from ingest.columns import Columns
from ingest.states import STATE, TIMES, States
from sensors.reading import Origin, Quality, Reading
from sensors.vetting import NEVER

# Without NULLs, so that numpy reads it as one array (ingest/binary.py).
LOCK_SERIES = """
select series_id, coalesce(observed_at, '-infinity'), coalesce(value, 'NaN'),
       coalesce(quality, 0::smallint), revision, coalesce(origin, 0::smallint),
       coalesce(received_at, '-infinity'),
       coalesce(original_at, '-infinity'), coalesce(judged_to, '-infinity'),
       coalesce(same_since, '-infinity'), coalesce(previous_at, '-infinity'),
       coalesce(previous_value, 'NaN')
  from series_state where series_id = any(%(series)s::integer[]) order by series_id for update
"""
# Arrays as text: one parameter a column, however many rows. Times in microseconds since 1970.
SAVE_SERIES = """
update series_state s
   set observed_at = 'epoch'::timestamptz + v.observed_at * interval '1 microsecond',
       value = v.value, quality = v.quality, revision = v.revision, origin = v.origin,
       received_at = 'epoch'::timestamptz + v.received * interval '1 microsecond',
       original_at = 'epoch'::timestamptz + v.original * interval '1 microsecond',
       judged_to = 'epoch'::timestamptz + v.judged_to * interval '1 microsecond',
       same_since = 'epoch'::timestamptz + v.same_since * interval '1 microsecond',
       previous_at = 'epoch'::timestamptz + v.previous_at * interval '1 microsecond',
       previous_value = v.previous_value, changed_at = clock_timestamp()
  from unnest(%(series)s::integer[], %(observed_at)s::bigint[], %(value)s::double precision[],
              %(bits)s::smallint[], %(revision)s::smallint[], %(origin)s::smallint[],
              %(received)s::bigint[], %(original)s::bigint[], %(judged_to)s::bigint[],
              %(same_since)s::bigint[], %(previous_at)s::bigint[],
              %(previous_value)s::double precision[])
       v (series_id, observed_at, value, quality, revision, origin, received, original, judged_to,
          same_since, previous_at, previous_value)
 where s.series_id = v.series_id
"""
COPY_READINGS = """
copy reading (series_id, observed_at, value, quality, origin, received_at, original_at)
from stdin (format binary)
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


def lock_series(conn: Connection, series: Iterable[int]) -> States:
    """Lock and read the state rows of the series, in series order."""
    content = io.BytesIO()
    with conn.cursor() as cursor:
        asked = cursor.mogrify(LOCK_SERIES, {"series": _array(series)}).decode()
        cursor.copy_expert(f"copy ({asked}) to stdout (format binary)", content)
    return states_from_copy(content.getvalue())


def save_series(conn: Connection, states: States) -> None:
    if not len(states):
        return
    nulls = {
        "value": np.isnan(states["value"]),
        "previous_value": np.isnan(states["previous_value"]),
    }
    nulls |= {name: states[name] == NEVER for name in TIMES}
    values = {name: _array(states[name].tolist(), nulls.get(name)) for name in STATE.names or ()}
    with conn.cursor() as cursor:
        cursor.execute(SAVE_SERIES, values)


def copy_readings(conn: Connection, columns: Columns) -> None:
    """Append readings that are known to be new; fails as a whole on a repeated key."""
    columns = old.set_apart(conn, columns)
    if len(columns):
        with conn.cursor() as cursor:
            cursor.copy_expert(COPY_READINGS, io.BytesIO(readings_to_copy(columns)))


def stored_readings(conn: Connection, keys: Iterable[Key]) -> dict[Key, Reading]:
    """What is already stored under these (series, time) keys."""
    asked = list(keys)
    with conn.cursor() as cursor:
        rows = execute_values(
            cursor,
            STORED_READINGS,
            asked,
            template=STORED_READINGS_TEMPLATE,
            page_size=1000,
            fetch=True,
        )
    return {
        (row[0], row[1]): Reading(
            row[0], "", "", row[1], row[6], row[2], Quality(row[3]), Origin(row[5])
        )
        for row in (*rows, *old.stored(conn, asked))
    }


def keep_revision(conn: Connection, reading: Reading, by: str) -> None:
    """Keep the stored reading that `reading` is about to replace; by: the topic it came on."""
    with conn.cursor() as cursor:
        for statement in (KEEP_REVISION, old.KEEP_REVISION):
            cursor.execute(statement, {**_values(reading), "by": by})
            if cursor.rowcount or not old.may_be_old(reading.observed_at):
                return


def replace_reading(conn: Connection, reading: Reading) -> None:
    with conn.cursor() as cursor:
        cursor.execute(REVISE, _values(reading))
        if cursor.rowcount == 0 and old.may_be_old(reading.observed_at):
            cursor.execute(old.REVISE, _values(reading))
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


def _values(reading: Reading) -> dict[str, Any]:
    return {
        "series_id": reading.series_id,
        "observed_at": reading.observed_at,
        "value": reading.value,
        "quality": int(reading.quality),
        "origin": int(reading.origin),
        "received_at": reading.received_at,
    }


def _array(values: Iterable[float], nulls: NDArray[np.bool_] | None = None) -> str:
    """A PostgreSQL array as text: psycopg2 would write each element by itself."""
    texts = [repr(value) for value in values]
    if nulls is not None and nulls.any():
        texts = ["NULL" if null else text for text, null in zip(texts, nulls, strict=True)]
    return "{" + ",".join(texts) + "}"


def _text(value: str) -> str:
    """PostgreSQL text holds no NUL character and no lone surrogate."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
