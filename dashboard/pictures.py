"""Camera pictures in the database: find, read, release. Never commits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from database.pool import Connection

CAMERAS = """
select s.code, v.name_zh, v.name_en, v.interval_s, v.public, p.taken_at, p.origin, p.width,
       p.height,
       (select max(q.taken_at) from picture q join picture_released r on r.picture_id = q.id
         where q.station_id = s.id)
  from station s
  join station_version v on v.station_id = s.id and v.valid_to is null
  left join lateral (select taken_at, origin, width, height from picture
                      where station_id = s.id order by taken_at desc limit 1) p on true
 where s.kind = 'camera' order by s.code"""
FIND = """
select p.id, p.taken_at, p.sha256, p.media_type
  from picture p join station s on s.id = p.station_id
 where s.code = %s and (%s::timestamptz is null or p.taken_at <= %s)
 order by p.taken_at desc limit 1"""
CONTENT = "select content from picture_original where picture_id = %s"
THUMBNAIL = "select thumbnail from picture_original where picture_id = %s"
LIST = """
select p.taken_at, p.received_at, r.picture_id is not null
  from picture p join station s on s.id = p.station_id
  left join picture_released r on r.picture_id = p.id
 where s.code = %s and p.taken_at >= %s and p.taken_at < %s
 order by p.taken_at desc limit %s"""
IS_RELEASED = "select from picture_released where picture_id = %s"
RELEASE = """
insert into picture_released (picture_id, content, thumbnail, released_at, released_by)
select picture_id, content, thumbnail, %s, %s from {table} where picture_id = %s
on conflict (picture_id) do nothing"""
RELEASE_MASKED = RELEASE.format(table="picture_masked")
RELEASE_ORIGINAL = RELEASE.format(table="picture_original")


@dataclass(frozen=True, slots=True)
class CameraRow:
    code: str
    name_zh: str
    name_en: str
    interval_s: int
    public: bool
    newest: datetime | None
    origin: int | None
    width: int | None
    height: int | None
    released: datetime | None


@dataclass(frozen=True, slots=True)
class Picture:
    id: int
    taken_at: datetime
    sha256: bytes
    media_type: str


def cameras(conn: Connection) -> list[CameraRow]:
    return [CameraRow(*row) for row in _rows(conn, CAMERAS, ())]


def find(conn: Connection, camera: str, at: datetime | None) -> Picture | None:
    """The newest picture, or the newest not after `at`."""
    rows = _rows(conn, FIND, (camera, at, at))
    return Picture(rows[0][0], rows[0][1], bytes(rows[0][2]), rows[0][3]) if rows else None


def content(conn: Connection, picture: Picture, *, thumbnail: bool) -> bytes | None:
    """The private original, or its thumbnail."""
    rows = _rows(conn, THUMBNAIL if thumbnail else CONTENT, (picture.id,))
    return bytes(rows[0][0]) if rows else None


def listed(
    conn: Connection, camera: str, since: datetime, until: datetime, limit: int
) -> list[tuple[datetime, datetime, bool]]:
    """(taken_at, received_at, released), newest first."""
    return [(row[0], row[1], row[2]) for row in _rows(conn, LIST, (camera, since, until, limit))]


def release(conn: Connection, picture: Picture, who: str, now: datetime, *, unmasked: bool) -> bool:
    """Copy the masked picture (or the original, on somebody's word) to what the public sees.

    False where there is no masked copy.
    """
    with conn.cursor() as cursor:
        cursor.execute(IS_RELEASED, (picture.id,))
        if cursor.fetchone():
            return True
        cursor.execute(RELEASE_ORIGINAL if unmasked else RELEASE_MASKED, (now, who, picture.id))
        return bool(cursor.rowcount)


def _rows(conn: Connection, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
