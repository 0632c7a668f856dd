"""A week of the sample district's books: what the pictures of the data page show.

    fill(conn, NOW); conn.commit()

Balanced; four reasons in quarantine, one of them a device that sends markup; a replay.
"""

import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extras import Json, execute_values

from database.pool import Connection
from tests import sample

HOUR = timedelta(hours=1)
# feed -> messages an hour
FEEDS = {"obs": 6480, "hj212": 372, "sl651": 84, "status": 9, "img": 22}
HOSTILE = "<img src=x onerror=alert(document.domain)>"
FRAME = (
    b"##0138QN=20261121220000000;ST=31;CN=2011;"
    b"PW=123456;MN=88888880000001;Flag=5;CP=&&a34004-Rtd=61.2,a34004-Flag=N&&A1C0\r\n"
)
MESSAGES: list[tuple[str, str, str, bytes, str]] = [
    *(
        ("obs", "unknown_station", "R-09", b'{"v": {"level_m": 18.%d}}' % (n % 10),
         "unknown station 'R-09'; did you mean R-01?")
        for n in range(14)
    ),
    *(
        ("hj212", "unit_unknown", "88888880000001", FRAME,
         "the unit of a34004 is not known for this device: the standard has ng/m3")
        for _ in range(6)
    ),
    ("obs", "not_a_number", "R-02", json.dumps({"v": {"level_m": HOSTILE}}).encode(),
     f"R-02: level_m is not a number: '{HOSTILE}'"),
    ("sl651", "bad_crc", "0012345678", bytes(range(126, 164)),
     "the checksum is 9F3C, computed 9F3D"),
]  # fmt: skip


def fill(conn: Connection, now: datetime) -> None:
    """Everything; the caller commits."""
    sample.fill(conn, now)
    with conn.cursor() as cursor:
        cursor.execute("delete from ledger")
        cursor.execute("delete from quarantine")
        cursor.execute(
            "update sensor set valid_from = %s, interval_s = greatest(60, interval_s)",
            (now - 24 * HOUR,),
        )
        cursor.execute("update station set created_at = %s", (now - 24 * HOUR,))
        execute_values(
            cursor,
            "insert into ledger (feed, hour, received, stored, duplicate, revised, readings, "
            "readings_late) values %s",
            list(_week(now)),
        )
        _quarantine(cursor, now)
        sample.balance(cursor)
        _late(cursor)
        _pictures(cursor, now)
        cursor.execute(
            "insert into canary values ('ingest', %(at)s, %(at)s, %(at)s, 0.08)",
            {"at": now - timedelta(seconds=23)},
        )
        cursor.execute(
            "update heartbeat set detail = %s where process = 'ingest'",
            (Json({"canary": "ingest", "team": ["ingest"]}),),
        )


def _week(now: datetime) -> Iterator[tuple[Any, ...]]:
    hour = now.replace(minute=0, second=0, microsecond=0)
    for back in range(168):
        part = 1.0 if back else now.minute / 60
        if 31 < back < 34:
            part = 0.4  # the broker was away, and what it kept came in the hours after
        for feed, usual in FEEDS.items():
            stored = round(usual * part * (1 + 0.04 * math.sin(back / 3.8)))
            again = (back * 7 + len(feed)) % 5 if feed in ("obs", "hj212") else 0
            revised = int(back % 9 == 4 and feed == "hj212")
            received = stored + again + revised
            late = 40 if 28 < back < 32 else 0
            yield feed, hour - back * HOUR, received, stored, again, revised, stored * 2, late
        yield "canary", hour - back * HOUR, round(60 * part), round(60 * part), 0, 0, 0, 0
    yield "replay", hour - 9 * HOUR, 3, 3, 0, 0, 3, 3


def _quarantine(cursor: Any, now: datetime) -> None:
    cursor.execute(
        "insert into replay_request (code, up_to, asked_at, asked_by, started_at, done_at, "
        "refused, why) values ('unknown_station', 0, %s, 'environment', %s, %s, 1, %s) "
        "returning id",
        (*(now - timedelta(minutes=m) for m in (40, 40, 39.9)),
         Json({"unknown station 'R-09'; did you mean R-01?": 1})),
    )  # fmt: skip
    request = cursor.fetchone()[0]
    rows = []
    for number, (feed, code, sender, payload, reason) in enumerate(MESSAGES):
        at = now - timedelta(minutes=52 + 4 * number, seconds=11 * number)
        done = code == "unknown_station" and number > 10
        rows.append(
            (at, feed, f"dongtai/v1/{feed}/{sender}", payload, len(payload), code, reason,
             now - timedelta(minutes=39.9) if done else None, "stored" if done else None,
             request if done else None)
        )  # fmt: skip
    rows.sort(key=lambda row: row[0])
    execute_values(
        cursor,
        "insert into quarantine (received_at, feed, topic, payload, size, code, reason, "
        "replayed_at, outcome, replay_id) values %s",
        rows,
    )


def _late(cursor: Any) -> None:
    """Two stations whose line holds things back."""
    cursor.execute(
        "update reading r set received_at = observed_at + interval '1 second' * "
        "case when s.code = 'A-10' then 1900 else 31 end "
        "from series q join station s on s.id = q.station_id "
        "where q.id = r.series_id and s.code in ('A-10', 'D-02') "
        "and extract(minute from observed_at) < 20"
    )


def _pictures(cursor: Any, now: datetime) -> None:
    """A day of pictures; the second camera lost its line for two hours."""
    cursor.execute(
        "insert into picture (station_id, taken_at, time_source, received_at, media_type, width, "
        "height, size, sha256) select s.id, at, 'topic', at, 'image/jpeg', 960, 540, 1, "
        "sha256(at::text::bytea) from station s cross join generate_series(%(from)s, %(to)s, "
        "interval '5 minutes') at where s.kind = 'camera' and not (s.code = 'C-02' and "
        "at between %(to)s - interval '7 hours' and %(to)s - interval '5 hours')",
        {"from": now - 24 * HOUR, "to": now - timedelta(minutes=1)},
    )
