"""A whole site of real processes: broker, database, two ingests, two alerts, a far end."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import psycopg2
import yaml

from database.migrate import migrate
from database.pool import connect
from database.settings import DatabaseSettings
from tests.faults.publisher import LIMIT_PPM, STATIONS
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.program import Program, python
from tests.servers.proxy import Proxy
from tests.servers.waiting import until
from tests.servers.webhook import Webhook

PROCESSES = ("ingest", "ingest", "alerts", "alerts")


class Site:
    """Ends everything when the `with` is left. lines: where the ingests reach broker and database,
    each a line that can be cut."""

    def __init__(self, folder: Path, *, fake_clock: bool = False) -> None:
        self.folder, self._fake_clock = folder, fake_clock
        self._stack = ExitStack()
        folder.chmod(0o755)  # the database server runs as a user of its own
        self.broker = Mosquitto(folder / "mosquitto")
        self.postgres = Postgres(folder / "postgres")
        self.webhook = Webhook()
        self.programs: list[Program] = []

    def __enter__(self) -> Self:
        self._stack.callback(self.webhook.close)
        self.broker.start()
        self._stack.callback(self._stop_broker)
        self.postgres.start()
        self._stack.callback(self.postgres.stop)
        self.postgres.make_database()
        owner = connect(DatabaseSettings(dsn=self.postgres.dsn), None, application="faults")
        migrate(owner)
        owner.close()
        self.to_broker = Proxy(("127.0.0.1", self.broker.port))
        self.to_database = Proxy(("127.0.0.1", self.postgres.port))
        self._stack.callback(self.to_broker.close)
        self._stack.callback(self.to_database.close)
        self._path = self._configured()
        self.set_clock("+0s")
        for number, module in enumerate(PROCESSES):
            log = self.folder / f"{module}-{number}.log"
            env = self._faked() if module == "ingest" and self._fake_clock else {}
            self.programs.append(python(module, log, "--config", str(self._path), env=env))
            self._stack.callback(self._end, self.programs[-1])
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def supervise(self) -> None:
        """As a service manager does: one that ended, for the database was not up, starts again."""
        for program in self.programs:
            if not program.running:
                program.start()

    def last_words(self) -> str:
        """Which programs run, and the end of what each said: why something did not come."""
        return "\n".join(
            f"{one.command[3:5]} {'runs' if one.running else 'ENDED'}:\n{one.said[-1500:]}"
            for one in self.programs
        )

    @property
    def ingests(self) -> list[Program]:
        return self.programs[:2]

    @property
    def alerts(self) -> list[Program]:
        return self.programs[2:]

    def start(self) -> "Site":
        for program in self.programs:
            program.start()
        self.until_heard()
        return self

    def until_heard(self) -> None:
        """Until an ingest has its subscription: from then on the broker keeps what comes."""
        heard = "select from heartbeat where process = 'ingest' and detail->>'connected_since' > ''"
        until(lambda: self.rows(heard) > 0, "an ingest to subscribe", seconds=60)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg2.connect(self.postgres.dsn) as conn, conn.cursor() as cursor:
            cursor.execute("set search_path = dongtai")
            cursor.execute(query, values)
            found = cursor.fetchall()
        conn.close()
        return found

    def rows(self, query: str) -> int:
        return int(self.ask(f"select count(*) from ({query}) x")[0][0])

    def stored(self) -> int:
        """How many readings; -1 while the database does not say."""
        try:
            return self.rows("select from reading")
        except psycopg2.OperationalError:
            return -1

    def accounted(self) -> int:
        """How many readings are stored or kept in quarantine; one a message here."""
        return self.stored() + self.rows("select from quarantine")

    def set_clock(self, offset: str) -> None:
        """What the ingests' clocks show from now on, as an offset to the real time."""
        (self.folder / "clock").write_text(offset)

    def _faked(self) -> dict[str, str]:
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def _configured(self) -> Path:
        gas = {"kind": "gas", "lon": 121.8, "lat": 29.9, "department": "one", "interval_s": 1}
        names = {"zh": "示例", "en": "sample"}
        rule = {
            "code": "GAS",
            "label": names,
            "metric": "nh3_ppm",
            "kind": "gas",
            "when": "above",
            "unit": "ppm",
            "grades": {"red": LIMIT_PPM},
        }
        silent = {
            "code": "SILENT",
            "label": names,
            "metric": "nh3_ppm",
            "kind": "gas",
            "when": "no_data",
            "patience_s": 300,
            "grade": "blue",
        }
        document = {
            "database": {"dsn": self._dsn_by_line()},
            "sensors": {
                "departments": [{"code": "one", **names}],
                "stations": [
                    {"code": code, **gas, **names, "metrics": ["nh3_ppm"]} for code in STATIONS
                ],
            },
            "alerts": {
                "rules": [rule, silent],
                "receivers": [{"name": "hook", "type": "webhook", "url": self.webhook.url}],
                "clock": {"retry_first_s": 0.2, "retry_most_s": 1, "attempts": 100},
            },
            "ingest": {
                "broker": {"host": "127.0.0.1", "port": self.to_broker.port},
                "batch": {"max_messages": 100},  # so that what waits is several batches
            },
        }
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
        return path

    def _dsn_by_line(self) -> str:
        return self.postgres.dsn.replace(str(self.postgres.port), str(self.to_database.port))

    def _stop_broker(self) -> None:
        if self.broker.running:
            self.broker.stop()

    @staticmethod
    def _end(program: Program) -> None:
        if program.running:
            program.kill()
