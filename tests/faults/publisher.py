"""A careful device fleet: it remembers what the broker confirmed, and says so again until it is."""

import itertools
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.waiting import until

STATIONS = tuple(f"G-{number:02}" for number in range(1, 6))
LIMIT_PPM = 25
HIGH_PPM, LOW_PPM = 40.0, 3.0
EPISODE = 30  # readings of a station: the first half of each episode is beyond the limit
REPEATED_S = 5.0  # a killed Mosquitto has written all but the last moment
Key = tuple[str, int]
Episode = tuple[str, int, int]  # station, from, to: milliseconds


@dataclass
class Log:
    """What was published: (station, milliseconds) -> value; the reference for everything."""

    readings: dict[Key, float] = field(default_factory=dict)

    def episodes(self) -> list[Episode]:
        """When each station was beyond the limit, from first to last reading: the alerts due."""
        found = []
        for station in STATIONS:
            told = sorted((at, v) for (code, at), v in self.readings.items() if code == station)
            for beyond, run in itertools.groupby(told, lambda one: one[1] > LIMIT_PPM):
                times = [at for at, _ in run]
                if beyond:
                    found.append((station, times[0], times[-1]))
        return found


class Publisher:
    """Publishes at a rate until told to stop; QoS 1, a session that survives, few in flight.

    Each reading has a device time of its own, so a repetition is a duplicate.
    """

    def __init__(self, port: int, per_s: float) -> None:
        self.log = Log()
        self._per_s, self._stop = per_s, threading.Event()
        self._said = self._confirmed = 0
        self._was_connected = False
        self._recent: deque[tuple[float, str, str]] = deque(maxlen=2000)
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"fleet-{id(self)}", clean_session=False
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.max_queued_messages_set(0)
        self._client.on_publish = self._on_confirmed
        self._client.on_connect = self._repeat
        self._client.connect_async("127.0.0.1", port, keepalive=5)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._run, name="fleet", daemon=True)

    @property
    def count(self) -> int:
        return len(self.log.readings)

    @property
    def confirmed(self) -> bool:
        """Whether the broker has confirmed all that was said."""
        return self._said == self._confirmed

    def start(self) -> "Publisher":
        self._thread.start()
        return self

    def finish(self) -> Log:
        """Come back below the limit everywhere, and wait until the broker has confirmed all."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        after_ms = 1 + max([int(time.time() * 1000), *(at for _, at in self.log.readings)])
        for station in STATIONS:
            self.say(station, after_ms, LOW_PPM)
        until(lambda: self.confirmed, "the broker to confirm everything", seconds=120)
        self._client.disconnect()
        self._client.loop_stop()
        return self.log

    def say(self, station: str, at_ms: int, value: float) -> None:
        self.log.readings[station, at_ms] = value
        body = json.dumps({"t": at_ms, "v": {"nh3_ppm": value}})
        self._recent.append((time.monotonic(), station, body))
        self._send(station, body)

    def _send(self, station: str, body: str) -> None:
        self._said += 1
        self._client.publish(f"dongtai/v1/obs/{station}", body, qos=1)

    def _repeat(self, *_: object) -> None:
        """Connected again: say the last seconds once more. What a broker confirmed and had not
        written is lost when it is killed, and a repetition with a device time costs nothing."""
        if not self._was_connected:
            self._was_connected = True
            return
        since = time.monotonic() - REPEATED_S
        for said_at, station, body in list(self._recent):
            if said_at > since:
                self._send(station, body)

    def _on_confirmed(self, *_: object) -> None:
        self._confirmed += 1

    def _run(self) -> None:
        for number in itertools.count():
            if self._stop.wait(1 / self._per_s):
                return
            while self._said - self._confirmed > 200 and not self._stop.wait(0.05):
                pass  # the broker is away: a device waits, it does not forget
            station = STATIONS[number % len(STATIONS)]
            turn = number // len(STATIONS) % EPISODE
            value = (HIGH_PPM if turn < EPISODE // 2 else LOW_PPM) + turn / 1000
            self.say(station, int(time.time() * 1000), value)
