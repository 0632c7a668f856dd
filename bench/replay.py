"""How long a moment of the past, and twenty frames of playing, take on a month of data.

The embedded PostgreSQL; 200 series of 66 stations, half of them a reading a minute, half one in
five; one reading in a hundred arrives up to a day late; 3,000 alerts with three steps each. Moments
by chance over the whole month. Beside the time stands the processor's, of this thread and of the
server's process.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.figure import Figure
from bench.queries import processor_ms
from dashboard.replay import frames
from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from demo.postgres import embedded_postgres_server

END = datetime(2026, 1, 31, tzinfo=UTC)
BEGIN = END - timedelta(days=30)
ASKED, FRAMES = 40, 20
FRAME_LIMIT_MS = 100  # beyond, a slider that is dragged feels as if it stuck
STEPS_S = {"1x": 1, "60x": 30, "600x": 600}

STATIONS = """
insert into station (code, kind)
select 'S-' || n, 'gas' from generate_series(1, 66) n"""
VERSIONS = """
insert into station_version (station_id, valid_from, name_zh, name_en, lon, lat, department,
                             interval_s, public)
select id, %(begin)s, code, code, 121, 29, 'water', 60, true from station"""
SERIES = """
insert into series (station_id, metric)
select 1 + (n %% 66), 'm' || n from generate_series(1, 200) n"""
SENSORS = """
insert into sensor (series_id, valid_from, interval_s, department, public)
select id, %(begin)s, case when id %% 2 = 0 then 60 else 300 end, 'water', true from series"""
# As they came: by time, all series side by side.
READINGS = """
insert into reading (series_id, observed_at, value, quality, received_at)
select q.id, t, random() * 10, 0,
       t + case when random() < 0.01 then random() * interval '1 day' else interval '2 s' end
  from generate_series(%(since)s::timestamptz, %(until)s::timestamptz, '1 min') t, series q
 where (q.id %% 2 = 0 or extract(minute from t)::integer %% 5 = 0) and t < %(until)s"""
RULES = """
insert into rule (code) select 'R' || id from series"""
VERSIONS_OF_RULES = """
insert into rule_version (rule_id, version, definition, author, reason)
select id, 1, '{}', 'bench', 'bench' from rule"""
ALERTS = """
insert into alert (id, rule_id, rule_version, series_id, station_id, subject, grade, peak_grade,
                   state, began_at, raised_at, ended_at, announced_at, value, limit_value,
                   version, changed_at)
select 'a' || n, r.id, 1, q.id, q.station_id, 's' || n,
       (array['red', 'orange', 'yellow', 'blue'])[1 + n %% 4], 'red', 'ended', b.at, b.at,
       b.at + interval '2 h', b.at, 5, 4, 3, b.at + interval '2 h'
  from generate_series(1, 3000) n
  join series q on q.id = 1 + n %% 200
  join rule r on r.code = 'R' || q.id
 cross join lateral (select %(begin)s::timestamptz + n * interval '14 min' as at) b"""
LIVES = """
insert into alert_transition (alert_id, seq, kind, at, recorded_at, grade, who, reason)
select a.id, k.seq, k.kind, a.raised_at + k.after, a.raised_at + k.after, a.grade, 'duty',
       '{"code": "above"}'
  from alert a
 cross join (values (1, 'raised', interval '0'), (2, 'acknowledged', interval '5 min'),
                    (3, 'ended', interval '2 h')) k (seq, kind, after)"""


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="dongtai-bench-") as folder:
        Path(folder).chmod(0o755)  # the embedded server runs as a user of its own
        with embedded_postgres_server(Path(folder) / "postgres") as dsn:
            conn = connect(DatabaseSettings(dsn=dsn), None, application="bench")
            migrate(conn)
            yield Figure("readings of a month", _fill(conn), "readings")
            chance = random.Random(1)  # the same questions each time, no secret
            for known in ("then", "now"):
                then = known == "then"

                def moment(then: bool = then) -> None:
                    frames.state(frames.read(conn, [_moment(chance)], then=then))

                yield from _figures(f"a moment, known {known}", conn, moment, FRAME_LIMIT_MS)
            for speed, step_s in STEPS_S.items():

                def play(step_s: int = step_s) -> None:
                    begin = _moment(chance)
                    steps = [begin + timedelta(seconds=step_s * n) for n in range(FRAMES + 1)]
                    frames.changes(frames.read(conn, steps, then=True))

                yield from _figures(f"{FRAMES} frames at {speed}", conn, play, None)
            conn.close()


def _fill(conn: Connection) -> int:
    with conn.cursor() as cursor:
        cursor.execute("insert into department values ('water', '水', 'Water')")
        for statement in (STATIONS, VERSIONS, SERIES, SENSORS):
            cursor.execute(statement, {"begin": BEGIN})
        for day in range(30):
            since = BEGIN + timedelta(days=day)
            cursor.execute(READINGS, {"since": since, "until": since + timedelta(days=1)})
        for statement in (RULES, VERSIONS_OF_RULES, ALERTS, LIVES):
            cursor.execute(statement, {"begin": BEGIN})
        cursor.execute("select count(*) from reading")
        ((count,),) = cursor.fetchall()
    conn.commit()
    conn.autocommit = True
    with conn.cursor() as cursor:
        cursor.execute("vacuum analyze")
    conn.autocommit = False
    return int(count)


def _moment(chance: random.Random) -> datetime:
    return BEGIN + timedelta(days=1) + chance.random() * timedelta(days=28.5)


def _figures(
    name: str, conn: Connection, act: Callable[[], None], limit: float | None
) -> Iterator[Figure]:
    """p50 and p95 of the time, p95 of the processor's."""
    taken, busy = [], []
    for _ in range(ASKED):
        begun, used = time.perf_counter(), processor_ms(conn)
        act()
        conn.rollback()
        taken.append((time.perf_counter() - begun) * 1000)
        busy.append((processor_ms(conn) or 0) - (used or 0))
    rank = int(0.95 * ASKED)
    p95 = round(sorted(taken)[rank], 1)
    yield Figure(f"{name}, median", round(sorted(taken)[ASKED // 2], 1), "ms")
    yield Figure(f"{name}, p95", p95, "ms", limit, None if limit is None else p95 <= limit)
    yield Figure(f"{name}, p95 of processor time", round(sorted(busy)[rank], 1), "ms")
