"""All the senders: one for each receiver of the file, and one for each way to a person while it has
messages. Messages for receivers that are gone go to the fallback."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from alerts.receiver_settings import ReceiverSettings
from alerts.receivers import SEND, FarEnd
from alerts.sender import Sender
from alerts.sending.by_apprise import UnknownService, service
from alerts.sending.directory import Contact, contacts
from alerts.sending.queue import fall_back
from alerts.sending.secrets import NoAddress, address
from alerts.settings import AlertsSettings
from database import query
from database.pool import Connection

log = logging.getLogger("alerts")

_WAITING = """
select distinct receiver from message where delivered_at is null and given_up_at is null
"""
# What a sender still has in its hands is left to it: a far end that hangs must not hold us up.
_GONE = """
update message
   set given_up_at = clock_timestamp(), error = 'there is no such receiver any more'
 where id in (select id from message
               where receiver = %(receiver)s and delivered_at is null and given_up_at is null
                 for update skip locked)
returning id, way <> 'test' and fell_back_at is null
"""


class BadReceivers(Exception):
    """Receivers that nothing could be sent to: all of them, with what would be right."""


def far_ends(settings: AlertsSettings, folder: Path, environ: Mapping[str, str]) -> list[FarEnd]:
    """The receivers of the file with their addresses. folder: that of config.yaml.

    Raises BadReceivers.
    """
    ends, troubles = [], []
    for receiver in settings.receivers:
        try:
            url = address(receiver, folder, environ)
            if receiver.type == "apprise":
                service(url or "")
            ends.append(replace(FarEnd.of(receiver, url), fallback=fallback_of(receiver, settings)))
        except (NoAddress, UnknownService) as error:
            troubles.append(f"alerts.receivers {receiver.name}: {error}")
    if settings.dead_man:
        try:
            address(settings.dead_man, folder, environ)
        except NoAddress as error:
            troubles.append(f"alerts.dead_man: {error}")
    if troubles:
        raise BadReceivers("\n".join(troubles))
    return ends


def fallback_of(receiver: ReceiverSettings, settings: AlertsSettings) -> tuple[str, ...]:
    """Who is told in its place: its own, else those of all, else every other receiver."""
    names = receiver.fallback or settings.fallback or tuple(r.name for r in settings.receivers)
    return tuple(name for name in names if name != receiver.name)


def personal_end(contact: Contact, settings: AlertsSettings) -> FarEnd:
    """The far end of a way to a person."""
    receiver = ReceiverSettings(
        name=contact.label,
        type="apprise",
        url_env="KEPT_IN_THE_DATABASE",
        min_grade=contact.min_grade,
        language=contact.language,
        max_length=contact.max_length,
    )
    fallback = settings.fallback or tuple(one.name for one in settings.receivers)
    return FarEnd(receiver, contact.url, fallback, contact.receiver, own=False)


class Senders:
    """Started together, ended together; `refresh` follows what the database says of people."""

    def __init__(
        self,
        settings: AlertsSettings,
        folder: Path,
        connect: Callable[[], Connection],
        stop: threading.Event,
    ) -> None:
        self._settings, self._connect, self._stop = settings, connect, stop
        self._own = {
            end.name: self._sender(end)
            for end in far_ends(settings, folder, os.environ)
            if end.settings.type in SEND
        }
        self._people: dict[str, Sender] = {}

    def start(self) -> None:
        for sender in self._own.values():
            sender.start()

    def wake(self) -> None:
        for sender in self._all():
            sender.wake()

    def join(self, timeout: float) -> None:
        """Wait so long for all of them together."""
        end = time.monotonic() + timeout
        for sender in self._all():
            sender.join(max(0.0, end - time.monotonic()))

    def dead(self) -> list[str]:
        """Those that a defect of ours ended."""
        return [s.name for s in self._all() if not s.is_alive() and not s.finished]

    def refresh(self, conn: Connection) -> None:
        """Senders for the people who have messages; what is for nobody any more is given up, and
        told to the fallback. The caller commits."""
        waiting = {row[0] for row in query.rows(conn, _WAITING)}
        ways = {one.receiver: personal_end(one, self._settings) for one in contacts(conn)}
        for name, sender in list(self._people.items()):
            if sender.finished:
                del self._people[name]
            elif ways.get(name) != sender.end:
                sender.end_it()
        for name in sorted(waiting & ways.keys() - self._people.keys()):
            self._people[name] = self._sender(ways[name])
            self._people[name].start()
        known = {one.name for one in self._settings.receivers} | ways.keys()
        for name in sorted(waiting - known):
            self._give_up(conn, name)

    def _give_up(self, conn: Connection, name: str) -> None:
        rows = query.rows(conn, _GONE, receiver=name)
        if not rows:
            return
        if late := [number for number, open_ in rows if open_]:
            names = self._settings.fallback or [one.name for one in self._settings.receivers]
            fall_back(conn, late, names)
        log.warning("%s messages for %s, which is gone, go to the fallback", len(rows), name)

    def _sender(self, end: FarEnd) -> Sender:
        return Sender(end, self._settings.clock, self._connect, self._stop)

    def _all(self) -> Sequence[Sender]:
        return [*self._own.values(), *self._people.values()]
