"""The one `alerts` process that leads: ticks, routes, keeps the senders going; others stand by."""

import logging
import select
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2

from alerts import aside, unjudged
from alerts.aside import Aside
from alerts.clock import Pace, tick_once, withdraw_uncovered
from alerts.judging import Judge
from alerts.life.upkeep import keep
from alerts.outbox import prune, route, waiting
from alerts.sending import selfcheck
from alerts.sending.escalation import escalate
from alerts.sending.senders import Senders
from alerts.sending.trials import DeadMan, make_tests
from alerts.settings import AlertsSettings
from alerts.state import Transition
from database import lead, query
from database.heartbeat import beat, listen, wake
from database.pool import Connection
from gis.settings import GisSettings

log = logging.getLogger("alerts")

_PRUNE_S, _PRUNE_BATCH = 3600.0, 500  # small, so that no alert waits for it
_END_S = 5.0
_RELOAD_S = 10.0  # rules, stations and limits in the database may have changed


class Leader:
    """Leads or stands by until told to stop. The lead hangs on the database connection: who loses

    the connection stops sending and competes again.
    """

    def __init__(
        self,
        settings: AlertsSettings,
        gis: GisSettings,
        folder: Path,
        connect: Callable[[], Connection],
        stop: threading.Event,
    ) -> None:
        self._settings, self._connect, self._stop = settings, connect, stop
        self._gis, self._folder = gis, folder
        self._up_since = datetime.now(UTC)

    def run(self) -> None:
        while not self._stop.is_set():
            conn = None
            try:
                conn = self._connect()
                if self._leads(conn):
                    self._lead(conn)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                log.warning("database: %s", str(error).strip())
                self._stop.wait(1)
            finally:
                if conn is not None:
                    conn.close()

    def _leads(self, conn: Connection) -> bool:
        said = False
        while not self._stop.is_set():
            if lead.take(conn, lead.Lock.ALERTS, "alerts"):
                return True
            if not said:
                log.info("another one leads, standing by")
                said = True
            self._stop.wait(1)
            hung_s = max(lead.HUNG_S, 3 * self._settings.clock.tick_s)
            if lead.free(conn, lead.Lock.ALERTS, "alerts", hung_s):
                log.warning("the leader hangs; its connection was ended")
        return False

    def _lead(self, conn: Connection) -> None:
        log.info("leading")
        done = threading.Event()
        settings = self._settings
        senders = Senders(settings, self._folder, self._connect, done)
        dead_man = DeadMan(settings.dead_man, self._folder, self._connect, done)
        tick_s, keep_days = settings.clock.tick_s, settings.keep_footprints_days
        footprints = aside.footprints(
            self._gis, self._folder, keep_days, tick_s, self._connect, done
        )
        beside: list[Senders | DeadMan | Aside] = [
            *(senders, dead_man, footprints),
            aside.sealing(tick_s, self._connect, done),
            aside.evidence(self._connect, done),
        ]
        for each in beside:
            each.start()
        try:
            self._work(conn, senders, footprints, dead_man)
        finally:
            done.set()
            for each in beside:
                each.wake()
            end = time.monotonic() + _END_S  # of all: who hangs must not keep us from leading again
            for each in beside:
                each.join(timeout=max(0.0, end - time.monotonic()))

    def _work(
        self, conn: Connection, senders: Senders, footprints: Aside, dead_man: DeadMan
    ) -> None:
        listen(conn)
        conn.commit()
        clock = self._settings.clock
        pace = Pace(
            timedelta(seconds=clock.heartbeat_s),
            query.now(conn),
            timedelta(seconds=clock.canary_s),
        )
        conn.commit()
        judge, loaded, ticked, pruned = None, 0.0, 0.0, None
        while not self._stop.is_set():
            if judge is None or time.monotonic() - loaded >= _RELOAD_S:
                senders.refresh(conn)
                conn.commit()
                judge, loaded = judge.newest(conn) if judge else Judge.load(conn), time.monotonic()
                _commit(conn, withdraw_uncovered(conn, judge))
            tick = time.monotonic() - ticked >= clock.tick_s
            if tick:
                ticked = time.monotonic()
                _commit(conn, tick_once(conn, judge, pace))
                self._keep(conn)
                _commit(conn, selfcheck.check(conn, self._settings))
                _commit(conn, unjudged.check(conn, judge.unreadable))
                dead_man.wake()
                beat(conn, "alerts", self._up_since, waiting(conn))
                conn.commit()
            if pruned is None or time.monotonic() - pruned >= _PRUNE_S:
                gone = prune(conn, self._settings.keep_messages_days, _PRUNE_BATCH)
                pruned = None if gone == _PRUNE_BATCH else time.monotonic()
                conn.commit()
            footprints.wake()
            self._route(conn, senders, escalating=tick)
            _refuse_dead(senders)
            _wait(conn, max(0.0, ticked + clock.tick_s - time.monotonic()))

    def _keep(self, conn: Connection) -> None:
        if keep(conn, self._settings.life, self._settings.inhibitions):
            wake(conn)
        conn.commit()

    def _route(self, conn: Connection, senders: Senders, *, escalating: bool) -> None:
        settings = self._settings
        made = route(
            conn,
            settings.receivers,
            routes=settings.routes,
            fallback=settings.fallback,
            inhibitions=settings.inhibitions,
        )
        if escalating:  # by the clock: not at each notice of a flood
            made += escalate(conn, settings.escalations, settings.receivers, settings.fallback)
        made += make_tests(conn, settings.receivers, settings.test_every_s)
        conn.commit()
        if made:
            senders.refresh(conn)
            conn.commit()
            senders.wake()


def _commit(conn: Connection, transitions: list[Transition]) -> None:
    """Commit, and wake the readers with it."""
    if transitions:
        wake(conn)
    conn.commit()


def _refuse_dead(senders: Senders) -> None:
    """A sender that a defect of ours ended would keep its messages for ever, and nobody would know:
    the process ends with it, and its supervisor starts both anew."""
    if dead := senders.dead():
        raise RuntimeError(f"{', '.join(dead)} died; see the error above")


def _wait(conn: Connection, seconds: float) -> None:
    """Until somebody commits something visible, or the time is over."""
    if not conn.notifies:  # some may have come with the answer to a query
        select.select([conn], [], [], seconds)
        conn.poll()
    conn.notifies.clear()
