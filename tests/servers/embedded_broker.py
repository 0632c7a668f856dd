"""The broker that `make demo` embeds (rumqttd from the wheel iotcore), on a free port."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from iotcore import Broker

from tests.servers.waiting import free_port


@dataclass(frozen=True)
class EmbeddedBroker:
    """It speaks MQTT 3.1.1 only: MQTT 5 clients do not get in."""

    host: str
    port: int


@contextmanager
def embedded_broker_server(**options: int) -> Iterator[EmbeddedBroker]:
    port = free_port()
    with Broker(port=port, listen="127.0.0.1", max_payload_size=16_000_000, **options):
        yield EmbeddedBroker("127.0.0.1", port)
