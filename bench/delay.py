"""At 5,000 readings a second: from a sensor to the alert in the database.

250 stations send twenty readings each, every second, under 200 rules, ten on each series. Five
times a second a reading goes beyond the least of its ten limits, and by the next message is within
again: an alert raised and ended. The same load then runs with readings beyond all ten, a flood of
fifty alerts a second. What the rules cost: bench/walk.py.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.drain import forget_session
from bench.figure import Figure
from bench.site import METRICS, Site, new_database, topic, workshop
from database.pool import Connection
from tests.servers.mosquitto import Mosquitto

STATIONS = tuple(f"B-{number}" for number in range(250))
RULES, SECONDS, PATIENCE_S = 200, 40, 120.0
STEP_S = 0.02
STEPS, STEPS_A_SECOND = round(SECONDS / STEP_S), round(1 / STEP_S)
EACH_STEP = round(len(STATIONS) * STEP_S)
MESSAGES = STEPS * EACH_STEP
READINGS = MESSAGES * len(METRICS)
P99_S, PACE = 1.0, 0.99
WITHIN, BEYOND_ONE, BEYOND_ALL = 5.0, 8.25, 13.0  # the limits are 8, 8.5, ... 12.5
# One ingest writes, so numbers are committed in order and nothing is overtaken.
RAISED = """
select t.id, s.code, (extract(epoch from a.began_at) * 1000)::bigint
  from alert_transition t join alert a on a.id = t.alert_id join station s on s.id = a.station_id
 where t.id > %s and t.kind = 'raised' order by t.id
"""

Moment = tuple[str, int]  # station, milliseconds since 1970


@dataclass(frozen=True)
class Flow:
    """delays: of each reading beyond a limit, seconds; pace: readings sent a second."""

    delays: list[float]
    pace: float


class Sensors(Thread):
    """Sends at an even pace. beyond: what one reading in a thousand is; sent: when those left."""

    def __init__(self, broker: Mosquitto, beyond: float) -> None:
        super().__init__(name="sensors", daemon=True)
        self.sent: dict[Moment, float] = {}
        self.confirmed, self.took_s = 0, 0.0
        self._beyond = beyond
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(0)
        self._client.on_publish = self._on_publish
        self._client.connect(broker.host, broker.port)

    def run(self) -> None:
        self._client.loop_start()
        begun = due = time.monotonic()
        for step in range(STEPS):
            due += STEP_S
            for place in range(EACH_STEP):
                number = (step * EACH_STEP + place) % len(STATIONS)
                self._send(number, beyond=_is_beyond(step, place))
            time.sleep(max(0.0, due - time.monotonic()))
        self.took_s = time.monotonic() - begun
        self._hand_over()
        self._client.disconnect()
        self._client.loop_stop()

    def _hand_over(self) -> None:
        """Until the broker has everything: who disconnects before forgets what it has not."""
        end = time.monotonic() + PATIENCE_S
        while self.confirmed < MESSAGES and time.monotonic() < end:
            time.sleep(STEP_S)

    def _on_publish(self, *_: object) -> None:
        self.confirmed += 1

    def _send(self, number: int, *, beyond: bool) -> None:
        now_ms = time.time_ns() // 1_000_000
        values = {m: WITHIN + (now_ms // 1000 + i) % 100 / 1000 for i, m in enumerate(METRICS)}
        if beyond:
            values[METRICS[number % len(METRICS)]] = self._beyond
            self.sent[STATIONS[number], now_ms] = time.monotonic()
        text = json.dumps({"t": now_ms, "v": values})
        self._client.publish(topic(STATIONS[number]), text, 1)


def _is_beyond(step: int, place: int) -> bool:
    """Five times a second, each time another station, which is within again a second later."""
    return step % 10 == 0 and place == step // STEPS_A_SECOND % EACH_STEP


def measure() -> Iterator[Figure]:
    with workshop() as (folder, broker):
        one = _flow(folder / "one", broker, BEYOND_ONE)
        yield from _delays("5 alerts a second", one)
        flood = _flow(folder / "flood", broker, BEYOND_ALL)
        yield from _delays("50 alerts a second", flood)


def _delays(words: str, flow: Flow) -> Iterator[Figure]:
    name = f"sensor to alert committed, of {len(flow.delays)} readings, {words}"
    least = PACE * READINGS / SECONDS
    yield Figure(
        f"readings sent, {words}", round(flow.pace), "readings/s", round(least), flow.pace >= least
    )
    delays = sorted(flow.delays)
    p50, p99 = (delays[round(q * (len(delays) - 1))] for q in (0.5, 0.99))
    yield Figure(f"{name}, median", round(p50, 3), "s")
    yield Figure(f"{name}, p99", round(p99, 3), "s", P99_S, p99 <= P99_S)


def _flow(folder: Path, broker: Mosquitto, beyond: float) -> Flow:
    folder.mkdir()
    with new_database(folder / "postgres") as database:
        site = Site(folder, broker, database, STATIONS, rules=RULES)
        site.start()
        try:
            conn, sensors = site.conn, Sensors(broker, beyond)
            sensors.start()
            seen = _watch(conn, sensors)
            site.wait_for(conn, READINGS, seconds=PATIENCE_S)
        finally:
            site.stop()
            forget_session(broker, "dongtai-ingest")
    delays = [at - sensors.sent[moment] for moment, at in seen.items()]
    return Flow(delays, READINGS / sensors.took_s)


def _watch(conn: Connection, sensors: Sensors) -> dict[Moment, float]:
    """When each alert was first seen committed; looks a hundred times a second.

    RuntimeError where the broker has not taken a message, or no alert has come, some time after
    the last one was sent.
    """
    seen: dict[Moment, float] = {}
    newest, ended = 0, None
    while sensors.is_alive() or len(seen) < len(sensors.sent):
        with conn.cursor() as cursor:
            cursor.execute(RAISED, (newest,))
            for number, station, began_ms in cursor.fetchall():
                newest = number
                seen.setdefault((station, began_ms), time.monotonic())
        conn.rollback()
        if not sensors.is_alive():
            ended = ended or time.monotonic()
            if sensors.confirmed < MESSAGES:
                raise RuntimeError(
                    f"the broker took {sensors.confirmed:,} of {MESSAGES:,} messages"
                )
            if time.monotonic() - ended > PATIENCE_S:
                came = f"of {len(sensors.sent)} moments beyond a limit {len(seen)} raised alerts"
                raise RuntimeError(f"{came}, {PATIENCE_S:.0f} s after the last was sent")
        time.sleep(0.01)
    return seen
