"""Test messages that run the whole way, and the signal of life to a service outside."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from alerts.receiver_settings import DeadManSettings, ReceiverSettings
from alerts.sending.deadline import Deadline
from alerts.sending.secrets import address, masked, without_secrets
from database.pool import Connection

log = logging.getLogger("alerts")

DEAD_MAN = "dead-man"  # its name among the receivers' states
_ALIVE_S = 30.0  # the leader's word counts so long
_AGAIN_S = 15.0  # after a failure: a ping that was lost once is not yet an alert

# One that still waits is enough: a receiver that is away gets no heap of them.
_MAKE = """
with due as (
    insert into receiver_state as r (receiver, tested_at)
    select name, clock_timestamp() from unnest(%(names)s::text[]) n (name)
    on conflict (receiver) do update set tested_at = clock_timestamp()
     where (r.tested_at is null
            or r.tested_at <= clock_timestamp() - make_interval(secs => %(every_s)s))
       and not exists (select from message m where m.receiver = r.receiver and m.way = 'test'
                          and m.delivered_at is null and m.given_up_at is null)
    returning receiver)
insert into message (receiver, way) select receiver, 'test' from due
"""
_SAID = """
insert into receiver_state as r (receiver, delivered_at, failed_at, failing_since, error)
values (%(name)s, case when %(error)s::text is null then clock_timestamp() end,
        case when %(error)s::text is not null then clock_timestamp() end,
        case when %(error)s::text is not null then clock_timestamp() end, %(error)s)
on conflict (receiver) do update
   set delivered_at = coalesce(excluded.delivered_at, r.delivered_at),
       failed_at = coalesce(excluded.failed_at, r.failed_at),
       error = coalesce(excluded.error, r.error),
       failing_since = case when %(error)s::text is null then null
                            else coalesce(r.failing_since, clock_timestamp()) end
"""


def make_tests(conn: Connection, receivers: Sequence[ReceiverSettings], every_s: float) -> int:
    """A test message to each receiver that is due for one; returns how many. Never commits."""
    names = [receiver.name for receiver in receivers if receiver.test]
    if not names:
        return 0
    with conn.cursor() as cursor:
        cursor.execute(_MAKE, {"names": names, "every_s": every_s})
        return cursor.rowcount


class DeadMan:
    """Asks a URL each `every_s` as long as the leader says that it lives: then and only then the
    service outside is kept from raising its alarm. Does nothing without settings."""

    def __init__(
        self,
        settings: DeadManSettings | None,
        folder: Path,
        connect: Callable[[], Connection],
        stop: threading.Event,
    ) -> None:
        self._settings, self._connect, self._stop = settings, connect, stop
        self._url = address(settings, folder, os.environ) if settings else None
        self._alive_at = 0.0
        self._thread = threading.Thread(target=self._run, name="dead man", daemon=True)

    def start(self) -> None:
        if self._settings:
            self._thread.start()

    def wake(self) -> None:
        """The leader lives."""
        self._alive_at = time.monotonic()

    def join(self, timeout: float) -> None:
        if self._settings:
            self._thread.join(timeout)

    def _run(self) -> None:
        settings = self._settings
        assert settings is not None, "not started without"  # noqa: S101 - for the type checker
        while not self._stop.is_set():
            if time.monotonic() - self._alive_at < _ALIVE_S:
                error = signal(self._url or "", settings.timeout_s)
                self._note(error)
                self._stop.wait(min(settings.every_s, _AGAIN_S) if error else settings.every_s)
            else:
                self._stop.wait(0.2)

    def _note(self, error: str | None) -> None:
        """What came of it; a database that is away is the leader's to complain of."""
        if error:
            log.warning("the signal of life: %s", error)
        try:
            conn = self._connect()
            try:
                said(conn, error)
                conn.commit()
            finally:
                conn.close()
        except Exception:
            # The signal itself is what counts; without its note it must go on, and the log says so.
            log.exception("the signal of life could not be noted")


def signal(url: str, timeout_s: float) -> str | None:
    """Give it; returns what went wrong, if anything."""
    end = Deadline(3 * timeout_s)
    try:
        with (
            end,
            httpx.Client(timeout=timeout_s, trust_env=False) as client,
            client.stream("GET", url, extensions=end.extensions) as answer,
        ):
            pass  # only its head is waited for
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{masked(url)}: {without_secrets(str(error), url) or type(error).__name__}"
    if not answer.is_success:
        phrase = without_secrets(answer.reason_phrase[:200], url)
        return f"{masked(url)} answered {answer.status_code} {phrase}"
    return None


def said(conn: Connection, error: str | None) -> None:
    """Write down what came of a signal of life. Never commits."""
    parameters: dict[str, Any] = {"name": DEAD_MAN, "error": error}
    with conn.cursor() as cursor:
        cursor.execute(_SAID, parameters)
