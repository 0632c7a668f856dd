"""The line to the broker: TLS, name and password, and what is wrong with them before it opens."""

import ipaddress
import logging
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import paho.mqtt.client as paho

from ingest.line.certificate import NoCertificate, validities
from ingest.settings import BrokerSettings, TlsSettings

log = logging.getLogger(__name__)

PASSWORD = "DONGTAI_MQTT_PASSWORD"  # noqa: S105 - the variable's name, not a password
SOON = timedelta(days=30)


# wrong: it cannot work so, or loses. risk: it works, but may lose or betray what it carries.
Grade = Literal["wrong", "risk", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about the line, and how grave it is."""

    sentence: str
    grade: Grade = "wrong"

    def __str__(self) -> str:
        return f"{self.grade}: {self.sentence}"


def secure(client: paho.Client, broker: BrokerSettings) -> None:
    """Give a client the name, password and TLS of the settings. Their files are read anew before
    each connection: a renewed password or certificate needs no restart. Raises OSError."""
    if broker.user:
        client.username_pw_set(broker.user, password(broker))
    context = tls_context(broker.tls) if broker.tls else None
    if context:
        client.tls_set_context(context)
    earlier = client.on_pre_connect

    def renewed(*given: Any) -> None:
        _read_again(client, broker, context)
        if earlier is not None:
            earlier(*given)

    client.on_pre_connect = renewed


def password(broker: BrokerSettings) -> str | None:
    """From the environment, else from its file. Raises OSError where that cannot be read."""
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    return Path(broker.password_file).read_text("utf-8").strip() if broker.password_file else None


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, the broker's certificate and host name checked. Raises OSError (SSLError
    is one)."""
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, tls)
    return context


def is_local(host: str) -> bool:
    """Whether what is said to this host never leaves the machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost") or host.startswith("/")


def findings(broker: BrokerSettings, now: datetime) -> list[Finding]:
    """What files and settings show before a socket opens."""
    return [*_of_password(broker), *_of_tls(broker, now)]


def granted(properties: object, session_expiry_s: int) -> Iterator[Finding]:
    """What an MQTT 5 broker says of itself when it lets us in."""
    kept = getattr(properties, "SessionExpiryInterval", session_expiry_s)
    if kept < session_expiry_s:
        yield Finding(
            f"it keeps a session for {kept:,} s only, we asked for {session_expiry_s:,}: a longer "
            "outage of ours loses messages (Mosquitto: persistent_client_expiration)",
            "risk",
        )
    if getattr(properties, "MaximumQoS", 1) < 1:
        yield Finding("it does QoS 0 only: nothing is kept for us while we are away", "risk")


def _of_password(broker: BrokerSettings) -> Iterator[Finding]:
    if not broker.user:
        return
    try:
        found = password(broker)
    except (OSError, UnicodeDecodeError) as error:
        yield Finding(f"ingest.broker.password_file cannot be read: {error}")
        return
    certified = broker.tls is not None and broker.tls.certificate_file
    if not found and not certified:
        yield Finding(
            f"ingest.broker.user = {broker.user!r} has no password: write it into a file named by "
            f"password_file, or set {PASSWORD}"
        )
    if PASSWORD not in os.environ and broker.password_file:
        yield from _of_readers(broker.password_file, "ingest.broker.password_file")


def _of_tls(broker: BrokerSettings, now: datetime) -> Iterator[Finding]:
    tls = broker.tls
    if tls is None:
        if not is_local(broker.host):
            yield Finding(
                f"the line to {broker.host} is plain: who sees it reads the password and may "
                "change readings; set ingest.broker.tls",
                "risk",
            )
        return
    found = [
        *_of_certificate(tls.ca_file, "ca_file", now),
        *_of_certificate(tls.certificate_file, "certificate_file", now),
    ]
    if tls.key_file:
        found += _of_readers(tls.key_file, "ingest.broker.tls.key_file")
    yield from found
    if not any(finding.grade == "wrong" for finding in found):
        yield from _of_key(tls)


def _of_certificate(path: str | None, key: str, now: datetime) -> Iterator[Finding]:
    """Whether its certificates are in force; of several the one that ends first decides."""
    if path is None:
        return
    where = f"ingest.broker.tls.{key} = {path!r}"
    try:
        found = validities(Path(path).read_text("ascii", "replace"))
    except OSError as error:
        yield Finding(f"{where} cannot be read: {error.strerror}")
        return
    except NoCertificate as error:
        yield Finding(f"{where}: {error}")
        return
    ends, begins = min(one.ends for one in found), max(one.begins for one in found)
    if ends <= now:
        yield Finding(f"{where} expired on {ends:%Y-%m-%d %H:%M} UTC: renew it")
    elif ends - now < SOON:
        days = (ends - now).days
        yield Finding(f"{where} expires in {days} days, on {ends:%Y-%m-%d}: renew it", "risk")
    if begins > now:
        yield Finding(
            f"{where} is valid from {begins:%Y-%m-%d %H:%M} UTC only: is our clock right?"
        )


def _of_key(tls: TlsSettings) -> Iterator[Finding]:
    try:
        tls_context(tls)
    except OSError as error:
        shown = error.strerror or error
        yield Finding(
            f"ingest.broker.tls.key_file = {tls.key_file!r} cannot be used with the certificate: "
            f"{shown}; expected its own key, in PEM form and without a passphrase"
        )


def _of_readers(path: str, key: str) -> Iterator[Finding]:
    """A secret that everybody on the machine may read is none."""
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        yield Finding(f"{key} = {path!r} cannot be read: {error.strerror}")
        return
    if mode & 0o007:
        yield Finding(f"{key} = {path!r} can be read by everybody here: chmod o= it", "risk")


def _load(context: ssl.SSLContext, tls: TlsSettings) -> None:
    if tls.certificate_file:
        # An encrypted key would ask on the terminal; an empty passphrase makes it a mistake.
        context.load_cert_chain(tls.certificate_file, tls.key_file, password="")


def _read_again(
    client: paho.Client, broker: BrokerSettings, context: ssl.SSLContext | None
) -> None:
    """The files as they are now; half a renewal leaves the old ones in use until the next time."""
    try:
        if broker.user:
            client.username_pw_set(broker.user, password(broker))
        if context and broker.tls:
            if broker.tls.ca_file:
                context.load_verify_locations(broker.tls.ca_file)
            _load(context, broker.tls)
    except (OSError, UnicodeDecodeError) as error:
        log.warning("password and certificates not read anew, the old ones stay: %s", error)
