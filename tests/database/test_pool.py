"""Connections and their pool: nothing half-done stays, a dead one is replaced."""

import socket
import threading

import psycopg2
import pytest

from database.pool import Pool, connect, wait_for_start
from database.settings import DatabaseSettings
from tests.servers.waiting import until

ADD = "insert into department values (%s, '甲', 'A')"


@pytest.fixture
def pool(database):
    small = DatabaseSettings(dsn=database.dsn, pool_size=2)
    pool = Pool(small, "ingest", application="test")
    yield pool
    pool.close()


def departments(pool: Pool) -> int:
    with pool.transaction() as conn, conn.cursor() as cursor:
        cursor.execute("select count(*) from department")
        return int(cursor.fetchone()[0])


def end_all_but(owner) -> None:
    """What a restart of the server does to our connections."""
    with owner.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where pid <> pg_backend_pid() and datname = current_database()"
        )
    owner.commit()


def test_a_session_speaks_utc_and_has_its_role(pool):
    with pool.transaction() as conn, conn.cursor() as cursor:
        cursor.execute("select current_user, current_setting('timezone'), current_schema()")
        assert cursor.fetchone() == ("ingest", "UTC", "dongtai")


def test_an_error_rolls_back_and_the_connection_serves_on(pool):
    with pytest.raises(ZeroDivisionError), pool.transaction() as conn:
        conn.cursor().execute(ADD, ("water",))
        _ = 1 / 0
    assert departments(pool) == 0
    with pool.transaction() as conn:
        conn.cursor().execute(ADD, ("water",))
    assert departments(pool) == 1


def test_an_idle_connection_that_died_is_replaced_unseen(pool, owner):
    assert departments(pool) == 0
    end_all_but(owner)
    assert departments(pool) == 0


def test_a_connection_that_dies_in_use_raises_its_own_error_once(pool, owner):
    with pytest.raises(psycopg2.OperationalError, match="terminat"), pool.transaction() as conn:
        conn.cursor().execute(ADD, ("water",))
        end_all_but(owner)
        conn.cursor().execute("select 1")
    assert departments(pool) == 0


def test_a_third_taker_waits_for_a_place(pool):
    third = threading.Thread(target=departments, args=(pool,))
    with pool.transaction(), pool.transaction():
        third.start()
        third.join(0.2)
        assert third.is_alive()
    third.join(5)
    assert not third.is_alive()


def test_a_closed_pool_leaves_no_connection_behind(database, owner):
    pool = Pool(database, "staff", application="leaving")
    with pool.transaction():
        pool.close()

    def gone() -> bool:
        with owner.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_stat_activity where application_name = 'dongtai leaving'"
            )
            count = cursor.fetchone()[0]
        owner.rollback()
        return bool(count == 0)

    until(gone, "the connection to be closed")


def test_a_question_of_a_screen_cannot_hold_its_place_for_ever(database):
    for role, seconds in (("public_reader", "5s"), ("staff", "30s"), ("ingest", "0")):
        conn = connect(database, role, application="test")
        with conn.cursor() as cursor:
            cursor.execute("show statement_timeout")
            assert cursor.fetchone() == (seconds,)
        conn.close()


def test_who_signed_in_as_a_role_cannot_leave_it(database):
    """The public service signs in as public_reader: RESET ROLE leads nowhere."""
    settings = DatabaseSettings(dsn=database.dsn, login_as_role=True)
    conn = connect(settings, "public_reader", application="test")
    with conn.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute("select session_user, current_user, current_schema()")
        assert cursor.fetchone() == ("public_reader", "public_reader", "city")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("set role staff")
    conn.close()


class Starting(threading.Thread):
    """Stands for a server that is not ready: says so to the first two, then that it lacks a user.

    A real one is in this state for milliseconds only.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.asked = self._socket.getsockname()[1], 0

    def run(self) -> None:
        while self.asked < 3:
            line, _ = self._socket.accept()
            with line:
                line.recv(1000)
                line.sendall(b"N")  # no TLS
                line.recv(1000)
                self.asked += 1
                code, text = (b"57P03", b"the database system is starting up")
                if self.asked == 3:
                    code, text = b"28000", b"role does not exist"
                said = b"SFATAL\0VFATAL\0C" + code + b"\0M" + text + b"\0\0"
                line.sendall(b"E" + (len(said) + 4).to_bytes(4, "big") + said)
        self._socket.close()


def test_a_server_that_is_starting_is_waited_for_and_nothing_else():
    server = Starting()
    server.start()
    dsn = f"postgresql://postgres@127.0.0.1:{server.port}/x?gssencmode=disable&sslmode=prefer"
    wait_for_start(DatabaseSettings(dsn=dsn), most_s=20)
    assert server.asked == 3
