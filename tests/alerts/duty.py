"""Rules at work in the database, with people and the leading process, for tests of lives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.alert import Alert
from alerts.judging import Judge, judge_batch
from alerts.life.settings import InhibitionSettings, LifeSettings
from alerts.life.suppression import shelve
from alerts.life.taking import acknowledge
from alerts.life.upkeep import keep
from alerts.outbox import route
from alerts.receiver_settings import ReceiverSettings
from alerts.rulebook import seed
from alerts.settings import AlertsSettings
from alerts.store import list_alerts
from database.pool import Connection
from sensors.reading import Quality, Reading
from tests.alerts.timeline import absence, rule

LOG = (ReceiverSettings(name="log", type="log"),)
CAUSE = InhibitionSettings(
    code="FLOOD-HIDES", cause=("LEVEL",), hides=("OTHER",), within="district", settle_s=0
)
LEVEL = rule(kind=None, stations=("R-01",), grades={"yellow": 23, "orange": 24, "red": 25})
OTHER = rule(code="OTHER", kind=None, stations=("R-02",), grades={"blue": 23, "yellow": 24})
LATCHED = rule(code="LATCHED", kind=None, stations=("R-03",), grades={"orange": 24}, latched=True)
HELD = rule(code="HELD", kind=None, stations=("R-03",), grades={"blue": 30}, on_delay_s=2)
SILENT = absence(code="SILENT", kind=None, stations=("R-02",))


@dataclass
class Duty:
    """Everything on one connection, which may be rolled back: nothing here commits.

    The database's own time is the time of what people do; readings are of just now.
    """

    conn: Connection
    series: dict[str, int]
    inhibitions: Sequence[InhibitionSettings] = ()
    life: LifeSettings = field(default_factory=LifeSettings)
    at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=900))

    def __post_init__(self) -> None:
        seed(self.conn, AlertsSettings(rules=(LEVEL, OTHER, LATCHED, HELD, SILENT)), self.at)
        self.judge = Judge.load(self.conn)

    def take(self, level: float, station: str = "R-01") -> None:
        """One more reading, a moment after the last."""
        self.at += timedelta(seconds=1)
        number = self.series[f"{station}/level_m"]
        reading = Reading(
            *(number, station, "level_m", self.at, self.at, level, Quality.GOOD),
        )
        judge_batch(self.conn, self.judge, [reading], self.at)

    def route(self) -> int:
        return route(self.conn, LOG, inhibitions=self.inhibitions)

    def keep(self) -> bool:
        return keep(self.conn, self.life, self.inhibitions)

    def alerts(self) -> list[Alert]:
        """Newest first."""
        return list(list_alerts(self.conn).alerts)

    def one(self, rule_code: str = "LEVEL") -> Alert:
        """The newest of a rule."""
        return next(alert for alert in self.alerts() if alert.rule == rule_code)

    def told(self, rule_code: str = "LEVEL") -> list[str]:
        """`raised orange`: what went to receivers, in order."""
        rows = self.ask(
            "select t.kind || ' ' || t.grade from message m"
            " join alert_transition t on t.id = m.transition_id join alert a on a.id = t.alert_id"
            " join rule r on r.id = a.rule_id where r.code = %s order by t.id",
            rule_code,
        )
        return [row[0] for row in rows]

    def steps(self, alert: Alert) -> list[str]:
        rows = self.ask(
            "select kind from alert_transition where alert_id = %s order by seq", alert.id
        )
        return [row[0] for row in rows]

    def time_is_over(self) -> None:
        """Whatever has a time: it is over."""
        self.ask("update suppression set until = clock_timestamp() where ended_at is null")

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.conn.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def soon(minutes: float = 30) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def now() -> datetime:
    return datetime.now(UTC)


def acknowledged(duty: Duty, who: str = "li", rule: str = "LEVEL") -> Any:
    alert = duty.one(rule)
    return acknowledge(duty.conn, alert.id, who, None, expected_version=alert.version, now=now())


def shelved(duty: Duty, who: str = "li", rule: str = "LEVEL", minutes: float = 30) -> Any:
    alert = duty.one(rule)
    return shelve(
        *(duty.conn, alert.id, who, "pump is being changed", soon(minutes)),
        expected_version=alert.version,
        now=now(),
    )


def ask(conn: Connection, statement: str) -> int:
    """The number that a statement answers with."""
    with conn.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchall()[0][0])
