"""python -m ingest broker: what a client can see of how the broker is set, tried on a topic apart.

Everything happens below <root>-probe, which nobody stores, and in sessions of its own: no reading
is made, no session of the ingest is touched. It takes some seconds.
"""

import argparse
import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import config
from ingest.line.guest import Guest, Unreachable
from ingest.line.security import Finding, findings, granted, is_local
from ingest.settings import BrokerSettings, IngestSettings

log = logging.getLogger(__name__)

# More than the 1,000 + 20 that Mosquitto keeps by its defaults, and drops the rest without a word.
WAITING = 1_100
SESSION_S = 60
UNSEEN = Finding(
    "what it writes to its disk, how soon, and when it drops an unused session, no client can see: "
    "on Mosquitto compare its file with deploy/mosquitto-tls.conf (persistence, "
    "autosave_on_changes, autosave_interval, persistent_client_expiration)",
    "note",
)
_DROPPED = "$SYS/broker/publish/messages/dropped"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m ingest broker", description=__doc__)
    config.add_argument(parser)
    settings = config.load_or_exit(parser.parse_args(words).config).section(IngestSettings)
    grave = False
    for finding in seen(settings, datetime.now(UTC)):
        print(finding, flush=True)
        grave |= finding.grade != "note"
    if not grave:
        print(f"{settings.broker.host}:{settings.broker.port}: nothing wrong to be seen")
    return int(grave)


def seen(settings: IngestSettings, now: datetime) -> Iterator[Finding]:
    """Every finding, as it is found; where the line does not open the rest is not tried."""
    found = findings(settings.broker, now)
    yield from found
    if any(finding.grade == "wrong" for finding in found):
        return
    try:
        yield from _of_broker(settings, WAITING)
    except Unreachable as error:
        yield Finding(str(error))
        return
    yield UNSEEN


def glance(settings: IngestSettings) -> None:
    """At the start of the ingest: what two seconds and one message show, into the log."""
    if settings.broker.protocol != "5":
        return  # killed meanwhile, it would leave a session that no 3.1.1 broker lets expire
    try:
        for finding in _of_broker(settings, 1):
            if finding.grade != "note":
                log.warning("broker: %s", finding.sentence)
    except Unreachable:
        pass  # the sessions of the ingest say so, and keep trying


def _of_broker(settings: IngestSettings, waiting: int) -> Iterator[Finding]:
    """With an id and a topic of this try alone: every process may try at the same time."""
    name = f"{settings.broker.client_id}-probe-{secrets.token_hex(3)}"
    broker = settings.broker.model_copy(update={"client_id": name})
    topic = f"{settings.root}-probe/{name}"
    with _visit(broker, "in", keep_s=SESSION_S) as (guest, welcome):
        if welcome.refused:
            yield Finding(f"it refuses {broker.user or 'who gives no name'}: {welcome.refused}")
            return
        yield from _of_size(welcome.properties, settings.limits.picture_bytes)
        with _visit(broker, "out") as (other, _):
            yield from _of_dropped(other)
        if not guest.connected:
            yield Finding(
                f"it has one session for all that sign in as {broker.user}, and the ingest needs "
                "several (Mosquitto: a listener without use_username_as_clientid)"
            )
            return
        guest.subscribe(topic)
        guest.publish(topic)
        if not guest.hear(1):
            yield Finding(
                f"our account may not write and read {topic}, so the rest was not tried; allow "
                f"`topic readwrite {settings.root}-probe/#`",
                "note",
            )
            return
        guest.acknowledge()
    yield from _of_expiry(broker)
    yield from _of_session(broker, topic, waiting)
    yield from _of_strangers(broker, topic)


def _of_expiry(broker: BrokerSettings) -> Iterator[Finding]:
    """Some brokers say for how long they keep a session; Mosquitto does not."""
    with _visit(broker, "out", keep_s=broker.session_expiry_s) as (_, welcome):
        yield from granted(welcome.properties, broker.session_expiry_s)


def _of_size(properties: Any, picture_bytes: int) -> Iterator[Finding]:
    largest = getattr(properties, "MaximumPacketSize", None)
    if largest is not None and largest < picture_bytes:
        yield Finding(
            f"it takes packets of {largest:,} bytes, and pictures may have "
            f"{picture_bytes:,} (ingest.limits.picture_bytes): a larger one ends "
            "the camera's connection (Mosquitto: max_packet_size)",
            "risk",
        )


def _of_session(broker: BrokerSettings, topic: str, waiting: int) -> Iterator[Finding]:
    """Away, back, and everything that was said meanwhile is still there?"""
    with _visit(broker, "out") as (sender, _):
        confirmed = sender.publish_many(topic, waiting)
    with _visit(broker, "in", keep_s=SESSION_S) as (guest, welcome):
        if not welcome.kept:
            yield Finding("it forgets our session when we leave: an outage of ours loses messages")
        elif not confirmed:
            yield Finding(f"it did not confirm {waiting:,} messages within a minute", "risk")
        else:
            yield from _of_backlog(guest, waiting)
    with _visit(broker, "in"):  # a clean one: nothing stays behind
        pass


def _of_backlog(guest: Guest, waiting: int) -> Iterator[Finding]:
    window = guest.hear(waiting)
    if window == waiting:
        return
    total, acknowledged = window, 0
    while acknowledged < total:
        guest.acknowledge()
        acknowledged, total = total, guest.hear(waiting)
    if total < waiting:
        yield Finding(
            f"of {waiting:,} messages that waited for us it kept {total:,} and dropped the rest "
            "without a word (Mosquitto: max_queued_messages 0)"
        )
    if window < total:
        yield Finding(
            f"it has {window:,} messages under way at most, which caps every batch (Mosquitto: "
            "max_inflight_messages 0)",
            "risk",
        )


def _of_strangers(broker: BrokerSettings, topic: str) -> Iterator[Finding]:
    """What one without name, password and certificate may do. On this machine alone: a note."""
    grade = "note" if is_local(broker.host) and broker.tls is None else "risk"
    nobody = broker.model_copy(
        update={
            "user": None,
            "password_file": None,
            "tls": broker.tls
            and broker.tls.model_copy(update={"certificate_file": None, "key_file": None}),
        }
    )
    try:
        with _visit(nobody, "stranger") as (stranger, welcome), _visit(broker, "in") as (us, _):
            if welcome.refused:
                return
            stranger.subscribe(topic)
            us.subscribe(topic)
            stranger.publish(topic, b"stranger")
            us.publish(topic, b"us")
            says = any(message.payload == b"stranger" for message in _heard(us, 2))
            hears = any(message.payload == b"us" for message in _heard(stranger, 2))
    except Unreachable:
        return  # not even a line: as it should be
    may = [word for word, allowed in (("publish", says), ("read", hears)) if allowed]
    yield Finding(
        f"who gives no name gets in, and may {' and '.join(may) or 'neither publish nor read'} "
        "(Mosquitto: allow_anonymous false, acl_file)",
        grade if may else "note",  # type: ignore[arg-type]  # a literal, which mypy takes for text
    )


def _of_dropped(guest: Guest) -> Iterator[Finding]:
    """Mosquitto counts what it dropped since its start, but does not tell the sender."""
    guest.subscribe(_DROPPED)
    guest.hear(1)
    count = guest.heard[0].payload if guest.heard else b"0"
    if count.isdigit() and int(count):
        yield Finding(
            f"it has dropped {int(count):,} messages since its start, for whomever they were "
            f"({_DROPPED}; Mosquitto: max_queued_messages 0)",
            "risk",
        )


def _heard(guest: Guest, count: int) -> list[Any]:
    guest.hear(count)
    return guest.heard


@contextmanager
def _visit(broker: BrokerSettings, name: str, *, keep_s: int = 0) -> Iterator[tuple[Guest, Any]]:
    guest = Guest(broker, f"{broker.client_id}-{name}", keep_s=keep_s)
    try:
        yield guest, guest.come()
    finally:
        guest.leave()
