"""A short visit at the broker, to try what it answers to whom. Not for work."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.line.security import secure
from ingest.settings import BrokerSettings

ANSWER_S = 10.0
QUIET_S = 1.0  # what has not come after so long does not come by itself
_MOST = 65_535


class Unreachable(Exception):
    """Nobody answers, or the line cannot be opened; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """refused: why the broker does not let us in; kept: it still had our session."""

    refused: str | None
    kept: bool
    properties: Any


class Guest:
    """One client, used from one thread, for a session that the broker keeps `keep_s` after it
    leaves (0: not at all; MQTT 3.1.1 knows for ever or not at all)."""

    def __init__(self, broker: BrokerSettings, client_id: str, *, keep_s: int = 0) -> None:
        v5 = broker.protocol == "5"
        self._broker, self._v5, self._keep_s = broker, v5, keep_s
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if v5 else not keep_s,
            protocol=paho.MQTTv5 if v5 else paho.MQTTv311,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        self._welcome: Welcome | None = None
        self._answers: dict[int, list[Any]] = {}
        self._changed = threading.Condition()
        self.heard: list[paho.MQTTMessage] = []
        self._confirmed = 0
        self._client.on_connect = self._on_connect
        self._client.on_message = lambda _client, _data, message: self._note(
            lambda: self.heard.append(message)
        )
        self._client.on_subscribe = lambda _client, _data, packet, reasons, _properties: self._note(
            lambda: self._answers.update({packet: reasons})
        )
        self._client.on_publish = lambda _client, _data, packet, reason, _properties: self._note(
            lambda: self._answers.update({packet: [reason]})
        )

    def come(self) -> Welcome:
        """Connect. Raises Unreachable."""
        where = self._broker.host, self._broker.port, self._broker.keepalive_s
        self._welcome = None
        try:
            secure(self._client, self._broker)
            if self._v5:
                properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
                properties.SessionExpiryInterval = self._keep_s
                properties.ReceiveMaximum = _MOST
                self._client.connect(*where, clean_start=not self._keep_s, properties=properties)
            else:
                self._client.connect(*where)
        except OSError as error:
            raise Unreachable(f"no line to {where[0]}:{where[1]}: {error}") from error
        self._client.loop_start()
        self._until(lambda: self._welcome is not None)
        if self._welcome is None:
            raise Unreachable(f"{where[0]}:{where[1]} takes the connection, but is no MQTT broker")
        return self._welcome

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def subscribe(self, topic: str) -> bool:
        """Whether the broker grants it. Mosquitto grants all, and then withholds the messages."""
        _, packet = self._client.subscribe(topic, 1)
        if packet is None or not self._until(lambda: packet in self._answers):
            return False
        return not any(reason.is_failure for reason in self._answers[packet])

    def publish(self, topic: str, payload: bytes = b"probe") -> bool:
        """Whether the broker confirms it; under MQTT 3.1.1 it may confirm what it throws away."""
        # Packet ids come round again after 65,535: an old answer confirms nothing.
        self._note(self._answers.clear)
        packet = self._client.publish(topic, payload, qos=1).mid
        if not self._until(lambda: packet in self._answers or not self.connected):
            return False
        return packet in self._answers and not self._answers[packet][0].is_failure

    def publish_many(self, topic: str, count: int) -> bool:
        """Whether all are confirmed."""
        packets = [self._client.publish(topic, b"probe", qos=1).mid for _ in range(count)]
        return self._until(lambda: self._answers.keys() >= set(packets), seconds=60)

    def hear(self, count: int) -> int:
        """How many messages came, in the end; waits for `count` or until it is quiet."""
        heard = -1
        while len(self.heard) < count and heard < len(self.heard):
            heard = len(self.heard)
            self._until(lambda: len(self.heard) >= count, seconds=QUIET_S)
        return len(self.heard)

    def acknowledge(self) -> None:
        """Everything heard and not yet confirmed: a broker may hang up on a second time."""
        heard = len(self.heard)
        for message in self.heard[self._confirmed : heard]:
            self._client.ack(message.mid, message.qos)
        self._confirmed = heard

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, _client: object, _data: object, flags: Any, reason: Any, properties: Any
    ) -> None:
        refused = str(reason) if reason.is_failure else None
        welcome = Welcome(refused, bool(flags.session_present), properties)
        self._note(lambda: setattr(self, "_welcome", welcome))

    def _note(self, change: Callable[[], object]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def _until(self, true: Callable[[], bool], *, seconds: float = ANSWER_S) -> bool:
        """Whether it becomes true in time; a lost connection is looked for every tenth."""
        end = time.monotonic() + seconds
        with self._changed:
            while not true():
                if (left := end - time.monotonic()) <= 0:
                    return False
                self._changed.wait(min(left, 0.1))
        return True
