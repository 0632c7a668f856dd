"""Inflow and time to limit beside the flow: the recorded flash flood through the real path."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.pool import Connection, connect
from ingest.context import Context
from ingest.pipeline import walk
from ingest.settings import IngestSettings
from ingest.upkeep import foresight
from ingest.upkeep.foresight import look_ahead, plans
from sensors.catalogue import INFLOW, TO_LIMIT
from sensors.marks import add, apply_marks
from sensors.reading import Quality
from sensors.settings import SensorsSettings
from sensors.store import load_directory, sync
from tests.ingest.conftest import message
from tests.ingest.flash_flood import (
    INTERVAL_S,
    PEAK,
    STATION,
    crossings,
    lead,
    level_soon,
    warnings,
)
from tests.ingest.running import RunningIngest
from tests.sensors.floods import DEAD_RUN, dead_run
from tests.servers.waiting import until

SENSORS = {
    "departments": [{"code": "water", "zh": "水利局", "en": "Water"}],
    "stations": [STATION],
}
SERIES = """
select r.observed_at, r.value, r.quality, r.origin, r.revision from reading r
  join series q on q.id = r.series_id where q.metric = %s order by 1
"""
NUMBER = "select id from series where metric = %s"
# Who was told depends on when it was gathered, and so does whether somebody has yet to see the end.
ALERTS = "select began_at, raised_at, grade, peak_grade, ended_at from alert order by began_at"
FLOOD = (datetime(2018, 6, 3, 11, tzinfo=UTC), datetime(2018, 6, 4, 0, tzinfo=UTC))


def flood():
    return [one for one in dead_run() if FLOOD[0] <= one.at <= FLOOD[1]]


def sent(one, **more: Any) -> dict[str, Any]:
    return {"t": one.at.isoformat(), "v": {"level_m": one.value}, **more}


class Site:
    """The walk and what is done beside it, with the present where the readings are."""

    def __init__(self, conn: Connection, context: Context) -> None:
        self.conn, self.context = conn, context
        self.plans = plans(context.directory)

    def take(self, *found: dict[str, Any], now: datetime) -> None:
        batch = [message("R-09", one)._replace(received_at=now) for one in found]
        walk(self.conn, self.context, batch, now)

    def look(self, now: datetime) -> int:
        return look_ahead(self.conn, self.context.directory, self.plans, self.context.judge, now)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.conn.cursor() as cursor:
            cursor.execute(query, values)
            rows = cursor.fetchall()
        self.conn.rollback()
        return rows


@pytest.fixture
def site(owner, database):
    settings = SensorsSettings.model_validate(SENSORS)
    sync(owner, settings, FLOOD[0])
    seed(owner, AlertsSettings(rules=(level_soon(),)), FLOOD[0])
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
    yield Site(conn, context)
    conn.close()


def test_the_flood_of_june_2018_is_told_of_before_the_first_limit_and_long_before_the_peak(site):
    for one in flood():
        site.take(sent(one), now=one.at)
        assert site.look(one.at) == 1
    began, raised, *_ = site.ask(ALERTS)[0]
    first = crossings(DEAD_RUN["flood_limit"])[0]
    minutes = [round((at - raised).total_seconds() / 60) for at in (first, PEAK)]
    print(f"raised {minutes[0]} min before the first limit, {minutes[1]} min before the peak")
    assert minutes[0] >= 30
    assert minutes[1] >= 240
    assert began <= raised
    told = site.ask("select count(*) from outbox")
    assert told[0][0] > 0, "the present is where the readings are: people are told"
    figures = site.ask(SERIES, TO_LIMIT)
    assert [row[0] for row in figures] == [one.at for one in flood()], "one beside each level"


def test_the_same_comes_of_it_however_it_was_gathered(site, owner, database):
    levels = flood()
    site.take(sent(levels[0]), now=levels[0].at)
    site.look(levels[0].at)
    for start in range(1, len(levels), 40):
        some = levels[start : start + 40]
        site.take(*map(sent, some), now=some[-1].at)
        site.look(some[-1].at)
    together = [site.ask(SERIES, metric) for metric in (TO_LIMIT, INFLOW)]
    alerts = site.ask(ALERTS)
    with owner.cursor() as cursor:
        cursor.execute("delete from reading")
        cursor.execute("update series_state set observed_at = null, judged_to = null, value = null")
        cursor.execute("truncate rule_state, outbox, alert cascade")
    owner.commit()
    for one in levels:
        site.take(sent(one), now=one.at)
        site.look(one.at)
    assert [site.ask(SERIES, metric) for metric in (TO_LIMIT, INFLOW)] == together
    assert site.ask(ALERTS) == alerts


def test_a_second_look_a_restart_and_a_takeover_change_nothing(site, database):
    levels = flood()[:60]
    site.take(sent(levels[0]), now=levels[0].at)
    site.look(levels[0].at)
    site.take(*map(sent, levels[1:]), now=levels[-1].at)
    assert site.look(levels[-1].at) == 1
    before = [site.ask(SERIES, metric) for metric in (TO_LIMIT, INFLOW)]
    other = Site(connect(database, "ingest", application="other"), site.context)
    assert site.look(levels[-1].at) == other.look(levels[-1].at) == 0
    other.conn.close()
    assert [site.ask(SERIES, metric) for metric in (TO_LIMIT, INFLOW)] == before
    assert site.ask("select sum(readings)::int from ledger where feed = 'derived'") == [
        (sum(len(rows) for rows in before) + len(levels),)  # and the storages, of the walk
    ]


def test_a_missing_level_has_a_missing_forecast_and_a_suspect_one_a_suspect_forecast(site):
    rising = [one for one in flood() if one.at <= datetime(2018, 6, 3, 18, 5, tzinfo=UTC)]
    for one in rising:
        site.take(sent(one), now=one.at)
        site.look(one.at)
    (_, hours, quality, *_) = site.ask(SERIES, TO_LIMIT)[-1]
    assert 0 < hours < 1
    assert quality == 0
    at = rising[-1].at + timedelta(seconds=INTERVAL_S)
    doubtful = {"t": at.isoformat(), "v": {"level_m": 7.5}, "q": {"level_m": "suspect"}}
    site.take(doubtful, now=at)
    site.look(at)
    (_, hours, quality, *_) = site.ask(SERIES, TO_LIMIT)[-1]
    assert 0 < hours < 1, "the wild value is no part of it"
    assert quality == int(Quality.DERIVED_FROM_SUSPECT)
    much_later = at + timedelta(hours=3)
    site.take({"t": much_later.isoformat(), "v": {"level_m": None}}, now=much_later)
    site.look(much_later)
    newest, value, quality, *_ = site.ask(SERIES, TO_LIMIT)[-1]
    assert (newest, value) == (much_later, None)
    assert quality & int(Quality.MISSING)


def test_a_corrected_or_marked_level_has_its_forecast_anew(site, owner):
    rising = [one for one in flood() if one.at <= datetime(2018, 6, 3, 18, 0, tzinfo=UTC)]
    for one in rising:
        site.take(sent(one), now=one.at)
        site.look(one.at)
    now = rising[-1].at
    (_, before, *_) = site.ask(SERIES, TO_LIMIT)[-1]
    assert site.look(now) == 0
    site.take({"t": now.isoformat(), "v": {"level_m": 0.30}}, now=now)
    assert site.look(now) == 1
    (at, after, _, _, revision) = site.ask(SERIES, TO_LIMIT)[-1]
    assert (at, revision) == (now, 1)
    assert after > before
    ((number,),) = site.ask(NUMBER, "level_m")
    add(owner, number, now, None, "invalid", reason="test", who="tester")
    owner.commit()
    apply_marks(site.conn, 10)
    site.conn.commit()
    assert site.look(now) == 1
    (_, _, quality, *_) = site.ask(SERIES, TO_LIMIT)[-1]
    assert quality & int(Quality.DERIVED_FROM_SUSPECT)
    assert site.look(now) == 0


def test_origin_is_kept(site):
    for one in flood()[:8]:
        site.take(sent(one, o="simulated"), now=one.at)
        site.look(one.at)
    assert {row[3] for row in site.ask(SERIES, TO_LIMIT)} == {2}


def test_a_level_that_changes_while_we_compute_is_computed_again(site, monkeypatch):
    levels = flood()[:12]
    site.take(sent(levels[0]), now=levels[0].at)
    site.look(levels[0].at)
    site.take(*map(sent, levels[1:]), now=levels[-1].at)
    computed = foresight._figures

    def overtaken(conn, due):
        found = computed(conn, due)
        site.take({"t": levels[-1].at.isoformat(), "v": {"level_m": 0.5}}, now=levels[-1].at)
        return found

    monkeypatch.setattr(foresight, "_figures", overtaken)
    assert site.look(levels[-1].at) == 0, "what it was computed from stands no more"
    monkeypatch.setattr(foresight, "_figures", computed)
    assert site.look(levels[-1].at) == 1


@pytest.fixture
def running(tmp_path, database, mosquitto, process):
    rule = json.loads(level_soon().model_dump_json(exclude_defaults=True))
    found = RunningIngest(tmp_path, database, mosquitto, process, SENSORS, {"rules": [rule]})
    yield found
    found.close()


def test_from_a_real_broker_the_process_raises_the_alert_before_the_peak(running, mosquitto):
    levels = [one for one in flood() if one.at <= PEAK]
    for start in (0, 1, len(levels) - 60):
        end = {0: 1, 1: len(levels) - 60}.get(start, len(levels))
        lines = [json.dumps(sent(one)).encode() for one in levels[start:end]]
        mosquitto.publish(
            "dongtai/v1/obs/R-09", json.dumps([json.loads(x) for x in lines]).encode()
        )
        until(
            lambda: len(running.ask(SERIES, TO_LIMIT)) >= end,  # noqa: B023 - awaited here
            f"{end} forecasts",
            seconds=60,
        )
    raised = running.ask(ALERTS)[0][1]
    assert raised < crossings(DEAD_RUN["flood_limit"])[0] < PEAK


def test_the_rule_of_config_yaml_would_have_warned_of_the_first_wave_and_not_all_day():
    """Of the flood's own days, as `python -m tests.ingest.flash_flood` has the month."""
    known = warnings((FLOOD[0] - timedelta(days=1), FLOOD[1]))
    (first, *_) = crossings(DEAD_RUN["flood_limit"])
    before = lead(first, known)
    assert before is not None
    assert timedelta(minutes=30) <= before <= timedelta(hours=6)
    assert sum((one.ended - one.raised for one in known), timedelta(0)) < timedelta(hours=8)
