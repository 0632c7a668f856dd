"""A district whose histories are imported, and small files of them."""

from datetime import UTC, datetime, timedelta

from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.stopping import Stopping
from ingest.imports.backfill import Place
from ingest.imports.history import table_of
from ingest.imports.mapping import HistoryMapping
from ingest.imports.run import Job, bring_in, prepared
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from tests.ingest.conftest import NOW
from tests.servers.program import ROOT

RECORDINGS = ROOT / "demo" / "recordings"
BEFORE = datetime(2018, 6, 2, tzinfo=UTC)
AIR = ["pm25_ugm3", "pm10_ugm3", "so2_ugm3", "no2_ugm3", "co_mgm3", "o3_ugm3"]
PLACES = SensorsSettings.model_validate(
    {
        "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
        "stations": [
            {
                "code": code,
                "kind": kind,
                "zh": "示例",
                "en": "Sample",
                "lon": 121.8,
                "lat": 29.9,
                "department": "water",
                "interval_s": 300,
                "metrics": sensors,
                **more,
            }
            for code, kind, sensors, more in (
                (
                    "R-01",
                    "reservoir",
                    [{"metric": "level_m", "low": 0, "max_step": 0.3, "stuck_after_s": 7200}],
                    {"curve": {"points": [[0, 0], [100, 1000]], "source": "sample"}},
                ),
                ("A-01", "air", [{"metric": metric} for metric in AIR], {}),
                ("T-01", "weather", [{"metric": "tide_m"}], {}),
                ("T-02", "weather", [{"metric": "tide_m"}], {}),
            )
        ],
    }
)
RULES = AlertsSettings.model_validate(
    {
        "rules": [
            {
                "code": "HIGH",
                "label": {"zh": "高", "en": "High"},
                "metric": "level_m",
                "kind": "reservoir",
                "when": "above",
                "unit": "m",
                "grades": {"red": 0.5},
            }
        ]
    }
)
LEVEL = {"station": "R-01", "time": "t", "columns": {"level": "level_m"}}
USGS = "USGS:01589330:00065:00000"
READINGS = """
select s.code, q.metric, r.observed_at, r.value, r.quality, r.origin, r.original_at, r.revision
  from reading r join series q on q.id = r.series_id join station s on s.id = q.station_id
 order by 1, 2, 3
"""
STATES = """
select series_id, observed_at, value, quality, same_since, previous_at, previous_value
  from series_state order by series_id
"""
SUM = "select sum(read), sum(stored), sum(duplicate), sum(revised), sum(refused) from import_run"
TABLES = (
    *("reading", "reading_revision", "import_refused", "import_run", "ledger", "touched"),
    *("series_state", "outbox", "rule_state", "alert_transition", "alert"),
)


def settled(conn):
    """The stations and rules in the database, and what a history is vetted by."""
    sync(conn, PLACES, NOW)
    seed(conn, RULES, NOW)
    conn.commit()
    return Place(load_directory(conn), PLACES.clock, Judge.load(conn), "import test")


def bring_by(owner, place):
    """Imports a file by a mapping, batch by batch; returns the run."""

    def run(path, mapping, *, restart=False, size=20_000, stop=None, conn=owner):
        found = HistoryMapping.model_validate(mapping)
        job = Job(path, found, table_of(path, found), place, stop or Stopping(), size)
        return bring_in(conn, job, prepared(conn, job, restart=restart))

    return run


def levels(path, rows, header="t,level"):
    lines = [header, *(f"{at.isoformat()},{value}" for at, value in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def minutes(*values, step=5):
    return [(BEFORE + timedelta(minutes=step * n), value) for n, value in enumerate(values)]


def balanced(run):
    assert run.gap == 0
    assert run.finished_at is not None
    return run.stored, run.duplicate, run.revised, run.refused


def emptied(owner):
    with owner.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"delete from {table}")
        cursor.execute("insert into series_state (series_id) select id from series")
    owner.commit()
