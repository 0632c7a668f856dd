"""The MQTT session: queues what comes, acknowledges what was committed, and does nothing else."""

import logging
import sys
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.client import Client
from ingest.line.security import granted, secure
from ingest.message import Inbox, Message
from ingest.packets import Publish
from ingest.settings import BrokerSettings

log = logging.getLogger(__name__)

_QOS = 1


class Subscriber:
    """One persistent session at the broker, under a fixed client id."""

    def __init__(
        self,
        broker: BrokerSettings,
        client_id: str,
        filters: Sequence[str],
        inbox: Inbox,
        in_flight: int,
    ) -> None:
        self._broker, self._filters, self._inbox = broker, filters, inbox
        self._in_flight = in_flight
        self._lock = threading.Lock()
        self._epoch = 0
        self._started = self._been_here = False
        self.client_id = client_id
        self.connected_since: datetime | None = None
        self.refused: str | None = None
        self._client = self._make_client()

    def start(self) -> None:
        """Connect in the background and keep connecting; returns at once. Twice is as once."""
        if self._started:
            return
        self._started = True
        self._inbox.open()
        where = self._broker.host, self._broker.port, self._broker.keepalive_s
        if self._broker.protocol == "5":
            self._client.connect_async(
                *where, clean_start=False, properties=self._connect_properties()
            )
        else:
            self._client.connect_async(*where)
        self._client.loop_start()

    def stop(self) -> None:
        """Leave; the broker keeps the session and everything unacknowledged."""
        if self._started:
            self._started = False
            self._inbox.close()
            self._client.leave()
            self._client.loop_stop()

    def acknowledge(self, messages: Iterable[Message]) -> int:
        """Confirm committed messages; those of an older connection are dropped, and counted.

        After a lost session an old packet id would confirm somebody else's new message. The broker
        delivers them again, and the database knows them.
        """
        asked = list(messages)
        with self._lock:
            own = [message for message in asked if message.epoch == self._epoch]
            self._client.acknowledge([one.packet_id for one in own if one.qos == _QOS])
        return len(asked) - len(own)

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message of our own to the broker; what it does with it is seen by what comes."""
        self._client.publish(topic, payload, qos=_QOS)

    def _connect_properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        properties.SessionExpiryInterval = self._broker.session_expiry_s
        properties.ReceiveMaximum = self._in_flight
        return properties

    def _make_client(self) -> Client:
        v5 = self._broker.protocol == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=None if v5 else False,
            protocol=paho.MQTTv5 if v5 else paho.MQTTv311,
            manual_ack=True,
        )
        # Two seconds: one who hung and woke up finds out in the database that another leads now,
        # and lets the session go before it takes it back.
        client.reconnect_delay_set(min_delay=2, max_delay=15)
        client.on_pre_connect = lambda *_: self._next_epoch()
        secure(client, self._broker)
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda *_: log.warning(
            # paho calls while it handles the exception: a refused certificate is no absent broker.
            "no broker at %s:%s, trying again: %s",
            self._broker.host,
            self._broker.port,
            sys.exc_info()[1],
        )
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publishes = self._on_publishes
        return client

    def _next_epoch(self) -> None:
        with self._lock:
            self._epoch += 1

    def _on_connect(
        self, client: paho.Client, _data: object, flags: Any, reason: Any, properties: object
    ) -> None:
        if reason.is_failure:
            self.refused = str(reason)
            log.error("broker refuses %s: %s", self.client_id, reason)
            return
        self.refused = None
        if self._been_here and not flags.session_present:
            log.error(
                "the broker forgot the session of %s: what waited in it is lost; see docs/line.md",
                self.client_id,
            )
        self._been_here = True
        for finding in granted(properties, self._broker.session_expiry_s):
            log.warning("broker: %s", finding.sentence)
        if self._broker.protocol == "5":
            options = SubscribeOptions(qos=_QOS)
            client.subscribe([(topic, options) for topic in self._filters])
        else:
            client.subscribe([(topic, _QOS) for topic in self._filters])
        log.info("connected as %s, session kept: %s", self.client_id, flags.session_present)

    def _on_subscribe(
        self, _client: object, _data: object, _packet: int, reasons: Any, _properties: object
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self.refused = ", ".join(refused)
            log.error("broker refuses subscriptions of %s: %s", self.client_id, self.refused)
            return
        self.connected_since = datetime.now(UTC)

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: object, _properties: object
    ) -> None:
        # Before paho clears its queue and connects anew: a late acknowledgement must not slip in.
        self._next_epoch()
        self.connected_since = None
        log.warning("disconnected %s: %s", self.client_id, reason)

    def _on_publishes(self, publishes: Sequence[Publish]) -> None:
        """The plain messages of one read, which have all arrived by now."""
        arrived, epoch = datetime.now(UTC), self._epoch
        self._inbox.put_all(
            Message(topic, payload, arrived, packet_id, dup, epoch, _QOS, retain)
            for topic, payload, packet_id, dup, retain in publishes
        )

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._inbox.put(
            Message(
                topic=_topic(message),
                payload=bytes(message.payload),
                received_at=datetime.now(UTC),
                packet_id=message.mid,
                dup=message.dup,
                epoch=self._epoch,
                qos=message.qos,
                retain=message.retain,
                user_time=_user_time(message),
            )
        )


def _topic(message: paho.MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:  # a broker should refuse it; if not, it must not stop the thread
        return repr(message)


def _user_time(message: paho.MQTTMessage) -> str | None:
    """The MQTT 5 user property `t`, by which a camera says when it took a picture."""
    pairs = getattr(message.properties, "UserProperty", None) or []
    return next((value for key, value in pairs if key == "t"), None)
