"""Shared subscriptions: whether a broker keeps a gauge with one member, and a dead member's share.

Two members of one share with persistent sessions; one gauge publishes, one member is cut off
without a farewell, the gauge publishes again. A shared subscription is safe for ingest only where
the first figure is 100 % (one gauge's readings in order, at one worker) and the second 0 %.
"""

import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.figure import Figure
from tests.servers.embedded_broker import embedded_broker_server
from tests.servers.mosquitto import Mosquitto
from tests.servers.waiting import until

MESSAGES = 1000
TOPIC = "dongtai/v1/obs/R-01"
SHARE = "$share/workers/dongtai/v1/obs/#"
STILL_S = 3.0


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="dongtai-bench-") as folder:
        broker = Mosquitto(Path(folder) / "mosquitto", on_changes=False).start()
        try:
            yield from _figures("Mosquitto", broker.port)
        finally:
            broker.stop()
    with embedded_broker_server() as embedded:
        yield from _figures("iotcore", embedded.port)


def _figures(name: str, port: int) -> Iterator[Figure]:
    got: Counter[str] = Counter()
    members = {member: _member(member, port, got) for member in ("one", "two")}
    _publish(port)
    _settle(got, lambda: got.total() >= MESSAGES)
    together = 100 * max(got.values()) / MESSAGES
    yield Figure(
        f"{name}: a gauge's messages at one member of two", together, "%", 100, together == 100
    )
    members["two"].loop_stop()
    _cut(members["two"])
    got.clear()
    _publish(port)
    _settle(got, lambda: got["one"] >= MESSAGES)
    waiting = 100 * (MESSAGES - got["one"]) / MESSAGES
    yield Figure(f"{name}: messages that wait for a dead member", waiting, "%", 0, waiting == 0)
    members["one"].disconnect()
    members["one"].loop_stop()


def _member(name: str, port: int, got: Counter[str]) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda *_: got.update([name])
    client.connect("127.0.0.1", port)
    client.loop_start()
    until(client.is_connected, f"member {name} to connect")
    client.subscribe(SHARE, 1)
    until(subscribed.is_set, f"member {name} to subscribe")
    return client


def _publish(port: int) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="gauge")
    client.connect("127.0.0.1", port)
    client.loop_start()
    for number in range(MESSAGES):
        client.publish(TOPIC, str(number), 1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def _settle(got: Counter[str], done: Callable[[], bool]) -> None:
    """Until it is done, or nothing has come for a while."""
    count, since = got.total(), time.monotonic()
    while not done() and time.monotonic() - since < STILL_S:
        time.sleep(0.05)
        if got.total() != count:
            count, since = got.total(), time.monotonic()


def _cut(client: paho.Client) -> None:
    """End the line without a farewell, as a machine that lost its power."""
    line = client.socket()
    if isinstance(line, socket.socket):
        line.close()
