"""python -m demo: the whole house on embedded servers, with recorded data replaying.

STAFF_PORT, PUBLIC_PORT, MQTT_PORT and DATA_DIR choose where, BROKER=mosquitto a broker with TLS and
accounts (docs/line.md); Ctrl-C stops everything.
"""

import argparse
import fcntl
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import psycopg2

import config
from database.migrate import UnfitDatabase, migrate
from database.pool import connect
from database.settings import DatabaseSettings
from demo import effective, people, ports, provenance
from demo.line import Lacking, Line
from demo.postgres import dsn_file
from demo.settings import DemoSettings
from demo.supervise import NotReady, Spec, Supervisor
from ingest.settings import IngestSettings
from sensors.settings import SensorsSettings

# The ingest's two sessions at the broker, by the names under which they report themselves.
SESSIONS = ("ingest", "ingest-pictures")
IS_EMPTY = "select not exists (select from dongtai.reading)"
LISTENING = """
select count(*)::int from dongtai.heartbeat
 where up_since >= %s and process = any(%s) and detail ->> 'connected_since' is not null"""


class Refused(Exception):
    """The demo cannot start; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """Where this run lives."""

    data: Path
    source: Path
    staff: int
    public: int
    mqtt: int
    secure: bool = False

    @property
    def ports(self) -> dict[str, int]:
        found = {"STAFF_PORT": self.staff, "PUBLIC_PORT": self.public, "MQTT_PORT": self.mqtt}
        if self.line:
            found |= {f"MQTT_PORT + {n}": port for n, port in enumerate(self.line.ports) if n}
        return found

    @property
    def line(self) -> Line | None:
        """The machine's own Mosquitto, where it is asked for."""
        return Line(self.data / "line", self.mqtt) if self.secure else None

    @property
    def config(self) -> Path:
        return self.data / "config.yaml"

    @property
    def passwords(self) -> Path:
        return self.data / "passwords.txt"

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    config.add_argument(parser)
    begun = time.monotonic()
    try:
        place = _place(os.environ, parser.parse_args().config)
        settings = config.load_or_exit(place.source)
        ports.check(place.ports)
        with ExitStack() as stack:
            stack.enter_context(_only_one(place.data))
            supervisor = Supervisor(place.data / "log", os.environ)
            stack.callback(_shut_down, supervisor)
            supervisor.listen(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            found = _start(supervisor, place, settings)
            if found and not supervisor.stopping:
                print(_ready_block(place, found, time.monotonic() - begun), flush=True)
            supervisor.watch()
    except (Refused, ports.PortTaken, Lacking, NotReady, UnfitDatabase) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    return 0


def _start(supervisor: Supervisor, place: Place, settings: config.Config) -> dict[str, str]:
    """Everything in order. Returns the passwords; stops early when asked to stop."""
    dsn_file(place.postgres).unlink(missing_ok=True)
    supervisor.start(_postgres(place))
    if supervisor.stopping:
        return {}
    dsn = dsn_file(place.postgres).read_text()
    supervisor.set_env("DONGTAI_DSN", dsn)
    found = _prepare(dsn, place)
    backlog_h = settings.section(DemoSettings).history_h if _is_empty(dsn) else 0.0
    for together in _processes(place, dsn, backlog_h):
        if not supervisor.stopping:
            supervisor.start(*together)
    return found


def _processes(place: Place, dsn: str, backlog_h: float) -> list[list[Spec]]:
    """What runs above the database: each line starts when the one before is ready, and all
    stop in reverse. The devices wait until the ingest listens: nothing may be lost on the way."""
    with_config = ["--config", str(place.config)]
    backlog = ["--backlog-h", f"{backlog_h:g}"]
    return [
        [_broker(place)],
        [
            Spec("ingest", _python("ingest", *with_config), _ingest_listens(dsn)),
            Spec("alerts", _python("alerts", *with_config)),
            Spec("staff", _python("dashboard", *with_config), _answers(place.staff)),
            Spec("public", _python("dashboard.public", *with_config), _answers(place.public)),
        ],
        [Spec("devices", _python("demo.devices", *with_config, *backlog, *_accounts(place)))],
    ]


def _broker(place: Place) -> Spec:
    embedded = _python("demo.broker", "--port", str(place.mqtt))
    return Spec("broker", place.line.command if place.line else embedded, _port(place.mqtt))


def _accounts(place: Place) -> list[str]:
    if place.line is None:
        return []
    return ["--port", str(place.mqtt), "--passwords", str(place.line.passwords)]


def _postgres(place: Place) -> Spec:
    # SIGTERM even when we are killed: it must stop its server.
    return Spec(
        "postgres",
        _python("demo.postgres", str(place.postgres)),
        ready=dsn_file(place.postgres).exists,
        stop_s=20,
        orphan=signal.SIGTERM,
    )


def _prepare(dsn: str, place: Place) -> dict[str, str]:
    """Migrations, the effective configuration, the users, where the data come from."""
    owner = DatabaseSettings(dsn=dsn)
    with closing(connect(owner, None, application="demo")) as conn:
        migrate(conn)
        found = people.ensure(conn, place.passwords)
        conn.commit()
    changes = effective.overrides(dsn, place.mqtt, place.staff, place.public)
    if place.line:
        source = config.load_or_exit(place.source)
        stations = source.section(SensorsSettings).stations
        place.line.prepare(source.section(IngestSettings), stations)
        changes = effective.merged(changes, place.line.overrides(stations))
    effective.write(place.source, place.config, changes)
    rows = provenance.as_dicts(config.load_or_exit(place.config))
    (place.data / "provenance.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    return found


def _is_empty(dsn: str) -> bool:
    """Whether nothing was ever measured here: then the loggers deliver their backlog."""
    with closing(psycopg2.connect(dsn)) as conn, conn.cursor() as cursor:
        cursor.execute(IS_EMPTY)
        return cursor.fetchone() == (True,)


def _place(env: Mapping[str, str], source: Path) -> Place:
    return Place(
        data=Path(env.get("DATA_DIR", "data")).resolve(),
        source=source.resolve(),
        staff=_port_number(env, "STAFF_PORT", 8050),
        public=_port_number(env, "PUBLIC_PORT", 8051),
        mqtt=_port_number(env, "MQTT_PORT", 1883),
        secure=_secure(env),
    )


def _secure(env: Mapping[str, str]) -> bool:
    known = {"": False, "embedded": False, "mosquitto": True}
    if (text := env.get("BROKER", "")) not in known:
        raise Refused(f"BROKER is {text!r}; expected embedded or mosquitto")
    return known[text]


def _port_number(env: Mapping[str, str], name: str, usual: int) -> int:
    text = env.get(name, str(usual))
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Refused(f"{name} is {text!r}; expected a port from 1 to 65535, such as {usual}")
    return int(text)


def _only_one(data: Path) -> TextIO:
    """Hold the data folder: two demos on one database would mix."""
    if any(character.isspace() for character in str(data)):
        raise Refused(
            f"DATA_DIR is {str(data)!r}: the embedded PostgreSQL cannot start in a folder with a "
            "space in its name; choose another, such as DATA_DIR=/var/tmp/dongtai"
        )
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "demo.lock").open("w")
    except OSError as error:
        raise Refused(
            f"DATA_DIR is {data}, and nothing can be written there: {error.strerror}; choose "
            "another folder"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Refused(f"a demo already runs on {data}: stop it, or set DATA_DIR") from error
    return lock


def _shut_down(supervisor: Supervisor) -> None:
    print("\nstopping ...", flush=True)
    supervisor.shut_down()
    print("everything is stopped; the data is kept", flush=True)


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-u", "-m", module, *arguments]


def _port(port: int) -> Callable[[], bool]:
    return lambda: ports.listening(port)


def _ingest_listens(dsn: str) -> Callable[[], bool]:
    """Whether the ingest has told, since now, that its sessions at the broker are open."""
    since = datetime.now(UTC)

    def ready() -> bool:
        with closing(psycopg2.connect(dsn)) as conn, conn.cursor() as cursor:
            cursor.execute(LISTENING, (since, list(SESSIONS)))
            return cursor.fetchone() == (len(SESSIONS),)

    return ready


def _answers(port: int) -> Callable[[], bool]:
    """Whether the web service on `port` says that it is ready."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ready


def _how(place: Place) -> str:
    if place.line is None:
        return "3.1.1"
    return f"TLS by {place.line.ca}, accounts in {place.line.passwords}"


def _ready_block(place: Place, found: Mapping[str, str], seconds: float) -> str:
    width = max(map(len, found))
    users = "\n".join(f"    {name:{width}}  {found[name]}" for name in people.USERS)
    return f"""
────────────────────────────────────────────────────────────────────────
  Dongtai is running (ready in {seconds:.0f} s)   动态已就绪

  staff 值班台    http://127.0.0.1:{place.staff}
  public 公众页   http://127.0.0.1:{place.public}
  MQTT            127.0.0.1:{place.mqtt} ({_how(place)})

  sign in 登录
{users}
  (also in {place.passwords}, with an API token)

  Recorded and simulated data of sample stations. Within a minute a leak
  at plant 7 raises an alert. Ctrl-C stops everything; the data is kept.
────────────────────────────────────────────────────────────────────────
"""


if __name__ == "__main__":
    sys.exit(main())
