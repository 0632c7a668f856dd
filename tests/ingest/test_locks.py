"""Whoever judges locks in one order: series by number, then rule states. So nobody deadlocks."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg2.extras import Json

from alerts.clock import Pace, tick_once
from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from database.pool import Connection, connect
from ingest.pipeline import walk
from tests.ingest.conftest import NOW, level, message
from tests.servers.waiting import until

SILENCE = {"when": "no_data", "patience_s": 60, "grade": "blue"}
HEIGHT = {"when": "above", "unit": "m", "grades": {"red": 5}}


def rule(code: str, metric: str, kind: str, condition: dict[str, Any]) -> dict[str, Any]:
    names = {"zh": code, "en": code}
    return {"code": code, "label": names, "metric": metric, "kind": kind, **condition}


RULES = AlertsSettings.model_validate(
    {
        "rules": [
            rule("HIGH", "level_m", "reservoir", HEIGHT),
            rule("SILENT", "level_m", "reservoir", SILENCE),
            rule("MUTE", "ph", "discharge", SILENCE),
        ]
    }
)


@pytest.fixture
def judge(owner, context) -> Judge:
    seed(owner, RULES, NOW)
    with owner.cursor() as cursor:
        cursor.execute("update series_state set observed_at = %s, value = 1, quality = 0", (NOW,))
        now = datetime.now(UTC)
        detail = {
            "connected_since": (now - timedelta(days=1)).isoformat(),
            "caught_up_at": now.isoformat(),
        }
        cursor.execute(
            "insert into heartbeat (process, at, up_since, detail) "
            "values ('ingest', now(), now(), %s)",
            (Json(detail),),
        )
        cursor.execute("update series set created_at = %s", (NOW - timedelta(days=1),))
    owner.commit()
    return Judge.load(owner)


def judged_while_the_first_series_is_held(
    owner: Connection, database, work: Callable[[Connection], object]
) -> tuple[bool, bool]:
    """Hold the lower of two judged series, start `work`, and when it waits: has it locked the
    higher one, or rule states, already?"""
    with closing(connect(database, "ingest", application="judging")) as judging:
        with owner.cursor() as cursor:
            cursor.execute("select id from series where metric in ('level_m', 'ph') order by id")
            numbers = [row[0] for row in cursor.fetchall()]
            cursor.execute("select from series_state where series_id = %s for update", numbers[:1])
        thread = threading.Thread(target=work, args=(judging,))
        thread.start()
        with closing(connect(database, None, application="looking")) as looking:
            pid = until(lambda: _waiting(looking), "the judge to wait for the series")
            with looking.cursor() as cursor:
                cursor.execute(
                    "select from series_state where series_id = %s for update skip locked",
                    numbers[-1:],
                )
                highest = cursor.rowcount == 0
                cursor.execute(
                    "select count(*) from pg_locks where pid = %s and mode = 'RowShareLock' "
                    "and relation = 'dongtai.rule_state'::regclass",
                    (pid,),
                )
                states = cursor.fetchone()[0] > 0
            looking.rollback()
        owner.rollback()
        thread.join(20)
        assert not thread.is_alive()
    return highest, states


def _waiting(conn: Connection) -> int | None:
    with conn.cursor() as cursor:
        cursor.execute(
            "select pid from pg_stat_activity where wait_event_type = 'Lock' "
            "and datname = current_database() and application_name = 'dongtai judging'"
        )
        row = cursor.fetchone()
    conn.rollback()
    return row[0] if row else None


def test_ingest_locks_series_by_number_and_rule_states_after_them(owner, database, context, judge):
    batch = [message("D-01", {"v": {"ph": 7.1}}), message("R-01", level(9, 60), arrived=60)]
    context = replace(context, judge=judge)
    found = judged_while_the_first_series_is_held(
        owner, database, lambda conn: walk(conn, context, batch, NOW)
    )
    assert found == (False, False)
    with owner.cursor() as cursor:
        cursor.execute("select count(*) from alert")
        assert cursor.fetchone() == (1,)  # it did judge, once it could


def test_the_clock_locks_in_the_same_order(owner, database, judge):
    pace = Pace(timedelta(seconds=3600), NOW - timedelta(days=1))

    def tick(conn: Connection) -> None:
        tick_once(conn, judge, pace)
        conn.commit()

    assert judged_while_the_first_series_is_held(owner, database, tick) == (False, False)
    with owner.cursor() as cursor:
        cursor.execute("select count(*) from alert")
        assert cursor.fetchone() == (2,)  # it did judge, once it could
