"""What goes through as columns comes out as what is walked reading by reading, alerts and all."""

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.judging import Judge
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from ingest import pipeline
from ingest.message import Message
from tests.ingest.conftest import NOW
from tests.ingest.test_locks import SILENCE, rule

HIGH = {
    "when": "above",
    "unit": "m",
    "dead_band": 2,
    "grades": {"yellow": 8, "red": 10},
    "on_delay_s": 60,
}
LOW = {"when": "below", "unit": "pH", "grades": {"orange": 6}}
RULES = AlertsSettings.model_validate(
    {
        "rules": [
            rule("HIGH", "level_m", "reservoir", HIGH),
            rule("ACID", "ph", "discharge", LOW),
            rule("SILENT", "ph", "discharge", SILENCE),
        ]
    }
)
VALUES = st.sampled_from([None, 3.0, 7.0, 8.5, 10.5, 12.0, -99.0])
SENDERS = st.sampled_from([("R-01", "level_m"), ("R-01", "rain_mm"), ("D-01", "ph")])
MESSAGES = st.lists(
    st.tuples(
        SENDERS,
        st.lists(st.tuples(st.integers(-4000, 55), VALUES), min_size=1, max_size=4),
        st.sampled_from([{}, {"q": "suspect"}, {"o": "simulated", "t0": 1.6e12}, {"t": None}]),
    ),
    max_size=25,
)
# Each newer than the one before, so that alerts come, hold and go.
LIVES = st.lists(st.tuples(SENDERS, st.integers(20, 90), VALUES), min_size=5, max_size=30)
_TABLES = (
    "reading, reading_revision, ledger, quarantine, delivery, outbox, alert_transition, rule_state,"
    " alert, message"
)
_LOOK = (
    "select * from reading order by series_id, observed_at",
    "select * from reading_revision order by series_id, observed_at, revision",
    "select to_jsonb(s) - 'changed_at' from series_state s order by series_id",
    "select * from ledger order by feed, hour",
    "select topic, code, reason from quarantine order by id",
    """select a.subject, t.seq, t.kind, t.at, t.grade, t.value, t.reason, o.transition_id
         from alert_transition t join alert a on a.id = t.alert_id
         left join outbox o on o.transition_id = t.id order by 1, a.raised_at, 2""",
)


def messages(told) -> list[Message]:
    found = []
    for number, ((station, metric), points, more) in enumerate(told):
        rest = {key: value for key, value in more.items() if key != "q"}
        if "q" in more:
            rest["q"] = {metric: more["q"]}
        entries = [
            {"t": (NOW + timedelta(seconds=at)).isoformat(), "v": {metric: value}, **rest}
            for at, value in points
        ]
        arrived = NOW + timedelta(milliseconds=number)
        body = json.dumps(entries).encode()
        topic = f"dongtai/v1/obs/{station}"
        found.append(Message(topic, body, arrived, number + 1, dup=False, epoch=1, qos=1))
    return found


def all_odd(columns, *_):
    nothing = np.zeros(len(columns), bool)
    return columns.take(nothing), columns.take(~nothing)


@pytest.fixture
def outcome(owner, context):
    """Walk messages in batches of a size from an empty database, and look at everything."""
    seed(owner, RULES, NOW)
    owner.commit()

    def walked(found, size):
        owner.rollback()
        numbers = itertools.count()
        judge = replace(Judge.load(owner), new_id=lambda _: f"A{next(numbers)}")
        with owner.cursor() as cursor:
            cursor.execute(f"truncate {_TABLES} restart identity cascade")
            cursor.execute(
                "update series_state set observed_at = null, value = null, quality = null,"
                " revision = 0, origin = null, received_at = null, original_at = null,"
                " judged_to = null, same_since = null, previous_at = null, previous_value = null"
            )
        owner.commit()
        for first in range(0, len(found), size):
            batch = found[first : first + size]
            pipeline.walk(owner, replace(context, judge=judge), batch, NOW)
        with owner.cursor() as cursor:
            seen = []
            for look in _LOOK:
                cursor.execute(look)
                seen.append(cursor.fetchall())
        owner.rollback()
        return seen

    return walked


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(MESSAGES, st.integers(1, 25))
def test_columns_and_single_readings_come_to_the_same(outcome, told, size):
    found = messages(told)
    as_columns = outcome(found, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "sort_out", all_odd)
        patch.setattr(
            pipeline,
            "to_judge",
            lambda _, plain, __, context, *___: list(plain.readings(context.directory)),
        )
        singly = outcome(found, size)
    for one, other in zip(as_columns, singly, strict=True):
        assert one == other


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(LIVES, st.integers(1, 4))
def test_the_engine_sees_all_that_could_change_what_it_says(outcome, lives, size):
    times = itertools.accumulate((step for _, step, _ in lives), initial=-2700)
    told: list[Any] = [
        (who, [(at, value)], {}) for (who, _, value), at in zip(lives, times, strict=False)
    ]
    found = messages(told)
    chosen = outcome(found, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            pipeline,
            "to_judge",
            lambda _, plain, __, context, *___: list(plain.readings(context.directory)),
        )
        everything = outcome(found, size)
    assert chosen == everything
