"""Topic rights and password hashes in the forms that Mosquitto reads."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence

from ingest.line.devices import OWN_ACCOUNT, own_stations
from ingest.route import OBSERVATION_FEEDS, PICTURE_FEEDS
from ingest.settings import IngestSettings
from sensors.settings import Station

# Mosquitto's own count. Each connection costs the broker's only thread so many rounds, thousands of
# devices come back at once after an outage, and a password of 24 random characters is not guessed.
ROUNDS = 101
_SALT_BYTES, _HASH_BYTES, _PASSWORD_BYTES = 12, 64, 18

HEAD = """\
# Who may say and hear what at the broker: `python -m ingest devices acl` writes it.
# A name is an account (deploy/mosquitto-tls.conf). What is not allowed here is refused.

# Dongtai itself hears everything. It speaks only as the gateway for devices without MQTT, as its
# own canary, and to try the line (`python -m ingest broker`).
user {account}
topic read {root}/#
topic readwrite {root}-probe/#
topic write {root}/hj212/#
topic write {root}/sl651/#
topic write {root}/canary/#
# The broker's own figures, such as how many messages it dropped.
topic read $SYS/broker/#
"""
PATTERNS = """
# Every other account is a station: it says what is its own (%u is its name), and hears nothing.
pattern write {root}/obs/%u
pattern write {root}/status/%u
pattern write {root}/img/%u/#
pattern write {root}/hj212/%u/#
pattern write {root}/sl651/%u/#
"""
DEVICES = """
# Every device says what is its stations' own, and hears nothing.
"""


def acl(ingest: IngestSettings, stations: Sequence[Station]) -> str:
    """The ACL file of a site: by pattern where an account is a station, else device by device."""
    head = HEAD.format(account=ingest.broker.user or OWN_ACCOUNT, root=ingest.root)
    head += "".join(f"topic read {text}\n" for _, text in ingest.foreign_filters)
    if not ingest.devices:
        return head + PATTERNS.format(root=ingest.root)
    by_code = {station.code: station for station in stations}
    own = own_stations(ingest.devices, stations)
    parts = [
        "\n".join([f"user {name}", *_lines(ingest.root, name, [by_code[code] for code in codes])])
        for name, codes in sorted((name, sorted(codes)) for name, codes in own.items())
    ]
    return head + DEVICES + "\n\n".join(parts) + "\n"


def accounts(ingest: IngestSettings, stations: Sequence[Station]) -> list[str]:
    """Every account a site's broker needs, the ingest's own first."""
    names = [device.name for device in ingest.devices] or [station.code for station in stations]
    return [ingest.broker.user or OWN_ACCOUNT, *sorted(names)]


def new_password() -> str:
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def hashed(password: str, salt: bytes | None = None) -> str:
    """As mosquitto_passwd writes it: $7$rounds$salt$PBKDF2-HMAC-SHA512."""
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, _HASH_BYTES)
    return f"$7${ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def _lines(root: str, name: str, stations: Iterable[Station]) -> Iterator[str]:
    yield f"topic write {root}/status/{name}"
    frames = set()
    for station in stations:
        if station.kind == "camera":
            yield f"topic write {root}/{PICTURE_FEEDS[0]}/{station.code}/#"
        else:
            yield f"topic write {root}/{OBSERVATION_FEEDS[0]}/{station.code}"
        frames |= {feed for feed in ("hj212", "sl651") if getattr(station, feed)}
    for feed in sorted(frames):
        yield f"topic write {root}/{feed}/{name}/#"
