"""Back-tests: what a PM2.5 rule would have done with recorded air, and how fast that is answered.

BENCH_PRSA names a folder with the recordings of "Beijing Multi-Site Air-Quality Data" (UCI 501; CSV
as published); else the demo's selection of three months. They are brought in by the ordinary
import, then tested with several settings of one rule. After that a year of one-minute readings at
twelve stations, made of them, is tested too: BENCH_MINUTES=no leaves that out.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from alerts.backtest.store import BackTest, back_test
from alerts.judging import Judge
from alerts.rule_settings import RuleSettings
from bench.figure import Figure
from bench.queries import processor_ms
from database.migrate import migrate
from database.pool import Connection, connect
from database.settings import DatabaseSettings
from database.stopping import Stopping
from demo.postgres import embedded_postgres_server
from ingest.columns import Columns, us
from ingest.imports.backfill import Place
from ingest.imports.history import table_of
from ingest.imports.mapping import HistoryMapping
from ingest.imports.run import Job, bring_in, prepared
from ingest.store import copy_readings
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from sensors.vetting import NEVER

DEMO = Path("demo/recordings/air_quality_prsa")
SINCE, UNTIL = datetime(2013, 2, 28, 16, tzinfo=UTC), datetime(2017, 2, 28, 16, tzinfo=UTC)
YEAR_S, HOUR_US = 365.25 * 86400, 3_600_000_000
RECORDED = "select count(*), min(observed_at), max(observed_at) from reading"
HOURS = """
select value from reading
 where series_id = (select min(series_id) from reading) and value is not null
 order by observed_at limit 8760
"""
SERIES = """
select q.id from series q join station s on s.id = q.station_id
 where s.code = any(%s) order by q.id
"""
# A change of 120 µg/m³ in an hour, or six hours without any, is doubtful.
SENSOR = {"metric": "pm25_ugm3", "max_step": 2, "stuck_after_s": 6 * 3600}
# One thing at a time, from a rule without any help for its readers.
VARIANTS: dict[str, dict[str, Any]] = {
    "75/150/250": {},
    "dead-band 5": {"dead_band": 5},
    "dead-band 15": {"dead_band": 15},
    "dead-band 15, on-delay 1 h": {"dead_band": 15, "on_delay_s": 3600},
    "dead-band 15, on-delay 1 h, off-delay 3 h": {
        "dead_band": 15,
        "on_delay_s": 3600,
        "off_delay_s": 3 * 3600,
    },
    "dead-band 15, off-delay 6 h": {"dead_band": 15, "off_delay_s": 6 * 3600},
    "only good readings": {"needs": "good"},
    "115/150/250": {"grades": {"yellow": 115, "orange": 150, "red": 250}},
}


def measure() -> Iterator[Figure]:
    with _database() as settings:
        conn = connect(settings, None, application="bench")
        migrate(conn)
        conn.commit()
        codes = _imported(conn, Path(os.environ.get("BENCH_PRSA", DEMO)))
        yield from _tested(conn, codes)
        if os.environ.get("BENCH_MINUTES") != "no":
            yield from _of_minutes(conn, codes)
        conn.close()


def rule(stations: list[str], **changes: Any) -> RuleSettings:
    return RuleSettings.model_validate(
        {
            "code": "AIR-PM25",
            "label": {"zh": "细颗粒物浓度高", "en": "PM2.5 high"},
            "metric": "pm25_ugm3",
            "stations": stations,
            "when": "above",
            "unit": "µg/m³",
            "grades": {"yellow": 75, "orange": 150, "red": 250},
            **changes,
        }
    )


def _tested(conn: Connection, codes: list[str]) -> Iterator[Figure]:
    with conn.cursor() as cursor:
        cursor.execute(RECORDED)
        ((count, first, last),) = cursor.fetchall()
    years = len(codes) * (last - first).total_seconds() / YEAR_S
    yield Figure("recorded readings of PM2.5", count, "readings")
    yield Figure("years of a station", round(years, 2), "years")
    for name, changes in VARIANTS.items():
        used = processor_ms(conn)
        found = back_test(conn, rule(codes, **changes), SINCE, UNTIL)
        yield from _figures(name, found, years, _used_s(conn, used))


def _used_s(conn: Connection, before: float | None) -> float:
    """Of the processor, by this thread and the server's process, seconds."""
    return ((processor_ms(conn) or 0) - (before or 0)) / 1000


def _figures(name: str, found: BackTest, years: float, used_s: float) -> Iterator[Figure]:
    summary = found.summary
    yield Figure(f"{name}: alerts", summary.alerts, "alerts")
    yield Figure(f"{name}: a station and year", round(summary.alerts / years, 1), "alerts")
    for grade, number in summary.by_grade.items():
        yield Figure(f"{name}: {grade}", number, "alerts")
    yield Figure(f"{name}: from bad data", summary.by_bad_data, "alerts")
    yield Figure(f"{name}: chatter", summary.chatter, "alerts")
    hours = summary.in_alarm.total_seconds() / 3600
    yield Figure(f"{name}: in alarm, a station and year", round(hours / years), "h")
    yield from _speed(name, found, used_s)


def _speed(name: str, found: BackTest, used_s: float) -> Iterator[Figure]:
    yield Figure(f"{name}: took", round(found.seconds, 2), "s", 10, found.seconds <= 10)
    yield Figure(f"{name}: processor time", round(used_s, 2), "s")
    yield Figure(f"{name}: speed", round(found.readings / found.seconds), "readings/s")
    share = round(100 * found.judged / found.readings, 1)
    yield Figure(f"{name}: shown to the engine", share, "% of the readings")


@contextmanager
def _database() -> Iterator[DatabaseSettings]:
    with tempfile.TemporaryDirectory(prefix="dongtai-bench-") as folder:
        Path(folder).chmod(0o755)  # the embedded server runs as a user of its own
        with embedded_postgres_server(Path(folder) / "postgres") as embedded:
            yield DatabaseSettings(dsn=embedded)


def _place(code: str, interval_s: int) -> dict[str, Any]:
    return {
        "code": code,
        "kind": "air",
        "zh": f"{code} 站",
        "en": code,
        "lon": 121.8,
        "lat": 29.9,
        "department": "air",
        "interval_s": interval_s,
        "metrics": [SENSOR],
    }


def _synced(conn: Connection, codes: list[str], interval_s: int) -> SensorsSettings:
    settings = SensorsSettings.model_validate(
        {
            "departments": [{"code": "air", "zh": "环保", "en": "Air"}],
            "stations": [_place(code, interval_s) for code in codes],
        }
    )
    sync(conn, settings, datetime.now(UTC))
    conn.commit()
    return settings


def _imported(conn: Connection, folder: Path) -> list[str]:
    """The hourly PM2.5 of each file, a station each; returns their codes."""
    files = sorted(folder.glob("*.csv"))
    codes = [f"A-{number:02}" for number in range(1, len(files) + 1)]
    settings = _synced(conn, codes, 3600)
    place = Place(load_directory(conn), settings.clock, Judge.load(conn), "bench")
    conn.commit()
    for code, path in zip(codes, files, strict=True):
        mapping = HistoryMapping.model_validate(
            {
                "station": code,
                "time": ["year", "month", "day", "hour"],
                "time_format": "%Y %m %d %H",
                "time_zone": "Asia/Shanghai",
                "columns": {"PM2.5": "pm25_ugm3"},
                "missing": ["NA"],
            }
        )
        job = Job(path, mapping, table_of(path, mapping), place, Stopping(), 20_000)
        with contextlib.redirect_stdout(io.StringIO()):
            bring_in(conn, job, prepared(conn, job, restart=False))
        conn.commit()
    return codes


def _of_minutes(conn: Connection, codes: list[str]) -> Iterator[Figure]:
    """A year of one-minute readings at twelve stations: the recorded hours, joined, with noise."""
    with conn.cursor() as cursor:
        cursor.execute(HOURS)
        hours = np.array([row[0] for row in cursor.fetchall()])
    many = [f"M-{number:02}" for number in range(1, 13)]
    _synced(conn, [*codes, *many], 60)
    with conn.cursor() as cursor:
        cursor.execute(SERIES, (many,))
        series = [row[0] for row in cursor.fetchall()]
    for number in series:
        for month in range(12):
            copy_readings(conn, _minutes(number, hours, month))
        conn.commit()
    for name in ("75/150/250", "dead-band 15, on-delay 1 h, off-delay 3 h"):
        used = processor_ms(conn)
        found = back_test(conn, rule(many, **VARIANTS[name]), SINCE, UNTIL, within_s=600)
        label = f"one-minute readings, {name}"
        yield Figure(f"{label}: readings", found.readings, "readings")
        yield Figure(f"{label}: alerts", found.summary.alerts, "alerts")
        yield from _speed(label, found, _used_s(conn, used))


def _minutes(series: int, hours: np.ndarray[Any, np.dtype[np.float64]], month: int) -> Columns:
    """A twelfth of the year; what is recorded at the hour is kept."""
    chance = np.random.default_rng([series, month])
    count = len(hours) * 60 // 12
    at = us(SINCE) + (month * count + np.arange(count, dtype=np.int64)) * 60_000_000
    smooth = np.interp((at - us(SINCE)) / HOUR_US, np.arange(len(hours)), hours)
    return Columns(
        letter=np.full(count, -1),
        row=np.full(count, -1),
        series=np.full(count, series, np.int32),
        at=at,
        received=at + 1_000_000,
        value=np.round(np.maximum(smooth + chance.normal(0, 2, count), 0), 1),
        bits=np.where(chance.random(count) < 0.01, 4, 0).astype(np.int16),
        origin=np.ones(count, np.int16),
        original=np.full(count, NEVER),
    )
