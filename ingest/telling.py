"""Receivers of the type mqtt: each transition published on our own broker.

The judge knows no MQTT, so its queue is worked off here, by the same senders: delivered is what the
broker has confirmed. Several ingests may do so at once; a message under way is locked.
"""

import json
import secrets
import threading
from collections.abc import Callable

from alerts.receivers import FarEnd, NotDelivered
from alerts.sender import Sender
from alerts.sending.parcel import Parcel
from alerts.sending.senders import fallback_of
from alerts.settings import AlertsSettings
from database.pool import Connection
from ingest.line.guest import Guest, Unreachable
from ingest.settings import BrokerSettings


class Publisher:
    """The far end: one connection to the broker, made when it is needed and kept."""

    def __init__(self, broker: BrokerSettings) -> None:
        self._broker = broker
        self._guest: Guest | None = None

    def __call__(self, end: FarEnd, parcel: Parcel) -> None:
        """Publish it at QoS 1. Raises NotDelivered."""
        document = {**parcel.document, "key": parcel.key}
        payload = json.dumps(document, ensure_ascii=False).encode()
        if not self._connected().publish(end.settings.topic or "", payload):
            self.close()
            raise NotDelivered(f"the broker did not confirm a message on {end.settings.topic}")

    def close(self) -> None:
        if self._guest is not None:
            self._guest.leave()
            self._guest = None

    def _connected(self) -> Guest:
        if self._guest is not None and self._guest.connected:
            return self._guest
        self.close()
        # Not the session's name: two of the same name throw each other out.
        guest = Guest(self._broker, f"{self._broker.client_id}-tell-{secrets.token_hex(4)}")
        try:
            welcome = guest.come()
        except Unreachable as error:
            raise NotDelivered(str(error)) from error
        if welcome.refused:
            guest.leave()
            raise NotDelivered(f"the broker refused the connection: {welcome.refused}")
        self._guest = guest
        return guest


def start_senders(
    alerts: AlertsSettings,
    broker: BrokerSettings,
    connect: Callable[[], Connection],
    stop: threading.Event,
) -> list[Sender]:
    """A running sender for each receiver of the type mqtt; they end with `stop`."""
    senders = []
    for receiver in alerts.receivers:
        if receiver.type == "mqtt":
            end = FarEnd(receiver, None, fallback_of(receiver, alerts), receiver.name)
            senders.append(Sender(end, alerts.clock, connect, stop, Publisher(broker)))
            senders[-1].start()
    return senders
