"""python -m demo.devices: the gateways of the sample district, publishing as devices do.

One MQTT connection a gateway (QoS 1, last will `offline`); each sends the reports of its stations
when they are due. What could not be sent is kept and sent later, with its own time.
"""

import argparse
import heapq
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

import config
from database.stopping import Stopping
from demo import simulate
from demo.payload import encode
from demo.senders import Camera, Sender, cameras, due_at, senders
from demo.settings import DemoSettings
from ingest.line.security import secure
from ingest.settings import BrokerSettings, IngestSettings
from sensors.settings import SensorsSettings

KEEPALIVE_S = 10
BACKLOG_REPORTS = 200  # in one message


@dataclass(order=True)
class Task:
    """The next thing due: `act(step)` sends step `step` of a stream."""

    due: datetime
    number: int
    step: int = field(compare=False)
    stream: Sender | Camera = field(compare=False)


@dataclass(frozen=True)
class Line:
    """How devices reach the broker: as the ingest does, or each by an account of its own."""

    port: int | None = None
    passwords: Path | None = None

    def of(self, device: str, broker: BrokerSettings) -> BrokerSettings:
        if self.passwords is None:
            return broker
        account = {"user": device, "password_file": str(self.passwords / device)}
        return broker.model_copy(update={"port": self.port or broker.port, **account})


class Gateway:
    """One connection. It may lose its power: then it vanishes without a word."""

    def __init__(self, device: str, root: str, broker: BrokerSettings) -> None:
        self._topic = f"{root}/status/{device}"
        self._broker = broker
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=device, protocol=paho.MQTTv311
        )
        secure(self._client, broker)
        self._client.will_set(self._topic, "offline", qos=1)
        self._client.on_connect = self._say_online
        self._client.reconnect_delay_set(1, 5)
        self._client.max_queued_messages_set(0)  # unlimited: a logger keeps what it could not send
        self.powered = True

    def start(self) -> None:
        self._client.connect_async(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def power(self, *, on: bool) -> None:
        """Cut the line without a DISCONNECT, so that the broker speaks the last will; or return."""
        if on and not self.powered:
            self.start()
        if not on and self.powered:
            self._client.loop_stop()
            if isinstance(line := self._client.socket(), socket.socket):
                line.shutdown(socket.SHUT_RDWR)
        self.powered = on

    def stop(self) -> None:
        if self.powered:
            self._client.publish(self._topic, "offline", qos=1)
            self._client.disconnect()
            self._client.loop_stop()

    def _say_online(self, client: paho.Client, *_: object) -> None:
        client.publish(self._topic, "online", qos=1)


class Fleet:
    """All gateways and their timetable."""

    def __init__(self, settings: config.Config, start: datetime, line: Line) -> None:
        self._ingest = settings.section(IngestSettings)
        self._demo = settings.section(DemoSettings)
        stations = settings.section(SensorsSettings).stations
        self._start = start
        self._reports = senders(stations, self._demo, start)
        self._streams: list[Sender | Camera] = [*self._reports, *cameras(stations)]
        names = sorted({stream.device for stream in self._streams})
        root, broker = self._ingest.root, self._ingest.broker
        self._gateways = {name: Gateway(name, root, line.of(name, broker)) for name in names}

    def start(self) -> None:
        for gateway in self._gateways.values():
            gateway.start()

    def stop(self) -> None:
        for gateway in self._gateways.values():
            gateway.stop()

    def deliver_backlog(self, hours: float) -> None:
        """What the loggers measured before the start, oldest first, many reports a message."""
        for sender in self._reports:
            for steps in _parts(sender.pace.steps_before(hours * 3600), BACKLOG_REPORTS):
                self._send(sender, steps)

    def run(self, stop: Stopping) -> None:
        """Send what is due until `stop`. What fell due while we slept is sent with its own time."""
        order = count()
        tasks = [Task(self._due(s, 0), next(order), 0, s) for s in self._streams]
        heapq.heapify(tasks)
        while not stop.wait((tasks[0].due - datetime.now(UTC)).total_seconds()):
            task = tasks[0]
            self._perform(task)
            following = task.step + 1
            due = self._due(task.stream, following)
            heapq.heapreplace(tasks, Task(due, next(order), following, task.stream))

    def _perform(self, task: Task) -> None:
        since_s = (task.due - self._start).total_seconds()
        dead = simulate.silent(since_s, self._demo.silent)
        if task.stream.device == self._demo.silent.device:
            self._gateways[task.stream.device].power(on=not dead)
        failing = {self._demo.silent.device, *self._demo.silent.stations}
        if dead and failing & {task.stream.device, task.stream.station}:
            return
        if isinstance(task.stream, Camera):
            self._show(task.stream, task.step)
        else:
            self._send(task.stream, [task.step])

    def _send(self, sender: Sender, steps: Sequence[int]) -> None:
        reports = [sender.report(step, self._due(sender, step)) for step in steps]
        topic = f"{self._ingest.root}/obs/{sender.station}"
        self._gateways[sender.device].publish(topic, encode(reports))

    def _show(self, camera: Camera, step: int) -> None:
        taken_ms = int(self._due(camera, step).timestamp() * 1000)
        topic = f"{self._ingest.root}/img/{camera.station}/{taken_ms}"
        self._gateways[camera.device].publish(topic, camera.picture(step))

    def _due(self, stream: Sender | Camera, step: int) -> datetime:
        return due_at(self._start, stream.pace, step)


def _parts(steps: range, size: int) -> Iterator[range]:
    return (steps[first : first + size] for first in range(0, len(steps), size))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.devices", description=__doc__)
    config.add_argument(parser)
    parser.add_argument(
        "--backlog-h", type=float, default=0, help="hours before now to deliver first"
    )
    parser.add_argument("--port", type=int, help="the broker's port for devices")
    parser.add_argument("--passwords", type=Path, help="folder with a file an account")
    arguments = parser.parse_args()
    stop = Stopping().listen()
    line = Line(arguments.port, arguments.passwords)
    fleet = Fleet(config.load_or_exit(arguments.config), datetime.now(UTC), line)
    fleet.start()
    fleet.deliver_backlog(arguments.backlog_h)
    fleet.run(stop)
    fleet.stop()


if __name__ == "__main__":
    main()
