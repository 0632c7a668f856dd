"""`python -m alerts` as a process: kills, take-over, lost database, clean stop, rules diff."""

import json
import signal
from functools import partial
from pathlib import Path

import pytest

from tests.alerts.far_end import HangingEnd
from tests.alerts.test_judging import beat
from tests.servers.waiting import until

CONFIG = """\
database: {{dsn: "{dsn}"}}
sensors:
  departments: [{{code: water, zh: 水利局, en: Water}}]
  stations:
    - {{code: R-01, kind: reservoir, zh: 甲, en: A, lon: 121.8, lat: 29.9, department: water,
       interval_s: 60, metrics: [level_m]}}
alerts:
  rules:
    - {{code: FLOOD, label: {{zh: 超限, en: Above}}, metric: level_m, kind: reservoir,
       when: above, unit: m, grades: {{orange: {limit}}}}}
  receivers:
    - {{name: hook, type: webhook, url: "{url}", timeout_s: 20}}
  clock: {{retry_first_s: 0.1, {clock}}}
"""


@pytest.fixture
def written(tmp_path: Path, database):
    def write(url="http://127.0.0.1:1/", limit=23.5, clock="tick_s: 0.2, heartbeat_s: 600") -> str:
        path = tmp_path / "config.yaml"
        text = CONFIG.format(dsn=database.dsn, url=url, limit=limit, clock=clock)
        path.write_text(text, "utf-8")
        return str(path)

    return write


@pytest.fixture
def put_transitions(owner, put_alert):
    """Alerts as ingest commits them: raised, to be told, followed by a notification."""

    def put(count, first=0):
        for number in range(first, first + count):
            put_alert(f"A{number}")
        with owner.cursor() as cursor:
            cursor.execute(
                "insert into outbox (transition_id) select id from alert_transition t"
                " where not exists (select from outbox where transition_id = t.id)"
            )
            cursor.execute("notify dongtai")
            cursor.execute("select id from alert_transition")
            numbers = {str(row[0]) for row in cursor.fetchall()}
        owner.commit()
        return numbers

    return put


def keys(requests):
    return [request.headers["Idempotency-Key"] for request in requests]


def arrived(webhook, count: int) -> bool:
    """Whether that many transitions have reached the far end, repetitions aside."""
    return len(set(keys(webhook.requests))) >= count


def query(conn, statement):
    with conn.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall()
    conn.commit()
    return rows


def test_every_transition_reaches_the_far_end_exactly_once(
    process, written, put_transitions, webhook, owner
):
    beat(owner)
    process("alerts", "--config", written(webhook.url)).wait_for("leading")
    numbers = put_transitions(20)
    until(lambda: len(webhook.requests) >= len(numbers), "20 messages")
    until(
        lambda: query(owner, "select from message where delivered_at is null") == [],
        "all delivered",
    )
    assert sorted(keys(webhook.requests)) == sorted(numbers)


def test_killed_between_commit_and_answer_it_sends_again_and_loses_nothing(
    process, written, put_transitions, webhook, owner
):
    beat(owner)
    end = HangingEnd()
    running = process("alerts", "--config", written(end.url))
    numbers = put_transitions(5)
    until(lambda: end.requests == 1, "a message under way")
    running.kill()
    end.close()
    process("alerts", "--config", written(webhook.url)).wait_for("leading")
    until(lambda: set(keys(webhook.requests)) == numbers, "every transition at the far end")


def test_killed_again_and_again_every_transition_arrives(
    process, written, put_transitions, webhook, owner
):
    beat(owner)
    numbers = set()
    for kill in range(4):
        running = process("alerts", "--config", written(webhook.url))
        running.wait_for("leading")
        numbers = put_transitions(15, first=kill * 15)
        until(partial(arrived, webhook, 15 * kill + 4), "some messages")
        running.kill()
    process("alerts", "--config", written(webhook.url))
    until(lambda: set(keys(webhook.requests)) == numbers, "every transition at the far end")
    assert len(webhook.requests) <= len(numbers) + 4  # at most the one under way, a kill


def test_another_one_stands_by_and_takes_over(process, written, put_transitions, webhook, owner):
    beat(owner)
    path = written(webhook.url)
    first = process("alerts", "--config", path)
    first.wait_for("leading")
    second = process("alerts", "--config", path)
    second.wait_for("standing by")
    first.kill()
    second.wait_for("leading")
    numbers = put_transitions(3)
    until(lambda: set(keys(webhook.requests)) == numbers, "the messages")


def test_another_one_takes_over_from_one_that_hangs(
    process, written, put_transitions, webhook, owner
):
    beat(owner)
    path = written(webhook.url)
    first = process("alerts", "--config", path)
    first.wait_for("leading")
    second = process("alerts", "--config", path)
    second.wait_for("standing by")
    first.signal(signal.SIGSTOP)
    second.wait_for("leading", seconds=10)
    numbers = put_transitions(3)
    until(lambda: set(keys(webhook.requests)) == numbers, "the messages")
    first.signal(signal.SIGCONT)
    first.wait_for("standing by")
    assert sorted(keys(webhook.requests)) == sorted(numbers)


def test_a_lost_database_connection_is_survived(process, written, put_transitions, webhook, owner):
    beat(owner)
    running = process("alerts", "--config", written(webhook.url))
    running.wait_for("leading")
    query(
        owner,
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'dongtai alerts' and datname = current_database()",
    )
    until(lambda: running.said.count("leading") == 2, "a second lead")
    numbers = put_transitions(3)
    until(lambda: set(keys(webhook.requests)) == numbers, "the messages")


def test_it_stops_cleanly_when_asked(process, written, owner):
    beat(owner)
    running = process("alerts", "--config", written())
    running.wait_for("leading")
    assert running.stop() == 0
    assert running.said.rstrip().endswith("stopped")
    assert "Traceback" not in running.said


def test_it_says_that_it_lives_and_what_waits(process, written, owner):
    process("alerts", "--config", written()).wait_for("leading")
    rows = until(
        lambda: query(owner, "select detail from heartbeat where process = 'alerts'"), "a heartbeat"
    )
    assert rows[0][0] == {"messages_waiting": 0, "messages_given_up": 0}


def test_a_dead_ingest_is_told_without_any_message_coming_in(process, written, webhook, owner):
    beat(owner, at="clock_timestamp() - interval '1 hour'")
    process("alerts", "--config", written(webhook.url, clock="heartbeat_s: 3"))
    (request,) = webhook.wait_for(1)
    assert json.loads(request.body)["alert"]["rule"] == "SYSTEM-INGEST"


def test_rules_diff_prints_the_drift(process, written, owner):
    fresh = process("alerts", "--config", written(), "rules", "diff")
    assert fresh.wait() == 1
    assert "FLOOD: in the file, not seeded yet" in fresh.said
    running = process("alerts", "--config", written())
    running.wait_for("leading")
    running.stop()
    same = process("alerts", "--config", written(), "rules", "diff")
    assert same.wait() == 0
    assert "the rules in force are those of the file" in same.said
    other = process("alerts", "--config", written(limit=24), "rules", "diff")
    assert other.wait() == 1
    assert "FLOOD: the file has changed and is not seeded yet: grades" in other.said


def test_a_message_is_sent_within_a_second_of_its_commit(
    process, written, put_transitions, webhook, owner
):
    beat(owner)
    running = process(
        "alerts", "--config", written(webhook.url, clock="tick_s: 10, heartbeat_s: 600")
    )
    running.wait_for("leading")
    numbers = put_transitions(1)
    until(
        lambda: set(keys(webhook.requests)) == numbers, "the message", seconds=9
    )  # before the next tick
    running.signal(signal.SIGTERM)


def test_an_alert_of_a_rule_without_a_label_is_told_all_the_same(
    process, written, put_transitions, webhook, owner
):
    beat(owner)
    numbers = put_transitions(1)
    with owner.cursor() as cursor:
        cursor.execute("update rule_version set definition = definition - 'label'")
    owner.commit()
    process("alerts", "--config", written(webhook.url)).wait_for("leading")
    # Beside it comes that the rule judges nothing.
    until(lambda: set(numbers) <= set(keys(webhook.requests)), "the message")
