"""The loop around the pipeline, on a real broker and a real database that both misbehave."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from psycopg2 import OperationalError

from database.pool import Connection, connect
from database.settings import DatabaseSettings
from ingest import pipeline, store
from ingest.accounting import bury
from ingest.context import Context
from ingest.message import Committed, Inbox, Message
from ingest.mqtt import Subscriber
from ingest.settings import BrokerSettings
from ingest.worker import Walk, Work, Worker
from tests.ingest.conftest import NOW
from tests.servers.embedded_broker import EmbeddedBroker
from tests.servers.mosquitto import Mosquitto
from tests.servers.waiting import until

TOPIC = "dongtai/v1/obs/R-01"


class Running:
    """Workers in threads, each with a session of its own under the same client id."""

    def __init__(
        self,
        database: DatabaseSettings,
        broker: Mosquitto | EmbeddedBroker,
        context: Context,
    ) -> None:
        self._database, self._broker, self._context = database, broker, context
        self._threads: list[tuple[threading.Thread, threading.Event]] = []

    def start(self, walk: Walk | None = None, *, standby: bool = False) -> threading.Event:
        """Start a worker; a leader has its subscription when this returns."""
        inbox = Inbox(1000, 1_000_000)
        protocol = "3.1.1" if isinstance(self._broker, EmbeddedBroker) else "5"
        settings = BrokerSettings(port=self._broker.port, protocol=protocol)
        work = Work(
            name="ingest",
            subscriber=Subscriber(settings, "test-ingest", ["dongtai/v1/obs/#"], inbox, 500),
            inbox=inbox,
            connect=lambda: connect(self._database, "ingest", application="worker"),
            walk=walk or self.walk,
            bury=lambda conn, message, error: bury(conn, self._context.settings, message, error),
            tell=lambda conn, now, settled: pipeline.tell(conn, self._context, now, settled),
            max_messages=100,
            max_wait_s=0.02,
        )
        stop = threading.Event()
        thread = threading.Thread(target=Worker(work, stop).run)
        thread.start()
        self._threads.append((thread, stop))
        if not standby:
            until(lambda: work.subscriber.connected_since, "the leader to subscribe")
        return stop

    def walk(
        self,
        conn: Connection,
        messages: Sequence[Message],
        now: datetime,
        committed: Committed,
    ) -> bool:
        return pipeline.walk(conn, self._context, messages, now, committed)

    def stop(self) -> None:
        for _, stop in self._threads:
            stop.set()
        for thread, _ in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def running(
    database: DatabaseSettings, mosquitto: Mosquitto, context: Context
) -> Iterator[Running]:
    workers = Running(database, mosquitto, context)
    yield workers
    workers.stop()


@pytest.fixture
def publish(mosquitto: Mosquitto, tmp_path) -> Callable[[range], None]:
    """Publish one level a number, a second apart, and wait until the broker has them all."""

    def send(numbers: range) -> None:
        lines = [
            json.dumps(
                {"t": (NOW - timedelta(seconds=9000 - n)).isoformat(), "v": {"level_m": n % 50}}
            )
            for n in numbers
        ]
        path = tmp_path / f"lines-{numbers.start}"
        path.write_text("\n".join(lines) + "\n")
        assert mosquitto.publish_lines(TOPIC, path).wait(60) == 0

    return send


@pytest.fixture
def stored(owner: Connection) -> Callable[[], int]:
    def count() -> int:
        with owner.cursor() as cursor:
            cursor.execute(
                "select count(*) from reading r join series s on s.id = r.series_id "
                "where s.metric = 'level_m'"
            )
            rows = cursor.fetchall()
        owner.rollback()
        return int(rows[0][0])

    return count


def balanced(owner: Connection) -> tuple[int, int, int]:
    """(received, stored, unaccounted for), over all of the ledger."""
    with owner.cursor() as cursor:
        cursor.execute(
            "select sum(received), sum(stored), "
            "sum(received - stored - duplicate - revised - quarantined) from ledger"
        )
        counts = cursor.fetchone()
    owner.rollback()
    assert counts
    return int(counts[0] or 0), int(counts[1] or 0), int(counts[2] or 0)


def test_a_cut_database_connection_loses_nothing_and_doubles_nothing(
    running, publish, stored, owner
):
    running.start()
    publish(range(300))
    until(lambda: stored() > 0, "the first readings")
    with owner.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'dongtai worker'"
        )
    owner.commit()
    publish(range(300, 600))
    until(lambda: stored() >= 600, "all readings after the database came back")
    assert stored() == 600
    assert balanced(owner)[1:] == (600, 0)


def test_a_message_that_breaks_the_walk_is_found_and_the_others_are_stored(
    running, publish, stored, owner, mosquitto
):
    def fragile(
        conn: Connection, messages: Sequence[Message], now: datetime, committed: Committed
    ) -> bool:
        if any(b"poison" in message.payload for message in messages):
            raise ZeroDivisionError("a defect")
        return bool(running.walk(conn, messages, now, committed))

    publish_first = threading.Thread(target=publish, args=(range(50),))
    running.start(fragile)
    publish_first.start()
    mosquitto.publish(TOPIC, b"poison")
    publish(range(50, 100))
    publish_first.join()
    until(lambda: stored() == 100, "everything but the poison")
    until(lambda: balanced(owner)[0] == 101, "the poison to be buried")
    with owner.cursor() as cursor:
        cursor.execute("select payload, code from quarantine")
        ((payload, code),) = cursor.fetchall()
    owner.rollback()
    assert (bytes(payload), code) == (b"poison", "internal")
    assert balanced(owner) == (101, 100, 0)


@pytest.mark.parametrize("failure", [OperationalError("the line broke"), ZeroDivisionError()])
def test_what_is_committed_when_the_walk_fails_is_counted_once(
    running, publish, stored, owner, failure
):
    """The first transaction of a batch is committed, the second fails: only the rest is tried
    again, and a confirmed packet id, which may be another's by then, is not confirmed again."""
    failed = threading.Event()

    def breaks_after_a_commit(
        conn: Connection, messages: Sequence[Message], now: datetime, committed: Committed
    ) -> bool:
        def commit(done: Sequence[Message]) -> None:
            committed(done)
            if done and not failed.is_set():
                failed.set()
                raise failure

        half = len(messages) // 2
        walked = running.walk(conn, messages[:half], now, commit) if half else False
        return running.walk(conn, messages[half:], now, commit) or walked

    running.start(breaks_after_a_commit)
    publish(range(60))
    until(lambda: stored() == 60, "all readings")
    assert failed.is_set()
    assert balanced(owner) == (60, 60, 0)


def test_a_message_that_breaks_a_limit_of_the_server_is_not_tried_for_ever(
    running, publish, stored, owner, mosquitto
):
    def fragile(
        conn: Connection, messages: Sequence[Message], now: datetime, committed: Committed
    ) -> bool:
        if any(b"poison" in message.payload for message in messages):
            store.save_status(conn, secrets.token_hex(20_000), online=True, at=now)
        return bool(running.walk(conn, messages, now, committed))

    running.start(fragile)
    mosquitto.publish(TOPIC, b"poison")
    publish(range(20))
    until(lambda: stored() == 20, "everything but the poison")
    assert balanced(owner) == (21, 20, 0)


def test_a_standby_takes_over_when_the_leader_goes(running, publish, stored, owner):
    leader = running.start()
    publish(range(20))
    until(lambda: stored() == 20, "the leader's readings")
    running.start(standby=True)
    leader.set()
    publish(range(20, 40))
    until(lambda: stored() == 40, "the standby's readings")
    assert balanced(owner)[1:] == (40, 0)


def test_two_that_both_want_to_lead_never_store_twice(running, publish, stored, owner):
    running.start()
    for _ in range(2):
        running.start(standby=True)
    publish(range(200))
    until(lambda: stored() == 200, "all readings")
    assert balanced(owner)[1:] == (200, 0)


def test_the_heartbeat_says_that_the_link_is_up_and_the_backlog_done(running, owner):
    running.start()

    def beat() -> Any:
        with owner.cursor() as cursor:
            cursor.execute(
                "select detail->>'connected_since' is not null, "
                "detail->>'caught_up_at' is not null "
                "from heartbeat where process = 'ingest' and at > now() - interval '3 seconds'"
            )
            row = cursor.fetchone()
        owner.rollback()
        return row

    until(lambda: beat() == (True, True), "a heartbeat with both")


def test_screens_are_woken_after_the_commit_and_without_a_payload(
    running, publish, stored, database
):
    """Any role can listen, so nothing is said but that something is new, and that is visible."""
    listening = connect(database, "public_reader", application="listener")
    listening.autocommit = True
    with listening.cursor() as cursor:
        cursor.execute("listen dongtai")
    running.start()
    publish(range(1))

    def woken() -> Any:
        listening.poll()
        return listening.notifies

    (notice, *_) = until(woken, "a notification")
    assert stored() == 1
    assert (notice.channel, notice.payload) == ("dongtai", "")
    listening.close()


def test_confirmations_keep_the_order_of_arrival(database, embedded_broker, context, owner, stored):
    """News is committed before what is late; a broker that insists on the order (MQTT-4.6.0-2), as
    this one does, hangs up on a confirmation out of turn and brings everything again."""
    running = Running(database, embedded_broker, context)
    try:
        running.start()
        sender = paho.Client(CallbackAPIVersion.VERSION2)
        sender.connect(embedded_broker.host, embedded_broker.port)
        sender.loop_start()
        for number in range(300):
            minutes = number if number % 2 else -number  # every other one is late
            at = NOW + timedelta(minutes=minutes)
            sender.publish(TOPIC, json.dumps({"t": at.isoformat(), "v": {"level_m": 1}}), 1)
        until(lambda: stored() == 300, "all readings")
        sender.disconnect()
        sender.loop_stop()
    finally:
        running.stop()
    assert balanced(owner) == (300, 300, 0)
