"""The hazard grade of a plant by what its tanks hold: a filled tank raises, an emptied one ends."""

from datetime import timedelta

import pytest

from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import list_alerts, open_alerts
from alerts.wording import say
from database.pool import connect
from ingest.context import Context
from ingest.pipeline import walk
from ingest.settings import IngestSettings
from ingest.upkeep.hazard import assess_plants
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from tests.alerts.timeline import rule
from tests.ingest.conftest import NOW, message

PLANT = {
    "code": "P-07", "kind": "plant", "zh": "厂", "en": "Plant", "lon": 121.9, "lat": 29.9,
    "department": "one", "interval_s": 10, "metrics": ["tank_level_pct"],
    "tanks": [{"code": "T-21", "substance": "ammonia", "volume_m3": 650}],
    "people_500m": 46, "people_source": "sample",
}  # fmt: skip
BARE = PLANT | {"code": "P-08", "tanks": []}
GRADES = {g: f"grade_{4 - n}" for n, g in enumerate(("blue", "yellow", "orange", "red"))}
HAZARD = rule(
    code="HAZARD", metric="hazard_grade", kind="plant", when="below", unit="", grades=GRADES
)
FIGURES = """
select extract(epoch from r.observed_at - %s)::int, r.value from reading r
  join series q on q.id = r.series_id where q.metric = 'hazard_grade' order by 1
"""


@pytest.fixture
def site(owner, database):
    """`site(second, percent)`: the level comes, the plant is assessed; returns what was figured."""
    settings = SensorsSettings.model_validate(
        {"departments": [{"code": "one", "zh": "一", "en": "One"}], "stations": [PLANT, BARE]}
    )
    sync(owner, settings, NOW)
    seed(owner, AlertsSettings(rules=(HAZARD,)), NOW)
    owner.commit()
    conn = connect(database, "ingest", application="test")
    context = Context(
        settings=IngestSettings(),
        clock=settings.clock,
        directory=load_directory(conn),
        judge=Judge.load(conn),
        client_id="test",
    )
    conn.commit()

    def take(second, percent):
        at = NOW + timedelta(seconds=second)
        sent = {"t": at.isoformat(), "v": {"tank_level_pct": percent}}
        walk(conn, context, [message("P-07", sent)._replace(received_at=at)], at)
        return assess_plants(conn, context.directory, context.judge, at)

    yield take
    conn.close()


def test_a_tank_that_fills_raises_the_hazard_and_one_that_is_emptied_ends_it(site, owner):
    """Ammonia: Q 10 t, β 2 (table 3); 650 m³ are 400 t, α 1.2 for 46 people: R is 90 when full."""
    assert site(0, 1) == 1
    assert open_alerts(owner) == []
    assert site(10, 60) == 1
    (alert,) = open_alerts(owner)
    assert (alert.grade, alert.station) == ("orange", "P-07")
    assert say(alert.reason)["en"] == "by what is there now, a major hazard of grade 2"
    assert alert.announced_at is not None
    site(20, 2)
    (ended,) = list_alerts(owner).alerts
    assert ended.state == "returned"
    owner.rollback()


def test_each_figure_stands_at_its_level_and_is_made_once(site, owner):
    site(0, 1)
    assert site(10, 60) == 1
    with owner.cursor() as cursor:
        cursor.execute(FIGURES, (NOW,))
        assert cursor.fetchall() == [(0, 5.0), (10, 2.0)]
        cursor.execute("select received, stored from ledger where feed = 'derived'")
        assert cursor.fetchall() == [(0, 0)]
    owner.rollback()


def test_without_a_new_level_nothing_is_figured(site, owner):
    site(0, 60)
    assert site(0, 60) == 0


def test_a_plant_without_tanks_has_no_such_series(site, owner):
    directory = load_directory(owner)
    assert ("P-07", "hazard_grade") in directory.series
    assert ("P-08", "hazard_grade") not in directory.series
    owner.rollback()
