"""A leader that hangs (stopped, not dead) loses the lead within ten seconds, and what it held."""

import signal
import threading
import time

import pytest

from database import lead
from database.pool import connect
from tests.ingest.running import RunningIngest, observation
from tests.servers.waiting import until


@pytest.fixture
def leader(database, mosquitto, process, tmp_path):
    ingest = RunningIngest(tmp_path, database, mosquitto, process)
    yield ingest
    ingest.program.signal(signal.SIGCONT)
    ingest.close()


def publish(mosquitto, tmp_path, numbers):
    lines = tmp_path / f"lines-{numbers.start}"
    lines.write_bytes(b"".join(observation(n, 1.7e12 + n * 1000) + b"\n" for n in numbers))
    assert mosquitto.publish_lines("dongtai/v1/obs/R-01", lines).wait(60) == 0


def test_a_standby_takes_over_from_a_leader_that_hangs(leader, mosquitto, process, tmp_path):
    publish(mosquitto, tmp_path, range(100))
    leader.until_stored(100)
    standby = process("ingest", "--config", str(tmp_path / "config.yaml"))
    standby.wait_for("ingest: another one leads, standing by")
    leader.program.signal(signal.SIGSTOP)
    stopped = time.monotonic()
    publish(mosquitto, tmp_path, range(100, 200))
    standby.wait_for("ingest: leading")
    assert time.monotonic() - stopped < 10
    leader.until_stored(200)
    leader.program.signal(signal.SIGCONT)
    until(
        lambda: leader.alive() and "standing by" in leader.program.said,
        "the old leader to find that another leads",
    )
    publish(mosquitto, tmp_path, range(200, 300))
    leader.until_stored(300)
    (row,) = leader.ask("select count(*), count(distinct observed_at) from reading")
    assert row == (300, 300)
    ledger = leader.ledger("obs")
    assert ledger["stored"] == 300
    assert ledger["received"] == sum(n for name, n in ledger.items() if name != "received")


def test_a_leader_whose_database_works_long_is_left_alone(database, owner):
    """Its connection is busy, not idle: however long a statement takes, nobody ends it."""
    busy = connect(database, "ingest", application="busy")
    assert lead.take(busy, 1, "somebody")

    def work() -> None:
        with busy.cursor() as cursor:
            cursor.execute("select pg_sleep(3)")
        busy.commit()

    thread = threading.Thread(target=work)
    thread.start()
    other = connect(database, "ingest", application="other")

    def active():
        with owner.cursor() as cursor:
            cursor.execute(
                "select from pg_stat_activity where application_name = 'dongtai busy'"
                " and state = 'active' and state_change < clock_timestamp() - interval '1 second'"
            )
            found = cursor.rowcount == 1
        owner.rollback()
        return found

    until(active, "the statement to be running for a second")
    assert not lead.free(other, 1, "somebody", hung_s=0.5)
    thread.join(20)
    assert lead.free(other, 1, "nobody", hung_s=0) is False
    until(lambda: lead.free(other, 1, "somebody", hung_s=0.5), "the idle one to be ended")
    until(lambda: lead.take(other, 1, "somebody"), "its lock to be let go")
    other.close()
    busy.close()
